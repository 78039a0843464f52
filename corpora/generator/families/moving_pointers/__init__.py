"""Families whose pointers and positions move on.

- `moving`: Pointers that move on from block to block: a parameter that keeps its new place is one
  thread's work, a local one is not.
- `moving_blocks`: What is done with each block: sums, extremes, formulas, normalised rows, 1x1
  convolutions, pooled windows.
- `moving_index`: One position through several sibling loops, and loops whose heads move several
  positions.
- `moving_places`: Totals kept in the element in memory, and regions of one array that are written
  here and read there.
"""
