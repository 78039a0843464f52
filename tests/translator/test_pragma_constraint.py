"""OpenMP answers that copy the source: only directives are added, and what is allowed compiles."""

from __future__ import annotations

import random
import re
import subprocess
from pathlib import Path

import pytest

from corpora import builtin, development
from corpora.dialects import parse_direction
from corpora.records import Program
from gpu_runtime.models.protocol import AllowedOnly
from translator.decoding.c_words import END
from translator.decoding.constraints import ConstraintLevel
from translator.decoding.pragma_constraint import make_pragma_constraint
from translator.prompting.translate import build_prompt, canonicalize_program, parse_answer

MARKS = {"cpp": "#pragma", "fortran": "!$omp"}


def drawn(program: Program, rng: random.Random) -> list[str]:
    """One answer that the constraint allows, directives wherever they may stand."""
    language = "fortran" if program.dialect == "fortran" else "cpp"
    way = parse_direction("fortran:openmp-fortran" if language == "fortran" else "cpp:openmp")
    prompt = build_prompt(program, way)
    state, words = prompt.constraint(), prompt.prefix.split()
    for _ in range(9000):
        allowed = state.forbidden()
        assert isinstance(allowed, AllowedOnly) and allowed, words[-9:]
        if END in allowed:
            return words
        choices = sorted(allowed)
        marked = MARKS[language] in choices
        word = (
            MARKS[language]
            if marked and rng.random() < 0.8
            else rng.choice([c for c in choices if c != MARKS[language]] or choices)
        )
        state.advance(word)
        words.append(word)
    raise AssertionError("no end")


def applies(program: Program, way: str) -> bool:
    prompt = build_prompt(program, parse_direction(way))
    language = "fortran" if program.dialect == "fortran" else "cpp"
    return (
        bool(prompt.prefix)
        and make_pragma_constraint(
            language, canonicalize_program(program).tokens, prompt.prefix.split()
        )
        is not None
    )


@pytest.mark.parametrize(
    ("dialect", "way", "least"),
    [("cpp", "cpp:openmp", 0.9), ("fortran", "fortran:openmp-fortran", 0.9)],
)
def test_an_answer_is_the_source_and_directives(dialect: str, way: str, least: float) -> None:
    programs = [p for corpus in (builtin, development) for p in corpus.programs(dialect)][::5]
    fitting = [p for p in programs if applies(p, way)]
    assert len(fitting) > least * len(programs)
    rng = random.Random(3)
    for program in fitting:
        prefix = build_prompt(program, parse_direction(way)).prefix.split()
        text = " ".join(drawn(program, rng)[len(prefix) :])
        plain = re.sub(rf"{re.escape(MARKS[dialect])} .*?<nl> ?", "", text)
        assert canonicalize_program(program).text.endswith(plain.strip())


@pytest.mark.parametrize(
    ("dialect", "way", "compiler", "suffix"),
    [("cpp", "cpp:openmp", "g++", "cpp"), ("fortran", "fortran:openmp-fortran", "gfortran", "f90")],
)
def test_what_is_allowed_mostly_compiles(
    tmp_path: Path, dialect: str, way: str, compiler: str, suffix: str
) -> None:
    rng, failed = random.Random(5), {}
    fitting = [
        p for p in development.programs(dialect)[:: 9 if dialect == "cpp" else 3] if applies(p, way)
    ]
    for program in fitting:
        text = parse_answer(" ".join(drawn(program, rng)), program, parse_direction(way))
        file = tmp_path / f"{program.name}.{suffix}"
        file.write_text(
            "#include <cmath>\n#include <algorithm>\nusing namespace std;\n" + text
            if dialect == "cpp"
            else text
        )
        built = subprocess.run(
            [compiler, "-fopenmp", "-fsyntax-only", "-w", file.name],
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )
        if built.returncode:
            failed[program.name] = built.stderr[:300]
    assert len(failed) <= len(fitting) // 10, failed


def state_of(text: str):
    return build_prompt(Program("cpp", "f", text), parse_direction("cpp:openmp")).constraint()


def behind(text: str, words: str):
    state = state_of(text)
    for word in words.split():
        assert word in state.forbidden(), word
        state.advance(word)
    return state.forbidden()


@pytest.mark.parametrize(
    "body",
    [
        "for (int i = 0; i < n; i++) if (x[i] < 0) return;",
        "for (int i = 0; i < n; i++) { if (x[i] < 0) break; x[i] = 0; }",
        "for (; n > 0; n--) x[n] = 1;",
    ],
)
def test_a_loop_that_cannot_be_parallel_gets_no_directive(body: str) -> None:
    assert "#pragma" not in behind(f"void f(int n, float *x) {{ {body} }}", "")


def test_an_inner_break_leaves_only_the_inner_loop() -> None:
    text = (
        "void f(int n, float *x) { for (int i = 0; i < n; i++) for (int j = 0; j < n; j++) { "
        "if (x[j] < i) break; x[i] = j; } }"
    )
    assert "#pragma" in behind(text, "")
    assert "collapse" not in behind(text, "#pragma omp parallel for")


def test_collapse_names_no_more_loops_than_are_perfectly_nested() -> None:
    text = (
        "void f(int n, float *x) { for (int i = 0; i < n; i++) for (int j = 0; j < n; j++) "
        "for (int k = 0; k < j; k++) x[i] = k; }"
    )
    assert behind(text, "#pragma omp parallel for collapse (") == {"2"}


def test_a_list_holds_what_is_alive_and_scalar() -> None:
    text = (
        "void f(int n, float *x) { int j; float s = 0; for (int i = 0; i < n; i++) { float t "
        "= x[i]; j = i + 1; s += t * j; } x[0] = s; }"
    )
    before = "int V2 ; float V3 = 0 ; #pragma omp parallel for"
    assert behind(text, before) == {"private", "firstprivate", "reduction", "schedule", "simd"}
    assert behind(text, f"{before} private (") == {"V2"}
    assert behind(text, f"{before} private ( V2 ) reduction ( + :") == {"V3"}
    assert "<nl>" not in behind(text, f"{before} private ( V2 )")
    assert "<nl>" in behind(text, f"{before} private ( V2 ) reduction ( + : V3 )")


def test_a_running_total_whose_value_is_used_stays_serial() -> None:
    text = (
        "void f(int n, float *x) { int k = 0; for (int i = 0; i < n; i++) if (x[i] > 0) "
        "x[k++] = x[i]; for (int i = 0; i < n; i++) { k += 2; x[i] = k; } }"
    )
    assert "#pragma" not in behind(text, "int V2 = 0 ;")


def test_what_is_read_before_it_is_written_must_be_reduced() -> None:
    text = (
        "void f(int n, float *x) { float m = 0; for (int i = 0; i < n; i++) if (x[i] > m) m "
        "= x[i]; x[0] = m; }"
    )
    assert behind(text, "float V2 = 0 ; #pragma omp parallel for") == {
        "reduction",
        "schedule",
        "simd",
    }


def test_updates_may_be_atomic_inside_a_parallel_loop_alone() -> None:
    text = "void f(int n, int *x) { x[0] = 1; for (int i = 0; i < n; i++) x[0] += i; }"
    assert "#pragma" not in behind(text, "")
    inside = behind(
        text, "V1 [ 0 ] = 1 ; #pragma omp parallel for <nl> for ( int V2 = 0 ; V2 < V0 ; V2 ++ )"
    )
    assert inside == {"V1", "#pragma"}


def test_fortran_sections_become_a_workshare() -> None:
    text = (
        "subroutine f(n, x)\ninteger, intent(in) :: n\nreal, intent(inout) :: x(n)\nx = 2 * "
        "x\nend subroutine f\n"
    )
    state = build_prompt(
        Program("fortran", "f", text), parse_direction("fortran:openmp-fortran")
    ).constraint()
    for word in (
        "!$omp parallel workshare <nl> V1 = 2 * V1 <nl> !$omp end parallel workshare "
        "<nl> end subroutine F0 <nl>"
    ).split():
        assert word in state.forbidden(), (word, state.forbidden())
        state.advance(word)
    assert state.forbidden() == {END}


def test_weaker_levels_do_not_copy() -> None:
    program = Program(
        "cpp", "f", "void f(int n, float *x) { for (int i = 0; i < n; i++) x[i] = 0; }"
    )
    assert not isinstance(
        build_prompt(program, parse_direction("cpp:openmp"), constrained=ConstraintLevel.TYPES)
        .constraint()
        .forbidden(),
        AllowedOnly,
    )
