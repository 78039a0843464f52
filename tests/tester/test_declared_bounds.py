"""Fortran says how long an array is into which others lead: their numbers stay within it."""

from __future__ import annotations

import pytest

from coevolve.verification.engine import Engine, VerifyConfig
from coevolve.verification.requests import make_single_pair
from corpora.records import Outcome

GATHER = """subroutine gather(ne, nn, e1, e2, phi, g)
  implicit none
  integer, intent(in) :: ne, nn, e1(ne), e2(ne)
  real(8), intent(in) :: phi(nn)
  real(8), intent(out) :: g(ne)
  integer :: k
  do k = 1, ne
    g(k) = phi(e2(k)) - phi(e1(k))
  end do
end subroutine
"""
CORNERS = """subroutine area(ne, nn, con, xy, a)
  integer, intent(in) :: ne, nn
  integer, intent(in) :: con(3, ne)
  real(8), intent(in) :: xy(2, nn)
  real(8), intent(out) :: a(ne)
  integer :: e, i, j
  do e = 1, ne
    i = con(1, e)
    j = con(3, e)
    a(e) = xy(1, i) * xy(2, j) - xy(2, i) * xy(1, j)
  end do
end subroutine
"""
FROM_ZERO = """subroutine hist(n, nb, bin, h)
  integer, intent(in) :: n, nb, bin(n)
  integer, intent(inout) :: h(0:nb-1)
  integer :: i
  do i = 1, n
    h(bin(i)) = h(bin(i)) + 1
  end do
end subroutine
"""
PERMUTED = """subroutine permute(n, perm, x, y)
  integer, intent(in) :: n, perm(n)
  real, intent(in) :: x(n)
  real, intent(out) :: y(n)
  integer :: i
  do i = 1, n
    y(perm(i)) = x(i)
  end do
end subroutine
"""
ASSEMBLED = """subroutine assemble(ne, nn, conn, fe, f)
  integer, intent(in) :: ne, nn, conn(4, ne)
  real(8), intent(in) :: fe(4, ne)
  real(8), intent(inout) :: f(nn)
  integer :: e, k
  do e = 1, ne
    do k = 1, 4
      f(conn(k, e)) = f(conn(k, e)) + fe(k, e)
    end do
  end do
end subroutine
"""


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    made = Engine("emulated", VerifyConfig(mutants=0), cache=tmp_path_factory.mktemp("cache"))
    yield made
    made.close()


@pytest.mark.parametrize("source", [GATHER, CORNERS, FROM_ZERO, PERMUTED, ASSEMBLED])
def test_indices_stay_within_what_they_lead_into(engine, source):
    pair = make_single_pair(source, "fortran", source, "openmp-fortran")
    validation = engine.expectations(pair.source)
    assert validation.valid
    assert len(validation.expectations.suite.tests) >= 12
    assert len(validation.dropped) <= 1


def test_a_race_between_elements_that_share_a_node_is_found(engine):
    port = ASSEMBLED.replace(
        "  do e = 1, ne\n", "  !$omp parallel do private(k) schedule(dynamic, 8)\n  do e = 1, ne\n"
    )
    pair = make_single_pair(ASSEMBLED, "fortran", port, "openmp-fortran")
    assert engine.verify(pair).outcome is Outcome.RACE
    guarded = port.replace("      f(conn", "      !$omp atomic\n      f(conn", 1)
    pair = make_single_pair(ASSEMBLED, "fortran", guarded, "openmp-fortran")
    assert engine.verify(pair).outcome is Outcome.EQUIVALENT


def test_written_contents_are_as_long_as_the_size_says(engine):
    """A histogram's tests hold as many bins as its size says, whatever the values lead to."""
    source = """void count(const int *len, int n, int *hist, int most) {
    for (int i = 0; i < n; ++i) {
        int l = len[i];
        if (l < 0) continue;
        if (l > most) l = most;
        hist[l]++;
    }
}
"""
    port = """#include <vector>
void count(const int *len, int n, int *hist, int most) {
    if (most < 0 || n <= 0) return;
    #pragma omp parallel
    {
        std::vector<int> mine(most + 1, 0);
        #pragma omp for nowait
        for (int i = 0; i < n; ++i)
            if (len[i] >= 0) mine[len[i] > most ? most : len[i]]++;
        #pragma omp critical
        for (int l = 0; l <= most; ++l) hist[l] += mine[l];
    }
}
"""
    assert engine.verify(make_single_pair(source, "cpp", port, "openmp")).outcome is (
        Outcome.EQUIVALENT
    )
