"""What the source does with the values of each parameter, and with which constants."""

from __future__ import annotations

import numpy as np
import pytest

from corpora.records import Fill, Program
from corpora.signatures.signature import read_signature
from corpora.suites.unit_tests import FILL_ARITY, SuiteError, format_test, parse_test
from corpora.tokens.lexers import SUITE_WORDS
from gpu_runtime.call.materialize import expand_fill
from tester.generate.dictionary import read_dictionary
from tester.generate.source_tree import read_source
from tester.mutation.strength import choose_fewest


def uses_of(text, dialect="cpp"):
    program = Program(dialect, "f", text)
    signature = read_signature(program)
    return read_dictionary(read_source(program, signature), signature)


@pytest.mark.parametrize(
    ("body", "numbers", "periods"),
    [
        ("if (x[i] == 7) y[i] = 1;", [7], []),
        ("if (0.5f < x[i]) y[i] = 1;", [0.5], []),
        ("if (y[i] < 4 /* x[i] == 7 */) y[i] = 2; // x[i] > 9\n", [], []),
        ("const int key = -40; if (x[i] > key) y[i] = 0;", [-40], []),
        ("int v = x[i] + 1; v -= 2; if (v > 64 * 4) v = 0; y[i] = v % 26;", [256], [26]),
        ("y[i] = x[i] >> 4; if (i < 16) y[i] = 20;", [], [16]),
        ("switch (x[i]) { case 3: y[i] = 1; break; case 5: y[i] = 2; }", [3, 5], []),
        ("y[x[i] > 8] = 3;", [8], []),
    ],
)
def test_constants_are_followed_to_the_parameters_that_meet_them(body, numbers, periods):
    text = f"void f(int n, const int *x, int *y) {{ for (int i = 0; i < n; i++) {{ {body} }} }}"
    use = uses_of(text).uses["x"]
    assert list(use.numbers) == numbers and list(use.periods) == periods


def test_values_are_followed_through_calls_and_to_each_other():
    found = uses_of(
        "int cut(float v, int most) { int r = (int)rintf(v); return r > most ? 127 : r; }\n"
        "void f(int n, float s, const float *x, const int *k, int key, int *y) {\n"
        "  float sum[300]; for (int i = 0; i < n; i++) y[i] = cut(x[i] * s, 9) + (k[i] == key); }"
    )
    assert found.uses["x"].rounded and found.uses["s"].rounded and not found.uses["k"].rounded
    assert list(found.uses["k"].equals) == ["key"] and list(found.uses["key"].equals) == ["k"]
    assert found.extents == (300,)


def test_fortran_has_the_same_dictionary():
    found = uses_of(
        "subroutine f(n, x, y)\n integer, intent(in) :: n\n real(8), intent(in) :: x(n)\n"
        " integer, intent(out) :: y(n)\n integer :: i\n do i = 1, n\n"
        "  y(i) = nint(min(x(i), 255.0d0))\n  if (x(i) .lt. 1.5d0) y(i) = mod(y(i), 10)\n"
        " end do\nend subroutine",
        "fortran",
    )
    assert list(found.uses["x"].numbers) == [255.0, 1.5] and found.uses["x"].rounded
    assert 10 in found.uses["y"].periods


def test_fills_for_boundary_values():
    some = expand_fill(Fill("choice", (float("nan"), 0.5, -0.5)), "f32", 3)
    assert np.isnan(some[0]) and some[1:].tolist() == [0.5, -0.5]
    assert set(expand_fill(Fill("choice", (-1, 3), 7), "i32", 50).tolist()) == {-1, 3}
    sizes = np.abs(expand_fill(Fill("magnitudes", (1, 1e6)), "f64", 600))
    assert sizes.min() >= 1 and sizes.max() <= 1e6
    assert all(100 < np.sum((sizes >= 10**k) & (sizes < 10 ** (k + 2))) for k in (0, 2, 4))
    wave = expand_fill(Fill("serpentine", (-2, 2)), "f64", 9)
    assert (np.diff(wave[:5]) >= 0).all() and (np.diff(wave[5:]) <= 0).all()
    rare = expand_fill(Fill("sparse", (1, 9)), "i32", 400)
    assert 20 < np.count_nonzero(rare) < 100 and rare.max() <= 9
    for text in ("x:f32[3]=choice(nan,0.5)@2", "x:f64[3]=magnitudes(1.0,4.0)"):
        assert format_test(parse_test(text)) == text
    for text in ("x:f32[3]=choice()", "x:f32[3]=magnitudes(0,4)", "x:f32[3]=magnitudes(1)"):
        with pytest.raises(SuiteError):
            parse_test(text)


def test_every_fill_is_a_word_of_suites_for_models():
    assert FILL_ARITY.keys() <= SUITE_WORDS


def test_few_sets_hold_every_goal():
    assert choose_fewest([{1}, {1, 2}, {3}, set(), {2, 3, 4}]) == [0, 4]
    assert choose_fewest([set(), set()]) == []
