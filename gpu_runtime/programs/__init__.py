"""Whole programs with a main: build, run, compare what they print.

- `build`: Whole programs (with `main` or Fortran's `program`) compiled to an executable, inside
  the sandbox, cached by content.
- `execute`: Whole programs (with `main` or Fortran's `program`): compiled to an executable, run
  in the sandbox, what they did as a record.
- `output`: What a whole program must give, and where another program's run first differs: token
  by token, with numeric tolerance.
- `guess_tests`: Tests of a whole program made from its text: which arguments and which input it may
  want.
- `trials`: A whole program held against another one: which runs make the reference, which runs
  the target has to pass.
"""
