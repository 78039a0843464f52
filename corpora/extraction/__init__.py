"""Functions cut out of files, with what they need from the same file.

- `c_family`: Functions of a C-family file, each cut out with the declarations that it needs,
  directly or through others.
- `extract`: All functions of a source file that can be called with data, each with what it needs
  from the same file.
- `fortran`: Procedures of a Fortran file, each cut out so that it stands alone outside of its
  module.
- `fortran_library`: The two routines that BLAS and LAPACK procedures expect beside them, written
  here: LSAME and XERBLA.
- `initial_values`: The values that shared data begins with: globals of the C family, module
  variables and DATA of Fortran.
- `lift_c_family`: Global variables of a C-family file as parameters: what a function reads and
  changes outside itself becomes testable.
- `pieces`: What the front ends of the extraction give: one record for each function of a file.
- `lift_fortran`: Module variables and COMMON blocks as dummy arguments: what a Fortran procedure
  shares with others becomes testable.
"""
