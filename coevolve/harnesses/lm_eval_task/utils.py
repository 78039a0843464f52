"""Functions that the task files beside this one name. Needs lm-evaluation-harness.

lm_eval --include_path coevolve/harnesses/lm_eval_task --tasks coevolve_cpp_cuda --model hf ...
"""

from datasets import Dataset

from coevolve.harnesses.ports import judge_answer, make_questions


def load_items(corpus="builtin", direction="cpp:cuda", **_):
    """Return the splits of the task for lm-evaluation-harness: a dict of one, called `test`, a
    Dataset with a row per item as `coevolve.harnesses.ports.make_questions` gives them.

    corpus: spec of a corpus, as `coevolve eval --corpus` takes it. direction: source and target
        dialect, as `cpp:cuda`. Other named arguments are ignored.
    Raises ValueError for a corpus or direction that cannot be used.
    """
    return {"test": Dataset.from_list(make_questions(corpus, direction))}


def judge(doc, results):
    """Judge one answer by execution and return its metrics: a dict of `passed` (1 if the port is
    equivalent to its source, else 0) and `compiled` (0 or 1).

    doc: the row of `load_items` that was asked. results: the answer's text alone, in a list.
    """
    told = judge_answer(doc, results[0])
    return {"passed": told["passed"], "compiled": told["compiled"]}
