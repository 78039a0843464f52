"""Functions over std::vector become functions over pointers, or are refused."""

import pytest

from coevolve.evaluation.corpus import EvalItem
from coevolve.evaluation.pareval import obscure_names, parse_answer
from coevolve.evaluation.vectors import VectorError, convert_to_pointers, read_parameter
from corpora.frontends.c_family import parse_c_family
from corpora.frontends.queries import functions_of
from corpora.records import Program
from corpora.signatures.signature import read_signature

SUM = (
    "double total(std::vector<double> const& x) { double s = 0; for (double v : x) { s += "
    "v; } return s / x.size(); }"
)


def kernel(text):
    unit = parse_c_family(f"void f({text});", "cuda")
    (function,) = functions_of(unit, prototypes=True)
    return [read_parameter(p, unit.text) for p in function.parameters]


def names(text, entry):
    return [p.name for p in read_signature(Program("cpp", entry, text)).parameters]


def test_lengths_follow_their_vectors():
    text = convert_to_pointers(SUM, "total", "mean")
    assert (
        names(text, "mean") == ["x", "x_size"]
        and "double mean(const double *x, size_t x_size)" in text
    )
    both = (
        "void f(const std::vector<int>& a, std::vector<int> &b, int k) { "
        "std::copy(a.begin(), a.end(), b.begin()); b[0] += k; }"
    )
    assert names(convert_to_pointers(both, "f", "f"), "f") == ["a", "a_size", "b", "k"]


def test_a_kernels_parameters_are_taken_over_and_the_result_goes_through_its_pointer():
    text = convert_to_pointers(
        SUM, "total", "mean", kernel("const double *x, size_t N, double *result")
    )
    assert names(text, "mean") == ["x", "N", "result"]
    assert (
        read_signature(Program("cpp", "mean", text)).result is None
        and "*result = serial_mean(x, N);" in text
    )


def test_an_array_of_known_extent_needs_no_length():
    text = convert_to_pointers(
        "void f(std::vector<int> const& x, std::array<int, 4> &c) { for (int v : x) c[v % "
        "c.size()]++; }",
        "f",
        "f",
    )
    assert names(text, "f") == ["x", "x_size", "c"] and "v % 4" in text


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("void f(std::vector<int> &x) { x.push_back(1); }", "push_back"),
        ("void f(std::vector<int> &x) { g(x); }", "g(x)"),
        ("void f(std::vector<int> &x) { auto y = x; y[0] = 1; x[0] = y[0]; }", "y = x"),
        ("void f(std::vector<Point> &x) { x[0].a = 1; }", "Point"),
        ("void f(std::vector<int> x) { x[0] = 1; }", "by reference"),
    ],
)
def test_what_has_no_counterpart_is_reported(text, word):
    with pytest.raises(VectorError, match=".*" + word.replace("(", r"\(").replace(")", r"\)")):
        convert_to_pointers(text, "f", "f")


def test_kernels_that_cannot_hold_it_are_refused():
    with pytest.raises(VectorError, match="could take it"):
        convert_to_pointers(SUM, "total", "total", kernel("const double *x, size_t N"))
    with pytest.raises(VectorError, match="no parameter 'x'"):
        convert_to_pointers(SUM, "total", "total", kernel("const double *y, size_t N, double *r"))
    with pytest.raises(VectorError, match="could hold them"):
        convert_to_pointers(
            SUM, "total", "total", kernel("const double *x, size_t N, size_t M, double *r")
        )


def test_the_oracles_names_are_its_own_and_its_parameters_the_same():
    source = Program(
        "cpp",
        "average",
        convert_to_pointers(
            SUM, "total", "average", kernel("const double *x, size_t N, double *average")
        ),
    )
    oracle = obscure_names(source)
    assert (
        oracle.name != "average"
        and "serial_average(" not in oracle.text
        and oracle.name in oracle.text
    )
    assert names(oracle.text, oracle.name) == ["x", "N", "average"]


def test_answers_over_vectors_are_read_as_pointers_and_others_as_they_are():
    item = EvalItem("1", Program("cpp", "total", convert_to_pointers(SUM, "total", "total")))
    assert "double total(const double *x, size_t x_size)" in parse_answer(item, SUM)
    for text in ("int x;", "void total(std::vector<int> &x) { x.clear(); }"):
        assert parse_answer(item, text) == text
