"""The manifest knows copies in any dress, estimates near ones, and survives the disk; checkpoints
carry it.
"""

import json
import random
from dataclasses import replace
from pathlib import Path

import pytest

from coevolve.evaluation.contamination import (
    FILE_NAME,
    NEAR,
    Manifest,
    ManifestError,
    read_manifest,
)
from corpora import builtin
from corpora.fingerprints import compute_fingerprints, compute_jaccard
from corpora.records import Blame, Outcome, Program, Triplet, UnitTestSuite, Verdict
from corpora.signatures.signature import read_signature
from corpora.store import write_jsonl
from corpora.suites.unit_tests import parse_suite

LOOP = "void f(float *x, int n) { for (int i = 0; i < n; i++) { x[i] = x[i] * 2 + n; } }"
DRESSED = (
    "static inline void g ( float * data , int count ) {\n  // a copy\n  for (int k = 0; "
    "k < count; k++) { data[k] = data[k] * 2 + count; }\n}"
)


def test_copies_are_found_and_others_are_not():
    manifest = Manifest.of([LOOP], ["int g(int a) { return a + 1; }"])
    found = manifest.trained_on(
        [
            DRESSED,
            "int h(int b) { return b + 1; }",
            "void z(int *y) { y[0] = y[1] ? 3 : y[2] - y[4]; }",
        ]
    )
    assert [how for how, _ in found] == ["equal", "generated", ""]
    assert manifest.trained_on([]) == [] and Manifest.of([]).trained_on([LOOP]) == [("", 0.0)]


def test_similarity_is_estimated_within_what_is_documented():
    """Programs with lines exchanged: the estimate against the exact similarity of shingles."""
    random.seed(3)
    texts = [p.text for p in builtin.programs("cpp")[:40]]
    errors = []
    for text in texts:
        words = text.split()
        for share in (0.02, 0.05):
            other = " ".join("zz + 1" if random.random() < share else w for w in words)
            prints = compute_fingerprints([text, other])
            exact = compute_jaccard(*(frozenset(s.tolist()) for s in prints.shingles))
            how, found = Manifest.of([text]).trained_on([other])[0]
            errors.append(abs(found - exact))
            if exact >= 0.9:
                assert how, (exact, found)
            if exact < NEAR - 0.25:
                assert not how, (exact, found)
    assert sum(errors) / len(errors) < 0.06 and max(errors) < 0.25


def test_it_is_the_same_after_the_disk_and_equal_bytes_for_equal_programs(tmp_path):
    one = Manifest.of(
        [LOOP, "int a(int b) { return b; }"],
        ["void q(int *x) { x[0] = 1; }", "void q(int *x) { x[0] = 2; }"],
    )
    one.write(tmp_path)
    back = Manifest.read(tmp_path)
    assert (
        back.exact == one.exact
        and (back.sketches == one.sketches).all()
        and back.generated == one.generated
    )
    bytes_ = (tmp_path / FILE_NAME).read_bytes()
    assert b"float" not in bytes_
    Manifest.of(
        [LOOP, LOOP, "int a(int b) { return b; }"],
        ["void q(int *x) { x[0] = 2; }", "void q(int *x) { x[0] = 1; }"],
    ).write(tmp_path)
    assert (tmp_path / FILE_NAME).read_bytes() == bytes_
    joined = one.joined(Manifest.of([DRESSED, "int c(int d) { return d * d; }"]))
    assert len(joined.exact) == 3 == len(joined.sketches)


def test_what_is_no_manifest_is_one_line(tmp_path):
    assert Manifest.read(tmp_path) is None and read_manifest(tmp_path) is None
    for value in ({"schema_version": 99}, {"schema_version": 1}, [1]):
        (tmp_path / FILE_NAME).write_text(json.dumps(value))
        with pytest.raises(ManifestError) as caught:
            Manifest.read(tmp_path)
        assert "\n" not in str(caught.value) and FILE_NAME in str(caught.value)


@pytest.mark.slow
def test_checkpoints_know_what_they_learnt_from(tiny, tmp_path):
    """The cold start knows its generated programs, a round adds both sides of its kept pairs and
    keeps the rest.
    """
    from coevolve.loop.services import TesterService, TranslatorService

    held_out = [Program("cpp", "far", "void far(int *x) { x[0] = x[1] ? 3 : y[2]; }")]
    source = Program("cpp", "f", LOOP)
    target = Program(
        "cuda",
        "f",
        "__global__ void f(float *x, int n) { int i = threadIdx.x; if (i < n) x[i] = x[i] * 2 "
        "+ n; }",
    )
    suite = UnitTestSuite(
        source.id, parse_suite("x:f32[4]=uniform(-1,1) n:i32=4", read_signature(source))
    )
    verdict = Verdict(source.id, target.id, suite.id, Outcome.EQUIVALENT, Blame.NOBODY)
    config = replace(tiny, cold_start=replace(tiny.cold_start, generated=6, suites=6))
    lessons = {
        TranslatorService: [Triplet(source, target, suite, "cpp:cuda", verdict)],
        TesterService: [(source, suite)],
    }
    for service, taught in lessons.items():
        model = service(config)
        cold, after = (str(tmp_path / service.__name__ / name) for name in ("cold", "after"))
        model.cold_start(held_out, cold)
        first = Manifest.read(Path(cold))
        assert first.exact == () and len(first.generated) >= 5
        model.learn(cold, taught, held_out, after, 1)
        second = read_manifest(Path(after))
        assert second.generated >= first.generated
        wanted = [source, target] if service is TranslatorService else [source]
        assert [how for how, _ in second.trained_on(wanted + held_out)] == ["equal"] * len(
            wanted
        ) + [""]


def test_older_runs_are_known_by_their_kept_pairs(tmp_path):
    source = Program("cpp", "f", LOOP)
    target = Program("cuda", "f", "__global__ void f(float *x, int n) { x[threadIdx.x] = n; }")
    suite = UnitTestSuite(source.id, ())
    triplet = Triplet(
        source,
        target,
        suite,
        "cpp:cuda",
        Verdict(source.id, target.id, suite.id, Outcome.EQUIVALENT, Blame.NOBODY),
    )
    (tmp_path / "split.json").write_text("{}")
    for number in (1, 2):
        (tmp_path / f"round-{number}" / "translator").mkdir(parents=True)
    write_jsonl(tmp_path / "round-2" / "triplets.jsonl", [triplet])
    assert read_manifest(tmp_path / "round-1" / "translator").trained_on([source]) == [("", 0.0)]
    assert (
        read_manifest(tmp_path / "round-2" / "translator").trained_on([source, target])
        == [("equal", 1.0)] * 2
    )
