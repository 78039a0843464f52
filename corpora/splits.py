"""Near-duplicates, splits by cluster, and the guard that keeps evaluation items out of training.

Contract: two programs are near-duplicates when the Jaccard similarity of their 5-token shingles is
at least THRESHOLD after comments are dropped and the program's own names are replaced by V0, V1,
... in order of first use; so renaming, layout and comments never hide a copy. Candidates come from
MinHash with banded hashing (datasketch; 64 values, 16 bands of 4: at the threshold 99.98 % are
found, exact matches always) and are confirmed exactly, but for large families (`cluster_items`).
A split depends only on the content of a cluster, never on order or on what else is in the corpus.

    python -c "from corpora.builtin import programs; from corpora.splits import split_programs; \
s = split_programs(programs('cpp')); print(len(s.train), len(s.validation), len(s.test))"

Method: Broder, "On the resemblance and containment of documents" (1997); banding as in Leskovec,
Rajaraman, Ullman, "Mining of Massive Datasets", chapter 3.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from corpora.fingerprints import (
    Fingerprints,
    compute_fingerprints,
    mix_bits,
)
from corpora.records import Program, content_hash

THRESHOLD = 0.8
BANDS, ROWS = 16, 4
CLOSE_VALUES = 36
"""Items whose MinHashes share fewer values are not compared: at the threshold 1 pair in 100,000."""
ALIKE_VALUES = 50
"""Items whose MinHashes share so many values are compared first."""
CLOSE_PAIRS = 400
"""So many comparisons of one item may miss the threshold (one pair may count in every band)."""


COMPARED_TOGETHER = 32
"""Most pairs of one item whose likeness is computed at a time; the first may settle the rest."""


class LeakError(ValueError):
    """A training item equals or nearly equals an evaluation item. The message names the first such
    pair and says how many there are.
    """


@dataclass(frozen=True, slots=True)
class Split:
    """Programs, or groups of programs, in the parts `train`, `validation` and `test`, each in the
    order given. Near-duplicates are never in two parts.
    """

    train: tuple
    validation: tuple
    test: tuple


def cluster_items(items: Sequence[Program | str]) -> list[int]:
    """Return for each item, a program or a bare text, the index of the first item of its cluster. A
    cluster is a set of near-duplicates, closed transitively: items whose 5-token shingles have a
    Jaccard similarity of at least 0.8, found by MinHash (Broder 1997). Names, layout and comments
    do not count.

    An item that looks close to CLOSE_PAIRS (400) others joins their cluster without an exact
    comparison. So a cluster may be too large, but no near-duplicate is left out.
    """
    prints = compute_fingerprints(items)
    first: dict[str, int] = {}
    owner = [first.setdefault(key, i) for i, key in enumerate(prints.exact)]
    distinct = [first[key] for key in sorted(first)]  # by content: the order of items is no matter
    values = prints.minhashes[distinct]
    shingles = [prints.shingles[i] for i in distinct]
    del prints, first
    clusters = _Clusters(_ShingleSets(shingles), values)
    del shingles
    bands = _Bands(values)
    del values
    for join in (clusters.join_neighbours, clusters.join_bucket):
        for bucket in bands.buckets():
            join(bucket)
    least: dict[int, int] = {}
    of = dict(zip(distinct, clusters.labels.tolist(), strict=True))
    for i in sorted(distinct):
        least.setdefault(of[i], i)
    return [least[of[i]] for i in owner]


class _Bands:
    """Banded hashing of the MinHashes of items 0..n-1, uint64 of shape (n, MINHASH_VALUES): items
    that share the ROWS values of a band are in one bucket of it. Sorted arrays, 128 bytes an item;
    tables of Python sets take 6 KB.
    """

    def __init__(self, values: np.ndarray) -> None:
        self._keys = [_band_keys(values, band) for band in range(BANDS)]
        self._orders = [np.argsort(keys, kind="stable").astype(np.int32) for keys in self._keys]
        self._keys = [k[order] for k, order in zip(self._keys, self._orders, strict=True)]

    def buckets(self) -> Iterator[np.ndarray]:
        """Yield the items, rising, of each bucket of more than one, band by band, in the order of
        their first items.
        """
        for keys, order in zip(self._keys, self._orders, strict=True):
            starts = np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]][: len(keys)])
            ends = np.r_[starts[1:], len(keys)]
            many = ends - starts > 1
            starts, ends = starts[many], ends[many]
            for place in np.argsort(order[starts]).tolist():
                yield order[starts[place] : ends[place]].astype(np.int64)

    def query(self, values: np.ndarray) -> Iterator[np.ndarray]:
        """For each row of MinHash values, of shape (rows, MINHASH_VALUES): the items, rising, that
        share a band with it.
        """
        asked = [_band_keys(values, band) for band in range(BANDS)]
        starts, ends = (
            np.array([np.searchsorted(k, a, side) for k, a in zip(self._keys, asked, strict=True)])
            for side in ("left", "right")
        )
        for row in range(len(values)):
            found = [
                self._orders[band][starts[band, row] : ends[band, row]]
                for band in np.flatnonzero(starts[:, row] < ends[:, row]).tolist()
            ]
            yield np.unique(np.concatenate(found)).astype(np.int64) if found else _NOTHING


_NOTHING = np.zeros(0, np.int64)


def _band_keys(values: np.ndarray, band: int) -> np.ndarray:
    """A hash of the values of a band, uint64 of shape (n,)."""
    mixed = np.zeros(len(values), np.uint64)
    for row in range(band * ROWS, (band + 1) * ROWS):
        mixed = mix_bits(mixed + values[:, row]) * _ODD_FACTOR
    return mixed


_ODD_FACTOR = np.uint64(0x9E3779B97F4A7C15)


class _ShingleSets:
    """The sets of shingles of items 0..n-1, for their exact likeness to one item at a time. They
    are kept as numbers of one array: Python's sets take ten times the memory.
    """

    def __init__(self, shingles: Sequence[np.ndarray]) -> None:
        every = np.concatenate(shingles) if len(shingles) else np.zeros(0, np.uint64)
        every.sort()  # in place: of 100,000 items these are some hundred megabytes
        self._known = every[np.r_[True, every[1:] != every[:-1]][: len(every)]]
        del every
        sets = [np.unique(self._place(each)) for each in shingles]
        self._sizes = np.array([len(each) for each in sets], np.int64)
        self._ends = np.cumsum(self._sizes)
        self._ids = np.concatenate(sets) if sets else np.zeros(0, np.int32)
        self._held = np.zeros(len(self._known), bool)

    def _place(self, shingles: np.ndarray) -> np.ndarray:
        """Where each of them is, or would be, among all that are known."""
        return np.searchsorted(self._known, np.sort(shingles)).astype(np.int32)

    def compare_item(self, item: int, others: np.ndarray) -> np.ndarray:
        """Jaccard similarity of item number `item` and `others` (their numbers, not empty), in
        [0, 1].
        """
        return self._compare(self._ids_of(item), int(self._sizes[item]), others)

    def compare_shingles(self, shingles: np.ndarray, others: np.ndarray) -> np.ndarray:
        """The same for an item that is not among them, given by its shingles."""
        own = np.unique(shingles)
        places = np.minimum(np.searchsorted(self._known, own), len(self._known) - 1)
        return self._compare(places[self._known[places] == own], len(own), others)

    def _compare(self, ids: np.ndarray, size: int, others: np.ndarray) -> np.ndarray:
        self._held[ids] = True
        theirs = np.concatenate([self._ids_of(other) for other in others.tolist()])
        sizes = self._sizes[others]
        shared = np.add.reduceat(self._held[theirs], np.cumsum(sizes) - sizes, dtype=np.int64)
        self._held[ids] = False
        return shared / (size + sizes - shared)

    def _ids_of(self, item: int) -> np.ndarray:
        end = self._ends[item]
        return self._ids[end - self._sizes[item] : end]


class _Clusters:
    """Clusters of items 0..n-1 that grow as buckets are looked at. labels: (n,) int; items with
    one label are one cluster.
    """

    def __init__(self, sets: _ShingleSets, values: np.ndarray) -> None:
        self.labels = np.arange(len(values))
        self._members = {i: [i] for i in range(len(values))}
        self._sets = sets
        self._sketch = (values & np.uint64(255)).astype(np.uint8)
        self._missed = [0] * len(values)

    def join_neighbours(self, bucket: np.ndarray) -> None:
        """Join near-duplicates that follow each other in a bucket, by which most of a large
        family falls together. Done for all buckets before `join_bucket`, it saves comparisons.
        """
        alike = (self._sketch[bucket[1:]] == self._sketch[bucket[:-1]]).sum(1) >= ALIKE_VALUES
        for i, j in zip(bucket[:-1][alike].tolist(), bucket[1:][alike].tolist(), strict=True):
            if self.labels[i] != self.labels[j]:
                self._join_if_near(i, j, self._sets.compare_item(i, np.array([j]))[0])

    def join_bucket(self, bucket: np.ndarray) -> None:
        """Join the near-duplicates among the items of one bucket (indices, rising)."""
        labels = self.labels[bucket]
        if (labels == labels[0]).all():
            return
        largest = np.bincount(np.unique(labels, return_inverse=True)[1]).argmax()
        rest = labels != np.unique(labels)[largest]
        for place in np.flatnonzero(rest).tolist():
            item = int(bucket[place])
            others = bucket[~rest | (np.arange(len(bucket)) < place)]
            others = others[self.labels[others] != self.labels[item]]
            shared = (self._sketch[others] == self._sketch[item]).sum(1)
            close = shared >= CLOSE_VALUES
            order = others[close][np.argsort(-shared[close], kind="stable")]
            count = 2
            while len(order):
                clusters = len(self._members)
                self._join_some(item, order[:count])
                order, count = order[count:], min(2 * count, COMPARED_TOGETHER)
                if len(self._members) < clusters:
                    order = order[self.labels[order] != self.labels[item]]

    def _join_some(self, item: int, others: np.ndarray) -> None:
        if self._missed[item] >= CLOSE_PAIRS:
            for other in others.tolist():
                self._join(item, other)
            return
        likeness = self._sets.compare_item(item, others).tolist()
        for other, similarity in zip(others.tolist(), likeness, strict=True):
            if self._missed[item] >= CLOSE_PAIRS:
                self._join(item, other)
            else:
                self._missed[item] += not self._join_if_near(other, item, similarity)

    def _join_if_near(self, i: int, j: int, similarity: float) -> bool:
        """Whether two items are in one cluster now."""
        if self.labels[i] != self.labels[j] and similarity >= THRESHOLD:
            self._join(i, j)
        return bool(self.labels[i] == self.labels[j])

    def _join(self, i: int, j: int) -> None:
        a, b = int(self.labels[i]), int(self.labels[j])
        if a == b:
            return
        if len(self._members[a]) < len(self._members[b]):
            a, b = b, a
        moved = self._members.pop(b)
        self.labels[moved] = a
        self._members[a] += moved


class _Groups:
    """Disjoint sets of indices, each known by its least member."""

    def __init__(self, count: int) -> None:
        self._parent = list(range(count))

    def root(self, i: int) -> int:
        parent = self._parent
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    def join(self, i: int, j: int) -> None:
        a, b = self.root(i), self.root(j)
        self._parent[max(a, b)] = min(a, b)


def split_programs(
    programs: Sequence[Program], validation: float = 0.1, test: float = 0.1
) -> Split:
    """Split programs by cluster of near-duplicates into training, validation and test, each in the
    order given. The part of a cluster follows from its content alone.

    validation, test: expected shares in [0, 1]. Raises ValueError if these are negative or exceed 1
    together.
    """
    parts = split_groups([(p,) for p in programs], validation, test)
    return Split(
        *(tuple(group[0] for group in part) for part in (parts.train, parts.validation, parts.test))
    )


def split_groups(
    groups: Sequence[tuple[Program, ...]], validation: float = 0.1, test: float = 0.1
) -> Split:
    """Split groups of programs, such as aligned pairs, by cluster into training, validation and
    test, each in the order given. Groups with near-duplicate members go to one part.

    validation, test: expected shares in [0, 1]. Raises ValueError if these are negative or exceed 1
    together.
    """
    if min(validation, test) < 0 or validation + test > 1:
        raise ValueError(
            f"shares validation={validation} and test={test} must be at least 0 and at most 1 "
            f"together"
        )
    keys = _name_clusters(groups)
    parts: dict[str, list[tuple[Program, ...]]] = {"train": [], "validation": [], "test": []}
    for g, group in enumerate(groups):
        # Hashed once more: the least of several ids is no longer spread evenly.
        place = int(hashlib.sha256(f"split:{keys[g]}".encode()).hexdigest()[:13], 16) / 16**13
        name = "test" if place < test else "validation" if place < test + validation else "train"
        parts[name].append(group)
    return Split(tuple(parts["train"]), tuple(parts["validation"]), tuple(parts["test"]))


def name_groups(groups: Sequence[tuple[Program, ...]]) -> list[str]:
    """Return for each group of programs, such as a verified pair, in order, the name of its cluster
    of near-duplicates: 16 hex digits, spread evenly.

    Groups with near-duplicate members have one name. It follows from the cluster's content alone,
    whatever the order. So parts that share no name share no near-duplicates.
    """
    return [content_hash("group", key) for key in _name_clusters(groups)]


def _name_clusters(groups: Sequence[tuple[Program, ...]]) -> list[str]:
    """For each group the least id of a program in its cluster; '' for a group of none."""
    members = [(g, program) for g, group in enumerate(groups) for program in group]
    cluster_of = cluster_items([program for _, program in members])
    owner = _joined_groups(len(groups), [g for g, _ in members], cluster_of)
    keys: dict[int, str] = {}
    for g, program in members:
        keys[owner[g]] = min(program.id, keys.get(owner[g], program.id))
    return [keys.get(each, "") for each in owner]


def _joined_groups(count: int, group_of: Sequence[int], cluster_of: Sequence[int]) -> list[int]:
    """For each group the least group that it is connected with through shared clusters."""
    joined = _Groups(count)
    first: dict[int, int] = {}
    for group, cluster in zip(group_of, cluster_of, strict=True):
        joined.join(group, first.setdefault(cluster, group))
    return [joined.root(i) for i in range(count)]


@dataclass(frozen=True, slots=True)
class Leak:
    """A training item that is too like an evaluation item.

    item: its index among the items checked. evaluation: the index among the evaluation items.
        similarity: Jaccard similarity of their shingles, in [0.8, 1], 1.0 for an exact match.
    """

    item: int
    evaluation: int
    similarity: float


class EvaluationGuard:
    """Finds training items that equal or nearly equal an evaluation item: Jaccard similarity of
    their 5-token shingles of at least 0.8, whatever names and layout.

    evaluation: programs or bare texts.
    """

    def __init__(self, evaluation: Sequence[Program | str]) -> None:
        self._items = list(evaluation)
        prints = compute_fingerprints(self._items)
        self._exact = {key: i for i, key in reversed(list(enumerate(prints.exact)))}
        self._sets = _ShingleSets(prints.shingles)
        self._bands = _Bands(prints.minhashes)

    def leaks(self, items: Sequence[Program | str]) -> list[Leak]:
        """Return a Leak for each of `items`, programs or bare texts, that equals or nearly equals
        an evaluation item, in order, with the evaluation item most like it. [] if there is none.
        """
        if not self._items:
            return []
        prints = compute_fingerprints(items)
        near = self._bands.query(prints.minhashes)
        found = (self._worst(i, prints, places) for i, places in enumerate(near))
        return [leak for leak in found if leak is not None]

    def _worst(self, item: int, prints: Fingerprints, places: np.ndarray) -> Leak | None:
        """places: evaluation items that may be like it, rising."""
        if prints.exact[item] in self._exact:
            return Leak(item, self._exact[prints.exact[item]], 1.0)
        if not len(places):
            return None
        scored = self._sets.compare_shingles(prints.shingles[item], places)
        best = int(scored.argmax())  # of several that are alike the first
        similarity = float(scored[best])
        return Leak(item, int(places[best]), similarity) if similarity >= THRESHOLD else None

    def check(self, items: Sequence[Program | str]) -> None:
        """Check that all of `items`, programs or bare texts, may be trained on. Raises LeakError,
        with the first that equals or nearly equals an evaluation item and how many do.
        """
        items = list(items)
        found = self.leaks(items)
        if found:
            first = found[0]
            how = "equals" if first.similarity == 1.0 else f"is {first.similarity:.0%} like"
            raise LeakError(
                f"training item {_label(items[first.item], first.item)} {how} evaluation item "
                f"{_label(self._items[first.evaluation], first.evaluation)}; {len(found)} of "
                f"{len(items)} training items "
                "leak: leave them out with EvaluationGuard.filter"
            )

    def filter(self, items: Sequence[Program | str]) -> tuple[list[Program | str], int]:
        """Return (the items that neither equal nor nearly equal an evaluation item, in order; how
        many others there are). items: programs or bare texts.
        """
        items = list(items)
        held = {leak.item for leak in self.leaks(items)}
        return [item for i, item in enumerate(items) if i not in held], len(held)


def _label(item: Program | str, index: int) -> str:
    if isinstance(item, Program):
        return f"'{item.name}' ({item.origin or f'item {index}'})"
    return f"{index} ('{' '.join(item.split())[:40]}')"
