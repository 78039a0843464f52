"""Launch plans for bare kernels: grid, block and shared memory.

- `kernel_blocks`: What a kernel's text fixes about its block: constants, shared arrays, and the
  shapes that follow from them.
- `kernel_facts`: What a kernel's text says about how it wants to be launched: dimensions, guards,
  strides, block sizes, shared memory.
- `launch_from_host`: The launch that a text itself says for its kernel: a host function beside it
  that launches it once.
- `limits`: Sizes up to which a text's own launches, buffers, loops and numbers suffice.
- `plan_expressions`: Expressions of the tree as a launch plan writes them.
- `plans`: Launch plans for bare kernels: which grid and block to try, as text that goes into a
  verdict.
- `row_plans`: Launch plans for kernels that give a row to every block, to every warp, or to every
  line of a block's threads.
- `thresholds`: Whole numbers that a text compares something with: sizes at which a program may
  change its ways.
"""
