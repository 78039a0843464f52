"""Emitters: trees of `corpora.ir` printed as text of a dialect.

| module | holds |
| --- | --- |
| `c_family` | C++, CUDA and OpenMP: `emit_c_family` |
| `fortran` | Fortran, free form or fixed form |
"""
