"""Fingerprints of program texts that do not see names, layout, comments, directives, qualifiers or
C's braces.

Contract: `compute_fingerprints(items)` gives for each Program (or bare text) an exact hash of its
canonical tokens, its set of 5-token shingle hashes, and a MinHash of 64 values (datasketch). Values
are the same in every process and on every machine of one byte order. About 170 us an item of 100
tokens.

    python -c "from corpora.fingerprints import compute_fingerprints; \
a, b = compute_fingerprints(['void f(int n){}', 'void  g ( int m ) { }']).exact; print(a == b)"
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from datasketch import MinHash

from corpora.dialects import get_dialect
from corpora.processes import map_in_processes
from corpora.records import Program
from corpora.tokens.lexers import (
    CPP_FUNCTIONS,
    CPP_KEYWORDS,
    CPP_TYPES,
    FORTRAN_FUNCTIONS,
    FORTRAN_KEYWORDS,
)

SHINGLE = 5
MINHASH_VALUES = 64
_CHUNK_ITEMS = 500
"""So many items are computed together; several processes share the chunks of many."""
_FIRST_CHUNKS = 6

_QUALIFIERS = frozenset(
    "static inline extern const constexpr restrict __restrict__ __restrict volatile "
    "register __forceinline__ __inline__"
    " ENDCOM std".split()
)
_BRACES = frozenset("{}")
"""A block of one statement may have them or not, so they say nothing of a program."""
_OWN_NAMES = frozenset(
    "c in out inout to go len kind target value result block size default only write print".split()
)
"""Words of Fortran's tables that programs use as names at least as often; renamed like any name."""
_KEPT = {"cpp": CPP_TYPES | CPP_KEYWORDS - {"std"}, "fortran": FORTRAN_KEYWORDS - _OWN_NAMES}
_CALLED = {"cpp": CPP_FUNCTIONS, "fortran": FORTRAN_FUNCTIONS}
_TOKEN = (
    r"\"(?:\\.|[^\"\\\n])*\"|[A-Za-z_]\w*|\.?\d(?:[eEpPdD][+-]|[\w.])*|->|::|<<=|>>="
    r"|[-+*/%&|^<>=!]=|&&|\|\||\+\+|--|<<|>>|\S"
)
_DROPPED = {
    "cpp": r"//[^\n]*|/\*.*?\*/|#\s*pragma\b(?:[^\n]*?ENDCOM|[^\n]*)|^[ \t]*#\s*include\b[^\n]*",
    "fortran": r"![^\n]*|^[cC*](?![A-Za-z])[^\n]*|&[ \t]*\n?[ \t]*&?",
}
_WORDS_OF = {
    language: re.compile(f"(?:{dropped})|({_TOKEN})", re.S | re.M)
    for language, dropped in _DROPPED.items()
}
"""Comments, directives and marks of continuation, or one token."""
_ENDED = frozenset(("subroutine", "function", "do"))


@dataclass(frozen=True, slots=True)
class Fingerprints:
    """Fingerprints of items, programs or texts; one of each kind per item, in order.

    exact: a hash of its tokens, equal for items that differ in names and layout alone. shingles:
        hashes of its 5-token shingles, uint64 of shape (shingles,), with repeats. minhashes: uint64
        of shape (items, 64), MinHashes of the shingles (Broder 1997).
    """

    exact: list[str]
    shingles: list[np.ndarray]
    minhashes: np.ndarray

    def __len__(self) -> int:
        return len(self.exact)


def compute_fingerprints(items: Sequence[Program | str]) -> Fingerprints:
    """Return the fingerprints of programs or bare texts, in order: hashes by which equal and nearly
    equal texts are found. The language of a text is guessed. Names, layout and comments do not
    count.
    """
    exact: list[str] = []
    shingles: list[np.ndarray] = []
    minhashes = np.zeros((len(items), MINHASH_VALUES), np.uint64)
    starts = range(0, len(items), _CHUNK_ITEMS)
    chunks = (list(items[start : start + _CHUNK_ITEMS]) for start in starts)
    computed = map_in_processes(_compute_chunk, chunks, first=_FIRST_CHUNKS, chunk=1)
    for start, (keys, hashes, begins, values) in zip(starts, computed, strict=True):
        exact += keys
        shingles += np.split(hashes, begins[1:])
        minhashes[start : start + len(keys)] = values
    return Fingerprints(exact, shingles, minhashes)


def _compute_chunk(
    items: Sequence[Program | str],
) -> tuple[list[str], np.ndarray, np.ndarray, np.ndarray]:
    """Exact hashes of items, the hashes of all their shingles and where each item begins there,
    and their MinHashes.
    """
    tokens = [hash_tokens(item) for item in items]
    exact = [hashlib.blake2b(t.tobytes(), digest_size=8).hexdigest() for t in tokens]
    hashes, begins = _shingle_hashes(tokens)
    made = MinHash.generator(
        np.split(hashes, begins[1:]),
        num_perm=MINHASH_VALUES,
        hashfunc=_keep_hash,
        scheme="affine64",
    )
    return exact, hashes, begins, np.array([each.hashvalues for each in made], np.uint64)


def _keep_hash(shingle: np.uint64) -> np.uint64:
    """A shingle is a hash already."""
    return shingle


def compute_jaccard(a: frozenset[int], b: frozenset[int]) -> float:
    """Return the Jaccard similarity of two sets of shingle hashes: what they share, as part of all
    they have, in [0, 1]; 1.0 if both are empty.
    """
    shared = len(a & b)
    return shared / (len(a) + len(b) - shared) if a or b else 1.0


def _hash(word: str) -> int:
    return int.from_bytes(
        hashlib.blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little"
    )


_PLACES = [_hash(f"V{i}") for i in range(512)]
_WORDS: dict[str, int] = {}


def _word(word: str) -> int:
    found = _WORDS.get(word)
    if found is None:
        if len(_WORDS) > 200_000:
            _WORDS.clear()
        spelt = word
        if word[0].isdigit() or (word[0] == "." and len(word) > 1):
            spelt = word.lower() if word[:2] in ("0x", "0X") else _spell_number(word)
        found = _WORDS[word] = _hash(spelt)
    return found


def _spell_number(word: str) -> str:
    """`1.`, `1.0` and `1.00f` alike."""
    plain = word.lower().rstrip("flu")
    whole = plain.rstrip("0")
    return whole if whole.endswith(".") else plain


def _looks_fortran(text: str) -> bool:
    """Whether a bare text is Fortran, by the words that end or begin a procedure or a loop."""
    words = text.lower().split()
    if words[:1] == ["subroutine"] or words[:2] == ["pure", "subroutine"]:
        return True
    ends = {f"end{word}" for word in _ENDED}
    return any(
        word in ends or word == "end" and after in _ENDED
        for word, after in zip(words, [*words[1:], ""], strict=False)
    )


def hash_tokens(item: Program | str) -> np.ndarray:
    """Return a program's or text's canonical tokens as 64-bit ids, in order, uint64 of shape
    (tokens,). The program's own names are numbered by first use, so that renaming changes nothing.
    A text without tokens gives one id, 0.
    """
    text = item if isinstance(item, str) else item.text
    fortran = (
        _looks_fortran(text)
        if isinstance(item, str)
        else get_dialect(item.dialect).language == "fortran"
    )
    language = "fortran" if fortran else "cpp"
    if fortran:
        text = text.lower()
    kept, called = _KEPT[language], _CALLED[language]
    words = [word for word in _WORDS_OF[language].findall(text) if word and word not in _BRACES]
    entry = item.name if isinstance(item, Program) else _first_called(words, kept)
    places: dict[str, int] = {}
    ids: list[int] = []
    previous = ""
    for word, following in zip(words, [*words[1:], ""], strict=False):
        if word in _QUALIFIERS:
            continue
        if not (word[0].isalpha() or word[0] == "_") or word in kept or previous in (".", "->"):
            ids.append(_word(word))
        elif following == "(" and word in called and word != entry:
            ids.append(_word(word))
        else:
            ids.append(_PLACES[places.setdefault(word, len(places)) % 512])
        previous = word
    return np.array(ids or [0], np.uint64)


def _first_called(words: Sequence[str], kept: frozenset[str]) -> str:
    """The first name of the program's own before a bracket: that of its first function."""
    for word, following in zip(words, words[1:], strict=False):
        if following == "(" and word not in kept and (word[0].isalpha() or word[0] == "_"):
            return word
    return ""


def mix_bits(values: np.ndarray) -> np.ndarray:
    """Return uint64 values with their bits mixed: every input bit reaches every output bit. The
    finaliser of splitmix64 (Steele, Lea, Flood 2014).
    """
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


_ODD = np.array([_hash(f"multiplier {i}") | 1 for i in range(SHINGLE)], np.uint64)


def _shingle_hashes(tokens: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Hashes of all shingles of all items, one after the other, and where each item begins; zeros
    pad the ends.
    """
    pad = np.zeros(SHINGLE - 1, np.uint64)
    padded = np.concatenate([part for t in tokens for part in (t, pad)])
    lengths = np.array([len(t) for t in tokens])
    begins = np.cumsum(lengths + SHINGLE - 1) - (lengths + SHINGLE - 1)
    total = len(padded) - (SHINGLE - 1)
    combined = np.zeros(total, np.uint64)
    for k in range(SHINGLE):
        combined = mix_bits(combined + padded[k : total + k] * _ODD[k])
    inside = np.ones(total, bool)
    for k in range(SHINGLE - 1):
        ends = begins + lengths + k
        inside[ends[ends < total]] = False
    return combined[inside], np.cumsum(lengths) - lengths
