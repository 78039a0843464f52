"""A function cut into parts, statements and loop nests that are ported one by one
(translator.outline.reassemble puts them together again).

Contract: cutting is a rule; each part is a function of its own (`OutlinedPart.program`) that a
model is asked about and that can be executed by itself. Functions come from
`translator.normalize.fortran.convert` or `translator.outline.parse_cpp`.

    python -c "from corpora.records import Program; \\
        from translator.normalize.fortran.convert import convert_function; \\
        from translator.outline.outliner import Outliner; \\
w = convert_function(Program('fortran', 'f', 'subroutine f(n, x)\\ninteger n\\nreal x(n)\\nx = 2 *
x\\nend')); print(Outliner(w).part(w.body.items, {}).program.text)"
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from corpora.records import Program
from corpora.tokens.lexers import CPP_TYPES
from translator.normalize.c_blocks import (
    Block,
    Item,
    declare_scalar,
    find_stepped_scalars,
    format_block,
    list_block_texts,
    map_block,
    print_function,
)
from translator.outline.c_function import CppFunction
from translator.outline.pointer_swaps import read_exchange

TYPE = rf"((?:(?:{'|'.join(sorted(CPP_TYPES))}) )+)"
DECLARED = re.compile(rf"(?:const )?{TYPE}(\w+)(?: = |;|\[)")
_LOOP = re.compile(rf"for \({TYPE}(\w+) = ")
_THREAD = "__global__ "


class ResultPassing(Enum):
    """How a part returns scalars that it changes: NONE, by POINTERS, or one as its RETURNED
    value.
    """

    NONE, POINTERS, RETURNED = range(3)


@dataclass(frozen=True, slots=True)
class OutlinedPart:
    """Statements as a function of their own. head, body: its text in parts. names: what it is
    called with, in the order of its parameters. items: the statements as they stand in the
    function. results: scalars that it changes for others, and their types; by pointers (`&name`
    among the names), or the one that it returns.
    """

    program: Program
    head: str
    body: Block
    names: tuple[str, ...]
    items: tuple[Item, ...]
    results: dict[str, str] = field(default_factory=dict)

    @property
    def one_thread(self) -> str:
        """Return the text of a CUDA kernel in which one thread does the part's work."""
        return _THREAD + self.program.text


class Outliner:
    """Cuts one function into parts, numbered in order. results: how parts may return scalars that
    others use.
    """

    def __init__(self, function: CppFunction, results: ResultPassing = ResultPassing.NONE) -> None:
        self.function, self._results = function, results
        self._heap = {
            row for array in function.arrays.values() for row in (array.made, array.freed) if row
        }
        self._made = 0

    def hoist_declarations(self, block: Block) -> Block:
        """`block` with variables that get an array's element from the start declared before
        that.
        """
        items: list[Item] = []
        for item in block.items:
            found = (
                DECLARED.match(item) if isinstance(item, str) and self.touches_array(item) else None
            )
            items += (
                [f"{found[1]}{found[2]};", item[found.start(2) :]]
                if found and found[2] not in self.function.arrays
                else [item]
            )
        return Block(items)

    def units(self, block: Block) -> list[list[Item]]:
        """Its statements, with an if and its else together, and neighbours that touch arrays
        outside of loops.
        """
        found: list[list[Item]] = []
        for item in block.items:
            chained = not isinstance(item, str) and item[0].startswith("else")
            beside = (
                isinstance(item, str)
                and self.touches_array(item)
                and found
                and isinstance(found[-1][-1], str)
                and self.touches_array(found[-1][-1])
            )
            if found and (chained or beside):
                found[-1].append(item)
            else:
                found.append([item])
        return found

    def touches_array(self, text: str) -> bool:
        """Whether it names an array's element; the declaration of an array names none of it."""
        declared = DECLARED.match(text)
        text = text[declared.end() :] if declared and declared[2] in self.function.arrays else text
        return any(re.search(rf"\b{name}\[", text) for name in self.function.arrays)

    def scope_of(self, item: Item, scope: Mapping[str, str]) -> dict[str, str]:
        """`scope` and what `item` declares for what comes behind or inside of it."""
        text = item if isinstance(item, str) else item[0]
        found = DECLARED.match(text)
        loop = _LOOP.match(text)
        named = found if found and found[2] not in self.function.arrays else loop
        return {**scope, named[2]: named[1].strip()} if named else dict(scope)

    def part(
        self, items: Sequence[Item], scope: Mapping[str, str], after: Sequence[Item] = ()
    ) -> OutlinedPart | None:
        """`items` as a function; None where it would change a scalar that others see (and may not
        give it back), or leaves the function or a loop around it. after: what may come behind them,
        in that order.
        """
        body = map_block(Block(list(items)), lambda text: _by_value(text, self.function.pointed))
        text = "\n".join(format_block(body, 1))
        known = {**self.function.scalars, **scope, **self.function.pointed}
        if any(isinstance(item, str) and DECLARED.match(item) for item in items):
            return None  # what comes behind reads it
        if any(read_exchange(row) or row in self._heap for row in list_block_texts(body)):
            return None  # others see where the pointers are left
        if re.search(r"\breturn\b", text) or leaves_loop(body):
            return None
        results = {
            name: known[name]
            for name in sorted(_set_in(body) & set(known))
            if self._goes_out(body, name, known, after)
        }
        if results and (
            self._results is ResultPassing.NONE
            or (self._results is ResultPassing.RETURNED and len(results) > 1)
        ):
            return None
        own = {found[2] for row in text.splitlines() if (found := DECLARED.match(row.strip()))}
        arrays = [
            name
            for name in self.function.arrays
            if name not in own and re.search(rf"\b{name}\[", text)
        ]
        scalars = [name for name in known if re.search(rf"\b{name}\b", text)]
        const = {
            name: "" if re.search(rf"^ *{name}\[", text, re.M) else "const " for name in arrays
        }
        declared = [f"{const[name]}{self.function.arrays[name].type} *{name}" for name in arrays]
        names = [
            *arrays,
            *(
                f"*{name}" if name in self.function.pointed else name
                for name in scalars
                if name not in results
            ),
        ]
        if self._results is ResultPassing.POINTERS:
            words = {name: f"{name}[0]" for name in results}
            body = map_block(body, lambda text: _rename_words(text, words))
            declared += [f"{known[name]} {name}" for name in scalars if name not in results] + [
                f"{type} *{name}" for name, type in results.items()
            ]
            names += [f"&{name}" for name in results]
        else:
            declared += [
                f"{known[name]} {name}"
                for name in [*(n for n in scalars if n not in results), *results]
            ]
            names += [f"*{name}" if name in self.function.pointed else name for name in results]
            body.items += [f"return {name};" for name in results]
        self._made += 1
        name = f"{self.function.name}_part{self._made}"
        result = (
            next(iter(results.values()))
            if results and self._results is ResultPassing.RETURNED
            else "void"
        )
        head = f"{result} {name}({', '.join(declared)})"
        return OutlinedPart(
            Program("cpp", name, print_function(head, body)),
            head,
            body,
            tuple(names),
            tuple(items),
            results,
        )

    def _goes_out(
        self, body: Block, name: str, known: dict[str, str], after: Sequence[Item]
    ) -> bool:
        """Whether others see what `body` gives the scalar; it is declared inside of it and no
        longer known where they do not.
        """
        if (
            name in self.function.pointed
            or name in self.function.changed
            or find_first_use(after, name) == "read"
        ):
            return True
        before = len(body.items)
        declare_scalar(body, name, known[name])
        if len(body.items) > before:  # no place inside: its value comes from outside
            body.items.pop(0)
            return True
        del known[name]
        return False


def find_first_use(items: Sequence[Item], name: str) -> str:
    """`read` where a value that `name` has before may be read, `set` where every way through sets
    it first, else ''.
    """
    for item in items:
        text = item if isinstance(item, str) else item[0]
        own = _LOOP.match(text)
        if own and own[2] == name:
            continue
        start = re.match(rf"(?:for \()?(?:{TYPE})?{name} = ([^;]*)", text)
        if start and not re.search(rf"\b{name}\b", start[2]):
            return "set"
        if re.search(rf"\b{name}\b", text) or (
            not isinstance(item, str) and find_first_use(item[1].items, name) == "read"
        ):
            return "read"
    return ""


def _rename_words(text: str, words: Mapping[str, str]) -> str:
    for name, word in words.items():
        text = re.sub(rf"\b{name}\b", word, text)
    return text


def _by_value(text: str, pointed: Mapping[str, str]) -> str:
    """With `name` for `*name` and `(*name)`."""
    for name in pointed:
        text = re.sub(rf"\(\*{name}\)(?=\+\+|--)|\*{name}\b", name, text)
    return text


def _set_in(block: Block) -> set[str]:
    """Scalars that it gives a value to without declaring them."""
    found: set[str] = set()
    for item in block.items:
        text = item if isinstance(item, str) else item[0]
        matched = re.match(r"(?:for \()?(\w+) (?:[-+*/%&|^]|<<|>>)?= ", text)
        inside = {matched[1]} if matched else set()
        inside |= find_stepped_scalars(text)
        inside |= _set_in(item[1]) if not isinstance(item, str) else set()
        own = _LOOP.match(text)
        found |= inside - {own[2]} if own else inside
    return found - {
        declared[2]
        for item in block.items
        if isinstance(item, str) and (declared := DECLARED.match(item))
    }


def leaves_loop(
    block: Block, words: Sequence[str] = ("break;", "continue;"), inside: bool = False
) -> bool:
    """Whether one of `words` in it belongs to a loop around it."""
    for item in block.items:
        if isinstance(item, str):
            if not inside and item in words:
                return True
        elif leaves_loop(item[1], words, inside or item[0].startswith(("for", "while"))):
            return True
    return False
