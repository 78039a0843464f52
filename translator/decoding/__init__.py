"""Constraints on decoding: what a translation can never contain.

- `c_reader`: One pass over the words of a C-like text: what stands before the next word, which
  brackets are open, which names exist.
- `c_rules`: What cannot come next in a C-like answer, read off a `CReader`: each rule gives a set
  of words, the answer's state their union.
- `c_scopes`: The names that are alive at a place of a C-like text, and what their declarations
  say.
- `c_types`: The structures that a C-like text begins with, as words.
- `c_words`: Classes of words of a C-like dialect, and which of them can never follow which: the
  tables behind `translator.c_syntax`.
- `clauses`: The clauses of a parallel loop, word by word: which may come next.
- `constraints`: What a translation can never contain, word by word while it is being decoded.
- `copy_constraints`: What a translation between C-like dialects copies: numbers, called functions
  and fields are the source's.
- `forced_prefix`: The beginning of a translation that follows from its source: a signature need
  not be guessed.
- `pragma_constraint`: OpenMP answers in the source's own language: the source's words in their
  order, and directives between its statements.
"""
