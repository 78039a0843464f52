"""The development corpus: what is in it, that it is nobody's copy, and that the engine can test and
run all of it.
"""

import os
from pathlib import Path

import pytest

from coevolve.verification.engine import Engine, Pair, VerifyConfig
from corpora import builtin, development
from corpora.datasets.loaders import load_corpus, load_pairs
from corpora.dialects import DIALECTS
from corpora.extraction.extract import extract_programs
from corpora.records import Outcome
from corpora.signatures.signature import read_signature
from corpora.splits import EvaluationGuard, cluster_items

SERIAL = [*development.programs("cpp"), *development.programs("fortran")]
DATA = Path(os.environ.get("COEVOLVE_DATA", Path(__file__).parents[2] / ".." / "shared" / "data"))


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    made = Engine("emulated", VerifyConfig(), cache=tmp_path_factory.mktemp("verdicts"))
    yield made
    made.close()


def test_there_are_as_many_as_promised():
    assert len(development.programs("cpp")) >= 120
    assert len(development.programs("fortran")) >= 40
    assert len(development.pairs("cpp:cuda")) >= 40


def test_every_file_is_one_callable_function_named_as_the_file():
    wrong = []
    for program in (p for d in DIALECTS for p in development.programs(d)):
        found = extract_programs(program.text, program.dialect)
        if (
            len(found.programs) != 1
            or read_signature(program).name.lower() != program.name
            or found.programs[0].name.lower() != program.name
        ):
            wrong.append((program.origin, found.skipped))
    assert wrong == []


def test_they_are_as_long_and_as_varied_as_real_ones():
    lines = [len(p.text.strip().splitlines()) for p in SERIAL]
    assert min(lines) >= 5 and max(lines) <= 30
    signatures = [read_signature(p) for p in development.programs("cpp")]
    assert sum(s.result is not None for s in signatures) >= 30
    types = {p.type for s in signatures for p in s.parameters}
    assert {"f32", "f64", "i32", "u8", "i16", "i64", "bool", "u64", "i8", "u16", "u32"} <= types
    assert any(p.kind == "rows" for s in signatures for p in s.parameters)


def test_kernels_are_bare_and_take_the_same_parameters_in_the_same_order():
    for source, target in development.pairs("cpp:cuda"):
        a, b = read_signature(source), read_signature(target)
        assert b.style == "kernel" and "<<<" not in target.text, target.origin
        assert [(p.name, p.kind, p.type) for p in a.parameters] == [
            (p.name, p.kind, p.type) for p in b.parameters
        ], target.origin


def test_none_is_a_near_duplicate_of_another_or_of_a_builtin_function():
    known = [p for d in DIALECTS for p in builtin.programs(d)]
    together = cluster_items([*SERIAL, *known])
    assert together[: len(SERIAL)] == list(range(len(SERIAL)))
    assert set(together[len(SERIAL) :]).isdisjoint(range(len(SERIAL)))


@pytest.mark.skipif(
    not (DATA / "babeltower").is_dir(),
    reason="needs the BabelTower validation split (COEVOLVE_DATA)",
)
def test_none_is_a_near_duplicate_of_an_evaluation_function():
    held_out = [
        p
        for d in ("cpp", "cuda")
        for p in load_corpus(str(DATA / f"babeltower/{d}.para.valid.tok"), d).programs
    ]
    assert len(held_out) > 300
    EvaluationGuard(held_out).check([p for d in DIALECTS for p in development.programs(d)])


def test_the_loader_knows_it_by_name():
    assert load_corpus("development", "fortran").programs == tuple(development.programs("fortran"))
    assert load_pairs("development", "development", "cpp:cuda").pairs == tuple(
        development.pairs("cpp:cuda")
    )


def strengths(engine, programs):
    """Strength by origin; the reason where there is no valid suite."""
    engine.prepare_sources(programs)
    found = {}
    for program in programs:
        checked = engine.expectations(program)
        found[program.origin] = (
            checked.expectations.suite.strength if checked.expectations else checked.reason
        )
    return found


def test_a_sample_has_valid_suites(engine):
    found = strengths(engine, SERIAL[::13][:20])
    assert len(found) == 20
    assert {k: v for k, v in found.items() if isinstance(v, str) or v < 0.8} == {}


@pytest.mark.slow
@pytest.mark.parametrize("start", range(0, len(SERIAL), 32))
def test_all_have_valid_suites(engine, start):
    found = strengths(engine, SERIAL[start : start + 32])
    assert {k: v for k, v in found.items() if isinstance(v, str) or v < 0.8} == {}


def refused(engine, pairs):
    asked = [Pair(source, target) for source, target in pairs]
    engine.prepare(asked)
    verdicts = [(p.source.origin, engine.verify(p)) for p in asked]
    return [
        (name, v.outcome, v.detail) for name, v in verdicts if v.outcome is not Outcome.EQUIVALENT
    ]


def test_a_sample_of_the_kernels_is_accepted(engine):
    assert refused(engine, development.pairs("cpp:cuda")[::10]) == []


@pytest.mark.slow
def test_all_kernels_are_accepted(engine):
    assert refused(engine, development.pairs("cpp:cuda")) == []
