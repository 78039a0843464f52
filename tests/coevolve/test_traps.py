"""Texts that only a tree reads right, each verified: the right port passes, the wrong one does not.

What a pattern would misread stands in the target, and mostly in the source too: macros round an
index or a loop, brackets where they close nothing, names that look like something else.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from coevolve.verification.engine import Engine, Pair, VerifyConfig
from corpora.records import Outcome, Program

DOUBLED = "void f(int n, const float *x, float *y) { for (int i = 0; i < n; i++) y[i] = 2 * x[i]; }"
KERNEL = "__global__ void f(int n, const float *x, float *y)"
INDEX = "int i = blockIdx.x * blockDim.x + threadIdx.x;"


@dataclass(frozen=True, slots=True)
class Trap:
    """A source, and a port that `wrong` makes wrong: old text, new text. outcome: of the latter."""

    source: str
    target: str
    wrong: tuple[str, str]
    outcome: Outcome = Outcome.MISMATCH
    dialects: tuple[str, str] = ("cpp", "cuda")

    def pair(self, right: bool) -> Pair:
        assert self.target.count(self.wrong[0]) == 1
        text = self.target if right else self.target.replace(*self.wrong)
        one, other = self.dialects
        return Pair(Program(one, "f", self.source), Program(other, "f", text), None)


FORTRAN = ("fortran", "openmp-fortran")
USERS = """subroutine f(n, y)
  type user
    real :: x
  end type
  integer :: n, i
  real :: y(n)
  type(user) :: users(8)
  do i = 1, 8
    users(i)%x = i
  end do
  {directive}do i = 1, n
    y(i) = y(i) + users(mod(i - 1, 8) + 1)%x
  end do
end subroutine
"""
FIXED = """      SUBROUTINE F(N, A, S)
C     a comment with an apostrophe: don't ( [ {{
      INTEGER N, I
      DOUBLE PRECISION A(N), S(1),
     &  T
      T = 0
{directive}      DO 10 I = 1, N
        T = T + A(I) * 2
     1    - A(I)
   10 CONTINUE
      S(1) = T
      END
"""
NAMES = """void f(int n, const float *x, float *y) {{
  int used = 2; float cin = 1;
  {directive}for (int i = 0; i < n; i++) {{ float cout = x[i]; y[i] = used * cout + cin; }}
}}
"""
SHADOW = """void f(int n, float *x) {{
  {directive}for (int i = 0; i < n; i++) {{ float n = x[i]; x[i] = n * n; }}
}}
"""
STRING = """void f(int n, const float *x, float *y) {{
  const char *url = "http://a{{b";
  {directive}for (int i = 0; i < n; i++) y[i] = url[5] == '/' ? x[i] + 1 : x[i]; // "
}}
"""
PARALLEL = "\n#pragma omp parallel for\n"

TRAPS = {
    "an index in a macro": Trap(
        DOUBLED,
        "#define TID (blockIdx.x*blockDim.x+threadIdx.x)\n"
        f"{KERNEL} {{ if (TID < n) y[TID] = 2 * x[TID]; }}",
        ("TID < n", "TID < n - 1"),
    ),
    "a component of users(i)": Trap(
        USERS.format(directive=""),
        USERS.format(directive="!$omp parallel do\n  "),
        ("mod(i - 1, 8)", "mod(i, 8)"),
        dialects=FORTRAN,
    ),
    "locals called used and cin": Trap(
        NAMES.format(directive=""),
        NAMES.format(directive=PARALLEL),
        ("+ cin", "- cin"),
        dialects=("cpp", "openmp"),
    ),
    "a macro round a loop": Trap(
        "#define EACH(i, n) for (int i = 0; i < (n); ++i)\n"
        "void f(int n, const float *x, float *y) { EACH(k, n) y[k] = 2 * x[k]; }",
        "#define EACH(i, n) for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < (n); "
        f"i += gridDim.x * blockDim.x)\n{KERNEL} {{ EACH(k, n) y[k] = 2 * x[k]; }}",
        ("i = blockIdx.x", "i = 1 + blockIdx.x"),
    ),
    "brackets in comments and strings": Trap(
        DOUBLED,
        f'{KERNEL} {{ /* }} */ const char *s = "}}{{)"; // {{ (\n {INDEX}\n'
        "  if (i < n && s[0] == '}') y[i] = 2 * x[i]; }",
        ("s[0]", "s[1]"),
    ),
    "a comment that goes on in the next line": Trap(
        DOUBLED,
        f"{KERNEL} {{ {INDEX}\n  if (i < \\\n  n) {{ y[i] = 2 * x[i]; // not yet \\\n"
        "    y[i] = 0;\n  }\n}",
        ("not yet \\", "not yet"),
    ),
    "branches of the preprocessor in a function": Trap(
        DOUBLED,
        f"{KERNEL} {{ {INDEX}\n  if (i < n) {{\n#ifdef __CUDACC__\n    y[i] = 2 * x[i];\n#else\n"
        "    y[i] = x[i]; {\n#endif\n  }\n}",
        ("#ifdef", "#ifndef"),
        Outcome.COMPILE_ERROR,
    ),
    "nested brackets of templates": Trap(
        DOUBLED,
        "template <class T> struct Box { T in; };\n"
        "template <class T> __device__ T twice(Box<Box<T>> b) { return b.in.in + b.in.in; }\n"
        f"{KERNEL} {{ {INDEX} Box<Box<float>> b;\n"
        "  if (i < n) { b.in.in = x[i]; y[i] = twice<float>(b); } }",
        ("+ b.in.in", "* b.in.in"),
    ),
    "fixed-form Fortran": Trap(
        FIXED.format(directive=""),
        FIXED.format(directive="C$OMP PARALLEL DO\nC$OMP& REDUCTION(+:T)\n"),
        ("C$OMP& REDUCTION(+:T)", "C     REDUCTION(+:T)"),
        Outcome.RACE,
        FORTRAN,
    ),
    "a macro that hides threadIdx": Trap(
        DOUBLED,
        "#define LANE threadIdx\n#define AT(b) (b.x * blockDim.x + LANE.x)\n"
        f"{KERNEL} {{ if (AT(blockIdx) < n) y[AT(blockIdx)] = 2 * x[AT(blockIdx)]; }}",
        ("LANE.x)", "LANE.x + 1)"),
    ),
    "a typedef that hides a pointer": Trap(
        "typedef float *vec; typedef const float *cvec;\n"
        "void f(int n, cvec x, vec y) { for (int i = 0; i < n; i++) y[i] = 2 * x[i]; }",
        "typedef float *vec; typedef const float *cvec;\n"
        f"__global__ void f(int n, cvec x, vec y) {{ {INDEX} if (i < n) y[i] = 2 * x[i]; }}",
        ("i < n", "i <= n"),
        Outcome.MEMORY_ERROR,
    ),
    "a local that shadows a parameter": Trap(
        SHADOW.format(directive=""),
        SHADOW.format(directive=PARALLEL),
        ("n * n", "n * i"),
        dialects=("cpp", "openmp"),
    ),
    "a string with //": Trap(
        STRING.format(directive=""),
        STRING.format(directive=PARALLEL),
        ("url[5]", "url[4]"),
        dialects=("cpp", "openmp"),
    ),
}


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    made = Engine("emulated", VerifyConfig(tests=6, mutants=0), tmp_path_factory.mktemp("verdicts"))
    made.prepare([trap.pair(right) for trap in TRAPS.values() for right in (True, False)])
    yield made
    made.close()


@pytest.mark.parametrize("name", TRAPS)
def test_a_right_port_passes_and_a_wrong_one_does_not(name, engine):
    trap = TRAPS[name]
    right = engine.verify(trap.pair(True))
    assert right.outcome is Outcome.EQUIVALENT, right.detail
    wrong = engine.verify(trap.pair(False))
    assert wrong.outcome is trap.outcome, wrong.detail


def test_a_kernel_whose_index_is_a_macro_is_launched_with_a_thread_for_each_element(engine):
    launch = engine.verify(TRAPS["an index in a macro"].pair(True)).launch
    assert "grid=ceil(n/" in launch and "block=1," not in launch
