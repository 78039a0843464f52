"""What is handed out to whoever comes first is dealt out in turn, in directives and nowhere
else.
"""

from __future__ import annotations

import pytest

from gpu_runtime.backend import Variant
from gpu_runtime.openmp.schedules import make_schedules_static, prepare_openmp


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("#pragma omp for schedule(dynamic, 4)", "#pragma omp for schedule(static, 4)"),
        (
            "#pragma omp parallel for schedule(guided) nowait",
            "#pragma omp parallel for schedule(static,1) nowait",
        ),
        (
            "#pragma omp for schedule (nonmonotonic: dynamic,f(k))",
            "#pragma omp for schedule (static,f(k))",
        ),
        (
            "#pragma omp for schedule(simd, monotonic:guided,8)",
            "#pragma omp for schedule(static,8)",
        ),
        (
            "#pragma omp for \\\n schedule(\\\n dynamic)",
            "#pragma omp for \\\n schedule(\\\n static,1)",
        ),
        (
            '#define EACH _Pragma("omp for schedule(dynamic)")',
            '#define EACH _Pragma("omp for schedule(static,1)")',
        ),
    ],
)
def test_c_directives(text, wanted):
    assert make_schedules_static(text, "cpp") == wanted


def test_fortran_directives():
    text = (
        "!$OMP DO SCHEDULE(DYNAMIC,3)\n!$omp parallel do &\n!$omp& schedule(guided)\nC$omp "
        "do schedule(dynamic)\n"
    )
    assert (
        make_schedules_static(text, "fortran")
        == "!$OMP DO SCHEDULE(static,3)\n!$omp parallel do &\n!$omp& schedule(static,1)\nC$omp "
        "do schedule(static,1)\n"
    )


@pytest.mark.parametrize(
    "text",
    [
        "schedule(dynamic, 4);",
        "#pragma omp for schedule(static)",
        "#pragma omp for schedule(runtime)",
        "#pragma omp for // dynamic",
        "! schedule(guided)",
    ],
)
def test_the_rest_stays(text):
    assert make_schedules_static(text, "cpp") == make_schedules_static(text, "fortran") == text


def test_what_is_timed_or_recorded_runs_as_it_is_written():
    text = "#pragma omp for schedule(dynamic)"
    assert {v for v in Variant if prepare_openmp(text, "cpp", v) != text} == {Variant.PLAIN}
