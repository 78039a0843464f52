"""What a program uses its scalars and arrays for, learnt by running it: sizes, flags, arrays of
indices.

Contract: `find_base_run` finds a first clean run on small inputs, `infer_roles` changes one input
of it at a time and sees what moves. Both only run the program. Same program, back end and window:
same roles, whatever the seed of the suite.

    pytest tests/tester/test_rules.py
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

from corpora.records import Fill, Signature
from corpora.suites.unit_tests import INTEGER_RANGES
from gpu_runtime.backend import Compiled, ExecutionBackend
from tester.generate.dictionary import read_dictionary
from tester.generate.extents import GeometryOf, ProbeResult, Sketch, exceeds_largest, probe_extents
from tester.generate.index_bounds import find_declared_bounds, find_index_bounds
from tester.generate.searches import KINDS, fill_without_match, find_longest_search
from tester.generate.sketches import (
    ParameterRoles,
    choose_assumed_extent,
    clip_to_type,
    draw_base_scalars,
    draw_contents,
)
from tester.generate.source_facts import (
    find_equal_sizes,
    find_large_bounds,
    find_loop_steps,
    find_repeat_counts,
    find_row_offsets,
    find_shift_amounts,
    find_text_arrays,
    is_flag,
    is_leading_dimension,
    is_pitch,
    may_contents_matter,
)
from tester.generate.source_tree import SourceTree, read_source
from tester.generate.states import draw_states, find_state_arrays


class NoSuiteError(ValueError):
    """No test could be made for the program. The message says why."""


class ProgramTooLargeError(NoSuiteError):
    """The program touched elements beyond every size that was tried."""


@dataclass(frozen=True, slots=True)
class TrialSetting:
    """What all trials of one program have in common.

    backend: what runs the program. compiled: its build as the RECORDED variant. signature: the
        program's. geometry_of(test): the launch of a bare kernel; None for a function.
    largest: most elements of one array. seed: of values and contents.
    pitches: names of scalars that are a row's length in bytes. letters: for each one-byte scalar
        that the text compares with characters, the codes of these.
    """

    backend: ExecutionBackend
    compiled: Compiled
    signature: Signature
    geometry_of: GeometryOf
    largest: int
    seed: int
    pitches: frozenset[str] = frozenset()
    letters: dict[str, tuple[int, ...]] = field(default_factory=dict)

    @property
    def source(self) -> SourceTree:
        """Return the program's tree, with the names that tests use."""
        return read_source(self.compiled.request.program, self.signature)


LAST_RESORT = 1 << 25
"""Elements of one array for programs whose sizes are constants of their text: two tests of such a
one may take half a minute.
"""


def _probe(setting: TrialSetting, sketches: Sequence[Sketch]) -> list[ProbeResult]:
    named = find_large_bounds(setting.source) if setting.largest == LAST_RESORT else ()
    return probe_extents(
        setting.backend,
        setting.compiled,
        sketches,
        setting.geometry_of,
        setting.largest,
        named=named,
    )


BASE_PROFILES = (
    "default",
    "default",
    "positive",
    "distinct",
    "sorted",
    "zero",
    "default",
    "positive",
)


FIRST_DRAWS = 8
"""Of these the one that touches most is taken where none touches every array."""


def find_base_run(setting: TrialSetting, count: int = 32) -> ProbeResult | None:
    """Return a run on small values without a bad memory access, which writes something and, of the
    runs tried, touches most arrays; None if none is found. count: most draws of scalars to try.
    """
    plain = _base_sketches(setting, count)
    enough = _count_arrays(setting) if setting.largest < LAST_RESORT else 0
    best = None
    hung = far = idle = 0
    for start, stop in (
        (0, 1),
        (1, FIRST_DRAWS),
        *((k, k + 8) for k in range(FIRST_DRAWS, len(plain), 8)),
    ):  # the first one nearly always does
        for found in _probe(setting, plain[start:stop]):
            best = _choose_fuller(best, found)
            hung += found.reason.startswith("timeout")
            idle += not found.reason
            far += exceeds_largest(found, setting.largest)
        if best and (stop >= FIRST_DRAWS or _count_touched(best) >= enough):
            break
        if (
            stop >= FIRST_DRAWS and hung >= 2 and not idle or far == stop == FIRST_DRAWS
        ):  # whatever the scalars, it goes on and on: its sizes are constants
            return best
    if best is None or _count_touched(best) < enough:
        for found in _probe(setting, _stated_sketches(setting, plain[:FIRST_DRAWS])):
            best = _choose_fuller(best, found)
    return best


def _base_sketches(setting: TrialSetting, count: int) -> list[Sketch]:
    signature = setting.signature
    sketches = []
    for turn, drawn in enumerate(draw_base_scalars(signature, setting.seed, count)):
        drawn = {**drawn, **{p: 256 for p in setting.pitches if p in drawn}}
        drawn |= {name: letters[turn % len(letters)] for name, letters in setting.letters.items()}
        fills = draw_contents(
            signature,
            ParameterRoles(),
            BASE_PROFILES[turn % len(BASE_PROFILES)],
            drawn,
            setting.seed + turn,
        )
        sketches.append(Sketch(drawn, fills, "base", choose_assumed_extent(drawn, signature, 0)))
    return sketches


def _stated_sketches(setting: TrialSetting, sketches: Sequence[Sketch]) -> list[Sketch]:
    """The sketches with states in those arrays whose elements the program compares with some; none
    where it does not.
    """
    states = find_state_arrays(setting.signature, setting.source)
    made = [
        draw_states(s.scalars, s.fills, states, turn, setting.seed + turn)
        for turn, s in enumerate(sketches)
        if states
    ]
    return [
        replace(s, scalars=scalars, fills=fills)
        for s, (scalars, fills) in zip(sketches, made, strict=False)
    ]


def _count_touched(found: ProbeResult) -> int:
    return sum(m.read or m.written for m in found.arrays.values())


def _count_arrays(setting: TrialSetting) -> int:
    return sum(p.kind != "scalar" for p in setting.signature.parameters)


def _choose_fuller(best: ProbeResult | None, found: ProbeResult) -> ProbeResult | None:
    """The one that touches more arrays, of those that ran clean and changed something; the earlier
    one where both touch as many.
    """
    if found.reason or not found.wrote:
        return best
    return found if best is None or _count_touched(found) > _count_touched(best) else best


_learnt: OrderedDict[tuple[str, str, int], ParameterRoles] = OrderedDict()


def infer_roles(setting: TrialSetting, plan: str) -> ParameterRoles:
    """Return what each scalar and array of the setting's program is used for, learnt by changing
    one at a time. plan: text of the launch plan of a kernel; '' for a function. The result is
    cached. Raises NoSuiteError if the program has no clean run: as ProgramTooLargeError, which is
    one, if larger arrays might help.
    """
    key = (setting.compiled.symbol, plan, setting.largest)
    if key not in _learnt:
        _learnt[key] = _roles(replace(setting, seed=0))
        while len(_learnt) > 256:
            _learnt.popitem(last=False)
    return _learnt[key]


def recall_roles(compiled: Compiled, plan: str, largest: int) -> ParameterRoles | None:
    """Return what `infer_roles` found in this process for a build under a launch plan; None if that
    was not called for them, or too long ago. largest: most elements of one array, as given then.
    Nothing is run.
    """
    return _learnt.get((compiled.symbol, plan, largest))


def _roles(setting: TrialSetting) -> ParameterRoles:
    """What each scalar and array is used for, learnt by changing it alone. Raises NoSuiteError."""
    source = setting.source
    base = find_base_run(setting)
    if base is None:
        complaint = explain_no_base_run(setting)
        wide = complaint.startswith("out_of_bounds") and setting.largest < LAST_RESORT
        raise (ProgramTooLargeError if wide else NoSuiteError)(
            f"the program runs clean on no small input: {complaint}"
        )
    scalars, fills = base.sketch.scalars, base.sketch.fills
    matter = may_contents_matter(source)
    trials: list[tuple[str, Sketch]] = []
    for p in setting.signature.parameters:
        if p.name in setting.letters:
            continue
        if p.kind == "scalar" and p.type in INTEGER_RANGES:
            own = int(scalars[p.name])  # type: ignore[arg-type]
            values = (own + 1, own + 2, -3, 1000) if p.type[0] == "i" else (own + 1, own + 2, 200)
            trials += [
                (
                    p.name,
                    Sketch(
                        {**scalars, p.name: min(v, INTEGER_RANGES[p.type][1])},
                        fills,
                        "",
                        base.sketch.side,
                    ),
                )
                for v in values
            ]
        elif p.kind != "scalar" and matter:
            wide = [
                Fill("integers", (-99, 99), 1),
                Fill("integers", (-9999, 9999), 2),
                Fill("constant", (0,)),
            ]
            trials += [
                (p.name, Sketch(scalars, {**fills, p.name: fill}, "", base.sketch.side))
                for fill in wide
            ]
    arrays = {p.name for p in setting.signature.parameters if p.kind != "scalar"}
    far = [
        (kind, fill_without_match(base.sketch, kind, setting.signature))
        for kind in KINDS
        if arrays and matter
    ]
    probes = _probe(setting, [sketch for _, sketch in [*trials, *far]])
    extents = {n: m.extents for n, m in base.arrays.items()}
    bound: set[str] = set()
    stepped: set[str] = set()  # moved by the next larger values already: no truth value
    counts = find_repeat_counts(setting.signature, source)
    for (name, sketch), found in zip(trials, probes[: len(trials)], strict=True):
        if found.reason or {n: m.extents for n, m in found.arrays.items()} != extents:
            drawn = int(sketch.scalars.get(name, 0))  # type: ignore[arg-type]
            if name in counts and (drawn <= 0 or found.reason.startswith("timeout")):
                # none at all, or more than are waited for, say nothing of how long arrays are
                continue
            bound.add(name)
            stepped |= {name} if drawn - int(scalars.get(name, 0)) in (1, 2) else set()  # type: ignore[arg-type]
    bound -= _find_searched_arrays(trials, probes, extents) & arrays
    gates = _find_gates(setting, trials, probes) & bound
    bound -= gates
    reached = {
        kind: _extents(found)
        for (kind, _), found in zip(far, probes[len(trials) :], strict=True)
        if not found.reason
    }
    others = [
        _extents(found)
        for (name, _), found in zip(trials, probes, strict=False)
        if name in arrays and not found.reason
    ]
    searches = find_longest_search(reached, [extents, *others])
    if searches[0]:
        bound |= _find_lengthening_scalars(
            setting, dict(far)[searches[0][0]], reached[searches[0][0]], bound
        )
    flags = {
        p.name
        for p in setting.signature.parameters
        if p.kind == "scalar" and is_flag(p.name, source)
    } - stepped
    compared = {
        scalar
        for state in find_state_arrays(setting.signature, source).values()
        for scalar in state.scalars
    }
    declared = find_declared_bounds(setting.signature, source)
    declared = {name: bounds for name, bounds in declared.items() if name in bound}
    bound |= {size for _, size in declared.values()}
    sizes = frozenset(bound - arrays - flags - compared - setting.pitches)
    leading = (
        frozenset(name for name in sizes if is_leading_dimension(name, source))
        if len(sizes) > 1
        else frozenset()
    )
    roles = ParameterRoles(
        sizes,
        frozenset(flags),
        frozenset(bound & arrays),
        setting.pitches,
        setting.letters,
        dict(scalars),
        find_text_arrays(setting.signature, source),
        *searches,
        leading,
        find_loop_steps(setting.signature, source),
        find_row_offsets(frozenset(bound & arrays), source),
        shifts=find_shift_amounts(setting.signature, source),
        alike=find_equal_sizes(setting.signature, source),
        counts=counts - bound - flags - compared,
        within={name: size for name, (_, size) in declared.items() if size in sizes},
        from_one=frozenset(n for n, (first, size) in declared.items() if first and size in sizes),
        gates=frozenset(gates),
        emptied={name: _find_emptied(name, base, trials, probes) for name in sizes},
    )
    return find_index_bounds(
        setting.backend,
        setting.compiled,
        setting.signature,
        setting.geometry_of,
        setting.largest,
        roles,
    )


def _find_emptied(
    size: str,
    base: ProbeResult,
    trials: Sequence[tuple[str, Sketch]],
    probes: Sequence[ProbeResult],
) -> frozenset[str]:
    """Arrays that have no element where `size` alone is zero: all, but for those that stay as long
    or grow in steps that leave something, as far as one and two elements more show.
    """
    own = int(base.sketch.scalars[size])  # type: ignore[arg-type]
    steps = {
        int(sketch.scalars[size]) - own: found.arrays  # type: ignore[arg-type]
        for (name, sketch), found in zip(trials, probes, strict=False)
        if name == size and not found.reason
    }
    left = set()
    for name, measured in base.arrays.items():
        if 1 in steps and 2 in steps:
            found = (measured, steps[1][name], steps[2][name])
            first, second, third = (math.prod(m.extents) for m in found)
            if third - second == second - first and first > own * (second - first):
                left.add(name)
    return frozenset(base.arrays.keys() - left)


def _find_lengthening_scalars(
    setting: TrialSetting,
    sketch: Sketch,
    extents: dict[str, tuple[int, ...]],
    known: Collection[str],
) -> set[str]:
    """Scalars that let a search go further on contents on which it goes on to the end: on others it
    ended before it came to what they bound.
    """
    free = [
        p
        for p in setting.signature.parameters
        if p.kind == "scalar"
        and p.type in INTEGER_RANGES
        and p.name not in known
        and p.name not in setting.letters
    ]
    larger = [
        replace(
            sketch,
            scalars=sketch.scalars | {p.name: clip_to_type(int(sketch.scalars[p.name]) + 1, p)},
        )
        for p in free
    ]  # type: ignore[arg-type]
    probes = _probe(setting, larger) if larger else []
    grown = (
        not found.reason and any(e > extents[name] for name, e in _extents(found).items())
        for found in probes
    )
    return {p.name for p, more in zip(free, grown, strict=True) if more}


def _extents(found: ProbeResult) -> dict[str, tuple[int, ...]]:
    return {name: measured.extents for name, measured in found.arrays.items()}


def _find_searched_arrays(
    trials: Sequence[tuple[str, Sketch]],
    probes: Sequence[ProbeResult],
    extents: dict[str, tuple[int, ...]],
) -> set[str]:
    """Arrays whose contents decide how far they themselves are read and on no contents lead out of
    any array: searched, not indices.
    """
    ran = list(zip((name for name, _ in trials), probes, strict=False))
    left = {name for name, found in ran if found.reason}
    return {
        name
        for name, found in ran
        if name in extents and name not in left and _extents(found)[name] != extents[name]
    }


def _find_gates(
    setting: TrialSetting,
    trials: Sequence[tuple[str, Sketch]],
    probes: Sequence[ProbeResult],
) -> set[str]:
    """Arrays of reals that lead out of no array on any contents and are not made whole numbers:
    they decide whether others are read (`if (v[i] <= limit) sum += m[i]`), and are no indices.
    """
    uses = read_dictionary(setting.source, setting.signature).uses
    left = {
        name for (name, _), found in zip(trials, probes[: len(trials)], strict=True) if found.reason
    }
    return {
        p.name
        for p in setting.signature.parameters
        if p.kind != "scalar" and p.type[0] == "f" and p.name not in left
        if not uses[p.name].rounded
    }


def find_pitches(signature: Signature, source: SourceTree) -> frozenset[str]:
    """Return the names of the integer scalars that are the length of an array's row in bytes.
    source: the program's tree.
    """
    return frozenset(
        p.name
        for p in signature.parameters
        if p.kind == "scalar" and p.type in INTEGER_RANGES and is_pitch(p.name, source)
    )


def explain_no_base_run(setting: TrialSetting) -> str:
    """Return in one line why the program has no run that changes an output and makes no bad memory
    access.
    """
    plain = _base_sketches(setting, FIRST_DRAWS)
    reasons = [
        found.reason for found in _probe(setting, [plain[0], *_stated_sketches(setting, plain)])
    ]
    return next((reason for reason in reasons if reason), "it changes nothing")
