"""Ports that are wrong, or right only for some sizes or launches: none may be PROVED."""

from __future__ import annotations

import pytest

from coevolve.verification.proof.prove import prove
from coevolve.verification.proof.records import Answer
from corpora.records import Program

G = "int i = blockIdx.x * blockDim.x + threadIdx.x; "
XY = "(int n, const float *x, float *y)"
SCALE = f"void f{XY} {{ for (int i = 0; i < n; i++) y[i] = x[i] * 2.f; }}"
W = "(int h, int w, const float *x, float *y)"
ROWS = (
    f"void f{W} {{ for (int i = 0; i < h; i++) for (int j = 0; j < w; j++) y[i*w+j] = x[i*w+j]; }}"
)
IJ = (
    "int j = blockIdx.x * blockDim.x + threadIdx.x; int i = blockIdx.y * blockDim.y + threadIdx.y; "
)
SUM = (
    f"void f{W} {{ for (int i = 0; i < h; i++) {{ float s = 0; "
    "for (int k = 0; k < w; k++) s += x[i*w+k]; y[i] = s; } }"
)
INT = "(int n, const int *x, int *y)"
TOTAL = f"void f{INT} {{ for (int i = 0; i < n; i++) y[0] += x[i]; }}"
BINS = f"void f{INT} {{ for (int i = 0; i < n; i++) y[x[i]] += 1; }}"


def kernel(parameters: str, body: str, before: str = "") -> str:
    return f"{before} __global__ void f{parameters} {{ {body} }}"


def scaled(index: str, guard: str, body: str = "y[i] = x[i] * 2.f;") -> str:
    return kernel(XY, f"int i = {index}; {guard} {body}")


THREAD = "blockIdx.x * blockDim.x + threadIdx.x"
WRONG = {
    "guard too wide": (SCALE, scaled(THREAD, "if (i <= n)")),
    "guard too narrow": (SCALE, scaled(THREAD, "if (i < n - 1)")),
    "guard of another sense": (SCALE, scaled(THREAD, "if (i > n) return;")),
    "guard by inequality": (SCALE, scaled(THREAD, "if (i != n)")),
    "first element left out": (SCALE, scaled(THREAD, "if (i > 0 && i < n)")),
    "guard by or": (SCALE, scaled(THREAD, "if (i < n || n < 8)")),
    "index moved by one": (SCALE, scaled(THREAD + " + 1", "if (i < n)")),
    "index of a block alone": (SCALE, scaled("threadIdx.x", "if (i < n)")),
    "index with another extent": (
        SCALE,
        scaled("blockIdx.x * blockDim.y + threadIdx.x", "if (i < n)"),
    ),
    "index with overlapping blocks": (
        SCALE,
        scaled("blockIdx.x * (blockDim.x - 1) + threadIdx.x", "if (i < n)"),
    ),
    "index doubled": (SCALE, scaled("2 * (" + THREAD + ")", "if (i < n)")),
    "index halved": (SCALE, scaled("(" + THREAD + ") / 2", "if (i < n)")),
    "index modulo the size": (SCALE, scaled("(" + THREAD + ") % n", "if (i < n)")),
    "index in another order": (SCALE, scaled(THREAD, "if (i < n)", "y[n - 1 - i] = x[i] * 2.f;")),
    "index xor one": (SCALE, scaled(THREAD, "if (i < n)", "y[i ^ 1] = x[i] * 2.f;")),
    "index in a byte": (
        SCALE,
        kernel(XY, "unsigned char i = threadIdx.x; if (i < n) y[i] = x[i] * 2.f;"),
    ),
    "index in a short": (
        SCALE,
        kernel(XY, f"short i = {THREAD}; if (i < n) y[i] = x[i] * 2.f;"),
    ),
    "bound in a short": (
        SCALE,
        kernel(XY, G + "short m = n; if (i < m) y[i] = x[i] * 2.f;"),
    ),
    "stride in a short": (
        SCALE,
        kernel(
            XY,
            "short s = blockDim.x * gridDim.x; "
            f"for (int i = {THREAD}; i < n; i += s) y[i] = x[i] * 2.f;",
        ),
    ),
    "stride of a block": (
        SCALE,
        kernel(XY, f"for (int i = {THREAD}; i < n; i += blockDim.x) y[i] = x[i] * 2.f;"),
    ),
    "stride of the grid without the block": (
        SCALE,
        kernel(XY, f"for (int i = {THREAD}; i < n; i += gridDim.x) y[i] = x[i] * 2.f;"),
    ),
    "stride twice as wide": (
        SCALE,
        kernel(
            XY, f"for (int i = {THREAD}; i < n; i += 2 * blockDim.x * gridDim.x) y[i] = x[i] * 2.f;"
        ),
    ),
    "stride that passes its end": (
        SCALE,
        kernel(
            XY, f"for (int i = {THREAD}; i != n; i += blockDim.x * gridDim.x) y[i] = x[i] * 2.f;"
        ),
    ),
    "stride that is left early": (
        SCALE,
        kernel(
            XY,
            f"for (int i = {THREAD}; i < n; i += blockDim.x * gridDim.x) "
            "{ if (x[i] < 0) return; y[i] = x[i] * 2.f; }",
        ),
    ),
    "every thread does all": (
        SCALE,
        kernel(XY, G + "for (int k = i; k < n; k++) y[k] = x[k] * 2.f;"),
    ),
    "read before the guard": (
        SCALE,
        scaled(THREAD, "float v = x[i]; if (i < n)", "y[i] = v * 2.f;"),
    ),
    "read of the neighbour": (SCALE, scaled(THREAD, "if (i < n)", "y[i] = x[i + 1] * 2.f;")),
    "more is written": (
        SCALE,
        scaled(THREAD, "if (i < n)", "{ y[i] = x[i] * 2.f; y[i + 1] = 0; }"),
    ),
    "less is written": (SCALE, scaled(THREAD, "if (i < n && x[i] > 0)")),
    "added instead of written": (SCALE, scaled(THREAD, "if (i < n)", "y[i] += x[i] * 2.f;")),
    "another constant": (SCALE, scaled(THREAD, "if (i < n)", "y[i] = x[i] * 3.f;")),
    "depends on the launch": (SCALE, scaled(THREAD, "if (i < n)", "y[i] = x[i] * gridDim.x;")),
    "volatile": (
        SCALE,
        kernel("(int n, const float *x, volatile float *y)", G + "if (i < n) y[i] = x[i] * 2.f;"),
    ),
    "shared memory without a barrier": (
        SCALE,
        kernel(
            XY,
            G + "__shared__ float s[256]; if (i < n) { s[threadIdx.x] = x[i]; "
            "y[i] = s[threadIdx.x ^ 1] * 2.f; }",
        ),
    ),
    "barrier that some threads miss": (
        SCALE,
        kernel(XY, G + "if (i >= n) return; __syncthreads(); y[i] = x[i] * 2.f;"),
    ),
    "kept state": (
        SCALE,
        kernel(XY, G + "if (i < n) { c++; y[i] = x[i] * 2.f + c; }", "__device__ int c = 0;"),
    ),
    "goto": (SCALE, kernel(XY, G + "if (i < n) goto e; return; e: y[i] = x[i] * 2.f;")),
    "helper of another meaning": (
        SCALE,
        kernel(
            XY,
            G + "if (i < n) y[i] = g(x[i]);",
            "__device__ float g(float v) { return v * 2.f + 1; }",
        ),
    ),
    "double instead of float": (
        f"void f{XY} {{ for (int i = 0; i < n; i++) y[i] = x[i] * 0.1f; }}",
        scaled(THREAD, "if (i < n)", "y[i] = x[i] * 0.1;"),
    ),
    "reassociated": (
        f"void f{XY} {{ for (int i = 0; i < n; i++) y[i] = (x[i] + y[i]) + 1.f; }}",
        scaled(THREAD, "if (i < n)", "y[i] = x[i] + (y[i] + 1.f);"),
    ),
    "reciprocal": (
        f"void f{XY} {{ for (int i = 0; i < n; i++) y[i] = x[i] / 3.f; }}",
        scaled(THREAD, "if (i < n)", "y[i] = x[i] * (1.f / 3.f);"),
    ),
    "comparison that NaN fails": (
        f"void f{XY} {{ for (int i = 0; i < n; i++) if (!(x[i] < 0)) y[i] = 1.f; }}",
        scaled(THREAD, "if (i < n)", "if (x[i] >= 0) y[i] = 1.f;"),
    ),
    "maximum that NaN passes": (
        f"void f{XY} {{ for (int i = 0; i < n; i++) y[i] = x[i] > y[i] ? x[i] : y[i]; }}",
        scaled(THREAD, "if (i < n)", "y[i] = fmaxf(x[i], y[i]);"),
    ),
    "power for a product": (
        f"void f{XY} {{ for (int i = 0; i < n; i++) y[i] = x[i] * x[i]; }}",
        scaled(THREAD, "if (i < n)", "y[i] = powf(x[i], 2.f);"),
    ),
    "fast intrinsic": (
        f"void f{XY} {{ for (int i = 0; i < n; i++) y[i] = expf(x[i]); }}",
        scaled(THREAD, "if (i < n)", "y[i] = __expf(x[i]);"),
    ),
    "shift of neighbours in place": (
        f"void f{XY} {{ for (int i = 0; i < n - 1; i++) y[i] = y[i + 1]; }}",
        scaled(THREAD, "if (i < n - 1)", "y[i] = y[i + 1];"),
    ),
    "prefix sum": (
        f"void f{XY} {{ for (int i = 1; i < n; i++) y[i] += y[i - 1]; }}",
        scaled(THREAD, "if (i > 0 && i < n)", "y[i] += y[i - 1];"),
    ),
    "loop from one, index from zero": (
        f"void f{XY} {{ for (int i = 1; i < n; i++) y[i] = x[i]; }}",
        scaled(THREAD, "if (i < n)", "y[i] = x[i];"),
    ),
    "loop with steps": (
        f"void f{XY} {{ for (int i = 0; i < n; i += 2) y[i] = x[i]; }}",
        scaled(THREAD, "if (i < n)", "y[i] = x[i];"),
    ),
    "scatter that may meet": (
        "void f(int n, const int *p, const float *x, float *y) "
        "{ for (int i = 0; i < n; i++) y[p[i]] = x[i]; }",
        kernel("(int n, const int *p, const float *x, float *y)", G + "if (i < n) y[p[i]] = x[i];"),
    ),
    "stride of a parameter that may be zero": (
        "void f(int n, int s, float *y) { for (int i = 0; i < n; i++) y[i * s] += 1.f; }",
        kernel("(int n, int s, float *y)", G + "if (i < n) y[i * s] += 1.f;"),
    ),
    "axes exchanged in the guard": (
        ROWS,
        kernel(W, IJ + "if (i < w && j < h) y[i*w+j] = x[i*w+j];"),
    ),
    "guard of one axis alone": (ROWS, kernel(W, IJ + "if (i < h) y[i*w+j] = x[i*w+j];")),
    "both axes from one index": (
        ROWS,
        kernel(W, G + "int j = i; if (i < h && j < w) y[i*w+j] = x[i*w+j];"),
    ),
    "transposed result": (ROWS, kernel(W, IJ + "if (i < h && j < w) y[j*h+i] = x[i*w+j];")),
    "rows of another length": (ROWS, kernel(W, IJ + "if (i < h && j < w) y[i*h+j] = x[i*h+j];")),
    "flat index, guard of a square": (ROWS, kernel(W, G + "if (i < w * w) y[i] = x[i];")),
    "flat index taken apart by the height": (
        ROWS,
        kernel(W, G + "if (i < h * w) { int r = i / h, c = i % h; y[r*w+c] = x[r*w+c]; }"),
    ),
    "int where the source has long": (
        "void f(int h, int w, const float *x, float *y) { for (int i = 0; i < h; i++) "
        "for (int j = 0; j < w; j++) y[(long)i*w+j] = x[(long)i*w+j]; }",
        kernel(W, IJ + "if (i < h && j < w) y[i*w+j] = x[i*w+j];"),
    ),
    "inner loop one too long": (
        SUM,
        kernel(
            W,
            G + "if (i < h) { float s = 0; for (int k = 0; k <= w; k++) s += x[i*w+k]; y[i] = s; }",
        ),
    ),
    "inner loop begins at one": (
        SUM,
        kernel(
            W,
            G + "if (i < h) { float s = 0; for (int k = 1; k < w; k++) s += x[i*w+k]; y[i] = s; }",
        ),
    ),
    "inner loop backwards": (
        SUM,
        kernel(
            W,
            G + "if (i < h) { float s = 0; "
            "for (int k = w - 1; k >= 0; k--) s += x[i*w+k]; y[i] = s; }",
        ),
    ),
    "inner loop left early": (
        SUM,
        kernel(
            W,
            G + "if (i < h) { float s = 0; for (int k = 0; k < w; k++) "
            "{ if (s > 100) break; s += x[i*w+k]; } y[i] = s; }",
        ),
    ),
    "sum not begun": (
        SUM,
        kernel(
            W, G + "if (i < h) { float s; for (int k = 0; k < w; k++) s += x[i*w+k]; y[i] = s; }"
        ),
    ),
    "sum in double": (
        SUM,
        kernel(
            W,
            G + "if (i < h) { double s = 0; for (int k = 0; k < w; k++) s += x[i*w+k]; y[i] = s; }",
        ),
    ),
    "sum kept between rows": (
        SUM,
        kernel(
            W,
            "float s = 0; for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < h; "
            "i += blockDim.x * gridDim.x) { for (int k = 0; k < w; k++) s += x[i*w+k]; y[i] = s; }",
        ),
    ),
    "dead loop that reads below the array": (
        SUM,
        kernel(
            W,
            G + "if (i < h) { float s = 0; for (int k = -1; k < w; k++) "
            "{ if (k >= 0) s += x[i*w+k]; else s += 0 * x[i*w+k]; } y[i] = s; }",
        ),
    ),
    "reduction without atomics": (TOTAL, kernel(INT, G + "if (i < n) y[0] += x[i];")),
    "reduction by another operation": (
        TOTAL,
        kernel(INT, G + "if (i < n) atomicMax(&y[0], x[i]);"),
    ),
    "reduction of other values": (TOTAL, kernel(INT, G + "if (i < n) atomicAdd(&y[0], 2 * x[i]);")),
    "reduction that is also read": (
        TOTAL,
        kernel(INT, G + "if (i < n && y[0] < 100) atomicAdd(&y[0], x[i]);"),
    ),
    "reduction over a source that begins anew": (
        f"void f{INT} {{ int s = 0; for (int i = 0; i < n; i++) s += x[i]; y[0] = s; }}",
        kernel(INT, G + "if (i < n) atomicAdd(&y[0], x[i]);"),
    ),
    "histogram without atomics": (BINS, kernel(INT, G + "if (i < n) y[x[i]] += 1;")),
    "histogram with idle threads": (BINS, kernel(INT, G + "if (i <= n) atomicAdd(&y[x[i]], 1);")),
    "maximum without atomics": (
        f"void f{INT} {{ for (int i = 0; i < n; i++) if (x[i] > y[0]) y[0] = x[i]; }}",
        kernel(INT, G + "if (i < n) if (x[i] > y[0]) y[0] = x[i];"),
    ),
    "division of unsigned numbers": (
        f"void f{INT} {{ for (int i = 0; i < n; i++) y[i] = (x[i] - 5) / 2; }}",
        kernel(INT, G + "if (i < n) y[i] = (x[i] - 5u) / 2;"),
    ),
    "shift for a division": (
        f"void f{INT} {{ for (int i = 0; i < n; i++) y[i] = x[i] / 2; }}",
        kernel(INT, G + "if (i < n) y[i] = x[i] >> 1;"),
    ),
    "comparison of unsigned numbers": (
        f"void f{INT} {{ for (int i = 0; i < n; i++) y[i] = x[i] < 7; }}",
        kernel(INT, G + "if (i < n) y[i] = (unsigned)x[i] < 7;"),
    ),
    "remainder with another sign": (
        f"void f{INT} {{ for (int i = 0; i < n; i++) y[i] = x[i] % 4; }}",
        kernel(INT, G + "if (i < n) y[i] = x[i] & 3;"),
    ),
    "narrowed on the way": (
        f"void f{INT} {{ for (int i = 0; i < n; i++) y[i] = x[i] + 1; }}",
        kernel(INT, G + "if (i < n) { short v = x[i] + 1; y[i] = v; }"),
    ),
    "overflow that the source does not have": (
        f"void f{INT} {{ for (int i = 0; i < n; i++) y[i] = ((long)x[i] * x[i]) % 7; }}",
        kernel(INT, G + "if (i < n) y[i] = (x[i] * x[i]) % 7;"),
    ),
    "division by what may be zero": (
        f"void f{INT} {{ for (int i = 0; i < n; i++) if (y[i] != 0) y[i] = x[i] / y[i]; }}",
        kernel(INT, G + "if (i < n) { int v = x[i] / y[i]; if (y[i] != 0) y[i] = v; }"),
    ),
    "order of two statements": (
        f"void f{INT} {{ for (int i = 0; i < n; i++) {{ y[i] = x[i]; y[i] += y[i]; }} }}",
        kernel(INT, G + "if (i < n) { y[i] += y[i]; y[i] = x[i]; }"),
    ),
    "branch left out": (
        f"void f{INT} {{ for (int i = 0; i < n; i++) "
        "{ if (x[i] > 0) y[i] = 1; else y[i] = 2; } }",
        kernel(INT, G + "if (i < n) { if (x[i] > 0) y[i] = 1; }"),
    ),
    "state from one iteration to the next": (
        f"void f{INT} {{ int a = 0; for (int i = 0; i < n; i++) "
        "{ if (x[i] > 0) a = 1; y[i] = a; } }",
        kernel(INT, G + "int a = 0; if (i < n) { if (x[i] > 0) a = 1; y[i] = a; }"),
    ),
    "result of an atomic update": (
        f"void f{INT} {{ for (int i = 0; i < n; i++) {{ y[0] += 1; }} }}",
        kernel(INT, G + "if (i < n) { int k = atomicAdd(&y[0], 1); y[k] = x[i]; }"),
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_port_is_not_proved(name: str) -> None:
    source, target = WRONG[name]
    proof = prove(Program("cpp", "f", source), Program("cuda", "f", target))
    assert proof.answer is not Answer.PROVED, proof
    assert proof.reason


HALF = "(int n, const int *x, double *y)"


@pytest.mark.parametrize(
    ("declared", "same"),
    [
        ("const double K = 2;", False),
        ("const unsigned K = 2;", False),
        ("const long K = 2;", False),
        ("#define K 2u", False),
        ("#define K 2.0", False),
        ("const int K = 2;", True),
        ("#define K 2", True),
        ("const int K = 2; int other(int x) { const int K = 3; return x * K; }", False),
    ],
)
def test_a_named_constant_has_its_own_type_and_place(declared, same):
    """`a[i] / K` with a real K was PROVED equal to a division of whole numbers."""
    source = f"{declared} void f{HALF} {{ for (int i = 0; i < n; i++) y[i] = x[i] / K; }}"
    source = source.replace("#define K 2u", "#define K 2u\n").replace("2.0 ", "2.0\n")
    source = source.replace("#define K 2 ", "#define K 2\n")
    target = kernel(HALF, G + "if (i < n) y[i] = x[i] / 2;")
    proof = prove(Program("cpp", "f", source), Program("cuda", "f", target))
    assert (proof.answer is Answer.PROVED) is same, proof.reason


def test_there_are_sixty() -> None:
    assert len(WRONG) >= 60
