"""Whether the iterations of a loop can run at once, and what that needs.

| kind | meaning |
| --- | --- |
| `parallel` | iterations are independent, with the private variables named |
| `reduction` | the same, once the reductions named are made |
| `atomic` | iterations update the same elements by an associative operator: atomics, or copies |
| `scan` | a running value is read on the way: a prefix sum or compaction |
| `carried` | an iteration needs an earlier one: the dependence is named |
| `unsupported` | it is not known: the construct is named |

A verdict holds under its `assumptions`: arrays that the language lets overlap do not.

    python -c "from corpora.analysis import parallel; help(parallel.classify_loop)"
"""

from __future__ import annotations

from dataclasses import dataclass, field

from corpora.analysis.accesses import facts_of, rank_of
from corpora.analysis.aliasing import may_overlap
from corpora.analysis.dependence import Dependence, array_dependences
from corpora.analysis.facts import ArrayAccess, FunctionFacts, LoopFacts, ScalarAccess
from corpora.analysis.privatizable import Private, private_array, private_scalar
from corpora.analysis.reasons import Reason
from corpora.analysis.reductions import (
    Reduction,
    array_reduction,
    array_scan,
    position_of,
    same_elements,
    scalar_reduction,
    scalar_scan,
)
from corpora.ir import For, Function, PointerType, ReferenceType, TranslationUnit, While

KINDS = ("parallel", "reduction", "atomic", "scan", "carried", "unsupported")
_EVERYWHERE = ("GOTO", "ADDRESS", "REFERENCE", "POINTER", "JUMP", "VOLATILE", "EQUIVALENCE")


@dataclass(frozen=True, slots=True)
class LoopVerdict:
    """Whether the iterations of a loop can run at once.

    kind: `parallel` (independent), `reduction`, `atomic` (shared updates), `scan` (a running value
        is read), `carried` (needs an earlier iteration) or `unsupported`.
    reasons: what prevents it, most severe first; () for `parallel`.
    private: variables that each iteration needs its own of. reductions: to be made. inductions:
        keys of variables with a closed form. dependences: carried ones that remain.
    assumptions: what must hold besides, such as two arrays that do not overlap; (): nothing.
    """

    kind: str
    reasons: tuple[Reason, ...] = ()
    private: tuple[Private, ...] = ()
    reductions: tuple[Reduction, ...] = ()
    inductions: tuple[str, ...] = ()
    dependences: tuple[Dependence, ...] = ()
    assumptions: tuple[Reason, ...] = ()

    @property
    def reason(self) -> Reason | None:
        """Return the most severe reason against running the iterations at once; None if there is
        none.
        """
        return self.reasons[0] if self.reasons else None


@dataclass(slots=True)
class _Findings:
    """What is gathered about a loop. obstacles: (kind, reason)."""

    obstacles: list[tuple[str, Reason]] = field(default_factory=list)
    private: list[Private] = field(default_factory=list)
    reductions: list[Reduction] = field(default_factory=list)
    inductions: list[str] = field(default_factory=list)
    dependences: list[Dependence] = field(default_factory=list)
    assumptions: list[Reason] = field(default_factory=list)


def classify_loop(
    loop: For | While, function: Function, unit: TranslationUnit | None = None
) -> LoopVerdict:
    """Return the verdict on whether the iterations of one loop of `function` can run at once. unit:
    the text around it, None if there is none. Raises KeyError if the loop is not in the function.
    """
    facts = facts_of(function, unit)
    return judge_loop(facts.loop_of(loop), facts)


def classify_loops(
    function: Function, unit: TranslationUnit | None = None
) -> list[tuple[LoopFacts, LoopVerdict]]:
    """Return (facts, verdict) of every loop of a function, outer ones first; the verdict says
    whether the iterations can run at once. unit: the text around it, None if there is none.
    """
    facts = facts_of(function, unit)
    return [(loop, judge_loop(loop, facts)) for loop in facts.loops]


def judge_loop(loop: LoopFacts, facts: FunctionFacts) -> LoopVerdict:
    """Return the verdict on whether the iterations of a loop can run at once. facts: of the loop's
    function.
    """
    found = _Findings()
    _find_control(loop, facts, found)
    _find_scalars(loop, facts, found)
    _find_arrays(loop, facts, found)
    _find_overlaps(loop, facts, found)
    obstacles = sorted(found.obstacles, key=lambda o: -KINDS.index(o[0]))
    kind = obstacles[0][0] if obstacles else "parallel"
    return LoopVerdict(
        kind,
        tuple(reason for _, reason in obstacles),
        tuple(found.private),
        tuple(found.reductions),
        tuple(found.inductions),
        tuple(found.dependences),
        tuple(found.assumptions),
    )


def _find_control(loop: LoopFacts, facts: FunctionFacts, found: _Findings) -> None:
    for effect in facts.effects:
        if loop.id in effect.loops or effect.reason.code in _EVERYWHERE:
            found.obstacles.append(("unsupported", effect.reason))
    found.obstacles += [("unsupported", reason) for reason in loop.exits]
    if isinstance(loop.range, Reason):
        found.obstacles.append(("unsupported", loop.range))
    elif not loop.range.exact:
        place = getattr(loop.node, "head", None) or loop.node.span
        sentence = "the loop's test asks for more than its counter"
        found.obstacles.append(("unsupported", Reason("EARLY_EXIT", sentence, (), place)))


def _find_scalars(loop: LoopFacts, facts: FunctionFacts, found: _Findings) -> None:
    groups: dict[str, list[ScalarAccess]] = {}
    for access in facts.scalars:
        if loop.id in access.loops and access.variable != loop.variable:
            groups.setdefault(access.variable, []).append(access)
    positions: dict[str, list[str]] = {}
    order: dict[str, bool] = {}
    for key, accesses in groups.items():
        variable = facts.variable(key)
        if all(a.kind == "read" for a in accesses) or variable is None:
            continue
        if loop.id in variable.loops and variable.storage == "local":
            continue
        if (position := position_of(key, accesses)) is not None:
            positions.setdefault(position[0], []).append(key)
            order[position[0]] = position[2]
            continue
        _judge_scalar(key, accesses, loop, facts, found)
    _attach_positions(positions, order, found)


def _judge_scalar(
    key: str, accesses: list[ScalarAccess], loop: LoopFacts, facts: FunctionFacts,
    found: _Findings,
) -> None:  # fmt: skip
    private = private_scalar(key, accesses, loop, facts)
    name = getattr(facts.variable(key), "name", key)
    span = next((a.span for a in accesses if a.kind != "read"), None)
    if isinstance(private, Private):
        found.private.append(private)
    elif isinstance(private, Reason):
        found.obstacles.append(("carried", private))
    elif key in dict(loop.inductions):
        found.inductions.append(key)
    elif (reduction := scalar_reduction(key, accesses)) is not None:
        found.reductions.append(reduction)
        sentence = f"`{name}` is reduced by `{reduction.operator}`"
        found.obstacles.append(("reduction", Reason("REDUCTION", sentence, (name,), span)))
    elif (operator := scalar_scan(accesses)) is not None:
        sentence = f"`{name}` is a running `{operator}` that is read on the way"
        found.obstacles.append(("scan", Reason("SCAN", sentence, (name,), span)))
    else:
        sentence = f"`{name}` carries a value from one iteration to the next"
        found.obstacles.append(("carried", Reason("SCALAR", sentence, (name,), span)))


def _attach_positions(
    positions: dict[str, list[str]], order: dict[str, bool], found: _Findings
) -> None:
    for owner, keys in positions.items():
        at = next((i for i, r in enumerate(found.reductions) if r.variable == owner), None)
        if at is None:
            sentence = f"`{keys[0]}` keeps a place of `{owner}`, which is not reduced"
            found.obstacles.append(("carried", Reason("SCALAR", sentence, tuple(keys))))
            continue
        old = found.reductions[at]
        found.reductions[at] = Reduction(
            old.variable, old.operator, old.array, old.indirect, tuple(keys), order[owner]
        )


def _find_arrays(loop: LoopFacts, facts: FunctionFacts, found: _Findings) -> None:
    groups: dict[str, list[ArrayAccess]] = {}
    for access in facts.accesses:
        variable = facts.variable(access.array)
        own = variable is not None and loop.id in variable.loops and variable.storage == "local"
        if loop.id in access.loops and not own:
            groups.setdefault(access.array, []).append(access)
    for array, accesses in groups.items():
        if not any(a.writes for a in accesses):
            continue
        dependences = array_dependences(accesses, loop)
        if dependences:
            _judge_array(array, accesses, dependences, loop, facts, found)


def _judge_array(
    array: str, accesses: list[ArrayAccess], dependences: list[Dependence], loop: LoopFacts,
    facts: FunctionFacts, found: _Findings,
) -> None:  # fmt: skip
    reduction = array_reduction(accesses, loop)
    if reduction is not None and not array.startswith("*"):
        found.reductions.append(reduction)
        kind = "reduction" if same_elements(accesses, loop) else "atomic"
        sentence = f"elements of `{array}` are updated by `{reduction.operator}`"
        reason = Reason("UPDATES", sentence, (array,), accesses[0].span)
        found.obstacles.append((kind, reason))
    elif (private := private_array(array, loop, facts)) is not None:
        found.private.append(private)
    elif (operator := array_scan(dependences, loop, facts)) is not None:
        sentence = f"`{array}` is a running `{operator}` along the loop"
        reason = Reason("SCAN", sentence, (array,), accesses[0].span)
        found.obstacles.append(("scan", reason))
        found.dependences += dependences
    elif (counter := _compacted(accesses, loop, facts)) is not None:
        sentence = f"`{array}` is filled at `{counter}`, which counts what was kept"
        reason = Reason("COMPACTION", sentence, (array, counter), accesses[0].span)
        found.obstacles.append(("scan", reason))
    else:
        ranked = sorted(dependences, key=lambda d: (d.affine, d.distance is None, d.kind != "flow"))
        first = ranked[0]
        found.obstacles.append(("carried" if first.affine else "unsupported", first.reason()))
        found.dependences += dependences


def _compacted(accesses: list[ArrayAccess], loop: LoopFacts, facts: FunctionFacts) -> str | None:
    """The variable of `out[k++] = e`, the only access to `out`: k grows with each write."""
    if len(accesses) != 1 or accesses[0].kind != "write" or len(accesses[0].indices) != 1:
        return None
    symbol = accesses[0].indices[0].as_symbol() if accesses[0].indices[0] is not None else None
    key = symbol.name.partition("#")[0] if symbol is not None else ""
    changes = [
        s for s in facts.scalars if s.variable == key and loop.id in s.loops and s.kind != "read"
    ]
    if len(changes) != 1 or changes[0].operator != "+" or loop.id not in symbol.loops:
        return None
    mine = tuple(g for g in accesses[0].guards if g.loop is None)
    theirs = tuple(g for g in changes[0].guards if g.loop is None)
    same = changes[0].loops == accesses[0].loops and mine == theirs
    return key if same else None


def _find_overlaps(loop: LoopFacts, facts: FunctionFacts, found: _Findings) -> None:
    inside = [a for a in facts.accesses if loop.id in a.loops]
    written = dict.fromkeys(a.array for a in inside if a.writes)
    used = dict.fromkeys(a.array for a in inside)
    said: set[frozenset[str]] = set()
    for first in written:
        for second in used:
            pair = frozenset((first, second))
            if first == second or pair in said or not may_overlap(facts, first, second):
                continue
            said.add(pair)
            names = tuple(sorted(n.lstrip("*") for n in pair))
            if any(name.startswith("*") for name in pair):
                sentence = f"what `{names[0]}` and `{names[1]}` point to is not known"
                reason = Reason("UNKNOWN_POINTER", sentence, names)
                found.obstacles.append(("unsupported", reason))
            else:
                sentence = f"`{names[0]}` and `{names[1]}` do not overlap"
                found.assumptions.append(Reason("NO_OVERLAP", sentence, names))
    changed = {s.variable for s in facts.scalars if loop.id in s.loops and s.kind != "read"}
    for key in sorted(changed):
        variable = facts.variable(key)
        if variable is None or not isinstance(variable.type, ReferenceType):
            continue
        for second in used:
            if may_overlap(facts, key, second):
                sentence = f"`{key}` is no element of `{second}`"
                found.assumptions.append(Reason("NO_OVERLAP", sentence, (key, second)))
    for array in written:
        variable = facts.variable(array)
        type_ = getattr(variable, "type", None)
        if (
            isinstance(type_, PointerType)
            and isinstance(type_.to, PointerType)
            and rank_of(type_) > 1
        ):
            sentence = f"rows of `{array}` do not overlap"
            found.assumptions.append(Reason("ROWS_APART", sentence, (array,)))
