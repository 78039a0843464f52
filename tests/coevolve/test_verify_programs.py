"""Verdicts on whole programs, through the same doors as those on functions: library, batch and
command line.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from coevolve.cli.main import main
from coevolve.verification.engine import Engine, VerifyConfig
from coevolve.verification.programs import is_whole_program
from coevolve.verification.requests import make_single_pair
from corpora.records import Blame, Outcome, Verdict
from gpu_runtime.compile.toolchain import find_toolchain
from translator.judge import JudgeConfig

NORM = """#include <cstdio>
#include <cstdlib>
#include <cmath>
int main(int argc, char **argv) {
    int n = argc > 1 ? atoi(argv[1]) : 50;
    double s = 0;
    double *x = (double *)malloc(n * sizeof(double));
    for (int i = 0; i < n; i++) x[i] = sin(0.1 * i);
    for (int i = 0; i < n; i++) s += x[i] * x[i];
    printf("norm = %.10f\\n", sqrt(s));
    FILE *f = fopen("x.txt", "w");
    for (int i = 0; i < n; i++) fprintf(f, "%g\\n", x[i]);
    fclose(f);
    free(x);
    return n > 90 ? 3 : 0;
}
"""
SUM_LOOP = "    for (int i = 0; i < n; i++) s"
PARALLEL = NORM.replace(SUM_LOOP, "    #pragma omp parallel for reduction(+:s)\n" + SUM_LOOP)
FORTRAN = """program norm
  implicit none
  integer :: n, i
  character(len=20) :: arg
  double precision, allocatable :: x(:)
  n = 50
  if (command_argument_count() >= 1) then
    call get_command_argument(1, arg)
    read(arg, *) n
  end if
  allocate(x(0:n-1))
  do i = 0, n-1
    x(i) = sin(0.1d0 * i)
  end do
  print *, 'norm =', sqrt(sum(x*x))
  open(unit=9, file='x.txt')
  do i = 0, n-1
    write(9, '(g0.6)') x(i)
  end do
  close(9)
  if (n > 90) call exit(3)
end program
"""
SUITE = "args(7)\nargs(100)\n"
detector = pytest.mark.skipif(
    find_toolchain().libarcher is None, reason="no race detector on this machine"
)


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    made = Engine("emulated", VerifyConfig(mutants=0), cache=tmp_path_factory.mktemp("cache"))
    yield made
    made.close()


def ask(
    engine: Engine,
    target: str,
    to: str = "cpp",
    source: str = NORM,
    frm: str = "cpp",
    suite: str | None = SUITE,
) -> Verdict:
    return engine.verify(make_single_pair(source, frm, target, to, suite))


def test_what_a_whole_program_is():
    assert (
        is_whole_program(NORM, "cpp")
        and is_whole_program(FORTRAN, "fortran")
        and is_whole_program("      PROGRAM X\n      END\n", "fortran")
    )
    assert not is_whole_program("void f() { int main = 3; }", "cpp") and not is_whole_program(
        "// int main() {}\nvoid f() {}", "cpp"
    )
    assert not is_whole_program("subroutine s\nprogram = 3\nend", "fortran")


@detector
def test_right_translations(engine):
    for target, to, suite in (
        (PARALLEL, "openmp", "args(60)"),
        (FORTRAN, "fortran", SUITE),
        (NORM.replace("0.1 * i", "i * 0.1"), "cpp", SUITE),
    ):
        verdict = ask(engine, target, to, suite=suite)
        assert (verdict.outcome, verdict.blame, verdict.serial) == (
            Outcome.EQUIVALENT,
            Blame.NOBODY,
            False,
        ), verdict


WRONG = {
    "value": (("0.1 * i", "0.1001 * i"), "stdout"),
    "file": (('"%g\\n"', '"%g;\\n"'), "file x.txt"),
    "file name": (('"x.txt"', '"y.txt"'), "file x.txt"),
    "exit status": (("n > 90 ? 3", "n > 90 ? 4"), "exit status"),
    "word": (("norm =", "Norm ="), "stdout"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_translations_are_named(engine, name):
    (old, new), place = WRONG[name]
    verdict = ask(engine, NORM.replace(old, new))
    assert (verdict.outcome, verdict.blame, verdict.buffer) == (
        Outcome.MISMATCH,
        Blame.TARGET,
        place,
    ), verdict
    assert verdict.test_index == (1 if name == "exit status" else 0)


@pytest.mark.parametrize(
    ("old", "new", "outcome"),
    [
        ("double s = 0;", "double s = nothing;", Outcome.COMPILE_ERROR),
        ("double s = 0;", "double s = 0; abort();", Outcome.RUNTIME_ERROR),
        ("double s = 0;", "double s = 0; for (volatile int go = 1; go;) {}", Outcome.TIMEOUT),
        ("free(x);", 'free(x); s = x[0]; printf("%s", s > 9 ? "" : "");', Outcome.MEMORY_ERROR),
        ("free(x);", 'free(x); system("true");', Outcome.REFUSED),
    ],
)
def test_targets_that_fail(engine, old, new, outcome):
    verdict = ask(engine, NORM.replace(old, new), suite="args(7)")
    assert (verdict.outcome, verdict.blame) == (outcome, Blame.TARGET), verdict


@detector
def test_teams_and_races(engine):
    racy = ask(engine, PARALLEL.replace(" reduction(+:s)", ""), "openmp", suite="args(60)")
    assert (racy.outcome, racy.blame) == (Outcome.RACE, Blame.TARGET) and "line" in racy.detail
    counted = NORM.replace(
        "double s = 0;", "double s = 0;\n#pragma omp parallel\n{\n#pragma omp atomic\n s += 1;\n}\n"
    )
    assert ask(engine, counted, "openmp", suite="args(7)").outcome is Outcome.MISMATCH
    lazy = NORM.replace(SUM_LOOP, "    #pragma omp parallel\n    #pragma omp single\n" + SUM_LOOP)
    verdict = ask(engine, lazy, "openmp", suite="args(60)")
    assert verdict.outcome is Outcome.EQUIVALENT and verdict.serial
    strict = Engine(
        "emulated",
        VerifyConfig(judge=JudgeConfig(require_parallel=True)),
        cache=engine.cache.folder.parent,
    )
    assert (
        "serial" in strict.verify(make_single_pair(NORM, "cpp", lazy, "openmp", "args(60)")).detail
    )
    source = ask(
        engine, NORM, source=PARALLEL.replace(" reduction(+:s)", ""), frm="openmp", suite="args(60)"
    )
    assert (source.outcome, source.blame, source.equivalent) == (Outcome.RACE, Blame.SOURCE, None)


def test_times_are_masked_and_random_output_decides_nothing(engine):
    timed = (
        '#include <cstdio>\n#include <ctime>\nint main() { printf("sum %d\\n", 6 * 7); '
        'printf("took %.3f s at %ld\\n", clock() / 1e6, (long)time(0)); }'
    )
    assert (
        ask(engine, timed.replace("6 * 7", "42"), source=timed, suite=None).outcome
        is Outcome.EQUIVALENT
    )
    assert (
        ask(engine, timed.replace("6 * 7", "43"), source=timed, suite=None).outcome
        is Outcome.MISMATCH
    )
    dice = (
        "#include <cstdio>\n#include <cstdlib>\n#include <ctime>\nint main() { "
        'srand(time(0)); for (int i = rand() % 97; i >= 0; i--) printf("%d\\n", rand()); }'
    )
    verdict = ask(engine, dice, source=dice, suite=None)
    assert (verdict.outcome, verdict.blame) == (
        Outcome.INVALID_SUITE,
        Blame.SUITE,
    ) and "run to run" in verdict.detail
    silent = ask(engine, "int main() { return 0; }", source="int main() { return 0; }", suite=None)
    assert silent.outcome is Outcome.INVALID_SUITE and "nothing to compare" in silent.detail


def test_sources_with_errors_and_cuda(engine):
    broken = ask(engine, NORM, source="int main() { return x; }")
    assert (broken.outcome, broken.blame) == (Outcome.COMPILE_ERROR, Blame.SOURCE)
    wild = ask(
        engine, NORM, source=NORM.replace("free(x);", 's = x[n]; printf("%d", s > 1e300); free(x);')
    )
    assert (wild.outcome, wild.blame) == (
        Outcome.INVALID_SUITE,
        Blame.SUITE,
    ) and "error of its own" in wild.detail
    assert ask(engine, NORM, "cuda").outcome is Outcome.REFUSED


def test_batch_and_command_line(tmp_path: Path, capsys, own_cache):
    row = {"source_dialect": "cpp", "source": NORM, "target_dialect": "fortran", "suite": "args(7)"}
    rows = [
        {**row, "id": 1, "target": FORTRAN},
        {**row, "id": 2, "target": FORTRAN.replace("0.1d0", "0.2d0")},
        {**row, "id": 3, "target": FORTRAN, "suite": "n=3"},
    ]
    (tmp_path / "pairs.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    assert (
        main(
            [
                "verify",
                "--backend",
                "emulated",
                "--batch",
                str(tmp_path / "pairs.jsonl"),
                "--out",
                str(tmp_path / "out.jsonl"),
            ]
        )
        == 0
    )
    answers = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [a["outcome"] for a in answers] == [
        "EQUIVALENT",
        "MISMATCH",
        "REFUSED",
    ] and "line 1" in answers[2]["detail"]
    for name, text in (
        ("a.cpp", NORM),
        ("b.f90", FORTRAN.replace("0.1d0", "0.2d0")),
        ("s.txt", "args(7)\n"),
        ("bad.txt", "args(7\n"),
        ("f.cpp", "void f() {}"),
    ):
        (tmp_path / name).write_text(text)
    path = {name: str(tmp_path / name) for name in ("a.cpp", "b.f90", "s.txt", "bad.txt", "f.cpp")}
    capsys.readouterr()
    assert (
        main(
            [
                "verify",
                path["a.cpp"],
                path["b.f90"],
                "--suite",
                path["s.txt"],
                "--backend",
                "emulated",
            ]
        )
        == 1
    )
    said = capsys.readouterr().out
    assert "stdout" in said and "fails on  args(7)" in said
    assert (
        main(
            [
                "verify",
                path["a.cpp"],
                path["b.f90"],
                "--suite",
                path["bad.txt"],
                "--backend",
                "emulated",
            ]
        )
        == 2
    )
    assert main(["verify", path["a.cpp"], path["f.cpp"], "--backend", "emulated"]) == 2
    assert "whole program" in capsys.readouterr().err
