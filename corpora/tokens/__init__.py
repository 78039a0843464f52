"""Program texts as word streams: tokens, canonical names, printing, noise, entity labels.

- `abstract_entities`: What each name, type and number of a function is: the labels of abstract-
  entity recognition.
- `canonical`: Canonical names: a text as a stream of words in which every identifier of the
  program's own is V0, V1, ... .
- `lexers`: Tokens of the three text forms that models see: C-like dialects, free-form Fortran,
  and the suite text form.
- `noise`: Noise on canonical words: what a model is shown when it learns to fill in and to
  restore programs.
- `printing`: Words to text that people can read and compilers take: line breaks, indentation, no
  more spaces than needed.
"""
