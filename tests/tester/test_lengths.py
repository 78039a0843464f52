"""Lengths of arrays as expressions of sizes: what fits the tests, and what is left out because
contents decide.
"""

from __future__ import annotations

from hypothesis import given, strategies as st

from corpora.records import ArrayValue, Fill, ScalarValue, UnitTest, UnitTestSuite
from tester.generate.lengths import enumerate_products, infer_lengths, list_growing_products


def suite(tests: list[tuple[dict[str, int], dict[str, int]]]) -> UnitTestSuite:
    """tests: sizes, and lengths of arrays."""
    made = [
        UnitTest(
            (
                *(ScalarValue(n, "i32", v) for n, v in sizes.items()),
                *(ArrayValue(n, "f64", (v,), fill=Fill("zeros")) for n, v in lengths.items()),
            )
        )
        for sizes, lengths in tests
    ]
    return UnitTestSuite("p", tuple(made), "user")


SIZES = ((1, 1), (2, 5), (3, 3), (7, 4), (16, 33), (33, 2))


def found(length) -> str:
    """Of an array whose length is length(n, m), beside one of n."""
    return infer_lengths(
        suite([({"n": n, "m": m}, {"x": n, "a": length(n, m)}) for n, m in SIZES])
    ).get("a", "")


def test_simple_lengths():
    assert found(lambda n, m: n) == "n"
    assert found(lambda n, m: n + 1) == "n + 1"
    assert found(lambda n, m: n * m) == "m * n"
    assert found(lambda n, m: 2 * n) == "2 * n"
    assert found(lambda n, m: 3 * n * m) == "3 * m * n"
    assert found(lambda n, m: 100) == "100"


def test_edges_of_a_grid():
    assert found(lambda n, m: n * m - 1) == "m * n - 1"
    assert found(lambda n, m: (n + 1) * (m + 2)) == "(n + 1) * (m + 2)"
    assert found(lambda n, m: n * n * m) == "m * n * n"


def test_contents_decide():
    assert found(lambda n, m: (n * 7919 + m * 104729) % 61 + 1) == ""


def test_untouched_arrays_are_as_long_as_the_longest():
    tests = [
        ({"n": n}, {"x": n, "b": n // 2 if n > 2 else n, "c": n + 1 if n > 2 else n})
        for n in (1, 2, 4, 8, 16, 32, 33, 40)
    ]
    assert infer_lengths(suite([(s, {"x": a["x"], "c": a["c"]}) for s, a in tests])) == {
        "x": "n"
    }  # longer than what is there cannot be copied
    tests = [({"n": n}, {"x": n, "c": n - 2 if n > 2 else n}) for n in (1, 4, 8, 16, 32, 33, 40)]
    assert infer_lengths(suite(tests)) == {"x": "n", "c": "n - 2"}


def test_where_nothing_happened_arrays_have_one_element():
    tests = [
        ({"n": n}, {"x": n * n - 2 if n > 2 else 1, "b": n * (n - 1) - 1 if n > 2 else 1})
        for n in (0, 1, 2, 3, 4, 5, 6, 7, 11, 40)
    ]
    assert infer_lengths(suite(tests)) == {"x": "n * n - 2", "b": "n * (n - 1) - 1"}


def test_one_that_fits_seldom_is_none():
    tests = [({"n": n}, {"x": 2 * n, "y": 2 * n}) for n in (1, 1, 2, 3, 9)]
    assert infer_lengths(suite(tests)) == {
        "x": "2 * n",
        "y": "2 * n",
    }  # n + 1 is right twice, and within all others


@given(
    st.lists(
        st.tuples(st.integers(1, 40), st.integers(1, 40), st.integers(1, 2000)),
        min_size=1,
        max_size=8,
    )
)
def test_never_more_than_there_is(rows):
    tests = [({"n": n, "m": m}, {"x": n * m, "y": length}) for n, m, length in rows]
    for name, text in infer_lengths(suite(tests)).items():
        assert all(
            eval(text, {}, sizes) <= lengths[name] or max(lengths.values()) == 1
            for sizes, lengths in tests
        )


def test_nothing_to_go_by():
    assert (
        infer_lengths(suite([])) == {}
        and infer_lengths(suite([({}, {"x": 3}), ({}, {"x": 4})])) == {}
    )


def test_growing_products_are_those_of_all_in_which_nothing_is_taken_off():
    def is_cheap(product):
        steps = [product.more, *(step for _, step in product.factors)]
        return min(steps) >= 0 and product.times - 1 + sum(steps) <= 3

    for count in range(6):
        names = list("abcdef")[:count]
        expected = [p for p in enumerate_products(names) if is_cheap(p)]
        assert list_growing_products(names, 3) == expected
