"""Functions that return a structure get one behind them that stores it."""

import pytest

from corpora.extraction.returned_structures import (
    find_structure_functions,
    wrap_returned_structures,
)

PAIR = "struct Pair { double lo; int at; };\n"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (PAIR + "Pair f(int n, const double *x) { return Pair{x[0], n}; }", ["f"]),
        ("typedef struct { int a; } P;\nP f(int n) { P p = {n}; return p; }", ["f"]),
        (PAIR + "static Pair f(int n) { return Pair{0, n}; }\nint g(int n) { return 1; }", ["f"]),
        (PAIR + "double f(int n) { return n; }", []),
        (PAIR + "Pair *f(Pair *p) { return p; }", []),
        (PAIR + "template <class T> Pair f(T n) { return Pair{0, 1}; }", []),
        (PAIR + "__device__ Pair f(int n) { return Pair{0, n}; }", []),
        (PAIR + "Pair f(int n) { return {0, n}; } Pair f(double d) { return {d, 0}; }", []),
        (PAIR + "Pair f(int) { return {0, 1}; }", []),
        (PAIR + "int f_result; Pair f(int n) { return {0, n}; }", []),
        ("union U { int a; float b; };\nU f(int n) { U u; u.a = n; return u; }", []),
    ],
)
def test_which_functions_return_a_structure(text: str, names: list[str]) -> None:
    assert find_structure_functions(text, "cuda") == names


def test_the_added_function_stores_what_the_first_returns() -> None:
    text = PAIR + "Pair f(int n, const double x[], int k = 3) { return Pair{x[k], n}; }\n"
    made = wrap_returned_structures(text, "cpp", ["f"])
    assert made.startswith(text)
    assert (
        made[len(text) :].split()
        == (
            "void f_result(int n, const double x[], int k , Pair *result) { *result = f(n, x, k); }"
        ).split()
    )


def test_fortran_is_left_alone() -> None:
    assert find_structure_functions("function f(n)\nend function\n", "fortran") == []
