"""Noise on canonical words: what a model is shown when it learns to fill in and to restore
programs.

Contract: pure functions of words and a `random.Random`, so equal seeds give equal noise. A number
(`1 _0 _0`) is one unit that is disturbed as a whole or not at all. `fill_spans(*mask(words, …))`
gives the words back (for words that do not hold MASK); nothing else can be undone.

    python -c "import random; from corpora.tokens.noise import mask_spans; \\
        print(mask_spans('V0 [ V1 ] = 1 _0 ;'.split(), 0.3, random.Random(1)))"

Sources: masking, dropping and local shuffling as in TransCoder (Roziere et al., arXiv 2006.03511),
whose order noise is that of Lample et al. (arXiv 1711.00043); weighted dropping, insertion of the
other language's words and a rate that rises as training goes on as in CodeRosetta (TehraniJamsaz et
al., arXiv 2410.20527). There the weights are of listed reserved words; here they are measured
(`Contrast`), so that every direction has them.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from corpora.tokens.canonical import DIGIT

MASK = "<mask>"
WINDOW = 3
"""Units change places with others less than this far away."""
_LIKELIEST = 0.9
"""No unit is dropped with a higher probability than this."""

Unit = tuple[str, ...]


def join_number_units(words: Sequence[str]) -> list[Unit]:
    """Group canonical words, in order, into units, tuples of words: the characters of a number (`1
    _0 _0`) are one unit, any other word is a unit by itself.
    """
    found: list[Unit] = []
    for word in words:
        if (
            found
            and len(word) == 2
            and word[0] == DIGIT
            and (found[-1][0][:1].isdigit() or found[-1][0][:1] == ".")
        ):
            found[-1] = (*found[-1], word)
        else:
            found.append((word,))
    return found


def flatten_units(parts: Iterable[Unit]) -> list[str]:
    """Return the words of all units, in order; the inverse of `join_number_units`. parts: units,
    tuples of one word or of the characters of a number.
    """
    return [word for part in parts for word in part]


@dataclass(frozen=True, slots=True)
class Contrast:
    """How the words of one dialect, the own, differ from another's.

    own: word -> share, in [0, 1], of its occurrences that are in the own dialect; a word that is
        not listed counts as 0.5. foreign: words typical of the other dialect. bounds: their
        cumulative weights, as many, for drawing.
    """

    own: dict[str, float]
    foreign: tuple[str, ...] = ()
    bounds: tuple[float, ...] = ()


def measure_contrast(own: Iterable[Sequence[str]], other: Iterable[Sequence[str]]) -> Contrast:
    """Measure which words are typical of either of two dialects. own, other: words of each program
    of the dialect; sides of different sizes count alike. If a side has no words, all words count
    alike.
    """
    here, there = (Counter(word for words in side for word in words) for side in (own, other))
    if not here or not there:
        return Contrast({})
    scale = sum(here.values()) / sum(there.values())
    shares = {w: here[w] / (here[w] + scale * there[w]) for w in sorted(here | there)}
    foreign = [w for w in sorted(there) if shares[w] < 0.5]
    weights = [there[w] * (0.5 - shares[w]) for w in foreign]
    return Contrast(shares, tuple(foreign), tuple(accumulate(weights)))


@dataclass(frozen=True, slots=True)
class Noise:
    """How much noise is added to a program's words.

    mask, drop, insert: shares, in [0, 1], of units masked, dropped, and followed by a foreign word;
        a unit is a word or a whole number. window: units are shuffled by fewer than so many places;
        0 or 1: they are not shuffled.
    """

    mask: float
    drop: float
    insert: float
    window: int

    @staticmethod
    def at(rate: float) -> Noise:
        """Return noise of all kinds, masking, dropping, inserting and shuffling, at one rate in [0,
        1]; 0 is none. Insertions get half of it, since they lengthen texts.
        """
        return Noise(rate, rate, rate / 2, WINDOW if rate > 0 else 0)


def mask_spans(
    words: Sequence[str], rate: float, rng: random.Random
) -> tuple[list[str], list[list[str]]]:
    """Hide random parts of a text, and return (the words with MASK for each hidden span, the words
    of each span), for a model to fill in as in TransCoder (Roziere et al., arXiv 2006.03511).

    words: the text's canonical words; the characters of a number are hidden together. rate: the
        share to hide, in [0, 1]; above 0 at least one word is. rng: draws. Neighbouring hidden
        words are one span.
    """
    parts = join_number_units(words)
    hidden = [rng.random() < rate for _ in parts]
    if parts and rate > 0 and not any(hidden):
        hidden[rng.randrange(len(parts))] = True
    shown: list[str] = []
    spans: list[list[str]] = []
    for position, (part, is_hidden) in enumerate(zip(parts, hidden)):
        if not is_hidden:
            shown.extend(part)
        elif position and hidden[position - 1]:
            spans[-1].extend(part)
        else:
            shown.append(MASK)
            spans.append(list(part))
    return shown, spans


def fill_spans(shown: Sequence[str], spans: Sequence[Sequence[str]]) -> list[str]:
    """Put the spans that `mask_spans` hid back and return the words. shown: the words with MASK
    (`<mask>`) for each span. spans: the words of each. Raises ValueError if there are more or fewer
    spans than masks.
    """
    given = iter(spans)
    words: list[str] = []
    for word in shown:
        if word != MASK:
            words.append(word)
            continue
        span = next(given, None)
        if span is None:
            raise ValueError(f"{len(spans)} spans for {list(shown).count(MASK)} masks")
        words.extend(span)
    if next(given, None) is not None:
        raise ValueError(f"{len(spans)} spans for {list(shown).count(MASK)} masks")
    return words


def drop_units(
    parts: Sequence[Unit], rate: float, sides: Contrast, rng: random.Random
) -> list[Unit]:
    """Return the units, in order, without some, dropped at random: weighted dropping as in
    CodeRosetta (TehraniJamsaz et al., arXiv 2410.20527).

    parts: units, each a word or the characters of a number. rate: share dropped, in [0, 1], of
        words that both dialects have alike. sides: says which words are typical of the own dialect;
        these are dropped up to 1.5 times as often, those of the other down to half as often. rng:
        draws.
    """
    return [
        p for p in parts if rng.random() >= min(_LIKELIEST, rate * (0.5 + sides.own.get(p[0], 0.5)))
    ]


def insert_foreign_words(
    parts: Sequence[Unit], rate: float, sides: Contrast, rng: random.Random
) -> list[Unit]:
    """Return the units with words of another dialect inserted after some of them, at random, as in
    CodeRosetta (TehraniJamsaz et al., arXiv 2410.20527).

    parts: units, each a word or the characters of a number. rate: share of units that get one, in
        [0, 1]. sides: holds the other dialect's words with weights; without any nothing is
        inserted. rng: draws.
    """
    found: list[Unit] = []
    for part in parts:
        found.append(part)
        if rng.random() < rate and sides.foreign:
            found.append((rng.choices(sides.foreign, cum_weights=sides.bounds)[0],))
    return found


def shuffle_units(parts: Sequence[Unit], window: int, rng: random.Random) -> list[Unit]:
    """Return the units in a random order in which none moves by `window` places or more: the noise
    of Lample et al. (arXiv 1711.00043).

    parts: units, each a word or the characters of a number. rng: draws.
    """
    keys = [place + rng.uniform(0, window) for place in range(len(parts))]
    return [parts[i] for i in sorted(range(len(parts)), key=lambda i: keys[i])]


def corrupt_words(
    words: Sequence[str], noise: Noise, sides: Contrast, rng: random.Random
) -> list[str]:
    """Return canonical words after shuffling, dropping, inserting and masking, in this order. It is
    the noise of TransCoder (Roziere et al., arXiv 2006.03511) and CodeRosetta (TehraniJamsaz et
    al., arXiv 2410.20527), from which a model learns to restore programs.

    noise: how much of each. sides: which words are typical of the own dialect and of others. rng:
        draws.
    The result has MASK for each hidden span and is not empty unless `words` is.
    """
    parts = join_number_units(words)
    kept = (
        drop_units(
            shuffle_units(parts, noise.window, rng) if noise.window > 1 else parts,
            noise.drop,
            sides,
            rng,
        )
        or parts[:1]
    )
    noisy = flatten_units(insert_foreign_words(kept, noise.insert, sides, rng))
    return mask_spans(noisy, noise.mask, rng)[0]
