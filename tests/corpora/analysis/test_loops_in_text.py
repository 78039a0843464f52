"""Verdicts on loops in C++ and Fortran: pointers, aliases, sections, lower bounds, traps."""

import pytest

from corpora.analysis.accesses import facts_of
from corpora.analysis.bounds import array_bounds
from corpora.analysis.constants import constants_of, narrow_counters
from corpora.analysis.cuda_index import kernel_facts
from corpora.analysis.guards import guards_at
from corpora.analysis.parallel import classify_loops
from corpora.frontends.c_family import parse_c_family
from corpora.frontends.fortran import parse_fortran
from corpora.ir import Assign, Function, Name, find

C_LOOPS = {
    # name: (text, kinds of the last function's loops)
    "stepping pointers": (
        "void f(double *a, const double *b, int n) { double *p = a; "
        "for (int i = 0; i < n; i++) *p++ = *b++; }",
        ["parallel"],
    ),
    "pointer is the counter": (
        "void f(float *a, int n) { for (float *p = a; p < a + n; ++p) *p = 0; }",
        ["parallel"],
    ),
    "pointer and its neighbour": (
        "void f(float *a, int n) { for (float *p = a; p < a + n; ++p) *p = p[1]; }",
        ["carried"],
    ),
    "two pointers into one": (
        "void f(double *a, int n, int k) { double *p = a, *q = a + k; "
        "for (int i = 0; i < n; i++) p[i] = q[i]; }",
        ["carried"],
    ),
    "two halves of one": (
        "void f(double *a, int n) { double *p = a, *q = a + n; "
        "for (int i = 0; i < n; i++) p[i] = q[i]; }",
        ["parallel"],
    ),
    "row pointers": (
        "void f(double *a, int n, int m) { for (int i = 0; i < n; i++) { double *r = a + i * m; "
        "for (int j = 0; j < m; j++) r[j] = 1; } }",
        ["parallel", "parallel"],
    ),
    "pointers swapped": (
        "void f(double *a, double *b, int n, int t) { for (int s = 0; s < t; s++) { "
        "for (int i = 1; i < n - 1; i++) b[i] = a[i - 1] + a[i + 1]; "
        "double *q = a; a = b; b = q; } }",
        ["unsupported", "unsupported"],
    ),
    "2-D array": (
        "void f(double a[][16], int n) { for (int i = 0; i < n; i++) "
        "for (int j = 1; j < 16; j++) a[i][j] = a[i][j - 1] * 2 + 1; }",
        ["parallel", "carried"],
    ),
    "members": (
        "struct P { double x, y; }; void f(P *p, int n) { for (int i = 1; i < n; i++) "
        "p[i].x = p[i - 1].y; }",
        ["parallel"],
    ),
    "same member": (
        "struct P { double x, y; }; void f(P *p, int n) { for (int i = 1; i < n; i++) "
        "p[i].x = p[i - 1].x * 2; }",
        ["carried"],
    ),
    "pure helper": (
        "static double g(double x) { return x * x; } void f(double *a, int n) { "
        "for (int i = 0; i < n; i++) a[i] = g(a[i]); }",
        ["parallel"],
    ),
    "helper with a counter": (
        "static int c; static double g(double x) { c++; return x; } "
        "void f(double *a, int n) { for (int i = 0; i < n; i++) a[i] = g(a[i]); }",
        ["unsupported"],
    ),
    "helper reads what the loop writes": (
        "double t[100]; double g(int i) { return t[i]; } void f(int n) { "
        "for (int i = 1; i < n; i++) t[i] = g(i - 1); }",
        ["unsupported"],
    ),
    "helper reads its array": (
        "static double g(const double *x, int i) { return x[i - 1]; } void f(double *a, int n) { "
        "for (int i = 1; i < n; i++) a[i] = g(a, i); }",
        ["unsupported"],
    ),
    "static local": (
        "void f(double *a, int n) { for (int i = 0; i < n; i++) { static double s = 0; s = s * 2 "
        "+ a[i]; a[i] = s; } }",
        ["carried"],
    ),
    "unsigned never below zero": (
        "void f(double *a, unsigned n) { for (unsigned i = n; i >= 0; i--) a[i] = 0; }",
        ["unsupported"],
    ),
    "down to zero": (
        "void f(double *a, unsigned n) { for (unsigned i = n; i-- > 0;) a[i] = 0; }",
        ["parallel"],
    ),
    "narrow counter": (
        "void f(double *a, int n) { for (unsigned char i = 0; i < n; i++) a[i] = 0; }",
        ["unsupported"],
    ),
    "narrow index": (
        "void f(double *a, int n) { for (int i = 0; i < n; i++) "
        "{ unsigned char k = i; a[k] = i; } }",
        ["unsupported"],
    ),
    "cast index": (
        "void f(double *a, int n) { for (int i = 0; i < n; i++) a[(unsigned char)i] = i; }",
        ["unsupported"],
    ),
    "float index": (
        "void f(double *a, int n) { for (int i = 0; i < n; i++) a[(int)(i * 0.5)] = i; }",
        ["unsupported"],
    ),
    "not equal": (
        "void f(double *a, int n) { for (int i = 0; i != n; ++i) a[i] = 0; }",
        ["parallel"],
    ),
    "bound in the middle": (
        "void f(double *a, int n) { for (int i = 0; 2 + 1 > 0 && i < n; ++i) a[i] = 0; }",
        ["unsupported"],
    ),
    "hidden name": (
        "void f(double *a, int n) { double t = 0; for (int i = 0; i < n; ++i) { t = a[i]; "
        "{ double t = 1; a[i] = t; } } }",
        ["parallel"],
    ),
    "sign that turns": (
        "void f(double *a, int n) { double w[1]; double x = 1; for (int i = 0; i < n; ++i) { "
        "x = a[i]; if (x > 0) w[0] = x; x = -x; if (x > 0) a[i] = w[0]; } }",
        ["carried"],
    ),
    "address taken": (
        "void f(double *a, int n) { double t = 0; double *p = &t; "
        "for (int i = 0; i < n; ++i) { *p += a[i]; } a[0] = t; }",
        ["unsupported"],
    ),
    "goto": (
        "void f(double *a, int n) { for (int i = 0; i < n; ++i) { again: a[i] = a[i] / 2; "
        "if (a[i] > 1) goto again; } }",
        ["unsupported"],
    ),
    "count by position": (
        "int f(const double *a, double *o, int n) { int k = 0; for (int i = 0; i < n; ++i) "
        "if (a[i] > 0) o[k++] = a[i]; return k; }",
        ["scan"],
    ),
    "sum of a reference": (
        "void f(const double *a, double &s, int n) { for (int i = 0; i < n; ++i) s += a[i]; }",
        ["reduction"],
    ),
    "do while": (
        "void f(double *a, int n) { int i = 0; do { a[i] = 0; i++; } while (i < n); }",
        ["unsupported"],
    ),
    "switch": (
        "void f(double *a, const int *k, int n) { for (int i = 0; i < n; ++i) switch (k[i]) { "
        "case 0: a[i] = 1; break; case 1: a[i] = 2; break; default: a[i] = 3; } }",
        ["parallel"],
    ),
    "macro of a loop": (
        "#define LOOP(i, n) for (int i = 0; i < (n); ++i)\n"
        "void f(double *a, int n) { LOOP(i, n) a[i] = 0; }",
        ["parallel"],
    ),
    "integer product": (
        "void f(int *a, int n) { int s = 1; for (int i = 0; i < n; ++i) { s *= a[i]; s /= 2; } "
        "a[0] = s; }",
        ["carried"],
    ),
}

FORTRAN_LOOPS = {
    "lower bound": (
        "real(8), intent(inout) :: a(-2:n)",
        "do i = -1, n\n a(i) = a(i - 1) * 2 + 1\nend do",
        ["carried"],
    ),
    "column": (
        "real(8), intent(inout) :: a(n, n)",
        "do i = 1, n\n a(:, i) = a(:, i) * 2\nend do",
        ["parallel"],
    ),
    "next column": (
        "real(8), intent(inout) :: a(n, n)",
        "do i = 2, n\n a(:, i) = a(:, i - 1) * 2 + 1\nend do",
        ["carried"],
    ),
    "sections apart": (
        "real(8), intent(inout) :: a(n, n)",
        "do i = 1, n\n a(1:3, i) = a(4:6, 1)\nend do",
        ["parallel"],
    ),
    "sections that meet": (
        "real(8), intent(inout) :: a(n, n)",
        "do i = 1, n\n a(1:4, i) = a(4:7, 1)\nend do",
        ["carried"],
    ),
    "private vector": (
        "real(8), intent(inout) :: a(3, n)",
        "do i = 1, n\n d = a(:, i)\n a(1, i) = d(2) + d(3)\nend do",
        ["parallel"],
    ),
    "cycle": (
        "real(8), intent(inout) :: a(n)",
        "do i = 1, n\n if (a(i) < 0) cycle\n a(i) = sqrt(a(i))\nend do",
        ["parallel"],
    ),
    "exit": (
        "real(8), intent(inout) :: a(n)",
        "do i = 1, n\n if (a(i) < 0) exit\n a(i) = sqrt(a(i))\nend do",
        ["unsupported"],
    ),
    "sum": (
        "real(8), intent(inout) :: a(n)",
        "t = 0\ndo i = 1, n\n t = t + a(i)\nend do\na(1) = t",
        ["reduction"],
    ),
    "maximum": (
        "real(8), intent(inout) :: a(n)",
        "t = a(1)\ndo i = 1, n\n t = max(t, a(i))\nend do\na(1) = t",
        ["reduction"],
    ),
    "down": (
        "real(8), intent(inout) :: a(n)",
        "do i = n, 2, -1\n a(i) = a(i - 1)\nend do",
        ["carried"],
    ),
    "step by 2": (
        "real(8), intent(inout) :: a(n)",
        "do i = 2, n, 2\n a(i) = a(i - 1)\nend do",
        ["parallel"],
    ),
    "unknown step": (
        "real(8), intent(inout) :: a(n)",
        "do i = 1, n, k\n a(i) = 0\nend do",
        ["unsupported"],
    ),
    "call": (
        "real(8), intent(inout) :: a(n)",
        "do i = 1, n\n call g(a(i))\nend do",
        ["unsupported"],
    ),
    "print": (
        "real(8), intent(inout) :: a(n)",
        "do i = 1, n\n print *, a(i)\nend do",
        ["unsupported"],
    ),
    "where": (
        "real(8), intent(inout) :: a(n, n)",
        "do i = 1, n\n where (a(:, i) > 0) a(:, i) = 1\nend do",
        ["parallel"],
    ),
    "saved": (
        "real(8), intent(inout) :: a(n)\nreal(8), save :: s",
        "do i = 1, n\n if (a(i) > 0) s = a(i)\n a(i) = s\nend do",
        ["carried"],
    ),
}


def loops_of(unit) -> list:
    function = list(find(unit.items, Function))[-1]
    return [verdict for _, verdict in classify_loops(function, unit)]


@pytest.mark.parametrize("name", C_LOOPS)
def test_c(name: str) -> None:
    text, expected = C_LOOPS[name]
    verdicts = loops_of(parse_c_family(text, "cpp"))
    shown = [(v.kind, [str(r) for r in v.reasons]) for v in verdicts]
    assert [v.kind for v in verdicts] == expected, shown


@pytest.mark.parametrize("name", FORTRAN_LOOPS)
def test_fortran(name: str) -> None:
    declared, body, expected = FORTRAN_LOOPS[name]
    text = (
        f"subroutine f(a, n, k)\ninteger, intent(in) :: n, k\n{declared}\n"
        f"real(8) :: t, d(3)\ninteger :: i\n{body}\nend subroutine\n"
    )
    verdicts = loops_of(parse_fortran(text))
    shown = [(v.kind, [str(r) for r in v.reasons]) for v in verdicts]
    assert [v.kind for v in verdicts] == expected, shown


ALIASES = {
    "double *a, double *b": True,
    "double *a, const double *b": True,
    "double *a, float *b": False,
    "double *restrict a, double *b": False,
    "double *__restrict__ a, double *b": False,
    "int *a, unsigned *b": True,
    "int *a, char *b": True,
}


@pytest.mark.parametrize("parameters", ALIASES)
def test_overlap(parameters: str) -> None:
    text = f"void f({parameters}, int n) {{ for (int i = 0; i < n; i++) a[i] = b[i]; }}"
    (verdict,) = loops_of(parse_c_family(text, "cpp"))
    assert verdict.kind == "parallel"
    assert bool(verdict.assumptions) == ALIASES[parameters]


def test_bounds() -> None:
    text = (
        "void f(double *a, const double *b, const int *k, int n, int m) {"
        " for (int i = 1; i < n - 1; i++) for (int j = 0; j < m; j++)"
        " a[i * m + j] = b[(i + 1) * m + j]; for (int i = 0; i < n; i++) a[k[i]] = 0; }"
    )
    unit = parse_c_family(text, "cpp")
    bounds = {b.array: b for b in array_bounds(next(find(unit.items, Function)), unit)}
    assert str(bounds["b"].extent()) == "m*n"
    assert str(bounds["b"].lower) == "2*m"
    assert str(bounds["k"].extent()) == "n"
    assert bounds["a"].extent() is None and bounds["a"].reason.code == "NO_BOUND"


def test_constants() -> None:
    text = (
        "#define TILE 16\nconst int LIMIT = 64 * 1024;\nint f(int n, short s, char c) {"
        " for (int i = 0; i < 7; i++) n++; if (n > LIMIT || 3 <= n) return n % 12;"
        " switch (c) { case 'x': return 1; } short t = s; for (t = 0; t < n; t++) n--;"
        " return n < 4.5; }"
    )
    unit = parse_c_family(text, "cpp")
    found = {(c.value, c.role, c.operator) for c in constants_of(unit.items)}
    assert {(65536, "comparison", ">"), (3, "comparison", ">="), (12, "modulus", "%")} <= found
    assert {(16, "macro", ""), (ord("x"), "label", "=="), (4.5, "comparison", "<")} <= found
    assert [c.in_loop_head for c in constants_of(unit.items) if c.value == 7] == [True]
    assert [d.name for d in narrow_counters(next(find(unit.items, Function)))] == ["t"]


def test_guards() -> None:
    text = (
        "void f(int *a, int n, int k) { if (n < 0) return; if (k) { n = 3; } else { a[0] = k; } }"
    )
    function = next(find(parse_c_family(text, "cpp").items, Function))
    wanted = [s for s in find(function.body, Assign) if not isinstance(s.target, Name)][0]
    shown = [(c.holds, c.fixed) for c in guards_at(function.body, wanted)]
    assert shown == [(False, False), (False, True)]  # n changes, k does not


KERNEL = """
#define TID (blockIdx.x*blockDim.x+threadIdx.x)
#define TILE 16
__global__ void k(float *a, const float *b, int n, int w) {
    __shared__ float s[TILE][TILE + 1];
    extern __shared__ double d[];
    int i = TID;
    int row = blockIdx.y * TILE + threadIdx.y;
    __syncthreads();
    if (i >= n || row >= w) return;
    __syncthreads();
    for (int j = i; j < n; j += blockDim.x * gridDim.x) a[j] = b[j] + s[0][0];
}
"""


def test_kernel() -> None:
    unit = parse_c_family(KERNEL, "cuda")
    facts = kernel_facts(next(find(unit.items, Function)), unit)
    assert facts.linear("x") and facts.linear("y") and not facts.linear("z")
    assert facts.axes[0].grid_size and not facts.axes[2].thread
    limits = {(str(g.index), str(g.limit)) for g in facts.guards}
    assert ("blockDim.x*blockIdx.x + threadIdx.x", "n - 1") in limits
    assert ("16*blockIdx.y + threadIdx.y", "w - 1") in limits
    (stride,) = facts.strides
    assert stride.whole_grid and str(stride.step) == "blockDim.x*gridDim.x"
    assert [(s.name, s.bytes(), s.dynamic) for s in facts.shared] == [
        ("s", 16 * 17 * 4, False), ("d", None, True)
    ]  # fmt: skip
    assert [b.divergent for b in facts.barriers] == [False, True]
    assert facts.block_constants == (("y", 16),)


def test_facts_name_what_is_unknown() -> None:
    unit = parse_c_family("void f(int n) { for (int i = 0; i < n; i++) g(i); }", "cpp")
    facts = facts_of(next(find(unit.items, Function)), unit)
    assert [e.reason.code for e in facts.effects] == ["CALL"]
    assert facts.effects[0].reason.names == ("g",)


def test_a_macro_defined_in_a_function_hides_no_access() -> None:
    text = "void f(int n, int *a) {\n#define LAST (n - 1)\nint k = LAST; a[k] = 0; }"
    unit = parse_c_family(text, "cpp")
    facts = facts_of(next(find(unit.items, Function)), unit)
    ((index,),) = [access.indices for access in facts.accesses]
    assert index is not None and {symbol.name for symbol in index.variables()} == {"n"}


def test_equal_loops_have_verdicts_of_their_own() -> None:
    loop = "for (int i = 0; i < n; i++) { a[i] = t; t = a[i + n]; }"
    text = f"void f(double *a, int n) {{ double t = 0; {loop} if (n > 0) {{ t = 1; {loop} }} }}"
    unit = parse_c_family(text, "cpp")
    again = parse_c_family(text + " ", "cpp")
    for tree in (unit, again):
        assert [v.kind for v in loops_of(tree)] == ["carried", "carried"]


def test_array_of_a_bound_address_is_followed() -> None:
    text = (
        "void f(const double *b, double *c, const int *k, int n, int m) {"
        " for (int i = 0; i < n; i++) { const double *r = &b[k[i] * m];"
        " for (int j = 0; j < m; j++) c[i * m + j] += r[j]; } }"
    )
    assert [v.kind for v in loops_of(parse_c_family(text, "cpp"))] == ["parallel", "parallel"]
