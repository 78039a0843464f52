"""Families whose one loop must run in order.

- `carried`: Families whose one loop must run in order: recurrences, running values, values
  gathered in a local and then stored.
- `carried_free`: Free bodies with one thing more that may or may not be carried: a local, a place
  of the iteration before, a position.
- `carried_nests`: Nested loops that one thread does: running positions, sweeps in place, tables,
  steps in time.
- `carried_places`: Families of one thread whose places depend on what came before: scatters,
  compactions, merges, states, positions moved on.
- `carried_solves`: Dense linear algebra in place, which one thread does: triangular solves,
  factors, orthogonal columns, shortest paths.
- `carried_sorts`: Sorts, reversals and rotations of a whole array in place, which one thread
  does.
- `carried_states`: Families of one thread that keep a state: number sequences, toggles, last
  values, machines, lists, positions moved on.
- `carried_steps`: Steps in time, tables of two strings, knapsacks, runs and layers: an outer loop
  carries, one thread does it.
- `carried_values`: Families of one thread that gather a value in a local and store it, and
  searches: sums, moments, extremes, first and last matches.
"""
