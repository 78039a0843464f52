from dataclasses import replace

import numpy as np
import pytest

from corpora.records import Blame, Program, UnitTestSuite
from corpora.signatures.signature import read_signature
from corpora.suites.unit_tests import parse_suite
from gpu_runtime.emulation.backend import EmulatedBackend
from tester.generate.rules import generate_suite
from tester.mutation.branches import measure_branch_coverage
from tester.mutation.mutants import generate_mutants
from tester.mutation.schemata import count_sides
from tester.mutation.strength import _affordable, measure_strength, top_up_suite
from tester.validity import validate_suite


@pytest.fixture(scope="module")
def backend():
    made = EmulatedBackend()
    yield made
    made.close()


ADD = Program(
    "cpp",
    "f",
    "void f(int n, const float *x, float *y) { for (int i = 0; i < n; ++i) y[i] += x[i]; }",
)
FILL = " x[8]=uniform(-1,1) y[8]=uniform(-1,1)@1"


def check(backend, program, text, prune=False, launch=""):
    signature = read_signature(program)
    return validate_suite(
        program,
        signature,
        UnitTestSuite(program.id, parse_suite(text, signature), "user", launch),
        backend,
        prune=prune,
    )


@pytest.mark.parametrize(
    ("body", "suite", "reason"),
    [
        ("y[i] += x[i];", "n=9" + FILL, "out_of_bounds"),
        ("y[i] = x[i];", "n=0" + FILL, "changes an output"),
        ("float t; if (x[i] > 5) t = 1; y[i] = t;", "n=8" + FILL, "never set|optimisation"),
        ("y[i] = (1 << 30) * (int)(4 + i) * x[i];", "n=8" + FILL, "overflow|sanitizer"),
        (
            "y[i] = (float)(int)(x[i] / (y[i] * 0));",
            "n=8" + FILL,
            "outside the range|sanitizer|optimisation",
        ),
        (
            "y[i] = (float)(unsigned char)(x[i] - 1000);",
            "n=8" + FILL,
            "outside the range|sanitizer|optimisation",
        ),
        (
            "float t[4]; t[i] = x[i]; y[i] = t[i];",
            "n=8" + FILL,
            "sanitizer|out of bounds|signal|out_of_bounds",
        ),
        (
            "y[i] = (x[i] * 1e8f + 1.0f) - x[i] * 1e8f;",
            "n=8" + FILL,
            "ill-conditioned|optimisation",
        ),
    ],
)
def test_tests_that_decide_nothing_are_invalid(backend, body, suite, reason):
    program = Program(
        "cpp",
        "f",
        f"void f(int n, const float *x, float *y) {{ for (int i = 0; i < n; ++i) {{ {body} }} }}",
    )
    found = check(backend, program, suite)
    assert not found.valid and found.blame is Blame.SUITE and found.expectations is None
    import re

    assert re.search(reason, found.reason), found.reason


def test_good_tests_stay_when_bad_ones_are_pruned(backend):
    text = "n=9" + FILL + "\nn=3" + FILL + "\nn=8" + FILL
    assert "test 0" in check(backend, ADD, text).reason
    pruned = check(backend, ADD, text, prune=True)
    assert (
        pruned.valid
        and [i for i, _ in pruned.dropped] == [0]
        and len(pruned.expectations.references) == 2
    )


def test_a_source_that_does_not_compile_is_blamed(backend):
    found = check(backend, Program("cpp", "f", ADD.text.replace("+= x", "+= z")), "n=8" + FILL)
    assert not found.valid and found.blame is Blame.SOURCE and "z" in found.reason


def test_a_racy_kernel_is_no_source(backend):
    kernel = Program(
        "cuda",
        "f",
        "__global__ void f(int n, const float *x, float *y) { int i = threadIdx.x; if (i < n) "
        "y[0] += x[i]; }",
    )
    found = check(backend, kernel, "n=8" + FILL, launch="grid=1,1,1 block=32,1,1")
    assert not found.valid and "race" in found.reason


def test_strength_tells_good_suites_from_poor_ones(backend):
    poor = check(backend, ADD, "n=1 x[1]={1} y[1]={0}").expectations
    weak = measure_strength(poor, backend, limit=16)
    assert weak.share is not None and weak.share < 1 and weak.survivors
    better = top_up_suite(poor, backend, limit=16)
    assert better.suite.strength > weak.share and better.suite.author == "user+rules"
    assert len(better.suite.tests) == len(better.calls) == len(better.references) > 1


def test_rule_made_suites_kill_nearly_all_mutants(backend):
    text = """void f(int n, int m, float a, const float *x, float *y) {
      for (int i = 0; i < n; ++i) { float s = 0; for (int j = 0; j < m; ++j) s += x[i * m + j]; \
if (s > a) y[i] = s; else y[i] = -1; } }"""
    program = Program("cpp", "f", text)
    suite = generate_suite(program, read_signature(program), backend)
    expectations = validate_suite(
        program, read_signature(program), suite, backend, prune=True
    ).expectations
    found = measure_strength(expectations, backend, limit=len(generate_mutants(program)))
    assert found.killed >= 20 and found.share >= 0.95, [m.where for m in found.survivors]
    assert measure_branch_coverage(expectations, backend) == 1.0


def test_branches_that_no_test_takes_are_counted(backend):
    text = (
        "void f(int n, const float *x, float *y) { for (int i = 0; i < n; ++i) { if (x[i] > "
        "100) y[i] = 1; else y[i] = 2; } }"
    )
    expectations = check(backend, Program("cpp", "f", text), "n=8" + FILL).expectations
    assert measure_branch_coverage(expectations, backend) == 0.75


def test_fewer_mutants_where_the_smallest_test_is_large(backend):
    """Twelve mutants of a function of a million elements cost more than everything else
    about it.
    """
    program = Program(
        "cpp",
        "f",
        "void f(int *a, int *b) { for (int i = 0; i < 1048576; i++) b[i] = (a[i] + 3) * 2 - "
        "a[i % 7] / 5 + (a[i] > 4 ? a[i] : 1); }",
    )
    suite = generate_suite(program, read_signature(program), backend, tests=2)
    checked = validate_suite(program, read_signature(program), suite, backend)
    assert checked.expectations is not None, checked.reason
    assert len(_affordable(list(range(24)), checked.expectations)) == 8
    strength = top_up_suite(checked.expectations, backend, limit=24).suite.strength
    assert strength is not None and strength > 0.5
    small = replace(
        checked.expectations,
        calls=(replace(checked.expectations.calls[0], values=(np.zeros(4, np.int32),) * 2),),
    )
    assert len(_affordable(list(range(24)), small)) == 24


NESTED = (
    "int g(int v) { return v > 0 ? 1 : 0; }\nvoid f(int n, const int *x, int *y) { for "
    "(int i = 0; i < n; i++) { if (x[i] > 10 && (x[i] > 20 ? x[i] < 30 : true)) y[i] = "
    "g(x[i]); else while (y[i] > 99) y[i] -= 1; } }"
)


@pytest.mark.parametrize(
    ("tests", "share"),
    [
        ("n=1 x[n]={25} y[n]={0}", 5 / 10),
        ("n=3 x[n]={25,15,-3} y[n]={0,0,100}", 9 / 10),
        ("n=0 x[1]={0} y[1]={0}\nn=1 x[n]={25} y[n]={0}", 5 / 10),
    ],
)
def test_sides_of_nested_conditions_are_noted_in_one_program(backend, tests, share):
    program = Program("cpp", "f", NESTED)
    suite = UnitTestSuite(program.id, parse_suite(tests, read_signature(program)), "user")
    checked = validate_suite(program, read_signature(program), suite, backend)
    assert checked.expectations is not None, checked.reason
    assert count_sides(program) == 10
    assert measure_branch_coverage(checked.expectations, backend) == pytest.approx(share)
