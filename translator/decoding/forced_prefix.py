"""The beginning of a translation that follows from its source: a signature need not be guessed.

Contract: words of `corpora.tokens.canonical`, or nothing where the target's signature does not
follow for certain (helpers come first, a kernel would have to return a value, parameters of a class
type).

    python -c "from corpora.dialects import parse_direction; from corpora.records import Program; \\
from translator.decoding.forced_prefix import find_forced_prefix; \\
    from translator.prompting.translate import canonicalize_program; \\
p = Program('cpp', 'f', 'void f(int n, float *x) { }'); print(find_forced_prefix(p,
canonicalize_program(p), parse_direction('cpp:cuda')))"
"""

from __future__ import annotations

from collections.abc import Sequence

from corpora.dialects import Direction
from corpora.records import Parameter, Program, Signature
from corpora.signatures.signature import SignatureError, read_signature
from corpora.signatures.structures import VECTORS
from corpora.tokens.canonical import ENTRY, CanonicalText
from corpora.tokens.lexers import CPP_TYPES, NEWLINE
from translator.decoding.c_types import find_leading_structures
from translator.normalize.c_values import C_TYPES

_STORAGE = frozenset(
    {"static", "inline", "extern", "__inline__", "__forceinline__", "__host__", "__device__", '"C"'}
)
_RESTRICT = frozenset({"__restrict__", "__restrict", "restrict"})
_SPECIFICATION = frozenset(
    {
        "use",
        "implicit",
        "integer",
        "real",
        "double",
        "complex",
        "logical",
        "character",
        "dimension",
        "parameter",
    }
)


def find_forced_prefix(program: Program, source: CanonicalText, direction: Direction) -> str:
    """Return the canonical words that every right answer to `program` may begin with; '' if no such
    words are certain. source: its canonical text.
    """
    pair = (direction.source.language, direction.target.language)
    kernel = direction.target.model == "cuda"
    if pair == ("cpp", "cpp"):
        if (
            direction.source.model == "cuda"
            and not kernel
            and not VECTORS.keys().isdisjoint(source.tokens)
        ):
            return ""  # a definition comes first, which CUDA does not need
        return _c_from_c(source.tokens, kernel, bare_serial=direction.target.model == "serial")
    if pair == ("fortran", "fortran"):
        return _fortran_from_fortran(source.tokens)
    if pair == ("fortran", "cpp"):
        try:
            return _c_from_signature(read_signature(program), source, kernel)
        except SignatureError:
            return ""
    return ""


_ALLOCATES = frozenset({"malloc", "calloc", "new"})


def find_host_head(source: CanonicalText, direction: Direction) -> str:
    """Return the head, in canonical words, of the host function that a CUDA answer to a C-like
    source ends with; '' if none is certain.
    """
    if direction.target.model != "cuda" or direction.source.language != "cpp":
        return ""
    return _c_from_c(source.tokens, kernel=False, bare_serial=False)


def _c_from_c(tokens: tuple[str, ...], kernel: bool, bare_serial: bool) -> str:
    if ENTRY not in tokens:
        return ""
    at = tokens.index(ENTRY)
    structures, begin = find_leading_structures(tokens[:at])
    head, depth, end = tokens[begin:at], 0, at + 1
    for end in range(at + 1, len(tokens)):
        depth += (tokens[end] == "(") - (tokens[end] == ")")
        if depth == 0:
            break
    parameters = [word for word in tokens[at + 2 : end] if not (bare_serial and word in _RESTRICT)]
    parameters = _handed_over(parameters, structures, kernel) if structures else parameters
    returns = [word for word in head if word not in _STORAGE and word != "__global__"]
    if kernel and returns == [
        "void",
        "*",
    ]:  # a thread's function, which returns null (else it has no signature)
        returns = ["void"]
    plain = CPP_TYPES | {"const", "*"}
    if tokens[end + 1 : end + 2] != ("{",) or not returns or not set(returns) <= plain:
        return ""
    if (
        {"::", "<", "="} & set(parameters)
        or ("&" in parameters and (kernel or not structures))
        or (kernel and (returns != ["void"] or _ALLOCATES & set(tokens)))
    ):
        return ""
    words = (["__global__"] if kernel else []) + returns + [ENTRY, "(", *parameters, ")", "{"]
    return " ".join(words)


def _handed_over(parameters: list[str], structures: dict[str, bool], kernel: bool) -> list[str]:
    """The words between the brackets; to a kernel a structure goes by value where the host's place
    of it, or of a pointer in it, would be handed over.
    """
    if not kernel:
        return parameters
    made: list[str] = []
    for each in _split_at_commas(parameters):
        held = next((structures[word] for word in each if word in structures), None)
        by_value = held is not None and ("&" in each or held and "*" in each)
        made += [",", *(word for word in each if not (by_value and word in ("&", "*", "const")))]
    return made[1:]


def _fortran_from_fortran(tokens: tuple[str, ...]) -> str:
    """The head and all specification statements: OpenMP changes none of them."""
    statements: list[list[str]] = [[]]
    for word in tokens:
        statements[-1].append(word)
        if word == NEWLINE:
            statements.append([])
    head = statements[0]
    if (
        ENTRY not in head
        or not {"subroutine", "function"} & set(head)
        or {"pure", "elemental"} & set(head)
    ):
        return ""
    kept = list(head)
    for statement in statements[1:]:
        if not statement or statement[0] not in _SPECIFICATION:
            break
        kept += statement
    return " ".join(kept)


def _c_from_signature(signature: Signature, source: CanonicalText, kernel: bool) -> str:
    if signature.result is not None and (kernel or signature.result not in C_TYPES):
        return ""
    numbers = {name.lower(): k for k, name in enumerate(source.names)}
    declared, changed = [], _find_changed_names(source.tokens)
    for parameter in signature.parameters:
        if (
            parameter.name.lower() not in numbers
            or parameter.type not in C_TYPES
            or parameter.kind == "rows"
        ):
            return ""
        word = f"V{numbers[parameter.name.lower()]}"
        declared.append(_c_parameter(parameter, word, word in changed))
    returns = C_TYPES[signature.result] if signature.result else "void"
    inside = " , ".join(declared)
    words = f"{'__global__ ' if kernel else ''}{returns} {ENTRY} ( {inside} ) {{"
    return " ".join(words.split())


def _find_changed_names(tokens: tuple[str, ...]) -> set[str]:
    """Names that a Fortran text may write to: what stands before `=`, in a call, a loop's head or
    an input list.
    """
    changed: set[str] = set()
    statement: list[str] = []
    for word in tokens:
        if word != NEWLINE:
            statement.append(word)
            continue
        if {"call", "read", "allocate"} & set(statement):
            changed |= set(statement)
        changed |= {a for a, b in zip(statement, statement[1:]) if b == "="}
        statement = []
    return changed


def _c_parameter(parameter: Parameter, name: str, changed: bool) -> str:
    """Arrays by pointer, scalars by value unless the program may write to them."""
    pointer = parameter.kind == "array" or (
        parameter.by_reference and parameter.intent != "in" and changed
    )
    const = "const " if parameter.kind == "array" and parameter.intent == "in" else ""
    return f"{const}{C_TYPES[parameter.type]} {'* ' if pointer else ''}{name}"


_DEPTH = {"(": 1, "[": 1, "{": 1, "<": 1, ")": -1, "]": -1, "}": -1, ">": -1, ">>": -2}


def _split_at_commas(words: Sequence[str]) -> list[list[str]]:
    """Split words at the commas outside all brackets."""
    parts: list[list[str]] = [[]]
    depth = 0
    for word in words:
        depth += _DEPTH.get(word, 0)
        if word == "," and depth == 0:
            parts.append([])
        else:
            parts[-1].append(word)
    return parts
