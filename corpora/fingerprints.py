"""Fingerprints of program texts that do not see names, layout, comments, directives or qualifiers.

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
_CHUNK_ITEMS = 2000

_QUALIFIERS = frozenset(
    "static inline extern const constexpr restrict __restrict__ __restrict volatile "
    "register __forceinline__ __inline__"
    " ENDCOM std".split()
)
_OWN_NAMES = frozenset(
    "c in out inout to go len kind target value result block size default only write print".split()
)
"""Words of Fortran's tables that programs use as names at least as often; renamed like any name."""
_KEPT = {"cpp": CPP_TYPES | CPP_KEYWORDS - {"std"}, "fortran": FORTRAN_KEYWORDS - _OWN_NAMES}
_CALLED = {"cpp": CPP_FUNCTIONS, "fortran": FORTRAN_FUNCTIONS}
_DROPPED = {
    "cpp": re.compile(
        r"//[^\n]*|/\*.*?\*/|#\s*pragma\b(?:[^\n]*?ENDCOM|[^\n]*)|^[ \t]*#\s*include\b[^\n]*",
        re.S | re.M,
    ),
    "fortran": re.compile(r"![^\n]*|^[cC*](?![A-Za-z])[^\n]*|&[ \t]*\n?[ \t]*&?", re.M),
}
_TOKEN = re.compile(
    r"\"(?:\\.|[^\"\\\n])*\"|[A-Za-z_]\w*|\.?\d(?:[eEpPdD][+-]|[\w.])*|->|::|<<=|>>=|[-+*/%&|^<>=!]=|&&|\|\||\+\+|--|<<|>>|\S"
)
_LOOKS_FORTRAN = re.compile(
    r"\bend\s*(?:subroutine|function|do)\b|^\s*(?:pure\s+)?subroutine\b", re.I
)
_NAME_AND_CALL = re.compile(r"([A-Za-z_]\w*)\s*\(")


@dataclass(frozen=True, slots=True)
class Fingerprints:
    """Fingerprints of items, one of each kind per item, in order.

    exact: a hash of its tokens. shingles: hashes of its 5-token shingles, uint64 of shape
        (shingles,), with repeats. minhashes: of MINHASH_VALUES values.
    """

    exact: list[str]
    shingles: list[np.ndarray]
    minhashes: list[MinHash]

    def __len__(self) -> int:
        return len(self.exact)


def compute_fingerprints(items: Sequence[Program | str]) -> Fingerprints:
    """Return the fingerprints of programs or bare texts; the language of a text is guessed. Names,
    layout and comments do not count.
    """
    exact: list[str] = []
    shingles: list[np.ndarray] = []
    for start in range(0, len(items), _CHUNK_ITEMS):
        tokens = [hash_tokens(item) for item in items[start : start + _CHUNK_ITEMS]]
        exact += [hashlib.blake2b(t.tobytes(), digest_size=8).hexdigest() for t in tokens]
        hashes, starts = _shingle_hashes(tokens)
        shingles += np.split(hashes, starts[1:])
    minhashes = MinHash.generator(
        shingles, num_perm=MINHASH_VALUES, hashfunc=_keep_hash, scheme="affine64"
    )
    return Fingerprints(exact, shingles, list(minhashes))


def _keep_hash(shingle: np.uint64) -> np.uint64:
    """A shingle is a hash already."""
    return shingle


def compute_jaccard(a: frozenset[int], b: frozenset[int]) -> float:
    """Return the shared part of two shingle sets, in [0, 1]; 1.0 if both are empty."""
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
            spelt = (
                word.lower()
                if word[:2] in ("0x", "0X")
                else re.sub(r"\.0*$", ".", word.lower().rstrip("flu"))
            )
        found = _WORDS[word] = _hash(spelt)
    return found


def hash_tokens(item: Program | str) -> np.ndarray:
    """Return a program's or text's canonical tokens as 64-bit ids, uint64 of shape (tokens,). The
    program's own names count by order of first use.
    """
    text = item if isinstance(item, str) else item.text
    fortran = (
        bool(_LOOKS_FORTRAN.search(text))
        if isinstance(item, str)
        else get_dialect(item.dialect).language == "fortran"
    )
    language = "fortran" if fortran else "cpp"
    if fortran:
        text = text.lower()
    text = _DROPPED[language].sub(" ", text)
    kept, called = _KEPT[language], _CALLED[language]
    entry = _entry(item, text, kept)
    places: dict[str, int] = {}
    ids: list[int] = []
    previous = ""
    words = _TOKEN.findall(text)
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


def _entry(item: Program | str, text: str, kept: frozenset[str]) -> str:
    if isinstance(item, Program):
        return item.name
    return next((m.group(1) for m in _NAME_AND_CALL.finditer(text) if m.group(1) not in kept), "")


def _mix(values: np.ndarray) -> np.ndarray:
    """Finaliser of splitmix64: every input bit reaches every output bit."""
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
        combined = _mix(combined + padded[k : total + k] * _ODD[k])
    inside = np.ones(total, bool)
    for k in range(SHINGLE - 1):
        ends = begins + lengths + k
        inside[ends[ends < total]] = False
    return combined[inside], np.cumsum(lengths) - lengths
