"""Functions that the task files beside this one name. Needs lm-evaluation-harness.

lm_eval --include_path coevolve/harnesses/lm_eval_task --tasks coevolve_cpp_cuda --model hf ...
"""

from datasets import Dataset

from coevolve.harnesses.ports import judge_answer, make_questions


def load_items(corpus="builtin", direction="cpp:cuda", **_):
    """Return the splits of the task: one, called `test`."""
    return {"test": Dataset.from_list(make_questions(corpus, direction))}


def judge(doc, results):
    """Return the metrics of one answer. results: the answer alone, in a list."""
    told = judge_answer(doc, results[0])
    return {"passed": told["passed"], "compiled": told["compiled"]}
