"""Sizes for which a text's launches, buffers, loops and floats suffice are read off its tree."""

from __future__ import annotations

import pytest

from corpora.records import Program
from gpu_runtime.launch.limits import FLOAT_DIGITS, find_limits

KERNEL = """__global__ void k(int n, int h, float *x) {
  int i = blockIdx.x * blockDim.x + threadIdx.x, j = blockIdx.y * blockDim.y + threadIdx.y;
  if (i < n && j < h) x[j * n + i] = 0;
}
"""
STRIDED = """__global__ void k(int n, int h, float *x) {
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x) x[i] = 0;
}
"""


def limits_of(text: str, dialect: str = "cuda") -> list[int]:
    return sorted(find_limits(Program(dialect, "f", text)))


@pytest.mark.parametrize(
    ("launch", "limits"),
    [
        ("k<<<256, 256>>>(n, h, x);", [65536]),
        ("const int b = 100; k<<<b, 2 * 32>>>(n, h, x);", [6400]),
        ("dim3 g(50, h), t(8, 32); g.y = 20; k<<<g, t>>>(n, h, x);", [400, 640, 256000]),
        ("k<<<(n + 255) / 256, 256>>>(n, h, x);", []),
        ("int g = (n + 127) / 128; if (g > 512) g = 512; k<<<g, 128>>>(n, h, x);", [65536]),
        ("int g = n / 64 + 1; g = g < 80 ? g : 80; k<<<g, 64>>>(n, h, x);", [5120]),
        ("k<<<min(n / 32 + 1, 99), 32>>>(n, h, x);", [3168]),
        ("k<<<dim3(n / 64 + 1, h), 64>>>(n, h, x);", [65535]),
        ("k<<<dim3(n / 64 + 1, min(h, 65535)), 64>>>(n, h, x);", [65535]),
        ("k<<<dim3(n / 16 + 1, (h + 15) / 16), dim3(16, 16)>>>(n, h, x);", []),
        ("float t[3000]; k<<<(n + 7) / 8, 8>>>(n, h, x);", [3000]),
        ("float *t = (float *)malloc(5000 * sizeof(float));", [5000]),
        ("float *t = (float *)malloc(n * sizeof(float));", []),
    ],
)
def test_launches_and_buffers(launch: str, limits: list[int]) -> None:
    found = limits_of(f"{KERNEL}void f(int n, int h, float *x) {{ {launch} }}")
    assert found == limits


def test_a_kernel_that_strides_suffices_for_all() -> None:
    assert limits_of(STRIDED + "void f(int n, float *x) { k<<<64, 256>>>(n, 1, x); }") == []


@pytest.mark.parametrize(
    ("body", "is_limited"),
    [
        ("int g = (int)ceilf(n / 256.0f);", True),
        ("int g = (int)ceil(n / 256.0);", False),
        ("float p = n; int g = p;", True),
        ("double p = n; int g = p;", False),
        ("int g = (int)(x[0] * n);", False),
        ("float s = 0; for (int i = 0; i < n; i++) s += 1; int g = (int)s;", True),
        ("float s = 0; for (int i = 0; i < n; i++) s += x[i]; int g = (int)s;", False),
    ],
)
def test_whole_numbers_in_floats(body: str, is_limited: bool) -> None:
    text = f"int f(int n, const float *x) {{ {body} return g; }}"
    assert (FLOAT_DIGITS in limits_of(text, "openmp")) is is_limited


def test_fortran_has_limits_too() -> None:
    text = """subroutine f(n, x)
  integer, intent(in) :: n
  integer, intent(inout) :: x(n)
  integer :: t(2000), i
  do i = 1, int({}(n) * 0.5)
    x(i) = 0
  end do
end subroutine
"""
    assert limits_of(text.format("real"), "openmp-fortran") == [2000, FLOAT_DIGITS]
    assert limits_of(text.format("dble"), "openmp-fortran") == [2000]


def test_parts_of_constant_number() -> None:
    text = """void f(int n, int *x) {
  #pragma omp parallel for
  for (int b = 0; b < 100; b++)
    for (int i = b * 512; i < (b + 1) * 512 && i < n; i++) x[i] = 0;
}
"""
    assert limits_of(text, "openmp") == [51200]
    assert limits_of(text.replace("b < 100", "b <= n / 512"), "openmp") == []
