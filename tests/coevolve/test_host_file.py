"""Host functions round verified kernels: equivalent as a whole, and nvcc takes them."""

import shutil
import subprocess
from collections import Counter
from dataclasses import replace

import pytest

from coevolve.cli.main import main
from coevolve.port.host_file import HostFileError, check_calls, make_host_file
from coevolve.port.readable_names import rename_invented
from coevolve.verification.engine import verify
from corpora.records import Outcome, Program

SOURCE = Program(
    "cpp",
    "shift",
    "void shift(const float *x, float *y, int n, int m) {\n"
    "    for (int i = 0; i < n; i++)\n"
    "        for (int j = 0; j < m; j++) y[i * m + j] = x[i * m + j + 1];\n}\n",
)
KERNEL = """__device__ float twice(float v) { return v; }
__global__ void shift(const float *x, float *y, int n, int m) {
    int k = blockIdx.x * blockDim.x + threadIdx.x;
    if (k < n * m) y[k] = twice(x[k + 1]);
}"""
LAUNCH = "grid=ceil(n*m/64),1,1 block=64,1,1"


def test_the_whole_file_is_equivalent_and_compiles(tmp_path):
    text = make_host_file(SOURCE, KERNEL, LAUNCH)
    verdict = verify(SOURCE, Program("cuda", "shift", text))
    assert verdict.outcome is Outcome.EQUIVALENT, verdict.detail
    assert "cudaMemcpy(x, device_x" not in text and "cudaMemcpy(y, device_y" in text
    assert "shift_kernel<<<grid, block, 0, stream>>>(x, y, n, m)" in text
    if nvcc := shutil.which("nvcc"):
        (tmp_path / "shift.cu").write_text(text)
        subprocess.run([nvcc, "-c", "shift.cu", "-o", "shift.o"], cwd=tmp_path, check=True)


def test_a_size_that_is_too_small_would_be_seen():
    text = make_host_file(SOURCE, KERNEL, LAUNCH)
    short = text.replace("sizeof(*x) * ", "sizeof(*x) / 2 * ", 1)
    assert short != text and not verify(SOURCE, Program("cuda", "shift", short))


@pytest.mark.parametrize(
    "source, taken, said",
    [
        ("int shift(const int *x, int n) { return x[n - 1]; }", "int n", "returns a value"),
        (
            "void shift(const int *p, int *x, int n) { for (int i = 0; i < n; i++) x[p[i]] = 1; }",
            "const int *p, int *x, int n",
            "size of 'x'",
        ),
        (
            "void shift(float **x, int n) { for (int i = 0; i < n; i++) x[i][0] = 1; }",
            "float *x, int n",
            "'x' is an array of pointers to rows",
        ),
        (
            "struct G { int n; int *x; };\n"
            "void shift(const G &g, const int *p) { for (int i = 0; i < g.n; i++) g.x[p[i]] = 1; }",
            "int g__n, int *g__x, const int *p",
            r"size of 'g\.x'",
        ),
        (
            "struct V { int a, b; };\n"
            "void shift(V *v, int n) { for (int i = 0; i < n; i++) v[i].a = v[i].b; }",
            "int *v__a, int *v__b, int n",
            "structures of 'v' apart",
        ),
    ],
)
def test_what_has_no_host_function_says_why(source, taken, said):
    kernel = f"__global__ void shift({taken}) {{}}"
    with pytest.raises(HostFileError, match=said):
        make_host_file(Program("cpp", "shift", source), kernel, "grid=1,1,1 block=64,1,1")


UPWIND = Program(
    "cpp",
    "upwind",
    "void upwind(int n, const double *v, const double *c, double *d) {\n"
    " for (int i = 1; i < n - 1; i++)\n"
    "  d[i] = v[i] > 0.0 ? c[i] - c[i - 1] : c[i + 1] - c[i];\n}\n",
)
UPWIND_KERNEL = """__global__ void upwind(int n, const double *v, const double *c, double *d) {
    int i = blockIdx.x * blockDim.x + threadIdx.x + 1;
    if (i < n - 1) d[i] = v[i] > 0.0 ? c[i] - c[i - 1] : c[i + 1] - c[i];
}"""


def test_an_array_is_copied_whole_where_its_contents_decide_what_is_read():
    from coevolve.verification.engine import get_shared_engine
    from coevolve.verification.target_thresholds import _lengthen

    tests = get_shared_engine("emulated").expectations(UPWIND).expectations.suite.tests
    launch = "grid=ceil((n-1)/64),1,1 block=64,1,1"
    text = make_host_file(UPWIND, UPWIND_KERNEL, launch, tests)
    verdict = verify(UPWIND, Program("cuda", "upwind", text))
    assert verdict.outcome is Outcome.EQUIVALENT, verdict.detail
    largest = max(tests, key=lambda test: test.assignments[2].extents)
    assert _lengthen([largest], tests) == [largest]
    short = [replace(a, extents=(5,)) if a.name == "c" else a for a in largest.assignments]
    assert _lengthen([replace(largest, assignments=tuple(short))], tests) == [largest]


GRID = """struct Grid { int nx, ny; double dx; };
"""
SMOOTH = Program(
    "cpp",
    "smooth",
    GRID + "void smooth(const Grid &grid, const double *c, double *d) {\n"
    " for (int j = 0; j < grid.ny; j++) for (int i = 0; i < grid.nx; i++)\n"
    "  d[j * grid.nx + i] = c[j * grid.nx + i] * grid.dx;\n}\n",
)
SMOOTH_BODY = """{
    int j = blockIdx.y * blockDim.y + threadIdx.y, i = blockIdx.x * blockDim.x + threadIdx.x;
    if (j < NY && i < NX) d[j * NX + i] = c[j * NX + i] * DX;
}"""
SCALE = Program(
    "cpp",
    "scale",
    "struct Field { int n; double *x; };\n"
    "void scale(Field *f, double a) { for (int i = 0; i < f->n; i++) f->x[i] = a * f->x[i]; }\n",
)
PUSH = Program(
    "cpp",
    "push",
    "struct Body { double x, v; };\n"
    "void push(Body *b, int n, double t) { for (int i = 0; i < n; i++) b[i].x += t * b[i].v; }\n",
)


def _smooth(declared, nx, ny, dx):
    body = SMOOTH_BODY.replace("NX", nx).replace("NY", ny).replace("DX", dx)
    return f"__global__ void smooth({declared}, const double *c, double d[]) {body}"


@pytest.mark.parametrize(
    "source, kernel, launch, said",
    [
        (
            SMOOTH,
            GRID + _smooth("const Grid grid", "grid.nx", "grid.ny", "grid.dx"),
            "grid=ceil(grid__nx/16),ceil(grid__ny/8),1 block=16,8,1",
            "smooth_on_device(grid, ",
        ),
        (
            SMOOTH,
            _smooth(
                "int grid__nx, int grid__ny, double grid__dx", "grid__nx", "grid__ny", "grid__dx"
            ),
            "grid=ceil(grid__nx/16),ceil(grid__ny/8),1 block=16,8,1",
            "smooth_on_device(grid.nx, grid.ny, grid.dx, ",
        ),
        (
            SCALE,
            "struct Field { int n; double *x; };\n"
            "__global__ void scale(Field f, double a) {\n"
            "    int i = blockIdx.x * blockDim.x + threadIdx.x;\n"
            "    if (i < f.n) f.x[i] = a * f.x[i];\n}",
            "grid=ceil(f__n/64),1,1 block=64,1,1",
            "scale_on_device(device_f, a, 0)",
        ),
        (
            PUSH,
            "struct Body { double x, v; };\n"
            "__global__ void push(Body *b, int n, double t) {\n"
            "    int i = blockIdx.x * blockDim.x + threadIdx.x;\n"
            "    if (i < n) b[i].x += t * b[i].v;\n}",
            "grid=ceil(n/64),1,1 block=64,1,1",
            "push_on_device((Body *)device_b, n, t, 0)",
        ),
    ],
)
def test_structures_stay_in_the_signature(source, kernel, launch, said, tmp_path):
    from coevolve.verification.engine import get_shared_engine

    tests = get_shared_engine("emulated").expectations(source).expectations.suite.tests
    text = make_host_file(source, kernel, launch, tests)
    head = source.text[source.text.index("void ") : source.text.index(")") + 1]
    assert f"\n{head}\n{{" in text and said in text
    verdict = verify(source, Program("cuda", source.name, text))
    assert verdict.outcome is Outcome.EQUIVALENT, verdict.detail
    if nvcc := shutil.which("nvcc"):
        (tmp_path / "port.cu").write_text(text)
        subprocess.run([nvcc, "-c", "port.cu", "-o", "port.o"], cwd=tmp_path, check=True)


def test_on_the_command_line(tmp_path, capsys):
    source = tmp_path / "axpy.cpp"
    source.write_text(
        "void axpy(int n, float a, const float *x, float *y) {\n"
        "    for (int i = 0; i < n; i++) y[i] = a * x[i] + y[i];\n}\n"
    )
    out = tmp_path / "axpy.cu"
    assert main(["translate", str(source), "--to", "cuda", "--host", "--out", str(out)]) == 0
    text = out.read_text()
    assert "axpy_on_device(" in text and "void axpy(int n, float a, const float *x" in text
    assert "with a host function" in capsys.readouterr().err
    assert main(["verify", str(source), str(out)]) == 0


STENCIL = Program(
    "cpp",
    "sweep",
    "void sweep(int nx, int ny, double a, const double *u, double *v) {\n"
    " for (int i = 1; i < nx - 1; i++) for (int j = 1; j < ny - 1; j++)\n"
    "  v[i * ny + j] = u[i * ny + j] + a * (u[(i - 1) * ny + j] + u[(i + 1) * ny + j]"
    " + u[i * ny + j - 1] + u[i * ny + j + 1]);\n}\n",
)
STENCIL_KERNEL = """__global__ void sweep(int nx, int ny, double a, const double *u, double *v) {
    int i = blockIdx.y * blockDim.y + threadIdx.y + 1;
    int j = blockIdx.x * blockDim.x + threadIdx.x + 1;
    if (i < nx - 1 && j < ny - 1)
        v[i * ny + j] = u[i * ny + j] + a * (u[(i - 1) * ny + j] + u[(i + 1) * ny + j]
            + u[i * ny + j - 1] + u[i * ny + j + 1]);
}"""


def test_sizes_that_the_subscripts_do_not_tell_follow_from_the_tests():
    from coevolve.verification.engine import get_shared_engine

    launch = "grid=ceil(ny/16),ceil(nx/8),1 block=16,8,1"
    tests = get_shared_engine("emulated").expectations(STENCIL).expectations.suite.tests
    text = make_host_file(STENCIL, STENCIL_KERNEL, launch, tests)
    assert "(long long)nx * (long long)ny" in text
    verdict = verify(STENCIL, Program("cuda", "sweep", text))
    assert verdict.outcome is Outcome.EQUIVALENT, verdict.detail
    with pytest.raises(HostFileError, match="size of 'u'"):
        make_host_file(STENCIL, STENCIL_KERNEL, launch)


OWN_HOST = """__global__ void v6(int n, const double * x, double * v7) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) atomicAdd(v7, x[i]);
}
double total(int n, const double * x) {
    double * v8; double * v7; double s = 0.0;
    cudaMalloc(& v8, n * sizeof (double));
    cudaMalloc(& v7, sizeof (double));
    cudaMemcpy(v8, x, n * sizeof (double), cudaMemcpyHostToDevice);
    cudaMemcpy(v7, & s, sizeof (double), cudaMemcpyHostToDevice);
    if (n > 0)
        v6 <<< n / 256 + 1, 256 >>> (n, v8, v7);
    cudaMemcpy(& s, v7, sizeof (double), cudaMemcpyDeviceToHost);
    cudaFree(v8);
    cudaFree(v7);
    return s;
}
"""
TOTAL = Program(
    "cpp",
    "total",
    "double total(int n, const double *x) {\n double s = 0;\n"
    " for (int i = 0; i < n; i++) s += x[i];\n return s;\n}\n",
)


def test_invented_names_and_unchecked_calls_are_mended(tmp_path):
    renamed = rename_invented(OWN_HOST, "total")
    assert "v6" not in renamed and "v7" not in renamed and "v8" not in renamed
    assert "atomicAdd(s, x[i])" in renamed and "cudaFree(device_x)" in renamed
    text = check_calls(renamed)
    assert text.count("coevolve_check(cuda") == 9 and "total_kernel <<<" in text
    for each in (renamed, text):
        verdict = verify(TOTAL, Program("cuda", "total", each))
        assert verdict.outcome is Outcome.EQUIVALENT, verdict.detail
    assert rename_invented(SOURCE.text, "shift") == SOURCE.text


EMPTY = Program(
    "cpp",
    "grow",
    "void grow(int nx, int ny, double *x) {\n"
    " for (int k = 0; k < nx * ny; k++) x[k] = x[k] + 1.0;\n}\n",
)
EMPTY_HOST = """__global__ void grow_part(int nx, int ny, double *x) {
    int j = blockIdx.y * blockDim.y + threadIdx.y, i = blockIdx.x * blockDim.x + threadIdx.x;
    for (; i < nx && j < ny; j += gridDim.y * blockDim.y) x[j * nx + i] += 1.0;
}
__global__ void grow_rest(double *x) {}
void grow(int nx, int ny, double *x) {
    double *d;
    cudaMalloc((void **)&d, nx * ny * sizeof(double));
    cudaMemcpy(d, x, nx * ny * sizeof(double), cudaMemcpyHostToDevice);
    grow_part<<<GRID, BLOCK>>>(nx, ny, d);
    grow_rest<<<1, 64>>>(d);
    cudaMemcpy(x, d, nx * ny * sizeof(double), cudaMemcpyDeviceToHost);
    cudaFree(d);
}
"""


@pytest.mark.parametrize(
    "grid, block",
    [
        ("(nx + 3) / 4", "dim3(4, 16)"),
        ("dim3((nx + 15) / 16, (ny + 7) / 8, 1)", "dim3(16, 8)"),
    ],
)
def test_checks_keep_a_port_right_for_empty_input(grid, block, tmp_path):
    text = EMPTY_HOST.replace("GRID", grid).replace("BLOCK", block)
    checked = check_calls(text)
    assert checked.count("if (coevolve_has_blocks(coevolve_grid))") == 1  # no other may be empty
    for each in (text, checked):
        verdict = verify(EMPTY, Program("cuda", "grow", each))
        assert verdict.outcome is Outcome.EQUIVALENT, verdict.detail
    if nvcc := shutil.which("nvcc"):
        (tmp_path / "grow.cu").write_text(checked)
        subprocess.run([nvcc, "-c", "grow.cu", "-o", "grow.o"], cwd=tmp_path, check=True)


def test_a_host_function_that_takes_no_checks_stays_and_is_named(monkeypatch):
    import coevolve.port.host_file as host_file
    from coevolve.cli.translate import Port, add_host_function
    from coevolve.verification.engine import get_shared_engine

    engine = get_shared_engine("emulated")
    verdict = verify(TOTAL, Program("cuda", "total", OWN_HOST))
    port = Port(TOTAL, OWN_HOST, verdict, Counter())
    done = add_host_function(port, engine)
    assert done.how.startswith("with a host function found with its kernels;")
    monkeypatch.setattr(host_file, "check_calls", lambda text: text.replace("s = 0.0", "s = 1.0"))
    left = add_host_function(port, engine)
    assert left.text == OWN_HOST and left.verdict == verdict
    assert "with a host function" in left.how and "without" not in left.how
    assert "unchecked" in left.how and "MISMATCH" in left.how


def test_a_name_that_is_taken_is_not_given_twice():
    taken = OWN_HOST.replace("double s = 0.0;", "double s = 0.0; double device_x = 1;")
    renamed = rename_invented(taken, "total")
    assert "cudaFree(v8)" in renamed and "cudaFree(device_s)" in renamed
    parameter = OWN_HOST.replace(
        "const double * x, double * v7)", "const double * x, double * v7, int s)"
    )
    assert "atomicAdd(v7" in rename_invented(parameter, "total")
