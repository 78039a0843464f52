"""What every stage of a round needs: the run, its workers, and the two steps that several share.

python -c "from coevolve.loop.stage_run import Run; print(Run.__doc__)"
"""

from __future__ import annotations

import time
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate
from operator import attrgetter
from pathlib import Path
from typing import TypeVar, overload

from coevolve.cli.progress import ProgressBar
from coevolve.config.records import PROGRAMS_PER_CALL
from coevolve.config.schema import Config
from coevolve.loop.cpu_time import compute_busy_share, read_cpu_time
from coevolve.loop.directions import find_translator
from coevolve.loop.run_corpus import RunCorpus
from coevolve.loop.run_folder import RunFolder
from coevolve.loop.services import TranslatorService
from coevolve.loop.workers import RunWorkers, WorkerPool, follow_call, map_unordered
from coevolve.verification.verifier import Verifier
from corpora.dialects import Direction, parse_direction
from corpora.record_index import RecordIndex, RecordList, read_records
from corpora.records import Candidate, Program, UnitTestSuite, Verdict, content_hash
from gpu_runtime.models.protocol import Sampling

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class LazySequence(Sequence[T]):
    """Items that are made each time they are asked for, so that none is in memory.

    length: how many. make(number): returns the item of a number, from 0.
    """

    length: int
    make: Callable[[int], T]

    def __len__(self) -> int:
        return self.length

    @overload
    def __getitem__(self, number: int) -> T: ...
    @overload
    def __getitem__(self, number: slice) -> list[T]: ...
    def __getitem__(self, number):
        if isinstance(number, slice):
            return [self.make(k) for k in range(self.length)[number]]
        return self.make(range(self.length)[number])


@dataclass(frozen=True, slots=True)
class Run:
    """What every stage of a round needs.

    config: the settings. folder: the run's files. corpus: its programs. workers: hold its models
        and verifiers.
    """

    config: Config
    folder: RunFolder
    corpus: RunCorpus
    workers: RunWorkers

    def sides(self) -> list[tuple[Direction, RecordList[Program]]]:
        """Return (direction, real training programs) for each direction in which candidates are
        proposed.

        A reverse direction is among them only where there are real programs of the target dialect.
        """
        return self.corpus.sides(self.config)

    def training(self) -> RecordList[Program]:
        """Return all real training programs of `sides`, each once."""
        return self.corpus.training(self.config)

    def translator(self, number: int, direction: Direction) -> Path:
        """Return the folder of the checkpoint, after round `number`, of the Translator that serves
        `direction`.
        """
        return self.folder.round(number).folder / find_translator(self.config, str(direction)).name

    def proposers(self, number: int) -> int:
        """Return the round whose models propose in round `number`: the one before, or with
        `round.behind` the one before that; 0 is the cold start.
        """
        return max(0, number - 1 - self.config.round.behind)

    def sampling(self, n: int, temperature: float, *salt: object) -> Sampling:
        """Return sampling settings for `n` answers at `temperature`, of at most
        `model.max_new_tokens` tokens. salt: values that, with the run's seed, decide the seed of
        sampling.
        """
        seed = int(content_hash(self.config.seed, *salt), 16) % (1 << 31)
        return Sampling(
            n=n, temperature=temperature, max_new_tokens=self.config.model.max_new_tokens, seed=seed
        )

    def chunks(self, items: Sequence[T]) -> Sequence[Sequence[T]]:
        """Split `items` into consecutive parts of `model.programs_per_call` items; the last may be
        shorter. A model is called once for each part.
        """
        return split_into_chunks(items, self.config.model.programs_per_call)

    def work(
        self, sides: Sequence[tuple[Direction, Sequence[Program]]]
    ) -> Sequence[tuple[Direction, Sequence[Program]]]:
        """Return (direction, chunk of its programs) for every call of a model, in order. sides:
        the programs of each direction.
        """
        chunks = [(direction, self.chunks(programs)) for direction, programs in sides]
        ends = list(accumulate(len(each) for _, each in chunks))

        def make(number: int) -> tuple[Direction, Sequence[Program]]:
            side = bisect_right(ends, number)
            direction, own = chunks[side]
            return direction, own[number - ends[side] + len(own)]

        return LazySequence(ends[-1] if ends else 0, make)

    def bar(self, label: str, total: int) -> ProgressBar:
        """Return a progress bar of `total` steps (0: unknown) that is printed and also written for
        `coevolve watch`. label: words before the bar. In a `with` block a log hears of it every
        ten seconds, also while nothing is done.
        """
        return ProgressBar(label, total, file=self.folder.progress)

    @contextmanager
    def timed(self, number: int, stage: str) -> Iterator[None]:
        """Append how long the block takes, and how busy the machine's cores were, to the run's file
        of times, also if the block raises. number: the round; 0 is the cold start. stage: its name,
        such as `evaluate`.
        """
        started, before = time.monotonic(), read_cpu_time()
        try:
            yield
        finally:
            busy = compute_busy_share(before, read_cpu_time())
            self.folder.record_time(number, stage, time.monotonic() - started, busy)


def follow_training(
    run: Run,
    label: str,
    pool: WorkerPool,
    method: Callable[..., dict[str, float]],
    *arguments: object,
    before: str = "preparing",
) -> dict[str, float]:
    """Run `method(*arguments)` of a model service on a worker of `pool`, and show its training
    steps on a progress bar until it ends; the losses go to the run's file of times.

    label: words for the progress bar. method: such as `TranslatorService.learn`. before: what the
        worker does until its first step, in words. Returns the metrics by name that the method
        returns. Raises what the method raises.
    """
    seen = 0
    with run.bar(label, 0) as bar:
        bar.set(0, before)

        def show(progress: tuple[int, int, float]) -> None:
            nonlocal seen
            step, steps, loss = progress
            bar.total = steps
            if step > seen:
                run.folder.record_loss(label, step, loss)
                seen = step
            bar.set(step, f"loss {loss:.3f}" if step else before)

        figures = follow_call(pool, method, arguments, TranslatorService.progress, show)
        bar.close(_format_figures(figures))
    return figures


def _format_figures(figures: dict[str, float]) -> str:
    if figures.get("examples") == 0:
        dropped = f", {figures['dropped']:.0f} too long" if figures.get("dropped") else ""
        return f"nothing to learn from{dropped}: the model is copied"
    return ", ".join(f"{k} {v:.4g}" for k, v in figures.items())


def judge_candidates(
    run: Run,
    label: str,
    candidates: list[Candidate],
    programs: Mapping[str, Program],
    suites: Mapping[str, UnitTestSuite],
) -> list[Verdict]:
    """Judge candidates on their programs' suites and return the verdicts.

    label: words for the progress bar. programs, suites: by program id; candidates without a suite
        are left out. Verdicts are grouped by program and direction, groups in the order of their
        first candidate and verdicts in that of their candidates.
    """
    items = group_for_judging(candidates, programs, suites)
    results: dict[int, list[Verdict]] = {}
    with run.bar(label, len(items)) as bar:
        for index, verdicts in map_unordered(
            run.workers.verifiers, Verifier.judge, items, lambda: bar.set(bar.done)
        ):
            results[index] = verdicts
            bar.advance()
    return [v for i in sorted(results) for v in results[i]]


CONFIRMED_TOGETHER = 96
"""Texts that one run of the device compiler takes."""


def confirm_accepted(
    run: Run, verdicts: list[Verdict], candidates: dict[str, Candidate]
) -> list[Verdict]:
    """Return the verdicts, in order, with COMPILE_ERROR where the real compiler that
    `verify.device_compiler` names refuses an accepted CUDA port. candidates: by id.
    """
    accepted = []
    for i, verdict in enumerate(verdicts):
        candidate = candidates.get(verdict.target_id)
        if verdict.equivalent and candidate is not None:
            dialect = parse_direction(candidate.direction).target.name
            if dialect == "cuda":
                accepted.append((i, Program(dialect, "", candidate.text)))
    if run.config.verify.device_compiler == "none" or not accepted:
        return verdicts
    found = list(verdicts)
    chunks = split_into_chunks(accepted, CONFIRMED_TOGETHER)
    items = [([verdicts[i] for i, _ in chunk], [p for _, p in chunk]) for chunk in chunks]
    for k, confirmed in map_unordered(run.workers.verifiers, Verifier.confirm, items):
        for (i, _), verdict in zip(chunks[k], confirmed, strict=True):
            found[i] = verdict
    return found


def group_for_judging(
    candidates: Sequence[Candidate],
    programs: Mapping[str, Program],
    suites: Mapping[str, UnitTestSuite],
) -> Sequence[tuple]:
    """Return (program, suite, its candidates) per program and direction, in the order of their
    first candidate. Program and suite are looked up when an entry is asked for. programs, suites:
    by program id; candidates without a suite are left out.
    """
    grouped: dict[tuple[str, str], list[Candidate]] = {}
    for candidate in candidates:
        if candidate.source_id in suites:
            grouped.setdefault((candidate.source_id, candidate.direction), []).append(candidate)
    groups = list(grouped.items())

    def make(number: int) -> tuple:
        (source, _), group = groups[number]
        return programs[source], suites[source], group

    return LazySequence(len(groups), make)


def split_into_chunks(items: Sequence[T], size: int = PROGRAMS_PER_CALL) -> Sequence[Sequence[T]]:
    """Split `items` into consecutive parts of `size` items, each made when it is asked for; the
    last may be shorter.
    """
    return LazySequence(-(-len(items) // size), lambda k: items[k * size : (k + 1) * size])


def read_suites(path: Path) -> RecordIndex[UnitTestSuite]:
    """Return the suites in a file of a run by their programs' ids. They stay on disk. Raises
    StoreError if the file is damaged.
    """
    return RecordIndex(read_records([path], UnitTestSuite, attrgetter("program_id")))
