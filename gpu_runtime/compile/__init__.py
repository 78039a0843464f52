"""Programs to shared objects: units, flags, tool chain, cache.

- `compiler`: Compile requests -> shared objects, many programs per unit, inside the sandbox,
  cached by content.
- `constructors`: What an artifact runs when it is loaded, read from its bytes: nothing is loaded
  to find out.
- `headers`: Which headers a program may include, and what becomes of each: one place for the
  wall, the shims and the emulation.
- `object_store`: The cache of compiled programs on disk, which several processes may share.
- `preprocess`: A user's text as its compiler reads it: conditionals decided, macros written out,
  and whether the whole of it compiles.
- `same_reading`: Whether one text is to the preprocessor what a file is beside its headers.
- `toolchain`: Which compilers this machine has, where results are cached, and the runner binary
  built from `native/`.
- `units`: Compile units: which flags a dialect and variant take, how programs are put together,
  whose an error is.
"""
