"""Host functions of CUDA ports that Fortran calls, and the interface that it calls them by."""

import subprocess

import pytest

from coevolve.cli.main import main
from coevolve.port.fortran_interface import (
    make_callable_from_fortran,
    make_interface,
    quote_interface,
)
from coevolve.port.host_arguments import HostFileError
from coevolve.port.host_file import make_host_file
from coevolve.verification.engine import Pair, get_shared_engine
from corpora.records import Program
from translator.normalize.fortran.convert import convert_to_cpp

SWEEP = """subroutine sweep(n, alpha, u, v, steps, keep)
  implicit none
  integer, intent(in) :: n
  real(8), intent(in) :: alpha
  real(8), intent(in) :: u(n, n)
  real(8), intent(inout) :: v(n, n)
  integer(8), intent(inout) :: steps
  logical, intent(in) :: keep(n)
  integer :: i, j
  steps = steps + 1
  do j = 2, n - 1
    if (.not. keep(j)) cycle
    do i = 2, n - 1
      v(i, j) = u(i, j) + alpha * (u(i - 1, j) + u(i + 1, j) + u(i, j - 1) + u(i, j + 1))
    end do
  end do
end subroutine sweep
"""
CALLER = """program caller
  use, intrinsic :: iso_c_binding
  use original
  use sweep_cuda, only: on_device => sweep
  implicit none
  integer, parameter :: n = 5
  real(8) :: u(n, n), v(n, n), w(n, n)
  integer(8) :: steps = 3, others = 3
  logical :: keep(n) = [.true., .true., .false., .true., .true.]
  integer :: i
  u = reshape([(i * 0.5d0, i = 1, n * n)], [n, n])
  v = -1
  w = -1
  call on_device(n, 0.25d0, u, v, steps, logical(keep, c_bool))
  call sweep(n, 0.25d0, u, w, others, keep)
  print *, count(v /= w), steps - others, steps, any(v > 0)
end program
"""


def test_fortran_calls_by_the_interface(tmp_path):
    """The serial form in C++ stands for the host function: both have one signature."""
    source = Program("fortran", "sweep", SWEEP)
    port = make_callable_from_fortran(convert_to_cpp(source).text, "sweep")
    texts = {
        "sweep.cpp": port,
        "sweep.f90": f"module original\ncontains\n{SWEEP}end module\n",
        "interface.f90": make_interface(source, port),
        "caller.f90": CALLER,
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    build = "g++ -c sweep.cpp -o cpp.o && gfortran -Wall interface.f90 sweep.f90 caller.f90 cpp.o"
    subprocess.run(f"{build} -o caller", shell=True, check=True, cwd=tmp_path)
    said = subprocess.run(["./caller"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert said.stdout.split() == ["0", "0", "4", "T"]


MATVEC = """subroutine matvec(a, x, y)
  implicit none
  real(4), intent(in) :: a(:,:), x(:)
  real(4), intent(inout) :: y(:)
  integer :: i, j
  do i = 1, size(a, 1)
    do j = 1, size(a, 2)
      y(i) = y(i) + a(i, j) * x(j)
    end do
  end do
end subroutine
"""
ROWS = """__global__ void matvec(const float *a, const float *x, float *y, int rows, int columns) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < rows) for (int j = 0; j < columns; j++) y[i] += a[j * rows + i] * x[j];
}
"""


@pytest.mark.parametrize("wrong", [False, True])
def test_the_whole_file_is_judged(wrong):
    source = Program("fortran", "matvec", MATVEC)
    launch = "grid=ceil(rows/64),1,1 block=64,1,1"
    text = make_host_file(source, ROWS, launch)
    assert 'extern "C" void matvec(' in text
    assert make_callable_from_fortran(text, "matvec") == text
    if wrong:
        text = text.replace("cudaMemcpy(y, device_y", "cudaMemcpy(y, device_x")
    text = quote_interface(text, make_interface(source, text))
    verdict = get_shared_engine().verify(Pair(source, Program("cuda", "matvec", text)))
    assert verdict.equivalent is not wrong, verdict.detail


def test_what_fortran_cannot_call_is_said():
    source = Program(
        "fortran", "turn", "subroutine turn(n, z)\ninteger, intent(in) :: n\n"
        "complex(8), intent(inout) :: z(n)\ninteger :: i\ndo i = 1, n\nz(i) = -z(i)\nend do\n"
        "end subroutine\n",
    )  # fmt: skip
    kernel = "__global__ void turn(int n, double2 *z) {}"
    with pytest.raises(HostFileError, match=r"its Fortran in C\+\+"):
        make_host_file(source, kernel, "grid=1,1,1 block=1,1,1")
    with pytest.raises(HostFileError, match="no host function 'turn'"):
        make_callable_from_fortran(kernel, "turn")
    port = '#include <cuComplex.h>\nextern "C" void turn(int n, cuDoubleComplex *z) {}'
    with pytest.raises(HostFileError, match="'z' has no type in Fortran that C shares"):
        make_interface(source, port)


def test_translate_writes_the_interface_beside_the_port(tmp_path, capsys):
    (tmp_path / "scale.f90").write_text(
        "subroutine scale(n, a, x)\n  integer, intent(in) :: n\n  real(8), intent(in) :: a\n"
        "  real(8), intent(inout) :: x(n)\n  integer :: i\n  do i = 1, n\n    x(i) = a * x(i)\n"
        "  end do\nend subroutine\n"
    )
    out = tmp_path / "scale.cu"
    words = ["translate", str(tmp_path / "scale.f90"), "--to", "cuda", "--host", "--out", str(out)]
    assert main(words) == 0, capsys.readouterr().err
    interface = (tmp_path / "scale.cu.interface.f90").read_text()
    assert interface.startswith("module scale_cuda\n") and "value :: a" in interface
    assert 'extern "C" void scale(int n, double a, double *x)' in out.read_text()
    subprocess.run(
        ["gfortran", "-fsyntax-only", "-Wall", "-Werror", "scale.cu.interface.f90"],
        cwd=tmp_path, check=True,
    )  # fmt: skip
