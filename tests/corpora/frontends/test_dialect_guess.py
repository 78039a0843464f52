"""A port with OpenMP directives is judged as OpenMP, whatever its file is called."""

import pytest

from coevolve import verify
from corpora.frontends.dialect_guess import guess_port_dialect

SUM = (
    "double total(int n, const double *x) {{\n double s = 0;\n"
    "{0} for (int i = 0; i < n; i++) s += x[i];\n return s;\n}}\n"
)


@pytest.mark.parametrize(
    ("path", "text", "dialect"),
    [
        ("a.cpp", SUM.format(""), "cpp"),
        ("a.cpp", SUM.format("#pragma omp parallel for\n"), "openmp"),
        ("a.c", SUM.format("# pragma \\\n omp parallel for\n"), "openmp"),
        ("a.cpp", SUM.format('_Pragma("omp parallel for")'), "openmp"),
        ("a.cpp", '#define PAR _Pragma("omp parallel for")\n' + SUM.format("PAR"), "openmp"),
        ("a.cpp", SUM.format("#ifdef _OPENMP\n#pragma omp parallel for\n#endif\n"), "openmp"),
        ("a.cpp", SUM.format("#pragma omp target teams loop\n"), "openmp-target"),
        ("a.cpp", SUM.format("// #pragma omp parallel for\n"), "cpp"),
        ("a.cpp", SUM.format("/*\n#pragma omp parallel for\n*/"), "cpp"),
        ("a.cpp", SUM.format("#if 0\n#pragma omp parallel for\n#endif\n"), "cpp"),
        ("a.cpp", SUM.format("#pragma GCC ivdep\n"), "cpp"),
        ("a.omp.cpp", SUM.format(""), "openmp"),
        ("a.cu", SUM.format("#pragma omp parallel for\n"), "cuda"),
        ("a.f90", "subroutine s(x)\n real :: x\n x = 1\nend subroutine\n", "fortran"),
        (
            "a.f90",
            "subroutine s(x)\n!$omp parallel\n!$omp end parallel\nend subroutine\n",
            "openmp-fortran",
        ),
        ("a.f90", "subroutine s(x)\n! say !$omp parallel\nend subroutine\n", "fortran"),
        (
            "a.f",
            "      subroutine s(x)\nC$OMP PARALLEL\nC$OMP END PARALLEL\n      end\n",
            "openmp-fortran",
        ),
    ],
)
def test_directives_tell_the_dialect_of_a_port(path, text, dialect):
    assert guess_port_dialect(path, text).name == dialect


def test_a_race_in_a_patched_file_is_found(tmp_path):
    source, right, wrong = (tmp_path / name for name in ("a.cpp", "b.cpp", "c.cpp"))
    source.write_text(SUM.format(""))
    right.write_text(SUM.format("#pragma omp parallel for reduction(+:s)\n"))
    wrong.write_text(SUM.format("#pragma omp parallel for\n"))
    assert verify(source, right)
    verdict = verify(source, wrong)
    assert not verdict and "race" in verdict.detail
