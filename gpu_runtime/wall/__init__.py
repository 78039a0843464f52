"""The static wall: what no candidate may use.

- `check`: `check_program`, one line before any compiler sees the text.
- `c_family`: what the tree of a text in C, C++, CUDA or OpenMP shows: calls, state, constructs.
- `cuda`: what nvcc or a device refuses: calls from one side to the other, sizes, memories.
- `fortran`: the same for Fortran.
- `words`: what no text of the C family may hold, wherever it stands: words, attributes, strings.
- `preprocessor`: includes, pragmas, macros, and texts with branches.
- `names`: the names that the wall goes by: what may be called, included, attributed, and what may
  not be written at all.
"""
