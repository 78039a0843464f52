"""No vacuous verdicts: what passes tests that say too little is undecided, never EQUIVALENT.

For every rule of the gate there is a wrong pair, which must not be accepted, and a right one, which
must be.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from coevolve.verification.engine import Engine, Pair, VerifyConfig
from coevolve.verification.gate import pass_gate
from corpora.records import Blame, Outcome, Program, Verdict
from tester.adequacy import LEAST_STRENGTH, find_gap
from tester.kept_state import may_keep_state

LOOP = "#pragma omp parallel for\n for (int i = 0; i < n; i++) "
COMPARE = "int f(const unsigned char *a, const unsigned char *b, int n) "
EQUAL = "#include <cstring>\n" + COMPARE + "{ return memcmp(a, b, n) == 0; }"
MISMATCHES = (
    "#pragma omp parallel for reduction(+:d)\n for (int i = 0; i < %s; i++) d += a[i] != b[i];"
)
TEXTS = (
    "#include <cstring>\nint f(const char *s, const char *t, int n) "
    "{ return strncmp(s, t, n) == 0; }"
)
TEXTS_PORT = (
    "int f(const char *s, const char *t, int n) {{ for (int i = 0; i < n; i++) {{ "
    "if (s[i] != t[i]) return 0; if ({}) return 1; }} return 1; }}"
)
SEARCH = (
    "#include <cstring>\nint f(const char *s, char c, int n) { const char *p = (const char *)"
    "memchr(s, c, n); return p ? (int)(p - s) : -1; }"
)
SEARCH_PORT = (
    "int f(const char *s, char c, int n) {{ int at = n;\n#pragma omp parallel for reduction(min:at)"
    "\nfor (int i = 0; i < {}; i++) if (s[i] == c && i < at) at = i;\nreturn at < n ? at : -1; }}"
)
LENGTH = "#include <cstring>\nvoid f(const char *s, int *out) { out[0] = (int)strlen(s); }"
LENGTH_PORT = "void f(const char *s, int *out) {{ int k = 0; while (s[k] {}) k++; out[0] = k; }}"


def fortran(declared: str, result: str, body: str, more: str = "") -> str:
    return (
        "subroutine f(a, n, m, r)\n integer, intent(in) :: n, m\n"
        f" {declared}\n {result}\n integer :: i, j\n{body}\nend subroutine\n{more}"
    )


def row_port(
    start: str, step: str, upper: str = "m", declared: str = "real(8)", r: str = ""
) -> str:
    return fortran(
        f"{declared}, intent(in) :: a(n, *)",
        r or "real(8), intent(out) :: r(n)",
        f"!$omp parallel do\n do i = 1, n\n  {start}\n  do j = 1, {upper}\n   {step}\n  end do\n"
        " end do",
    )


ROWS = "real(8), intent(in) :: a(n, *)"
REALS, WHOLE = "real(8), intent(out) :: r(n)", "integer, intent(out) :: r(n)"
MAXVAL = fortran(ROWS, REALS, " r = maxval(a(:, 1:m), dim=2)")
MINLOC = fortran(ROWS, WHOLE, " r = minloc(a(:, 1:m), dim=2)")
NORM = fortran(ROWS, REALS, " r = norm2(a(:, 1:m), dim=2)")
COUNT = fortran("logical, intent(in) :: a(n, *)", WHOLE, " r = count(a(:, 1:m), dim=2)")
RESHAPE = fortran(
    "real(8), intent(in) :: a(*)",
    "real(8), intent(out) :: r(m, n)",
    " r = reshape(a(1:n*m), [m, n], order=[2, 1])",
)
SPREAD = fortran(
    "real(8), intent(in) :: a(*)", "real(8), intent(out) :: r(n, m)", " r = spread(a(1:n), 2, m)"
)


def turned(index: str) -> str:
    return fortran(
        "real(8), intent(in) :: a(*)",
        "real(8), intent(out) :: r(m, n)",
        "!$omp parallel do\n do j = 1, n\n  do i = 1, m\n"
        f"   r(i, j) = a({index})\n  end do\n end do",
    )


def spreading(index: str) -> str:
    return fortran(
        "real(8), intent(in) :: a(*)",
        "real(8), intent(out) :: r(n, m)",
        "!$omp parallel do\n do j = 1, m\n  do i = 1, n\n"
        f"   r(i, j) = a({index})\n  end do\n end do",
    )


LARGER, SMALLER = "r(i) = max(r(i), a(i, j))", "if (a(i, j) < a(i, r(i))) r(i) = j"
LARGEST = "r(i) = -huge(r(i))"
SQUARE = fortran(
    ROWS,
    REALS,
    "!$omp parallel do\n do i = 1, n\n  r(i) = 0\n  do j = 1, m\n   r(i) = r(i) + a(i, j)**2\n"
    "  end do\n  r(i) = sqrt(r(i))\n end do",
)
TRUE = {"declared": "logical", "r": WHOLE}

LIBRARY = {
    "memcmp": (
        EQUAL,
        COMPARE + "{ int d = 0;\n" + MISMATCHES % "n" + "\nreturn d == 0; }",
        COMPARE + "{ int d = 0;\n" + MISMATCHES % "n - 1" + "\nreturn d == 0; }",
    ),
    "std::equal": (
        EQUAL.replace("<cstring>", "<algorithm>").replace(
            "memcmp(a, b, n) == 0", "std::equal(a, a + n, b)"
        ),
        COMPARE + "{ int d = 0;\n" + MISMATCHES % "n" + "\nreturn d == 0; }",
        COMPARE + "{ return 0; }",
    ),
    "strncmp": (TEXTS, TEXTS_PORT.format("!s[i]"), TEXTS_PORT.format("i > 1")),
    "memchr": (SEARCH, SEARCH_PORT.format("n"), SEARCH_PORT.format("n / 2")),
    "strlen": (LENGTH, LENGTH_PORT.format("!= 0"), LENGTH_PORT.format("> 0 && k < 200")),
    "maxval": (MAXVAL, row_port(LARGEST, LARGER), row_port(LARGEST, LARGER, "m - 1")),
    "minloc": (
        MINLOC,
        row_port("r(i) = min(1, m)", SMALLER, r=WHOLE),
        row_port("r(i) = min(1, m)", SMALLER, "m - 1", r=WHOLE),
    ),
    "norm2": (NORM, SQUARE, SQUARE.replace("sqrt(r(i))", "r(i)")),
    "count": (
        COUNT,
        row_port("r(i) = 0", "if (a(i, j)) r(i) = r(i) + 1", **TRUE),
        row_port("r(i) = 0", "if (.not. a(i, j)) r(i) = r(i) + 1", **TRUE),
    ),
    "reshape": (RESHAPE, turned("(i - 1) * n + j"), turned("(j - 1) * m + i")),
    "spread": (SPREAD, spreading("i"), spreading("min(i, j)")),
}
"""source, a right port, a wrong one."""

MULTIPLY = "void f(const float *x, float *y, int n) { for (int i = 0; i < n; i++) y[i] = %s; }"
PARALLEL = "void f(const float *x, float *y, int n) {\n" + LOOP + "y[i] = %s; }"
HASHED = (
    "void f(const unsigned *x, const float *c, float *y, int n) { unsigned h = 7; for (int i = 0; "
    "i < n; i++) h = (h ^ x[i]) * 16777619u; for (int i = 0; i < n; i++) y[i] = %s; }"
)
TWO = (
    "void f(const float *x, float *y, float *z, int n) { for (int i = 0; i < n; i++) "
    "{ y[i] = 2 * x[i]; %s } }"
)
THREE = (
    "void f(const float *x, const float *c, float *y, int n) {%s for (int i = 0; i < n; i++) "
    "y[i] = 2 * x[i]; }"
)

GATED = {
    "an input that no test reads": (
        HASHED % "h == 0x9e3779b9u ? c[i] : 1",
        HASHED % "1",
        "no test reads 'c'",
    ),
    "an input of which nothing depends": (
        "void f(const float *x, const float *c, float *y, int n) { float m = 0; for (int i = 0; "
        "i < n; i++) { y[i] = 2 * x[i]; m = c[i] > m ? c[i] : m; } if (m < 0) y[0] = 1; }",
        THREE % "",
        "no output changes with 'c'",
    ),
    "all NaN": (
        MULTIPLY % "sqrtf(-1 - x[i] * x[i])",
        PARALLEL % "0 * sqrtf(-1 - x[i] * x[i])",
        "is NaN",
    ),
    "an output that stays": (TWO % "z[i] = z[i] * 1.0f;", TWO % "", "no test changes 'z'"),
    "an output of which only zeros' signs change": (
        TWO % "z[i] = z[i] + 0.0f;",
        TWO % "",
        "no test changes 'z'",
    ),
}
"""source, a port that is not right, words of the reason."""

ACCEPTED = {
    "an input that a branch reads": (
        HASHED % "x[i] % 2 ? c[i] : 1",
        HASHED % "x[i] % 2 ? c[i] : 1",
    ),
    "NaN at times": (
        MULTIPLY % "sqrtf(x[i])",
        PARALLEL % "sqrtf(x[i])",
    ),
    "two outputs": (TWO % "z[i] += 1.0f;", TWO % "z[i] += 1.0f;"),
    "sizes that must be equal": (
        "void f(const float *x, float *y, int n, int m) { if (n != m) return; for (int i = 0; "
        "i < n; i++) y[i] = x[i] * m; }",
        "void f(const float *x, float *y, int n, int m) { if (n == m) {\n"
        + LOOP
        + "y[i] = x[i] * n; } }",
    ),
    "an array that is set before it is read": (
        "void f(const float *x, float *y, int n) { for (int i = 0; i < n; i++) { y[i] = 0; for "
        "(int j = 0; j < n; j++) y[i] += x[j] * i; } }",
        "void f(const float *x, float *y, int n) {\n"
        + LOOP
        + "{ float s = 0; for (int j = 0; j < n; j++) s += x[j] * i; y[i] = s; } }",
    ),
    "seven sizes": (
        "void f(const float *x, float *y, int a, int b, int c, int d, int e, int g, int h) { for "
        "(int i = 0; i < a + b + c + d + e + g + h; i++) y[i] = x[i] * (a - b + c - d + e - g); }",
        "void f(const float *x, float *y, int a, int b, int c, int d, int e, int g, int h) {\n"
        "#pragma omp parallel for\nfor (int i = 0; i < a + b + c + d + e + g + h; i++) "
        "y[i] = x[i] * (a - b + c - d + e - g); }",
    ),
}

COUNTER = "static int calls = 0; calls++;"
STATE = "void f(int *x, int n) {{ {} for (int i = 0; i < n; i++) x[i] += {}; }}"
STATELESS = "void f(int *x, int n) {{\n" + LOOP + "x[i] += {}; }}"
SAVED = (
    "subroutine f(x, n)\n integer, intent(in) :: n\n integer, intent(inout) :: x(n)\n {}\n"
    "end subroutine\n"
)
LOST = {
    "a counter": (STATE.format(COUNTER, "calls"), STATELESS.format("1")),
    "the first call": (
        STATE.format("static bool first = true; if (first) { first = false; return; }", "2"),
        STATELESS.format("2"),
    ),
    "a generator": (
        STATE.format("static unsigned s = 1; s = s * 1664525u + 7;", "(int)(s >> 9)"),
        STATELESS.format("(int)(1664532u >> 9)"),
    ),
    "SAVE": (
        SAVED.format("integer, save :: k = 0\n k = k + 1\n x = x + k"),
        SAVED.format("x = x + 1"),
    ),
    "implicit SAVE": (
        SAVED.format("integer :: k = 0\n k = k + 1\n x = x + k"),
        SAVED.format("x = x + 1"),
    ),
}
UNSEEN = {
    "a table filled once": (
        STATE.format(
            "static int t[4]; static bool made = false; if (!made) { for (int k = 0; k < 4; k++) "
            "t[k] = k * 2; made = true; }",
            "t[i % 4]",
        ),
        STATELESS.format("i % 4 * 2"),
    ),
    "what is set anew": (STATE.format("static int k; k = n;", "k"), STATELESS.format("n")),
    "a saved constant": (
        SAVED.format("integer, save :: k = 3\n x = x + k"),
        SAVED.format("x = x + 3"),
    ),
}


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    made = Engine("emulated", VerifyConfig(mutants=0), tmp_path_factory.mktemp("verdicts"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def judged(engine):
    """Verdicts by name on cases {name: (source, target, ...)} of functions called `f`, compiled
    together.
    """

    def verdicts(cases):
        pairs = {name: make_pair(*case[:2]) for name, case in cases.items()}
        engine.prepare(list(pairs.values()))
        return {name: engine.verify(pair) for name, pair in pairs.items()}

    return verdicts


def make_pair(source: str, target: str, suite: str | None = None) -> Pair:
    kinds = ("fortran", "openmp-fortran") if "subroutine" in source else ("cpp", "openmp")
    return Pair(Program(kinds[0], "f", source), Program(kinds[1], "f", target), suite)


def test_what_a_library_reads_is_tested(judged):
    found = judged(
        {f"{name}/{kind}": (row[0], row[1 + (kind == "wrong")]) for name, row in LIBRARY.items()
         for kind in ("right", "wrong")}
    )  # fmt: skip
    for name, verdict in found.items():
        wanted = name.endswith("right")
        assert verdict.equivalent is wanted, (name, verdict.outcome, verdict.detail)


def test_tests_that_say_too_little_decide_nothing(judged):
    for name, verdict in judged(GATED).items():
        assert (verdict.outcome, verdict.blame) == (Outcome.INVALID_SUITE, Blame.SUITE), name
        assert GATED[name][2] in verdict.detail and "\n" not in verdict.detail, verdict.detail


def test_right_pairs_pass_the_gate(judged):
    for name, verdict in judged(ACCEPTED).items():
        assert verdict.equivalent is True, (name, verdict.outcome, verdict.detail)


def test_kept_state_that_a_port_loses_is_not_equivalent(judged):
    for name, verdict in judged(LOST).items():
        assert (verdict.outcome, verdict.blame) == (Outcome.MISMATCH, Blame.TARGET), (name, verdict)
        assert "keeps state" in verdict.detail


def test_state_that_no_result_shows_does_not_count(judged):
    for name, verdict in judged(UNSEEN).items():
        assert verdict.equivalent is True, (name, verdict.outcome, verdict.detail)


def test_an_unused_array_is_named(judged):
    unused = judged({"one": (THREE % "", THREE % "")})["one"]
    assert unused.equivalent is True and unused.detail.endswith("; unused: c")


@pytest.fixture(scope="module")
def checked(engine):
    source = Program(
        "cpp",
        "f",
        "void f(const float *x, float *y, int n, int m) { for (int i = 0; i < n * m; i++) "
        "y[i] = x[i] * n; }",
    )
    return engine.expectations(source).expectations, engine.backend


def keep_tests(expectations, wanted):
    kept = [
        k
        for k, test in enumerate(expectations.suite.tests)
        if wanted(*(a.value for a in test.assignments if a.name in ("n", "m")))
    ]
    assert kept
    return replace(
        expectations,
        suite=replace(expectations.suite, tests=tuple(expectations.suite.tests[k] for k in kept)),
        calls=tuple(expectations.calls[k] for k in kept),
        references=tuple(expectations.references[k] for k in kept),
    )


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        (lambda n, m: True, ""),
        (lambda n, m: n < 2 or m < 2, "at least 2"),
        (lambda n, m: n == m, "differ"),
        (lambda n, m: n != m and min(n, m) > 1, ""),
    ],
)
def test_sizes_are_several_and_differ(checked, wanted, reason):
    expectations, backend = checked
    gap = find_gap(keep_tests(expectations, wanted), backend).gap
    assert reason in gap and bool(gap) == bool(reason)


@pytest.mark.parametrize("strength", [None, 0.0, 0.59, LEAST_STRENGTH, 1.0])
def test_a_weak_suite_decides_nothing(checked, strength):
    expectations, backend = checked
    weak = replace(expectations, suite=replace(expectations.suite, strength=strength))
    passed = Verdict("s", "t", "u", Outcome.EQUIVALENT, Blame.NOBODY, "passed 16 tests")
    decided = strength is None or strength >= LEAST_STRENGTH
    assert pass_gate(passed, weak, backend).equivalent is (True if decided else None)
    failed = replace(passed, outcome=Outcome.MISMATCH, blame=Blame.TARGET)
    assert pass_gate(failed, weak, backend) == failed


def test_a_given_suite_is_the_question(engine):
    """What it cannot show is said."""
    pair = GATED["an input that no test reads"][:2]
    suite = "n=3 x[n]=integers(0,9) c[n]=uniform(0,1) y[n]=constant(0)"
    verdict = engine.verify(make_pair(*pair, suite))
    assert verdict.equivalent is True
    assert "they say little: no test reads 'c'" in verdict.detail


@pytest.mark.parametrize(
    ("dialect", "text", "expected"),
    [
        ("cpp", "struct P { float x; int n; };\nvoid f(P *p) { p->x = p->n; }", False),
        ("cpp", "const int N = 3;\nvoid f(float *x) { x[0] = N; }", False),
        ("cpp", "struct P { static int n; };\nvoid f(int *x) { x[0] = P::n++; }", True),
        ("cpp", "struct P { float x; } kept;\nvoid f(float *x) { x[0] = kept.x++; }", True),
        ("cpp", "namespace a { int n; }\nvoid f(int *x) { x[0] = a::n++; }", True),
        ("cpp", "void f(int *x) { static int n; x[0] = n++; }", True),
        ("fortran", "subroutine f(n)\n integer :: n\n n = 1\nend subroutine", False),
        ("fortran", "subroutine f(n)\n integer :: n\n integer, save :: k\n n = k\nend", True),
    ],
)
def test_which_texts_may_keep_state(dialect, text, expected):
    """A field of a structure is no variable: such sources are not called any more often."""
    assert may_keep_state(Program(dialect, "f", text)) is expected
