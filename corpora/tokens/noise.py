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
    """`words` with the characters of each number joined."""
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
    return [word for part in parts for word in part]


@dataclass(frozen=True, slots=True)
class Contrast:
    """What sets one side's words apart from the other's.

    own: word -> share in [0, 1] of its occurrences that are on the own side (of equally many words
    a side); absent: 0.5. foreign: words of the other side; bounds: their cumulative weights, by
    count and by how much they are the other's.
    """

    own: dict[str, float]
    foreign: tuple[str, ...] = ()
    bounds: tuple[float, ...] = ()


def measure_contrast(own: Iterable[Sequence[str]], other: Iterable[Sequence[str]]) -> Contrast:
    """Measured on the words of both sides. A side without words leaves every word as likely as any
    other.
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
    """Shares in [0, 1] of units that are masked, dropped, and followed by a foreign word; window:
    of the shuffle, 0 or 1 = none.
    """

    mask: float
    drop: float
    insert: float
    window: int

    @staticmethod
    def at(rate: float) -> Noise:
        """All kinds at one rate; insertions half as often, since they make texts longer."""
        return Noise(rate, rate, rate / 2, WINDOW if rate > 0 else 0)


def mask_spans(
    words: Sequence[str], rate: float, rng: random.Random
) -> tuple[list[str], list[list[str]]]:
    """(words with a MASK for each hidden span, the spans). Neighbouring hidden units are one span;
    at least one is hidden.
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
    """The words that `mask_spans` hid put back. Raises ValueError when there are not as many spans
    as masks.
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
    """Units left out: at `rate` for words that both sides have, at up to 1.5 times that for the own
    side's own words.
    """
    return [
        p for p in parts if rng.random() >= min(_LIKELIEST, rate * (0.5 + sides.own.get(p[0], 0.5)))
    ]


def insert_foreign_words(
    parts: Sequence[Unit], rate: float, sides: Contrast, rng: random.Random
) -> list[Unit]:
    """A word of the other side after a unit, at `rate`."""
    found: list[Unit] = []
    for part in parts:
        found.append(part)
        if rng.random() < rate and sides.foreign:
            found.append((rng.choices(sides.foreign, cum_weights=sides.bounds)[0],))
    return found


def shuffle_units(parts: Sequence[Unit], window: int, rng: random.Random) -> list[Unit]:
    """Units in a new order in which none is `window` or more places from where it was."""
    keys = [place + rng.uniform(0, window) for place in range(len(parts))]
    return [parts[i] for i in sorted(range(len(parts)), key=lambda i: keys[i])]


def corrupt_words(
    words: Sequence[str], noise: Noise, sides: Contrast, rng: random.Random
) -> list[str]:
    """All noises one after the other: shuffle, drop, insert, mask. Never empty for words that are
    not.
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
