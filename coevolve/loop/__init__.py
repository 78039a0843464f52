"""Rounds of proposing, judging and learning.

- `actors`: The only file that knows Ray: thin actors round the plain classes, one set
  of workers per run.
- `checkpoints`: Opening, training and saving checkpoints of one kind of model: what both model
  services share.
- `control_lessons`: What a control run learns from: as much generated material as its survivors
  would
  have been.
- `cpu_time`: How busy this machine's cores were between two moments, as the system counts it.
- `directions`: The directions of a run: which corpora each of them has, and which Translator
  serves it.
- `experience`: Which of the pairs found so far are learnt from: how far back, how many of each
  source, which first, and with what weight.
- `generated`: What models are taught from the generator: computations for every direction of a
  run, less those that are like an evaluation item.
- `join_stage`: Ports joined from ports of loop nests, in a round: for programs that no answer
  ported in parallel as a whole.
- `losses`: One line for each time that a run loses actors: which ones, with which node, and what is
  asked again.
- `pretraining_lessons`: What the ladder teaches: unpaired functions of every dialect of the run,
  made into the lessons of each step.
- `rounds`: The loop: cold start, then rounds of suites, candidates, verdicts, triplets, learning
  and evaluation.
- `run_corpus`: The programs of one run: what is trained on, what is held out, and the references
  of the held-out side.
- `run_folder`: One run on disk: named paths, stage files that exist if and only if the stage
  finished, and the resume rule.
- `run_pretraining`: The ladder of a model from nothing: what it learns from unpaired functions
  before the cold start, each step a stage.
- `services`: The model sides of a run as plain objects that actors hold: they open checkpoints,
  propose, learn, save.
- `shots`: The verified pairs that a model asked in words is shown as examples: built-in ones and
  the run's own, never what it is evaluated on.
- `stages`: The stages of a round, each a function from finished files to one more finished file.
- `verdict_lessons`: Verdicts as lessons for a model that learns from more than what is right:
  preferences and rewards.
- `workers`: Workers as the loop sees them: call a method, get a future. Local here; Ray's in
  `coevolve.loop.actors`.
"""
