"""Front ends: texts of each language into the typed tree of `corpora.ir`.

| module | reads |
| --- | --- |
| `fortran` | Fortran, free and fixed form, with OpenMP directives |
| `fortran_lines` | the lexical layer of Fortran: statements and tokens with offsets |
| `fortran_expressions` | expressions of Fortran, by its table of operators |
| `fortran_declarations` | types, kinds and scopes of Fortran |
| `fortran_statements` | single statements of Fortran |
"""
