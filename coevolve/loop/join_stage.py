"""Ports joined from ports of loop nests, in a round: for programs that no answer ported in parallel
as a whole.

Contract: `join_ports` gives candidates beside those that were asked for, and verdicts on them under
the programs' own suites. The nests of 1,024 programs are asked for together, wave by wave: those of
a nest that has no port come in the next one.

    coevolve run CONFIG --set round.by_parts=true
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from coevolve.loop.directions import has_outlined_ports
from coevolve.loop.services import TranslatorService
from coevolve.loop.stage_run import Run, judge_candidates, split_into_chunks
from coevolve.loop.workers import map_unordered, stream_results
from coevolve.port.by_parts import Answer, PortAssembly
from coevolve.verification.engine import Pair
from coevolve.verification.verifier import Verifier
from corpora.dialects import Direction
from corpora.record_index import RecordIndex
from corpora.records import Candidate, Outcome, UnitTestSuite, Verdict
from translator.outline.outliner import OutlinedPart

AUTHOR = "by parts"


JOINED_TOGETHER = 1024
"""Programs whose loop nests are asked for together: so many are in memory."""
Judged = tuple[list[Candidate], list[Verdict]]
"""Candidates, and the verdicts on them."""


def join_ports(
    run: Run, number: int, judged: Sequence[Judged], suites: Mapping[str, UnitTestSuite]
) -> Judged:
    """Ask for ports of the loop nests of programs without a parallel port, and put them together.

    run: the configuration, corpus and workers. number: the round's, from 1. judged: the candidates
        of that round with the verdicts on them, in parts. suites: by program id; programs without
        one are passed over.
    Returns (the candidates that were made, the verdicts on them under the programs' suites); a
    candidate that is in `judged` is left out.
    """
    ported: set[tuple[str, str]] = set()
    for candidates, verdicts in judged:
        parallel = {
            v.target_id for v in verdicts if v.outcome is Outcome.EQUIVALENT and not v.serial
        }
        ported |= {(c.source_id, c.direction) for c in candidates if c.id in parallel}
    made: dict[str, Candidate] = {}
    for direction, side in run.sides():
        if not has_outlined_ports(direction):
            continue
        wanted = side.keep(suites)
        wanted = wanted.take(
            k for k, key in enumerate(wanted.keys) if (key, str(direction)) not in ported
        )
        for programs in split_into_chunks(wanted, JOINED_TOGETHER):
            joinings = [PortAssembly(p, direction, suites[p.id]) for p in programs]
            while any(joining.asked for joining in joinings):
                _run_wave(run, number, direction, joinings)
            found = [
                Candidate(p.id, str(direction), j.made.text, AUTHOR)
                for p, j in zip(programs, joinings, strict=True)
                if j.made is not None
            ]
            made |= {c.id: c for c in found}
    for candidates, _ in judged if made else ():
        for candidate in candidates:
            made.pop(candidate.id, None)
    if not made:
        return [], []
    new, label = list(made.values()), f"round {number}: verify joined ports"
    return new, judge_candidates(run, label, new, RecordIndex(run.training()), suites)


def _run_wave(
    run: Run, number: int, direction: Direction, joinings: Sequence[PortAssembly]
) -> None:
    """Ask for what every one asks for now, and tell it what became of that."""
    wanted: list[tuple[PortAssembly, OutlinedPart]] = [
        (joining, part) for joining in joinings for part in joining.asked
    ]
    chunks = run.chunks(wanted)
    checkpoint, greedy = (
        str(run.translator(run.proposers(number), direction)),
        run.sampling(1, 0.0, "parts", number),
    )
    asked = [
        (checkpoint, [part.program for _, part in chunk], str(chunk[0][0].direction), greedy)
        for chunk in chunks
    ]
    pairs: dict[int, list[Pair]] = {}
    answers: dict[int, list[Answer]] = {id(joining): [] for joining, _ in wanted}

    def expand(index: int, candidates: list[Candidate]) -> list[tuple]:
        pairs[index] = [
            joining.pair(part, c.text)
            for (joining, part), c in zip(chunks[index], candidates, strict=True)
        ]
        return [(pairs[index],)]

    judged: dict[tuple[int, int], list] = {}
    with run.bar(f"round {number}: port loop nests ({direction})", len(wanted)) as bar:
        for place, verdicts in stream_results(
            run.workers.translators,
            TranslatorService.propose,
            asked,
            run.workers.verifiers,
            Verifier.verify,
            expand,
        ):
            judged[place] = verdicts
            bar.advance(len(verdicts))
    for index, _ in sorted(judged):
        for (joining, part), pair, verdict in zip(
            chunks[index], pairs[index], judged[index, 0], strict=True
        ):
            answers[id(joining)].append((part, pair.target.text, verdict))
    ruled = [
        (joining, part, pairs)
        for joining in joinings
        if id(joining) in answers
        for part, pairs in joining.propose_by_rule(answers[id(joining)])
        if pairs
    ]
    by_rule = dict(
        map_unordered(run.workers.verifiers, Verifier.verify, [(pairs,) for _, _, pairs in ruled])
    )
    for index, (joining, part, proposed) in enumerate(ruled):
        answers[id(joining)] += [
            (part, pair.target.text, verdict)
            for pair, verdict in zip(proposed, by_rule[index], strict=True)
        ]
    for joining in joinings:
        if id(joining) in answers:
            joining.tell(answers[id(joining)])
