"""Lexical and syntactic helpers of the older readers. `corpora.frontends` replaces them.

- `c_family`: Syntax of the C family (C, C++, CUDA, OpenMP): trees, function definitions, and
  names that stand for other tokens.
- `fortran`: Syntax of Fortran as far as interfaces need it: logical lines of free and fixed form,
  and where procedures lie.
"""
