"""Branch coverage of Fortran: sides that no test takes are counted as not taken."""

import pytest

from corpora.records import Program, UnitTestSuite
from corpora.signatures.signature import read_signature
from corpora.suites.unit_tests import parse_suite
from gpu_runtime.compile.toolchain import find_toolchain
from gpu_runtime.emulation.backend import EmulatedBackend
from tester.mutation.branches import (
    build_counter,
    list_coverage_requests,
    measure_branch_coverage,
)
from tester.mutation.schemata import count_sides
from tester.validity import validate_suite

pytestmark = pytest.mark.skipif(
    find_toolchain().gfortran is None, reason="gfortran is not installed"
)
TEXT = """subroutine f(n, x)
  implicit none
  integer, intent(in) :: n
  real, intent(inout) :: x(n)
  integer :: i
  i = 1
  do while (i <= n)
    if (x(i) > &
        0) then
      x(i) = 1
    else if (x(i) < -100) then
      x(i) = 2
    end if
    if (n > 3) x(i) = x(i) + 1
    i = i + 1
  end do
end subroutine
"""


@pytest.fixture(scope="module")
def backend(tmp_path_factory):
    made = EmulatedBackend(tmp_path_factory.mktemp("cache"))
    yield made
    made.close()


@pytest.mark.parametrize(
    ("tests", "share"),
    [
        ("n=2 x[2]={3,-1}", 6 / 8),  # never: x < -100, n > 3
        ("n=2 x[2]={3,-1}\nn=4 x[4]={1,-1,-200,3}", 1.0),
    ],
)
def test_sides_taken(backend, tests, share):
    program = Program("fortran", "f", TEXT)
    signature = read_signature(program)
    suite = UnitTestSuite(program.id, parse_suite(tests, signature), "user")
    expectations = validate_suite(program, signature, suite, backend).expectations
    assert measure_branch_coverage(expectations, backend) == pytest.approx(share)


def test_labels_formats_and_arithmetic_ifs():
    text = (
        "      SUBROUTINE F(N)\n      IF (N) 10, 20, 20\n   10 IF (N .EQ. ICHAR('(')) N = 1\n"
        "   20 CONTINUE\n      END\n"
    )
    program = Program("fortran", "f", text)
    counted, signature = build_counter(program, read_signature(program))
    assert count_sides(program) == 2 and [p.name for p in signature.parameters][2:] == ["n"]
    assert "10 IF (branches_note(logical(N .EQ. ICHAR('(')), 0)) N = 1" in counted.text


FORMS = {
    "a directive before the first statement": (
        "openmp-fortran",
        """subroutine f(n, x)
  integer, intent(in) :: n
  real, intent(inout) :: x(n)
  integer :: i
  data i /1/
  !$omp parallel do
  do i = 1, n
    if (x(i) > 0) x(i) = 1
  end do
end subroutine
""",
    ),
    "fixed form, a full row, an inner procedure": (
        "fortran",
        """      SUBROUTINE F(N, X)
      INTEGER N
      REAL X(N)
      IF (X(1) .GT. 0 .AND. X(N) .LT. 10000.0 .AND. LARGE(X(N) + X(1)))
     &  X(1) = 1
      CONTAINS
      LOGICAL FUNCTION LARGE(V)
      REAL V
      LARGE = V .GT. 10
      END FUNCTION
      END
""",
    ),
    "assumed shapes, a mask, a kind of logical": (
        "fortran",
        """module m
contains
subroutine f(n, x)
  integer, intent(in) :: n
  real, intent(inout) :: x(:)
  logical(1) :: done
  done = n > 3
  where (x > 0) x = 0
  if (done) then
    x(1) = 2
  end if
end subroutine
end module
""",
    ),
}


@pytest.mark.parametrize("name", FORMS)
def test_the_counting_program_compiles(backend, name):
    program = Program(FORMS[name][0], "f", FORMS[name][1])
    (request,) = list_coverage_requests(program, read_signature(program))
    (compiled,) = backend.compile([request])
    assert compiled.ok, compiled.diagnostics
