"""Data that flows: programs, tests, corpora, and the one reading of code.

- `builtin/`: Built-in corpus: hand-written HPC functions, one computation per file stem, needing
  no download.
- `datasets/`: Where programs come from: files, tables, benchmark suites, hand-written folders.
- `development/`: Development corpus: hand-written serial functions of the everyday kind, for
  choices between models and settings.
- `extraction/`: Functions cut out of files, with what they need from the same file.
- `generator/`: Endless loop nests: one computation in every dialect, equal by construction, with
  a suite that is valid for it.
- `signatures/`: What an entry function takes and gives: parameters, structures, kinds.
- `suites/`: Unit tests as data: their text form, its reader, and tests of whole programs.
- `syntax/`: Lexical and syntactic helpers of the older readers. `corpora.frontends` replaces
  them.
- `tokens/`: Program texts as word streams: tokens, canonical names, printing, noise, entity
  labels.
- `dialects`: Dialects and directions: one table row per dialect, `source:target` for a direction.
- `files`: Files and folders that are whole or absent.
- `fingerprints`: Fingerprints of program texts that do not see names, layout, comments,
  directives or qualifiers.
- `json_text`: JSON from elsewhere: files that people or other programs wrote.
- `record_index`: Records that stay on disk: a list and a mapping that read each one when it is
  asked for.
- `records`: The records that flow through the project: small frozen dataclasses whose id is a
  hash of their content.
- `splits`: Near-duplicates, splits by cluster, and the guard that keeps evaluation items out of
  training.
- `store`: Records on disk: the only module that knows their JSONL and Parquet form.
"""
