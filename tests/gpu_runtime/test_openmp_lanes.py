"""Directives are changed where the changed text permits no more than the first one did, and nothing
else is touched.
"""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from gpu_runtime.openmp.lanes import expose_simd_lanes


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("#pragma omp simd", "#pragma omp parallel for schedule(runtime)"),
        (
            "#pragma omp simd simdlen(4) reduction(+:s)",
            "#pragma omp parallel for schedule(runtime) reduction(+:s)",
        ),
        (
            "#pragma omp simd \\\n  private(t)",
            "#pragma omp parallel for schedule(runtime) \\\n  private(t)",
        ),
        (
            "  # pragma omp parallel for private(i) // static",
            "  # pragma omp parallel for schedule(runtime) private(i) // static",
        ),
        ("#pragma omp for simd nowait", "#pragma omp for schedule(runtime) nowait"),
        (
            "#pragma omp parallel for simd safelen(4) aligned(a) private(t)",
            "#pragma omp parallel for schedule(runtime) private(t)",
        ),
        ("#pragma omp for simd linear(k)", "#pragma omp for simd linear(k)"),
        (
            "#pragma omp parallel for if(simd: n > 3)",
            "#pragma omp parallel for schedule(runtime) if(simd: n > 3)",
        ),
    ],
)
def test_c_loops(text, wanted):
    assert expose_simd_lanes(text, "cpp") == wanted


@pytest.mark.parametrize(
    "text",
    [
        "#pragma omp for schedule(static)",
        "#pragma omp simd safelen(2)",
        "#pragma omp for ordered",
        "#pragma omp taskloop",
        "#pragma omp parallel",
        "// omp simd",
        "for (int i = 0; i < n; i++) ;",
        "#pragma omp declare simd",
    ],
)
def test_c_lines_that_stay(text):
    assert expose_simd_lanes(text, "cpp") == text


def test_fortran_loops():
    text = (
        "!$omp simd\ndo i = 1, n\na(i) = a(i - 1)\nend do\n!$omp end simd\n"
        "!$OMP DO &\n!$omp& private(t)\n"
        "!$omp end do\n!$omp parallel do schedule(static)\n"
    )
    assert expose_simd_lanes(text, "fortran") == text.replace(
        "!$omp simd", "!$omp parallel do schedule(runtime)"
    ).replace("end simd", "end parallel do").replace("!$OMP DO", "!$OMP DO schedule(runtime)")


@given(
    st.lists(
        st.sampled_from(
            [
                "#pragma omp simd",
                " \\\n",
                " for",
                "\n",
                " safelen(2)",
                "x;",
                "!$omp do",
                " simd",
                "!$omp end do",
            ]
        )
    ).map("".join),
    st.sampled_from(["cpp", "fortran"]),
)
def test_lines_keep_their_numbers(text, language):
    assert expose_simd_lanes(text, language).count("\n") == text.count("\n")


def test_loops_with_safelen_run_as_many_iterations_at_a_time():
    loop = (
        "#pragma omp simd safelen(4) \\\n  private(t) // lanes\nfor (int i = 4; i <= n; i += "
        "2)\n  a[i] = a[i - 4];\n"
    )
    loop = f"void f(int n, int *a) {{ int t;\n{loop}}}\n"
    seen = expose_simd_lanes(loop, "cpp")
    assert seen.count("\n") == loop.count("\n") and "simd" not in seen and "lanes\n" not in seen
    assert '_Pragma("omp parallel for schedule(runtime) if(' in seen and "private(t)" in seen
    assert "cv_lanes = (4) * (long long)(2); cv_from <= (long long)(n);" in seen


@pytest.mark.parametrize(
    "text",
    [
        "#pragma omp simd safelen(4) if(n > 9)\nfor (int i = 0; i < n; i++) ;",
        "#pragma omp simd safelen(4)\nfor (int i = n; i > 0; i--) ;",
        "#pragma omp simd safelen(4)\nfor (int i = 0, k = 1; i < n; i++) ;",
        "#pragma omp simd safelen(4)\nfor (int i = 0; i < n; i += 2 * k) ;",
        "#pragma omp simd safelen(4)\nfor (i = 0; k < n; i++) ;",
    ],
)
def test_other_loops_with_safelen_stay(text):
    text = f"void f(int n, int i, int k) {{\n{text}\n}}"
    assert expose_simd_lanes(text, "cpp") == text
