"""The text of an integer sum has the value of its parts."""

from __future__ import annotations

from hypothesis import given, strategies as st

from translator.normalize.affine import AffineSum
from translator.normalize.c_tree import declare_scalars, print_function, read_statements
from translator.normalize.c_values import make_binary, make_number, make_variable, negate

NAMES = {"i": 7, "j": -3, "n": 11}


@st.composite
def sums(draw, depth=3):
    """A sum and its value."""
    if depth == 0 or draw(st.booleans()):
        name = draw(st.sampled_from([*NAMES, ""]))
        constant = draw(st.integers(-5, 5))
        return (
            (AffineSum.of(name), NAMES[name]) if name else (AffineSum(constant=constant), constant)
        )
    (a, x), (b, y) = draw(sums(depth=depth - 1)), draw(sums(depth=depth - 1))
    kind = draw(st.sampled_from("+-*s"))
    if kind == "s":
        times = draw(st.integers(-3, 3))
        return a.scaled(times), x * times
    return {"+": (a + b, x + y), "-": (a - b, x - y), "*": (a.times(b), x * y)}[kind]


@given(sums())
def test_the_text_means_the_sum(made):
    total, value = made
    assert eval(total.text, {}, NAMES) == value
    assert eval(f"2 * {total.factor}", {}, NAMES) == 2 * value


def test_subscripts_that_count_from_one_come_out_plain():
    i, n, one = AffineSum.of("i"), AffineSum.of("n"), AffineSum(constant=1)
    assert (i + one - one).text == "i"
    assert ((i + one).times(n) - i).text == "(i + 1) * n - i"
    assert (one - i).text == "1 - i"
    assert AffineSum.of("(n - 1) / 2").scaled(2).text == "2 * ((n - 1) / 2)"
    assert AffineSum.of("x[i + 1]").factor == "x[i + 1]"
    assert AffineSum.of("a / b * c * d").scaled(2).text == "2 * (a / b * c * d)"
    assert AffineSum.of("(i + 1) * n").scaled(2).text == "2 * (i + 1) * n"
    assert AffineSum.of("f(' - ', (a))").scaled(2).text == "2 * f(' - ', (a))"


def test_the_order_of_floating_point_operations_stays():
    x, y = make_variable("x", "f64"), make_variable("y", "f64")
    assert make_binary("-", x, make_binary("-", y, x)).text == "x - (y - x)"
    assert make_binary("*", x, make_binary("*", y, x)).text == "x * (y * x)"
    assert make_binary("*", negate(x), y).text == "(-x) * y"
    assert (
        make_binary(
            "/",
            make_variable("i", "i32"),
            make_binary("*", make_number("2"), make_variable("n", "i32")),
        ).text
        == "i / (2 * n)"
    )


def test_scalars_are_declared_where_no_value_of_theirs_outlives():
    body = declare_scalars(
        read_statements(
            "for (int i = 0; i < n; i++) { d = x[i]; if (d > best) { best = d; } if (x[i] < 0) "
            "{ last = x[i]; } y[i] = last; while (k > 0) { k = k - 1; } }"
        ),
        {"d": "float", "best": "float", "last": "float", "k": "int", "unused": "int"},
    )
    text = print_function("void f()", body)
    assert "    float best;\n" in text and "        float d = x[i];\n" in text
    assert "    float last;\n    int k;\n" in text and "unused" not in text
