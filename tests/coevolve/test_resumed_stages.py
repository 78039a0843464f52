"""A stage that was killed goes on where it was: nothing that is known is made, asked or judged
again, and the files are those of an undisturbed run.
"""

from dataclasses import replace

import pytest

from coevolve.config.schema import parse
from coevolve.evaluation.evaluate import evaluate_round, prepare_evaluation
from coevolve.loop import manifest, stages
from coevolve.loop.run_corpus import RunCorpus
from coevolve.loop.run_folder import Journal, RunFolder
from coevolve.loop.workers import FixedPool, LocalWorker, RunWorkers
from coevolve.verification.record_cache import RecordCache
from coevolve.verification.verifier import Verifier
from corpora.records import Candidate, Outcome, Program, Triplet, Verdict
from corpora.store import StoreError, read_jsonl

BODIES = ("if (i < n) c[i] = {0};", "if (i < n) c[i] = a[i];", "if (i < n) c[i] = {0}")
VALUES = {"blend": "a[i] * 0.25f + b[i]", "gap": "a[i] - b[i]", "both": "a[i] * b[i]"}
FILES = ("suites", "suite_counts", "proposals", "verdicts", "triplets")
ARGUMENTS = "const float *a, const float *b, float *c, int n"


def make_sources():
    return tuple(
        Program(
            "cpp",
            name,
            f"void {name}({ARGUMENTS}) {{ for (int i = 0; i < n; i++) c[i] = {value}; }}",
        )
        for name, value in VALUES.items()
    )


class Asked:
    """Translator and Tester with known answers. programs: those asked about, one entry a call."""

    def __init__(self):
        self.programs = []

    def propose(self, _checkpoint, programs, way=None, _sampling=None):
        self.programs.append([p.name for p in programs])
        if not isinstance(way, str):
            return [[((), 0)] for _ in programs]
        head = "__global__ void {0}({1}) {{ int i = blockIdx.x * blockDim.x + threadIdx.x; {2} }}"
        return [
            Candidate(p.id, way, head.format(p.name, ARGUMENTS, b.format(VALUES[p.name])), sample=k)
            for p in programs
            for k, b in enumerate(BODIES)
        ]


class Dying:
    """A verifier's stand-in that is interrupted at its call number `at` of the method `method`.
    done: names of the programs that were made a suite of, or judged.
    """

    def __init__(self, verifier, method="", at=0):
        self.verifier, self.method, self.left, self.done = verifier, method, at, []

    def _pass(self, method, program, *rest):
        if method == self.method:
            self.left -= 1
            if not self.left:
                raise KeyboardInterrupt
        self.done.append((method, program.name))
        return getattr(self.verifier, method)(program, *rest)

    def prepare(self, *arguments):
        return self._pass("prepare", *arguments)

    def judge(self, *arguments):
        return self._pass("judge", *arguments)

    def __getattr__(self, name):
        return getattr(self.verifier, name)


@pytest.fixture(scope="module")
def settings():
    values = {
        "evaluate": {"samples": 1},
        "settings": {
            "verify.mutants": 4,
            "evaluate.pass_at": [1],
            "model.programs_per_call": 1,
            "verify.device_compiler": "none",
        },
    }
    return replace(parse(values, "small"), run_dir="none")


@pytest.fixture(scope="module")
def verifier(settings):
    made = Verifier(settings)
    yield made
    made.engine.close()


@pytest.fixture
def no_cache(monkeypatch):
    monkeypatch.setattr(RecordCache, "load", lambda *_: None)


def make_run(settings, folder, asked, judge):
    workers = RunWorkers(*(FixedPool(LocalWorker(each)) for each in (asked, asked, judge)))
    run = stages.Run(settings, RunFolder(folder), RunCorpus(make_sources(), (), (), {}), workers)
    for number in (0, 1):
        run.folder.round(number).folder.mkdir(parents=True, exist_ok=True)
    return run


def pass_stages(run):
    stages.make_suites(run, 1)
    stages.propose_and_verify(run, 1)
    stages.keep_triplets(run, 1)
    paths = run.folder.round(1)
    return {name: getattr(paths, name).read_bytes() for name in FILES}


@pytest.fixture(scope="module")
def whole(settings, verifier, tmp_path_factory):
    """The files of an undisturbed run."""
    folder = tmp_path_factory.mktemp("whole")
    found = pass_stages(make_run(settings, folder, Asked(), verifier))
    triplets = list(read_jsonl(RunFolder(folder).round(1).triplets, Triplet))
    assert [t.source.name for t in triplets] == list(VALUES)
    return found


@pytest.mark.parametrize("method", ["prepare", "judge"])
def test_what_was_made_or_judged_before_a_kill_is_kept(
    settings, verifier, whole, tmp_path, no_cache, method
):
    dying = Dying(verifier, method, 3)
    with pytest.raises(KeyboardInterrupt):
        pass_stages(make_run(settings, tmp_path, Asked(), dying))
    known = {name for did, name in dying.done if did == method}
    again, asked = Dying(verifier), Asked()
    run = make_run(settings, tmp_path, asked, again)
    assert pass_stages(run) == whole
    assert len(known) == 2 and not known & {name for did, name in again.done if did == method}
    assert len(asked.programs) == (4 if method == "prepare" else 0)
    paths = run.folder.round(1)
    assert not any(j.folder.exists() for j in (paths.preparing, paths.proposing, paths.judging))


def test_an_evaluation_that_was_killed_judges_no_answer_twice(
    settings, verifier, tmp_path, no_cache
):
    names = ("evaluation", "evaluation_candidates", "evaluation_verdicts")

    def evaluate(folder, asked, judge):
        run = make_run(settings, folder, asked, judge)
        run = replace(run, corpus=RunCorpus((), (), make_sources(), {}))
        prepare_evaluation(run)
        figures = evaluate_round(run, 0)
        assert not run.folder.round(0).answering.folder.exists()
        return figures, [getattr(run.folder.round(0), name).read_bytes() for name in names]

    undisturbed = evaluate(tmp_path / "a", Asked(), verifier)
    assert undisturbed[0]["outcomes"] == {"COMPILE_ERROR": 3, "EQUIVALENT": 3, "MISMATCH": 3}
    dying = Dying(verifier, "judge", 3)
    with pytest.raises(KeyboardInterrupt):
        evaluate(tmp_path / "b", Asked(), dying)
    again, asked = Dying(verifier), Asked()
    assert evaluate(tmp_path / "b", asked, again) == undisturbed
    judged = [{name for did, name in each.done if did == "judge"} for each in (dying, again)]
    assert len(judged[0]) == 2 and judged[1] == set(VALUES) - judged[0]
    assert len(asked.programs) == 3  # tests of the Tester, which come after all answers


@pytest.mark.parametrize(
    ("name", "change", "judged"),
    [
        ("judging", lambda b: b[:-9], {"blend", "both"}),
        ("proposing", lambda b: b"", {"both"}),  # the candidates are taken from their file
    ],
)
def test_a_damaged_part_of_a_journal_is_made_again(
    settings, verifier, whole, tmp_path, no_cache, name, change, judged
):
    with pytest.raises(KeyboardInterrupt):
        pass_stages(make_run(settings, tmp_path, Asked(), Dying(verifier, "judge", 3)))
    file = min(getattr(RunFolder(tmp_path).round(1), name).folder.iterdir())
    file.write_bytes(change(file.read_bytes()))
    again, asked = Dying(verifier), Asked()
    assert pass_stages(make_run(settings, tmp_path, asked, again)) == whole
    assert {name for did, name in again.done if did == "judge"} == judged and not asked.programs


def test_a_damaged_file_of_a_journal_that_is_asked_for_is_one_line(tmp_path):
    journal = Journal(tmp_path / "other")
    journal.add(0, [Candidate("a", "cpp:cuda", "x\u2028y")])
    assert journal.read(0, Candidate)[0].text == "x\u2028y" and journal.chunks() == {0}
    next(journal.folder.iterdir()).write_bytes(b"x")
    assert journal.chunks() == set() and not journal.view(Candidate)
    with pytest.raises(StoreError, match="damaged"):
        journal.read(0, Candidate)


def test_a_second_run_takes_its_verdicts_from_the_cache(
    settings, verifier, whole, tmp_path, monkeypatch
):
    """A verifier of another process, so to speak: it remembers nothing but what is on disk."""
    other = Verifier(settings)
    for name in ("_judge", "_prepare"):
        monkeypatch.setattr(other, name, None, raising=False)
    try:
        assert pass_stages(make_run(settings, tmp_path / "b", Asked(), other)) == whole
        assert other.recalled == len(VALUES) * len(BODIES)
    finally:
        other.engine.close()
    stricter = Verifier(replace(settings, seed=settings.seed + 1))
    assert stricter._identity != verifier._identity
    stricter.engine.close()


@pytest.mark.parametrize(("limit", "sizes"), [(1, [3, 3, 3, 0]), (4, [6, 3]), (100, [9])])
def test_few_verdicts_are_in_memory_at_once(
    settings, verifier, whole, tmp_path, monkeypatch, limit, sizes
):
    """It was a number of chunks, and a chunk may hold a thousand verdicts."""
    confirm, seen = stages.confirm_accepted, []

    def count(run, verdicts, candidates):
        assert {v.target_id for v in verdicts} <= set(candidates)
        seen.append(len(verdicts))
        return confirm(run, verdicts, candidates)

    monkeypatch.setattr(stages, "confirm_accepted", count)
    monkeypatch.setattr(stages, "CONFIRMED_AT_ONCE", limit)
    assert pass_stages(make_run(settings, tmp_path, Asked(), verifier)) == whole
    assert seen == sizes


def test_a_changed_record_of_the_cache_counts_as_absent(tmp_path):
    cache = RecordCache(tmp_path)
    program = Program("cpp", "f", "void f() {}")
    cache.save("0a1b", program)
    assert cache.load("0a1b", Program) == program and cache.load("0a1c", Program) is None
    assert cache.load("0a1b", Verdict) is None
    file = next(tmp_path.rglob("*.record"))
    for damage in (lambda b: b.replace(b'"f"', b'"g"'), lambda b: b[:-4], lambda b: b""):
        kept = file.read_bytes()
        file.write_bytes(damage(kept))
        assert cache.load("0a1b", Program) is None
        file.write_bytes(kept)


def test_a_file_that_is_written_anew_is_sealed_or_has_no_seal(settings, tmp_path, monkeypatch):
    """`by_parts` writes the proposals twice. A kill before the second seal left a file that
    differed from its seal, and a run that refused to go on.
    """
    folder = RunFolder(tmp_path)
    path = folder.round(1).proposals
    folder.finish_records(path, [Candidate("a", "cpp:cuda", "x")])
    for place in ("seal", "write_shards"):
        with monkeypatch.context() as change:

            def stop(*_):
                raise KeyboardInterrupt

            owner = manifest if place == "seal" else "coevolve.loop.run_folder"
            if place == "seal":
                change.setattr(owner, place, stop)
            else:
                change.setattr(f"{owner}.{place}", stop)
            with pytest.raises(KeyboardInterrupt):
                folder.finish_records(path, [Candidate("a", "cpp:cuda", "y")])
        assert folder.is_finished(path)
        assert next(read_jsonl(path, Candidate)).text == "y"


def test_a_verdict_on_a_candidate_that_is_gone_is_one_line(settings, verifier, whole, tmp_path):
    run = make_run(settings, tmp_path, Asked(), verifier)
    stages.make_suites(run, 1)
    stages.propose_and_verify(run, 1)
    paths = run.folder.round(1)
    run.folder.finish_records(paths.proposals, list(read_jsonl(paths.proposals, Candidate))[1:])
    with pytest.raises(StoreError, match="lacks; delete both"):
        stages.keep_triplets(run, 1)
    assert {v.outcome for v in read_jsonl(paths.verdicts, Verdict)} >= {Outcome.EQUIVALENT}
