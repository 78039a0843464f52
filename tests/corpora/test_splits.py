"""Near-duplicates are found whatever their names and layout; nothing like an evaluation item gets
into training.
"""

import random
import re
import time

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from near_duplicates import make_families

import corpora.splits
from corpora import fingerprints
from corpora.fingerprints import compute_fingerprints, compute_jaccard
from corpora.records import Program
from corpora.splits import EvaluationGuard, LeakError, cluster_items, split_groups, split_programs

SAXPY = (
    "void saxpy(int n, float a, const float *x, float *y) { for (int i = 0; i < n; ++i) "
    "y[i] = a * x[i] + y[i]; }"
)
SAXPY_RENAMED = """
// the same function in other clothes
static inline void scale_and_add ( int count , float factor , float * __restrict__ src , \
float * dst )
{
#pragma omp parallel for
  for ( int k = 0 ; k < count ; ++k )   /* loop */
    dst [ k ] = factor * src [ k ] + dst [ k ] ;
}
"""
MATMUL = (
    "void mm(int n, const double *a, const double *b, double *c) { for (int i = 0; i < n; "
    "i++) for (int j = 0; j < n; j++)"
    " { double s = 0; for (int k = 0; k < n; k++) s += a[i*n+k] * b[k*n+j]; c[i*n+j] = s; } }"
)
NAMES = ["x", "in", "swap", "update", "threads", "V1", "value", "size_", "tmp"]


def program(text, dialect="cpp"):
    return Program(dialect, re.search(r"(\w+)\s*\(", text).group(1), text)


def varied(count, seed=0):
    """`count` unlike functions: random straight-line bodies."""
    rng = random.Random(seed)
    for i in range(count):
        terms = [
            f"y[{rng.randrange(99)}] {rng.choice('+-*/')}= {rng.random():.4f} * x[i % "
            f"{rng.randrange(1, 99)}];"
            for _ in range(8)
        ]
        yield program(f"void f{i}(float *x, float *y, int i) {{ {' '.join(terms)} }}")


@settings(max_examples=40, deadline=None)
@given(st.permutations(NAMES), st.sampled_from([" ", "  ", "\n", " /* c */ "]))
def test_names_and_layout_never_hide_a_copy(names, gap):
    words = re.findall(r"\w+|\S", SAXPY)
    renamed = dict(zip(["saxpy", "n", "a", "x", "y", "i"], names, strict=False))
    text = gap.join(renamed.get(w, w) for w in words).replace("+" + gap + "+", "++")
    assert (
        compute_fingerprints([Program("cpp", renamed["saxpy"], text)]).exact
        == compute_fingerprints([program(SAXPY)]).exact
    )


def test_clusters():
    items = [
        program(SAXPY),
        program(MATMUL),
        program(SAXPY_RENAMED),
        program(MATMUL.replace("double", "float")),
    ]
    found = cluster_items(items)
    assert found[0] == found[2] == 0 and found[1] == 1
    assert len(set(cluster_items(list(varied(40))))) == 40


def near_pairs(items):
    """Pairs of near-duplicates, each compared with each."""
    sets = [frozenset(s.tolist()) for s in compute_fingerprints(items).shingles]
    return [
        (i, j)
        for j in range(len(items))
        for i in range(j)
        if compute_jaccard(sets[i], sets[j]) >= corpora.splits.THRESHOLD
    ]


def test_clusters_are_those_of_all_pairs():
    items = list(make_families(120, 12, seed=5))
    found = cluster_items(items)
    expected = list(range(len(items)))
    for i, j in near_pairs(items):
        low, high = sorted((expected[i], expected[j]))
        expected = [low if e == high else e for e in expected]
    assert found == expected
    order = list(range(len(items)))
    random.Random(3).shuffle(order)
    again = cluster_items([items[i] for i in order])
    parts = {frozenset(i for i, c in zip(order, again, strict=True) if c == k) for k in again}
    assert parts == {frozenset(i for i, c in enumerate(found) if c == k) for k in found}


def test_close_items_are_joined_rather_than_compared_without_end(monkeypatch):
    items = list(make_families(60, 2, seed=6))
    monkeypatch.setattr(corpora.splits, "CLOSE_PAIRS", 2)
    found = cluster_items(items)
    assert all(found[i] == found[j] for i, j in near_pairs(items))
    assert len(set(found)) > 1  # what is not close stays apart


def test_comparisons_grow_with_the_items_and_not_with_their_pairs(monkeypatch):
    counts = []
    for count in (300, 1200):
        calls = []
        compare = corpora.splits._ShingleSets.compare_item

        def counted(self, item, others, calls=calls, compare=compare):
            calls.extend(others.tolist())
            return compare(self, item, others)

        with monkeypatch.context() as change:
            change.setattr(corpora.splits._ShingleSets, "compare_item", counted)
            cluster_items(list(make_families(count, 1, seed=1)))
        counts.append(len(calls))
    assert counts[1] < 6 * counts[0] + 1200  # 16 times were it the pairs
    assert counts[1] < 100 * 1200  # of 600 * 1200 pairs


def test_likeness_of_many_at_a_time_is_that_of_sets():
    prints = compute_fingerprints(list(make_families(40, 2, seed=4)))
    sets = [frozenset(s.tolist()) for s in prints.shingles]
    known = corpora.splits._ShingleSets(prints.shingles[:30])
    others = np.array([3, 0, 29, 7])
    for item in (0, 11, 35):
        found = known.compare_shingles(prints.shingles[item], others)
        assert found.tolist() == [compute_jaccard(sets[item], sets[o]) for o in others.tolist()]
        if item < 30:
            assert known.compare_item(item, others).tolist() == found.tolist()
    assert not known._held.any()


def test_bands_hold_who_shares_the_values_of_one():
    values = np.random.default_rng(5).integers(0, 3, (60, 64)).astype(np.uint64)
    bands = [values[:, 4 * k : 4 * k + 4].tolist() for k in range(16)]
    expected = []
    for band in bands:
        groups = {}
        for item, key in enumerate(band):
            groups.setdefault(tuple(key), []).append(item)
        expected += [group for group in groups.values() if len(group) > 1]
    held = corpora.splits._Bands(values)
    assert [bucket.tolist() for bucket in held.buckets()] == expected
    for asked, found in zip(values[:9], held.query(values[:9]), strict=True):
        alike = (values == asked).reshape(60, 16, 4).all(2).any(1)
        assert found.tolist() == np.flatnonzero(alike).tolist()
    assert [f.tolist() for f in held.query(np.full((1, 64), 9, np.uint64))] == [[]]


def test_fingerprints_of_several_processes(monkeypatch):
    items = list(make_families(30, 2, seed=4))
    alone = compute_fingerprints(items)
    monkeypatch.setattr(fingerprints, "_CHUNK_ITEMS", 4)
    monkeypatch.setattr(fingerprints, "_FIRST_CHUNKS", 1)
    several = compute_fingerprints(items)
    assert several.exact == alone.exact and (several.minhashes == alone.minhashes).all()
    for a, b in zip(several.shingles, alone.shingles, strict=True):
        assert a.tolist() == b.tolist()


def test_fortran_copies_in_fixed_and_free_form():
    fixed = (
        "      SUBROUTINE S(N, X)\nC     comment\n      INTEGER N\n      REAL*8 X(N)\n      "
        "X(1) = X(N)\n     & + 2\n      END\n"
    )
    free = "subroutine t(m, &\n   y) ! other\n integer m\n real*8 y(m)\n y(1) = y(m) + 2\nend\n"
    a, b = Program("fortran", "s", fixed.replace("\n     & ", " ")), Program("fortran", "t", free)
    assert compute_fingerprints([a]).exact == compute_fingerprints([b]).exact
    assert cluster_items([Program("fortran", "s", fixed), b]) == [0, 0]


def test_split_depends_on_content_only():
    items = list(varied(300))
    first = split_programs(items, validation=0.2, test=0.5)
    shuffled = items[:]
    random.Random(1).shuffle(shuffled)
    second = split_programs(shuffled, validation=0.2, test=0.5)
    assert {p.id for p in first.test} == {p.id for p in second.test}
    fewer = split_programs(items[:150], validation=0.2, test=0.5)
    assert {p.id for p in fewer.test} == {p.id for p in first.test} & {p.id for p in items[:150]}
    assert 110 < len(first.test) < 190 and 30 < len(first.validation) < 90
    assert len(first.train) + len(first.validation) + len(first.test) == 300


def test_shares_hold_with_clusters_and_pairs():
    """The least id of a cluster is not evenly spread: the share of pairs in the test part was 78 %
    instead of 50 %.
    """
    left, right = list(varied(300, 3)), list(varied(300, 4))
    parts = split_groups(list(zip(left, right, strict=True)), 0, 0.5)
    assert 110 < len(parts.test) < 190


def test_no_cluster_is_torn_apart():
    items = [
        p
        for base in varied(60)
        for p in (
            base,
            program(base.text.replace("(float *x", "(float *xx").replace("x[i", "xx[i")),
        )
    ]
    parts = split_programs(items, 0.3, 0.3)
    where = {p.id: name for name in ("train", "validation", "test") for p in getattr(parts, name)}
    for a, b in zip(items[::2], items[1::2], strict=True):
        assert where[a.id] == where[b.id]


def test_groups_joined_through_either_side_stay_together():
    a, b, c, d = varied(4)
    copy = program(b.text.replace("f1", "g"))
    for test in (0.1, 0.3, 0.5, 0.7, 0.9):
        parts = split_groups([(a, b), (c, copy), (d,)], 0, test)
        assert ((a, b) in parts.test) == ((c, copy) in parts.test)
    with pytest.raises(ValueError, match="shares"):
        split_groups([], 0.6, 0.6)


def test_guard_refuses_copies_and_near_copies():
    guard = EvaluationGuard([program(MATMUL), program(SAXPY)])
    near = program(MATMUL.replace("s += a", "s -= a"))
    training = [*varied(20), program(SAXPY_RENAMED), near]
    found = guard.leaks(training)
    assert [(leak.item, leak.evaluation) for leak in found] == [(20, 1), (21, 0)]
    assert found[0].similarity == 1.0 and 0.8 <= found[1].similarity < 1.0
    kept, held_back = guard.filter(training)
    assert held_back == 2 and kept == training[:20]
    with pytest.raises(LeakError) as caught:
        guard.check(training)
    assert (
        "'scale_and_add'" in str(caught.value)
        and "'saxpy'" in str(caught.value)
        and "2 of 22" in str(caught.value)
    )
    guard.check(kept)
    EvaluationGuard([]).check(training)


def test_guard_takes_bare_texts():
    guard = EvaluationGuard([program(SAXPY)])
    with pytest.raises(LeakError):
        guard.check([SAXPY_RENAMED])
    with pytest.raises(LeakError):
        guard.check([SAXPY.replace("saxpy", "swap")])
    guard.check([MATMUL, "", "int"])


def test_guard_is_fast_and_finds_every_planted_leak():
    evaluation = list(varied(200, seed=7))
    training = list(varied(10_000, seed=8))
    for i in range(0, 10_000, 500):
        training[i] = program(
            evaluation[i % 200].text.replace("(float *x", "(float *xyz").replace("x[", "xyz[")
        )
    guard = EvaluationGuard(evaluation)
    begin = time.process_time()
    assert [leak.item for leak in guard.leaks(training)] == list(range(0, 10_000, 500))
    assert time.process_time() - begin < 10


def test_braces_hide_no_copy():
    head = "void axpy(int n, float a, const float *x, float *y) "
    with_braces = Program(
        "cpp", "axpy", head + "{ for (int i = 0; i < n; i++) { y[i] += a * x[i]; } }"
    )
    renamed = Program(
        "cpp",
        "scaled",
        "void scaled(int m, float s, const float *u, float *v) {\n"
        "  for (int k = 0; k < m; k++)\n    v[k] += s * u[k];\n}",
    )
    assert cluster_items([with_braces, renamed]) == [0, 0]
    assert EvaluationGuard([with_braces]).leaks([renamed])[0].similarity == 1.0
