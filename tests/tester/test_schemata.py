from dataclasses import replace

import numpy as np
import pytest

from corpora.records import Program, UnitTest, UnitTestSuite
from corpora.signatures.signature import read_signature
from corpora.suites.unit_tests import parse_suite
from gpu_runtime.backend import Arguments, CompileRequest, Limits, Status, Variant
from tester.generate.rules import make_geometry_function
from tester.mutation.mutants import generate_mutants
from tester.mutation.schemata import build_schema
from tester.mutation.strength import _build_mutants, _schema_request, measure_strength, top_up_suite
from tester.validity import validate_suite

POINTERS = (
    "void f(float *x, int n) { float *y = x; for (int k = 0; k < n; k++) { y += 1 * k; "
    "x[k] = y[-k] + 1; y -= k; } }"
)


def test_a_mutant_that_does_not_compile_does_not_cost_the_others_their_common_program(backend):
    source = Program("cpp", "f", POINTERS)
    signature = read_signature(source)
    suite = UnitTestSuite(source.id, parse_suite("n=3 x[n]=uniform(1,2)", signature), "user")
    checked = validate_suite(source, signature, suite, backend)
    assert checked.expectations is not None, checked.reason
    assert not backend.compile([_schema_request(source, signature, 99, 0)])[0].ok
    built = _build_mutants(checked.expectations, backend, 99, 0)
    assert built.schema is not None and built.left_out >= 1
    alone = backend.compile(
        [CompileRequest(m.program, signature, Variant.DRAFT) for m in generate_mutants(source)]
    )
    assert (
        sum(not c.ok for c in alone)
        == built.left_out
        == measure_strength(checked.expectations, backend, limit=99).not_compiled
    )


def numbered(number, *values):
    """A call of a schema, with room for counters."""
    return Arguments((np.array(number, np.int32), np.zeros(64, np.int32), *values))


TEXTS = {
    "precedence": "void f(int *x, int n) { for (int i = 0; i < n; i++) { x[i] = 7 - x[i] * 3 + "
    "n / 2; x[i] += i % 3 == 1 ? -x[i] * 2 : n - 1; } }",
    "else": "void f(int *x, int n) { for (int i = 0; i < n; ++i) if (i > 2) x[i] = 5; else if "
    "(x[i] < 0 && i != 1) x[i] -= 2; else x[i]++; }",
    "calls": "int g(int a, int b) { return a < b ? a : b; } void f(int *x, int n) { int s = 0; "
    "for (int i = 0; i < n; i++) { s += g(x[i], n - i); x[i] = s; } }",
    "pointers": "void f(int *x, int n) { int *p = x; if (p) x[0] = 3; for (int i = 0; i < n; "
    "i++) { if (( p )) x[i] += 1; x[i] *= p ? 2 : 5; } }",
    "while": "void f(int *x, int n) { int i = 0; while (i < n) { int k = i * 2; do { x[i] ^= k "
    "<< 1; k--; } while (k > 0 && k < 5); i += 1; } }",
}


@pytest.fixture(scope="module")
def backend(tmp_path_factory):
    from gpu_runtime.emulation.backend import EmulatedBackend

    found = EmulatedBackend()
    yield found
    found.close()


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_every_number_does_what_the_text_of_its_mutant_does(backend, text):
    source = Program("cpp", "f", text)
    signature = read_signature(source)
    mutants = generate_mutants(source)
    made = build_schema(source, signature, mutants)
    assert made is not None
    built, *singles = backend.compile(
        [
            CompileRequest(made[0], made[1], Variant.DRAFT),
            *(CompileRequest(m.program, signature, Variant.DRAFT) for m in mutants),
        ]
    )
    assert built.ok, built.diagnostics
    values = (np.array([3, -4, 0, 9, -2, 6], np.int32), np.array(6, np.int32))
    limits = Limits(cpu_s=0.1)
    same = 0
    for number, single in enumerate(singles, 1):
        assert single.ok
        one = backend.run(single, [Arguments(values)], limits)[0]
        other = backend.run(built, [numbered(number, *values)], limits)[0]
        assert one.status is other.status, mutants[number - 1].where
        if one.status is Status.OK:
            assert one.values[0].tolist() == other.values[2].tolist(), mutants[number - 1].where
            same += 1
    assert same >= len(mutants) // 3


KERNEL = (
    "__device__ int g(int v) { return v > 5 ? v - 2 : v; }\n__global__ void f(int *x, int n) { "
    "__shared__ int s[32]; int i = threadIdx.x; s[i] = i < n ? g(x[i]) : 0; __syncthreads(); "
    "if (i < n && i > 0) x[i] = s[i - 1] * 3; }"
)


def test_a_kernel_is_all_of_its_mutants(backend):
    source = Program("cuda", "f", KERNEL)
    signature = read_signature(source)
    mutants = generate_mutants(source)
    made = build_schema(source, signature, mutants)
    built, *singles = backend.compile(
        [
            CompileRequest(made[0], made[1], Variant.DRAFT),
            *(CompileRequest(m.program, signature, Variant.DRAFT) for m in mutants),
        ]
    )
    assert built.ok, built.diagnostics
    values = (np.array([3, -4, 0, 9, -2, 6], np.int32), np.array(6, np.int32))
    geometry = make_geometry_function("grid=1,1,1 block=32,1,1")(UnitTest(()))
    same = 0
    for number, single in enumerate(singles, 1):
        one = backend.run(single, [Arguments(values, geometry=geometry)])[0]
        other = backend.run(built, [replace(numbered(number, *values), geometry=geometry)])[0]
        assert one.status is other.status, mutants[number - 1].where
        if one.status is Status.OK:
            assert one.values[0].tolist() == other.values[2].tolist(), mutants[number - 1].where
            same += 1
    assert same >= len(mutants) // 3 > 3


def test_number_zero_is_the_source(backend):
    source = Program("cpp", "f", TEXTS["else"])
    signature = read_signature(source)
    program, wider = build_schema(source, signature, generate_mutants(source))
    plain, built = backend.compile(
        [
            CompileRequest(source, signature, Variant.DRAFT),
            CompileRequest(program, wider, Variant.DRAFT),
        ]
    )
    values = (np.arange(-5, 5, dtype=np.int32), np.array(10, np.int32))
    one = backend.run(plain, [Arguments(values)])[0]
    other = backend.run(built, [numbered(0, *values)])[0]
    assert one.values[0].tolist() == other.values[2].tolist()


@pytest.mark.parametrize(
    "text",
    [
        "void f(int *x, int n) { static int calls = 1; x[0] = calls + n; }",
        "int seen = 1; void f(int *x, int n) { x[0] = seen + n; }",
    ],
)
def test_programs_that_keep_state_are_not_put_together(text):
    source = Program("cpp", "f", text)
    assert build_schema(source, read_signature(source), generate_mutants(source)) is None


def test_other_dialects_are_left_alone():
    source = Program(
        "fortran", "f", "subroutine f(x, n)\ninteger :: n, x(n)\nx(1) = 2\nend subroutine\n"
    )
    assert build_schema(source, read_signature(source), generate_mutants(source)) is None


RARE = (
    "void f(int *x, int n) { for (int i = 0; i < n; i++) x[i] += 3; if (n == 77777) for "
    "(int i = 0; i < n; i++) x[i] = x[i] * 5 - i; }"
)


def test_a_number_below_zero_tells_whether_a_run_comes_to_the_place_of_its_mutant(backend):
    source = Program("cpp", "f", RARE)
    program, signature = build_schema(source, read_signature(source), generate_mutants(source))
    compiled = backend.compile([CompileRequest(program, signature, Variant.DRAFT)])[0]
    assert compiled.ok, compiled.diagnostics
    for number, mutant in enumerate(generate_mutants(source), 1):
        call = numbered(-number, np.array([4, 5, 6], np.int32), np.array(3, np.int32))
        execution = backend.run(compiled, [call], Limits(wall_s=5))[0]
        rare = mutant.start > RARE.index("77777") + 5
        assert (execution.status is Status.OK) is rare, mutant.where
        assert not rare or execution.values[2].tolist() == [7, 8, 9]


def test_mutants_of_code_that_no_test_runs_are_not_set_aside_as_equivalent(backend):
    source = Program("cpp", "f", RARE)
    signature = read_signature(source)
    suite = UnitTestSuite(
        source.id, parse_suite("n=3 x[n]=uniform(1,2)\nn=9 x[n]=uniform(1,2)@2", signature), "user"
    )
    checked = validate_suite(source, signature, suite, backend).expectations
    found = measure_strength(checked, backend, limit=99)
    assert found.share < 0.75 and any(m.start > RARE.index("77777") + 5 for m in found.survivors)
    assert top_up_suite(checked, backend, limit=99).suite.strength < 0.75


SPLIT = """#include <omp.h>
void f(int *x, int n) {
#pragma omp parallel
{ int t = omp_get_thread_num(), p = omp_get_num_threads(), first = 0;
for (int k = 0; k < t; k++) first += n * (k + 1) / p - n * k / p;
for (int i = first; i < n * (t + 1) / p; i++) x[i] += 3; } }"""


def test_what_only_further_threads_run_is_not_code_that_no_test_runs(backend):
    source = Program("openmp", "f", SPLIT)
    signature = read_signature(source)
    suite = UnitTestSuite(
        source.id, parse_suite("n=3 x[n]=uniform(1,9)\nn=40 x[n]=uniform(1,9)@2", signature), "user"
    )
    found = measure_strength(
        validate_suite(source, signature, suite, backend).expectations, backend, limit=99
    )
    assert found.share == 1.0 and found.equivalent


def test_constants_and_static_functions_are_no_state(backend):
    text = (
        "const int LIMIT = 3; static int twice(int v) { return 2 * v; } "
        "void f(int *x, int n) { for (int i = 0; i < n; i++) if (i < LIMIT) x[i] = twice(x[i]); }"
    )
    source = Program("cpp", "f", text)
    made = build_schema(source, read_signature(source), generate_mutants(source))
    assert made is not None
    assert backend.compile([CompileRequest(made[0], made[1], Variant.DRAFT)])[0].ok
