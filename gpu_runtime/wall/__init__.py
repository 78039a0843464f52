"""The static wall: what no candidate may use.

- `calls`: Calls in a text: what it defines itself, what it calls beyond that, and calls through
  pointers.
- `check`: The static wall: what no candidate may use, said in one line before any compiler sees
  it.
- `fortran`: The static wall for Fortran: statements and names that no candidate may use.
- `names`: The names that `gpu_runtime.wall.check` goes by: what may be called, included,
  attributed, and what may not be said at all.
- `preprocessor`: The preprocessor's part of the static wall: which includes, pragmas and macros a
  program may have.
"""
