"""Source rewritten for the model: macros, helpers and names written out.

- `fortran/`: Fortran procedures spelled in C++, for models that read C++.
- `affine`: Whole-number expressions as sums, so that subscripts counted from one come out as C
  writes them: `i + 1 - 1` is `i`.
- `c_blocks`: C statements as they are written from another language: rows of text, and heads
  with blocks behind them.
- `c_tree`: C statements as trees that rules write: read from text, printed as functions, with
  every scalar declared as deep as its uses allow.
- `c_values`: Values of C expressions: text, element type, how tightly the text binds, and sums of
  whole numbers kept as sums.
- `expand_macros`: A C++ function written out: what its file names by macros, type names,
  constants and small helper functions stands where it is used.
- `inline_calls`: Helper functions of several statements (loops, work on arrays) written where a
  C++ function calls them.
- `inline_expressions`: Small helper functions of a C++ text written where they are called.
- `unsupported`: What a rule-made spelling gives up on.
"""
