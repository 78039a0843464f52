"""What every generated computation is made of: expressions, nests, names, styles.

- `builder`: The workshop in which a nest is put together: fresh names, parameters, array places
  and safe random expressions.
- `effects`: What one iteration does: assignments, conditionals, clamps, small loops, several
  outputs; the common vocabulary.
- `expressions`: Trees of `corpora.ir` as the generator builds and reads them, and C quoted as
  trees.
- `heads`: What real functions hold before and around their parallel loops: constants, aliases of
  sizes, bounds in locals, odd spellings.
- `heads_bounds`: How the bounds of parallel loops are spelled.
- `names`: Identifiers as people choose them, and function names made of two words. No Fortran
  keyword is among them.
- `nest`: What one generated computation is before it is written in a dialect: parameters,
  parallel loops, bodies, style.
- `points`: Where arrays are touched: the current iteration as subscripts of old and new arrays,
  in the forms real code has.
- `shapes`: What a finished nest's shape says: where arrays are touched, and which loops inside
  the parallel ones are parallel too.
- `structures`: Hands parameters of a finished nest over as structures and vectors, as real
  functions do: sizes and constants in one, arrays of records, arrays with their extents, CUDA's
  vector types, `std::vector`.
- `styles`: Draws how an author writes: spelling, braces, declarations; and from these, how the
  parallel texts are written.
- `suites`: A small test suite in the project's text form for a nest: sizes from 1 up, symbolic
  extents, seeded fills.
"""
