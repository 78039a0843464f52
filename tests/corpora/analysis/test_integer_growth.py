"""Degrees of what is computed in 32 bits and stored, read off the tree."""

import pytest

from corpora.analysis.integer_growth import find_growth
from corpora.frontends.c_family import parse_c_family
from corpora.frontends.fortran import parse_fortran

LOOP = "void f(int n, int m, double *x, int *k) { for (int i = 0; i < n; i++) { %s } }"


@pytest.mark.parametrize(
    ("body", "degree"),
    [
        ("x[i] = i * i;", 2),
        ("x[i] = (double)(i * i);", 2),
        ("x[i] = (double)i * i;", 0),
        ("x[i] = (long long)i * i * i;", 0),
        ("x[i] = i * i * (long long)i;", 2),
        ("x[i] = i * (i + 1) * m;", 3),
        ("int t = i * m; x[i] = sqrt(t);", 2),
        ("long long t = (long long)i * m; k[i] = t;", 2),
        ("x[i * n + m] = i;", 0),
        ("int t = i * n + m; x[t] = x[t + 1] * 2.0;", 0),
        ("if (i * i < n) x[i] = 1;", 0),
        ("x[i] = (i * i) % 7;", 2),
        ("x[i] = (i * 7919) % 1000;", 0),
        ("x[i] = k[i] * k[i];", 0),
        ("int s = 0; for (int j = 0; j < i; j++) s += j; x[i] = s;", 2),
        ("int s = 0; for (int j = 0; j < i; j++) s = s + j * j; x[i] = s;", 3),
        ("int c = 0; for (int j = 0; j < i; j++) c += k[j] > 0; x[i] = c;", 0),
        ("for (int j = i; j < n; j += m) x[j] = j;", 0),
    ],
)
def test_what_is_stored_counts(body: str, degree: int) -> None:
    assert find_growth(parse_c_family(LOOP % body, "cpp"), "f") == degree


def test_a_thread_number_is_one_factor() -> None:
    text = (
        "__device__ int place(int i, int n) { return i * n; }\n"
        "__global__ void f(int n, unsigned *t, double *x) {\n"
        "  int i = blockIdx.x * blockDim.x + threadIdx.x;\n"
        "  for (; i < n; i += gridDim.x * blockDim.x) { %s }\n}"
    )

    def grow(body: str) -> int:
        return find_growth(parse_c_family(text % body, "cuda"), "f")

    assert grow("x[i] = i * 2;") == 0
    assert grow("x[place(i, n)] = i;") == 0
    assert grow("x[i] = place(i, n);") == 2
    assert grow("atomicAdd(t, i);") == 2
    assert grow("atomicAdd(&t[0], 1);") == 0


def test_only_the_entry_returns_to_its_caller() -> None:
    text = "int at(int i, int n) { return i * n; } int f(int n) { return n + 1; }"
    assert find_growth(parse_c_family(text, "cpp"), "f") == 0
    assert find_growth(parse_c_family(text, "cpp"), "at") == 2


def test_fortran_converts_by_functions() -> None:
    text = """subroutine f(n, y)
  integer, intent(in) :: n
  real(8), intent(out) :: y(n)
  integer :: i
  do i = 1, n
    y(i) = {}
  end do
end subroutine
"""
    degrees = {"dble(i) * dble(i)": 0, "dble(i * i)": 2, "i ** 3": 3, "int(i, 8) * i": 0}
    for value, degree in degrees.items():
        assert find_growth(parse_fortran(text.format(value)), "f") == degree, value
