"""C statements as they are written from another language: rows of text, and heads with blocks
behind them.

Contract: this only writes. What was written is read again as a tree
(`translator.normalize.c_tree.read_statements`).

    python -c "from translator.normalize.c_blocks import Block; \\
        b = Block(); b.open('while (n)').add('n--;'); print(b.text)"
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count


@dataclass(slots=True)
class Block:
    """A block of C statements. items: in order, statements as text and pairs (head such as `for
    (...)`, the block it governs).
    """

    items: list[str | tuple[str, Block]] = field(default_factory=list)

    def add(self, statement: str) -> None:
        """Append a statement, as C text, to `items`."""
        self.items.append(statement)

    def open(self, head: str) -> Block:
        """Append a new block behind `head`, such as `for (...)`, to `items` and return it."""
        inner = Block()
        self.items.append((head, inner))
        return inner

    def nest(self, heads: Sequence[str], items: Sequence[str | tuple[str, Block]]) -> None:
        """Append to this block one block for each of `heads`, each inside the one before, and put
        `items`, statements as C text and pairs (head, block), into the innermost.
        """
        block = self
        for head in heads:
            block = block.open(head)
        block.items += items

    @property
    def text(self) -> str:
        """The block's C text, without the braces around it."""
        rows = [
            f"{item}\n" if isinstance(item, str) else f"{item[0]} {{\n{item[1].text}}}\n"
            for item in self.items
        ]
        return "".join(rows)


@dataclass(slots=True)
class WritingPosition:
    """Where in a C function the next statement is written.

    taken: names in use. block: the block that is open. alone: no statement can be put before the
        present one.
    """

    taken: set[str]
    block: Block = field(default_factory=Block)
    alone: bool = False

    def add(self, statement: str) -> None:
        """Append a statement, as C text, to the open block."""
        self.block.add(statement)

    def inside(self, head: str, write: Callable[[], None]) -> None:
        """Append a block that begins with `head`, such as `if (x > 0)`, and call `write()` to fill
        it.

        Statements that `write` adds go into the new block.
        """
        outer, self.block = self.block, self.block.open(head)
        write()
        self.block = outer

    def fresh(self, stem: str) -> str:
        """Return a name that is not in use, `stem` or `stem` with a number, and reserve it."""
        name = next(name for k in count() if (name := f"{stem}{k or ''}") not in self.taken)
        self.taken.add(name)
        return name
