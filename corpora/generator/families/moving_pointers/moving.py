"""Pointers that move on from block to block: a parameter that keeps its new place is one thread's
work, a local one is not.

Contract: with `carried` a parameter is moved in the outer loop, so that an iteration begins where
the last one ended; the twins find every block by themselves (a local pointer, a base, a product in
the subscript, or one move before the loop) and are parallel.

    python -c "from corpora.generator import generate; \\
        print(next(generate(1, 14, 'broad')).programs['cuda'].text)"
"""

from __future__ import annotations

from collections.abc import Callable

from corpora.generator.core import expressions as ast
from corpora.generator.core.builder import Builder
from corpora.generator.core.nest import Axis, Nest, Region
from corpora.generator.core.one_thread import (
    make_assignment,
    make_element,
    make_local,
    make_loop,
    make_serial_nest,
)

_OUTER = tuple(
    "channels filters groups rows n batch k heads nf maps num blocks_n planes count B N "
    "frames c_out units nchan".split()
)
_SECOND = tuple("nb samples_n imgs T_n lots reps bsz nbatch".split())
_VARIABLES = (
    ("c", "n"),
    ("i", "b"),
    ("f", "s"),
    ("k", "t"),
    ("ch", "img"),
    ("r", "bi"),
    ("j", "i"),
    ("g", "n"),
    ("row", "ba"),
    ("o", "nn"),
)
_INNER = (
    ("i", "j", "k"),
    ("y", "x", "q"),
    ("p", "q", "kk"),
    ("j", "l", "m"),
    ("ii", "jj", "ll"),
    ("e", "d", "u"),
    ("h0", "w0", "c0"),
)
_LINES = tuple(
    "m size len dim spatial area cols width inner hidden hw stride0 per_block D item_len".split()
)
_SIDES = (
    ("h", "w"),
    ("H", "W"),
    ("ny", "nx"),
    ("height", "width"),
    ("in_h", "in_w"),
    ("rows0", "cols0"),
    ("oh", "ow"),
)
_SQUARES = tuple("side d dim_s edge S ks fsize".split())
_WHOLE = tuple("area plane spatial0 block_len step0 per_item total_hw chunk".split())
_SHARED = tuple("weight v vec bias0 gamma_w coef scale_v w2 mask_w".split())


class Blocks:
    """Outer loops over blocks, the blocks' sizes, and how an element of the current block is
    addressed. carried: pointers move on from block to block.
    """

    def __init__(self, b: Builder, carried: bool) -> None:
        self.b, self.carried, self.before = b, carried, ()
        self.kind = b.pick(("i32",) * 8 + ("u32",))
        two = b.chance(0.2)
        words = b.pick(_VARIABLES)
        self.variables = [
            ast.Name(b.exact(w, self.kind)) for w in (words[::-1] if two else words[:1])
        ]
        self.lengths = ([b.size(_SECOND, (1, 2, 3))] if two else []) + [
            b.size(_OUTER, (1, 2, 3, 4))
        ]
        self.places = ("head", "end", "end", "end", "also")[b.rng.randrange(5)]
        self.how = b.pick(("pointer", "pointer", "pointer", "index", "index", "base"))
        self.moves: list[tuple] = []
        self.made: list[tuple] = []
        self.counters = [ast.Name(b.name((w, w + "1"), self.kind)) for w in b.pick(_INNER)]

    @property
    def row(self) -> tuple:
        """Return the number of the current block as an expression."""
        if len(self.variables) == 1:
            return self.variables[0]
        return ast.Paren(ast.add(ast.mul(self.variables[0], self.lengths[1]), self.variables[1]))

    def shape(self) -> list:
        """Add the sizes of a block, a line, a plane or a number, and return them."""
        b, draw = self.b, self.b.rng.random()
        if draw < 0.45:
            return [b.size(_LINES, (1, 2, 4, 6))]
        if draw < 0.7:
            return [b.size((w,), (1, 2, 3)) for w in b.pick(_SIDES)]
        if draw < 0.82:
            side = b.size(_SQUARES, (1, 2, 3))
            return [side, side]
        if draw < 0.92:
            return [
                ast.integer(b.pick((3, 4, 8, 9, 10, 16, 25, 32, 36, 49, 64, 100, 121, 144, 196)))
            ]
        side = ast.integer(b.pick((3, 4, 5, 6, 7, 9, 11, 12, 14)))
        return [side, side]

    def length(self, parts: list) -> tuple:
        """Return the number of elements of a block with the sizes `parts`, sometimes through a
        local.
        """
        if len(parts) == 2 and type(parts[0]) is ast.Literal and self.b.chance(0.6):
            return ast.integer(int(parts[0].text) * int(parts[1].text))
        if (
            len(parts) == 2
            and type(parts[0]) is ast.Name
            and not self.before
            and self.b.chance(0.3)
        ):
            word = self.b.name(_WHOLE, "i32")
            self.before = (ast.Declare("i32", word, ast.product(parts)),)
            self.named = (tuple(parts), ast.Name(word))
        if self.before and tuple(parts) == self.named[0]:
            return self.named[1]
        return ast.product(parts)

    def each(
        self, parts: list, first: int = 0, flat: bool | None = None
    ) -> tuple[tuple, Callable[..., ast.For]]:
        """Return the position inside a block and a function that puts statements into the loops
        over it.

        parts: the block's sizes. first: the first counter to use. flat: one loop, or one per size;
            None: drawn.
        """
        b, variables = self.b, self.counters[first:]
        if len(parts) == 1 or (b.chance(0.4) if flat is None else flat):
            stop = self.length(parts)
            return variables[0], lambda *body: make_loop(b, variables[0], stop, *body)
        y, x = variables[:2]
        index = ast.add(ast.mul(y, parts[1]), x)
        return index, lambda *body: make_loop(b, y, parts[0], make_loop(b, x, parts[1], *body))

    def array(
        self, parts: list, written: bool = False, once: bool = False
    ) -> Callable[[tuple], tuple]:
        """Add an array with a block per iteration and return a function from a position to its
        element. written: the function writes it. once: every element is read once, in order.
        """
        b, size = self.b, self.length(parts)
        if not self.carried:
            return self._found(parts, written, once)
        whole: tuple = ast.product([*self.lengths, *parts])
        walked = once and not written and b.chance(0.2)
        step: tuple = size
        if not walked and not written and self.places == "head" and b.chance(0.35):
            whole, step = (
                ast.product([*self.lengths, self.lengths[-1], *parts]),
                _flip(b, size, self.variables[-1]),
            )
        word = b.array(
            (ast.add(whole, ast.product(parts)) if self.places == "head" and not walked else whole,)
        )
        parameter = b.parameter(word)
        parameter.written, parameter.moved = written, True
        if walked:
            return lambda index: ast.Unary("*", ast.Postfix("++", ast.Name(word)))
        self.moves.append(make_assignment(ast.Name(word), step, "+="))
        return lambda index: make_element(word, index)

    def _found(self, parts: list, written: bool, once: bool) -> Callable[[tuple], tuple]:
        """The block's place worked out from the loop variables."""
        b, whole = self.b, ast.product([*self.lengths, *parts])
        word = b.array((whole,))
        b.parameter(word).written = written
        size = self.length(parts)
        start = (
            ast.product([self.row, *parts])
            if type(size) is ast.Binary and b.chance(0.7)
            else _flip(b, self.row, size)
        )
        if self.how == "pointer":
            view = b.name(
                (
                    f"{word}_p",
                    f"{word}_c",
                    "p0",
                    "ptr",
                    "blk",
                    "cur_p",
                    "here_p",
                    f"{word}_b",
                    "src_p",
                ),
                b.types[word],
            )
            self.made.append(ast.DeclarePointer(b.types[word], view, word, start, not written))
            if once and not written and b.chance(0.2):
                return lambda index: ast.Unary("*", ast.Postfix("++", ast.Name(view)))
            return lambda index: make_element(view, index)
        if self.how == "base":
            base, made = make_local(
                b, start, ("base", "off", "first_at", "start_c", "begin0", "offset_b"), "i32"
            )
            self.made.append(made)
            return lambda index: make_element(
                word, ast.add(base, index) if index != ast.ZERO else base
            )
        return lambda index: make_element(
            word, ast.add(start, index) if index != ast.ZERO else start
        )

    def cell(self) -> tuple:
        """Return the element that takes a block's one result."""
        b, draw = self.b, self.b.rng.random()
        if len(self.variables) == 2 and (not self.carried or draw < 0.4):
            word = b.array(tuple(self.lengths))
            b.parameter(word).written = True
            return make_element(word, *self.variables)
        word = b.array((ast.product(self.lengths),))
        b.parameter(word).written = True
        if not self.carried or draw < 0.65:
            return make_element(
                word, self.row.argument if type(self.row) is ast.Paren else self.row
            )
        b.parameter(word).moved = True
        if draw < 0.85:
            return ast.Unary("*", ast.Postfix("++", ast.Name(word)))
        if self.places == "head":
            b.parameter(word).extents = (ast.add(ast.product(self.lengths), 1),)
        self.moves.append(make_assignment(ast.Name(word), 1, "+="))
        return make_element(word, 0) if draw < 0.93 else ast.Unary("*", ast.Name(word))

    def shared(self, parts: list) -> Callable[[tuple], tuple]:
        """Add an array that all blocks read and return a function from a position to its
        element.
        """
        word = self.b.array((ast.product(parts),), wanted=_SHARED)
        return lambda index: make_element(word, index)

    def nest(self, *body: tuple) -> Nest:
        """Return a nest of the loops over blocks round `body`."""
        b = self.b
        if not self.carried:
            axes = tuple(Axis(v.id, ast.ZERO, n) for v, n in zip(self.variables, self.lengths))
            return Nest(
                "",
                [],
                [Region(axes, (*self.made, *body))],
                before=self.before,
                index_type=self.kind,
                c_only=True,
            )
        moves = tuple(self.moves if b.chance(0.7) else self.moves[::-1])
        loop = make_loop(b, self.variables[-1], self.lengths[-1], *body)
        if self.places == "head":
            loop = loop._replace(body=(*moves, *body))
        elif self.places == "end":
            loop = loop._replace(body=(*body, *moves))
        else:
            loop = loop._replace(also=moves)
        if len(self.variables) == 2:
            loop = make_loop(b, self.variables[0], self.lengths[0], loop)
        nest = make_serial_nest(loop)
        nest.before, nest.c_only = self.before, True
        return nest


def _flip(b: Builder, one: tuple, other: tuple) -> tuple:
    """A product in either order."""
    first, second = (one, other) if b.chance(0.6) else (other, one)
    return ast.mul(first, second)
