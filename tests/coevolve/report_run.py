"""A finished run folder made from records, without models or compilers: what a report page is
tested on.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from coevolve.config.schema import format_toml, parse
from coevolve.loop.run_folder import RunFolder, write_json
from corpora.records import Blame, Candidate, Outcome, Program, Triplet, UnitTestSuite, Verdict
from corpora.signatures.signature import read_signature
from corpora.store import write_jsonl
from corpora.suites.unit_tests import parse_suite

HOSTILE = (
    "</script><img src=x onerror=\"document.title='owned'\"><!-- "
    "<script>document.title='owned'</script> \u2028 \u2029 \ud800 &lt; ${1} ${`x`}"
)
OUTCOMES = tuple(Outcome)


def program(number: int, dialect: str = "cpp") -> Program:
    head = "__global__ void" if dialect == "cuda" else "void"
    return Program(
        dialect,
        f"f{number}",
        f"{head} f{number}(int n, float *x) {{\n  for (int i = 0; i < n; i++)\n    x[i] = "
        f"{number};\n}}",
        f"made {number}",
    )


def suite_of(each: Program) -> UnitTestSuite:
    return UnitTestSuite(
        each.id,
        parse_suite("n=4 x[4]=uniform(0,1); n=9 x[9]=uniform(0,1)", read_signature(each)),
        strength=0.75,
    )


def verdict_of(candidate: Candidate, outcome: Outcome, detail: str) -> Verdict:
    wrong = (
        {
            "test_index": 1,
            "buffer": "x",
            "element": 3,
            "expected": "1",
            "actual": "2",
            "tolerance": "0",
        }
        if outcome is Outcome.MISMATCH
        else {}
    )
    return Verdict(
        candidate.source_id, candidate.id, "", outcome, Blame.NOBODY, detail, "emulated", **wrong
    )


def candidate_of(source: Program, number: int, text: str = "") -> Candidate:
    text = (
        text
        or f"__global__ void {source.name}(int n, float *x) {{\n  int i = threadIdx.x;\n  if (i "
        f"< n) x[i] = {number};\n}}"
    )
    return Candidate(source.id, "cpp:cuda", text, sample=number)


def make_run(
    root: Path,
    programs: int = 10,
    samples: int = 10,
    solved: tuple[tuple[int, ...], ...] = ((0, 1), (1, 2)),
    text: str = "",
) -> RunFolder:
    """`programs` training programs with `samples` candidates in one round, outcomes in turn; five
    held-out programs with references, of which `solved[k]` are solved after round k. text: put into
    a candidate, a detail and the configuration.
    """
    folder = RunFolder(root)
    config = parse(
        {"evaluate": {"samples": 1}, "round": {"count": 1}, "settings": {"evaluate.pass_at": [1]}},
        "made",
    )
    config = replace(
        config,
        run_dir=str(root),
        corpus=replace(config.corpus, source=text.encode("utf-8", "replace").decode() or "builtin"),
    )
    root.mkdir(parents=True)
    folder.config.write_text(format_toml(config), encoding="utf-8")
    training, held_out = (
        [program(i) for i in range(programs)],
        [program(1000 + i) for i in range(5)],
    )
    references = {p.id: program(1000 + i, "cuda") for i, p in enumerate(held_out)}
    write_jsonl(folder.corpus, [*training, *held_out, *references.values()])
    write_json(folder.split, {"references": {k: v.id for k, v in references.items()}})
    write_jsonl(folder.evaluation_suites, [suite_of(p) for p in held_out])
    for number, now in enumerate(solved):
        _evaluation(folder, number, held_out, now)
    _round(folder, training, samples, text)
    folder.record_time(1, "propose and verify", 12.5, 0.8)
    return folder


def _evaluation(
    folder: RunFolder, number: int, held_out: list[Program], solved: tuple[int, ...]
) -> None:
    paths = folder.round(number)
    paths.folder.mkdir()
    candidates = [candidate_of(p, 1000 + i) for i, p in enumerate(held_out)]
    outcomes = [
        Outcome.EQUIVALENT if i in solved else Outcome.MISMATCH for i in range(len(held_out))
    ]
    write_jsonl(paths.evaluation_candidates, candidates)
    write_jsonl(
        paths.evaluation_verdicts, [verdict_of(c, o, "") for c, o in zip(candidates, outcomes)]
    )
    share = 100.0 * len(solved) / len(held_out)
    write_json(
        paths.evaluation,
        {
            "programs": 5,
            "pass@1": share,
            "compile_rate": 90.0,
            "bleu": 50.5,
            "codebleu": None,
            "tester_valid_rate": 40.0,
        },
    )


def _round(folder: RunFolder, training: list[Program], samples: int, text: str) -> None:
    paths = folder.round(1)
    candidates = [candidate_of(p, k) for p in training for k in range(samples)]
    if text:
        candidates[0] = candidate_of(training[0], 0, text)
    verdicts = [
        verdict_of(c, OUTCOMES[i % len(OUTCOMES)], text or "a reason")
        for i, c in enumerate(candidates)
    ]
    by_id = {p.id: p for p in training}
    right = [(c, v) for c, v in zip(candidates, verdicts) if v.outcome is Outcome.EQUIVALENT][::2]
    write_jsonl(paths.suites, [suite_of(p) for p in training])
    write_json(
        paths.suite_counts, {"programs": len(training), "programs_with_suite": len(training)}
    )
    write_jsonl(paths.proposals, candidates)
    write_jsonl(paths.verdicts, verdicts)
    sides = [
        (by_id[c.source_id], Program("cuda", by_id[c.source_id].name, c.text), v) for c, v in right
    ]
    write_jsonl(paths.triplets, [Triplet(s, t, suite_of(s), "cpp:cuda", v) for s, t, v in sides])
