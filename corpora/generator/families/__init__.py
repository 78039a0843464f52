"""Families of generated computations, one idea a module.

- `host_wrappers/`: Families of host functions: returned values, buffers of their own, workers.
- `irregular/`: Families with places that data give, and loops that do not run as they look.
- `loop_heads/`: Families about what stands before and around parallel loops.
- `moving_pointers/`: Families whose pointers and positions move on.
- `sequential/`: Families whose one loop must run in order.
- `bits`: Families of bit operations and characters: shifts, masks in hexadecimal, mixing rounds,
  case, digits, look-alikes.
- `choices`: A family of choices by `switch`: over characters, small numbers or a mode given from
  outside.
- `deep`: Long families: several sequential loops inside a thread, nearest centres, permutations,
  small sorts, complex pairs.
- `digits`: Families of whole numbers and their digits: per-element loops of number theory, digits
  written out, bits packed and unpacked.
- `everyday`: Families of everyday numeric code: constants worked out before the loop, long chains
  of formulas.
- `fortran_halos`: Computations as Fortran programs hold them: halos, components in the first
  dimension, positions that data hold, windows, lags.
- `fortran_sums`: Totals as Fortran programs write them: of columns and sections, of whole arrays
  in a row of statements, as values of functions.
- `free`: Long bodies of freely mixed statements: what is asked of a translator there is to copy
  exactly, not to know a pattern.
- `free_body`: A free body in the making: places of one iteration, locals, and the statements of
  one line or one test.
- `free_steps`: Steps of a free body that take several statements: neighbours, bytes, inner loops,
  written-out repetitions, record sets.
- `graphs`: Families of sparse rows: loops over a vertex's edges for sums, the best of them or a
  search, and links followed.
- `graphs_edges`: Families of graphs without sparse rows: edges with shared ends, one a thread,
  and adjacency matrices.
- `grids`: Families over two or three parallel loops: element-wise grids, padding, channels,
  flattened indices.
- `images`: Families of pixels and signals: colours mixed in bytes, numbers brought into small
  types, padded and resampled lines.
- `images_rows`: Families of whole rows: tables whose rows lie a pitch apart, rows turned round in
  place.
- `lines`: Families over one parallel loop: element-wise work, several loops in a function,
  histograms, sums, images.
- `matrices`: Families of linear algebra: products, triangles, compressed rows, all pairs.
- `phases`: Several loops after each other, each of which needs all of the one before: only a
  barrier across the grid would part them.
- `phases_chains`: Phases over different index spaces: products chained, sums of columns taken
  off, losses divided by a count, clusters, compressed rows.
- `phases_rows`: The same work as one thread does on a whole array, done by every thread on a row
  or an image of its own.
- `returns`: Families that return what they reduce: counts, sums, norms, extremes, over a line or
  a grid, some with outputs beside.
- `rows`: Families with one row a thread and sequential loops inside: row sums, extremes, softmax-
  like passes, scans.
- `samples`: Families of points and samples: records of two to four numbers, a record a thread;
  columns of a table against columns.
- `samples_against`: Families of everyone against everyone: boxes that touch, distances, forces,
  densities, the nearest, ranks by counting.
- `stencils`: Families that look at a neighbourhood: stencils with a margin or with tests,
  convolutions, pooling windows.
- `tallies`: Families that return a total over arrays of any element type: flags, characters,
  shorts, unsigned words, doubles.
- `textual`: Families of text: records of characters counted, compared, hashed and read as
  numbers, a row a thread.
- `textual_lines`: Families of one line of text or numbers: a pattern searched in windows,
  products with a lag, letters exchanged one by one.
- `windows`: Families that move a window with tests at its edges: one-sided and two-sided sums,
  clipped ranges, rows behind a pitch.
"""
