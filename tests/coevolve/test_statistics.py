"""Intervals, paired tests and expectations of the best of k against enumeration and by their
properties.
"""

import math
from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from coevolve.evaluation.metrics import efficiency_at_k, pass_at_k, speedup_at_k
from coevolve.evaluation.statistics import (
    bootstrap_crossed_mean,
    bootstrap_mean,
    bootstrap_paired_difference,
    bootstrap_sums,
    can_bootstrap,
    compute_mcnemar_p,
)
from coevolve.report.rises import Rise

RUNTIMES = st.lists(st.one_of(st.floats(0.01, 100), st.just(math.inf)), min_size=1, max_size=7)


@settings(max_examples=150, deadline=None)
@given(RUNTIMES, st.floats(0.1, 50), st.data())
def test_speedup_at_k_is_the_mean_of_the_best_over_all_draws(runtimes, baseline, data):
    k = data.draw(st.integers(1, len(runtimes)))
    draws = list(combinations(runtimes, k))
    best = sum(max(baseline / t for t in draw) for draw in draws) / len(draws)
    assert speedup_at_k(runtimes, baseline, k) == pytest.approx(best)
    assert efficiency_at_k(runtimes, baseline, k, 4) == pytest.approx(best / 4)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.booleans(), min_size=1, max_size=9), st.data())
def test_pass_at_k_is_the_share_of_draws_with_a_right_one(passes, data):
    k = data.draw(st.integers(1, len(passes)))
    draws = list(combinations(passes, k))
    assert pass_at_k(len(passes), sum(passes), k) == pytest.approx(
        sum(map(any, draws)) / len(draws)
    )


def test_mcnemar_equals_counting_all_splits():
    for only_a, only_b in product(range(7), repeat=2):
        count = only_a + only_b
        far = abs(only_a - only_b)
        splits = [abs(2 * sum(s) - count) >= far for s in product((0, 1), repeat=count)]
        assert compute_mcnemar_p(only_a, only_b) == pytest.approx(sum(splits) / len(splits)), (
            only_a,
            only_b,
        )
    with pytest.raises(ValueError, match="mcnemar"):
        compute_mcnemar_p(-1, 2)


def test_intervals_cover_the_truth_as_often_as_they_say():
    random = np.random.default_rng(1)
    hits = 0
    for _ in range(200):
        values = random.random(60) < 0.3
        low, high = bootstrap_mean(values, seed=int(random.integers(1 << 30)), resamples=400)
        hits += low <= 0.3 <= high
    assert 175 <= hits <= 200


def test_intervals_are_seeded_and_shrink_with_more_problems():
    values = [i * 0.37 % 1 for i in range(40)]
    assert bootstrap_mean(values, 3) == bootstrap_mean(values, 3) != bootstrap_mean(values, 4)
    width = lambda v: float(np.diff(bootstrap_mean(v, 0))[0])
    assert width(values * 16) < width(values) / 2
    assert bootstrap_mean([]) is None and bootstrap_mean([0.5]) == (0.5, 0.5)
    ratio = bootstrap_sums(np.array([[1, 2], [3, 4]]), lambda sums, _: sums[0] / sums[1])
    assert ratio[0] >= 0.5 and ratio[1] <= 0.75


def test_paired_difference_sees_what_is_paired():
    random = np.random.default_rng(0)
    hard = random.random(100)
    better = np.clip(hard + 0.05 + 0.01 * random.standard_normal(100), 0, 2)
    found = bootstrap_paired_difference(hard, better)
    assert found.ci95[0] > 0.04 and found.ci95[1] < 0.06 and found.p < 0.01
    same = bootstrap_paired_difference(hard, hard)
    assert (same.value, same.ci95, same.p) == (0.0, (0.0, 0.0), 1.0)
    flipped = bootstrap_paired_difference(better, hard)
    assert flipped.value == pytest.approx(-found.value) and flipped.p == pytest.approx(found.p)
    assert bootstrap_paired_difference([], []) is None
    with pytest.raises(ValueError, match="paired"):
        bootstrap_paired_difference([1.0], [])


def test_an_interval_over_runs_and_problems_is_that_of_all_draws():
    values = np.array([[0.0, 1.0, 1.0], [1.0, 1.0, 0.0]])
    runs, problems = product(range(2), repeat=2), list(product(range(3), repeat=3))
    means = [values[np.ix_(r, p)].mean() for r in runs for p in problems]
    low, high = np.percentile(means, [2.5, 97.5])
    assert bootstrap_crossed_mean(values) == pytest.approx((low, high), abs=0.1)
    assert bootstrap_crossed_mean(np.full((3, 5), 40.0)) == (40.0, 40.0)
    assert bootstrap_crossed_mean(np.zeros((0, 5))) is None


def test_runs_that_differ_widen_the_interval_and_equal_ones_do_not():
    problems = (np.arange(40) % 3 == 0) * 1.0
    alike, apart = np.array([problems] * 3), np.array([problems * 0, problems, problems * 0 + 1])
    low, high = bootstrap_mean(list(problems))
    assert bootstrap_crossed_mean(alike) == pytest.approx((low, high), abs=0.05)
    wide = bootstrap_crossed_mean(apart)
    assert wide[0] < low - 0.1 and wide[1] > high + 0.1


def test_a_run_claims_nothing_from_a_few_programs():
    """Three programs of three gave an interval above zero."""
    few = bootstrap_paired_difference([0.0] * 3, [100.0] * 3)
    told = Rise(1, "the cold start", 3, few).describe()
    assert "+100.0 points" in told and " to " not in told and "not shown" in told
    many = bootstrap_paired_difference([0.0] * 20, [100.0] * 15 + [0.0] * 5)
    assert " to " in Rise(1, "the control", 20, many).describe()


def test_can_bootstrap():
    assert not can_bootstrap([]) and not can_bootstrap([0.0, 1.0] * 4)
    assert not can_bootstrap([1.0] * 40) and can_bootstrap([0.0, 1.0] * 5)
