"""OpenMP directives that change what a function does: none may be PROVED."""

from __future__ import annotations

import pytest

from coevolve.verification.proof.prove import prove
from coevolve.verification.proof.records import Answer
from corpora.records import Program

FOR = "for (int i = 0; i < n; i++)"
P = "#pragma omp parallel for"


def pair(body: str) -> tuple[str, str]:
    """A body with `@...@` round its directives, without and with them."""
    parts = body.split("@")
    head = "float f(int n, int m, float *x, float *y, int *k)"
    directives = [f"\n{p}\n" if i % 2 else p for i, p in enumerate(parts)]
    return (f"{head} {{ {''.join(parts[::2])} }}", f"{head} {{ {''.join(directives)} }}")


WRONG = {
    "shared temporary": f"float t; @{P}@ {FOR} {{ t = x[i]; y[i] = t * t; }} return 0;",
    "shared counter of an inner loop": (
        f"int j; @{P}@ {FOR} for (j = 0; j < m; j++) y[i * m + j] = x[j]; return 0;"
    ),
    "sum without a reduction": f"float s = 0; @{P}@ {FOR} s += x[i]; return s;",
    "reduction by another operation": (
        f"float s = 0; @{P} reduction(*: s)@ {FOR} s += x[i]; return s;"
    ),
    "reduction that is also read": (
        f"float s = 0; @{P} reduction(+: s)@ {FOR} {{ s += x[i]; y[i] = s; }} return s;"
    ),
    "reduction that is scaled": (
        f"float s = 0; @{P} reduction(+: s)@ {FOR} s = 0.5f * s + x[i]; return s;"
    ),
    "private value read": f"float t = 2; @{P} private(t)@ {FOR} y[i] = x[i] * t; return 0;",
    "private value used afterwards": (
        f"float t = 0; @{P} private(t)@ {FOR} {{ t = x[i]; y[i] = t; }} return t;"
    ),
    "firstprivate value used afterwards": (
        f"float t = 0; @{P} firstprivate(t)@ {FOR} {{ t = x[i]; y[i] = t; }} return t;"
    ),
    "firstprivate value kept": (
        f"float t = 0; @{P} firstprivate(t)@ {FOR} {{ y[i] = t; t = x[i]; }} return 0;"
    ),
    "value of the last iteration": (
        f"float t = 0; @{P} lastprivate(t)@ {FOR} {{ if (x[i] > 0) t = x[i]; }} return t;"
    ),
    "counter used afterwards": f"int i; @{P}@ for (i = 0; i < n; i++) y[i] = x[i]; return i;",
    "prefix sum": f"@{P}@ for (int i = 1; i < n; i++) y[i] += y[i - 1]; return 0;",
    "histogram": f"@{P}@ {FOR} y[k[i]] += 1; return 0;",
    "one place written by all": f"@{P}@ {FOR} y[0] = 1; return 0;",
    "collapse over dependent rows": (
        f"@{P} collapse(2)@ for (int i = 1; i < n; i++) for (int j = 0; j < m; j++) "
        "y[i * m + j] = y[(i - 1) * m + j]; return 0;"
    ),
    "collapse that the rows do not allow": (
        f"@{P} collapse(2)@ {FOR} for (int j = 0; j < m; j++) y[i] += x[j]; return 0;"
    ),
    "collapse of loops with more between": (
        f"@{P} collapse(2)@ {FOR} {{ float t = x[i]; "
        "for (int j = 0; j < m; j++) y[i * m + j] = t; } return 0;"
    ),
    "simd over a recurrence": (
        "@#pragma omp simd@ for (int i = 2; i < n; i++) y[i] += y[i - 2]; return 0;"
    ),
    "barrier and region": f"@#pragma omp parallel@ {{ {FOR} y[i] += x[i]; }} return 0;",
    "ordered": f"@{P} ordered@ {FOR} y[i] = x[i]; return 0;",
    "rows that may overlap": (
        f"@{P}@ {FOR} for (int j = 0; j <= m; j++) y[i * m + j] = 1; return 0;"
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_directive_is_not_proved(name: str) -> None:
    source, target = pair(WRONG[name])
    proof = prove(Program("cpp", "f", source), Program("openmp", "f", target))
    assert proof.answer is not Answer.PROVED, proof
    assert proof.reason


HELPER = "static float g(float v) { return v * 2; } "


def test_helpers_of_both_sides_are_compared() -> None:
    source, target = pair(f"@{P}@ {FOR} y[i] = g(x[i]); return 0;")
    same = prove(Program("cpp", "f", HELPER + source), Program("openmp", "f", HELPER + target))
    assert same.answer is Answer.PROVED, same.reason
    other = HELPER.replace("2", "3")
    found = prove(Program("cpp", "f", HELPER + source), Program("openmp", "f", other + target))
    assert found.answer is Answer.UNKNOWN and "beside the function" in found.reason


def test_constants_of_both_sides_are_compared() -> None:
    source, target = pair(f"@{P}@ for (int i = 0; i < N; i++) y[i] = x[i]; return 0;")
    one, two = "const int N = 8; ", "const int N = 9; "
    found = prove(Program("cpp", "f", one + source), Program("openmp", "f", two + target))
    assert found.answer is Answer.UNKNOWN


RIGHT = {
    "scale": f"@{P}@ {FOR} y[i] = x[i] * 2; return 0;",
    "private temporary": f"float t; @{P} private(t)@ {FOR} {{ t = x[i]; y[i] = t * t; }} return 0;",
    "own counter": (
        f"int i; @{P} schedule(dynamic, 4)@ for (i = 0; i < n; i++) y[i] = x[i]; return 0;"
    ),
    "sum": f"float s = 0; @{P} reduction(+: s)@ {FOR} if (x[i] > 0) s += x[i]; return s;",
    "rows": f"@{P} collapse(2)@ {FOR} for (int j = 0; j < m; j++) y[i * m + j] = 1; return 0;",
    "firstprivate": f"float t = 2; @{P} firstprivate(t)@ {FOR} y[i] = x[i] * t; return 0;",
}


@pytest.mark.parametrize("name", RIGHT)
def test_right_directive_is_proved(name: str) -> None:
    source, target = pair(RIGHT[name])
    proof = prove(Program("cpp", "f", source), Program("openmp", "f", target))
    assert proof.answer is Answer.PROVED, proof
    assert proof.floats == ("up to reassociation" if name == "sum" else proof.floats)
