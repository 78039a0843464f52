"""Programs that leave a loop at what they find: a port that looks at a part is told from one that looks at all of it, in whatever order."""

from __future__ import annotations

import pytest

from coevolve.verify import Engine, Pair, VerifyConfig
from corpora.records import Outcome, Program
from corpora.signatures import signature_of
from gpu_runtime.emulated import EmulatedBackend
from tester.rules import suite_for
from translator.judge import JudgeConfig

ANY = "int f(const float *x, float t, int n) {{ for (int i = 0; i < n; i++) if (x[i] {0} t) return 1; return 0; }}"
FLAG = """int f(const float *x, float t, int n) {{ int any = 0;
#pragma omp parallel for reduction(||:any)
for (int i = 0; i < {1}; i++) any = any || (x[i] {0} t);
return any; }}"""
DIFFERENT = "int f(const double *a, const double *b, int n, double tol) { for (int i = 0; i < n; i++) if (fabs(a[i] - b[i]) > tol) return i; return n; }"
FIRST = """int f(const double *a, const double *b, int n, double tol) {{ int k = n;
#pragma omp parallel for reduction(min:k)
for (int i = 0; i < {0}; i++) if (fabs(a[i] - b[i]) > tol && i < k) k = i;
return k; }}"""
SORTED = "int f(const int *x, int n) { for (int i = 1; i < n; i++) if (x[i] < x[i - 1]) return 0; return 1; }"
FALLS = """int f(const int *x, int n) {{ int falls = 0;
#pragma omp parallel for reduction(+:falls)
for (int i = 1; i < {0}; i++) falls += x[i] < x[i - 1];
return falls == 0; }}"""
PART = "(n < 12 ? n : 12)"
CASES = {
    "greater": (ANY.format(">"), FLAG.format(">", "n"), True),
    "greater_in_part": (ANY.format(">"), FLAG.format(">", PART), False),
    "greater_in_a_half": (ANY.format(">"), FLAG.format(">", "(n + 1) / 2"), False),
    "less": (ANY.format("<"), FLAG.format("<", "n"), True),
    "less_but_the_last": (ANY.format("<"), FLAG.format("<", "n - 1"), False),
    "different": (DIFFERENT, FIRST.format("n"), True),
    "different_in_part": (DIFFERENT, FIRST.format(PART), False),
    "sorted": (SORTED, FALLS.format("n"), True),
    "sorted_in_part": (SORTED, FALLS.format(PART), False),
}


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory):
    engine = Engine("emulated", VerifyConfig(mutants=0, judge=JudgeConfig(timeout_floor_s=1.0)), cache=tmp_path_factory.getbasetemp())
    pairs = {name: Pair(Program("cpp", "f", source), Program("openmp", "f", target)) for name, (source, target, _) in CASES.items()}
    engine.prepare(list(pairs.values()))
    return {name: engine.verify(pair) for name, pair in pairs.items()}


@pytest.mark.parametrize("name", CASES)
def test_verdict(name, verdicts):
    verdict = verdicts[name]
    assert verdict.equivalent is CASES[name][2], f"{verdict.outcome}: {verdict.detail}"
    assert verdict.equivalent or verdict.outcome is Outcome.MISMATCH


def test_arrays_are_as_long_as_a_search_may_go():
    program = Program("cpp", "f", DIFFERENT)
    signature = signature_of(program)
    suite = suite_for(program, signature, EmulatedBackend())
    found = [{a.name: a for a in test.assignments} for test in suite.tests]
    assert [t["a"].extents for t in found if t["n"].value > 0] == [(t["n"].value,) for t in found if t["n"].value > 0]
    assert any(t["a"].values for t in found), "none that finds something late"
