"""Ends of types that stand for none (`INT_MAX`), and one of several sizes that is zero."""

from __future__ import annotations

import math

import pytest

from coevolve.verification.engine import Engine, VerifyConfig
from coevolve.verification.requests import make_single_pair
from corpora.analysis.constants import constants_of, limit_of
from corpora.frontends.c_family import parse_c_expression, parse_c_family
from corpora.records import Outcome

STEP = """#include <algorithm>
#include <climits>
void step(const int *d, const int *w, int *out, int n) {
    for (int v = 0; v < n; ++v) {
        int best = d[v];
        for (int u = 0; u < n; ++u) {
            if (d[u] == INT_MAX || w[u * n + v] == INT_MAX) continue;
            best = std::min(best, d[u] + w[u * n + v]);
        }
        out[v] = best;
    }
}
"""
DISTANCE = """int distance(const char *s, int n, const char *t, int m) {
    int best = n > m ? n : m, same = 0;
    for (int i = 0; i < n; i++) for (int j = 0; j < m; j++) same += s[i] == t[j];
    return n * m == 0 ? best : best - (same > 0);
}
"""
LARGEST = """void largest(int rows, int cols, const double *a, double *m) {
    for (int r = 0; r < rows; r++) {
        double best = 0.0;
        for (int c = 0; c < cols; c++) if (a[r * cols + c] > best) best = a[r * cols + c];
        m[r] = best;
    }
}
"""
COUNT = """void count(int n, int nb, const float *x, int *h) {
    for (int b = 0; b < nb; b++) h[b] = 0;
    for (int i = 0; i < n; i++) h[x[i] >= 0.0f && x[i] < 1.0f ? (int)(x[i] * nb) : nb - 1] += 1;
}
"""


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    made = Engine("emulated", VerifyConfig(mutants=0), cache=tmp_path_factory.mktemp("cache"))
    yield made
    made.close()


def judge(engine, source, target):
    return engine.verify(make_single_pair(source, "cpp", target, "openmp")).outcome


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("INT_MAX", 2**31 - 1),
        ("INT_MIN", -(2**31)),
        ("UINT64_MAX", 2**64 - 1),
        ("-DBL_MAX", -1.7976931348623157e308),
        ("INFINITY", math.inf),
        ("std::numeric_limits<int>::max()", 2**31 - 1),
        ("std::numeric_limits<float>::lowest()", -3.4028234663852886e38),
        ("std::numeric_limits<double>::infinity()", math.inf),
        ("std::numeric_limits<unsigned>::min()", 0),
        ("std::numeric_limits<T>::max()", None),
        ("MOST", None),
        ("f(1)", None),
    ],
)
def test_named_ends_have_values(text, value):
    assert limit_of(parse_c_expression(text)) == value


def test_an_end_of_a_type_is_a_constant():
    unit = parse_c_family("int f(long x) { return x == LONG_MAX; }", "cpp")
    assert (2**63 - 1, "i64", "comparison") in {
        (c.value, c.type, c.role) for c in constants_of(unit.items)
    }


def test_what_stands_for_none_is_tried_beside_usual_numbers(engine):
    shared = STEP.replace("    for (int v", "#pragma omp parallel for\n    for (int v")
    assert judge(engine, STEP, shared) is Outcome.EQUIVALENT
    unchecked = STEP.replace("d[u] == INT_MAX || ", "d[u] == INT_MAX && ")
    assert judge(engine, STEP, unchecked) is not Outcome.EQUIVALENT
    assert judge(engine, STEP, STEP.replace(" || w[u * n + v] == INT_MAX", "")) in (
        Outcome.MISMATCH,
        Outcome.RUNTIME_ERROR,
    )


def test_one_side_alone_is_empty(engine):
    assert judge(engine, DISTANCE, DISTANCE) is Outcome.EQUIVALENT
    for empty in ("n == 0", "m == 0"):
        early = DISTANCE.replace("    int best", f"    if ({empty}) return 0;\n    int best")
        assert judge(engine, DISTANCE, early) is Outcome.MISMATCH


@pytest.mark.parametrize(
    ("source", "old", "new"),
    [
        (LARGEST, "best = 0.0;", "best = cols > 0 ? 0.0 : -1.0;"),
        (LARGEST, "    for (int r", "    if (cols == 0) return;\n    for (int r"),
        (LARGEST, "    for (int r", "    if (rows == 1) m[0] = 7;\n    else for (int r"),
        (COUNT, "    for (int b", "    if (n == 0) return;\n    for (int b"),
        (COUNT, "    for (int i", "    if (nb == 1) return;\n    for (int i"),
    ],
)
def test_a_port_that_is_wrong_where_one_size_is_zero_or_one_is_seen(engine, source, old, new):
    assert old in source
    assert judge(engine, source, source) is Outcome.EQUIVALENT
    assert judge(engine, source, source.replace(old, new, 1)) is Outcome.MISMATCH


def test_each_size_is_once_zero_and_once_one_beside_larger_ones(engine):
    text = """void f(int l, int m, int n, const float *a, const float *b, float *c) {
    for (int i = 0; i < l; i++) for (int j = 0; j < n; j++) {
        float s = 0; for (int k = 0; k < m; k++) s += a[i * m + k] * b[k * n + j];
        c[i * n + j] = s;
    }
}"""
    program = make_single_pair(text, "cpp", text, "openmp").source
    tests = engine.expectations(program).expectations.suite.tests
    sizes = [{a.name: a.value for a in t.assignments if a.name in ("l", "m", "n")} for t in tests]
    for name in ("l", "m", "n"):
        for end in (0, 1):
            alone = ({**s, name: 2} for s in sizes if s[name] == end)
            assert any(min(s.values()) > 1 for s in alone), (name, end)
