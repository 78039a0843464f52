"""Classes of words of a C-like dialect, and which of them can never follow which: the tables behind
`translator.c_syntax`.

Contract: words are those of `corpora.tokens.canonical`. A set names words that cannot come next in
any text that compiles; words that no class holds are never forbidden.

    python -c "from translator.decoding.c_words import NEVER_AFTER; \\
        print(sorted(NEVER_AFTER['jump'])[:5])"
"""

from __future__ import annotations

import re
from functools import lru_cache

from corpora.dialects import DIALECTS
from corpora.tokens.canonical import DIGIT, ENTRY
from corpora.tokens.lexers import CPP_FUNCTIONS, CPP_MEMBERS, CPP_TYPES

END = "</s>"
NUMBERED = 64
"""V0 ... V63 are whole words of the vocabulary; higher ones are spelled in characters, which
nothing here sees.
"""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


VARIABLES = frozenset(f"V{k}" for k in range(NUMBERED))
NAMES = VARIABLES | {ENTRY}
DIGITS = _words("0 1 2 3 4 5 6 7 8 9")
TAIL_CHARACTERS = "0123456789.efxuldULF+-abcABCDEpP"
TAILS = frozenset(DIGIT + c for c in TAIL_CHARACTERS)
GEOMETRY = _words("threadIdx blockIdx blockDim gridDim")
GEOMETRY_FIELDS = _words("x y z")
VALUES = GEOMETRY | _words("warpSize true false NULL nullptr this")
CASTS = _words("sizeof static_cast reinterpret_cast const_cast dynamic_cast")
CONTROL = _words("if for while switch")
STATEMENTS = CONTROL | _words("do case default return break continue else")
SPECIFIERS = _words(
    "const static volatile __restrict__ __restrict __shared__ typedef extern struct"
)
SIGNS = _words("+ - * & ++ --")
ASSIGNMENTS = _words("= += -= *= /= %= &= |= ^= <<= >>=")
BINARIES = _words("/ % == != <= >= < > && || | ^ << >> ?")
WHOLE_NUMBER_ONLY = _words("% & | ^ << >> %= &= |= ^= <<= >>=")
"""Operators that take no floating-point operand."""
OPERATORS = SIGNS | ASSIGNMENTS | BINARIES | _words("! ~ , : . -> :: <<< >>>")
ENDS = _words(") ] } ; , :")
REACHES = _words(". -> :: <<< >>>")
SPELLED = ""
"""Stands for each character of a word that the vocabulary lacks: a name, a literal or a keyword."""
FRAMES = frozenset(f"<{a}:{b}>" for a in DIALECTS for b in DIALECTS) | _words(
    "<s> <sep> <unk> <pad>"
)
"""Words that frame a prompt; no text has them."""
_OPERANDS = (
    frozenset({SPELLED})
    | NAMES
    | DIGITS
    | VALUES
    | CASTS
    | CPP_FUNCTIONS
    | CPP_TYPES
    | _words("! ~")
)
_MEMBERS_ONLY = CPP_MEMBERS - CPP_FUNCTIONS - CPP_TYPES
"""`begin` and the like: canonical texts have them after `.` and `->` only."""
EVERYTHING = (
    _OPERANDS
    | TAILS
    | STATEMENTS
    | SPECIFIERS
    | SIGNS
    | ASSIGNMENTS
    | BINARIES
    | ENDS
    | REACHES
    | _MEMBERS_ONLY
    | _words("( [ { #pragma")
)

NOWHERE = frozenset[str]()
NEVER_AFTER: dict[str, frozenset[str]] = {
    "any": NOWHERE,
    "need": (
        BINARIES
        | ASSIGNMENTS
        | ENDS
        | TAILS
        | STATEMENTS
        | SPECIFIERS
        | _MEMBERS_ONLY
        | _words("-> :: <<< >>> [ { #pragma")
    ),
    "operand": _OPERANDS
    | TAILS
    | STATEMENTS
    | SPECIFIERS
    | _MEMBERS_ONLY
    | _words("{ :: <<< >>> #pragma"),
    "start": (
        BINARIES
        | ASSIGNMENTS
        | TAILS
        | _MEMBERS_ONLY
        | _words(") ] , : -> . <<< >>> [ else case default break continue")
    ),
    "type": (
        (BINARIES - {">", "&&"})
        | ASSIGNMENTS
        | DIGITS
        | TAILS
        | STATEMENTS
        | (CPP_FUNCTIONS - CPP_TYPES)
        | VALUES
        | CASTS
        | _MEMBERS_ONLY
        | _words("] } : ; . -> <<< >>> + - ++ -- ! ~ #pragma")
    ),
    "declared": EVERYTHING - _words("= [ ; , ) ( : {"),
    "func": EVERYTHING - _words("( < <<<"),
    "member": EVERYTHING - NAMES - CPP_MEMBERS - {SPELLED},
    "coordinate": EVERYTHING - GEOMETRY_FIELDS,
    "geometry": EVERYTHING - {"."},
    "jump": EVERYTHING - {";"},
    "control": EVERYTHING - {"("},
    "label": EVERYTHING - {":"},
}
"""What stands before -> what cannot come next, whatever brackets are open.

need: an operand is needed. operand: one has just ended. start: of a statement. declared: a name
where it is declared.
"""

_NUMBER = re.compile(
    r"(?:0[xX][\da-fA-F]+(?:[uU]?[lL]{0,2})|\d+(?:[uU]?[lL]{0,2})|(?:\d+\.\d*|\.\d+)(?:[eE][+-]?\d+)?[fFlL]?|\d+[eE][+-]?\d+[fFlL]?)"
)
_COMPLETIONS = ("", "0", "1", "10", "+1", "-1", "+10", "0f", "f", "0e0", "e0", "x0", "X0")


LONGEST_NUMBER = 48
"""Characters after which a whole number ends: beyond it nobody writes one, and a model that does
goes on for ever.
"""


def is_number(number: str) -> bool:
    """Return whether the text `number` is a complete number of C, such as `1.5f`."""
    return _NUMBER.fullmatch(number) is not None


def forbidden_in_number(number: str) -> frozenset[str]:
    """Return the words that may not follow in a C number that begins with the characters
    `number`.
    """
    return _forbidden_in(_number_shape(number), len(number) >= LONGEST_NUMBER)


def _number_shape(number: str) -> str:
    """A number that the same may follow; there are few of them, so that what may can be kept."""
    if number[:2] in ("0x", "0X"):
        digits = number[2:].rstrip("uUlL")
        return number[:2] + "7" * bool(digits) + number[2 + len(digits) :]
    return number if number == "0" else re.sub(r"\d+", "7", number)


@lru_cache(4096)
def _forbidden_in(number: str, long: bool) -> frozenset[str]:
    ends = long and is_number(number)
    going_on = {
        DIGIT + c
        for c in TAIL_CHARACTERS
        if not ends and any(is_number(number + c + more) for more in _COMPLETIONS)
    }
    if not is_number(number):
        return EVERYTHING - going_on
    return (NEVER_AFTER["operand"] | ASSIGNMENTS | _words("( [ . -> ++ --")) - going_on
