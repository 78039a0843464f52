"""Functions cut into loop nests, and the ports of these put together again.

- `array_bounds`: How long the arrays of a function are, as its loops say: one more than the last
  place that each access comes to.
- `c_function`: A C++ function in parts that rules can cut and put together again.
- `count_serial_loops`: Loops of an OpenMP text that its threads do not share: what a port that is
  parallel somewhere leaves to one of them, or repeats in each.
- `parse_cpp`: A serial C++ function read as statements and loop nests, for rules that cut it and
  put it together again.
- `cpp_declarations`: What a C++ function declares, and statements that make, fill, free or exchange
  arrays, as rules that cut it write them.
- `cpp_memory`: Memory that a C++ function makes for itself (malloc, new, vectors), and the
  library's functions that fill or copy arrays, as loops.
- `cpp_values`: Values of C++ expressions, with every place in an array written as an
  element of it.
- `device_arrays`: A function's arrays on a device: where their memory comes from, what is copied,
  and what host code does with those that live there alone.
- `indirect_access`: Which arrays of a function are reached through what other arrays hold alone:
  nothing in the text then says how long they are.
- `loops`: What the tree of a source says of its loops for an answer that only adds directives.
- `members`: Structures in functions that rules cut: their numbers are arrays and scalars of their
  own while a function is cut into parts.
- `outliner`: A function cut into parts, statements and loop nests that are ported one by one
  (translator.outline.reassemble puts them together again).
- `pointer_swaps`: Arrays that change places between the steps of a loop: `std::swap(a, b)`, and
  pointers that are handed round by way of another one.
- `reassemble`: The ports of a function's parts put together: host code that launches a kernel for
  each, or the function itself with each nest annotated.
"""
