"""Directives by rule: which loops get one, with which clauses, and what of the text changes."""

import subprocess

import pytest

from translator.parallelize.directives import (
    InsertionError,
    insert,
    keep_certain,
    keep_outermost,
    plan_directives,
)

MIXED = """#include <math.h>
#define N 4
double g;
// doc
static inline void f(int n, double *x, double *s, double &out) { // head
  double t; int i, j;
  for (i = 0; i < n; i++) { /* loop */
    t = x[i] * 2 + g;
    x[i] = sqrt(t);
    *s += t; out += t;
  }
  for (int k = 0; k < N; k++) x[k] = 0;
  if (n > 2) for (j = 0; j < n; j++) x[j] += 1;
}
"""


def added(text, name, language="cpp", plan=None):
    """The lines that directives add to a text; the rest is as it was."""
    plan = plan or plan_directives(text, language, name)
    made = insert(text, language, name, plan)
    kept = [line for line in made.splitlines() if "omp" not in line.lower()]
    assert " ".join(" ".join(kept).split()) == " ".join(text.split())
    return [line.strip() for line in made.splitlines() if "omp" in line.lower()]


def test_comments_macros_and_signature_stay_and_references_are_reduced():
    assert added(MIXED, "f") == [
        "#pragma omp parallel for private(t) reduction(+:out, s[:1])",
        "#pragma omp parallel for",
    ]
    (serial,) = plan_directives(MIXED, "cpp", "f").serial
    assert serial.line == 12 and serial.reason == "it has 4 iterations"


def test_a_loop_that_needs_an_earlier_iteration_has_no_directive():
    text = "void f(int n, float *x) { for (int i = 1; i < n; i++) x[i] += x[i - 1]; }"
    assert plan_directives(text, "cpp", "f") is None


def test_text_with_directives_gets_no_more():
    text = (
        "void f(int n, float *x) {\n#pragma omp parallel for\nfor (int i = 0; i < n; i++) x[i]=1;}"
    )
    assert plan_directives(text, "cpp", "f") is None


def test_a_short_outer_loop_is_collapsed_with_the_long_one_inside():
    text = """void f(int n, float *x) {
  for (int k = 0; k < 4; k++)
    for (int i = 0; i < n; i++)
      x[k * n + i] *= 2;
}
"""
    assert added(text, "f") == ["#pragma omp parallel for collapse(2)"]


def test_the_outermost_loop_that_may_gets_the_directive():
    text = """void f(int n, int steps, const float *a, float *x) {
  for (int t = 0; t < steps; t++)
    for (int i = 0; i < n; i++)
      for (int j = 0; j <= i; j++)
        x[i * n + j] = x[i * n + j] * a[j] + t;
}
"""
    plan = plan_directives(text, "cpp", "f")
    assert [d.depth for d in plan.directives] == [1]
    assert added(text, "f") == ["#pragma omp parallel for schedule(static, 4)"]


def test_elements_that_many_iterations_update_are_reduced_or_atomic():
    text = """void f(int n, int m, const int *to, const double *a, double *x, double *h) {
  for (int i = 0; i < n; i++) {
    for (int j = 0; j < m; j++)
      x[j] += a[i * m + j];
  }
  for (int i = 0; i < n; i++)
    h[to[i]] += a[i];
}
"""
    assert added(text, "f") == [
        "#pragma omp parallel for reduction(+:x[:m])",
        "#pragma omp parallel for",
        "#pragma omp atomic",
    ]
    plan = plan_directives(text, "cpp", "f")
    assert keep_certain(plan) is None and keep_outermost(plan) is None


def test_a_histogram_is_counted_in_copies_where_its_length_is_known():
    text = """void f(int n, int bins, const float *t, int *count) {
  for (int b = 0; b < bins; b++) count[b] = 0;
  for (int i = 0; i < n; i++) {
    int b = (int)t[i];
    if (b >= 0 && b < bins) count[b]++;
  }
}
"""
    copied = plan_directives(text, "cpp", "f", copies=True)
    assert copied.directives[1].clauses == ("reduction(+:count[:bins])",)
    assert copied.needs_stack and "copy of `count[:bins]`" in " ".join(copied.assumptions)
    known = plan_directives(text.replace("bins", "256").replace("int 256, ", ""), "cpp", "f", True)
    assert known.directives[1].clauses == ("reduction(+:count[:256])",) and not known.needs_stack
    atomic = plan_directives(text, "cpp", "f")
    assert not atomic.needs_stack
    assert "#pragma omp atomic" in insert(text, "cpp", "f", atomic), "`++` has no value to read"
    unknown = "void f(int n, const int *t, int *h) { for (int i = 0; i < n; i++) h[t[i]]++; }\n"
    assert plan_directives(unknown, "cpp", "f", copies=True).directives[0].atomics


FIXED = """C     scale
      SUBROUTINE F(N, X, SUM_OF_ALL, LARGEST_OF_ALL)
      INTEGER N, I
      DOUBLE PRECISION X(N), SUM_OF_ALL, LARGEST_OF_ALL, TEMPORARY
      DO 10 I = 1, N
        TEMPORARY = X(I) * 2
        X(I) = TEMPORARY
        SUM_OF_ALL = SUM_OF_ALL + TEMPORARY
        LARGEST_OF_ALL = MAX(LARGEST_OF_ALL, TEMPORARY)
   10 CONTINUE
      END
"""


def test_fixed_form_stays_fixed_form(tmp_path):
    lines = added(FIXED, "f", "fortran")
    assert lines[0].startswith("!$OMP PARALLEL DO PRIVATE(TEMPORARY)")
    assert lines[1].startswith("!$OMP&") and lines[-1] == "!$OMP END PARALLEL DO"
    assert all(len(line) <= 72 for line in lines)
    file = tmp_path / "f.f"
    file.write_text(insert(FIXED, "fortran", "f", plan_directives(FIXED, "fortran", "f")))
    made = tmp_path / "f.o"
    subprocess.run(["gfortran", "-fopenmp", "-Wall", "-c", file, "-o", made], check=True)


MIXED_CASE = """SUBROUTINE f(n, X, total)
  INTEGER :: n, i, k, Jv
  REAL :: X(n + 1), total, Part
  DO k = 1, n
    Part = 0
    DO Jv = k, k + 1
      Part = Part + X(Jv)
    ENDDO
    total = total + Part
  ENDDO
END SUBROUTINE
"""


def test_names_keep_their_case_and_even_work_has_no_schedule():
    assert added(MIXED_CASE, "f", "fortran") == [
        "!$OMP PARALLEL DO PRIVATE(Part) REDUCTION(+:total)",
        "!$OMP END PARALLEL DO",
    ]


def test_long_clauses_go_on_in_free_form(tmp_path):
    names = [f"a_rather_long_name_{i}" for i in range(8)]
    text = "subroutine f(n, x)\n  integer :: n, i\n  real :: x(n)\n  real :: " + ", &\n    ".join(
        names
    )
    text += "\n  do i = 1, n\n" + "".join(f"    {name} = x(i) * 2\n" for name in names)
    text += "    x(i) = " + " + &\n      ".join(names) + "\n  end do\nend subroutine\n"
    made = insert(text, "fortran", "f", plan_directives(text, "fortran", "f"))
    assert max(map(len, made.splitlines())) <= 100 and "!$omp   a_" in made.replace(
        "omp  a", "omp   a"
    )
    file = tmp_path / "f.f90"
    file.write_text(made)
    subprocess.run(["gfortran", "-fopenmp", "-c", file, "-o", tmp_path / "f.o"], check=True)


def test_a_plan_is_inserted_where_the_loops_are_those_that_were_judged():
    judged = MIXED.replace("double g;\n", "").replace("&out)", "&out, double g)")
    plan = plan_directives(judged, "cpp", "f")
    assert insert(MIXED, "cpp", "f", plan, judged).count("#pragma omp") == 2
    with pytest.raises(InsertionError, match="line 7 was judged in another form"):
        insert(MIXED.replace("* 2", "* 3"), "cpp", "f", plan, judged)
    with pytest.raises(InsertionError, match="no function 'h'"):
        insert(MIXED, "cpp", "h", plan, judged)


def test_windows_line_ends_stay():
    text = MIXED.replace("\n", "\r\n")
    made = insert(text, "cpp", "f", plan_directives(text, "cpp", "f"))
    assert made.count("\n") == made.count("\r\n")


@pytest.mark.parametrize(
    ("head", "clauses", "stack"),
    [
        ("constexpr int kBins = 32;", ("reduction(+:bins[:kBins])",), False),
        ("static const int one = 16, kBins = 2 * one;", ("reduction(+:bins[:kBins])",), False),
        ("enum { kBins = 32 };", ("reduction(+:bins[:kBins])",), False),
        ("const int kBins = 3000000;", ("reduction(+:bins[:kBins])",), True),
        ("int kBins = 32;", (), False),
    ],
)
def test_a_histogram_of_constant_length_is_counted_in_copies(head, clauses, stack):
    text = (
        head
        + """
void count(int n, const int *x, int *bins) {
  for (int b = 0; b < kBins; b++) bins[b] = 0;
  for (int i = 0; i < n; i++)
    if (x[i] >= 0 && x[i] < kBins) bins[x[i]]++;
}
"""
    )
    plan = plan_directives(text, "cpp", "count", copies=True)
    assert plan.directives[1].clauses == clauses and plan.needs_stack == stack
    assert bool(plan.directives[1].atomics) == (not clauses)
