"""Walking, searching and rebuilding trees of `corpora.ir`.

Contract: nothing is changed in place. The order is that of the text, parents before children.

    python -c "from corpora.ir import *; t = Binary('+', Name('i'), Name('j')); \
        print([n.id for n in find(t, Name)])"
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from functools import lru_cache
from itertools import chain
from operator import attrgetter
from typing import Any, TypeVar, cast, overload

from corpora.ir.nodes import Function, Name, Span, TranslationUnit

T = TypeVar("T")


@lru_cache(maxsize=128)
def _child_fields(kind: type) -> tuple[str, ...]:
    """Fields of a node class that may hold nodes."""
    skipped = {"span", "group", "head", "body_span", "text"}
    return tuple(f.name for f in fields(kind) if f.name not in skipped)


class _Kinds(dict[type, int]):
    """What a value of a class is: 2 a tuple, 1 a node, 0 nothing to walk into."""

    def __missing__(self, kind: type) -> int:
        held = 2 if issubclass(kind, tuple) else int(is_dataclass(kind) and kind is not Span)
        return self.setdefault(kind, held)


class _Getters(dict[type, Callable[[Any], tuple[Any, ...]]]):
    """What reads all fields of a node of a class that may hold nodes, as a tuple."""

    def __missing__(self, kind: type) -> Callable[[Any], tuple[Any, ...]]:
        names = _child_fields(kind)
        one = attrgetter(*names) if names else lambda node: ()
        return self.setdefault(kind, one if len(names) != 1 else lambda node: (one(node),))


_kinds = _Kinds()
_getters = _Getters()


def children(node: Any) -> Iterator[Any]:
    """Yield the nodes of `corpora.ir` directly below `node`, in the order of the text. For a tuple
    of nodes it yields those. Raises TypeError for any other value, such as a string.
    """
    found: list[Any] = []
    _collect_children(node, found)
    return iter(found)


def _collect_children(node: Any, found: list[Any]) -> None:
    """`children`, added to a list."""
    for value in node if isinstance(node, tuple) else _getters[node.__class__](node):
        held = _kinds[value.__class__]
        if held == 1:
            found.append(value)
        elif held and value:
            _collect_children(value, found)


def walk(node: Any) -> Iterator[Any]:
    """Yield `node`, a node of the tree of `corpora.ir`, or each node of a tuple, and all nodes
    below, in the order of the text.

    Parents come before their children. Depth is not limited by Python's stack. The nodes of the
    last functions and texts are cached. Raises TypeError for any other value, such as a string.
    """
    if node.__class__ is TranslationUnit:  # of several dialects, with the same items
        return chain((node,), _remember(node.items), _walk(node.errors))
    return iter(_remember(node)) if node.__class__ is Function else _walk(node)


def _remember(node: Any) -> tuple[Any, ...]:
    known = _lists.get(id(node))
    if known is None or known[0] is not node:
        if len(_lists) >= MOST_LISTS:
            _lists.clear()
        known = _lists[id(node)] = (node, tuple(_walk(node)))
    return known[1]


MOST_LISTS = 64
_lists: dict[int, tuple[Any, tuple[Any, ...]]] = {}
"""By the identity of a node, which the entry keeps alive: nodes never change."""


def _walk(node: Any) -> Iterator[Any]:
    stack: list[Any] = []
    if isinstance(node, tuple):
        _collect_children(node, stack)
        stack.reverse()
    else:
        stack.append(node)
    below: list[Any] = []
    while stack:
        top = stack.pop()
        yield top
        _collect_children(top, below)
        if below:
            below.reverse()
            stack += below
            below.clear()


@overload
def find(node: Any, kind: type[T], /) -> Iterator[T]: ...


@overload
def find(node: Any, /, *kinds: type[Any]) -> Iterator[Any]: ...


def find(node: Any, /, *kinds: type[Any]) -> Iterator[Any]:
    """Yield every node of one of the classes `kinds` in `node`, in the order of the text. `node` is
    a node of the tree of `corpora.ir` or a tuple of nodes; it may be yielded itself.
    """
    return (n for n in walk(node) if isinstance(n, kinds))


def names_in(node: Any) -> set[str]:
    """Return the identifiers that occur as expressions in `node`, a node of the tree of
    `corpora.ir` or a tuple of nodes.
    """
    return {n.id for n in find(node, Name)}


def transform(node: T, change: Callable[[Any], Any]) -> T:
    """Return `node`, a node of the tree of `corpora.ir` or a tuple of nodes, rebuilt bottom-up. The
    original is unchanged.

    change(node): gets each node with its children rebuilt. It returns that node to keep it, or
    another one. For an item of a tuple it may also return a tuple of nodes that replaces the item;
    () removes it.
    """
    if isinstance(node, tuple):
        return cast(T, _transform_tuple(node, change))
    changed = {}
    for name in _child_fields(type(node)):  # type: ignore[arg-type]  # classes are hashable
        old = getattr(node, name)
        if isinstance(old, tuple):
            new = _transform_tuple(old, change)
        elif is_dataclass(old) and not isinstance(old, (Span, type)):
            new = transform(cast(Any, old), change)
        else:
            continue
        if new is not old:
            changed[name] = new
    return cast(T, change(replace(cast(Any, node), **changed) if changed else node))


def rewrite_statements(
    body: tuple[Any, ...], change: Callable[[Any], tuple[Any, ...] | None]
) -> tuple[Any, ...]:
    """Return the statements `body`, nodes of the tree of `corpora.ir`, rebuilt from the outside in.
    The original is unchanged.

    change(statement): returns the statements that replace it; () removes it. None keeps it, and
    `change` is then called for the statements inside. The cases of a Switch are handed over too.
    """
    out: list[Any] = []
    for statement in body:
        new = change(statement)
        if new is not None:
            out += new
            continue
        inside = {
            name: rewrite_statements(old, change)
            for name in ("body", "then", "otherwise", "cases")
            if isinstance(old := getattr(statement, name, None), tuple)
        }
        out.append(replace(statement, **inside) if inside else statement)
    return tuple(out)


def _transform_tuple(items: tuple[Any, ...], change: Callable[[Any], Any]) -> tuple[Any, ...]:
    out: list[Any] = []
    same = True
    for item in items:
        if isinstance(item, tuple):
            new: Any = _transform_tuple(item, change)
            out.append(new)
        elif is_dataclass(item) and not isinstance(item, type):
            new = transform(item, change)
            out.extend(new) if isinstance(new, tuple) else out.append(new)
        else:
            new = item
            out.append(item)
        same = same and new is item
    return items if same else tuple(out)
