"""Whole projects as their compilers read them: which files, with which headers, and every loop.

- `sources`: the files of a folder and the options they are compiled with.
- `headers`: a file with the project's own headers in it, and where each line came from.
- `clang_loops`: every loop of a C or C++ file, by libclang.
- `survey`: each loop's verdict, by the analyses of `corpora.analysis`.
"""
