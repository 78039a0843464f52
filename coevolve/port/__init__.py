"""Verified ports of whole files and of loop nests.

- `by_directives`: OpenMP ports made of the source's own text and directives by rule.
- `by_parts`: A port made of ports: a function's loop nests are asked for one by one, each is
  executed by itself, and what stands is joined.
- `patch`: ports by directives as a patch of the user's file.
- `speed_gate`: an OpenMP port timed beside its source.
- `one_file`: Ports of several functions as a file that a compiler takes: what an earlier one
  defines is not defined again, and headers are included.
"""
