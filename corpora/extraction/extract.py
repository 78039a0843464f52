"""All functions of a source file that can be called with data, each with what it needs from the
same file.

Contract: `extract_programs(text, dialect)` gives Programs whose text is self-contained as far as
the file allows (helper functions, macros, typedefs, constants; kernels that a host function
launches; Fortran module constants and sibling procedures), and names every function that was left
out with the reason. Nothing is compiled. Never raises on bad text.

    python -c "from corpora.extraction.extract import extract_programs; \
print(extract_programs('static int g(int a) { return a; } void f(int *x) { *x = g(1); } int main()
{}', 'cpp'))"
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from corpora.dialects import Dialect, get_dialect
from corpora.extraction.pieces import MAIN_PROGRAM, TOO_DEEP, ExtractedFunction
from corpora.extraction.trim_structures import trim_structures
from corpora.frontends.c_family import LAUNCH_EXPRESSION, parse_c_family
from corpora.frontends.fortran import parse_fortran
from corpora.ir import Function, KernelLaunch, Pragma, UnsupportedExpression, walk
from corpora.records import Program
from corpora.signatures.signature import SignatureError, read_signature

__all__ = [
    "MAIN_PROGRAM", "TOO_DEEP", "UNSEEN", "ExtractedFunction", "ExtractionResult", "SkippedItem",
    "explain_uncallable", "extract_programs", "find_parallel_models", "piece_of",
]  # fmt: skip

UNSEEN = "has no result and changes no parameter, so tests cannot see what it does"
"""The reason why there is nothing to compare of a function."""


@dataclass(frozen=True, slots=True)
class SkippedItem:
    """A function, line, row or file that gave no program.

    where: its place, as text. name: the function's; '' if it is no function. reason: why, in one
    line.
    """

    where: str
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class ExtractionResult:
    """What was extracted from a text. programs: in textual order. skipped: the items that were left
    out, each with its reason.
    """

    programs: tuple[Program, ...]
    skipped: tuple[SkippedItem, ...]


_PARALLEL = frozenset({"cuda", "openmp", "offload"})
"""Models whose functions must show it; a serial function of the same file is passed over."""


def extract_programs(text: str, dialect_name: str, origin: str = "") -> ExtractionResult:
    """Return the functions of `text` that tests can call, as Programs with the definitions they
    need, and the items that were left out. Of a parallel dialect only functions that use its model
    count.

    origin: where the text is from, for people. Raises ValueError for an unknown dialect; a text
    that cannot be read gives skipped items.
    """
    row = get_dialect(dialect_name)
    try:
        return _extracted(text, row, origin)
    except RecursionError:
        return ExtractionResult((), (SkippedItem(origin, "", TOO_DEEP),))


def _extracted(text: str, row: Dialect, origin: str) -> ExtractionResult:
    programs: list[Program] = []
    skipped: list[SkippedItem] = []
    for piece in _PIECES[row.language](text):
        models = frozenset() if piece.reason else find_parallel_models(piece.text, row)
        reason = piece.reason
        if not reason and row.model in _PARALLEL and row.model not in models:
            reason = f"is not parallel: nothing of {row.model} in it"
        if not reason and row.model != "cuda" and "cuda" in models:
            reason = f"is CUDA code, not {row.name}"
        if not reason:
            program = Program(row.name, piece.name, piece.text, origin)
            reason = explain_uncallable(program)
            if reason and row.model == "serial" and row.language == "cpp":
                less = replace(program, text=trim_structures(piece.text))
                if less != program and not explain_uncallable(less):
                    program, reason = less, ""
            if not reason:
                programs.append(program)
                continue
        skipped.append(SkippedItem(origin, piece.name, reason))
    return ExtractionResult(tuple(programs), tuple(skipped))


def find_parallel_models(text: str, row: Dialect) -> frozenset[str]:
    """Return the parallel models that `text` uses: `cuda` for kernels and launches, `openmp` for
    its directives, `offload` for OpenMP directives with `target`. Empty if it uses none. row: the
    dialect, which gives the language.
    """
    if row.language == "fortran":
        unit = parse_fortran(text, dialect="openmp-fortran")
    else:
        unit = parse_c_family(text, row.name)
    found = set()
    for node in walk(unit):
        if isinstance(node, Pragma) and node.family == "omp":
            found |= {"openmp", "offload"} if "target" in node.directive.split() else {"openmp"}
        elif isinstance(node, KernelLaunch) or (
            isinstance(node, Function) and "__global__" in node.qualifiers
        ):
            found.add("cuda")
        elif isinstance(node, UnsupportedExpression) and node.kind == LAUNCH_EXPRESSION:
            found.add("cuda")
    return frozenset(found)


def explain_uncallable(program: Program) -> str:
    """Return why tests cannot call `program` or see what it does, as part of a sentence in one
    line; '' if they can. Raises ValueError for an unknown dialect.
    """
    try:
        signature = read_signature(program)
    except SignatureError as error:
        return str(error).split(": ", 1)[-1]
    outputs = [
        p
        for p in signature.parameters
        if p.intent != "in" and (p.kind != "scalar" or p.by_reference)
    ]
    return "" if outputs or signature.result else UNSEEN


def piece_of(program: Program) -> ExtractedFunction:
    """Return the function `program.name`, whose case does not matter, with only the definitions of
    its text that it needs, or with the reason why it cannot be separated or is not there. Raises
    ValueError for an unknown dialect.
    """
    pieces = _PIECES[get_dialect(program.dialect).language](program.text)
    named = [p for p in pieces if p.name.lower() == program.name.lower()]
    absent = ExtractedFunction(program.name, reason="is not defined in the text")
    return next((p for p in named if not p.reason), named[0] if named else absent)


def _cpp_pieces(text: str) -> list[ExtractedFunction]:
    from corpora.extraction.c_family import extract_functions  # late: they import Piece from here

    return extract_functions(text)


def _fortran_pieces(text: str) -> list[ExtractedFunction]:
    from corpora.extraction.fortran import extract_procedures  # late, as above

    return extract_procedures(text)


_PIECES = {"cpp": _cpp_pieces, "fortran": _fortran_pieces}
