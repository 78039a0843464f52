"""Tokens, tolerance and masks of what whole programs print."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, strategies as st

from corpora.records import Program
from gpu_runtime.backend import Status
from gpu_runtime.programs.execute import ProgramRun
from gpu_runtime.programs.output import (
    ProgramReference,
    compare_run,
    find_precision,
    make_reference,
    tokenize_output,
)

DOUBLE = Program("cpp", "main", "int main() { double x; }")


def ran(stdout: str, code: int = 0, files=(), stderr: str = "") -> ProgramRun:
    return ProgramRun(Status.OK, "", code, stdout, stderr, tuple(files))


def reference(
    *outputs: str, builds: tuple[str, ...] = (), program: Program = DOUBLE
) -> ProgramReference | str:
    first, *again = map(ran, outputs)
    return make_reference(program, first, again, [ran(b) for b in builds])


def differs(
    expected: str, actual: str, same_language: bool = True, program: Program = DOUBLE
) -> bool:
    found = reference(expected, program=program)
    assert isinstance(found, ProgramReference)
    return compare_run(found, ran(actual), same_language) is not None


def test_numbers_words_and_signs():
    assert [t.text for t in tokenize_output("a[50]=-1.5e3,x1 5-3 1.2.3")] == [
        "a",
        "[",
        "50",
        "]",
        "=",
        "-1.5e3",
        ",",
        "x1",
        "5",
        "-",
        "3",
        "1",
        ".",
        "2",
        ".",
        "3",
    ]
    assert [t.value for t in tokenize_output("1.5D+03 .5 7. -inf 0.1-100")] == [
        1500.0,
        0.5,
        7.0,
        -math.inf,
        1e-101,
    ]
    assert (
        math.isnan(tokenize_output("NaN")[0].value or 0)
        and tokenize_output("nano")[0].value is None
    )


@given(st.text(max_size=80))
def test_any_text_has_tokens(text):
    assert (
        "".join(t.text for t in tokenize_output(text)) == "".join(text.split())
        or "\x1c" <= min(text) <= "\x1f"
    )


@given(st.floats(allow_nan=False), st.integers(0, 17))
def test_a_printed_number_is_read_back(value, digits):
    (token,) = tokenize_output(f"{value:.{digits}e}")
    assert token.value == float(f"{value:.{digits}e}")


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        ("x=1", " x =   1\n"),
        ("3.0000", "3.00000000"),
        ("1.000000000001", "1.000000000002"),
        ("-0.0", "0.0"),
        ("nan inf", "NaN Infinity"),
        ("0.10000000E+01", "1.0"),
    ],
)
def test_the_same(expected, actual):
    assert not differs(expected, actual)


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        ("3", "4"),
        ("0.5", "0.54"),
        ("0.5", "0.6"),
        ("1.25", "1.26"),
        ("yes", "Yes"),
        ("1 2", "1"),
        ("1", "1 2"),
        ("nan", "0.0"),
        ("inf", "-inf"),
        ("1.0", "one"),
        ("9007199254740992", "9007199254740993"),
        ("a,b", "a b"),
    ],
)
def test_not_the_same(expected, actual):
    assert differs(expected, actual)


def test_another_language_may_round():
    assert differs("0.5", "0.540000021") and not differs("0.5", "0.540000021", same_language=False)
    assert differs("0.5", "0.560000021", same_language=False)


def test_single_precision_is_wider():
    single = Program("cpp", "main", "int main() { float x; }")
    assert differs("1.000001", "1.000002") and not differs("1.000001", "1.000002", program=single)
    assert (
        find_precision(Program("fortran", "main", "real(8) :: x")) == "double"
        and find_precision(Program("fortran", "main", "real :: x\nreal(8) :: y")) == "single"
    )


def test_what_changes_from_run_to_run_is_masked():
    found = reference("sum 10 time 0.01 by bob", "sum 10 time 0.73 by ann")
    assert isinstance(found, ProgramReference) and found.streams[0].masked == {3, 5}
    assert compare_run(found, ran("sum 10 time 99.0 by eve")) is None
    assert compare_run(found, ran("sum 11 time 99.0 by eve")) is not None
    assert compare_run(found, ran("sum 10 time soon by eve")) is not None


def test_runs_that_differ_by_the_order_of_a_sum_are_not_masked():
    found = reference("s=1.00000000001", "s=1.00000000003")
    assert isinstance(found, ProgramReference) and not found.streams[0].masked
    assert (
        compare_run(found, ran("s=1.00000000005")) is None
        and compare_run(found, ran("s=1.1")) is not None
    )


def test_sources_that_decide_nothing():
    assert "3 tokens, then 4" in reference("1 2 3", "1 2 3 4")
    assert "optimisation level" in reference(
        "1.0", builds=("1.5",)
    ) and "optimisation level" in reference("3", builds=("4",))
    assert not reference("7", "8").says_something and not reference("").says_something


def test_files_and_exit_status_count():
    found = make_reference(DOUBLE, ran("1", 3, [("out.txt", b"1 2"), ("raw", b"\0\1")]), [], [])
    assert isinstance(found, ProgramReference)
    right = ran("1", 3, [("out.txt", b"1  2\n"), ("raw", b"\0\1")])
    assert compare_run(found, right) is None
    for wrong, place in (
        (ran("1", 0, right.files), "exit status"),
        (ran("1", 3, right.files[:1]), "file raw"),
        (ran("1", 3, [*right.files, ("more", b"")]), "file more"),
        (ran("1", 3, [("out.txt", b"1 3"), right.files[1]]), "file out.txt"),
        (ran("1", 3, [right.files[0], ("raw", b"\0\2")]), "file raw"),
    ):
        difference = compare_run(found, wrong)
        assert difference is not None and difference.place == place


def test_stderr_counts_within_a_language():
    found = make_reference(DOUBLE, ran("1", stderr="warning"), [], [])
    assert isinstance(found, ProgramReference)
    assert (
        compare_run(found, ran("1")) is not None
        and compare_run(found, ran("1"), same_language=False) is None
    )


@pytest.mark.parametrize(
    ("text", "precision"),
    [
        ("program p\n real(kind=sp) :: x\n integer, parameter :: sp = 8\nend", "double"),
        ("program p\n integer, parameter :: sp = kind(1.0)\n real(sp) :: x\nend", "single"),
        ("program p\n use prec\n real(wp) :: x\nend", "double"),
        ("program p\n double precision :: x ! real :: y\n x = 1\nend", "double"),
        ("program p\n real, dimension(3) :: x\nend", "single"),
    ],
)
def test_precision_is_that_of_what_fortran_declares(text, precision):
    assert find_precision(Program("fortran", "main", text)) == precision
