"""Reads the texts of families, and makes nests of what is drawn from them.

Contract: see `corpora.generator.patterns`. A text that the front end or this module does not know
raises PatternError with the family's name. What is drawn follows from the builder's `rng` alone.

    python -c "from corpora.generator.patterns.families import read_families; \\
        print(read_families('sequential')[0].body)"
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from corpora import ir
from corpora.frontends.c_family import parse_c_family
from corpora.generator.core import names
from corpora.generator.core.builder import Builder
from corpora.generator.core.nest import Nest, Parameter
from corpora.generator.patterns.choices import Choice, draw_text, parse_choices
from corpora.generator.patterns.trees import PatternError, TreeMaker, make_nest

_FOLDER = Path(__file__).parent
_PARAMETER = re.compile(r"(\w+)((?:\[[^\]]*\])*)([!@]?)(?::(\w+))?(?:=(\S+))?")
_WORD = re.compile(r"[A-Za-z_]\w*")
_LINE = (1, 2, 5, 9, 16)
_SIDES = (1, 2, 3, 5, 6)
_SMALL = (1, 2, 3, 4)
"""Sizes in tests: of lines, of matrices, and where the work grows fast."""


@dataclass(frozen=True, slots=True)
class Declared:
    """A parameter as a pattern, a family of generated computations, declares it.

    name: in the pattern; another one is drawn for it. extents: C expressions, outermost first; ()
        for a scalar. mark: `!` if the function writes it, `@` for an array that it allocates
        itself, else ''. type: an element type, such as `i32` or `float`; `T` for the main type and
        `any` for one that is drawn.
    rest: how tests fill an array, such as `integers(0,n-1)`, '' for the default; or a scalar's
        values with commas.
    """

    name: str
    extents: tuple[str, ...]
    mark: str
    type: str
    rest: str


@dataclass(frozen=True, slots=True)
class Pattern:
    """One family of generated computations, read from a pattern file. Calling it with a Builder
    draws a loop nest, of which the builder gets the parameters.

    name: of the family. group: the name of its file, without `.txt`. weight: how often it is drawn,
        relative to others. options: flags: `par` (one parallel loop), `par2` (two), `real`
        (floating-point numbers only), `whole` (`i32` only), `small` (short arrays).
    parameters: those that are declared, in order; what the drawn text does not use is left out.
        body: its text, plain texts and choices in order.
    """

    name: str
    group: str
    weight: int
    options: frozenset[str]
    parameters: tuple[Declared, ...]
    body: tuple[str | Choice, ...]

    @property
    def parallel(self) -> int:
        """Return how many of the outermost loops of this family of generated computations are
        parallel: 0, 1 or 2.
        """
        return 2 if "par2" in self.options else int("par" in self.options)

    def __call__(self, b: Builder) -> Nest:
        if "real" in self.options and b.kind not in ("f32", "f64"):
            b.kind, b.suffix = b.pick(("f32", "f64")), False
        if "whole" in self.options:
            b.kind, b.suffix = "i32", False
        tree = parse_body(draw_text(self.body, b.rng), self.parameters)
        known = {p.name: p for p in self.parameters}
        used = [known[name] for name in tree.names if name in known]
        maker = TreeMaker(self.name, b)
        sizes = dict.fromkeys(
            word for p in used for extent in p.extents for word in _WORD.findall(extent)
        )
        self._name_sizes(maker, [name for name in sizes if name not in known], used)
        for parameter in sorted(used, key=lambda p: bool(p.extents)):
            self._add_parameter(maker, parameter, tree.extents)
        own = {maker.name_of(p.name) for p in used if p.mark == "@"}
        buffers = tuple(p for p in b.parameters if p.name in own)
        b.parameters = [p for p in b.parameters if p.name not in own]
        return make_nest(maker, tree.statements, self.parallel, buffers)

    def _name_sizes(self, maker: TreeMaker, sizes: list[str], used: list[Declared]) -> None:
        """Sizes of matrices have names that belong together."""
        b = maker.b
        flat = all(len(p.extents) < 2 for p in used)
        values = _SMALL if "small" in self.options else _LINE if flat else _SIDES
        pair = b.pick(names.EXTENTS)
        for place, name in enumerate(sizes):
            wanted = maker.words(name) or (names.SIZES if flat or place > 1 else (pair[place],))
            maker.renamed[name] = b.size(wanted, values)

    def _add_parameter(self, maker: TreeMaker, given: Declared, extents: dict) -> None:
        b, kind = maker.b, maker.element_type(given.type)
        if not given.extents:
            word = b.name(maker.words(given.name) or names.SCALARS, kind)
            number = float if kind in ("f32", "f64") else int
            values = tuple(number(v) for v in given.rest.split(","))
            b.parameters.append(Parameter(word, "scalar", kind, values=values))
            maker.renamed[given.name] = ir.Name(word)
            return
        rule, bracket, rest = given.rest.partition("(")
        fill = rule + bracket + _WORD.sub(lambda m: maker.name_of(m[0]), rest)
        sides = tuple(maker.expression(e) for e in extents[given.name])
        word = b.array(sides, kind, fill, maker.words(given.name) or names.ARRAYS)
        b.parameter(word).written = given.mark != ""
        maker.renamed[given.name] = ir.Name(word)


@dataclass(frozen=True, slots=True)
class Body:
    """The parsed body of a pattern, after its choices were drawn.

    statements: nodes of `corpora.ir`. names: every identifier in the text, once, in order of first
        appearance. extents: those of each array parameter, by its name in the pattern, outermost
        first.
    """

    statements: tuple[ir.Statement, ...]
    names: tuple[str, ...]
    extents: dict[str, tuple[ir.Expression, ...]]


@cache
def _parse_extents(parameters: tuple[Declared, ...]) -> dict[str, tuple[ir.Expression, ...]]:
    found = {}
    for parameter in parameters:
        if parameter.extents:
            text = f"void f() {{ g({', '.join(parameter.extents)}); }}"
            call = parse_c_family(text, "cpp").items[0].body[0].expression
            found[parameter.name] = call.arguments
    return found


@cache
def parse_body(text: str, parameters: tuple[Declared, ...]) -> Body:
    """Return the text of a pattern's body and the extents of its parameters as trees. text:
    statements of C with holes, whose choices were drawn. parameters: all that the pattern declares.
    """
    unit = parse_c_family(f"void f() {{\n{text}\n}}", "cpp")
    words = dict.fromkeys(_WORD.findall(text))
    return Body(unit.items[0].body, tuple(words), _parse_extents(parameters))


@cache
def read_families(group: str) -> tuple[Pattern, ...]:
    """Return the families of generated computations in the pattern file `GROUP.txt`, in order.
    group: such as `sequential`; the package `corpora.generator.patterns` has the files and says how
    they are written.

    Raises PatternError for a parameter that does not parse, ValueError for a heading without a name
    and weight or for marks of choices that do not match, FileNotFoundError for another group.
    """
    found = []
    for part in (_FOLDER / f"{group}.txt").read_text().split("\n== ")[1:]:
        head, _, body = part.replace("\n| ", " ").partition("\n")
        said, _, parameters = head.partition("|")
        name, weight, *options = said.split()
        declared = tuple(_read_parameter(name, p) for p in parameters.split())
        lines = [line for line in body.splitlines() if not line.startswith("#")]
        parts = parse_choices("\n".join(lines))
        found.append(Pattern(name, group, int(weight), frozenset(options), declared, parts))
    return tuple(found)


def _read_parameter(family: str, text: str) -> Declared:
    match = _PARAMETER.fullmatch(text)
    if match is None:
        raise PatternError(f"{family}: '{text}' is no parameter")
    name, extents, mark, kind, rest = match.groups()
    sides = tuple(extents[1:-1].split("][")) if extents else ()
    return Declared(name, sides, mark, kind or "T", rest or "")
