"""What a whole program must give, and where another program's run first differs: token by token,
with numeric tolerance.

Contract: streams are cut into numbers, words and single signs; white space and line ends only
separate them. Signs and words are compared exactly, whole numbers too. A number with a fraction or
exponent may differ from the expected e by

    RELATIVE[precision] * |e| + SAFETY * spread

where spread is how far the source's own runs and builds lie apart at this token. Where the two
sides print another number of decimals, the coarser one may be the finer one rounded, if it shows at
least four digits or the sides are of different languages. Tokens that change from run to run of the
source (times, thread numbers, random numbers) are masked: something must stand there.

    python -c "from gpu_runtime.programs.output import *; \\
        print(tokenize_output('x = 1.50E+01, done'))"
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from corpora.dialects import get_dialect
from corpora.frontends.c_tokens import tokenize
from corpora.frontends.fortran import parse_fortran
from corpora.ir import Declaration, NamedType, Parameter, ScalarType, find
from corpora.records import Program
from gpu_runtime.programs.execute import ProgramRun

RELATIVE = {"single": 1e-5, "double": 1e-9}
SAFETY = 6.0
LOOSE = 0.02
"""A source whose own builds differ by more than this share says nothing."""
SAME = 1e-6
"""Up to this share, two runs of one source differ by the order of a sum and not by what
they print.
"""
ENOUGH_DIGITS = 4
MAX_TOKENS = 200_000
LONGEST_NUMBER = 400

_NUMBER = (
    r"(?:(?<![\w.)\]])[+-])?(?<![\w.])(?:\d+\.\d*|\.\d+|\d+)(?:[eEdDqQ][+-]?\d+|(?<=\d)[+-]\d{3})"
    r"?(?![\w.])"
)
_TOKEN = re.compile(
    rf"({_NUMBER}|(?:(?<!\w)[+-])?(?<!\w)(?:nan|inf|infinity)(?!\w))|(\w+|\S)", re.I
)


@dataclass(frozen=True, slots=True)
class OutputToken:
    """One token of output. text: as written.

    value: the number it stands for; None for a word or sign. whole: it is a whole number.
    unit: the value of one unit in its last decimal place, 0.0 for a whole number. digits: how many
        significant digits it has.
    """

    text: str
    value: float | None = None
    whole: bool = False
    unit: float = 0.0
    digits: int = 0


def tokenize_output(text: str) -> tuple[OutputToken, ...]:
    """Split the output `text` into numbers, words and single signs, in order. Text beyond
    MAX_TOKENS (200,000) tokens is cut; one more token then says so.
    """
    tokens = []
    for found in _TOKEN.finditer(text):
        if len(tokens) >= MAX_TOKENS:
            tokens.append(OutputToken("(more output than is compared)"))
            break
        tokens.append(
            _number(found[1])
            if found[1] and len(found[1]) <= LONGEST_NUMBER
            else OutputToken(found[0])
        )
    return tuple(tokens)


_EXPONENTS = str.maketrans("dq", "ee")


def _number(text: str) -> OutputToken:
    plain = text.lower().translate(_EXPONENTS) if "n" not in text.lower() else text.lower()
    if "e" not in plain and plain[-4:-3] in ("+", "-") and len(plain) > 4:
        plain = f"{plain[:-4]}e{plain[-4:]}"  # of three digits Fortran writes no letter
    mantissa, _, exponent = plain.partition("e") if "n" not in plain else (plain, "", "")
    value = float(plain)
    whole = plain.lstrip("+-").isdigit()
    digits = len("".join(c for c in mantissa if c.isdigit()).lstrip("0"))
    unit = (
        0.0
        if whole or not math.isfinite(value)
        else 10.0 ** (max(-300, min(300, int(exponent or 0))) - len(mantissa.partition(".")[2]))
    )
    return OutputToken(text, value, whole, unit, digits)


@dataclass(frozen=True, slots=True)
class StreamReference:
    """The expected content of one stream or file.

    name: `stdout`, `stderr` or `file NAME`. tokens: the content. masked: indices, from 0, of tokens
        that may be anything.
    spread: per token, how far apart its values in the source's own runs lie; () if nothing is
        known.
    """

    name: str
    tokens: tuple[OutputToken, ...]
    masked: frozenset[int] = frozenset()
    spread: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class ProgramReference:
    """The expected outcome of one test of a whole program.

    exit_code: its exit status. streams: what it must write, one StreamReference each for `stdout`,
        `stderr` and every file, in this order. relative: relative tolerance of numbers with
        decimals, such as 1e-9 where the source computes in double precision.
    """

    exit_code: int
    streams: tuple[StreamReference, ...]
    relative: float

    @property
    def says_something(self) -> bool:
        """Return whether any token besides the exit status is compared."""
        return any(len(s.tokens) > len(s.masked) for s in self.streams)


@dataclass(frozen=True, slots=True)
class StreamDifference:
    """The first place where a run differs from what is expected.

    place: `exit status`, `stdout`, `stderr` or `file NAME`. token: its number there from 0, -1 for
        the whole.
    expected, actual, tolerance: as text; str() puts them into one line.
    """

    place: str
    token: int
    expected: str
    actual: str
    tolerance: str

    def __str__(self) -> str:
        where = self.place if self.token < 0 else f"{self.place} token {self.token + 1}"
        allowed = "" if self.tolerance in ("", "exact") else f" within {self.tolerance}"
        return f"{where} is {self.actual}, expected {self.expected}{allowed}"


def find_precision(program: Program) -> str:
    """Return `single` if the program's text uses single-precision reals anywhere, else `double`.
    Raises ValueError for an unknown dialect.
    """
    if get_dialect(program.dialect).language != "fortran":
        return "single" if any(t.text == "float" for t in tokenize(program.text)) else "double"
    declared = [
        d
        for d in find(parse_fortran(program.text).items, Declaration, Parameter)
        if not getattr(d, "implicit", False)
    ]
    types = [part for d in declared for part in find(d.type, ScalarType, NamedType)]
    if any(isinstance(t, ScalarType) and t.name in ("f32", "c64") for t in types):
        return "single"
    # a kind that the text does not explain is the larger one
    wide = any(t.name in ("f64", "c128", "real") for t in types)
    return "double" if wide else "single"


_NOTES = re.compile(r"^Note: The following floating-point exceptions are signalling:.*$", re.M)


def read_streams(run: ProgramRun) -> dict[str, str]:
    """Return what a run wrote, as text by place: `stdout`, `stderr`, and `file NAME` for each file.
    A file that is no text is represented by its hash.
    """
    texts = {"stdout": run.stdout, "stderr": _NOTES.sub("", run.stderr)}
    for name, content in run.files:
        text = content.decode(errors="replace")
        texts[f"file {name}"] = (
            f"binary_{hashlib.sha256(content).hexdigest()}"
            if "\0" in text or "\ufffd" in text
            else text
        )
    return texts


def make_reference(
    program: Program,
    first: ProgramRun,
    again: Sequence[ProgramRun],
    other_builds: Sequence[ProgramRun],
) -> ProgramReference | str:
    """Return what a test must give, or, as text, why the test decides nothing. Tokens that vary are
    masked; spreads give tolerances.

    program: the source. first: the run that is expected. again: further runs of the source.
        other_builds: runs of the source built with other compiler options.
    """
    streams = []
    for name, text in read_streams(first).items():
        tokens = tokenize_output(text)
        masked: set[int] = set()
        spread = [0.0] * len(tokens)
        for runs, steady in ((again, False), (other_builds, True)):
            for run in runs:
                reason = _widen(
                    tokens, tokenize_output(read_streams(run).get(name, "")), masked, spread, steady
                )
                if run.exit_code != first.exit_code:
                    reason = f"the exit status is {first.exit_code}, then {run.exit_code}"
                if reason:
                    what = (
                        "depends on the optimisation level" if steady else "changes from run to run"
                    )
                    return f"the source's own output {what}: {name}: {reason}"
        streams.append(StreamReference(name, tokens, frozenset(masked), tuple(spread)))
    return ProgramReference(first.exit_code, tuple(streams), RELATIVE[find_precision(program)])


def _widen(
    expected: Sequence[OutputToken],
    other: Sequence[OutputToken],
    masked: set[int],
    spread: list[float],
    steady: bool,
) -> str:
    """Take another run of the source into account. steady: it must not differ by more than
    rounding.
    """
    if len(expected) != len(other):
        return f"{len(expected)} tokens, then {len(other)}"
    for i, (e, o) in enumerate(zip(expected, other, strict=True)):
        if e.text == o.text or i in masked:
            continue
        if (
            e.value is None
            or o.value is None
            or not (math.isfinite(e.value) and math.isfinite(o.value))
        ):
            if steady or (e.value is None) != (o.value is None):
                return f"token {i + 1} is {e.text[:40]}, then {o.text[:40]}"
            masked.add(i)
            continue
        distance, size = abs(e.value - o.value), max(abs(e.value), abs(o.value))
        if steady and distance > LOOSE * size:
            return f"token {i + 1} is {e.text}, then {o.text}"
        if not steady and (e.whole or distance > SAME * size):
            masked.add(i)
        else:
            spread[i] = max(spread[i], distance)
    return ""


def compare_run(
    reference: ProgramReference, run: ProgramRun, same_language: bool = True
) -> StreamDifference | None:
    """Return the first difference of a run from the reference; None if there is none. Streams are
    compared in the reference's order, then the exit status, then files that should not be there.

    same_language: source and target share a language, so that stderr is compared too.
    """
    texts = read_streams(run)
    for stream in reference.streams:
        if stream.name == "stderr" and not same_language:
            continue
        if stream.name not in texts:
            return StreamDifference(stream.name, -1, "written", "not there", "exact")
        found = _first(
            stream, tokenize_output(texts[stream.name]), reference.relative, same_language
        )
        if found is not None:
            return found
    if run.exit_code != reference.exit_code:
        return StreamDifference(
            "exit status", -1, str(reference.exit_code), str(run.exit_code), "exact"
        )
    known = {s.name for s in reference.streams}
    further = next((name for name in texts if name not in known), None)
    return StreamDifference(further, -1, "not there", "written", "exact") if further else None


def _first(
    stream: StreamReference, actual: Sequence[OutputToken], relative: float, same_language: bool
) -> StreamDifference | None:
    for i, (e, a) in enumerate(zip(stream.tokens, actual, strict=False)):
        if i in stream.masked:
            if (e.value is None) != (a.value is None):
                return StreamDifference(
                    stream.name,
                    i,
                    f"a {'word' if e.value is None else 'number'}",
                    a.text[:60],
                    "masked",
                )
            continue
        allowed = _allowed(e, a, stream.spread[i], relative, same_language)
        if allowed is None or (
            e.value is not None and a.value is not None and abs(e.value - a.value) > allowed
        ):
            return StreamDifference(
                stream.name, i, e.text[:60], a.text[:60], f"{allowed:.3g}" if allowed else "exact"
            )
    i = min(len(stream.tokens), len(actual))
    if len(stream.tokens) == len(actual):
        return None
    expected = stream.tokens[i].text[:60] if i < len(stream.tokens) else "the end"
    return StreamDifference(
        stream.name, i, expected, actual[i].text[:60] if i < len(actual) else "the end", "exact"
    )


def _allowed(
    e: OutputToken, a: OutputToken, spread: float, relative: float, same_language: bool
) -> float | None:
    """How far the two may lie apart; None where they differ already, inf where they are the
    same.
    """
    if e.text == a.text:
        return math.inf
    if e.value is None or a.value is None:
        return None
    if not (math.isfinite(e.value) and math.isfinite(a.value)):
        return (
            math.inf
            if e.value == a.value or (math.isnan(e.value) and math.isnan(a.value))
            else None
        )
    if e.whole and a.whole:
        return math.inf if int(e.text) == int(a.text) else SAFETY * spread or None
    allowed = relative * abs(e.value) + SAFETY * spread
    coarse = e if e.unit > a.unit else a
    if e.unit != a.unit and (coarse.digits >= ENOUGH_DIGITS or not same_language):
        allowed += 0.5 * coarse.unit
    return allowed
