"""Sizes at which a program may change its behaviour are read from its code alone."""

from __future__ import annotations

import pytest

from corpora.records import Program
from gpu_runtime.launch.thresholds import (
    find_compared_numbers,
    find_compared_reals,
    find_excepted_numbers,
)

F = "void f(int n, int *a) {{ {} }}"


@pytest.mark.parametrize(
    ("before", "body", "numbers"),
    [
        ("", "if (n < 64 * 1024) return; a[0] = 1;", {65536}),
        ("", "if (40000u <= n) a[0] = 1;", {40000}),
        ("", "a[0] = n > 1e5 ? 1 : 2;", {100000}),
        ("#define LIMIT (1 << 14)\n", "if (n >= LIMIT) a[0] = 1;", {16384}),
        ("#define SMALL(n) ((n) < 5000)\n", "if (SMALL(n)) a[0] = 1;", {5000}),
        ("constexpr int A = 128, B = A * 100;\n", "if (n > B) a[0] = 1;", {12800}),
        ("enum { FEW = 999, MANY };\n", "if (n > MANY) a[0] = 1;", {1000}),
        ("", "for (int i = 0; i < 7000; i++) a[i] = 1;", set()),
        ("", "for (int i = 0; i < n && i % 300 < 7000; i++) a[i] = 1;", set()),
        ("", "for (int i = 0; i < n && i < 7000; i++) a[i] = 1;", {7000}),
        ("", "int i = 0; while (i != 7000 && i < n) a[i++] = 1;", {7000}),
        ("int min(int, int);\n", "for (int i = 0; i < min(n, 7000); i++) a[i] = 1;", {7000}),
        ("", "for (int i = 0; i < n; i++) if (i > 7000) a[i] = 1;", {7000}),
        ("", "while (n > 7000) n--;", set()),
        ("", 'const char *s = "n < 7000"; // n < 7000\n a[0] = s[0] /* n > 7 */;', set()),
        (
            "",
            "#pragma omp parallel for if(n > 7000)\n for (int i = 0; i < n; i++) a[i] = 1;",
            set(),
        ),
        ("", "for (int i = 0; i < n; i++) if (i != 7000) a[i] = 1;", {7000}),
        ("", "switch (n) { case 9000: return; default: a[0] = 1; }", {9000}),
        ("", "a[0] = n % 4096 == 4095;", {4096, 4095}),
        ("", "if (a[0] > 100.5 || a[0] < 'a' || 3 < 4) a[0] = 1;", set()),
        ("", "\n#if 0\nif (n > 7000) return;\n#endif\na[0] = 1;", set()),
        ("", "short i = 0; while (i < n) a[i++] = 1;", {1 << 15}),
        ("", "uint16_t i = n; a[i] = 1;", {1 << 16}),
        ("", "unsigned short g = a[0]; g ^= g >> 8; a[0] = g;", set()),
        ("template <int N> int g() { return N; }\n", "a[0] = g<7000>();", set()),
    ],
)
def test_c_family(before: str, body: str, numbers: set[int]) -> None:
    program = Program("openmp", "f", before + F.format(body))
    assert find_compared_numbers(program) == numbers


@pytest.mark.parametrize(
    ("body", "numbers"),
    [
        ("if (n .lt. 20000) return", {20000}),
        ("if (n > limit) a(1) = 1", {30000}),
        ("if (n == 20000) return", {20000}),
        (
            "select case (n)\n case (7:9000)\n a(1) = 1\n case (:5)\n a(1) = 2\n end select",
            {5, 7, 9000},
        ),
        ("if (n > & ! n > 5\n  50 * 100) a(1) = 1", {5000}),
        ("print *, 'n > 7000' ! n > 7000", set()),
        ("do while (n > 7000)\n n = n - 1\n end do", set()),
        ("do i = 1, 7000\n a(i) = 1\n end do", {1 << 15}),
    ],
)
def test_fortran(body: str, numbers: set[int]) -> None:
    text = (
        "subroutine f(n, a)\n integer, parameter :: limit = 30000\n integer :: n, a(*)\n"
        f" integer(2) :: i\n {body}\nend subroutine\n"
    )
    found = find_compared_numbers(Program("fortran", "f", text))
    assert found - {1 << 15} == numbers - {1 << 15}
    assert (1 << 15 in found) == (1 << 15 in numbers)


@pytest.mark.parametrize(
    ("body", "excepted", "reals"),
    [
        ("if (n == 4099) return;", {4099}, set()),
        ("if (4099 != n) a[0] = 1;", {4099}, set()),
        ("if (n > 4099 || n == 1) a[0] = 1;", set(), set()),
        ("for (int i = 0; i < n; i++) if (i == 4099) a[i] = 1;", set(), set()),
        ("if (a[0] == 12345.5f || a[1] > -2.5) a[0] = 0.25;", set(), {12345.5, -2.5}),
        ("const float MARK = 0.75f; if (a[0] == MARK) a[0] = 1;", set(), {0.75}),
    ],
)
def test_single_sizes_and_values(body: str, excepted: set[int], reals: set[float]) -> None:
    program = Program("cpp", "f", F.format(body))
    assert find_excepted_numbers(program) == excepted
    assert find_compared_reals(program) == reals
