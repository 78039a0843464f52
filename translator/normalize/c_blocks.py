"""C statements as a tree, printed with every scalar declared as deep as its uses allow.

Contract: a scalar is declared where it first gets a value if no value of it outlives that block, at
the function's head otherwise; a port then has it private to a thread wherever the source would let
it be.

    python -c "from translator.normalize.c_blocks import Block, declare_scalars, print_function; \\
        b = Block(); b.add('t = 1;'); declare_scalars(b, {'t': 'int'}); \
print(print_function('void f()', b))"
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count


@dataclass(slots=True)
class Block:
    """Statements of C. items: statements as text, and (head, the block behind it), in order."""

    items: list[str | tuple[str, Block]] = field(default_factory=list)

    def add(self, statement: str) -> None:
        """Append a statement, as C text."""
        self.items.append(statement)

    def open(self, head: str) -> Block:
        """Append a new block behind `head`, such as `for (...)`, and return it."""
        inner = Block()
        self.items.append((head, inner))
        return inner

    def nest(self, heads: Sequence[str], items: Sequence[str | tuple[str, Block]]) -> None:
        """Append `items`, statements and (head, block), inside blocks behind all `heads`, the first
        outermost.
        """
        block = self
        for head in heads:
            block = block.open(head)
        block.items += items

    def names(self, word: str) -> bool:
        """Whether `word` stands in it anywhere."""
        return any(_has(item, word) for item in self.items)


Item = str | tuple[str, Block]
"""A statement, or a head with the block behind it."""


@dataclass(slots=True)
class WritingPosition:
    """Where a C function is being written. taken: names in use. block: the open one. alone: no
    statement can be put before the present one.
    """

    taken: set[str]
    block: Block = field(default_factory=Block)
    alone: bool = False

    def add(self, statement: str) -> None:
        """Append a statement, as C text, to the open block."""
        self.block.add(statement)

    def inside(self, head: str, write: Callable[[], None]) -> None:
        """Call `write` while a new block behind `head` is open."""
        outer, self.block = self.block, self.block.open(head)
        write()
        self.block = outer

    def fresh(self, stem: str) -> str:
        """Return a name that is not in use, `stem` or `stem` with a number, and reserve it."""
        name = next(name for k in count() if (name := f"{stem}{k or ''}") not in self.taken)
        self.taken.add(name)
        return name


def _has(item: str | tuple[str, Block], word: str) -> bool:
    text = item if isinstance(item, str) else item[0]
    return bool(re.search(rf"\b{word}\b", text)) or (
        not isinstance(item, str) and item[1].names(word)
    )


def _sets(statement: str, name: str) -> bool:
    """Whether it gives `name` a value that does not come from `name`."""
    return bool(re.match(rf"{name} = ", statement)) and not re.search(
        rf"\b{name}\b", statement[len(name) :]
    )


def declare_scalar(body: Block, name: str, type: str) -> None:
    """Put the declaration of a scalar where it belongs; one that is used nowhere gets none."""
    place = body
    while True:
        uses = [k for k, item in enumerate(place.items) if _has(item, name)]
        if not uses:
            return
        first = place.items[uses[0]]
        if isinstance(first, str):
            if _sets(first, name):
                place.items[uses[0]] = f"{type} {first}"
                return
            break
        if len(uses) > 1 or re.search(rf"\b{name}\b", first[0]) or not _sets_first(first[1], name):
            break
        place = first[1]
    body.items.insert(0, f"{type} {name};")


def _sets_first(block: Block, name: str) -> bool:
    """Whether every way through `block` to a use of `name` passes an assignment to it, as far as
    its first use shows.
    """
    first = next((item for item in block.items if _has(item, name)), "")
    if isinstance(first, str):
        return _sets(first, name)
    return (
        not re.search(rf"\b{name}\b", first[0])
        and _sets_first(first[1], name)
        and sum(_has(item, name) for item in block.items) == 1
    )


def declare_scalars(body: Block, scalars: Mapping[str, str]) -> None:
    """scalars: local variables and their types."""
    for name, type in reversed(scalars.items()):
        declare_scalar(body, name, type)


def print_function(head: str, body: Block) -> str:
    """A function's text."""
    return "\n".join([f"{head} {{", *format_block(body, 1), "}"]) + "\n"


def format_block(block: Block, depth: int) -> list[str]:
    rows: list[str] = []
    for item in block.items:
        if isinstance(item, str):
            rows.append("    " * depth + item)
        else:
            rows += [
                "    " * depth + f"{item[0]} {{",
                *format_block(item[1], depth + 1),
                "    " * depth + "}",
            ]
    return rows


_STEPPED = re.compile(r"\b(\w+)(?:\+\+|--)|(?:\+\+|--)(\w+)")


def find_stepped_scalars(text: str) -> set[str]:
    """Scalars that `++` or `--` changes in a statement or head."""
    return {behind or before for behind, before in _STEPPED.findall(text)}


_CHANGED = r"(?:for \()?{} (?:[-+*/%&|^]|<<|>>)?= "


def changes_variable(block: Block, name: str) -> bool:
    """Whether anything in it but a declaration gives the variable a value."""
    return any(
        re.match(_CHANGED.format(name), text) or name in find_stepped_scalars(text)
        for text in list_block_texts(block)
    )


def map_block(block: Block, change: Callable[[str], str]) -> Block:
    """A block with every statement and head changed."""
    return Block(
        [
            change(item) if isinstance(item, str) else (change(item[0]), map_block(item[1], change))
            for item in block.items
        ]
    )


def list_block_texts(block: Block) -> Iterator[str]:
    """Statements and heads in their order."""
    for item in block.items:
        if isinstance(item, str):
            yield item
        else:
            yield item[0]
            yield from list_block_texts(item[1])


def is_loop_counter(block: Block, name: str) -> bool:
    """Whether a variable is used in loops only whose heads give it its first value."""
    for item in block.items:
        text = item if isinstance(item, str) else item[0]
        start = re.match(rf"for \({name} = ([^;,]*);", text)
        if start and not re.search(rf"\b{name}\b", start[1]):
            continue
        if re.search(rf"\b{name}\b", text) or (
            not isinstance(item, str) and not is_loop_counter(item[1], name)
        ):
            return False
    return True


def declare_in_loop_heads(block: Block, name: str, type: str) -> None:
    """Put the declaration of a variable into the heads of the loops that it counts."""
    for k, item in enumerate(block.items):
        if not isinstance(item, str):
            block.items[k] = (
                re.sub(rf"^for \({name} = ", f"for ({type} {name} = ", item[0]),
                item[1],
            )
            declare_in_loop_heads(item[1], name, type)
