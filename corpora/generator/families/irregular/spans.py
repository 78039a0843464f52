"""What the families share: a loop over a line or a grid with whatever else stands in it, its tests,
its parallel or ordered form.

Contract: whether a `Span` is sequential is drawn once; the caller stores where one place is shared
only if it is. Tests read what no iteration writes.

    python -c "from corpora.generator import generate; \\
        print(next(generate(1, 14, 'broad')).programs['cpp'].text)"
"""

from __future__ import annotations

from corpora.generator.core import expressions as ast, names
from corpora.generator.core.builder import FLOATS, Builder
from corpora.generator.core.nest import Axis, Nest, Parameter, Region
from corpora.generator.core.one_thread import make_likely_test
from corpora.generator.families.free import statements
from corpora.generator.families.free_body import Body

LENGTHS = (3, 9, 24, 60)
_KEYS = tuple(
    "key target needle wanted value query sought code color0 label0 id_in what q x0 symbol "
    "mark0".split()
)
_KEYED = (
    names.INDEX_ARRAYS
    + names.ARRAYS
    + tuple("ids codes tags types colors words tokens hashes".split())
)
_SORTED = tuple(
    "knots edges bounds breaks limits levels xs grid_x sorted_keys cdf starts times steps "
    "offsets".split()
)


class Span:
    """One loop over `i` of `n`, with free statements or a few arrays. ordered: probability that
    iterations depend on each other.
    """

    def __init__(self, b: Builder, ordered: float = 0.66) -> None:
        self.b, self.sequential = b, b.chance(ordered)
        draw = b.rng.random()
        self.kind = "i32" if draw < 0.82 else b.pick(("i64", "u32", "u64"))
        self.n = b.size(names.SIZES, LENGTHS, self.kind)
        self.i = ast.Name(b.name(names.LOOPS, self.kind))
        self.body = Body(b, (self.i,), (self.n,)) if self.kind == "i32" and b.chance(0.4) else None
        self.shorter, self.may_fall = False, True
        self.start: tuple = ast.ZERO
        if self.body is None:
            for _ in range(b.pick((0, 1, 1, 2))):
                self.source()

    # --- places and values
    # ----------------------------------------------------------------------------------------

    def source(
        self, kind: str | None = None, fill: str = "", wanted: tuple = names.ARRAYS
    ) -> ast.At:
        """Add an array that is only read and return this iteration's element. kind: element type;
        None: the main one. fill: rule for tests. wanted: names to choose from.
        """
        place = ast.At(self.b.array((self.n,), kind, fill, wanted), (self.i,))
        if kind in (None, self.b.kind):
            self.b.reads.append(place)
        return place

    def target(
        self, kind: str | None = None, extents: tuple = (), wanted: tuple = names.ARRAYS
    ) -> str:
        """Add an array that is written and return its name. kind: element type; None: the main one.
        extents: () means `n`. wanted: names to choose from.
        """
        word = self.b.array(extents or (self.n,), kind, "", wanted)
        self.b.parameter(word).written = True
        return word

    def ahead(self, kind: str, fill: str, wanted: tuple) -> tuple[ast.At, ast.At]:
        """Add an array and return its elements at i and i + 1. The array is one longer, or the loop
        ends one earlier.
        """
        b = self.b
        longer = not self.shorter and b.chance(0.4)
        self.shorter = self.shorter or not longer
        word = b.array((ast.add(self.n, 1) if longer else self.n,), kind, fill, wanted)
        return ast.At(word, (self.i,)), ast.At(
            word, (ast.add(self.i, 1) if b.chance(0.9) else ast.add(1, self.i),)
        )

    def only_read(self) -> tuple[tuple, ...]:
        """Return the elements of this iteration that nothing writes and that need no locals."""
        parameters = {p.name: p.written for p in self.b.parameters}
        places = (r for r in self.b.reads if type(r) is ast.At and not parameters[r.array])
        return tuple(
            p
            for p in places
            if all(
                n == self.i or n.id in parameters
                for s in p.subscripts
                for n in ast.walk(s)
                if type(n) is ast.Name
            )
        )

    # --- tests
    # ----------------------------------------------------------------------------------------------

    def test(self) -> tuple:
        """Return a condition, one or two comparisons, on elements that are only read."""
        b, draw = self.b, self.b.rng.random()
        if draw < 0.30:
            made = self._equal()
        elif draw < 0.50:
            return self._between()
        elif draw < 0.72:
            made = self._beside()
        else:
            made = self.free()
        if b.chance(0.18):
            made = ast.conjunction(made, self.free() if b.chance(0.6) else self._equal())
        return made

    def _equal(self) -> tuple:
        b = self.b
        keys = self.source("i32", "integers(0,3)", _KEYED)
        key: tuple = ast.integer(b.pick((1, 2, 3)))
        if b.chance(0.75):
            word = b.name(_KEYS, "i32")
            b.parameters.append(Parameter(word, "scalar", "i32", values=(1, 2, 3)))
            key = ast.Name(word)
        elif b.chance(0.4):
            key = ast.At(b.array((ast.ONE,), "i32", "integers(1,3)", _KEYS), (ast.ZERO,))
        left, right = (keys, key) if b.chance(0.8) else (key, keys)
        return ast.compare(left, b.pick(("==", "==", "==", "==", "!=", ">=", "<")), right)

    def _between(self) -> tuple:
        """`key >= a[i] && key < a[i + 1]` in its spellings."""
        b = self.b
        kind = b.kind if b.kind in FLOATS or b.kind == "i32" else "i32"
        here, above = self.ahead(
            kind, "sorted(-2,2)" if kind in FLOATS else "sorted(0,12)", _SORTED
        )
        word = b.name(_KEYS, kind)
        b.parameters.append(
            Parameter(
                word,
                "scalar",
                kind,
                values=(0.5, 1.25, -1.0, 0.25, 0.0) if kind in FLOATS else (1, 2, 3, 5, 8),
            )
        )
        key = ast.Name(word)
        some = 1 if kind in FLOATS else 0  # of integers few lie between two others
        low = (
            ast.compare(key, (">=", ">")[b.pick((0, some))], here)
            if b.chance(0.65)
            else ast.compare(here, ("<=", "<")[b.pick((0, some))], key)
        )
        high = (
            ast.compare(key, b.pick(("<", "<=")), above)
            if b.chance(0.65)
            else ast.compare(above, b.pick((">", ">=")), key)
        )
        return ast.conjunction(low, high) if b.chance(0.9) else ast.conjunction(high, low)

    def _beside(self) -> tuple:
        """An element compared with the next one."""
        b = self.b
        fill = b.pick(("integers(0,3)", "sorted(0,9)"))
        here, above = self.ahead("i32", fill, _KEYED)
        left, right = (here, above) if b.chance(0.7) or fill[0] == "s" else (above, here)
        if b.chance(0.35):
            return ast.compare(ast.add(here, 1), b.pick(("==", "!=", "<")), above)
        return ast.compare(
            left, b.pick(("!=", "!=", "==", "<", "<" if fill[0] == "s" else ">")), right
        )

    def free(self) -> tuple:
        """Return a random condition on elements that are only read."""
        b = self.b
        kept = b.reads, b.locals
        b.reads, b.locals = list(self.only_read()) or [self.source()], []
        made = probable(b, self.i if b.chance(0.5) and self.kind == "i32" else None)
        b.reads, b.locals = kept
        return made

    # --- the nest
    # ----------------------------------------------------------------------------------------------

    def others(self, counts: tuple[int, ...] = (0, 1, 1, 2, 3)) -> tuple:
        """Return statements that are independent of the rest. counts: the numbers of them to choose
        from.
        """
        b = self.b
        if self.body is not None:
            return statements(self.body, b.pick((1, 1, 2, 2, 3, 4)))
        if not self.only_read() or b.chance(0.6):
            return ()
        value = b.value(b.pick((0, 1, 2)))
        return (ast.Assign(ast.At(self.target(), (self.i,)), b.pick(("=", "=", "+=")), value),)

    def nest(
        self, lines: tuple, before: tuple = (), after: tuple = (), shown: tuple | None = None
    ) -> Nest:
        """Return a nest of this loop over `lines`. before, after: statements round it. shown: what
        the ordered loop tests instead of its variable, or None.
        """
        b = self.b
        stop: tuple = ast.sub(self.n, 1) if self.shorter else self.n
        signed = self.kind in ("i32", "i64")
        if (
            shown is None
            and self.shorter
            and self.kind == "i32"
            and self.start == ast.ZERO
            and b.chance(0.45)
        ):
            shown = ast.compare(ast.add(self.i, 1), "<", self.n)
        if self.sequential:
            loop = ast.For(self.i.id, self.start, "<", stop, lines, 1, self.kind, shown)
            if (
                b.chance(0.06)
                and self.may_fall
                and signed
                and not self.shorter
                and self.start == ast.ZERO
            ):
                loop = ast.For(self.i.id, ast.sub(self.n, 1), ">=", ast.ZERO, lines, -1, self.kind)
            made = Nest(
                "", [], [Region((), (*before, loop, *after))], sequential=True, index_type=self.kind
            )
        else:
            axis = Axis(self.i.id, self.start, stop, shown=shown)
            made = Nest("", [], [Region((axis,), lines)], before=before, index_type=self.kind)
        made.shadowed = b.chance(0.12)
        return made


def probable(b: Builder, index: tuple | None = None) -> tuple:
    """Return a condition on readable elements that some test data meet and others do not. index:
    the loop's variable, or None.
    """
    own, draw = (
        tuple(r for r in b.reads if type(r) is ast.At and b.types[r.array] == b.kind),
        b.rng.random(),
    )
    if not own or draw < 0.1 and index is not None:
        place = own[0] if own and b.kind not in FLOATS else index or b.reads[0]
        return ast.compare(
            ast.Binary("%", place, ast.integer(b.pick((2, 2, 3)))), b.pick(("==", "!=")), ast.ZERO
        )
    place, ops = b.pick(own), ("<", ">", "<=", ">=")
    if draw < 0.3 and len(own) > 1:
        other = b.pick(tuple(p for p in own if p != place) or own)
        return ast.compare(place, b.pick(ops if other != place else (">=", "<=")), other)
    if draw < 0.55:
        word = b.name(names.SCALARS, b.kind)
        b.parameters.append(
            Parameter(
                word,
                "scalar",
                b.kind,
                values=(0.5, 0.25, -0.5, 0.75) if b.kind in FLOATS else (0, 1, 2),
            )
        )
        limit = ast.Name(word)
        return (
            ast.compare(place, b.pick(ops), limit)
            if b.chance(0.8)
            else ast.compare(limit, b.pick(ops), place)
        )
    if draw < 0.65:
        return ast.Binary(
            "||",
            make_likely_test(b, place),
            ast.compare(b.pick(own), b.pick((">", "<")), ast.integer(b.pick((-1, 1)))),
        )
    return make_likely_test(b, place)


def mixed(b: Builder, lines: tuple, more: tuple) -> tuple:
    """Return both groups of statements, in random order; those that may leave the iteration come
    last.
    """
    jumps = any(type(s) is ast.Jump for s in ast.walk_statements(more))
    return lines + more if jumps or b.chance(0.5) else more + lines
