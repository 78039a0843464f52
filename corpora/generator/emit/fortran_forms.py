"""How an author of Fortran declares things and spells statements.

Contract: a `FortranForm` is drawn once a computation and changes no value.

    python -c "from corpora.generator import generate; \\
        [print(c.programs['fortran'].text) for c in generate(30, 8) if 'fortran' in c.programs]"
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, replace

PLAIN_WORDS = {"i32": "integer", "i64": "integer(kind=8)", "f32": "real", "f64": "double precision"}
_DOUBLES = ("double precision", "real(8)", "real(8)", "real(8)", "real(kind=8)", "real*8")
_SINGLES = ("real", "real", "real", "real(4)", "real*4")
_LONGS = ("integer(8)", "integer(kind=8)", "integer*8")
_INTEGERS = ("integer", "integer", "integer", "integer", "integer(4)")

_LINE = 100


@dataclass(frozen=True, slots=True)
class FortranForm:
    """How an author of Fortran writes.

    words: (element type, its spelling). kinds: `1.5_8` instead of `1.5d0`. implicit_none, intents:
        these are written. colons: declarations have `::`. grouped: names of one type and intent
        share a statement. dimension: shapes are an attribute, not behind the names. assumed: last
        extents are `*`. zero: arrays begin at 0, as in C.
    function: `result` (a result clause), `typed` (type before the word and a result clause) or
        `own` (the function's own name). direct: its value is summed up in the result variable.
        returns: a `return` stands before the end.
    named_end: ends of procedures have the name. joined_end: `enddo`. labels: loops end at labels,
        at a `continue` (`continue`) or at the last assignment (`statement`); '' for `end do`.
        one_line: `if (c) statement`. dotted: `.lt.` for `<`.
    arrays: array syntax is used. squares: `x * x` is `x**2`.
    """

    words: tuple[tuple[str, str], ...] = tuple(PLAIN_WORDS.items())
    grouped: bool = False
    dimension: bool = False
    implicit_none: bool = True
    intents: bool = True
    function: str = "result"
    named_end: bool = True
    joined_end: bool = False
    one_line: bool = False
    assumed: bool = False
    arrays: bool = False
    colons: bool = True
    zero: bool = False
    squares: bool = False
    direct: bool = False
    labels: str = ""
    dotted: bool = False
    returns: bool = False
    kinds: bool = False

    def end(self, what: str, name: str = "") -> str:
        """Return the end statement of a construct `what`, such as `do` or `subroutine`, in this
        form: `end do`, `enddo`, `end subroutine f`, `end`. name: of a procedure; '' for another
        construct.
        """
        if name:
            short = f"end {what}" if self.implicit_none else "end"
            return f"end {what} {name}" if self.named_end else short
        return f"end{what}" if self.joined_end else f"end {what}"


def draw_form(rng: random.Random) -> FortranForm:
    """Draw how an author of Fortran writes, about as often as in real code."""

    def chance(probability: float) -> bool:
        return rng.random() < probability

    spellings = {"f64": _DOUBLES, "f32": _SINGLES, "i64": _LONGS, "i32": _INTEGERS}
    words = {kind: rng.choice(spelled) for kind, spelled in spellings.items()}
    old = chance(0.14)
    return FortranForm(
        words=tuple(words.items()),
        grouped=chance(0.7) or old,
        dimension=chance(0.15),
        implicit_none=chance(0.85) and not (old and chance(0.6)),
        intents=not old,
        function=rng.choice(("result", "typed", "typed", "own", "own")),
        named_end=not (old or chance(0.15)),
        joined_end=chance(0.2),
        one_line=chance(0.6),
        assumed=chance(0.25 if old else 0.06),
        arrays=chance(0.5),
        colons=not old or chance(0.3),
        zero=chance(0.1),
        squares=chance(0.5),
        direct=chance(0.75),
    )


def draw_dated_form(form: FortranForm, rng: random.Random) -> FortranForm:
    """Return a copy of the form with some features of older Fortran, drawn at random: labels,
    dotted comparisons, missing intents, kinds behind numbers. Most copies have none.
    """
    if rng.random() < 0.16:
        labels = "statement" if rng.random() < 0.25 else "continue"
        bare = rng.random() < 0.8
        return replace(
            form,
            labels=labels,
            returns=rng.random() < 0.6,
            dotted=rng.random() < 0.85,
            arrays=False,
            grouped=True,
            intents=form.intents and not bare,
            colons=form.colons and not bare,
            implicit_none=form.implicit_none and not bare,
            named_end=form.named_end and not bare,
        )
    return replace(
        form, returns=rng.random() < 0.06, dotted=rng.random() < 0.06, kinds=rng.random() < 0.08
    )


class DeclarationWriter:
    """Collects the declarations of a Fortran procedure's parameters. form: how they are written;
    names of one type may share a statement. A name comes after the names in its shape.
    """

    def __init__(self, form: FortranForm) -> None:
        self.form = form
        self.groups: list[tuple[tuple[str, str, str], list[str]]] = []
        self.place: dict[str, int] = {}

    def add(self, word: str, intent: str, name: str, shape: str) -> None:
        """Add a parameter to the declarations. word: its type's spelling, such as `real(8)`.
        intent: such as `in`; '' for none. shape: its extents without brackets, such as `n, m`; ''
        for a scalar.
        """
        attribute = shape if self.form.dimension else ""
        key = (word, intent, attribute)
        after = max(
            (self.place[n] for n in re.findall(r"[A-Za-z_]\w*", shape) if n in self.place),
            default=0,
        )
        fitting = (
            [k for k, (other, _) in enumerate(self.groups) if other == key and k >= after]
            if self.form.grouped
            else []
        )
        if not fitting:
            self.groups.append((key, []))
        self.place[name] = fitting[-1] if fitting else len(self.groups) - 1
        self.groups[self.place[name]][1].append(
            name if attribute or not shape else f"{name}({shape})"
        )

    def lines(self) -> list[str]:
        """Return the declarations added so far, one statement per line, indented by four blanks."""
        lines = []
        for (word, intent, attribute), names in self.groups:
            parts = [
                word,
                *([f"dimension({attribute})"] if attribute else []),
                *([f"intent({intent})"] if intent else []),
            ]
            mark = " ::" if self.form.colons or len(parts) > 1 else ""
            lines.append(f"    {', '.join(parts)}{mark} {', '.join(names)}")
        return lines


def wrap_lines(lines: list[str]) -> list[str]:
    """Return Fortran lines, in order, of which those longer than 100 characters are broken at
    blanks with `&`. Continued directives repeat their sentinel `!$omp`.
    """
    wrapped: list[str] = []
    for line in lines:
        indent = line[: len(line) - len(line.lstrip())]
        mark = indent + ("!$omp& " if line.lstrip().startswith("!$omp") else "    ")
        while len(line) > _LINE and " " in line[len(mark) : _LINE]:
            cut = line.rindex(" ", len(mark), _LINE)
            wrapped.append(line[:cut] + " &")
            line = mark + line[cut + 1 :]
        wrapped.append(line)
    return wrapped
