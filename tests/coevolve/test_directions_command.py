"""`coevolve directions`: every ordered pair of dialects, and what its absence costs is named with
the line that mends it.
"""

import json
from dataclasses import replace

import pytest

from coevolve.cli.directions import format_direction_table, make_direction_table
from coevolve.cli.main import main
from coevolve.verification.engine import verify
from corpora import builtin
from corpora.dialects import DIALECTS, parse_direction
from corpora.records import Outcome
from gpu_runtime.doctor import Finding, check_machine

NAMES = ("gcc", "g++", "gfortran", "libomp", "archer", "gpu", "nvrtc")
COMPLETE = tuple(Finding(name, True, "here", "") for name in NAMES)


def without(*names):
    return [
        replace(f, present=False, detail="lost", hint=f"get {f.name}") if f.name in names else f
        for f in COMPLETE
    ]


def by_direction(rows):
    return {row.direction: row for row in rows}


def test_every_ordered_pair_of_dialects_has_a_row_and_forward_ones_come_first():
    rows = make_direction_table(COMPLETE, "cuda")
    assert len(rows) == len({r.direction for r in rows}) == len(DIALECTS) * (len(DIALECTS) - 1)
    assert all(
        r.offered and not r.lacks and r.pairs == len(builtin.pairs(r.direction)) for r in rows
    )
    assert [r.kind for r in rows] == sorted(
        (r.kind for r in rows), key=["forward", "back", "serial", "parallel"].index
    )
    assert {r.kind for r in rows} == {"forward", "back", "serial", "parallel"}


def test_the_names_that_it_looks_for_are_the_doctors():
    assert set(NAMES) <= {f.name for f in check_machine()}


def test_without_gfortran_no_fortran_direction_is_offered_and_the_others_are():
    rows = make_direction_table(without("gfortran"), "emulated")
    for row in rows:
        assert row.offered == ("fortran" not in row.direction), row
    text = format_direction_table(rows, without("gfortran"))
    assert "NO, needs gfortran" in text and "gfortran: lost; to mend: get gfortran" in text


def test_what_only_weakens_verdicts_is_named_but_the_direction_is_offered():
    found = by_direction(make_direction_table(without("archer", "gpu"), "emulated"))
    assert found["cpp:openmp"].lacks == ("archer",) and found["cpp:openmp"].offered
    assert found["fortran:cuda"].lacks == ("gpu",) and found["fortran:cuda"].runs_on == (
        "cpu",
        "emulated",
    )
    assert found["cpp:fortran"].lacks == ()
    assert by_direction(make_direction_table(COMPLETE, "cuda"))["openmp:cuda"].runs_on == (
        "cpu threads",
        "device",
    )


def test_the_command_prints_a_line_for_each_and_the_same_as_json(capsys):
    assert main(["directions"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert main(["directions", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [r["direction"] for r in rows] == [line.split()[0] for line in lines[1 : len(rows) + 1]]


@pytest.mark.parametrize(
    "way", ["cpp:cuda", "cuda:fortran", "openmp:openmp-fortran", "fortran:cpp"]
)
def test_what_is_offered_really_runs(way):
    row = by_direction(make_direction_table(check_machine(), "emulated"))[way]
    if not row.offered:
        pytest.skip(f"needs {', '.join(row.needs)}")
    source, target = next(
        pair for pair in builtin.pairs(str(parse_direction(way))) if pair[0].name == "axpy"
    )
    assert verify(source, target, backend="emulated").outcome is Outcome.EQUIVALENT
