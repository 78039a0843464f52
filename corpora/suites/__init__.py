"""Unit tests as data: their text form, its reader, and tests of whole programs.

- `program_tests`: Tests of whole programs: arguments and standard input, in a text form of one
  test a line.
- `reader`: Tokens, numbers and integer expressions of the test text form (the grammar's lower
  half; see corpora.suites.unit_tests).
- `unit_tests`: The text form of unit tests: printer and strict parser. Tests are data; one suite
  serves every dialect of a program.
"""
