"""Tests for what a program looks as if it did: each is what tells a right port from a wrong one
that all usual tests let pass.
"""

from __future__ import annotations

import itertools
import math

import pytest

from coevolve.verification.engine import Engine, Pair, VerifyConfig
from corpora.records import Outcome, Program
from corpora.signatures.signature import read_signature
from gpu_runtime.call.materialize import get_integer_scalars
from gpu_runtime.compile.toolchain import find_toolchain
from tester.generate.rules import generate_suite


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    made = Engine("emulated", VerifyConfig(mutants=0), cache=tmp_path_factory.mktemp("cache"))
    yield made
    made.close()


def scalars_of(engine, text):
    program = Program("cpp", "f", text)
    tests = generate_suite(program, read_signature(program), engine.backend).tests
    return [{a.name: a.value for a in test.assignments if hasattr(a, "value")} for test in tests]


def loop(body, parameters):
    return (
        f"void f({parameters}) {{\n#pragma omp parallel for\n    for (int i = 0; i < n; i++) "
        f"{{ {body} }}\n}}\n"
    )


TOLD_APART = {
    "two flags that are set together": (
        "int n, int upper, int unit, const float *x, float *y",
        "y[i] = (upper ? 2 : 3) * (unit ? x[i] : 5);",
        "y[i] = upper && unit ? 7 * x[i] : (upper ? 2 : 3) * (unit ? x[i] : 5);",
    ),
    "a first element that is no number": (
        "int n, const float *x, float *y",
        "float a = x[0]; for (int k = 1; k < n; k++) if (x[k] < a) a = x[k]; y[i] = a;",
        "float a = x[0]; for (int k = 1; k < n; k++) a = fminf(a, x[k]); y[i] = a;",
    ),
    "what is multiplied by zero is not read": (
        "int n, float beta, const float *x, float *y",
        "y[i] = beta == 0 ? x[i] : x[i] + beta * y[i];",
        "y[i] = x[i] + beta * y[i];",
    ),
    "an index that says that there is none": (
        "int n, const int *at, const float *x, float *y",
        "y[i] = at[i] >= 0 ? x[at[i]] : 1;",
        "y[i] = x[at[i]];",
    ),
    "keys that are wrapped around": (
        "int n, const int *key, int *y",
        "y[i] = key[i] & 15;",
        "y[i] = (key[i] < 0 ? -key[i] : key[i]) % 16;",
    ),
    "a shift by more than all": (
        "int n, int s, const float *x, float *y",
        "y[i] = x[(((i + s) % n) + n) % n];",
        "y[i] = x[(i + s + n) % n < 0 ? 0 : (i + s + n) % n];",
    ),
    "a limit for a real parameter": (
        "int n, float t, const float *x, float *y",
        "y[i] = x[i] * (t > 100 ? 100 : t);",
        "y[i] = x[i] * t;",
    ),
    "numbers of more than 32 bits": (
        "int n, unsigned long long seed, unsigned long long *y",
        "y[i] = (seed + i) * 6364136223846793005ULL;",
        "y[i] = ((unsigned)seed + i) * 6364136223846793005ULL;",
    ),
    "limits that are in order": (
        "int n, float lo, float hi, const float *x, float *y",
        "y[i] = lo < x[i] && x[i] < hi ? x[i] : 0;",
        "y[i] = lo < x[i] && x[i] <= hi ? x[i] : 0;",
    ),
    "a way that a mode chooses, on large values": (
        "int n, int mode, const float *x, float *y",
        "switch (mode) { case 3: y[i] = x[i] < -50 ? -50 : x[i]; break; case 4: y[i] = x[i] * "
        "x[i]; break; default: y[i] = x[i]; }",
        "switch (mode) { case 3: y[i] = x[i]; break; case 4: y[i] = x[i] * x[i]; break; "
        "default: y[i] = x[i]; }",
    ),
    "letters that are wrapped around": (
        "int n, int key, const int *c, int *y",
        "y[i] = ((c[i] + key) % 26 + 26) % 26;",
        "y[i] = (c[i] + key + 26) % 26;",
    ),
    "positions between places": (
        "int n, const float *at, const float *w, float *y",
        "int k = (int)at[i]; float f = at[i] - k; y[i] = k >= 0 && k < n ? w[k] + f * w[(k + "
        "1) % n] : 0;",
        "int k = (int)at[i]; float f = at[i] - k; y[i] = k >= 0 && k < n ? w[k] + f * w[k + 1 "
        "< n ? k + 1 : k] : 0;",
    ),
    "a truth value that is neither 0 nor 1": (
        "int n, int on, const float *x, float *y",
        "y[i] = on ? 2 * x[i] : x[i];",
        "y[i] = on == 1 ? 2 * x[i] : x[i];",
    ),
    "many rows of few columns": (
        "int n, int m, const float *x, float *y",
        "float s = 0; for (int j = 0; j < m; j++) s += x[i * m + j]; y[i] = s;",
        "if (i < 1024) { float s = 0; for (int j = 0; j < m; j++) s += x[i * m + j]; y[i] = s; }",
    ),
    "bins beyond a block of 64": (
        "int n, int m, const int *k, int *h",
        "if (k[i] >= 0 && k[i] < m)\n#pragma omp atomic\nh[k[i]]++;",
        "if (k[i] >= 0 && k[i] < (m < 64 ? m : 64))\n#pragma omp atomic\nh[k[i]]++;",
    ),
    "a row that is all what is asked for": (
        "int n, int m, const int *x, int key, int *y",
        "int all = 1; for (int j = 0; j < m; j++) if (x[i * m + j] != key) all = 0; y[i] = all;",
        "int all = 1; for (int j = 0; j < m; j++) if (x[i * m + j] != key) all = 0; y[i] = m > "
        "32 ? 0 : all;",
    ),
    "the last of many blocks": (
        "int n, const float *x, float *y",
        "y[i] = x[i];",
        "y[i] = i < 16384 ? x[i] : 0;",
    ),
    "halves between whole numbers": (
        "int n, const float *x, float scale, float *y",
        "y[i] = rintf(x[i] / scale);",
        "y[i] = roundf(x[i] / scale);",
    ),
    "halves that nothing scales": (
        "int n, const double *x, int *y",
        "y[i] = (int)round(x[i]);",
        "y[i] = (int)rint(x[i]);",
    ),
    "halves below nought": (
        "int n, const double *x, int *y",
        "y[i] = (int)round(x[i]);",
        "y[i] = (int)floor(x[i] + 0.5);",
    ),
    "a limit below nought of what is scaled": (
        "int n, float s, const float *x, int *y",
        "int v = (int)(x[i] * s); y[i] = v > 127 ? 127 : v < -128 ? -128 : v;",
        "int v = (int)(x[i] * s); y[i] = v > 127 ? 127 : v < -127 ? -127 : v;",
    ),
    "whole numbers of more digits than a float has": (
        "int n, const double *x, long long *y",
        "y[i] = (long long)(x[i] * 1000.0);",
        "y[i] = (long long)((float)x[i] * 1000.0f);",
    ),
    "a bit beyond what is signed": (
        "int n, int shift, const unsigned *x, unsigned *y",
        "y[i] = (x[i] >> shift) & 15;",
        "y[i] = ((int)x[i] / (1 << shift)) & 15;",
    ),
    "a row of noughts": (
        "int n, const float *x, float *y",
        "float s = x[i] > 0 ? x[i] : -x[i]; y[i] = s > 0 ? x[i] / s : 0;",
        "float s = x[i] > 0 ? x[i] : -x[i]; y[i] = x[i] / s;",
    ),
    "sizes that no power of two is near": (
        "int n, int m, const float *x, float *y",
        "for (int j = 0; j < m; j++) y[i] += x[j];",
        "for (int j = 0; j < m; j++) y[i] += i < n / 8 * 8 + 2 ? x[j] : 0;",
    ),
}


@pytest.mark.parametrize("name", TOLD_APART)
def test_a_wrong_port_fails_and_a_right_one_passes(name, engine):
    parameters, right, wrong = TOLD_APART[name]
    source = Program("cpp", "f", loop(right, parameters).replace("#pragma omp parallel for\n", ""))
    assert (
        engine.verify(Pair(source, Program("openmp", "f", loop(right, parameters)))).outcome
        is Outcome.EQUIVALENT
    )
    assert engine.verify(Pair(source, Program("openmp", "f", loop(wrong, parameters)))).outcome in (
        Outcome.MISMATCH,
        Outcome.MEMORY_ERROR,
    )


@pytest.mark.parametrize(("test", "right"), [("i < (n ? n - 1 : 0)", True), ("i < n - 1", False)])
def test_a_size_of_zero_comes_beside_one_at_which_nothing_happens_either(engine, test, right):
    """Of unsigned numbers, 0 - 1 is large."""
    head = "void f(const float *x, float *d, unsigned n) {"
    source = f"{head} for (unsigned i = 1; i < n; i++) d[i - 1] = x[i] - x[i - 1]; }}"
    body = f"for (unsigned i = 0; {test}; i++) d[i] = x[i + 1] - x[i];"
    target = f"{head}\n#pragma omp parallel for\n{body} }}"
    pair = Pair(Program("cpp", "f", source), Program("openmp", "f", target))
    assert engine.verify(pair).equivalent is right


@pytest.mark.parametrize(("code", "written"), [(10, r"'\n'"), (0, r"'\0'"), (65, r"'\x41'")])
def test_characters_that_are_escaped_are_values_too(engine, code, written):
    """The last bytes of a text were left out, and no test had a line's end in them."""
    head = "int f(const unsigned char *x, int n) { int s = 0;"
    source = f"{head} for (int i = 0; i < n; i++) s += x[i] == {written}; return s; }}"
    target = f"{head}\n#pragma omp parallel for reduction(+:s)\n"
    for end, right in (("n", True), ("n / 4 * 4", False)):
        text = f"{target} for (int i = 0; i < {end}; i++) s += x[i] == {code}; return s; }}"
        pair = Pair(Program("cpp", "f", source), Program("openmp", "f", text))
        assert engine.verify(pair).equivalent is right, (written, end)


def test_the_bound_of_an_early_return_is_asked_for_where_nothing_else_is_empty(engine):
    right = loop("y[i] = x[i] / t;", "int n, int t, const float *x, float *y").replace(
        "{\n", "{\n    if (t < 1) return;\n", 1
    )
    source = Program("cpp", "f", right.replace("#pragma omp parallel for\n", ""))
    assert engine.verify(Pair(source, Program("openmp", "f", right))).outcome is Outcome.EQUIVALENT
    assert (
        engine.verify(Pair(source, Program("openmp", "f", right.replace("t < 1", "t < 0")))).outcome
        is Outcome.MISMATCH
    )
    asks = (
        "__global__ void k(int n, int t, const float *x, float *y) { int i = blockIdx.x * 64 "
        "+ threadIdx.x; if (t < 1) return; if (i < n) y[i] = x[i] / t; }"
    )
    host = f"""{asks}
void f(int n, int t, const float *x, float *y) {{ if (n < 1) return; float *dx, *dy; \
cudaMalloc(&dx, n * 4); cudaMalloc(&dy, n * 4);
    cudaMemcpy(dx, x, n * 4, cudaMemcpyHostToDevice); cudaMemcpy(dy, y, n * 4, \
cudaMemcpyHostToDevice); k<<<(n + 63) / 64, 64>>>(n, t, dx, dy);
    cudaMemcpy(y, dy, n * 4, cudaMemcpyDeviceToHost); cudaFree(dx); cudaFree(dy); }}"""
    assert (
        engine.verify(Pair(source, Program("cuda", "f", host))).outcome is Outcome.EQUIVALENT
    )  # what returns at once has its arrays


SORTED = (
    "bool f(int n, const double *x) {{ int bad = 0;\n#pragma omp parallel for "
    "reduction(|:bad)\nfor (int i = 1; i < n; i++) bad |= {};\nreturn !bad; }}"
)


def test_what_is_asked_of_all_is_asked_where_nothing_is_a_number(engine):
    """One pair out of order decides all, and among special values one always is."""
    source = Program(
        "cpp",
        "f",
        "bool f(int n, const double *x) { for (int i = 1; i < n; i++) if (x[i - 1] > x[i]) "
        "return false; return true; }",
    )
    assert (
        engine.verify(
            Pair(source, Program("openmp", "f", SORTED.format("x[i - 1] > x[i]")))
        ).outcome
        is Outcome.EQUIVALENT
    )
    assert (
        engine.verify(
            Pair(source, Program("openmp", "f", SORTED.format("!(x[i - 1] <= x[i])")))
        ).outcome
        is Outcome.MISMATCH
    )


def test_all_combinations_of_truth_values_come(engine):
    drawn = scalars_of(
        engine,
        loop(
            "y[i] = (a ? 1 : 2) * (b ? 3 : 5) * (c ? 7 : 11);",
            "int n, bool a, int b, bool c, float *y",
        ).replace("#pragma omp parallel for\n", ""),
    )
    assert {(bool(s["a"]), bool(s["b"]), bool(s["c"])) for s in drawn} == set(
        itertools.product((False, True), repeat=3)
    )


def test_rows_are_not_longer_than_what_lies_between_them(engine):
    text = (
        "void f(int m, int n, const float *A, int lda, float *C, int ldc) { for (int i = 0; "
        "i < m; i++) for (int j = 0; j < n; j++) C[i * ldc + j] = A[i * lda + j]; }"
    )
    drawn = scalars_of(engine, text)
    assert (
        all(min(s["lda"], s["ldc"]) >= s["n"] for s in drawn)
        and any(s["lda"] > s["n"] for s in drawn)
        and any(s["lda"] != s["ldc"] for s in drawn)
    )


def test_a_factor_that_nothing_is_compared_with_lies_between_rows(engine):
    text = (
        "void f(int w, int h, const float *a, int sstride, float *b, int dstride) { for (int "
        "y = 0; y < h; y++) for (int x = 0; x < w; x++) b[y * dstride + x] = a[y * sstride + "
        "x]; }"
    )
    assert all(s["dstride"] >= s["w"] for s in scalars_of(engine, text))
    added = scalars_of(engine, text.replace("= a[", "+= a["))  # windows that overlap are added up
    assert any(s["dstride"] < s["w"] for s in added)


def test_a_loop_never_steps_by_nothing(engine):
    text = (
        "void f(int n, int s, const float *x, float *y) { for (int i = 0; i < n; i += s) "
        "y[i] = 2 * x[i]; }"
    )
    assert all(drawn["s"] != 0 for drawn in scalars_of(engine, text))


def test_rows_of_a_source_kernel_are_all_done(engine):
    kernel = """__global__ void f(float *x, float *mean, int rows, int cols) {
    __shared__ float s[256];
    int r = blockIdx.x;
    float acc = 0;
    for (int c = threadIdx.x; c < cols; c += blockDim.x) acc += x[r * cols + c];
    s[threadIdx.x] = acc;
    __syncthreads();
    for (int k = blockDim.x / 2; k > 0; k >>= 1) { \
if (threadIdx.x < k) s[threadIdx.x] += s[threadIdx.x + k]; __syncthreads(); }
    if (threadIdx.x == 0) mean[r] = s[0] / cols;
}"""
    serial = (
        "void f(float *x, float *mean, int rows, int cols) { for (int r = 0; r < rows; "
        "r++) { float s = 0; for (int c = 0; c < cols; c++) s += x[r * cols + c]; mean[r] "
        "= s / cols; } }"
    )
    source = Program("cuda", "f", kernel)
    assert engine.verify(Pair(source, Program("cpp", "f", serial))).outcome is Outcome.EQUIVALENT
    assert (
        engine.verify(
            Pair(
                source, Program("cpp", "f", serial.replace("r < rows", "r < (rows > 3 ? 3 : rows)"))
            )
        ).outcome
        is Outcome.MISMATCH
    )


def test_powers_that_all_vanish_come(engine):
    softmax = (
        "void f(int n, const float *x, float *y) { float m = x[0], s = 0; for (int i = 1; i < "
        "n; i++) m = x[i] > m ? x[i] : m; "
        "for (int i = 0; i < n; i++) s += y[i] = expf(x[i] - m); for (int i = 0; i < n; i++) "
        "y[i] /= s; }"
    )
    kernel = (
        "__global__ void f(int n, const float *x, float *y) { float m = 0, s = 0; for (int i = "
        "0; i < n; i++) m = x[i] > m ? x[i] : m; "
        "for (int i = 0; i < n; i++) s += expf(x[i] - m); int t = threadIdx.x + blockIdx.x * "
        "blockDim.x; if (t < n) y[t] = expf(x[t] - m) / s; }"
    )
    assert (
        engine.verify(Pair(Program("cpp", "f", softmax), Program("cuda", "f", kernel))).outcome
        is Outcome.MISMATCH
    )
    right = kernel.replace("m = 0", "m = x[0]")
    assert (
        engine.verify(Pair(Program("cpp", "f", softmax), Program("cuda", "f", right))).outcome
        is Outcome.EQUIVALENT
    )
    overflows = right.replace("m = x[i] > m ? x[i] : m", "m = x[i] > m && i < 2 ? x[i] : m")
    assert (
        engine.verify(Pair(Program("cpp", "f", softmax), Program("cuda", "f", overflows))).outcome
        is Outcome.MISMATCH
    )


def test_every_size_is_long_once(engine):
    text = (
        "void f(int m, int n, const float *A, float *y) { for (int i = 0; i < m; i++) for "
        "(int j = 0; j < n; j++) y[i] += A[i * n + j]; }"
    )
    drawn = scalars_of(engine, text)
    assert max(s["m"] for s in drawn) > 1024 and max(s["n"] for s in drawn) > 1024
    cubes = scalars_of(
        engine, "void f(int n, float *A) { for (int i = 0; i < n * n * n; i++) A[i] += 1; }"
    )
    assert max(s["n"] for s in cubes) < 5000


def test_a_suite_of_few_tests_stays_small(engine):
    program = Program(
        "cpp",
        "f",
        "void f(int n, float a, float *x) { for (int i = 0; i < n; i++) x[i] = x[i] > 7 ? a : "
        "100; }",
    )
    made = generate_suite(program, read_signature(program), engine.backend, tests=6).tests
    assert 6 <= len(made) <= 12 and any(
        math.prod(a.extents) > 4096 for t in made for a in t.assignments if hasattr(a, "extents")
    )
    assert all(get_integer_scalars(t)["n"] >= 0 for t in made)


@pytest.mark.skipif(find_toolchain().gfortran is None, reason="gfortran is not installed")
def test_fortran_leaves_open_what_the_largest_is_beside_what_is_no_number(engine):
    text = (
        "subroutine f(n, x, m)\n integer, intent(in) :: n\n real(8), intent(in) :: x(n)\n "
        "real(8), intent(out) :: m\n integer :: i\n m = 0\n do i = 1, n\n m = max(m, "
        "abs(x(i)))\n end do\nend"
    )
    program = Program("fortran", "f", text)
    tests = generate_suite(program, read_signature(program), engine.backend).tests
    assert not any(
        a.fill.kind == "special" for t in tests for a in t.assignments if getattr(a, "fill", None)
    )


def test_both_bounds_of_an_early_return_are_asked_for(engine):
    drawn = scalars_of(
        engine,
        "void f(const float *w, int k, const float *x, int n, float *y) { if (k < 1 || k > 16) "
        "return;\n"
        "for (int i = 0; i < n; i++) { float s = 0; for (int j = 0; j < k; j++) s += w[j] * "
        "x[i + j]; y[i] = s; } }",
    )
    assert {16, 17} <= {scalars["k"] for scalars in drawn}
