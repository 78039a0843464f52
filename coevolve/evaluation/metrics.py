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
from pathlib import Path

from corpora.dialects import get_dialect

_TOKEN = re.compile(
    r"[A-Za-z_]\w*|\d+\.?\d*(?:[eE][+-]?\d+)?[a-zA-Z]*|<<<|>>>|[-+*/%&|^<>=!]=|&&|\|\||<<|>>|->|::|\+\+|--|\S"
)


def pass_at_k(samples: int, correct: int, k: int) -> float:
    """Unbiased estimate that one of k draws without replacement is correct: 1 - C(n-c, k) / C(n,
    k).

    Chen et al., "Evaluating Large Language Models Trained on Code", section 2.1. Raises ValueError
    unless 0 <= correct <= samples and 1 <= k <= samples.
    """
    if not 0 <= correct <= samples or not 1 <= k <= samples:
        raise ValueError(
            f"pass_at_k needs 0 <= correct <= samples and 1 <= k <= samples, got {samples}, "
            f"{correct}, {k}"
        )
    return 1.0 - comb(samples - correct, k) / comb(samples, k)


def average_pass_at_k(counts: Sequence[tuple[int, int]], k: int) -> float | None:
    """Mean over problems of pass@k; counts are (samples, correct). Problems with fewer than k
    samples raise ValueError.
    """
    return sum(pass_at_k(n, c, k) for n, c in counts) / len(counts) if counts else None


def tokenize_code(text: str) -> list[str]:
    """Tokens of code for BLEU: identifiers, numbers and operators, white space dropped."""
    return _TOKEN.findall(text)


def bleu(hypotheses: Sequence[str], references: Sequence[str]) -> float | None:
    """Corpus BLEU (sacrebleu, code tokens, 0..100), None without pairs."""
    if not hypotheses:
        return None
    import sacrebleu

    joined = [" ".join(tokenize_code(t)) for t in hypotheses]
    wanted = [" ".join(tokenize_code(t)) for t in references]
    return sacrebleu.corpus_bleu(joined, [wanted], tokenize="none", force=True).score


def codebleu(
    hypotheses: Sequence[str], references: Sequence[str], dialect_name: str
) -> float | None:
    """CodeBLEU (codebleu package, 0..100), None without pairs or for a dialect that the package
    cannot parse.

    The package has no CUDA grammar: CUDA is scored as C++ with launches `<<<a, b>>>` spelled as
    template arguments. Raises RuntimeError when the package's process fails.
    """
    language = get_dialect(dialect_name).codebleu_language
    if not hypotheses or language is None:
        return None

    def plain(text: str) -> str:
        return text.replace("<<<", "<").replace(">>>", ">")

    return (
        100.0
        * request_codebleu(
            [plain(h) for h in hypotheses], [plain(r) for r in references], language, items=False
        )["corpus"]["codebleu"]
    )


def request_codebleu(
    hypotheses: Sequence[str],
    references: Sequence[str],
    grammar: str,
    items: bool = True,
    keywords: Sequence[str] = (),
) -> dict:
    """What `coevolve.evaluation.codebleu_process` answers: {"corpus": figures, "items": figures of
    each pair}, on 0..1.

    A process of its own with a fixed hash seed (half a second to start, a few ms a pair): the
    package iterates over sets of strings, so that its figure depends on the seed, by up to 0.1.
    Raises RuntimeError when that process fails.
    """
    question = {
        "references": list(references),
        "hypotheses": list(hypotheses),
        "grammar": grammar,
        "items": items,
        "keywords": list(keywords),
    }
    root = Path(__file__).resolve().parents[2]
    environment = {**os.environ, "PYTHONHASHSEED": "0", "PYTHONPATH": str(root)}
    command = [sys.executable, "-m", "coevolve.evaluation.codebleu_process"]
    done = subprocess.run(
        command,
        input=json.dumps(question),
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=root,
    )
    if done.returncode:
        raise RuntimeError(f"codebleu failed: {done.stderr[-2000:]}")
    return json.loads(done.stdout)


def speedup_at_k(runtimes: Sequence[float], baseline: float, k: int) -> float:
    """Expected best speedup of k samples drawn without replacement (ParEval, speedup_n@k).

    runtimes: seconds per sample, inf for a wrong one. With runtimes sorted descending, sample j
    (1-based) is the best of k with probability C(j-1, k-1) / C(n, k). Raises ValueError for an
    empty list or k out of range.
    """
    count = len(runtimes)
    if not 1 <= k <= count:
        raise ValueError(f"speedup_at_k needs 1 <= k <= {count}, got {k}")
    slowest_first = sorted(runtimes, reverse=True)
    weights = (comb(j - 1, k - 1) / comb(count, k) for j in range(1, count + 1))
    return sum(w * baseline / t for w, t in zip(weights, slowest_first))


def efficiency_at_k(runtimes: Sequence[float], baseline: float, k: int, resources: int) -> float:
    """speedup_at_k divided by the number of processing resources used (ParEval, efficiency_n@k)."""
    return speedup_at_k(runtimes, baseline, k) / resources
