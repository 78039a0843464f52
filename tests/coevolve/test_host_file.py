"""Host functions round verified kernels: equivalent as a whole, and nvcc takes them."""

import shutil
import subprocess

import pytest

from coevolve.cli.main import main
from coevolve.port.host_file import HostFileError, make_host_file
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
    "source, said",
    [
        ("int shift(const int *x, int n) { return x[n - 1]; }", "returns a value"),
        (
            "void shift(const int *p, int *x, int n) { for (int i = 0; i < n; i++) x[p[i]] = 1; }",
            "size of 'x'",
        ),
        ("void shift(float **x, int n) { for (int i = 0; i < n; i++) x[i][0] = 1; }", "'x'"),
    ],
)
def test_what_has_no_host_function_says_why(source, said):
    kernel = "__global__ void shift(int n) {}"
    with pytest.raises(HostFileError, match=said):
        make_host_file(Program("cpp", "shift", source), kernel, "grid=1,1,1 block=64,1,1")


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
