"""BLEU and CodeBLEU of translations against references, with intervals, and what exactly was
computed.

Contract: texts are compared as tokens separated by blanks, so layout does not count. BLEU is
sacrebleu's corpus BLEU on 0..100, CodeBLEU the codebleu package's on 0..1 with its four parts.
Figures are those of the libraries called directly on `space_tokens` texts. Nothing to compare gives
None.

    python -c "from coevolve.evaluation.text_scores import compute_bleu; \\
        print(compute_bleu(['a b c d e'], ['a b c d e']))"
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from coevolve.evaluation.metrics import request_codebleu, tokenize_code
from coevolve.evaluation.statistics import Interval, bootstrap_mean, bootstrap_sums
from corpora.dialects import Dialect, DialectError, get_dialect
from corpora.tokens.lexers import FORTRAN_KEYWORDS

NOTES = {
    "cpp": "codebleu package, language cpp",
    "cuda": "codebleu package with trees of tree-sitter-cuda (the package has no CUDA grammar); "
    "keywords and data-flow rules of its cpp; "
    "'as_cpp' is the package's own figure for language cpp",
    "fortran": "the codebleu package has no Fortran: only the two n-gram parts apply, so there "
    "is no CodeBLEU",
}
_BLEU_ORDER = 4


@dataclass(frozen=True, slots=True)
class BleuScore:
    """A corpus BLEU.

    value: in [0, 100]. ci95: its 95 % interval (low, high). signature: sacrebleu's, which names the
        settings.
    statistics: int of shape (pairs, 10): per pair the correct n-grams of orders 1 to 4, all n-grams
        of orders 1 to 4, and the lengths of hypothesis and reference.
    """

    value: float
    ci95: Interval
    signature: str
    statistics: np.ndarray


@dataclass(frozen=True, slots=True)
class CodeBleuScore:
    """A corpus CodeBLEU.

    value: in [0, 1]; None for a dialect without it.
    ci95: the 95 % interval (low, high) of the items' mean, shifted to `value`; None without a
        value.
    parts: the four parts by the package's names, each in [0, 1] or None. items: one value per pair,
        None where a pair has none.
    as_cpp: the score of CUDA texts scored as C++; None for other dialects. note: one line that says
        what was computed.
    """

    value: float | None
    ci95: Interval | None
    parts: dict[str, float | None]
    items: tuple[float | None, ...]
    as_cpp: float | None
    note: str


def space_tokens(text: str) -> str:
    """Return `text` with its tokens separated by single blanks. Line breaks stay, since directives
    end with them; empty lines are dropped.
    """
    return "\n".join(" ".join(tokenize_code(line)) for line in text.split("\n") if line.strip())


def compute_bleu(
    hypotheses: Sequence[str], references: Sequence[str], seed: int = 0
) -> BleuScore | None:
    """Return the corpus BLEU (by sacrebleu) over code tokens with its interval, or None without
    pairs. hypotheses[i] is compared with references[i], both texts of programs. seed: of the
    bootstrap.
    """
    if not hypotheses:
        return None
    from sacrebleu.metrics import BLEU

    metric = BLEU(tokenize="none", force=True)
    written = [" ".join(tokenize_code(t)) for t in hypotheses]
    wanted = [" ".join(tokenize_code(t)) for t in references]
    whole = metric.corpus_score(written, [wanted])
    single = [metric.corpus_score([h], [[r]]) for h, r in zip(written, wanted, strict=True)]
    rows = np.array([[*s.counts, *s.totals, s.sys_len, s.ref_len] for s in single], np.int64)
    interval = bootstrap_sums(rows, lambda sums, _: compute_bleu_from_sums(sums), seed)
    assert interval is not None
    return BleuScore(min(100.0, whole.score), interval, str(metric.get_signature()), rows)


def compute_bleu_from_sums(sums: np.ndarray) -> float:
    """Return BLEU, in [0, 100], from column sums of `BleuScore.statistics`, shape (10,). BLEU is
    smoothed as sacrebleu does by default.
    """
    from sacrebleu.metrics import BLEU

    counts = [int(n) for n in sums]
    correct, total = counts[:_BLEU_ORDER], counts[_BLEU_ORDER : 2 * _BLEU_ORDER]
    found = BLEU.compute_bleu(correct, total, counts[-2], counts[-1], smooth_method="exp")
    return min(100.0, found.score)  # of equal texts it is 100.00000000000004


def _find_grammar(row: Dialect) -> str:
    """How `coevolve.evaluation.codebleu_process` scores a dialect."""
    grammar = row.grammar or row.language
    if grammar not in NOTES:
        raise DialectError(
            f"dialect '{row.name}' is read by CodeBLEU as '{grammar}', which is not in the table "
            f"NOTES of coevolve/evaluation/text_scores.py; give its row in corpora/dialects.py a "
            f"`grammar` of {', '.join(NOTES)}, or add one there and in codebleu_process.py"
        )
    return grammar


def compute_codebleu(
    hypotheses: Sequence[str], references: Sequence[str], dialect_name: str, seed: int = 0
) -> CodeBleuScore | None:
    """Return the corpus CodeBLEU (by the codebleu package) with its parts and interval, or None
    without pairs. hypotheses[i] is compared with references[i].

    dialect_name: the texts' dialect, such as `cuda`. seed: of the bootstrap. Raises RuntimeError if
        the package's process fails, ValueError for an unknown dialect, DialectError for one whose
        grammar is not known.
    """
    if not hypotheses:
        return None
    grammar = _find_grammar(get_dialect(dialect_name))
    written, wanted = [space_tokens(t) for t in hypotheses], [space_tokens(t) for t in references]
    found = request_codebleu(written, wanted, grammar, keywords=sorted(FORTRAN_KEYWORDS))
    parts = {k: v for k, v in found["corpus"].items() if k != "codebleu"}
    items = tuple(row["codebleu"] for row in found["items"])
    value, interval = found["corpus"]["codebleu"], None
    if value is not None:
        low, high = bootstrap_mean(items, seed) or (0.0, 0.0)
        shift = value - float(np.mean(items))
        interval = (max(0.0, low + shift), min(1.0, high + shift))
    as_cpp = (
        request_codebleu(written, wanted, "cpp", items=False)["corpus"]["codebleu"]
        if grammar == "cuda"
        else None
    )
    return CodeBleuScore(value, interval, parts, items, as_cpp, NOTES[grammar])
