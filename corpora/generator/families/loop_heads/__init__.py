"""Families about what stands before and around parallel loops.

- `heads`: What real functions hold before and around their parallel loops: constants, aliases of
  sizes, bounds in locals, unusual spellings.
- `heads_bounds`: Rewriting of finished nests, and other spellings of the bounds of their parallel
  loops.
- `heads_ends`: Families of loops that end by a test: a recurrence that leaves a disc, a number
  that shrinks, a root by Newton's steps.
- `heads_forms`: Families whose bodies must be copied exactly: one formula for several suffixes, a
  branch for each neighbour.
- `heads_steps`: Families about loop heads and what stands round them: two increments in one head,
  bounds of derived sizes, messages, a store before the loop, numbers at the top that bodies
  compare with.
"""
