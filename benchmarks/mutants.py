"""How many wrong translations get through: mutants of accepted real targets, judged like any
candidate.

    python benchmarks/mutants.py ../shared/data/babeltower [--each 10] [--lines 1-184] \\
        [--markdown FILE]

Every target of DATA_FOLDER (see benchmarks/gold.py) that the engine accepts is mutated; each mutant
that compiles is judged on the suite that accepted its origin. A survivor is judged again on two
stronger rule-made suites (more tests, other seeds): where one of them finds a difference the mutant
was missed, else it is set aside as equivalent, and printed for a person to look at.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from gold import arguments, chosen, publish

from coevolve.verification.engine import Engine, Pair, VerifyConfig
from corpora.records import Outcome, Verdict
from gpu_runtime.expectations import Expectations
from tester.mutation.mutants import Mutant, generate_mutants, sample_mutants
from tester.mutation.strength import make_stronger_suite
from translator.judge import JudgeConfig, judge

JUDGE = JudgeConfig(timeout_floor_s=1.0)
STRONGER_SEEDS = (777, 4242)
SLOW_SOURCE_MS = 20.0
NO_PROGRAM = (Outcome.COMPILE_ERROR, Outcome.REFUSED)


@dataclass(frozen=True, slots=True)
class Judged:
    """One mutant of one target. fate: `killed`, `missed`, `equivalent` (set aside) or `no program`
    (did not compile).

    evidence: outcome and detail of the verdict that decided; for an equivalent one, which suites it
    survived.
    """

    line: int
    mutant: Mutant
    fate: str
    evidence: str


def judged_mutants(line: int, pair: Pair, engine: Engine, each: int) -> list[Judged] | str:
    """All sampled mutants of one accepted target, or why there are none."""
    verdict = engine.verify(pair)
    if verdict.outcome is not Outcome.EQUIVALENT:
        return f"not accepted: {verdict.outcome.value}"
    expectations = engine.expectations(pair.source).expectations
    if expectations is None or expectations.source_ms > SLOW_SOURCE_MS:
        return f"left out: one test takes more than {SLOW_SOURCE_MS:.0f} ms"
    mutants = sample_mutants(generate_mutants(pair.target), each, line)
    verdicts = judge(expectations, [m.program for m in mutants], engine.backend, JUDGE)
    found = [_first(line, m, v) for m, v in zip(mutants, verdicts, strict=True)]
    alive = [j for j in found if j.fate == "equivalent"]
    again = _again(alive, expectations, engine) if alive else {}
    return [again.get(j.mutant, j) for j in found]


def _first(line: int, mutant: Mutant, verdict: Verdict) -> Judged:
    if verdict.outcome in NO_PROGRAM:
        return Judged(line, mutant, "no program", f"{verdict.outcome.value}: {verdict.detail}")
    if verdict.outcome is Outcome.EQUIVALENT:
        return Judged(line, mutant, "equivalent", "")
    return Judged(line, mutant, "killed", verdict.outcome.value)


def _again(
    alive: Sequence[Judged], expectations: Expectations, engine: Engine
) -> dict[Mutant, Judged]:
    """Survivors under stronger suites."""
    now = {j.mutant: j for j in alive}
    for seed in STRONGER_SEEDS:
        other = make_stronger_suite(expectations, engine.backend, seed)
        waiting = [m for m, j in now.items() if j.fate == "equivalent"]
        if other is None or not waiting:
            continue
        for mutant, verdict in zip(
            waiting, judge(other, [m.program for m in waiting], engine.backend, JUDGE), strict=True
        ):
            if verdict.outcome is Outcome.EQUIVALENT:
                tried = f"{now[mutant].evidence}, " if now[mutant].evidence else ""
                now[mutant] = replace(
                    now[mutant], evidence=f"{tried}seed {seed}: {len(other.calls)} tests"
                )
            else:
                now[mutant] = replace(
                    now[mutant],
                    fate="missed",
                    evidence=f"seed {seed}: {verdict.outcome.value}: {verdict.detail}",
                )
    return now


def markdown(rows: Sequence[Judged], pairs: int, left_out: int) -> str:
    fates = Counter(row.fate for row in rows)
    compiled = len(rows) - fates["no program"]
    unequal = fates["killed"] + fates["missed"]
    lines = [
        f"{len(rows)} mutants of {pairs} accepted targets ({left_out} slow ones left out), "
        f"{compiled} compiled: {fates['killed']} killed, "
        f"{fates['missed']} missed, {fates['equivalent']} set aside as equivalent after two "
        f"stronger suites. "
        f"**{fates['killed'] / max(unequal, 1):.2%}** of the {unequal} that are not equivalent "
        f"are rejected.",
        "",
        "| kind | made | compiled | killed | missed | set aside |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for kind in sorted({row.mutant.kind for row in rows}):
        own = Counter(row.fate for row in rows if row.mutant.kind == kind)
        lines.append(
            f"| {kind} | {own.total()} | {own.total() - own['no program']} | {own['killed']} | "
            f"{own['missed']} | {own['equivalent']} |"
        )
    outcomes = Counter(row.evidence for row in rows if row.fate == "killed")
    lines += [
        "",
        "Killed by: "
        + ", ".join(f"{name} {count}" for name, count in outcomes.most_common())
        + ".",
    ]
    lines += [
        "",
        "| line | kind | missed mutant | what a stronger suite shows |",
        "| --- | --- | --- | --- |",
    ]
    lines += [
        f"| {r.line} | {r.mutant.kind} | `{_cell(r.mutant.where)}` | {_cell(r.evidence)} |"
        for r in rows
        if r.fate == "missed"
    ]
    return "\n".join(lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def main() -> int:
    parser = arguments(__doc__)
    parser.add_argument("--each", type=int, default=10, help="mutants of one target (default: 10)")
    args = parser.parse_args()
    rows: list[Judged] = []
    pairs = left_out = 0
    started = time.perf_counter()
    engine = Engine("emulated", VerifyConfig(mutants=12))
    for line, pair in chosen(args, "mutants"):
        found = judged_mutants(line, pair, engine, args.each)
        if isinstance(found, str):
            left_out += found.startswith("left out")
            continue
        pairs += 1
        rows += found
        for row in found:
            if row.fate in ("missed", "equivalent"):
                print(
                    f"{line:4} {row.fate:10} {row.mutant.kind:18} {row.mutant.where:60} "
                    f"{row.evidence}",
                    file=sys.stderr,
                    flush=True,
                )
    engine.close()
    publish(markdown(rows, pairs, left_out), args)
    print(f"\n{time.perf_counter() - started:.0f} s wall", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
