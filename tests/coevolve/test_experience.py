"""Which pairs a round learns from: counted, in order, and the default as it always was."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from operator import attrgetter
from pathlib import Path

from hypothesis import given, strategies as st

from coevolve.loop.experience import (
    SuiteLessons,
    compute_weight,
    drop_near_duplicates,
    gather_triplets,
    select_triplets,
    sort_hardest_first,
)
from corpora.record_index import read_records
from corpora.records import Blame, Outcome, Program, Triplet, UnitTestSuite, Verdict
from corpora.store import write_shards

BODIES = [
    "x[0] = a + b;",
    "for (int i = 0; i < a; i++) x[i] *= b;",
    "int s = 0; while (s < a) { s += b; x[s % 4] = s; }",
    "if (a > b) { x[a] = x[b]; } else { x[b] = 3 * x[a] - 1; } x[7]++;",
]


def triplet(
    source: int, answer: int, strength: float | None = 0.8, way: str = "cpp:cuda", name: str = ""
) -> Triplet:
    real = Program(
        "cpp",
        f"f{source}",
        f"void f{source}(int *x, int a, int b) {{ {'x[a]--; ' * source}x[{source}] = 1; }}",
    )
    made = Program(
        "cuda",
        real.name,
        f"__global__ void {name or real.name}(int *x, int a, int b) {{ {BODIES[answer]} }}",
    )
    suite = UnitTestSuite(real.id, (), strength=strength)
    return Triplet(
        real,
        made,
        suite,
        way,
        Verdict(real.id, made.id, suite.id, Outcome.EQUIVALENT, Blame.NOBODY),
    )


A, B, C = [triplet(1, k) for k in range(3)], [triplet(2, k) for k in range(2)], [triplet(3, 0)]


def test_how_far_back(tmp_path: Path) -> None:
    def gathered(rounds: list[list[Triplet]], experience: str) -> list[Triplet]:
        found = []
        for k, made in enumerate(rounds):
            write_shards(tmp_path / f"{k}.jsonl", made, shard_bytes=1500)
            found.append(read_records([tmp_path / f"{k}.jsonl"], Triplet, attrgetter("id")))
        return list(gather_triplets(found, experience))

    rounds = [[*A[:2], *C], [A[1], A[2], *B]]
    assert gathered(rounds, "accumulate") == [*A[:2], *C, A[2], *B]
    assert gathered(rounds, "replace") == [A[1], A[2], *B]
    assert gathered(rounds, "mix") == [
        A[1],
        A[2],
        *B,
        *C,
        A[0],
    ]  # C's source had one right answer
    assert gathered([[*A, *B, *C], [A[0]]], "mix") == [A[0], *C]
    later = replace(A[0], direction="cpp:openmp")  # of equal id: the last one counts
    assert gathered([[*A], [later]], "accumulate") == [later, *A[1:]]
    for mode in ("accumulate", "replace", "mix"):
        assert gathered([], mode) == [] and gathered([A, []], mode) == (
            A if mode == "accumulate" else []
        )


def test_lessons_of_suites_are_read_when_they_are_asked_for() -> None:
    suites = [t.suite for t in (A[0], B[0], C[0])]
    lessons = SuiteLessons(suites, {t.source.id: t.source for t in (*A, *B, *C)})
    assert list(lessons) == [(t.source, t.suite) for t in (A[0], B[0], C[0])]
    assert list(lessons[1:]) == list(lessons)[1:] and lessons[-1] == (C[0].source, C[0].suite)
    assert len(lessons) == 3 and not SuiteLessons([], {})


def test_the_default_is_the_first_two_of_each_source_in_order() -> None:
    assert select_triplets([A[0], B[0], A[1], A[2], B[1]], 2, "first") == [A[0], B[0], A[1], B[1]]
    other_way = triplet(1, 3, way="cuda:cpp")
    assert select_triplets([A[0], other_way], 1, "first") == [A[0], other_way]


def test_hard_takes_rare_sources_first_and_no_near_duplicates() -> None:
    again = triplet(1, 0, name="renamed")
    assert drop_near_duplicates([A[0], again, A[1]]) == [A[0], A[1]]
    assert select_triplets([A[0], again, A[1], *B, *C], 2, "hard") == [*C, *B, A[0], A[1]]
    assert sort_hardest_first([*A, *B, *C])[0] == C[0]


def test_weights_are_the_suites_strength_where_asked_for() -> None:
    weak = triplet(1, 0, 0.55)
    assert (
        compute_weight(weak, "first"),
        compute_weight(weak, "hard"),
        compute_weight(triplet(1, 0, None), "hard"),
    ) == (1.0, 0.55, 1.0)


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=12),
    st.integers(1, 3),
    st.sampled_from(["first", "hard"]),
)
def test_no_source_has_more_than_its_share(
    pairs: list[tuple[int, int]], per_source: int, selection: str
) -> None:
    given_ = list({t.id: t for t in (triplet(s, a) for s, a in pairs)}.values())
    kept = select_triplets(given_, per_source, selection)
    assert max(Counter(t.source.id for t in kept).values(), default=0) <= per_source
    assert {t.source.id for t in kept} == {t.source.id for t in given_} and {
        t.id for t in kept
    } <= {t.id for t in given_}
    assert select_triplets(given_, per_source, selection) == kept
