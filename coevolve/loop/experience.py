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
    """Triplets to learn from, once each; `rounds` are those of every round so far, this round's
    last.

    `accumulate`: all. `replace`: this round's. `mix`: this round's, and as many older ones, of the
    hardest sources.
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
    """At most `per_source` translations of each source and direction: what is easy has many right
    answers, and learning them all teaches little but to repeat them.

    `first`: in the order found. `hard`: hardest sources first, and of translations that are nearly
    the same only one.
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
    """Of the loss of one lesson: with `hard`, how sure its suite makes the pair (share of mutants
    killed), else 1.
    """
    return 1.0 if selection == "first" or triplet.suite.strength is None else triplet.suite.strength


def sort_hardest_first(triplets: Sequence[Triplet]) -> list[Triplet]:
    """Sources with few right answers first; among equals the longer source, then the order
    given.
    """
    right = Counter(_source(t) for t in triplets)
    return sorted(triplets, key=lambda t: (right[_source(t)], -len(t.source.text)))


def drop_near_duplicates(triplets: Sequence[Triplet]) -> list[Triplet]:
    """The first of those translations of a source that are nearly the same (names and layout
    aside).
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
