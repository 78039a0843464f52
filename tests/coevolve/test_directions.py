"""The loop in directions other than cpp:cuda: real compilers, and answers that are known to be
right or wrong.
"""

from dataclasses import replace

import pytest

from coevolve.config.schema import parse
from coevolve.loop import stages
from coevolve.loop.run_corpus import RunCorpus
from coevolve.loop.run_folder import RunFolder
from coevolve.loop.services import make_verifier
from coevolve.loop.workers import FixedPool, LocalWorker, RunWorkers
from corpora import builtin
from corpora.dialects import parse_direction
from corpora.records import Candidate, Outcome, Triplet, Verdict
from corpora.store import read_jsonl

NAMES = ("axpy", "dot")


class Knowing:
    """As Translator: the built-in reference, then the source's own words, which are no translation.
    As Tester: silent.
    """

    def propose(self, checkpoint, programs, way, sampling=None):
        if sampling is None:
            return [[] for _ in programs]
        right = {s.id: t for s, t in builtin.pairs(way)}
        return [
            Candidate(p.id, way, text, sample=k)
            for p in programs
            for k, text in enumerate((right[p.id].text, "nothing"))
        ]


@pytest.mark.parametrize(
    "way", ["cpp:openmp", "fortran:openmp-fortran", "fortran:openmp", "fortran:cuda", "fortran:cpp"]
)
def test_right_answers_are_kept_both_ways(way, tmp_path):
    config = parse(
        {"direction": way, "run_dir": str(tmp_path), "settings": {"verify.mutants": 6}}, "t"
    )
    pairs = [(s, t) for s, t in builtin.pairs(way) if s.name in NAMES]
    sources, targets = (tuple(p[side] for p in pairs) for side in (0, 1))
    verifier = make_verifier(config)
    workers = RunWorkers(
        FixedPool(LocalWorker(Knowing())),
        FixedPool(LocalWorker(Knowing())),
        FixedPool(LocalWorker(verifier)),
    )
    run = stages.Run(config, RunFolder(tmp_path), RunCorpus(sources, targets[:1], (), {}), workers)
    try:
        stages.make_suites(run, 1)
        stages.propose_and_verify(run, 1)
        stages.keep_triplets(run, 1)
    finally:
        verifier.engine.close()
    paths = run.folder.round(1)
    kept = {(t.direction, t.source.name) for t in read_jsonl(paths.triplets, Triplet)}
    wrong = [v for v in read_jsonl(paths.verdicts, Verdict) if v.outcome is not Outcome.EQUIVALENT]
    assert kept == {(way, s.name) for s in sources} | {
        (str(parse_direction(way).reverse), targets[0].name)
    }, wrong
    assert len(wrong) == len(kept)


def test_an_interrupted_verification_goes_on_from_its_proposals(tmp_path):
    """Verdicts of a resumed stage are those of a whole one, in the same order."""
    config = parse(
        {
            "direction": "cpp:openmp",
            "run_dir": str(tmp_path / "a"),
            "verify": {"least_strength": 0},
            "settings": {"verify.mutants": 0},
        },
        "t",
    )
    sources = tuple(s for s, _ in builtin.pairs("cpp:openmp") if s.name in NAMES)
    verifier = make_verifier(config)
    workers = RunWorkers(
        FixedPool(LocalWorker(Knowing())),
        FixedPool(LocalWorker(Knowing())),
        FixedPool(LocalWorker(verifier)),
    )
    run = stages.Run(config, RunFolder(tmp_path / "a"), RunCorpus(sources, (), (), {}), workers)
    try:
        stages.make_suites(run, 1)
        stages.propose_and_verify(run, 1)
        whole = run.folder.round(1).verdicts.read_bytes()
        run.folder.round(1).verdicts.unlink()
        stages.propose_and_verify(replace(run, workers=replace(workers, translators=None)), 1)
    finally:
        verifier.engine.close()
    assert run.folder.round(1).verdicts.read_bytes() == whole
