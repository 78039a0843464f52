"""Emitters: trees of `corpora.ir` into texts.

| module | prints |
| --- | --- |
| `fortran` | Fortran, free form or fixed form |
"""
