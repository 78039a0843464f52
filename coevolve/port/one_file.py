"""Ports of several functions as a file that a compiler takes: what an earlier one defines is not
defined again, and headers are included.

Contract: `drop_repeated_definitions(text, earlier)` is `text` (of the C family) without those
definitions, includes and helpers that stand in one of `earlier` word for word; two of one name that
differ both stay, for a compiler to say so. `find_missing_headers(text, dialect)` are the headers of
what it names and does not include: verdicts need none (docs/verify.md), a compiler does.
`replace_restrict` has C++'s spelling of `restrict`. Other languages' texts stay as they are.

    python -c "from coevolve.port.one_file import drop_repeated_definitions; \\
        print(drop_repeated_definitions('struct P { int x; };\\nvoid g(P *p) { p->x = 1; }', \\
        ['struct P { int x; };\\nvoid f(P *p) { p->x = 0; }']))"
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from corpora.frontends.c_directives import directive_lines, included_path
from corpora.frontends.c_family import parse_c_family
from corpora.frontends.c_tokens import tokenize
from corpora.frontends.c_words import Words, words_of
from corpora.ir import Pragma, Unsupported
from corpora.ir.edits import Edit, apply_edits

_PLAIN_MATH = frozenset(
    """sin cos tan sinh cosh tanh asin acos atan asinh acosh atanh atan2 exp expm1 exp2 log log2
    log10 log1p pow sqrt cbrt hypot fabs fmax fmin fmod fma fdim floor ceil round lround llround
    trunc rint lrint nearbyint erf erfc tgamma lgamma copysign isnan isinf isfinite ldexp frexp
    modf""".split()
)
_MATH = _PLAIN_MATH | {f"{name}f" for name in _PLAIN_MATH}
_WIDE_MATH = frozenset(f"{name}l" for name in _PLAIN_MATH)


@dataclass(frozen=True, slots=True)
class _Declares:
    """What of a header a text may name: functions that it calls without a qualifier, names of any
    kind, and names behind `std::`.
    """

    called: frozenset[str] = frozenset()
    named: frozenset[str] = frozenset()
    standard: frozenset[str] = frozenset()

    def serves(self, words: Words) -> bool:
        return bool(
            self.called & words.called
            or self.named & words.plain
            or self.standard & words.qualified.get("std", frozenset())
        )


def _called(names: str) -> _Declares:
    return _Declares(called=frozenset(names.split()))


def _named(names: str) -> _Declares:
    return _Declares(named=frozenset(names.split()))


def _standard(names: str) -> _Declares:
    return _Declares(standard=frozenset(names.split()))


_DECLARES = {
    "cmath": _Declares(standard=_MATH | {"abs"}),
    "math.h": _Declares(
        called=_MATH | _WIDE_MATH | {"abs"},
        named=frozenset({"INFINITY", "NAN", "HUGE_VAL", "HUGE_VALF", "M_PI", "M_E"}),
    ),
    "stdlib.h": _called("malloc calloc realloc free abs labs llabs qsort rand srand exit abort"),
    "string.h": _called("memcpy memset memmove memcmp strlen strcmp strncmp strcpy"),
    "stdint.h": _named(
        " ".join(
            f"{u}int{n}_t {u.upper()}INT{n}_MAX {u.upper()}INT{n}_MIN"
            for u in ("", "u")
            for n in ("8", "16", "32", "64", "ptr")
        )
    ),
    "stddef.h": _named("size_t ptrdiff_t NULL"),
    "stdio.h": _called("printf fprintf puts snprintf"),
    "float.h": _named("FLT_MAX FLT_MIN FLT_EPSILON DBL_MAX DBL_MIN DBL_EPSILON"),
    "limits.h": _named(
        "SCHAR_MAX SCHAR_MIN "
        + " ".join(
            f"{u}{kind}_M{end}"
            for u in ("", "U")
            for kind in ("INT", "LONG", "LLONG", "SHRT", "CHAR")
            for end in ("AX", "IN")
        )
    ),
    "limits": _standard("numeric_limits"),
    "algorithm": _standard(
        "min max min_element max_element clamp sort stable_sort fill fill_n copy copy_n transform "
        "for_each reverse lower_bound upper_bound"
    ),
    "numeric": _standard("accumulate inner_product partial_sum iota reduce"),
    "utility": _standard("swap pair move"),
    "vector": _standard("vector"),
    "array": _standard("array"),
    "complex": _standard("complex"),
}
"""Headers and what of them a text may name."""
_OF_OPENMP = ("omp_get_", "omp_set_", "omp_in_")
_OF_CUDA = frozenset({"cmath", "math.h", "stdlib.h", "string.h", "stddef.h", "stdio.h"})
"""What a compiler of CUDA includes by itself."""
_AS_WELL = {
    "cmath": ("math.h",),
    "math.h": ("cmath",),
    "stdlib.h": ("cstdlib",),
    "string.h": ("cstring",),
    "stdint.h": ("cstdint",),
    "stdio.h": ("cstdio",),
    "float.h": ("cfloat",),
    "limits.h": ("climits",),
    "stddef.h": ("cstddef", "stdlib.h", "cstdlib", "stdio.h", "string.h", "vector"),
}
"""Headers that declare the same."""


def find_missing_headers(text: str, dialect: str) -> list[str]:
    """Return `#include` lines, such as `#include <cmath>`, for the standard headers (and `omp.h`)
    that `text` needs and does not include; an empty list if none is missing.

    text: of the C family. dialect: its name, such as `cpp` or `cuda`; what CUDA's compiler includes
        by itself needs no line.
    """
    words = words_of(text)
    known = {included_path(line, text) for line in directive_lines(text) if line.word == "include"}
    known |= _OF_CUDA if dialect == "cuda" else set()
    wanted = [header for header, declared in _DECLARES.items() if declared.serves(words)]
    if any(name.startswith(_OF_OPENMP) for name in words.plain):
        wanted.append("omp.h")
    found: list[str] = []
    for header in wanted:
        if not known & {header, *_AS_WELL.get(header, ())}:
            found.append(f"#include <{header}>")
            known.add(header)
    return found


def replace_restrict(text: str) -> str:
    """Return `text` with C's `restrict` spelled `__restrict__`, as C++ and CUDA compilers know
    it.
    """
    words = [token for token in tokenize(text) if token.text == "restrict"]
    return apply_edits(text, [Edit(word.start, word.end, "__restrict__") for word in words])


def drop_repeated_definitions(text: str, earlier: Iterable[str]) -> str:
    """Return `text` without the definitions and includes that one of the texts `earlier` has word
    for word. All are of the C family. A definition of the same name with another body stays.
    """
    known = {words for each in earlier for _, _, words in _find_outer_definitions(each)}
    edits = []
    for start, end, words in _find_outer_definitions(text):
        if words in known:
            rest = text[end:].lstrip(" \t")
            rest = rest.removeprefix(";").removeprefix("\n")
            edits.append(Edit(start, len(text) - len(rest), ""))
    return apply_edits(text, edits)


def _find_outer_definitions(text: str) -> list[tuple[int, int, tuple[str, ...]]]:
    """Start, end and words of each item of a file, the outermost ones."""
    found: list[tuple[int, int, tuple[str, ...]]] = []
    places = {
        (span.start, span.end)
        for item in parse_c_family(text, "cuda").items
        if not isinstance(item, (Pragma, Unsupported))
        and (span := getattr(item, "group", None) or item.span) is not None
    }
    for start, end in sorted(places, key=lambda p: (p[0], -p[1])):
        if not found or start >= found[-1][1]:
            words = tuple(t.text for t in tokenize(text[start:end]) if t.text != ";")
            found.append((start, end, words))
    return found
