"""Items as plain prompts, and verdicts on answers, for harnesses that ask the model themselves.

Contract: the items, prompts, suites and verdicts are those of `coevolve eval`; intervals and text
scores are the harness's. An item that no test can be made for counts as not passed, as there.

    python -c "from coevolve.harnesses.ports import *; \\
        print(make_questions('builtin', 'cpp:cuda', 1)[0]['prompt'])"
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from coevolve.evaluation.corpus import EvalCorpus
from coevolve.evaluation.items import load_items
from coevolve.evaluation.scoring import ScoringWork, make_answer_program
from coevolve.verification.engine import Pair, get_shared_engine
from corpora.records import Outcome
from translator.prompting.translate import PromptStyle, build_prompt, parse_answer

__all__ = ["judge_answer", "make_questions"]


@lru_cache(maxsize=4)
def _load(corpus: str, direction: str) -> EvalCorpus:
    return load_items(corpus, direction)


def make_questions(
    corpus: str = "builtin", direction: str = "cpp:cuda", limit: int = 0
) -> list[dict[str, Any]]:
    """Return the items of a corpus as rows, in the corpus's order: `id`, `prompt` (the text to ask
    a model), `reference` (a translation's text, '' for none), `kind` (the group that the item is
    counted with), `corpus` and `direction` (both as given).

    corpus: spec of a corpus as `coevolve eval --corpus` takes it: `builtin`, `development`, a
        folder, `SRC.tok,TGT.tok`, a `.jsonl` file, `hf:ID` or a ParEval checkout. direction: source
        and target dialect, as `cpp:cuda`. limit: most items, from the first on; 0 for all.
    Raises ValueError for a corpus or direction that cannot be used.
    """
    loaded = _load(corpus, direction)
    items = loaded.items[:limit] if limit else loaded.items
    return [
        {
            "id": item.id,
            "prompt": build_prompt(item.source, loaded.direction, PromptStyle.PLAIN).text,
            "reference": item.reference.text if item.reference else "",
            "kind": item.kind,
            "corpus": corpus,
            "direction": direction,
        }
        for item in items
    ]


def judge_answer(row: dict[str, Any], answer: str) -> dict[str, Any]:
    """Judge a model's answer to a row of `make_questions` by execution, with CUDA emulated on the
    CPU.

    row: the row, of which `id`, `corpus` and `direction` are read. answer: all that the model said.
    Returns a dict: `passed` (1 if the port is equivalent to its source, else 0), `compiled` (0 or
    1), `outcome` (of the verdict, such as `EQUIVALENT` or `MISMATCH`), `detail` (the verdict's
    line), and `code` (what was cut out of the answer). An answer without code has the outcome
    `NONE`. Raises ValueError if the corpus can no longer be used.
    """
    loaded = _load(row["corpus"], row["direction"])
    item = next(each for each in loaded.items if each.id == row["id"])
    code = parse_answer(answer, item.source, loaded.direction, PromptStyle.PLAIN)
    if not code.strip():
        return {"passed": 0, "compiled": 0, "outcome": "NONE", "detail": "no code", "code": ""}
    text = loaded.read(item, code)
    target = make_answer_program(text, ScoringWork(item, (text,), loaded.direction.target.name))
    verdict = get_shared_engine("emulated").verify(Pair(item.judged_as, target))
    return {
        "passed": int(verdict.equivalent is True),
        "compiled": int(verdict.outcome is not Outcome.COMPILE_ERROR),
        "outcome": verdict.outcome.value,
        "detail": verdict.detail,
        "code": code,
    }
