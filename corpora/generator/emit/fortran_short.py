"""Neighbouring statements of a procedure in fewer words: sums, counts and extremes as intrinsics,
inner loops as array statements.

Contract: what the words mean is what the statements mean; names that are not needed any more are
put in `unused`.

    python -c "from corpora.generator.emit.fortran_short import ShortForms; help(ShortForms)"
"""

from __future__ import annotations

import re
from collections.abc import Callable

from corpora import ir
from corpora.generator.core import expressions as ast
from corpora.generator.core.nest import Nest, Region, Style
from corpora.generator.core.shapes import walk_nest, walk_nodes
from corpora.generator.emit.fortran_expressions import FortranExpressions, InexpressibleError
from corpora.generator.emit.fortran_reductions import emit_dim_lines, emit_inner_lines, emit_sum


class ShortForms:
    """Rewrites neighbouring statements of a nest as Fortran's intrinsics and array statements.

    style: how the nest is written. say: writes expressions as Fortran. unused: gets the names of
        variables that are no longer needed, and `name=` for locals whose first value is not.
        statement(node, level): returns the Fortran lines of a statement as it is.
    """

    def __init__(
        self,
        nest: Nest,
        style: Style,
        say: FortranExpressions,
        unused: set[str],
        statement: Callable[[tuple, int], list[str]],
    ) -> None:
        self.nest, self.style, self.say = nest, style, say
        self.unused, self.statement = unused, statement
        self.dropped: list[str] = []

    def lines(self, statement: tuple, rest: list[tuple], level: int) -> list[str]:
        """Return shorter Fortran lines for `statement` and those after it, such as a sum for a
        loop; [] if there are none. rest: the statements after it, in order; those used are removed,
        in place. level: of indentation, four blanks each.
        """
        made = self._sum(statement, rest[0], level) if rest else []
        if not made:
            return self._inner(statement, level)
        loop = rest.pop(0)
        return (
            self._inlined((statement, loop), made, rest, level)
            if rest and self.style.one_based
            else made
        )

    def dims(self, region: Region) -> list[str]:
        """Return the Fortran lines of a region that sums a matrix by rows or columns, as `s =
        sum(a, dim=2)`; [] if it does something else. region: parallel loops with one body.
        Variables that are then not needed are added to `unused`.
        """
        if not self.style.one_based or len(self.nest.regions) > 1:
            return []
        try:
            lines, unused = emit_dim_lines(self.say, region, "    ")
        except InexpressibleError:
            return []
        self.unused |= unused
        return lines

    def _sum(self, first: tuple, loop: tuple, level: int) -> list[str]:
        """Two statements as one sum, or nothing."""
        if type(first) is not ir.Assign and not ast.is_local(first) or first.value is None:
            return []
        try:
            line = emit_sum(self.say, first, loop, "    " * level)
        except InexpressibleError:
            return []
        self._drop(loop.start[0].name)
        return [line]

    def _drop(self, variable: str) -> None:
        """One loop of the variable is written without it."""
        self.dropped.append(variable)
        loops = [s.start[0].name for s in walk_nest(self.nest) if ast.is_count(s)]
        axes = [a.variable for r in self.nest.regions for a in r.axes]
        if loops.count(variable) == self.dropped.count(variable) and variable not in axes:
            self.unused.add(variable)

    def _inner(self, loop: tuple, level: int) -> list[str]:
        """A loop as array statements, or nothing."""
        if not ast.is_count(loop) or not self.style.one_based:
            return []
        try:
            lines = emit_inner_lines(self.say, loop, "    " * level)
        except InexpressibleError:
            return []
        self._drop(loop.start[0].name)
        return lines

    def _inlined(
        self, summed_up: tuple[tuple, tuple], made: list[str], rest: list[tuple], level: int
    ) -> list[str]:
        """`s = sum(x); y = f(s)` as `y = f(sum(x))` where nothing else names the local."""
        first = summed_up[0]
        direct = self.style.fortran.direct
        if not ast.is_local(first) or type(rest[0]) is not ir.Assign or not direct:
            return made
        lines = self.statement(rest[0], level)
        here = _mentions(first.name, (*summed_up, rest[0]))
        every = _mentions(first.name, tuple(walk_nest(self.nest)), nested=False)
        once = _mentions(first.name, rest[:1]) == 1 and len(lines) == 1
        if here < every or not once or len(re.findall(rf"\b{first.name}\b", lines[0])) != 1:
            return made
        rest.pop(0)
        self.unused.add(first.name)
        text = made[0].partition(" = ")[2]
        return [re.sub(rf"\b{first.name}\b", lambda _: text, lines[0])]


def _mentions(name: str, statements: tuple | list, nested: bool = True) -> int:
    """How often these statements name a local, declarations counted."""
    every = list(ast.walk_statements(statements)) if nested else statements
    declared = sum(ast.is_local(s) and s.name == name for s in every)
    return declared + sum(n == ir.Name(name) for n in walk_nodes(every))
