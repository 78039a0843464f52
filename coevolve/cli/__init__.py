"""The command line, one module a command.

- `command_line`: A command-line parser whose mistakes are one line that names the nearest right
  word.
- `compare`: `coevolve compare A B`: two evaluations on the same items: differences with intervals
  and p-values.
- `completion`: `coevolve completion SHELL`: a script that completes commands and options on the
  Tab key.
- `decontaminate`: `coevolve decontaminate CORPUS --against EVAL`: what of a corpus must not be
  trained on, and the rest as a file.
- `directions`: `coevolve directions`: every translation direction, where its programs run here,
  and what this machine lacks for it.
- `errors`: Which exceptions are the user's to mend: printed as one line with exit code 2, without
  a traceback.
- `evaluate`: `coevolve eval`: a model or a file of predictions on a corpus, or a run's checkpoint
  on its held-out programs.
- `export`: Export: checkpoints as Hugging Face folders with model cards, verified pairs as
  Parquet with their evidence.
- `header_options`: The options `-I DIR` and `-D NAME[=TEXT]` of commands that read files of C and
  C++.
- `leaderboard`: `coevolve leaderboard FILE...`: rows of `coevolve eval --leaderboard` as ranked
  tables.
- `main`: The command line: `coevolve COMMAND`, one module a command but for the short ones, which
  are here.
- `plan`: `coevolve plan CONFIG`: what a run would need, before anything is rented or downloaded.
- `progress`: Progress a person can follow: bars on a terminal, a line now and then in a job's
  log.
- `signals`: How a command ends before its work is done: Ctrl-C and SIGTERM, in the same way.
- `translate`: `coevolve translate`: a verified port of the functions in a file.
- `verify`: `coevolve verify`: one pair with a readable verdict, or a batch of rows.
- `watch`: `coevolve watch RUN`: a live view of a running job, from any shell that sees the run
  folder.
"""
