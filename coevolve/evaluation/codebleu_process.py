"""CodeBLEU of many pairs in a process of its own: questions as JSON on stdin, figures as JSON on
stdout.

Contract: started by `coevolve.evaluation.metrics.request_codebleu` with a fixed hash seed, because
the package iterates over sets of strings. stdin: {"references": [...], "hypotheses": [...],
"grammar": "cpp" | "cuda" | "fortran", "keywords": [...], "items": whether each pair is scored as
well}; stdout: {"corpus": parts, "items": [parts, ...]}, parts in 0..1, null where a part does not
apply to the language.

    echo '{"references": ["int f();"], "hypotheses": ["int f();"], "grammar": "cpp"}' | \\
        python -m coevolve.evaluation.codebleu_process
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable, Sequence

from codebleu import bleu, calc_codebleu, dataflow_match, syntax_match, weighted_ngram_match

PARTS = (
    "ngram_match_score",
    "weighted_ngram_match_score",
    "syntax_match_score",
    "dataflow_match_score",
)
_WEIGHT = 0.25
Figures = dict[str, float | None]


def score_cpp(
    references: Sequence[str], hypotheses: Sequence[str], _keywords: Sequence[str]
) -> Figures:
    """Return CodeBLEU and its four parts for C++ texts, each in [0, 1], by the codebleu package's
    names: `codebleu`, `ngram_match_score`, `weighted_ngram_match_score`, `syntax_match_score` and
    `dataflow_match_score`. hypotheses[i] is compared with references[i]. The keywords are not used.
    """
    return dict(calc_codebleu(list(references), list(hypotheses), "cpp"))


def score_cuda(
    references: Sequence[str], hypotheses: Sequence[str], keywords: Sequence[str]
) -> Figures:
    """Return CodeBLEU and its four parts for CUDA texts, each in [0, 1], by the codebleu package's
    names: `codebleu`, `ngram_match_score`, `weighted_ngram_match_score`, `syntax_match_score` and
    `dataflow_match_score`. Syntax trees are of the CUDA grammar. hypotheses[i] is compared with
    references[i]. The keywords are not used.
    """
    import tree_sitter_cuda
    from tree_sitter import Language

    figures = score_cpp(references, hypotheses, keywords)
    grammar, wanted = Language(tree_sitter_cuda.language()), [[r.strip()] for r in references]
    found = [h.strip() for h in hypotheses]
    figures["syntax_match_score"] = syntax_match.corpus_syntax_match(
        wanted, found, "cpp", tree_sitter_language=grammar
    )
    figures["dataflow_match_score"] = dataflow_match.corpus_dataflow_match(
        wanted, found, "cpp", tree_sitter_language=grammar
    )
    # As the package does: where no reference has a data flow, that part counts as 1.
    figures["codebleu"] = _WEIGHT * sum(figures[p] for p in PARTS[:3]) + _WEIGHT * (
        figures[PARTS[3]] or 1
    )
    return figures


def score_fortran(
    references: Sequence[str], hypotheses: Sequence[str], keywords: Sequence[str]
) -> Figures:
    """Return the two parts of CodeBLEU that need no syntax tree, each in [0, 1], by the codebleu
    package's names: `ngram_match_score` and `weighted_ngram_match_score`; `codebleu`,
    `syntax_match_score` and `dataflow_match_score` are None. hypotheses[i] is compared with
    references[i]. keywords: words that weigh more in the weighted n-gram match.
    """
    wanted, found = (
        [[r.lower().split()] for r in references],
        [h.lower().split() for h in hypotheses],
    )
    known = frozenset(keywords)
    weighted = [
        [[tokens, {t: 1 if t in known else 0.2 for t in tokens}] for tokens in row]
        for row in wanted
    ]
    figures: Figures = dict.fromkeys(("codebleu", *PARTS))
    figures["ngram_match_score"] = float(bleu.corpus_bleu(wanted, found))
    figures["weighted_ngram_match_score"] = float(weighted_ngram_match.corpus_bleu(weighted, found))
    return figures


GRAMMARS: dict[str, Callable[[Sequence[str], Sequence[str], Sequence[str]], Figures]] = {
    "cpp": score_cpp,
    "cuda": score_cuda,
    "fortran": score_fortran,
}


def main() -> None:
    """Read one request as JSON from stdin and write the scores as JSON to stdout.

    The request holds `references` and `hypotheses` (lists of texts, compared pair by pair),
    `grammar` (`cpp`, `cuda` or `fortran`) and, optionally, `keywords` and `items` (whether each
    pair is scored too; true). The answer holds `corpus`, the scores by the codebleu package's
    names, and `items`, a list of such scores for each pair.
    """
    logging.disable(logging.WARNING)  # one line for every pair without a data flow
    asked = json.load(sys.stdin)
    score, keywords = GRAMMARS[asked["grammar"]], asked.get("keywords", [])
    references, hypotheses = asked["references"], asked["hypotheses"]
    pairs = zip(references, hypotheses, strict=True) if asked.get("items", True) else ()
    items = [score([r], [h], keywords) for r, h in pairs]
    json.dump({"corpus": score(references, hypotheses, keywords), "items": items}, sys.stdout)


if __name__ == "__main__":
    main()
