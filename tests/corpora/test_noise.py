"""Noise on words: decided by the seed, at the rates asked for, and invertible where it says so."""

import random

import pytest
from hypothesis import given, settings, strategies as st

from corpora.tokens.canonical import canonicalize
from corpora.tokens.noise import (
    MASK,
    Contrast,
    Noise,
    corrupt_words,
    drop_units,
    fill_spans,
    flatten_units,
    insert_foreign_words,
    join_number_units,
    mask_spans,
    measure_contrast,
    shuffle_units,
)

WORDS = st.lists(
    st.sampled_from("V0 V1 V2 + * ; ( ) [ ] = float for if 1 2 . _0 _5 _.".split()), max_size=60
)
RATES = st.floats(0.0, 0.9)
SEEDS = st.integers(0, 2**32)
SIDES = Contrast({"for": 1.0, "float": 0.5}, ("__global__", "blockIdx"), (1.0, 3.0))


def test_a_number_is_one_unit():
    words = canonicalize("x[i] = 100 * y + .5f;", "cpp").tokens
    assert ("1", "_0", "_0") in join_number_units(words) and (".", "_5", "_f") in join_number_units(
        words
    )
    assert flatten_units(join_number_units(words)) == list(words)


@given(WORDS, RATES, SEEDS)
def test_a_mask_can_be_filled(words, rate, seed):
    shown, spans = mask_spans(words, rate, random.Random(seed))
    assert fill_spans(shown, spans) == words
    assert shown.count(MASK) == len(spans) and all(spans)
    assert (shown, spans) == mask_spans(words, rate, random.Random(seed))
    assert not any(a == b == MASK for a, b in zip(shown, shown[1:])), (
        "neighbouring masks say how long a span is"
    )


@given(WORDS.filter(bool), st.floats(0.01, 0.9), SEEDS)
def test_something_is_always_hidden(words, rate, seed):
    assert mask_spans(words, rate, random.Random(seed))[1]


def test_as_many_spans_as_masks_or_an_error():
    for spans in ([], [["a"], ["b"]]):
        with pytest.raises(ValueError, match="1 masks"):
            fill_spans(["x", MASK], spans)


@given(WORDS, RATES, SEEDS)
def test_equal_seeds_corrupt_equally_and_never_to_nothing(words, rate, seed):
    noise = Noise.at(rate)
    found = corrupt_words(words, noise, SIDES, random.Random(seed))
    assert found == corrupt_words(words, noise, SIDES, random.Random(seed))
    assert bool(found) == bool(words)
    if rate == 0:
        assert found == words


@given(WORDS, st.integers(2, 6), SEEDS)
def test_a_shuffle_moves_nothing_far(words, window, seed):
    numbered = [(str(i), w) for i, w in enumerate(words)]  # as units, so that each is known again
    found = shuffle_units(numbered, window, random.Random(seed))
    assert sorted(found) == sorted(numbered)
    assert all(abs(place - int(unit[0])) < window for place, unit in enumerate(found))


@settings(deadline=None, max_examples=20)
@given(st.sampled_from([0.05, 0.15, 0.3, 0.5]), SEEDS)
def test_rates_are_those_asked_for(rate, seed):
    count, rng = 4000, random.Random(seed)
    parts = [("float",)] * count
    near = 5 * (rate * (1 - rate) / count) ** 0.5
    assert (
        abs(sum(len(s) for s in mask_spans(flatten_units(parts), rate, rng)[1]) / count - rate)
        < near
    )
    assert abs(1 - len(drop_units(parts, rate, SIDES, rng)) / count - rate) < near
    assert abs(len(insert_foreign_words(parts, rate, SIDES, rng)) / count - 1 - rate) < near
    dropped = 1 - len(drop_units([("for",)] * count, rate, SIDES, rng)) / count
    assert abs(dropped - 1.5 * rate) < near, "the own side's own words are dropped more often"


def test_what_is_inserted_is_the_other_sides():
    serial = ["for ( int V0 = 0 ; V0 < V1 ; V0 ++ )".split()] * 20
    kernel = ["int V0 = blockIdx . x * blockDim . x + threadIdx . x ; if ( V0 < V1 )".split()] * 20
    sides = measure_contrast(serial, kernel)
    assert sides.own["for"] == 1.0 and sides.own["blockIdx"] == 0.0 and 0.3 < sides.own["int"] < 0.8
    found = insert_foreign_words([("V1",)] * 300, 1.0, sides, random.Random(0))
    foreign = {part[0] for part in found} - {"V1"}
    assert "blockIdx" in foreign and "for" not in foreign and "++" not in foreign


def test_without_another_side_nothing_is_inserted_or_favoured():
    assert measure_contrast([["a"]], []) == Contrast({})
    assert insert_foreign_words([("a",)], 1.0, Contrast({}), random.Random(0)) == [("a",)]
