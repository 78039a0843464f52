"""What cannot come next in a C-like answer, read off a `CReader`: each rule gives a set of words,
the answer's state their union.

Contract: a rule forbids only what no compiling answer contains (`forbid_names`, `forbid_syntax`,
`forbid_types`), or what no right answer to this source contains (`forbid_foreign_words`). Sets are
interned by what decides them, so that equal situations give one object.

    python -c "from translator.decoding.c_reader import CReader; \\
        from translator.decoding.c_rules import forbid_syntax; r = CReader(0); \\
        [r.advance(w) for w in 'void F0 ( ) { return'.split()]; print('else' in forbid_syntax(r))"
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from corpora.tokens.lexers import CPP_FUNCTIONS
from translator.decoding import c_words as w
from translator.decoding.c_reader import CReader
from translator.decoding.c_scopes import STRUCTURE, Variable, is_numbered_name
from translator.decoding.c_types import find_defined_types
from translator.decoding.copy_constraints import CopyConstraints

NOTHING = frozenset[str]()
_CALLS = frozenset("if while switch group call do".split())


@cache
def _forbidden_after(after: str, allowed: frozenset[str]) -> frozenset[str]:
    return w.NEVER_AFTER[after] - allowed


@lru_cache(4096)
def unite(*parts: frozenset[str]) -> frozenset[str]:
    """Return the union of the sets `parts`. Equal arguments give the same object."""
    return frozenset().union(*parts)


def forbid_brackets(reader: CReader) -> frozenset[str]:
    """Return the words that the open brackets forbid next.

    reader: has read the answer so far. These words close a bracket that is not open, put `;` into
        one other than a `for` head, or end the text inside a block.
    """
    inner = reader.frame
    return _brackets(inner.bracket, inner.kind == "for", len(reader.frames) > 1 or not reader.done)


@cache
def _brackets(inner: str, is_for: bool, unfinished: bool) -> frozenset[str]:
    words = {close for close, opens in ((")", "("), ("]", "["), ("}", "{")) if inner != opens}
    if inner in ("[", "(") and not is_for:
        words.add(";")
    return frozenset(words | {w.END} if unfinished else words) | w.FRAMES


def forbid_syntax(reader: CReader) -> frozenset[str]:
    """Return the words that the grammar forbids next.

    reader: has read the answer so far; its last word, the open bracket and the open statements
        decide.
    """
    if reader.wild or reader.in_directive:
        return NOTHING
    if reader.after == "number":
        return unite(
            w.forbidden_in_number(reader.number) - (_LAUNCH_ENDS if reader.launches else NOTHING),
            _forbid_in_bracket(reader),
        )
    return unite(
        _forbidden_after(reader.after, _find_exceptions(reader)),
        _forbid_in_bracket(reader),
        _unassignable(reader),
    )


_AFTER_PARENTHESIS = frozenset(w.SPECIFIERS | {"["})
_BRACES = frozenset({"{"})
_LAUNCH_ENDS = frozenset({">>>"})


def _find_exceptions(reader: CReader) -> frozenset[str]:
    """Exceptions to `NEVER_AFTER`."""
    after, last, frame = reader.after, reader.last, reader.frame
    if after == "need":
        if last == "(":
            return unite(_AFTER_PARENTHESIS, frozenset(")") if frame.kind == "call" else NOTHING)
        if last == ";":
            return frozenset(";") if frame.semicolons == 1 else frozenset(")")
        if last == "[":
            return frozenset("]") if frame.kind == "size" else NOTHING
        return _NEED_AFTER.get(last, NOTHING)
    if after == "operand":
        return _LAUNCH_ENDS if reader.launches else NOTHING
    if after == "start":
        return _statement_words(
            reader.ended and bool(frame.chain) and frame.chain[-1][0] == "if",
            reader.inside("switch"),
            reader.inside("for", "while", "do"),
        )
    return NOTHING


_NEED_AFTER = {
    "return": frozenset("; {".split()),
    "=": _BRACES,
    ",": _BRACES,
}


@cache
def _statement_words(may_else: bool, in_switch: bool, in_loop: bool) -> frozenset[str]:
    words = {"else"} if may_else else set()
    words |= {"case", "default"} if in_switch else set()
    words |= {"continue"} if in_loop else set()
    return frozenset(words | {"break"} if in_loop or in_switch else words)


def _forbid_in_bracket(reader: CReader) -> frozenset[str]:
    """What the innermost bracket forbids whatever stands before."""
    frame = reader.frame
    body = reader.after == "start" and not reader.ended and bool(frame.chain)
    return _forbidden_in_bracket(
        frame.kind, min(frame.ternaries, 1), frame.semicolons, frame.case, body
    )


@cache
def _forbidden_in_bracket(
    kind: str, ternaries: int, semicolons: int, case: bool, body: bool
) -> frozenset[str]:
    words = set()
    if ternaries:
        words |= {")", "]", ";", "}"}
    if kind in ("index", "size", "if", "while", "do"):
        words.add(",")
    if kind in _CALLS or kind in ("index", "size"):
        words |= set() if ternaries else {":"}
    elif kind == "block" and not ternaries and not case:
        words.add(":")
    if kind == "for":
        words.add(";" if semicolons > 1 else ")")
    if body:
        words.add("}")
    return frozenset(words)


def _unassignable(reader: CReader) -> frozenset[str]:
    if reader.after != "operand":
        return NOTHING
    if reader.frame.rvalue:
        return w.ASSIGNMENTS
    return NOTHING if reader.lvalue else _ASSIGNMENTS_AND_STEPS


_ASSIGNMENTS_AND_STEPS = w.ASSIGNMENTS | {"++", "--"}


@dataclass(frozen=True, slots=True)
class SourceHabits:
    """What a source does that rules on types would otherwise forbid in its translation.

    after_pointer: words that follow directly after the name of an array or pointer in the source.
        called: names that are followed by `(`, `<<<` or `<`.
    """

    after_pointer: frozenset[str]
    """Words that stand directly behind the name of an array or pointer."""
    called: frozenset[str]
    """Names with `(` behind them."""


def read_habits(source: Sequence[str]) -> SourceHabits:
    """Return what a source does that rules on types would forbid. source: its canonical words."""
    reader, after_pointer = CReader(0, find_defined_types(tuple(source))), set()
    for word in source:
        if reader.after == "operand" and reader.operand is not None and reader.operand.dims > 0:
            after_pointer.add(word)
        reader.advance(word)
    called = {word for word, after in zip(source, source[1:]) if after in ("(", "<<<", "<")}
    return SourceHabits(frozenset(after_pointer), frozenset(called))


_TAKE_POINTERS = ("atomic", "cuda", "mem", "sincos", "swap", "__ldg", "free", "printf", "fma")
_ON_POINTERS = frozenset("+ - += -= ++ -- = == != < > <= >= && || ? ; : , ) }".split())
_NEVER_ON_POINTERS = (w.BINARIES | w.ASSIGNMENTS | frozenset("* ] . -> (".split())) - _ON_POINTERS
ANY_USE = _NEVER_ON_POINTERS | _ON_POINTERS


def forbid_types(reader: CReader, known: SourceHabits) -> frozenset[str]:
    """Return the words that the declared types exclude next.

    reader: has read the answer so far. known: what the source does, which stays allowed.
    """
    if reader.wild or reader.in_directive:
        return NOTHING
    if reader.after == "operand":
        return _forbid_after_operand(reader, known)
    if reader.after == "need" and reader.last == "return":
        return _VALUES if "void" in reader.returns and "*" not in reader.returns else _NO_VALUE
    if reader.after == "need":  # a kernel has no value
        return unite(
            _forbid_floating_operands(reader),
            reader.kernels if not reader.frame.callee.startswith("cuda") else NOTHING,
            _forbid_pointer_numbers(reader),
        )
    if (
        reader.after == "number"
        and _must_be_whole(reader)
        and reader.number[:2] not in ("0x", "0X")
    ):
        return _FRACTIONS
    return NOTHING


def _forbid_pointer_numbers(reader: CReader) -> frozenset[str]:
    """Numbers but 0, and what is made of them, as the first value of a pointer."""
    value = reader.declaration
    pointer = (
        reader.last == "="
        and value.in_value
        and value.stars > 0
        and value.depth == len(reader.frames)
    )
    return _NUMBERS if pointer else NOTHING


_NUMBERS = (w.DIGITS - {"0"}) | w.GEOMETRY | frozenset("- ! ~ sizeof true false".split())
_FRACTIONS = frozenset("_. _e _E _f _F".split())
_VALUES = w.EVERYTHING - {";"}
_NO_VALUE = frozenset({";"})


def _forbid_after_operand(reader: CReader, known: SourceHabits) -> frozenset[str]:
    operand = reader.operand
    if operand is None:
        return NOTHING
    if operand.dims <= 0:
        return _after_scalar(operand, reader.plain)
    if not reader.plain:
        return NOTHING
    frame = reader.frame
    value = reader.declaration
    if operand.local and not operand.array:
        return _NEVER_ON_POINTERS - {"->"} if operand.base in _WITH_FIELDS else _NEVER_ON_POINTERS
    takes = value.in_value and value.stars > 0 and value.depth == len(reader.frames)
    takes = (
        takes
        or frame.kind in ("call", "init")
        and not (frame.callee in CPP_FUNCTIONS and not frame.callee.startswith(_TAKE_POINTERS))
    )
    return _after_pointer(operand.base, takes, known.after_pointer)


_WITH_FIELDS = ("?", STRUCTURE)
_NEVER_ON_STRUCTURES = w.EVERYTHING - frozenset(". = , ; ) }".split())


@cache
def _after_scalar(operand: Variable, plain: bool) -> frozenset[str]:
    if operand.base == STRUCTURE and plain:
        return _NEVER_ON_STRUCTURES
    if operand.base in _WITH_FIELDS:
        return NOTHING
    words = {"[", "(", ".", "->"}
    if operand.base == "float" and plain:
        words |= w.WHOLE_NUMBER_ONLY
    if operand.const:
        words |= _ASSIGNMENTS_AND_STEPS
    return frozenset(words)


@lru_cache(4096)
def _after_pointer(base: str, takes: bool, in_source: frozenset[str]) -> frozenset[str]:
    words = (_NEVER_ON_POINTERS | _ON_POINTERS) - in_source
    if base in _WITH_FIELDS:
        words -= {"->"}
    if takes:
        words -= {",", ")", "+", "-", "}", ";"}
    return frozenset(words)


def _must_be_whole(reader: CReader) -> bool:
    """Whether the operand that comes or is being written is a whole number: an index itself, or
    beside `%` and the like.
    """
    if reader.before in w.WHOLE_NUMBER_ONLY:
        return True
    return reader.frame.kind in ("index", "size") and reader.before in ("[", "+", "-", "*", "/")


def _forbid_floating_operands(reader: CReader) -> frozenset[str]:
    if not _must_be_whole(reader) or (
        reader.frame.kind == "index" and reader.frame.indexed is None and reader.before in "[+-*/"
    ):
        return NOTHING
    return reader.scopes.floating


def forbid_foreign_words(reader: CReader, source: CopyConstraints) -> frozenset[str]:
    """Return the words that are forbidden next because they do not come from the source: other
    numbers, functions and fields.

    reader: has read the answer so far. source: what may be copied.
    """
    if reader.in_directive:
        return NOTHING
    if reader.number:
        return (
            source.forbidden_in_size if reader.frame.kind == "size" else source.forbidden_in_number
        )(reader.number)
    if reader.after == "member":
        return source.never_fields
    if reader.frame.kind == "size":
        return source.forbidden_in_size("")
    return source.never_operand if reader.after == "need" else source.never_outside


def forbid_unknown_calls(reader: CReader, known: SourceHabits) -> frozenset[str]:
    """Return {`(`} if the bracket would call a name that the source does not call; else the empty
    set.

    reader: has read the answer so far. known: what the source does, with the names that it
        calls.
    """
    if (
        reader.after == "any"
        and is_numbered_name(reader.last)
        and reader.last not in known.called | reader.scopes.alive.keys()
        and not reader.wild
        and not reader.in_directive
    ):
        return _CALL if len(reader.frames) > 1 else NOTHING
    return NOTHING


_CALL = frozenset({"("})
_PAIRS = frozenset(
    "min max fmin fminf fmax fmaxf pow powf atan2 atan2f fmod fmodf hypot hypotf copysign "
    "copysignf".split()
)
_SINGLES = frozenset(
    "sqrt sqrtf exp expf exp2 exp2f expm1 expm1f log logf log2 log2f log10 log10f log1p "
    "log1pf sin sinf cos cosf tan tanf asin asinf acos"
    " acosf atan atanf sinh sinhf cosh coshf tanh tanhf fabs fabsf abs labs floor floorf "
    "ceil ceilf round roundf trunc truncf cbrt cbrtf"
    " erf erff erfc erfcf rsqrt rsqrtf isnan isinf".split()
)
ANY_LENGTH = 1 << 30


def forbid_argument_counts(reader: CReader) -> frozenset[str]:
    """Return the comma or bracket that would give a mathematical library function too many or too
    few arguments; else the empty set.

    reader: has read the answer so far.
    """
    frame = reader.frame
    if frame.kind != "call" or reader.wild or reader.in_directive or len(reader.frames) < 3:
        return NOTHING
    if frame.callee in _PAIRS:
        return _COMMA if frame.commas else _CLOSE
    return _COMMA if frame.callee in _SINGLES else NOTHING


_COMMA, _CLOSE = frozenset({","}), frozenset({")"})


def forbid_long_numbers(reader: CReader, digits: int) -> frozenset[str]:
    """Return the words that would make the number being written longer than `digits` characters.
    reader: has read the answer so far.
    """
    return w.TAILS if len(reader.number) >= digits else NOTHING


def forbid_names(reader: CReader, outer: frozenset[str]) -> frozenset[str]:
    """Return the names that may not come next.

    reader: has read the answer so far. outer: names that the source uses without declaring them.
        Where a name may be declared, only the next new one is allowed; elsewhere only names in
        scope and `outer`.
    """
    if reader.wild or (reader.in_directive and not reader.in_pragma):
        return NOTHING
    if reader.after == "member" or reader.frame.kind == "fields":
        return NOTHING
    if not reader.may_declare():
        unknown = reader.scopes.not_alive(outer)
        # cudaMemcpyHostToDevice and the like are names as any other in the canonical form.
        return unknown - {f"V{reader.fresh}"} if reader.frame.callee.startswith("cuda") else unknown
    return frozenset(reader.scopes.own) | _later_names(reader.fresh)


@cache
def _later_names(fresh: int) -> frozenset[str]:
    return frozenset(f"V{k}" for k in range(fresh + 1, w.NUMBERED))
