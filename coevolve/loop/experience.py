"""Which of the pairs found so far are learnt from: how far back, how many of each source, which
first, and with what weight.

Contract: pure functions of triplets; equal triplets in equal order give equal lessons. The defaults
(everything so far, two translations of each source in the order found, equal weights) are what the
published runs were made with.

    python -c "from coevolve.loop.experience import select_triplets; \\
        print(select_triplets([], 2, 'hard'))"
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import overload

from corpora.record_index import RecordIndex, RecordList, join_records
from corpora.records import Program, Triplet, UnitTestSuite
from corpora.splits import cluster_items

EXPERIENCE = ("accumulate", "replace", "mix")
SELECTION = ("first", "hard")


@dataclass(frozen=True, slots=True)
class SuiteLessons(Sequence[tuple[Program, UnitTestSuite]]):
    """Pairs (program, its suite) to learn from, read when they are asked for.

    suites: the suites, in order. programs: by id, with those of all suites.
    """

    suites: Sequence[UnitTestSuite]
    programs: Mapping[str, Program]

    def __len__(self) -> int:
        return len(self.suites)

    @overload
    def __getitem__(self, number: int) -> tuple[Program, UnitTestSuite]: ...
    @overload
    def __getitem__(self, number: slice) -> SuiteLessons: ...
    def __getitem__(self, number):
        if isinstance(number, slice):
            return SuiteLessons(self.suites[number], self.programs)
        suite = self.suites[number]
        return self.programs[suite.program_id], suite


def gather_triplets(rounds: Sequence[RecordList[Triplet]], experience: str) -> RecordList[Triplet]:
    """Return the triplets to learn from, each once. rounds: the triplets of each round by their
    ids, this round's last.

    experience: `accumulate` takes all rounds, `replace` this round's. `mix` takes this round's and
        as many older ones, from the sources with the fewest right answers.
    """
    new = join_records(rounds[-1:], Triplet).unique()
    if experience == "replace":
        return new
    if experience == "accumulate":
        return join_records(rounds, Triplet).unique()
    known = RecordIndex(new)
    old = join_records(rounds[:-1], Triplet).unique()
    old = old.take(k for k, key in enumerate(old.keys) if key not in known)
    return join_records([new, old.take(order_hardest_first(old)[: len(new)])], Triplet)


def select_triplets(triplets: Sequence[Triplet], per_source: int, selection: str) -> list[Triplet]:
    """Return at most `per_source` triplets of each source and direction.

    selection: `first` keeps the order given. `hard` puts sources with few right answers first and
        keeps only one of several translations that are nearly the same.
    """
    if selection == "hard":
        triplets = drop_near_duplicates(sort_hardest_first(triplets))
    taken: Counter[tuple[str, str]] = Counter()
    kept = []
    for triplet in triplets:
        key = _source(triplet)
        taken[key] += 1
        if taken[key] <= per_source:
            kept.append(triplet)
    return kept


def compute_weight(triplet: Triplet, selection: str) -> float:
    """Return the weight of a triplet in the loss. It is 1, or, if selection is `hard`, the share of
    mutants that its suite kills, if that was measured.
    """
    return 1.0 if selection == "first" or triplet.suite.strength is None else triplet.suite.strength


def sort_hardest_first(triplets: Sequence[Triplet]) -> list[Triplet]:
    """Return the triplets sorted by difficulty of their source: few right answers first, then
    longer sources, then the order given.
    """
    return [triplets[k] for k in order_hardest_first(triplets)]


def order_hardest_first(triplets: Iterable[Triplet]) -> list[int]:
    """Return the numbers of the triplets, from 0, as `sort_hardest_first` sorts them. Each is taken
    once.
    """
    facts = [(_source(t), -len(t.source.text)) for t in triplets]
    right = Counter(source for source, _ in facts)
    return sorted(range(len(facts)), key=lambda k: (right[facts[k][0]], facts[k][1]))


def drop_near_duplicates(triplets: Sequence[Triplet]) -> list[Triplet]:
    """Return the triplets without translations that nearly equal an earlier one of the same source.
    Names and layout do not count.
    """
    groups: dict[tuple[str, str], list[int]] = {}
    for i, triplet in enumerate(triplets):
        groups.setdefault(_source(triplet), []).append(i)
    kept = {
        members[k]
        for members in groups.values()
        for k in set(cluster_items([triplets[i].target for i in members]))
    }
    return [t for i, t in enumerate(triplets) if i in kept]


def _source(triplet: Triplet) -> tuple[str, str]:
    return triplet.source.id, triplet.direction
