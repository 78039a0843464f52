"""Metrics against values worked out by hand or by exhaustive enumeration."""

import math
from itertools import combinations

import pytest

from coevolve.evaluation.metrics import (
    average_pass_at_k,
    bleu,
    convert_to_fractions,
    efficiency_at_k,
    pass_at_k,
    speedup_at_k,
    tokenize_code,
)
from coevolve.evaluation.text_scores import compute_codebleu


@pytest.mark.parametrize(
    ("n", "c", "k"), [(10, 0, 1), (10, 3, 1), (10, 3, 5), (5, 5, 5), (6, 2, 4), (4, 1, 4)]
)
def test_pass_at_k_equals_enumeration(n, c, k):
    draws = list(combinations(range(n), k))
    assert pass_at_k(n, c, k) == pytest.approx(
        sum(any(i < c for i in d) for d in draws) / len(draws)
    )


@pytest.mark.parametrize(("n", "c", "k"), [(5, 6, 1), (5, -1, 1), (5, 1, 0), (5, 1, 6)])
def test_pass_at_k_refuses_nonsense(n, c, k):
    with pytest.raises(ValueError, match="pass_at_k"):
        pass_at_k(n, c, k)


def test_means_of_nothing_are_none():
    assert (
        average_pass_at_k([], 1) is None
        and bleu([], []) is None
        and compute_codebleu([], [], "cpp") is None
    )


def test_printed_json_has_fractions():
    """`eval RUN --json` gave percent, and `eval --corpus --json` fractions."""
    inside = {"pass@1": 40.0, "compile_rate": 90.0, "bleu": 55.5, "codebleu": None, "programs": 9}
    figures = inside | {
        "codebleu_parts": {"ngram_match": 20.0, "syntax_match": None},
        "tester_valid_rate": 12.5,
        "directions": {"cpp:cuda": inside},
    }
    found = convert_to_fractions(figures)
    share = inside | {"pass@1": 0.4, "compile_rate": 0.9}
    assert found["directions"] == {"cpp:cuda": share}
    assert found["codebleu_parts"] == {"ngram_match": 0.2, "syntax_match": None}
    assert found["tester_valid_rate"] == 0.125
    assert {key: found[key] for key in inside} == share and figures["pass@1"] == 40.0


def test_speedup_at_k_is_the_expected_best():
    runtimes = [1.0 / s for s in (16, 8, 4, 2, 1)]
    expected = sum(max(16 >> i, 16 >> j) for i, j in combinations(range(5), 2)) / 10
    assert expected == pytest.approx(9.8)
    assert speedup_at_k(runtimes, 1.0, 2) == pytest.approx(9.8)
    assert speedup_at_k(runtimes, 1.0, 5) == pytest.approx(16)
    assert efficiency_at_k(runtimes, 1.0, 2, 4) == pytest.approx(9.8 / 4)


def test_speedup_counts_wrong_samples_as_no_speed():
    assert speedup_at_k([math.inf, 0.5], 1.0, 1) == pytest.approx(1.0)
    assert speedup_at_k([math.inf, math.inf], 1.0, 2) == 0.0
    with pytest.raises(ValueError, match="speedup_at_k"):
        speedup_at_k([], 1.0, 1)


def test_bleu_ignores_white_space_and_ranks_by_closeness():
    reference = "void f(float *x, int n) { for (int i = 0; i < n; i++) x[i] = 2.0f * x[i]; }"
    spaced = " ".join(tokenize_code(reference))
    assert bleu([spaced], [reference]) == pytest.approx(100)
    near = reference.replace("2.0f", "3.0f")
    far = "int main() { return 0; }"
    assert 100 > bleu([near], [reference]) > bleu([far], [reference])
