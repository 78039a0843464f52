"""What an entry function takes and gives: parameters, structures, kinds.

- `c_family`: Signatures of C++, CUDA and OpenMP functions, read from the typed tree.
- `element_types`: Types of the tree as tests hold them: element types, and parts of shapes.
- `errors`: The exception that all readers of signatures raise.
- `integer_constants`: Values of integer constant expressions of C and C++.
- `signature`: What a program's entry function takes and gives: `read_signature(program)` for every
  dialect.
- `enumerations`: Enumerations of C and C++: the whole numbers that their values are.
- `errors`: The error of every reader of signatures.
- `fortran`: Signatures of Fortran procedures: types, kinds, intents and shapes from the
  declarations, implicit typing included.
- `null_checks`: Pointers that a C-like text takes for a condition, or compares with null: arrays
  that a
  caller may leave out.
- `pointees`: Whether a pointer parameter of C or C++ points to one thing or to many, from how
  the text uses it.
- `structures`: Structures of C and C++ that typed tests can hold: where each number of them lies.
"""
