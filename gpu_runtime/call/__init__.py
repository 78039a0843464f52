"""Calling a compiled program on a test: buffers, packing, shims, the runner process.

- `arena`: The arena: a memory file shared with the runner, laid out as `native/batch.h` says.
- `assembly`: Structures that hold pointers, put together in the shim: each of their numbers, and
  what each pointer points to, comes as an argument of its own. Vectors of the standard library
  are laid over the arrays that come, so that what a program does beyond one is seen as ever.
- `binding`: Which parameter of a target stands for which parameter of its source, across
  dialects.
- `field_mapping`: Fields of a target's structure that its source's has not, or has as other whole
  numbers.
- `materialize`: A unit test as numpy buffers, ready for any back end: seeded fills, expanded by
  counter and vectorised.
- `packing`: Structures on their way to a program and back: their numbers lie in arrays of their
  own wherever tests, comparison and binding see them.
- `parameter_names`: What the names of parameters say across dialects: which are the same, and
  which is another one's length.
- `runner`: A worker: one runner process, its arena, and what a batch of calls did, as
  `Execution`s.
- `shims_cpp`: How a C++ or OpenMP program goes into a compile unit: its namespace, its shim, and
  whether it may have neighbours.
- `shims_cuda`: The shim of a CUDA program: `extern "C" void SYMBOL(void **args)` over a bare
  kernel, a host function or a __device__ function.
- `shims_fortran`: How a Fortran program goes into a compile unit: bare procedures inside a module
  of their own, and a bind(C) entry.
"""
