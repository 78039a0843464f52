"""OpenMP ports made of the source's own text and directives by rule, executed like any answer.

Contract: `port_by_directives` judges at most a few plans of `translator.parallelize.directives`,
best first: all loops that may be parallel, then the outermost loops of the function alone, then
loops without reductions. Arrays that are reduced in a copy for each thread come first where such
copies surely fit on a stack, and last where their length is not known. The first that the engine
finds equivalent and the speed gate lets pass is the port. One that fails the gate is kept for
those who find no other.

    coevolve translate axpy.cpp --to openmp --patch
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from coevolve.port.speed_gate import SpeedFigures, measure_speed
from coevolve.verification.engine import Engine, Pair
from corpora.dialects import Direction
from corpora.records import Blame, Outcome, Program, Verdict
from translator.parallelize.directives import (
    DirectivePlan,
    InsertionError,
    insert,
    keep_certain,
    keep_outermost,
    plan_directives,
)


@dataclass(frozen=True, slots=True)
class DirectivePort:
    """A port that is the source's own text with OpenMP directives, found equivalent to the source.

    text: the function with directives. plan: the directives, with what they assume. verdict: of the
        engine. speed: times beside the source; None where it was not timed.
    """

    text: str
    plan: DirectivePlan
    verdict: Verdict
    speed: SpeedFigures | None = None

    @property
    def is_fast(self) -> bool:
        """Whether the speed gate has no complaint about the port. True where it was not timed."""
        return self.speed is None or not self.speed.complaint


def takes_directives(direction: Direction) -> bool:
    """Return whether ports in a direction can be the source's text with OpenMP directives: from a
    serial dialect to OpenMP in the same language, such as `cpp:openmp`.
    """
    source, target = direction.source, direction.target
    return (source.model, target.model) == ("serial", "openmp") and (
        source.language == target.language
    )


def port_by_directives(
    program: Program, direction: Direction, engine: Engine, timed: bool
) -> tuple[DirectivePort | None, tuple[Verdict, ...]]:
    """Insert OpenMP directives into a serial function by rule, judge what comes of it, and return
    the best port and all verdicts on the way, in order.

    program: the function. direction: of the port, one for which `takes_directives` is true.
        engine: judges each plan's port. timed: measure the speed of equivalent ports; the first
        that passes the speed gate is the best, else the one that costs least on one thread.
    The port is None if no plan gives an equivalent port that is parallel.
    """
    verdicts: list[Verdict] = []
    best: DirectivePort | None = None
    for plan in _plans(program, direction):
        try:
            text = insert(program.text, direction.target.language, program.name, plan)
        except InsertionError:
            continue
        target = Program(direction.target.name, program.name, text)
        verdict = engine.verify(Pair(program, target))
        verdicts.append(verdict)
        if verdict.outcome is not Outcome.EQUIVALENT:
            if verdict.blame is Blame.SOURCE or verdict.outcome is Outcome.INVALID_SUITE:
                break
            continue
        if verdict.serial:
            continue
        speed = measure_speed(program, target, engine) if timed else None
        found = DirectivePort(text, plan, verdict, speed)
        if found.is_fast:
            return found, tuple(verdicts)
        if best is None or speed.cost < best.speed.cost:  # type: ignore[union-attr]
            best = found
    return best, tuple(verdicts)


def _plans(program: Program, direction: Direction) -> Iterator[DirectivePlan]:
    """Distinct plans, best first."""
    asked = program.text, direction.target.language, program.name
    plan, copied = plan_directives(*asked), plan_directives(*asked, copies=True)
    safe = copied if copied is not None and not copied.needs_stack else None
    seen: list[DirectivePlan] = []
    for each in (safe, plan, plan and keep_outermost(plan), plan and keep_certain(plan), copied):
        if each is not None and each not in seen:
            seen.append(each)
            yield each
