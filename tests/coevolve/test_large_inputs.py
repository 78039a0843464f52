"""Large inputs for timing: lengths follow from sizes as in the small tests."""

import math

import pytest
from hypothesis import given, strategies as st

from coevolve.evaluation.large_inputs import enlarge_test, list_sizes
from corpora.records import ArrayValue, Fill, ScalarValue, UnitTest

SIZES = [(2, 3), (3, 2), (5, 3), (4, 4), (3, 7), (6, 6), (32, 16), (6, 100), (45, 40), (3, 300)]
SIZES += [(9, 5), (12, 31), (17, 8)]


def make(values: dict[str, int], lengths: dict[str, int]) -> UnitTest:
    return UnitTest(
        (
            *(ScalarValue(n, "i32", v) for n, v in values.items()),
            ScalarValue("alpha", "f64", 0.5),
            *(
                ArrayValue(n, "f64", (max(1, v),), Fill("uniform", (-2, 2), 1))
                for n, v in lengths.items()
            ),
        )
    )


def read(test: UnitTest) -> dict[str, int]:
    return {
        a.name: math.prod(a.extents) if isinstance(a, ArrayValue) else a.value
        for a in test.assignments
    }


LENGTHS = {
    "whole": lambda n, m: n * m,
    "last corner unread": lambda n, m: n * m - 1,
    "inner": lambda n, m: n * m - m - 1,
    "square": lambda n, m: n * n,
    "sum": lambda n, m: n + 2 * m + 3,
    "square and more": lambda n, m: n * n + m,
}


@pytest.mark.parametrize("name", LENGTHS)
@pytest.mark.parametrize("which", [None, ("n",), ("m",)])
def test_arrays_are_as_long_as_they_need(name, which):
    length = LENGTHS[name]
    tests = [make({"n": n, "m": m}, {"a": length(n, m)}) for n, m in [(1, 1), (0, 5), *SIZES]]
    large = read(enlarge_test(tests, 8, which))
    assert large["a"] == length(large["n"], large["m"])
    if which:
        other = "m" if which == ("n",) else "n"
        assert large[other] >= 64 or other not in list_sizes(tests)


@given(st.tuples(*[st.integers(-3, 4)] * 4), st.integers(2, 40))
def test_what_is_enlarged_is_never_too_short(factors, scale):
    a, b, c, d = factors

    def length(n, m):
        return a * n * m + b * n + c * m + d

    tests = [make({"n": n, "m": m}, {"x": length(n, m)}) for n, m in SIZES]
    large = enlarge_test(tests, scale)
    if large is not None and min(length(n, m) for n, m in SIZES) > 0:
        found = read(large)
        assert found["x"] == length(found["n"], found["m"])


def test_bounds_of_a_range_are_enlarged_where_arrays_grow_with_them():
    ranges = [(-3, 4), (2, 9), (-20, 5), (0, 31), (5, 40), (1, 12), (3, 4), (-7, 70)]
    tests = [make({"lo": lo, "hi": hi}, {"x": hi - lo + 5}) for lo, hi in ranges]
    assert list_sizes(tests) == ["hi"]
    found = read(enlarge_test(tests, 100))
    assert found["hi"] == 7000 and found["x"] == found["hi"] - found["lo"] + 5


def test_unknown_lengths_and_too_many_elements_give_no_input():
    odd = [make({"n": n, "m": m}, {"a": n ^ m}) for n, m in SIZES]
    assert enlarge_test(odd, 8) is None and list_sizes(odd) == []
    fixed = [make({"n": n}, {"a": 7}) for n, _ in SIZES]
    assert enlarge_test(fixed, 8) is None
    plain = [make({"n": n}, {"a": n}) for n, _ in SIZES]
    assert enlarge_test(plain, 1 << 24) is None
    assert enlarge_test(plain, 1 << 30) is None, "no i32"
