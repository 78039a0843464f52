"""Mistakes that show only if combined numbers have different signs, or equal ones."""

from __future__ import annotations

import pytest

SCALED = (
    "void f(int n, int gain, int bias, unsigned char *x) {{ {0}\nfor (int i = 0; i < n; "
    "i++) {{ int v = {1} + bias; x[i] = v < 0 ? 0 : v > 255 ? 255 : v; }} }}"
)
FASTEST = """real(8) function f(n, u, c, dx)
  integer, intent(in) :: n
  real(8), intent(in) :: u(n), c(n), dx
  f = dx / maxval(abs(u) + c)
end function"""
IN_PARTS = """real(8) function f(n, u, c, dx)
  integer, intent(in) :: n
  real(8), intent(in) :: u(n), c(n), dx
  real(8) :: m
  integer :: i
  m = {0}
  !$omp parallel do reduction(max:m)
  do i = 1, n
    m = max(m, abs(u(i)) + c(i))
  end do
  f = dx / m
end function"""
FARTHEST = """double f(int n, const double *a, const double *b) {{ double m = {0};
#pragma omp parallel for reduction(min:m)
for (int i = 0; i < n; i++) if (a[i] - b[i] * b[i] < m) m = a[i] - b[i] * b[i];
return m; }}"""
PARALLEL = "\n#pragma omp parallel for"
CASES = {
    "a quotient below nought": (
        SCALED.format("", "x[i] * gain / 16"),
        SCALED.format(PARALLEL, "x[i] * gain / 16"),
        True,
    ),
    "a quotient below nought rounded down": (
        SCALED.format("", "x[i] * gain / 16"),
        SCALED.format(PARALLEL, "(x[i] * gain >> 4)"),
        False,
    ),
    "a largest value": (FASTEST, IN_PARTS.format("-huge(m)"), True),
    "a largest value that is below nought": (FASTEST, IN_PARTS.format("0.0d0"), False),
    "a least value": (
        FARTHEST.format("1e300").replace("#pragma omp parallel for reduction(min:m)\n", ""),
        FARTHEST.format("1e300"),
        True,
    ),
    "a least value that begins at a guess": (
        FARTHEST.format("1e300").replace("#pragma omp parallel for reduction(min:m)\n", ""),
        FARTHEST.format("99"),
        False,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_verdict(name, verdicts):
    verdict = verdicts[name]
    assert verdict.equivalent is CASES[name][2], f"{verdict.outcome}: {verdict.detail}"
