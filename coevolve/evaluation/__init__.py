"""Answers executed and counted: items, metrics, statistics, results.

- `answering`: Models asked for an evaluation: answers of a Translator to items, and how valid a
  Tester's tests are.
- `codebleu_process`: CodeBLEU of many pairs in a process of its own: questions as JSON on stdin,
  figures as JSON on stdout.
- `contamination`: Whether a model was trained on what it is evaluated on: a compact manifest of
  trained programs, and the check against it.
- `decontamination`: What of a training corpus, or of a file of pairs, is like an evaluation
  program.
- `evaluate`: Evaluation on the held-out split: execute, then count. BLEU and CodeBLEU against
  references where they exist.
- `guarantees`: What callers guarantee: tests of a problem whose answers may rely on an output
  that starts at zero, a size, a range of values.
- `items`: What is evaluated: items of a source and, where there is one, a reference; from every
  form of corpus.
- `metrics`: Figures of merit as pure functions: pass@k, BLEU, CodeBLEU, speedup and efficiency at
  k.
- `mupa`: Execution cases of the MuPa form: JSONL rows of a C++ function, a CUDA kernel, and tests
  written as C++ snippets.
- `pareval`: ParEval checkouts: each problem's serial baseline as a source to translate, in
  pointer form, judged by our own engine.
- `pareval_drivers`: Which of a ParEval checkout's own drivers cannot judge an answer, found in
  its files.
- `predictions`: Answers that were made elsewhere: JSONL rows or one tokenised function a line,
  matched to the items of a corpus.
- `result`: From scores of items to the result that is written: figures with intervals, per
  problem kind, as JSON, Markdown and a row.
- `scoring`: What execution says about answers: compiled, callable, equivalent, item by item. No
  model is asked here.
- `speed`: How much faster right answers are than their source: one large input an item, measured
  on this machine's CPU.
- `statistics`: How sure a figure is: bootstrap intervals over problems, paired differences, exact
  McNemar.
- `text_scores`: BLEU and CodeBLEU of translations against references, with intervals, and what
  exactly was computed.
- `vectors`: A C++ function over `std::vector` parameters as the same function over pointers and
  lengths.
"""
