"""The verdict on a pair of texts: engine, verifier, explanation.

- `function_verdicts`: Verdicts on two texts that share several functions: each function's own, and
  the one
  that speaks for both texts.
- `backend_choice`: Which execution back end a word stands for: `auto` is a device where one is
  usable, else the emulation.
- `compiler_check`: The last question about an accepted CUDA target: does a real compiler take its
  text?
- `cut_out`: Functions judged without the rest of their files: when that may be, and what is
  reported.
- `engine`: Is a translation equivalent to its source? The engine under `coevolve.verify`:
  `verify_many`, and `Engine` for more.
- `entry_functions`: Which functions of two texts are compared with each other.
- `explain`: A verdict for people: what was found, on which smallest test, and what the evidence
  is.
- `minimize`: A smaller test on which a target fails in the same way: what a person wants to look
  at.
- `target_thresholds`: A target that passed, at the sizes that it alone compares with: `if (n <
  10000)`
  and a serial loop hide a wrong parallel one.
- `programs`: Whole programs (with `main` or Fortran's `program`) as source and target: the same
  Verdict, from what they print, write and return.
- `project_text`: The text of a user's file with the headers of its project, as its compiler reads
  it.
- `record_cache`: Records that cost much to make, kept on disk by a key of what they were made from.
- `requests`: Files and rows as questions for the engine: dialects, entry functions, and the rows
  of `verify --batch`.
- `verifier`: What a verifier does: prove and top up suites of a real program, and judge
  candidates on them. Plain class, no Ray.
"""
