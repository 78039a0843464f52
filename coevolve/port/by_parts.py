"""A port made of ports: a function's loop nests are asked for one by one, each is executed by
itself, and what stands is joined.

Contract: gives a proposal for a source that could be cut (C++, or Fortran that could be spelled in
C++), or None; it is judged as a whole by whoever asked. Where the answer for a nest does not stand,
its iterations are spread over threads by rule (translator.parallelize.propose), executed like an
answer. A nest of which no parallel port is found is opened: its loop stays serial and what is
inside is asked for. What cannot be opened, or has nothing parallel inside, is one thread's work in
CUDA, and stays as it is under OpenMP. `PortAssembly` leaves the asking to others, so that many
functions' nests can be asked for together.

    coevolve translate FILE.f90 --to cuda       (asks so where the whole function has no \\
        parallel port)
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from coevolve.loop.directions import has_outlined_ports
from coevolve.verification.engine import Engine, Pair
from corpora.dialects import Direction, get_dialect
from corpora.ir import For, If, Literal, Statement, While
from corpora.records import Outcome, Program, UnitTestSuite, Verdict
from corpora.signatures.signature import SignatureError
from gpu_runtime.models.protocol import Sampling
from tester.generate.lengths import choose_length, infer_lengths
from translator.normalize.c_tree import blocks_of, head_of, with_blocks
from translator.normalize.fortran.convert import convert_function
from translator.normalize.unsupported import UnsupportedConstruct
from translator.outline.array_bounds import find_array_lengths
from translator.outline.c_function import CppFunction
from translator.outline.count_serial_loops import count_serial_loops
from translator.outline.indirect_access import find_indirect_arrays
from translator.outline.outliner import OutlinedPart, Outliner, ResultPassing, has_loop
from translator.outline.parse_cpp import parse_function
from translator.outline.reassemble import (
    Node,
    PortedKernel,
    can_emit_launch,
    can_insert_port,
    emit_host_launcher,
    emit_single_kernel,
    insert_directives,
)
from translator.parallelize.propose import propose_kernels, propose_parallel_loops
from translator.prompting.translate import Translator

MAX_PARTS = 40
"""Nests of one function that are asked for."""


Answer = tuple[OutlinedPart, str, Verdict]
"""A nest, a port of it and what became of that."""


class IncompletePortError(Exception):
    """Raised while a port is put together from loop nests, where one nest has no port and cannot
    stay as it is. `PortAssembly` catches it: there is no port then.
    """


class PortAssembly:
    """Builds a port of one function from ports of its loop nests.

    program: the function. direction: of the port. suite: tests of the program, which give the
        lengths of arrays; CUDA from C++ needs them, else None.
    direction: that in which nests are asked for, from C++ to the given target dialect.
    asked: the nests for which ports must be made next, in `self.direction`; empty when no more are
        needed. `tell` takes the answers.
    made: the whole port as a Program, once `asked` is empty; None if there is none or nothing in it
        is parallel.
    Raises ValueError for a direction whose nests cannot be put together.
    """

    def __init__(self, program: Program, direction: Direction, suite: UnitTestSuite | None) -> None:
        """suite: tests of the program, from which follows how long arrays are; CUDA in C++ needs
        them.
        """
        if not has_outlined_ports(direction):
            raise ValueError(f"ports are not joined in the direction {direction}")
        self.direction = Direction(get_dialect("cpp"), direction.target)
        self.asked: list[OutlinedPart] = []
        self.made: Program | None = None
        self._program, self._cuda = program, direction.target.model == "cuda"
        self._work: Generator[list[OutlinedPart], Mapping[str, PortedKernel], list[Node]] | None = (
            None
        )
        try:
            function = _parse_source(program, direction)
            self._function = _resolve_lengths(function, suite) if self._cuda else function
        except (UnsupportedConstruct, SignatureError):
            return
        self._search = _Search(
            Outliner(
                self._function, ResultPassing.POINTERS if self._cuda else ResultPassing.RETURNED
            ),
            self._cuda,
        )
        self._work = self._search.nodes(self._function.body, {})
        self._go_on(None)

    def pair(self, part: OutlinedPart, text: str) -> Pair:
        """Return the pair (source and target) whose verdict decides whether a text is a port of a
        nest. It is judged on tests made by rules.

        part: the nest as a function of its own. text: of its port, a function of the same name in
            the target dialect.
        """
        return Pair(part.program, Program(self.direction.target.name, part.program.name, text))

    def propose_by_rule(self, answers: Sequence[Answer]) -> list[tuple[OutlinedPart, list[Pair]]]:
        """Return rule-made ports of the nests in `asked` that have no acceptable answer.

        answers: (part, text, verdict) of each judged answer: the nest, the text of a port of it,
            and the engine's verdict on that port. Returns (part, pairs to judge) for each such
            nest, in the order of `asked`; the pairs are best first, and there may be none.
        """
        ported = {
            part.program.name
            for part, text, verdict in answers
            if self.is_acceptable_port(part, text, verdict)
        }
        spread = propose_kernels if self._cuda else propose_parallel_loops
        return [
            (part, [self.pair(part, text) for text in spread(part)])
            for part in self.asked
            if part.program.name not in ported
        ]

    def tell(self, answers: Sequence[Answer]) -> None:
        """Take over the judged answers to the nests in `asked`, and update the attributes `asked`
        and `made`: the nests to ask for next, or the whole port when no more are needed.

        answers: (part, text, verdict) of each: the nest, the text of a port of it, and the engine's
            verdict on that port. The first acceptable answer for a nest is used. A nest without one
            is opened, so that the loops in it are asked for, or stays as it is.
        """
        standing = [
            (part, text, verdict)
            for part, text, verdict in answers
            if self.is_acceptable_port(part, text, verdict)
        ]
        self._go_on(
            {
                part.program.name: PortedKernel(part, text, verdict.launch)
                for part, text, verdict in reversed(standing)
            }
        )

    def is_acceptable_port(self, part: OutlinedPart, text: str, verdict: Verdict) -> bool:
        """Return whether `text` can be a part of the whole port. The text must be equivalent and
        parallel, and of a form that can be inserted: for CUDA a kernel with a launch plan, else a
        text in which no loop stays serial.

        part: the nest as a function of its own. text: of a port of it. verdict: on `text`.
        """
        if verdict.outcome is not Outcome.EQUIVALENT or verdict.serial:
            return False
        return (
            bool(verdict.launch) and can_emit_launch(verdict.launch)
            if self._cuda
            else can_insert_port(part, text) and not count_serial_loops(text)
        )

    def _go_on(self, ports: Mapping[str, PortedKernel] | None) -> None:
        self.asked = []
        try:
            self.asked = self._work.send(ports)
        except IncompletePortError:
            pass
        except StopIteration as end:
            if self._search.found:
                text = self._text(end.value)
                self.made = (
                    Program(self.direction.target.name, self._program.name, text) if text else None
                )

    def _text(self, nodes: list[Node]) -> str | None:
        if not self._cuda:
            return insert_directives(self._function, nodes)
        return emit_single_kernel(self._function, nodes) or emit_host_launcher(
            self._function, nodes
        )


def port_by_parts(
    program: Program,
    direction: Direction,
    translator: Translator,
    engine: Engine,
    sampling: Sampling,
) -> Program | None:
    """Ask for ports of a function's loop nests and return the port made of them.

    program: the function. direction: of the port. translator: writes ports of the nests. engine:
        judges each nest alone; the whole is not judged here. sampling: how many answers the
        Translator gives, and how they are drawn.
    Returns None if no nest gets a parallel port, if rules cannot split the function, or if ports in
    that direction are never put together from parts.
    """
    if not has_outlined_ports(direction):
        return None
    expectations = (
        engine.expectations(program).expectations if direction.target.model == "cuda" else None
    )
    joining = PortAssembly(program, direction, expectations.suite if expectations else None)
    while joining.asked:
        candidates = translator.propose(
            [part.program for part in joining.asked], joining.direction, sampling
        )
        pairs = [
            joining.pair(part, candidate.text)
            for part, candidate in zip(joining.asked, candidates, strict=True)
        ]
        engine.prepare(pairs)
        answers = [
            (part, pair.target.text, engine.verify(pair))
            for part, pair in zip(joining.asked, pairs, strict=True)
        ]
        for part, proposed in joining.propose_by_rule(answers):
            tried = ((part, pair.target.text, engine.verify(pair)) for pair in proposed)
            answers += islice(filter(lambda answer: joining.is_acceptable_port(*answer), tried), 1)
        joining.tell(answers)
    return joining.made


def _parse_source(program: Program, direction: Direction) -> CppFunction:
    """Raises UnsupportedConstruct and SignatureError."""
    return (
        convert_function(program)
        if direction.source.language == "fortran"
        else parse_function(program)
    )


def explain_not_outlined(program: Program, direction: Direction) -> str:
    """Return why rules cannot split the program into loop nests, in one line. Returns '' if they
    can, or if ports in that direction are never put together from parts.
    """
    try:
        if has_outlined_ports(direction):
            _parse_source(program, direction)
        return ""
    except (UnsupportedConstruct, SignatureError) as reason:
        return str(reason)


def _resolve_lengths(function: CppFunction, suite: UnitTestSuite | None) -> CppFunction:
    """`function` with the lengths of those arrays that its text does not say: what loops come to
    where tests agree, then what merely fits the tests, but not for arrays that data alone lead to,
    of which tests do not say how long they are.
    """
    if suite is None or all(array.count for array in function.arrays.values()):
        return function
    said, known, by_data = (
        find_array_lengths(function),
        infer_lengths(suite),
        find_indirect_arrays(function),
    )

    def length(name: str) -> str:
        return choose_length(suite, name, said.get(name, ())) or (
            "" if name in by_data else known.get(name, "")
        )

    return replace(
        function,
        arrays={
            name: array if array.count else replace(array, count=length(name))
            for name, array in function.arrays.items()
        },
    )


@dataclass(frozen=True, slots=True)
class _Unit:
    """Statements that stay together. scope: what is declared before them; after: what may come
    behind them.
    """

    items: Sequence[Statement]
    scope: dict[str, str]
    after: Sequence[Statement]
    part: OutlinedPart | None


Nodes = Generator[list[OutlinedPart], Mapping[str, PortedKernel], list[Node]]


class _Search:
    """Asks for parts by yielding them and is sent the ports that stand, by the parts' names."""

    def __init__(self, cut: Outliner, cuda: bool) -> None:
        self._cut, self._cuda = cut, cuda
        self.found = 0
        """Parts with a parallel port."""
        self._asked = 0

    def nodes(
        self, body: Sequence[Statement], scope: dict[str, str], after: Sequence[Statement] = ()
    ) -> Nodes:
        """A block's statements as what they become. after: what may come behind the block. Raises
        Incomplete.
        """
        units = self._units(
            self._cut.hoist_declarations(body) if self._cuda else tuple(body), scope, after
        )
        asked = [
            unit.part for unit in units if unit.part is not None and has_loop(tuple(unit.items))
        ]
        self._asked += len(asked)
        if self._asked > MAX_PARTS:
            raise IncompletePortError
        ports = (yield asked) if asked else {}
        found: list[Node] = []
        for unit in units:
            found += yield from self._unit(
                unit, ports.get(unit.part.program.name) if unit.part else None
            )
        return found

    def _units(
        self, body: Sequence[Statement], scope: dict[str, str], after: Sequence[Statement]
    ) -> list[_Unit]:
        units: list[_Unit] = []
        known, done = dict(scope), 0
        for items in self._cut.units(body):
            done += len(items)
            rest = [*body[done:], *after]
            is_nest = bool(blocks_of(items[0]))
            part = (
                self._cut.part(items, known, rest)
                if is_nest or self._cut.touches_array(tuple(items))
                else None
            )
            units.append(_Unit(items, known, rest, part))
            known = self._cut.scope_of(items[-1], known) if not is_nest else known
        return units

    def _unit(self, unit: _Unit, port: PortedKernel | None) -> Nodes:
        items = tuple(unit.items)
        if port is not None:
            self.found += 1
            return [port]
        blocks = blocks_of(items[0])
        if not blocks:
            if not self._cuda or not self._cut.touches_array(items):
                return list(items)
            return [self._alone(unit.part)]
        if self._cuda and self._cut.touches_array(_chained_heads(items[0])):
            return [self._alone(unit.part)]
        if not has_loop(blocks):
            inside = self._cut.touches_array(blocks)
            return [self._alone(unit.part)] if self._cuda and inside else list(items)
        return (yield from self._opened(unit))

    def _opened(self, unit: _Unit) -> Nodes:
        """A statement with blocks, each of which is opened."""
        before = self.found
        (statement,) = unit.items
        scope = self._cut.scope_of(statement, unit.scope)
        after = _find_following(statement, unit.after)
        opened = []
        for block in blocks_of(statement):
            if _goes_on(statement, block):  # an `else if` is opened with its `if`
                inside = yield from self._opened(_Unit(block, scope, after, None))
            else:
                inside = yield from self.nodes(block, scope, after)
            opened.append(tuple(inside))
        if self._cuda and self.found == before and unit.part is not None:
            return [self._alone(unit.part)]
        return [with_blocks(statement, opened)]

    def _alone(self, part: OutlinedPart | None) -> PortedKernel:
        if part is None:
            raise IncompletePortError
        return PortedKernel(part, part.one_thread)


def _goes_on(statement: Statement, block: Sequence[Statement]) -> bool:
    """Whether a block of a statement is an `else` that is one `if`."""
    chained = isinstance(statement, If) and block is statement.otherwise
    return chained and len(block) == 1 and isinstance(block[0], If)


def _chained_heads(statement: Statement) -> tuple[Any, ...]:
    """What a statement asks before one of its blocks is reached, with every `else if` of it."""
    heads = head_of(statement)
    while isinstance(statement, If) and _goes_on(statement, statement.otherwise):
        (statement,) = statement.otherwise
        heads += head_of(statement)
    return heads


def _find_following(statement: Statement, after: Sequence[Statement]) -> list[Statement]:
    """What may come behind a block of a statement: a loop's once more, or what is behind it."""
    match statement:
        case For():
            again = While(statement.test or Literal("1", "i32"), statement.body)
            return [*statement.step, again, *after]
        case While():
            return [statement, *after]
    return list(after)
