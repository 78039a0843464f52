"""A port made of ports: a function's loop nests are asked for one by one, each is executed by itself, and what stands is joined.

Contract: gives a proposal for a Fortran source that could be spelled in C++, or None; it is judged as a whole by whoever asked.
A nest of which no parallel port is found is opened: its loop stays serial and what is inside is asked for. What cannot be
opened is one thread's work in CUDA, and stays as it is under OpenMP.

    coevolve translate FILE.f90 --to cuda       (asks so where the whole function has no parallel port)
"""

from __future__ import annotations

from collections.abc import Sequence

from coevolve.verify import Engine, Pair
from corpora.dialects import Direction, dialect
from corpora.records import Outcome, Program
from corpora.signatures import SignatureError
from gpu_runtime.models.protocol import Sampling
from translator.c_blocks import Block
from translator.fortran_in_cpp import written
from translator.parts import Cut, Group, Item, Node, Part, Ported, annotated, launchable, launched
from translator.translate import Translator
from translator.unsaid import Unsaid

MOST_PARTS = 40
"""Nests of one function that are asked for."""


class Incomplete(Exception):
    """A part of the function is neither ported nor can it stay as it is."""


def by_parts(program: Program, way: Direction, translator: Translator, engine: Engine, sampling: Sampling) -> Program | None:
    """`program` in `way` (to CUDA or OpenMP) as its parts' ports, of which one at least is parallel; None where that cannot be."""
    if way.source.language != "fortran" or way.target.model not in ("cuda", "openmp") or way.target.language != "cpp":
        return None
    try:
        function = written(program)
        search = _Search(Cut(function), Direction(dialect("cpp"), way.target), translator, engine, sampling)
        nodes = search.nodes(function.body, {})
    except (Unsaid, SignatureError, Incomplete):
        return None
    if not search.found:
        return None
    text = launched(function, nodes) if way.target.model == "cuda" else annotated(function, nodes)
    return Program(way.target.name, program.name, text) if text else None


class _Search:
    def __init__(self, cut: Cut, way: Direction, translator: Translator, engine: Engine, sampling: Sampling) -> None:
        self._cut, self._way, self._translator, self._engine, self._sampling = cut, way, translator, engine, sampling
        self._cuda = way.target.model == "cuda"
        self.found = 0
        """Parts with a parallel port."""
        self._asked = 0

    def nodes(self, block: Block, scope: dict[str, str]) -> list[Node]:
        """A block's statements as what they become. Raises Incomplete."""
        units, known = [], dict(scope)
        for items in self._cut.units(block):
            is_nest = not isinstance(items[0], str)
            part = self._cut.part(items, known) if is_nest or any(self._cut.touches(str(item)) for item in items) else None
            units.append((items, known, part))
            known = self._cut.scope_of(items[-1], known) if not is_nest else known
        asked = [part for items, _, part in units if part is not None and any(_has_loop(item) for item in items)]
        ports = self._ports(asked)
        found: list[Node] = []
        for items, known, part in units:
            found += self._unit(items, known, part, ports.get(part.program.name) if part else None)
        return found

    def _unit(self, items: Sequence[Item], scope: dict[str, str], part: Part | None, port: Ported | None) -> list[Node]:
        if port is not None:
            self.found += 1
            return [port]
        if isinstance(items[0], str):
            if not self._cuda or not any(self._cut.touches(str(item)) for item in items):
                return [str(item) for item in items]
            return [self._alone(part)]
        if any(self._cut.touches(head) for head, _ in items) and self._cuda:
            return [self._alone(part)]
        if not any(_has_loop(item) for _, inner in items for item in inner.items):
            inside = any(self._cut.touches(str(item)) for _, inner in items for item in inner.items)
            return [self._alone(part)] if self._cuda and inside else self._as_it_is(items)
        return [Group(head, self.nodes(inner, self._cut.scope_of((head, inner), scope))) for head, inner in items]

    def _alone(self, part: Part | None) -> Ported:
        if part is None:
            raise Incomplete
        return Ported(part, part.one_thread)

    def _as_it_is(self, items: Sequence[Item]) -> list[Node]:
        return [item if isinstance(item, str) else Group(item[0], self._as_it_is(item[1].items)) for item in items]

    def _ports(self, parts: Sequence[Part]) -> dict[str, Ported]:
        """Parallel ports that were executed and found equivalent, by the part's name."""
        if not parts:
            return {}
        self._asked += len(parts)
        if self._asked > MOST_PARTS:
            raise Incomplete
        candidates = self._translator.propose([part.program for part in parts], self._way, self._sampling)
        pairs = [Pair(part.program, Program(self._way.target.name, part.program.name, c.text)) for part, c in zip(parts, candidates, strict=True)]
        self._engine.prepare(pairs)
        found: dict[str, Ported] = {}
        for part, pair in zip(parts, pairs, strict=True):
            verdict = self._engine.verify(pair)
            if verdict.outcome is Outcome.EQUIVALENT and not verdict.serial and bool(verdict.launch) == self._cuda and launchable(verdict.launch):
                found[part.program.name] = Ported(part, pair.target.text, verdict.launch)
        return found


def _has_loop(item: Item) -> bool:
    return not isinstance(item, str) and (item[0].startswith(("for", "while")) or any(_has_loop(each) for each in item[1].items))
