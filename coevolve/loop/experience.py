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
from collections.abc import Sequence

from corpora.records import Triplet
from corpora.splits import cluster_items

EXPERIENCE = ("accumulate", "replace", "mix")
SELECTION = ("first", "hard")


def gather_triplets(rounds: Sequence[Sequence[Triplet]], experience: str) -> list[Triplet]:
    """Return the triplets to learn from, each once. rounds: the triplets of each round, this
    round's last.

    experience: `accumulate` takes all rounds, `replace` this round's. `mix` takes this round's and
        as many older ones, from the sources with the fewest right answers.
    """
    new = _drop_repeated(rounds[-1]) if rounds else []
    if experience == "replace":
        return new
    if experience == "accumulate":
        return _drop_repeated(t for found in rounds for t in found)
    known = {t.id for t in new}
    old = [
        t for t in _drop_repeated(t for found in rounds[:-1] for t in found) if t.id not in known
    ]
    return new + sort_hardest_first(old)[: len(new)]


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
    right = Counter(_source(t) for t in triplets)
    return sorted(triplets, key=lambda t: (right[_source(t)], -len(t.source.text)))


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


def _drop_repeated(triplets) -> list[Triplet]:
    return list({t.id: t for t in triplets}.values())
