"""Functions of structures: by pointer, reference and value, in every dialect of C++, against ports
that are right and wrong.
"""

from __future__ import annotations

import pytest

from coevolve.verification.engine import Engine, Pair, VerifyConfig
from corpora.records import Outcome, Program

BODY = "struct Body { float x, y, z; float vx, vy, vz; float m; };\n"
EDGE = "typedef struct { int src; int dst; double w; } Edge;\n"
PARAMS = "struct Params { int n; float alpha; float w[3]; };\n"
ATOM = "struct V3 { double x, y, z; };\nstruct Atom { V3 pos; V3 f; int type; char tag; };\n"
AT = "int i = blockIdx.x * blockDim.x + threadIdx.x;"
MOVE = "b[i].x += b[i].vx * dt; b[i].y += b[i].vy * dt; b[i].z += b[i].v%s * dt;"
DRIFT = Program(
    "cpp",
    "drift",
    f"{BODY}void drift(Body *b, int n, float dt) {{ for (int i = 0; i < n; i++) {{ "
    f"{MOVE % 'z'} }} }}",
)
KERNEL = f"{BODY}__global__ void %s(Body *b, int n, float dt) {{ {AT} if (i %s n) {{ {MOVE} }} }}\n"
HOST = (
    KERNEL % ("k", "<", "z")
    + """void drift(Body *b, int n, float dt) {
  Body *d; cudaMalloc(&d, n * sizeof(Body)); cudaMemcpy(d, b, n * sizeof(Body), \
cudaMemcpyHostToDevice);
  k<<<(n + 255) / 256, 256>>>(d, n, dt);
  cudaMemcpy(b, d, n * sizeof(Body)%s, cudaMemcpyDeviceToHost); cudaFree(d);
}"""
)
SHARED_POINTER = (
    f"{BODY}void drift(Body *b, int n, float dt) {{\nBody *p;\n#pragma omp "
    f"parallel for\nfor (int i = 0; i < n; i++) {{ p = &b[i]; p->x += p->vx * dt; "
    f"p->y += p->vy * dt; p->z += p->vz * dt; }} }}"
)
RELAX = Program(
    "cpp",
    "relax",
    f"{EDGE}void relax(const Edge *e, int m, const double *x, double *y) {{ for (int k = "
    f"0; k < m; k++) y[e[k].dst] += e[k].w * x[e[k].src]; }}",
)
RELAXED = (
    f"{EDGE}__global__ void relax(const Edge *e, int m, const double *x, double *y) {{ "
    f"{AT} if (i < m) {{ Edge q = e[i]; %s; }} }}"
)
BLUR = Program(
    "cpp",
    "blur",
    f"{PARAMS}void blur(Params p, const float *x, float *y) {{ for (int i = 1; i < p.n - "
    f"1; i++) y[i] = p.alpha * (p.w[0] * x[i - 1] + p.w[1] * x[i] + p.w[2] * x[i + 1]); }}",
)
BLURRED = (
    f"{PARAMS}__global__ void blur(Params p, const float *x, float *y) {{ {AT} if (i >= 1 "
    f"&& i < p.n - 1) y[i] = p.alpha * (p.w[0] * x[i - 1] + p.w[1] * x[i] + p.w[%s] * x[i "
    f"+ 1]); }}"
)
STATS = (
    "void stats(const Params *p, const float *x, Params &out) { int c = 0; float s = 0;\n"
    "%sfor (int i = 0; i < p->n; i++) if (x[i] > %s) { c++; s += x[i]; } out.n = c; "
    "out.alpha = s; }"
)
FORCES = (
    "void forces(int n, struct Atom *a) {\n%sfor (int i = 0; i < n; i++) { Atom *p = "
    "&a[i]; p->f.x = 0; p->f.y = p->pos.x; p->f.z = p->type == 2 ? 2.0 : %s; } }"
)
GRAY = (
    "unsigned char *out, int w, int h) { %s uchar4 p = in[i]; out[i] = (unsigned "
    "char)((p.x * 77 + p.y * 150 + p.z * 29) >> 8); } }"
)
MATRIX = "typedef struct { int rows; int cols; float *data; } Matrix;\n"
SCALE = Program(
    "cpp",
    "scale",
    MATRIX + "void scale(Matrix a, float s) { for (int i = 0; i < a.rows; i++) for (int j = 0; j < "
    "a.cols; j++) a.data[i * a.cols + j] *= s; }",
)
SCALED = (
    f"{MATRIX}__global__ void %s(Matrix a, float s) {{ {AT} int j = blockIdx.y * "
    f"blockDim.y + threadIdx.y; if (i < a.rows && j < a.cols) a.data[i * a.%s + j] *= s; "
    f"}}\n"
)
SCALED_BY_HOST = (
    SCALED % ("k", "cols")
    + """void scale(Matrix a, float s) {
  int n = a.rows * a.cols; if (n <= 0) return; Matrix d = a;
  cudaMalloc(&d.data, n * sizeof(float)); cudaMemcpy(d.data, a.data, n * sizeof(float), \
cudaMemcpyHostToDevice);
  k<<<dim3((a.rows + 7) / 8, (a.cols + 7) / 8), dim3(8, 8)>>>(%s, s);
  cudaMemcpy(a.data, d.data, n * sizeof(float), cudaMemcpyDeviceToHost); cudaFree(d.data); }"""
)
GRID = (
    "struct grid { int nx, ny; double h; double *u; int sweeps; };\nvoid smooth(struct "
    "grid *g) {\n%sfor (int i = 0; i < g->nx * g->ny; i++) g->u[i] *= g->h; %s }"
)
CSR = "struct CSR { int n; const int *ptr; const int *col; const double *val; };\n"
SPMV = "for (int k = A.ptr[i]; k < A.ptr[i + 1]; k++) s += A.val[k] * x[A.col[k]]; y[i] = s; }"
REDUCED = "#pragma omp parallel for reduction(+:c,s)\n"
PARALLEL = "#pragma omp parallel for\n"


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    made = Engine("emulated", VerifyConfig(mutants=0), tmp_path_factory.mktemp("verdicts"))
    yield made
    made.close()


def program(name, dialect, text):
    return Program(dialect, name, text)


@pytest.mark.parametrize(
    ("source", "target", "outcome"),
    [
        (DRIFT, program("drift", "cuda", KERNEL % ("drift", "<", "z")), Outcome.EQUIVALENT),
        (DRIFT, program("drift", "cuda", KERNEL % ("drift", "<", "y")), Outcome.MISMATCH),
        (DRIFT, program("drift", "cuda", KERNEL % ("drift", "<=", "z")), Outcome.MEMORY_ERROR),
        (DRIFT, program("drift", "cuda", HOST % ""), Outcome.EQUIVALENT),
        (
            DRIFT,
            program("drift", "cuda", HOST % " - 4 * sizeof(float)"),
            Outcome.EQUIVALENT,
        ),  # what is left behind nobody changes
        (DRIFT, program("drift", "cuda", HOST % " - 6 * sizeof(float)"), Outcome.MISMATCH),
        (DRIFT, program("drift", "openmp", SHARED_POINTER), Outcome.RACE),
        (
            DRIFT,
            program("drift", "openmp", SHARED_POINTER.replace("for\n", "for private(p)\n")),
            Outcome.EQUIVALENT,
        ),
        (
            RELAX,
            program("relax", "cuda", RELAXED % "atomicAdd(&y[q.dst], q.w * x[q.src])"),
            Outcome.EQUIVALENT,
        ),
        (RELAX, program("relax", "cuda", RELAXED % "y[q.dst] += q.w * x[q.src]"), Outcome.RACE),
        (
            RELAX,
            program("relax", "cuda", RELAXED % "atomicAdd(&y[q.src], q.w * x[q.dst])"),
            Outcome.MISMATCH,
        ),
        (BLUR, program("blur", "cuda", BLURRED % 2), Outcome.EQUIVALENT),
        (BLUR, program("blur", "cuda", BLURRED % 1), Outcome.MISMATCH),
        (
            program("stats", "cpp", PARAMS + STATS % ("", "p->alpha")),
            program("stats", "openmp", PARAMS + STATS % (REDUCED, "p->alpha")),
            Outcome.EQUIVALENT,
        ),
        (
            program("stats", "cpp", PARAMS + STATS % ("", "p->alpha")),
            program("stats", "openmp", PARAMS + STATS % (REDUCED, "0")),
            Outcome.MISMATCH,
        ),
        (
            program("forces", "cpp", ATOM + FORCES % ("", "1.0")),
            program("forces", "openmp", ATOM + FORCES % (PARALLEL, "1.0")),
            Outcome.EQUIVALENT,
        ),
        (
            program("forces", "cpp", ATOM + FORCES % ("", "1.0")),
            program("forces", "openmp", ATOM + FORCES % (PARALLEL, "2.0")),
            Outcome.MISMATCH,
        ),
        (SCALE, program("scale", "cuda", SCALED % ("scale", "cols")), Outcome.EQUIVALENT),
        (SCALE, program("scale", "cuda", SCALED % ("scale", "rows")), Outcome.MEMORY_ERROR),
        (SCALE, program("scale", "cuda", SCALED_BY_HOST % "d"), Outcome.EQUIVALENT),
        (
            SCALE,
            program("scale", "cuda", SCALED_BY_HOST % "a"),
            Outcome.MEMORY_ERROR,
        ),  # the host's pointer
        (
            program("smooth", "cpp", GRID % ("", "g->sweeps++;")),
            program("smooth", "openmp", GRID % (PARALLEL, "g->sweeps++;")),
            Outcome.EQUIVALENT,
        ),
        (
            program("smooth", "cpp", GRID % ("", "g->sweeps++;")),
            program("smooth", "openmp", GRID % (PARALLEL, "")),
            Outcome.MISMATCH,
        ),
        (
            program(
                "spmv",
                "cpp",
                f"{CSR}void spmv(const CSR &A, const double *x, double *y) {{ for (int i = 0; i "
                f"< A.n; i++) {{ double s = 0; {SPMV} }}",
            ),
            program(
                "spmv",
                "cuda",
                f"{CSR}__global__ void spmv(CSR A, const double *x, double *y) {{ {AT} if (i < "
                f"A.n) {{ double s = 0; {SPMV} }}",
            ),
            Outcome.EQUIVALENT,
        ),
        (
            program(
                "spmv",
                "cpp",
                f"{CSR}void spmv(const CSR &A, const double *x, double *y) {{ for (int i = 0; i "
                f"< A.n; i++) {{ double s = 0; {SPMV} }}",
            ),
            program(
                "spmv",
                "openmp",
                f"{CSR}void spmv(const CSR &A, const double *x, double *y) {{ double s;\n"
                f"{PARALLEL}for (int i = 0; i < A.n; i++) {{ s = 0; {SPMV} }}",
            ),
            Outcome.RACE,
        ),
        (
            program(
                "gray",
                "cuda",
                f"__global__ void gray(const uchar4 *in, {GRAY % f'{AT} if (i < w * h) {{'}",
            ),
            program(
                "gray",
                "cpp",
                f"struct uchar4 {{ unsigned char x, y, z, w; }};\nvoid gray(const uchar4 *in, "
                f"{GRAY % 'for (int i = 0; i < w * h; i++) {'}",
            ),
            Outcome.EQUIVALENT,
        ),
    ],
)
def test_ports_of_functions_of_structures(engine, source, target, outcome):
    verdict = engine.verify(Pair(source, target))
    assert verdict.outcome is outcome, verdict.detail


def test_tests_may_be_given_in_numbers(engine):
    suite = (
        "n=2 dt=0.5 b__x[n]={1,2} b__y[n]=constant(0) b__z[n]=constant(0) b__vx[n]={4,8} "
        "b__vy[n]=constant(1) b__vz[n]=constant(1) b__m[n]=constant(1)"
    )
    wrong = program(
        "drift", "cuda", (KERNEL % ("drift", "<", "z")).replace("b[i].x +=", "b[i].x -=")
    )
    verdict = engine.verify(Pair(DRIFT, wrong, suite))
    assert verdict.outcome is Outcome.MISMATCH and (verdict.buffer, verdict.expected) == (
        "b__x",
        "3.0",
    ), verdict


def test_a_structure_of_another_layout_is_no_port(engine):
    target = program(
        "drift", "cuda", (KERNEL % ("drift", "<", "z")).replace("float m;", "double m;")
    )
    assert engine.verify(Pair(DRIFT, target)).outcome is not Outcome.EQUIVALENT
