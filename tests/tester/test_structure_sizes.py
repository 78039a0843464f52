"""Size fields that the program never reads are set as a port that copies the structure needs
them.
"""

from __future__ import annotations

import pytest

from corpora.records import Program
from corpora.signatures.signature import read_signature
from gpu_runtime.call.materialize import get_extents, get_integer_scalars
from gpu_runtime.emulation.backend import EmulatedBackend
from tester.generate.rules import generate_suite

CSR = "struct csr { int nrows, ncols, nnz; int *ptr, *col; double *val; };\n"
ROWS = (
    "for (int i = 0; i < A%s; i++) { double s = 0; for (int k = A->ptr[i]; k < A->ptr[i + "
    "1]; k++) s += A->val[k] * x[A->col[k]]; y[i] = s; }"
)
SPMV = CSR + "void f(const csr *A, const double *x, double *y) { %s }"
DEEP = """__global__ void rows(csr A, const double *x, double *y) {{ \
int i = blockIdx.x * blockDim.x + threadIdx.x; if (i >= A.nrows) return;
double s = 0; for (int k = A.ptr[i]; k < A.ptr[i + 1]; k++) s += A.val[k] * x[A.col[k]]; y[i] = s; \
}}
void f(const csr *A, const double *x, double *y) {{ csr d = *A; double *dx, *dy; \
if (A->nrows <= 0) return;
cudaMalloc(&d.ptr, (A->nrows + 1) * sizeof(int)); cudaMalloc(&d.col, A->nnz * sizeof(int)); \
cudaMalloc(&d.val, A->nnz * sizeof(double));
cudaMalloc(&dx, A->ncols * sizeof(double)); cudaMalloc(&dy, A->nrows * sizeof(double));
cudaMemcpy(d.ptr, A->ptr, (A->nrows + 1) * sizeof(int), cudaMemcpyHostToDevice); cudaMemcpy(d.col, \
A->col, A->nnz * sizeof(int), cudaMemcpyHostToDevice);
cudaMemcpy(d.val, A->val, A->nnz * sizeof({0}), cudaMemcpyHostToDevice); cudaMemcpy(dx, x, \
A->ncols * sizeof(double), cudaMemcpyHostToDevice);
rows<<<(A->nrows + 63) / 64, 64>>>(d, dx, dy); cudaMemcpy(y, dy, A->{1} * sizeof(double), \
cudaMemcpyDeviceToHost); }}"""
MATRIX = "struct matrix { int width, height; float *e; };\n"
PRODUCT = (
    MATRIX
    + """void f(matrix A, matrix B, matrix C) { for (int i = 0; i < A.height; i++) for (int j = 0; \
j < B.width; j++) {
float s = 0; for (int k = 0; k < A.width; k++) s += A.e[i * A.width + k] * B.e[k * B.width + j]; \
C.e[i * C.width + j] = s; } }"""
)
CASES = {
    "deep": (SPMV % (ROWS % "->nrows"), CSR + DEEP.format("double", "nrows"), True),
    "half_of_the_numbers": (SPMV % (ROWS % "->nrows"), CSR + DEEP.format("float", "nrows"), False),
    "as_many_as_columns": (SPMV % (ROWS % "->nrows"), CSR + DEEP.format("double", "ncols"), False),
}


@pytest.mark.parametrize("name", CASES)
def test_verdict(name, verdicts):
    verdict = verdicts[name]
    assert verdict.equivalent is CASES[name][2], f"{verdict.outcome}: {verdict.detail}"


def sizes_in(text: str) -> list[dict[str, int]]:
    program = Program("cpp", "f", text)
    suite = generate_suite(program, read_signature(program), EmulatedBackend())
    return [{**get_integer_scalars(test), **get_extents(test)} for test in suite.tests]


def test_sides_multiply_to_the_arrays_length():
    for t in sizes_in(PRODUCT):
        assert t["A__width"] <= 0 or t["B__height"] == t["A__width"], t
        assert (
            t["C__width"] * t["C__height"] <= t["C__e"]
            and t["A__height"] * t["B__width"] <= t["C__e"]
        ), t


def test_what_the_program_reads_in_any_way_is_left_alone():
    read = SPMV % (ROWS % "->nrows" + " y[0] += A->nnz;")
    assert any(t["A__nnz"] < max(t["A__col"], t["A__val"]) for t in sizes_in(read))
    hidden = SPMV.replace("void f(", "int more(const csr *q) { return q->nnz > 3; }\nvoid f(") % (
        ROWS % "->nrows" + " y[0] += more(A);"
    )
    assert any(t["A__nnz"] < max(t["A__col"], t["A__val"]) for t in sizes_in(hidden))


FIELD = """struct field { int nx, ny; double *d; double &operator()(int i, int j) const { \
return d[j * nx + i]; } };
void f(const field &a, field &b) { %s for (int j = 1; j < a.ny - 1; j++) for (int i = 1; \
i < a.nx - 1; i++) b(i, j) = 0.5 * (a(i - 1, j) + a(i + 1, j)); }"""


def test_fields_that_are_gone_through_together_are_equally_wide():
    for t in sizes_in(FIELD % ""):
        assert t["b__nx"] == t["a__nx"] and t["b__ny"] == t["a__ny"], t
    assert any(t["b__nx"] != t["a__nx"] for t in sizes_in(FIELD % "b.d[0] = b.nx;"))


def test_objects_may_be_called(judged):
    parallel = FIELD % "\n#pragma omp parallel for\n"
    verdicts = judged(
        {
            "same": (FIELD % "", parallel),
            "other": (FIELD % "", parallel.replace("j * nx + i", "i * ny + j")),
        }
    )
    assert verdicts["same"].equivalent and not verdicts["other"].equivalent, verdicts["same"].detail


def test_a_field_of_an_enumeration_has_its_values_alone():
    text = """enum mode { none = 3, half, full = 9 };
struct how { int n; mode m, other; };
void f(how h, float *x) { for (int i = 0; i < h.n; i++) x[i] = h.m == full ? 1 : x[i] / 2; }"""
    assert (
        {t["h__m"] for t in sizes_in(text)} == {t["h__other"] for t in sizes_in(text)} == {3, 4, 9}
    )


def test_a_count_of_what_is_not_touched_is_none():
    text = (
        "struct vec { double *v; int size; };\nvoid f(int n, const vec &x, vec &y) { for "
        "(int i = 0; i < n; i++) y.v[i] += x.v[i]; }"
    )
    tests = sizes_in(text)
    assert any(t["n"] <= 0 for t in tests) and all(t["y__size"] == max(t["n"], 0) for t in tests)


def test_rows_of_a_structure_are_no_longer_than_what_lies_between_them():
    text = """struct image { int width, height, stride; float *p; };
void f(const image *s, float *sums) { for (int y = 0; y < s->height; y++) for (int x = 0; \
x < s->width; x++) sums[y] += s->p[y * s->stride + x]; }"""
    assert all(t["s__stride"] >= t["s__width"] for t in sizes_in(text))


TURNED = """void f(const matrix *a, matrix *b) { %sfor (int i = 0; i < a->height; i++)
for (int j = 0; j < a->width; j++) b->e[j * %s + i] = a->e[i * a->width + j]; }"""


def test_which_of_two_unread_sides_is_which_is_left_open(judged):
    other = MATRIX + TURNED % ("\n#pragma omp parallel for\n", "b->height")
    verdicts = judged(
        {
            "other": (MATRIX + TURNED % ("", "a->height"), other),
            "same": (MATRIX + TURNED % ("", "a->height"), other.replace("b->h", "a->h")),
        }
    )
    assert not verdicts["other"].equivalent and verdicts["same"].equivalent


NEUTRAL = {"nrows": "p", "ncols": "q", "nnz": "r", "height": "u", "width": "v"}


def rename(text: str) -> str:
    for name, other in NEUTRAL.items():
        text = text.replace(name, other)
    return text


def test_no_name_decides(judged):
    """What fields mean follows from subscripts: verdicts are the same under other names."""
    source = rename(SPMV % (ROWS % "->nrows"))
    verdicts = judged(
        {
            name: (source, rename(CSR + DEEP.format(*how)))
            for name, how in {
                "deep": ("double", "nrows"),
                "half_of_the_numbers": ("float", "nrows"),
                "as_many_as_columns": ("double", "ncols"),
            }.items()
        }
    )
    for name, verdict in verdicts.items():
        assert verdict.equivalent is CASES[name][2], f"{name}: {verdict.outcome}: {verdict.detail}"
    for t in sizes_in(rename(PRODUCT)):
        assert t["A__v"] <= 0 or t["B__u"] == t["A__v"], t


def test_a_side_that_is_partly_gone_through_is_as_long_as_elsewhere():
    text = """struct m { int u, v; float *e; };
void f(const m *a, m *b) { for (int i = 1; i < a->u - 1; i++) for (int j = 0; j < a->v; j++) \
b->e[i * b->v + j] = a->e[(i - 1) * a->v + j]; }"""
    tests = [t for t in sizes_in(text) if t["a__u"] > 2 and t["a__v"] > 0]
    assert tests and all(t["b__u"] == t["a__u"] for t in tests)


def test_arrays_hold_the_product_of_sides_that_nothing_tells_apart():
    text = """struct m { int u, v; float *e; };
void f(int n, m *b) { for (int i = 0; i < n; i++) b->e[i] *= 2; }"""
    tests = [t for t in sizes_in(text) if t["n"] > 0]
    assert len(tests) > 3
    for t in tests:
        assert t["b__u"] * t["b__v"] <= t["b__e"] and min(t["b__u"], t["b__v"]) >= t["n"], t


def test_a_flat_pass_over_one_structure_gives_the_sides_of_another():
    text = """struct m { int u, v, w; unsigned char *e; };
void f(const m *a, m *b) { const unsigned char *p = a->e; \
for (int i = 0; i < a->u * a->v * a->w; i++) b->e[i] = 255 - p[i]; }"""
    for t in sizes_in(text):
        assert (t["b__u"], t["b__v"], t["b__w"]) == (t["a__u"], t["a__v"], t["a__w"]), t
