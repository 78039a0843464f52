"""Ports of several functions in one file define what they share once, so that a compiler takes the
file.
"""

from __future__ import annotations

import subprocess

import pytest

from coevolve.port.one_file import drop_repeated_definitions, find_missing_headers, replace_restrict

SHARED = (
    "#include <math.h>\n#define N 4\ntypedef struct { int k[N]; } Q;\nstruct P { double x; "
    "};\nstatic double sq(double a) { return a * a; }\n"
)
FIRST = SHARED + "// f: equivalent\nvoid f(P *p, Q *q) { p->x = sq(p->x); }\n"
SECOND = SHARED + "// g: equivalent\nint g(const Q *q) { return q->k[0]; }\n"


def test_what_ports_share_stands_once(tmp_path):
    rest = drop_repeated_definitions(SECOND, [FIRST])
    assert rest == "// g: equivalent\nint g(const Q *q) { return q->k[0]; }\n"
    (tmp_path / "both.cpp").write_text(FIRST + rest)
    assert subprocess.run(["g++", "-fsyntax-only", tmp_path / "both.cpp"]).returncode == 0


def test_what_differs_stays():
    other = SECOND.replace("a * a", "a * a * 1").replace("double x", "float x")
    assert drop_repeated_definitions(other, [FIRST]).splitlines() == [
        "struct P { float x; };",
        "static double sq(double a) { return a * a * 1; }",
        "// g: equivalent",
        "int g(const Q *q) { return q->k[0]; }",
    ]
    assert drop_repeated_definitions(SECOND, []) == SECOND


@pytest.mark.parametrize(
    "text, expected",
    [
        ("double f(double x) { return fabs(sqrtf(x)); }", ["math.h"]),
        ("double f(double x) { return std::max(std::sqrt(x), 1.0); }", ["cmath", "algorithm"]),
        (
            "void f(uint8_t *x) { free(x); memcpy(x, x, INT_MAX); }",
            ["stdlib.h", "string.h", "stdint.h", "limits.h"],
        ),
        ("float f() { return FLT_MAX; }", ["float.h"]),
        ("bool f(int *x) { return x == NULL; }", ["stddef.h"]),
        (
            "double f(std::vector<double> &x, size_t n) { return std::accumulate(x.begin(), "
            "x.end(), omp_get_num_threads()); }",
            ["stddef.h", "numeric", "vector", "omp.h"],
        ),
        (
            "#include <cmath>\n#include <cstdlib>\nvoid f(double *x) { x[0] = sqrt(x[1]); "
            "free(x); size_t n; }",
            [],
        ),
        (
            "// sqrt(x), uint8_t\nvoid f(P p, float *x) { x[0] = p.pow(2) + my::exp(1) + "
            "exponent(2); }",
            [],
        ),
    ],
)
def test_headers_of_what_is_named(text, expected, tmp_path):
    found = find_missing_headers(text, "cpp")
    assert found == [f"#include <{name}>" for name in expected]
    if "my::" not in text:
        (tmp_path / "whole.cpp").write_text("\n".join([*found, text]))
        assert (
            subprocess.run(["g++", "-fopenmp", "-fsyntax-only", tmp_path / "whole.cpp"]).returncode
            == 0
        )


def test_cuda_includes_much_by_itself_and_knows_no_restrict():
    assert find_missing_headers(
        "__global__ void f(uint8_t *x) { x[0] = sqrtf(x[1]); }", "cuda"
    ) == ["#include <stdint.h>"]
    assert (
        replace_restrict("void f(float * restrict x, float *__restrict__ restricted);")
        == "void f(float * __restrict__ x, float *__restrict__ restricted);"
    )
