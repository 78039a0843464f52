"""Families of generated computations that are drawn statement by statement.

- `lines`: Families over one parallel loop: element-wise work, several loops in a function,
  histograms, sums, images.
- `grids`: Families over two or three parallel loops: element-wise grids, padding, channels,
  flattened indices.
- `returns`: Families that return what they reduce: counts, sums, norms, extremes, over a line or
  a grid, some with outputs beside.
- `free`: Long bodies of freely mixed statements: what is asked of a translator there is to copy
  exactly, not to know a pattern.
- `free_body`: A free body in the making: places of one iteration, locals, and the statements of
  one line or one test.
- `free_steps`: Steps of a free body that take several statements: neighbours, bytes, inner loops,
  written-out repetitions, record sets.

All other families are texts: `corpora.generator.patterns`.
"""
