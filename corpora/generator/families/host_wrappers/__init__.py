"""Families of host functions: returned values, buffers of their own, workers.

- `hosted`: Functions that return where something is: the index of an extreme, the first or the
  last match, whether all or any elements pass.
- `hosted_buffers`: Functions that allocate an array, fill it in one pass and use it in the next:
  permutations in place, steps of a stencil, products.
- `hosted_spans`: Workers: functions that do the part of a loop between two bounds that they are
  given, with small dense arithmetic written out.
- `hosted_sums`: Functions that return what a loop carries: compensated sums, products,
  alternating signs, polynomials, running moments, runs, hashes.
- `hosted_totals`: Functions that return totals with conditions: losses, accuracies, weighted and
  masked means, similarities, over a line or a matrix.
"""
