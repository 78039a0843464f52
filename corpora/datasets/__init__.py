"""Where programs come from: files, tables, benchmark suites, hand-written folders.

- `hand_written`: Folders of hand-written functions: one function a file, families as sub-folders,
  dialects by suffix.
- `loaders`: Corpora by one spec string: files, folders, BabelTower lines, JSONL, Parquet, Hugging
  Face, hand-written and generated.
- `nas`: What functions of the NAS Parallel Benchmarks lean on outside themselves: shared data,
  constants, and small routines.
- `nas_routines`: Small routines that NAS functions call and their rows do not hold, in C++ and
  Fortran, by benchmark (see corpora.datasets.nas).
- `polybench`: PolyBench's macros written out, so that one of its functions stands alone: C++ and
  Fortran (PolyBench/Fortran 1.0).
- `tables`: Texts out of files and tables: source files, JSONL, Parquet and Hugging Face data
  sets.
"""
