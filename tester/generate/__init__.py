"""Tests made by rule and by execution.

- `boundary_values`: Values at the boundaries of what a source does: for each operation those on
  which another operation would give something else.
- `completion`: Sketches completed to tests: every array as long as the program needs, or as
  Fortran declares it.
- `data_classes`: Classes of contents that usual random ones do not belong to, for the sources whose
  text asks for them.
- `dictionary`: A fuzzing dictionary: what the source does with the values of each parameter, and
  with which constants.
- `structure_sizes`: Sizes that a structure carries and a program never reads: `nnz` of a sparse
  matrix that is gone through row by row, the height of the matrix it writes.
- `extent_inference`: Tests whose arrays are as long as the program's sizes say, where contents
  lead to places in them.
- `extents`: Array extents learnt by execution: a program is run on wide windows, and the ranges
  that it touches are its extents.
- `index_bounds`: Which size bounds an array of indices, or a scalar that is a place: the length
  of what they lead into.
- `lengths`: How long arrays are, as expressions of a function's sizes, found from the tests that
  a suite has.
- `linked_indices`: Tests for programs that follow links: arrays of indices in which every search
  ends.
- `null_arrays`: Tests in which an array is not there: a null pointer, for programs that ask whether
  they were given one (`bias != NULL ? bias[o] : 0`, `present(bias)`).
- `propose`: What the Tester is asked and how its answer is read: programs in, tests out; programs
  with good suites in, examples out.
- `proposals`: Tests that are proposed from the dictionary: each boundary value on otherwise usual
  ones, sizes of every magnitude, and combinations of these for a feedback loop.
- `source_facts`: What a program's tree says of its parameters: truth values, lengths of rows,
  letters, row bounds.
- `source_tree`: A program's tree as tests see it: with a name for every number that a test gives.
- `roles`: What a program uses its scalars and arrays for, learnt by running it: sizes, flags,
  arrays of indices.
- `rules`: The rule-based tester: suites from execution alone, without a model.
- `searches`: Tests for programs that leave a loop at what they find: contents on which a search
  goes on to the end, or finds something late.
- `sketches`: What the rule-based tester tries: values of scalars and contents of arrays, by role.
- `snippets`: Tests written as C++: `float a[] = {1, 2}; int n = 2; wrapper(f, a, n);` become
  typed tests.
- `states`: Arrays of states: their elements are compared with a scalar or a small number
  (`dist[v] != level`, `visited[u] == 0`).
- `thresholds`: Tests of sizes at which another program than the one tested may change its ways.
"""
