"""CUDA and every other dialect on the CPU.

- `backend`: The back end that needs no GPU: every dialect is compiled for the CPU and run in the
  sandbox.
- `cuda_rewrite`: Makes CUDA C++ into C++ that g++ takes with native/prelude_cuda.h: what only
  nvcc's grammar knows is rewritten.
- `shared_memory`: Shared memory whose place the program's own text cannot fix: dynamic arrays,
  and variables of templates.
"""
