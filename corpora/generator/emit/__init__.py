"""Generated computations as text in each dialect.

- `c_statements`: Nests as trees of C, shared by the C++, CUDA and OpenMP emitters, and their text.
- `cpp`: The serial C++ function of a nest.
- `cuda`: The bare CUDA kernel of a nest: parallel loops become thread indices and a guard, the
  rest stays as it is.
- `cuda_buffers`: The CUDA function of a nest that allocates arrays of its own: a kernel for every
  region, and the host code round the launches.
- `cuda_host`: The CUDA function of a nest that returns a value: a kernel, and the host code round
  its launch.
- `fortran`: The Fortran subroutine or function of a nest, serial or with OpenMP directives.
- `fortran_arrays`: Array syntax for Fortran where a nest allows it: sections, `where` constructs,
  sums.
- `fortran_counts`: Computations counted as Fortran counts them: loop variables and positions from
  one, every value the same in both languages.
- `fortran_expressions`: Expressions of the AST as Fortran: one-based subscripts, logicals apart
  from integers, intrinsics of one kind.
- `fortran_reductions`: Loops inside a nest as intrinsics and array statements: `s = sum(x)`, `low =
  minval(a, dim=2)`, `v(:, i) = 0`.
- `fortran_forms`: How an author of Fortran declares things and spells statements.
- `fortran_layout`: Lines of Fortran as older authors write them: dotted comparisons, kinds behind
  numbers.
- `fortran_names`: What a Fortran procedure must know of a nest before it is written: its
  statements, expressions and local variables.
- `fortran_plain`: How a computation is made ready for translations from Fortran: what its C texts
  look like follows from its Fortran text.
- `fortran_short`: Neighbouring statements of a procedure in fewer words: sums, counts and
  extremes as intrinsics, inner loops as array statements.
- `fortran_views`: Nests without pointers into rows: Fortran has no words for them, so that its
  translations have none either.
- `openmp`: The OpenMP C++ function of a nest: the serial function with directives, clauses and
  atomic updates.
- `structures`: How C texts spell parameters that are fields of structures: where they stand, how
  they are handed over, and to kernels.
"""
