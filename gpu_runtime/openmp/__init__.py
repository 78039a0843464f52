"""OpenMP under observation: races, schedules, lanes, offload.

- `conditions`: OpenMP's `if` and `num_threads` clauses with sizes that tests reach.
- `directives`: OpenMP's directives where they stand in a text, and edits of their words and
  clauses.
- `lanes`: OpenMP directives in a form in which more of what they permit can be seen by a detector
  that watches threads.
- `offload`: OpenMP target offload (dialect `openmp-target`): what is refused beforehand, and what
  the compilers here could build for a device.
- `private_values`: Private variables of OpenMP that are read before they are set.
- `races`: Data races of whole OpenMP programs: ThreadSanitizer with Archer, over several teams,
  schedules and clocks.
- `safelen`: SIMD loops with `safelen(k)` in a form in which a detector that watches threads sees
  what they permit: k iterations in a row at a time.
- `schedules`: OpenMP loops that hand out chunks to whoever comes first, in a form that hands them
  out in turn.
- `sections`: Array sections in OpenMP's reduction clauses that hold for arrays of no elements.
"""
