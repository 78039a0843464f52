"""How long the rounds took, beside their longest stage: what stages that run at once save.

    python -c "from coevolve.loop.run_folder import RunFolder; \\
        from coevolve.report.round_times import format_times; \\
        print(format_times(RunFolder('runs/demo')))"
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from coevolve.loop.run_folder import RunFolder, Span

PAGE = "docs/scaling.md#overlapping-stages"


@dataclass(frozen=True, slots=True)
class RoundTime:
    """The time of one round, in seconds of wall-clock time.

    number: the round's, from 1. seconds: from the end of the round before, or the begin of this
        one's first stage, to the end of its last one, without pauses in which nothing ran. longest:
        of its longest stage. stage: that stage's name. one_by_one: all its stages, one after
        another.
    """

    number: int
    seconds: float
    longest: float
    stage: str
    one_by_one: float

    @property
    def share(self) -> float:
        """Return the round's time as a multiple of its longest stage's time; 1.0 where its stages
        took no longer than that one alone. It is below 1 if that stage began before the last round
        had ended.
        """
        return self.seconds / self.longest


def measure_rounds(folder: RunFolder) -> list[RoundTime]:
    """Return the times of the rounds that have an evaluation, in order. Rounds behind the first
    without one are left out, and so are those of runs of earlier versions, which did not record
    when a stage ended. folder: of the run.
    """
    spans = folder.spans()
    number, before, found = 1, None, []
    while own := [span for span in spans if span.round == number]:
        if not folder.round(number).evaluation.exists():
            break
        begin = min(span.begin for span in own) if before is None else before
        end = max(span.end for span in own)
        longest = max(own, key=lambda span: span.end - span.begin)
        found.append(
            RoundTime(
                number,
                _covered(spans, begin, end),
                longest.end - longest.begin,
                longest.stage,
                sum(span.end - span.begin for span in own),
            )
        )
        number, before = number + 1, max(begin, end)
    return [time for time in found if time.longest > 0 and time.seconds > 0]


def _covered(spans: Iterable[Span], begin: float, end: float) -> float:
    """Seconds between `begin` and `end` in which some stage ran."""
    total, reached = 0.0, begin
    for span in sorted(spans, key=lambda span: span.begin):
        first, last = max(span.begin, reached), min(span.end, end)
        if last > first:
            total += last - first
            reached = last
    return total


def format_times(folder: RunFolder) -> str:
    """Return lines of text: for each round its time, that of its longest stage, and what its stages
    take one after another, and at last the page of the manual on it; '' where nothing is known.
    The page comes only where stages ran side by side. folder: of the run.
    """
    times = measure_rounds(folder)
    told = [
        f"round {t.number} took {t.seconds:.0f} s, {t.share:.2f} times its longest stage "
        f"({t.stage}, {t.longest:.0f} s); its stages add up to {t.one_by_one:.0f} s"
        for t in times
    ]
    if any(t.seconds < 0.99 * t.one_by_one for t in times):
        told.append(f"stages overlap: {PAGE}")
    return "\n".join(told)
