"""How sure a figure is: bootstrap intervals over problems, paired differences, exact McNemar.

Contract: pure functions of numbers and a seed; the unit that is resampled is the problem, never the
sample, because samples of one problem are alike. Nothing to resample gives None.

    python -c "from coevolve.evaluation.statistics import compute_mcnemar_p; \\
        print(compute_mcnemar_p(1, 9))"

Methods: percentile bootstrap (Efron and Tibshirani, "An Introduction to the Bootstrap", chapter
13); paired bootstrap as in Koehn, "Statistical significance tests for machine translation
evaluation" (2004); exact McNemar as a binomial test.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import comb

import numpy as np

RESAMPLES = 2000
FEWEST_ITEMS = 10
"""With fewer problems a bootstrap's interval is much too narrow, and its p much too small."""
_AT_ONCE = 200
"""Resamples drawn together: bounds the memory for long lists of problems."""

Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class PairedDifference:
    """The difference b - a of a metric, measured for a and b on the same problems.

    value: the mean difference. ci95: its 95 % interval (low, high).
    p: the two-sided p-value for no difference.
    """

    value: float
    ci95: Interval
    p: float


def can_bootstrap(values: Sequence[float]) -> bool:
    """Return whether a bootstrap over `values`, one per problem, says how sure their mean is: there
    are at least FEWEST_ITEMS (10), and two of them differ.
    """
    return len(values) >= FEWEST_ITEMS and max(values) - min(values) > 1e-9


def is_telling(interval: Interval, items: int) -> bool:
    """Return whether a bootstrap's interval (low, high) over `items` problems says how sure a mean
    is, as `can_bootstrap` does where the values are at hand: there are at least FEWEST_ITEMS (10)
    problems, and the interval is no single point.
    """
    return items >= FEWEST_ITEMS and interval[1] - interval[0] > 1e-9


def bootstrap_mean(
    values: Sequence[float], seed: int = 0, resamples: int = RESAMPLES
) -> Interval | None:
    """Return the 95 % bootstrap interval (low, high) of the mean, or None without values. values:
    one per problem. seed: of the random draws. resamples: how many are drawn.
    """
    rows = np.asarray(values, float).reshape(-1, 1)
    return bootstrap_sums(rows, lambda sums, count: float(sums[0] / count), seed, resamples)


def bootstrap_sums(
    rows: np.ndarray,
    figure: Callable[[np.ndarray, int], float],
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Interval | None:
    """Return the 95 % bootstrap interval (low, high) of a metric that is computed from column sums,
    or None without rows.

    rows: shape (problems, columns), what each problem adds.
    figure(sums of shape (columns,), number of problems): returns the metric of one resample.
    seed: of the random draws. resamples: how many are drawn.
    """
    if not len(rows):
        return None
    found = [figure(sums, len(rows)) for sums in _resampled_sums(rows, seed, resamples)]
    low, high = np.percentile(found, [2.5, 97.5])
    return float(low), float(high)


def bootstrap_paired_difference(
    a: Sequence[float], b: Sequence[float], seed: int = 0, resamples: int = RESAMPLES
) -> PairedDifference | None:
    """Return the mean of b - a with its interval and p-value by a paired bootstrap over problems,
    or None if `a` is empty.

    a, b: one value per problem, in one order. seed: of the random draws. resamples: how many are
        drawn. Raises ValueError if the lengths differ.
    """
    if len(a) != len(b):
        raise ValueError(f"paired figures need the same problems, got {len(a)} and {len(b)}")
    if not len(a):
        return None
    steps = (np.asarray(b, float) - np.asarray(a, float)).reshape(-1, 1)
    means = np.array([sums[0] / len(steps) for sums in _resampled_sums(steps, seed, resamples)])
    low, high = np.percentile(means, [2.5, 97.5])
    # One is added on both sides: with finitely many resamples no p-value of 0 can be claimed.
    tail = min(np.count_nonzero(means <= 0), np.count_nonzero(means >= 0))
    p = min(1.0, 2.0 * (tail + 1) / (resamples + 1))
    return PairedDifference(float(steps.mean()), (float(low), float(high)), float(p))


def compute_mcnemar_p(only_a: int, only_b: int) -> float:
    """Return the two-sided p-value of the exact McNemar test.

    only_a, only_b: problems that one side alone solves. Under the hypothesis they are
        Binomial(only_a + only_b, 1/2). Raises ValueError for a negative count.
    """
    if min(only_a, only_b) < 0:
        raise ValueError(f"mcnemar_exact needs counts, got {only_a} and {only_b}")
    count = only_a + only_b
    tail = sum(comb(count, i) for i in range(min(only_a, only_b) + 1))
    return min(1.0, 2 * tail / (1 << count))


def _resampled_sums(rows: np.ndarray, seed: int, resamples: int) -> np.ndarray:
    """(resamples, columns): column sums of problems drawn with replacement, the same for one seed
    and count of problems.
    """
    random = np.random.default_rng([seed, len(rows)])
    parts = []
    for start in range(0, resamples, _AT_ONCE):
        drawn = random.integers(0, len(rows), (min(_AT_ONCE, resamples - start), len(rows)))
        parts.append(rows[drawn].sum(axis=1))
    return np.concatenate(parts)


def bootstrap_crossed_mean(
    values: np.ndarray, seed: int = 0, resamples: int = RESAMPLES
) -> Interval | None:
    """Return the 95 % interval (low, high) of the mean of a metric measured on the same problems in
    several runs, or None without values.

    values: shape (runs, problems). Runs and problems are both drawn with replacement. So the
        interval holds for another run on other problems (Owen, "The pigeonhole bootstrap", 2007).
        With few runs it is rough.
    seed: of the random draws. resamples: how many are drawn.
    """
    if not values.size:
        return None
    random = np.random.default_rng([seed, *values.shape])
    runs = random.integers(0, values.shape[0], (resamples, values.shape[0]))
    problems = random.integers(0, values.shape[1], (resamples, values.shape[1]))
    means = [values[np.ix_(r, p)].mean() for r, p in zip(runs, problems, strict=True)]
    low, high = np.percentile(means, [2.5, 97.5])
    return float(low), float(high)
