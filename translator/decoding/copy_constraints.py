"""What a translation between C-like dialects copies: numbers, called functions and fields are the
source's.

Contract: numbers are those of the source and a few that every program may need; functions are those
that the source calls, other widths of them, and those that a target's threads need. Words are those
of `corpora.tokens.canonical`.

    python -c "from translator.decoding.copy_constraints import CopyConstraints; \\
        print(sorted(CopyConstraints('x = 1 _0 _0 ;'.split()).literals))"
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

from corpora.tokens.canonical import DIGIT, ENTRY
from corpora.tokens.lexers import (
    CPP_FUNCTIONS,
    CPP_KEYWORDS,
    CPP_MEMBERS,
    CPP_TYPES,
    FORTRAN_FUNCTIONS,
    FORTRAN_KEYWORDS,
    OMP_WORDS,
    SUITE_WORDS,
)
from translator.decoding.c_words import (
    DIGITS,
    EVERYTHING,
    GEOMETRY,
    GEOMETRY_FIELDS,
    SPELLED,
    TAIL_CHARACTERS,
    VARIABLES,
)

COMMON_LITERALS = ("0", "1", "2")
SIZES = frozenset({"8", "16", "32", "64", "128", "256", "512", "1024"})
"""Of blocks, and so of arrays that threads share."""
_LAUNCHING = (
    SIZES
    | {str(int(size) - 1) for size in SIZES}
    | {"4", "0xffffffff", "0xFFFFFFFF", "0xffffffffu"}
)
"""Of launches, of rounding up to whole blocks, and of a whole warp's mask."""
_ABOUT_THREADS = (
    "atomic",
    "__sync",
    "__shfl",
    "__ballot",
    "__any",
    "__all",
    "__active",
    "__threadfence",
    "cuda",
    "omp_",
)


def find_numbers(words: Iterable[str]) -> list[str]:
    """Return the numbers in canonical words, in order, each as text."""
    found: list[str] = []
    inside = False
    for word in words:
        if inside and len(word) == 2 and word[0] == DIGIT:
            found[-1] += word[1]
            continue
        inside = word[:1].isdigit() or word == "."
        if inside:
            found.append(word)
    return [number for number in found if number != "."]


_OF_FORTRAN = (
    FORTRAN_KEYWORDS
    | FORTRAN_FUNCTIONS
    | SUITE_WORDS
    | frozenset(".and. .or. .not. ** !$omp".split())
)
_OF_THREADS = GEOMETRY | frozenset(
    "__global__ __device__ __host__ __shared__ __syncthreads warpSize <<< >>>".split()
)
_OF_C = CPP_TYPES | CPP_KEYWORDS | CPP_FUNCTIONS | CPP_MEMBERS
_COMMON_TYPES = frozenset(
    "void bool char short int long signed unsigned float double size_t dim3 half".split()
)
"""`half` is a variable to most."""


def find_foreign_words(source: Sequence[str], model: str, copies: bool) -> frozenset[str]:
    """Return the words that no right answer in a C-like dialect has outside of directives.

    source: the source's canonical words. model: the programming model of the answer, `serial`,
        `openmp` or `cuda`. copies: whether the source is C-like too; then the names of uncommon
        types are forbidden unless the source has them.
    """
    words = (
        _OF_FORTRAN | OMP_WORDS
    ) - _OF_C  # what a number or a literal is spelled with is in none of these
    if model != "cuda":
        words |= _OF_THREADS | frozenset(
            w for w in CPP_FUNCTIONS if w.startswith(_ABOUT_THREADS) and not w.startswith("omp_")
        )
        words -= {">>>"} if "template" in source else frozenset()
    if model != "openmp":
        words |= frozenset(w for w in CPP_FUNCTIONS if w.startswith("omp_"))
    if model == "serial":
        words |= {"#pragma"}
    if copies:
        words |= CPP_TYPES - _COMMON_TYPES - frozenset(source)
    return frozenset(
        words - (frozenset(source) - _OF_THREADS if model != "cuda" else frozenset(source))
    )


class CopyConstraints:
    """What an answer may take from a source.

    source: its canonical words. launches: the answer may launch kernels, for which it chooses block
        sizes.
    literals: the numbers that the answer may contain, as text. never_outside: words that may not
        come anywhere in it; never_operand: nor where an operand must begin; never_fields: words
        that may not follow `.` and `->`.
    """

    def __init__(self, source: Sequence[str], launches: bool = False) -> None:
        """launches: the answer may launch kernels, for which it chooses block sizes."""
        self.literals = frozenset([*find_numbers(source), *COMMON_LITERALS]) | (
            _LAUNCHING if launches else frozenset()
        )
        called = {word for word in source if word in CPP_FUNCTIONS}
        stems = {_stem(word) for word in called} | {"min", "max"}
        known = (
            w
            for w in CPP_FUNCTIONS
            if w in called or _stem(w) in stems or w.startswith(_ABOUT_THREADS)
        )
        fields = {word for before, word in zip(source, source[1:]) if before in (".", "->")}
        self.never_outside = (CPP_FUNCTIONS - frozenset(known)) | _not_of(self.literals, "")
        if source.count(ENTRY) < 2 and not launches:  # it does not call itself
            self.never_outside |= {ENTRY}
        if set(source) <= EVERYTHING | {"{", "(", "["} and "V63" not in source:
            self.never_outside |= {SPELLED}
        self.never_operand = self.never_outside | (
            {"."} if not any(n[0] == "." for n in self.literals) else set()
        )
        self.never_fields = (CPP_MEMBERS | VARIABLES) - fields
        if fields <= VARIABLES | GEOMETRY_FIELDS:  # others may be words that a vocabulary lacks
            self.never_fields |= {SPELLED}

    def forbidden_in_number(self, number: str) -> frozenset[str]:
        """Return the words that may not follow in a number, because no number of the source would
        begin so.

        number: the characters of the number so far, '' before the first.
        """
        return _not_of(self.literals, number)

    def forbidden_in_size(self, number: str) -> frozenset[str]:
        """Return the words that may not follow in an array's size, because neither a number of the
        source nor a block's size would begin so.

        number: the characters of the number so far, '' before the first.
        """
        return _not_of(self.literals | SIZES, number)


@lru_cache(4096)
def _not_of(literals: frozenset[str], number: str) -> frozenset[str]:
    following = {
        literal[len(number)]
        for literal in literals
        if literal.startswith(number) and len(literal) > len(number)
    }
    if not number:
        return DIGITS - following
    if number in literals:
        return frozenset(DIGIT + c for c in TAIL_CHARACTERS if c not in following)
    return EVERYTHING - {DIGIT + c for c in following}


def _stem(function: str) -> str:
    """The same function in another width: `__expf`, `expf` and `exp`, `fabs` and `abs`."""
    name = function.removeprefix("__")
    name = name[:-1] if name.endswith("f") and name not in ("erf", "ldexpf") else name
    return {
        "fabs": "abs",
        "labs": "abs",
        "llabs": "abs",
        "fmin": "min",
        "fmax": "max",
        "er": "erf",
    }.get(name, name)
