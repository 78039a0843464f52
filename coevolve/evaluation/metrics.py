"""Figures of merit as pure functions: pass@k, BLEU, CodeBLEU, speedup and efficiency at k.

Contract: no files, no state; equal input gives the equal figure in every process. Empty input gives
None where the figure does not exist, never a made-up number.

    python -c "from coevolve.evaluation.metrics import pass_at_k; print(pass_at_k(10, 3, 1))"
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from math import comb

from corpora.places import IMPORT_ROOT

_TOKEN = re.compile(
    r"[A-Za-z_]\w*|\d+\.?\d*(?:[eE][+-]?\d+)?[a-zA-Z]*|<<<|>>>|[-+*/%&|^<>=!]=|&&|\|\||<<|>>|->|::|\+\+|--|\S"
)


def pass_at_k(samples: int, correct: int, k: int) -> float:
    """Return the unbiased estimate that one of k answers, drawn without replacement, is correct.

    samples: answers to one problem. correct: those that are right. The estimate is 1 - C(n-c, k) /
        C(n, k) of Chen et al., "Evaluating Large Language Models Trained on Code", section 2.1.
    Raises ValueError unless 0 <= correct <= samples and 1 <= k <= samples.
    """
    if not 0 <= correct <= samples or not 1 <= k <= samples:
        raise ValueError(
            f"pass_at_k needs 0 <= correct <= samples and 1 <= k <= samples, got {samples}, "
            f"{correct}, {k}"
        )
    return 1.0 - comb(samples - correct, k) / comb(samples, k)


def average_pass_at_k(counts: Sequence[tuple[int, int]], k: int) -> float | None:
    """Return the mean pass@k over problems, in [0, 1], or None if `counts` is empty. counts:
    (samples, correct) of each. Raises ValueError if a problem has fewer than k samples.
    """
    return sum(pass_at_k(n, c, k) for n, c in counts) / len(counts) if counts else None


_PERCENTAGES = ("compile_rate", "codebleu", "tester_valid_rate", "tester_suite_rate")
"""What a run's evaluation.json has in percent, beside every pass@k."""


def convert_to_fractions(figures: dict) -> dict:
    """Return the figures of a run's evaluation.json, which are in percent, as what JSON that is
    printed has: shares and CodeBLEU are fractions of 1, and BLEU stays of 100. All else stays too.
    """

    def share(value: float | None) -> float | None:
        return None if value is None else value / 100.0

    found = {}
    for key, value in figures.items():
        if key.startswith("pass@") or key in _PERCENTAGES:
            found[key] = share(value)
        elif key == "codebleu_parts":
            found[key] = {name: share(part) for name, part in value.items()}
        elif key == "directions":
            found[key] = {name: convert_to_fractions(part) for name, part in value.items()}
        else:
            found[key] = value
    return found


def tokenize_code(text: str) -> list[str]:
    """Split code into identifiers, numbers and operators for BLEU. White space is dropped."""
    return _TOKEN.findall(text)


def bleu(hypotheses: Sequence[str], references: Sequence[str]) -> float | None:
    """Return sacrebleu's corpus BLEU over code tokens, in [0, 100], or None without pairs.
    hypotheses[i] is compared with references[i].
    """
    if not hypotheses:
        return None
    import sacrebleu

    joined = [" ".join(tokenize_code(t)) for t in hypotheses]
    wanted = [" ".join(tokenize_code(t)) for t in references]
    found = sacrebleu.corpus_bleu(joined, [wanted], tokenize="none", force=True)
    return min(100.0, found.score)  # of equal texts it is 100.00000000000004


def request_codebleu(
    hypotheses: Sequence[str],
    references: Sequence[str],
    grammar: str,
    items: bool = True,
    keywords: Sequence[str] = (),
) -> dict:
    """Compute CodeBLEU (by the codebleu package) in a process with a fixed hash seed, since the
    package's score depends on that seed. hypotheses[i] is compared with references[i].

    grammar: `cpp`, `cuda` or `fortran`. items: also score each pair. keywords: words that weigh
        more in the n-gram match of Fortran; other grammars have their own.
    Returns {"corpus": scores, "items": list of the scores of each pair, [] without `items`}. Scores
    are by the package's names, such as `codebleu` and `syntax_match_score`, in [0, 1], None where
    there is none. Raises RuntimeError if the process fails.
    """
    question = {
        "references": list(references),
        "hypotheses": list(hypotheses),
        "grammar": grammar,
        "items": items,
        "keywords": list(keywords),
    }
    environment = {**os.environ, "PYTHONHASHSEED": "0", "PYTHONPATH": str(IMPORT_ROOT)}
    command = [sys.executable, "-m", "coevolve.evaluation.codebleu_process"]
    done = subprocess.run(
        command,
        input=json.dumps(question),
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=IMPORT_ROOT,
    )
    if done.returncode:
        raise RuntimeError(f"codebleu failed: {done.stderr[-2000:]}")
    return json.loads(done.stdout)


def speedup_at_k(runtimes: Sequence[float], baseline: float, k: int) -> float:
    """Return the expected best speedup of k samples drawn without replacement (ParEval,
    speedup_n@k).

    runtimes: seconds of each sample, inf for a wrong one. baseline: seconds of the source.
    Raises ValueError unless 1 <= k <= the number of samples.
    """
    count = len(runtimes)
    if not 1 <= k <= count:
        raise ValueError(f"speedup_at_k needs 1 <= k <= {count}, got {k}")
    slowest_first = sorted(runtimes, reverse=True)
    weights = (comb(j - 1, k - 1) / comb(count, k) for j in range(1, count + 1))
    return sum(w * baseline / t for w, t in zip(weights, slowest_first))


def efficiency_at_k(runtimes: Sequence[float], baseline: float, k: int, resources: int) -> float:
    """Return `speedup_at_k` divided by `resources`, the number of processors used (ParEval,
    efficiency_n@k). runtimes, baseline: in seconds. Raises ValueError unless 1 <= k <= the number
    of samples.
    """
    return speedup_at_k(runtimes, baseline, k) / resources
