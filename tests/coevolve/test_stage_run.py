"""Sequences that a stage makes piece by piece are those that it would have made at once."""

from dataclasses import replace

import pytest
from hypothesis import given, strategies as st

from coevolve.config.schema import parse
from coevolve.loop.run_corpus import RunCorpus, list_programs
from coevolve.loop.run_folder import RunFolder
from coevolve.loop.stage_run import (
    LazySequence,
    Run,
    group_for_judging,
    split_into_chunks,
)
from coevolve.loop.workers import FixedPool, RunWorkers
from corpora.dialects import parse_direction
from corpora.records import Candidate, Program, UnitTestSuite


def test_a_lazy_sequence_is_the_list_and_holds_nothing():
    made = []
    numbers = LazySequence(7, lambda k: made.append(k) or 10 * k)
    wanted = [10 * k for k in range(7)]
    assert len(numbers) == 7 and not made
    assert list(numbers) == wanted and numbers[2:5] == wanted[2:5] and numbers[-1] == 60
    assert list(reversed(numbers)) == wanted[::-1] and 30 in numbers
    assert made.count(3) > 1 and not LazySequence(0, made.append)
    for outside in (7, -8):
        with pytest.raises(IndexError):
            numbers[outside]


@given(st.lists(st.integers()), st.integers(1, 9))
def test_chunks_are_the_list_cut(items, size):
    cut = [items[k : k + size] for k in range(0, len(items), size)]
    assert list(split_into_chunks(items, size)) == cut


@given(sizes=st.lists(st.integers(0, 9), max_size=5), per_call=st.integers(1, 4))
def test_work_is_every_chunk_of_every_direction(sizes, per_call):
    config = parse({"settings": {"model.programs_per_call": per_call}}, "t")
    config = replace(config, run_dir="none")
    workers = RunWorkers(FixedPool(), FixedPool(), FixedPool())
    run = Run(config, RunFolder("none"), RunCorpus((), (), (), {}), workers)
    way = parse_direction("cpp:cuda")
    sides = [
        (way, [Program("cpp", f"f{side}_{k}", "") for k in range(size)])
        for side, size in enumerate(sizes)
    ]
    wanted = [(way, chunk) for _, programs in sides for chunk in run.chunks(programs)]
    assert list(run.work(sides)) == wanted and len(run.work(sides)) == len(wanted)
    stored = run.work([(way, list_programs(programs)) for _, programs in sides])
    assert [(way, list(chunk)) for way, chunk in stored] == wanted


def test_a_program_and_its_suite_are_looked_up_when_they_are_judged():
    looked = []

    class Told(dict):
        def __getitem__(self, key):
            looked.append(key)
            return super().__getitem__(key)

    programs = [Program("cpp", name, "") for name in "abc"]
    suites = Told({p.id: UnitTestSuite(p.id, ()) for p in programs[:2]})
    candidates = [
        Candidate(p.id, way, "x", sample=k)
        for k in range(2)
        for way in ("cpp:cuda", "cpp:openmp")
        for p in programs
    ]
    items = group_for_judging(candidates, {p.id: p for p in programs}, suites)
    assert len(items) == 4 and not looked
    assert [(p.name, s.program_id == p.id, [c.sample for c in own]) for p, s, own in items] == [
        (name, True, [0, 1]) for name in ("a", "b", "a", "b")
    ]
    assert looked
