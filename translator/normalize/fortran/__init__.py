"""Fortran procedures spelled in C++, for models that read C++.

- `arrays`: Assignments, of arrays and sections too, and totals of arrays, as loops of C.
- `convert`: A serial Fortran procedure spelled in C++ by rule, so that a small model is
  asked to port what it reads best.
- `internal_functions`: Functions inside a Fortran procedure that are one value: their calls are
  spelled as
  that value.
- `intrinsics`: Intrinsic functions of Fortran by those of C.
- `loops`: Heads of counted loops, and from where a loop's variable should count in C.
- `names`: What the spelling of Fortran in C++ goes by: the names of a procedure in C, places in
  sections, uses of variables in trees.
- `statements`: Fortran statements as C statements: conditions, choices, masks, loops, jumps.
- `values`: Fortran expressions in C: subscripts from nought over flat arrays, elements of
  sections by lanes, intrinsic functions.
"""
