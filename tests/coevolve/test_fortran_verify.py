"""Fortran as people write it, against C++ and CUDA: each construct keeps its meaning in both
directions, and a wrong target is seen.
"""

from __future__ import annotations

import pytest

from coevolve.verification.engine import Engine, Pair, VerifyConfig
from coevolve.verification.requests import make_single_pair
from corpora.extraction.extract import extract_programs
from corpora.records import Outcome, Program
from gpu_runtime.compile.toolchain import find_toolchain

pytestmark = pytest.mark.skipif(
    find_toolchain().gfortran is None, reason="gfortran is not installed"
)

PAIRS = {
    "fixed form, implicit types, labels": (
        "C     old\n      SUBROUTINE F(N, A, X)\n      DIMENSION X(N)\n      DO 10 I = 1, N\n  "
        "    IF (X(I) .LT. A) GO TO 10\n"
        "      X(I) = X(I)\n     &  - A\n   10 CONTINUE\n      END\n",
        "void f(int n, float a, float *x) { for (int i = 0; i < n; i++) if (!(x[i] < a)) x[i] "
        "= x[i] - a; }",
    ),
    "arithmetic if, computed goto, statement function": (
        "      SUBROUTINE F(N, X, K)\n      REAL*8 X(N), SQ, T\n      SQ(T) = T*T\n      DO 40 "
        "I = 1, N\n      IF (X(I)) 10, 20, 30\n"
        "   10 X(I) = -X(I)\n      GOTO 40\n   20 X(I) = 7\n      GOTO 40\n   30 X(I) = "
        "SQ(X(I))\n   40 CONTINUE\n"
        "      GO TO (50, 60), K\n      RETURN\n   50 K = 3\n      RETURN\n   60 K = 4\n      "
        "END\n",
        "void f(int n, double *x, int *k) { for (int i = 0; i < n; i++) x[i] = x[i] < 0 ? "
        "-x[i] : x[i] == 0 ? 7 : x[i] * x[i];"
        " if (*k == 1) *k = 3; else if (*k == 2) *k = 4; }",
    ),
    "lower bounds, parameter, kinds": (
        "subroutine f(n, x, y)\n integer, parameter :: dp = selected_real_kind(15), off = 2\n "
        "integer, intent(in) :: n\n real(dp), intent(in) :: x(0:n-1)\n"
        " real*8, intent(inout) :: y(-1:n)\n integer :: i\n do i = 0, n - 1\n y(i - 1) = x(i) "
        "* off + y(i + 1)\n end do\nend subroutine",
        "void f(int n, const double *x, double *y) { for (int i = 0; i < n; i++) y[i] = x[i] * "
        "2 + y[i + 2]; }",
    ),
    "array syntax, where, intrinsics": (
        "subroutine f(n, x, y, s)\n integer, intent(in) :: n\n real(8), intent(in) :: x(n)\n "
        "real(8), intent(inout) :: y(n)\n real(8), intent(out) :: s\n"
        " y = 2 * x + y\n where (y > 1)\n y = 1\n elsewhere (y < -1)\n y = -1\n end where\n s "
        "= sum(y) + count(y == 1)\nend subroutine",
        "void f(int n, const double *x, double *y, double *s) { double t = 0; int c = 0; for "
        "(int i = 0; i < n; i++) { y[i] = 2 * x[i] + y[i];"
        " if (y[i] > 1) y[i] = 1; else if (y[i] < -1) y[i] = -1; t += y[i]; c += y[i] == 1; } "
        "*s = t + c; }",
    ),
    "forall, do concurrent, two dimensions": (
        "subroutine f(n, m, a, b)\n integer, intent(in) :: n, m\n real, intent(in) :: a(n, m)\n"
        " real, intent(inout) :: b(m, n)\n integer :: i, j\n"
        " forall (i = 1:n, j = 1:m) b(j, i) = a(i, j) + i\n if (m > 0) then\n do concurrent (i = "
        "1:n)\n b(1, i) = b(1, i) * 2\n end do\n end if\nend subroutine",
        "void f(int n, int m, const float *a, float *b) { for (int i = 0; i < n; i++) { for "
        "(int j = 0; j < m; j++) b[i * m + j] = a[j * n + i] + (i + 1);"
        " if (m > 0) b[i * m] *= 2; } }",
    ),
    "elemental and contained procedures": (
        "subroutine f(n, x)\n integer, intent(in) :: n\n real(8), intent(inout) :: x(n)\n x = "
        "twice(x)\n call shift\ncontains\n"
        " elemental real(8) function twice(v)\n real(8), intent(in) :: v\n twice = 2 * v\n end "
        "function\n"
        " subroutine shift\n integer :: i\n do i = 1, n\n x(i) = x(i) + i\n end do\n end "
        "subroutine\nend subroutine",
        "void f(int n, double *x) { for (int i = 0; i < n; i++) x[i] = 2 * x[i] + (i + 1); }",
    ),
    "assumed size, select case, cycle and exit": (
        "subroutine f(n, k, x)\n implicit none\n integer :: n, k(*), i\n real :: x(*)\n outer: "
        "do i = 1, n\n select case (k(i))\n case (:-1)\n cycle outer\n"
        " case (0, 5)\n x(i) = 0\n case (90:)\n exit outer\n case default\n x(i) = x(i) + "
        "k(i)\n end select\n end do outer\nend subroutine",
        "void f(int n, const int *k, float *x) { for (int i = 0; i < n; i++) { if (k[i] < 0) "
        "continue; if (k[i] == 0 || k[i] == 5) x[i] = 0;"
        " else if (k[i] >= 90) break; else x[i] = x[i] + k[i]; } }",
    ),
    "complex": (
        "subroutine f(n, z, w)\n integer, intent(in) :: n\n complex(8), intent(inout) :: z(n)\n"
        " double complex, intent(in) :: w\n integer :: i\n do i = 1, n\n"
        " z(i) = conjg(z(i)) * w + cmplx(0d0, 1d0, 8)\n end do\nend subroutine",
        "struct pair { double re; double im; };\nvoid f(int n, pair *z, pair w) { for (int i = "
        "0; i < n; i++) { double a = z[i].re, b = -z[i].im;"
        " z[i].re = a * w.re - b * w.im; z[i].im = a * w.im + b * w.re + 1; } }",
    ),
    "complex result": (
        "pure function f(n, x) result(s)\n integer, intent(in) :: n\n complex, intent(in) :: "
        "x(n)\n complex :: s\n s = sum(x)\nend function",
        "struct c { float re, im; };\nc f(int n, const c *x) { c s = {0, 0}; for (int i = 0; i "
        "< n; i++) { s.re += x[i].re; s.im += x[i].im; } return s; }",
    ),
    "data, block, associate": (
        "      SUBROUTINE F(N,X)\n      REAL X(N), C(3)\n      DATA C /1.,2.,3./\n      DO 10 "
        "I=1,N\n      BLOCK\n      REAL T\n      T = X(I)*C(MOD(I,3)+1)\n"
        "      ASSOCIATE (Y => X(I))\n      Y = T\n      END ASSOCIATE\n      END BLOCK\n   10 "
        "CONTINUE\n      END\n",
        "void f(int n, float *x) { const float c[3] = {1, 2, 3}; for (int i = 0; i < n; i++) "
        "x[i] *= c[(i + 1) % 3]; }",
    ),
    "default logicals": (
        "subroutine f(n, x, m, any_set)\n integer, intent(in) :: n\n real, intent(in) :: x(n)\n"
        " logical, intent(inout) :: m(n)\n logical, intent(out) :: any_set\n"
        " m = m .neqv. x > 0\n any_set = any(m)\nend subroutine",
        "void f(int n, const float *x, bool *m, bool *any_set) { *any_set = false; for (int i "
        "= 0; i < n; i++) { m[i] = m[i] != (x[i] > 0); *any_set |= m[i]; } }",
    ),
    "procedure of a submodule": (
        "module m\n interface\n module subroutine f(n, x)\n integer, intent(in) :: n\n real, "
        "intent(inout) :: x(n)\n end subroutine\n end interface\nend module\n"
        "submodule (m) s\ncontains\n module subroutine f(n, x)\n integer, intent(in) :: n\n "
        "real, intent(inout) :: x(n)\n x = x + 1\n end subroutine\nend submodule\n",
        "void f(int n, float *x) { for (int i = 0; i < n; i++) x[i] += 1; }",
    ),
    "character flag": (
        "      SUBROUTINE F(UPLO, N, X)\n      CHARACTER UPLO\n      DOUBLE PRECISION X(N)\n   "
        "   IF (UPLO .EQ. 'U') THEN\n        DO 10 I = 1, N\n"
        "   10   X(I) = X(I) * 2\n      ELSE IF (UPLO .EQ. 'L') THEN\n        X(1) = X(N)\n    "
        "  END IF\n      END\n",
        "void f(char uplo, int n, double *x) { if (uplo == 'U') for (int i = 0; i < n; i++) "
        "x[i] *= 2; else if (uplo == 'L') x[0] = x[n - 1]; }",
    ),
    "optional arguments, recursion": (
        "subroutine f(n, x, s)\n integer, intent(in) :: n\n integer, intent(inout) :: x(n)\n "
        "integer, intent(in), optional :: s\n integer :: i\n do i = 1, n\n"
        " x(i) = fib(mod(abs(x(i)), 10))\n if (present(s)) x(i) = x(i) + s\n end do\ncontains\n"
        " recursive integer function fib(k) result(r)\n integer, intent(in) :: k\n r = k\n if "
        "(k > 1) r = fib(k - 1) + fib(k - 2)\n end function\nend subroutine",
        "int fib(int k) { return k > 1 ? fib(k - 1) + fib(k - 2) : k; }\nvoid f(int n, int *x, "
        "int s) { for (int i = 0; i < n; i++) x[i] = fib((x[i] < 0 ? -x[i] : x[i]) % 10) + s; }",
    ),
    "pointer to rows of run-time length, an extent of 0 included": (
        "subroutine f(n, m, a)\n integer, intent(in) :: n, m\n real(8), intent(inout) :: a(m, "
        "n)\n integer :: i, j\n do i = 1, n\n do j = 2, m\n"
        " a(j, i) = a(j - 1, i) + 1\n end do\n end do\nend subroutine",
        "void f(int n, int m, void *p) { double (*a)[m] = (double (*)[m])p; for (int i = 0; i "
        "< n; i++) for (int j = 1; j < m; j++) a[i][j] = a[i][j - 1] + 1; }",
    ),
    "integer(8), bit intrinsics, function result": (
        "function f(n, x) result(h)\n integer(8) :: h\n integer, intent(in) :: n\n integer(8), "
        "intent(in) :: x(n)\n integer :: i\n h = 17_8\n do i = 1, n\n"
        " h = ieor(h, iand(x(i), 255_8)) + ishft(h, -3)\n end do\nend function",
        "long f(int n, const long *x) { long h = 17; for (int i = 0; i < n; i++) h = (h ^ "
        "(x[i] & 255)) + (long)((unsigned long)h >> 3); return h; }",
    ),
}


TRANSPOSED = (
    "subroutine f(n, m, a, b)\n integer, intent(in) :: n, m\n real(8), intent(in) :: a(n, "
    "m)\n real(8), intent(inout) :: b(m, n)\n integer :: i, j\n"
    " do j = 1, m\n do i = 1, n\n b(j, i) = 2 * a(i, j) + b(j, i)\n end do\n end do\nend subroutine"
)
KERNEL = (
    "__global__ void NAME(int n, int m, const double *a, double *b) { int i = blockIdx.x * "
    "blockDim.x + threadIdx.x, j = blockIdx.y * blockDim.y + threadIdx.y;"
    " if (i < n && j < m) b[i * m + j] = 2 * a[j * n + i] + b[i * m + j]; }\n"
)
HOST = (
    'extern "C" void f(int n, int m, const double *a, double *b) { double *da, *db; size_t '
    "s = sizeof(double) * n * m; cudaMalloc((void **)&da, s);"
    " cudaMalloc((void **)&db, s); cudaMemcpy(da, a, s, cudaMemcpyHostToDevice); "
    "cudaMemcpy(db, b, s, cudaMemcpyHostToDevice);"
    " if (n > 0 && m > 0) { dim3 t(16, 16), g((n + 15) / 16, (m + 15) / 16); kernel<<<g, "
    "t>>>(n, m, da, db); }"
    " cudaMemcpy(b, db, s, cudaMemcpyDeviceToHost); cudaFree(da); cudaFree(db); }"
)
LOGICALS = (
    "subroutine f(n, x, m)\n integer, intent(in) :: n\n real, intent(in) :: x(n)\n "
    "logical, intent(inout) :: m(n)\n m = m .neqv. x > 0\nend subroutine"
)
COMPLEX = (
    "subroutine f(n, z)\n integer, intent(in) :: n\n complex(8), intent(inout) :: z(n)\n "
    "z = z + (1d0, -2d0)\nend subroutine"
)
ROW = "int i = blockIdx.x * blockDim.x + threadIdx.x; if (i < n)"
CUDA = {
    "kernel": (TRANSPOSED, KERNEL.replace("NAME", "f")),
    "host function with C linkage": (TRANSPOSED, KERNEL.replace("NAME", "kernel") + HOST),
    "logical as bool": (
        LOGICALS,
        f"__global__ void f(int n, const float *x, bool *m) {{ {ROW} m[i] = m[i] != (x[i] > 0); }}",
    ),
    "complex as double2": (
        COMPLEX,
        f"__global__ void f(int n, double2 *z) {{ {ROW} {{ z[i].x += 1; z[i].y -= 2; }} }}",
    ),
}


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    made = Engine(
        "emulated", VerifyConfig(mutants=0, tests=8), cache=tmp_path_factory.mktemp("cache")
    )
    pairs = [Pair(Program("fortran", "f", a), Program("cpp", "f", b)) for a, b in PAIRS.values()]
    made.prepare([*pairs, *(Pair(p.target, p.source) for p in pairs)])
    yield made
    made.close()


@pytest.mark.parametrize("construct", PAIRS)
def test_constructs_in_both_directions(engine, construct):
    fortran, cpp = (
        Program(d, "f", text) for d, text in zip(("fortran", "cpp"), PAIRS[construct], strict=True)
    )
    for pair in (Pair(fortran, cpp), Pair(cpp, fortran)):
        verdict = engine.verify(pair)
        assert verdict.outcome is Outcome.EQUIVALENT, (
            f"{pair.source.dialect}: {verdict.outcome} {verdict.detail}"
        )


@pytest.mark.parametrize(
    ("construct", "right", "wrong"),
    [
        ("lower bounds, parameter, kinds", "y[i + 2]", "y[i + 1]"),
        ("forall, do concurrent, two dimensions", "a[j * n + i]", "a[i * m + j]"),
        ("complex", "b * w.re + 1", "b * w.re"),
        ("character flag", "uplo == 'L'", "uplo == 'T'"),
        ("default logicals", "*any_set |= m[i]", "*any_set = m[i]"),
    ],
)
def test_wrong_targets_are_seen(engine, construct, right, wrong):
    fortran, cpp = PAIRS[construct]
    assert right in cpp
    verdict = engine.verify(
        Pair(Program("fortran", "f", fortran), Program("cpp", "f", cpp.replace(right, wrong)))
    )
    assert verdict.equivalent is False, f"{verdict.outcome} {verdict.detail}"


@pytest.mark.parametrize("name", CUDA)
def test_fortran_and_cuda_in_both_directions(engine, name):
    fortran, cuda = (
        Program(d, "f", text) for d, text in zip(("fortran", "cuda"), CUDA[name], strict=True)
    )
    for pair in (Pair(fortran, cuda), Pair(cuda, fortran)):
        verdict = engine.verify(pair)
        assert verdict.outcome is Outcome.EQUIVALENT, (
            f"{pair.source.dialect}: {verdict.outcome} {verdict.detail}"
        )


def test_memory_order_and_ints_for_logicals(engine):
    """Column-major stays column-major; LOGICAL may be an int of C, whose values stay apart from
    Fortran's.
    """
    wrong = Program(
        "cuda", "f", KERNEL.replace("NAME", "f").replace("a[j * n + i]", "a[i * m + j]")
    )
    assert (
        engine.verify(Pair(Program("fortran", "f", TRANSPOSED), wrong)).outcome is Outcome.MISMATCH
    )
    ints = (
        f"__global__ void f(int n, const float *x, int *m) {{ {ROW} m[i] = (m[i] != 0) != "
        f"(x[i] > 0); }}"
    )
    assert (
        engine.verify(Pair(Program("fortran", "f", LOGICALS), Program("cuda", "f", ints))).outcome
        is Outcome.EQUIVALENT
    )
    assert (
        engine.verify(
            Pair(
                Program("fortran", "f", LOGICALS),
                Program("cuda", "f", ints.replace("!= (x", "== (x")),
            )
        ).outcome
        is Outcome.MISMATCH
    )


VECTORS = (
    "subroutine f(a, x, y)\n real, intent(in) :: a, x(:)\n real, intent(inout) :: y(:)\n "
    "y = a * x + y\nend subroutine"
)
MATRICES = (
    "subroutine f(a, b)\n real, intent(in) :: a(:, :)\n real, intent(inout) :: b(:, :)\n "
    "integer :: i, j\n do i = 1, size(a, 1)\n do j = 1, size(a, 2)\n"
    " b(i, j) = a(i, j) * i + j\n end do\n end do\nend subroutine"
)
SIZED = (
    "void f(const float *a, float *b, int n, int m) { for (int i = 0; i < n; i++) for (int "
    "j = 0; j < m; j++) b[j * n + i] = a[j * n + i] * (i + 1) + (j + 1); }"
)


def test_extents_of_assumed_shape_arrays_reach_targets_that_ask(engine):
    """A C function must be told what `x(:)` knows; rows and columns differ, so that a transposed
    index is seen.
    """
    vectors, matrices = Program("fortran", "f", VECTORS), Program("fortran", "f", MATRICES)
    axpy = (
        f"__global__ void f(float a, const float *x, float *y, int n) {{ {ROW} y[i] = a * "
        f"x[i] + y[i]; }}"
    )
    assert engine.verify(Pair(vectors, Program("cuda", "f", axpy))).outcome is Outcome.EQUIVALENT
    assert engine.verify(Pair(matrices, Program("cpp", "f", SIZED))).outcome is Outcome.EQUIVALENT
    transposed = Program("cpp", "f", SIZED.replace("j * n + i", "i * m + j"))
    assert engine.verify(Pair(matrices, transposed)).equivalent is False


def test_assumed_shape_targets_need_a_shape(engine):
    declared = Program(
        "fortran",
        "f",
        MATRICES.replace("f(a, b)", "f(n, m, a, b)\n integer, intent(in) :: n, m").replace(
            "(:, :)", "(n, m)"
        ),
    )
    assert (
        engine.verify(Pair(declared, Program("openmp-fortran", "f", MATRICES))).outcome
        is Outcome.EQUIVALENT
    )
    cube = (
        "subroutine f(a, b)\n real, intent(in) :: a(:, :, :)\n real, intent(inout) :: b(:, "
        ":, :)\n b = a\nend subroutine"
    )
    for text in (MATRICES, cube):
        verdict = engine.verify(Pair(Program("cpp", "f", SIZED), Program("fortran", "f", text)))
        assert verdict.outcome is Outcome.COMPILE_ERROR and "shape" in verdict.detail


SHARED = """
module state
  integer, parameter :: m = 4
  real(8) :: table(m, 0:2), scale = 3d0
  integer, save :: calls = 0
end module
real(8) function value(i, j)
  use state
  implicit none
  integer, intent(in) :: i, j
  value = table(i, j) * scale
end function
subroutine f(n, x)
  use state, only: calls
  implicit none
  integer, intent(in) :: n
  real(8), intent(inout) :: x(n)
  real(8), external :: value
  integer :: i
  common /weights/ w
  real(8) :: w
  do i = 1, n
    x(i) = x(i) + w * value(mod(i, 4) + 1, mod(i, 3))
  end do
  calls = calls + 1
end subroutine
"""
SHARED_CPP = """
static double table[3][4], scale = 3;
static int calls;
double w;
static double value(int i, int j) { return table[j][i - 1] * scale; }
void f(int n, double *x) { for (int i = 1; i <= n; i++) x[i - 1] += w * value(i % 4 + 1, i % 3); \
calls++; }
"""


def test_shared_data_becomes_arguments_on_both_sides(engine):
    """Module variables, COMMON and globals are inputs and outputs: a target that forgets to count
    is seen.
    """
    (fortran,) = [p for p in extract_programs(SHARED, "fortran").programs if p.name == "f"]
    (cpp,) = [p for p in extract_programs(SHARED_CPP, "cpp").programs if p.name == "f"]
    for pair in (Pair(fortran, cpp), Pair(cpp, fortran)):
        verdict = engine.verify(pair)
        assert verdict.outcome is Outcome.EQUIVALENT, (
            f"{pair.source.dialect}: {verdict.outcome} {verdict.detail}"
        )
    forgets = Program("cpp", "f", cpp.text.replace("calls++;", ""))
    assert engine.verify(Pair(fortran, forgets)).detail.startswith("calls")


def test_questions_lift_shared_data_on_both_sides(engine):
    """`coevolve verify` takes files as they are; a suite written for the bare parameters keeps
    them.
    """
    count = (
        "subroutine f(n)\n integer :: n, total\n common /sums/ total\n total = total + n\n"
        "end subroutine"
    )
    counts = "static int total;\nvoid f(int n) { total += n; }"
    pair = make_single_pair(count, "fortran", counts, "cpp")
    assert engine.verify(pair).outcome is Outcome.EQUIVALENT, pair.source.text
    assert (
        engine.verify(make_single_pair(count, "fortran", counts.replace("+=", "-="), "cpp")).outcome
        is Outcome.MISMATCH
    )
    assert "common" in make_single_pair(count, "fortran", counts, "cpp", "n:i32=3").source.text
    assert (
        "common"
        not in make_single_pair(count, "fortran", counts, "cpp", "n:i32=3 total:i32=4").source.text
    )
    stateful = "void f(int *x) { static int calls; x[0] = 1; }"
    assert (
        make_single_pair("void f(int *x) { x[0] = 1; }", "cpp", stateful, "cpp").target.text
        == stateful
    )


GEMV = """      SUBROUTINE DGEMVX(TRANS, M, N, A, LDA, X, Y)
*     y := y + op(A) x
      CHARACTER TRANS
      INTEGER M, N, LDA, INFO, I, J
      DOUBLE PRECISION A(LDA,*), X(*), Y(*)
      LOGICAL LSAME
      EXTERNAL LSAME, XERBLA
      INFO = 0
      IF (.NOT.LSAME(TRANS,'N') .AND. .NOT.LSAME(TRANS,'T')) THEN
          INFO = 1
      ELSE IF (LDA.LT.MAX(1,M)) THEN
          INFO = 5
      END IF
      IF (INFO.NE.0) THEN
          CALL XERBLA('DGEMVX',INFO)
          RETURN
      END IF
      DO 20 J = 1,N
          DO 10 I = 1,M
              IF (LSAME(TRANS,'N')) THEN
                  Y(I) = Y(I) + A(I,J)*X(J)
              ELSE
                  Y(J) = Y(J) + A(I,J)*X(I)
              END IF
   10     CONTINUE
   20 CONTINUE
      END
"""
GEMV_CPP = (
    "void dgemvx(char trans, int m, int n, const double *a, int lda, const double *x, "
    "double *y) { bool plain = trans == 'N' || trans == 'n';"
    " for (int j = 0; j < n; j++) for (int i = 0; i < m; i++) if (plain) y[i] += a[j * lda "
    "+ i] * x[j]; else y[j] += a[j * lda + i] * x[i]; }"
)


def test_blas_flags_and_their_helpers(engine):
    """LSAME and XERBLA come with it; arguments that XERBLA refuses do not count; a flag that is
    taken for the other is seen.
    """
    (source,) = extract_programs(GEMV, "fortran").programs
    right = engine.verify(Pair(source, Program("cpp", "dgemvx", GEMV_CPP)))
    assert right.outcome is Outcome.EQUIVALENT, right.detail
    wrong = GEMV_CPP.replace("trans == 'N' || trans == 'n'", "true")
    verdict = engine.verify(Pair(source, Program("cpp", "dgemvx", wrong)))
    # With m = 1 it reads beyond x before it gives other values.
    assert verdict.outcome in (Outcome.MISMATCH, Outcome.MEMORY_ERROR), verdict.detail
