"""Which parameter of a target stands for which parameter of its source, across dialects.

Contract: names decide first (equal without case and trailing underscores, then without marks of
host and device), then order. A target may leave parameters out; one that the source lacks cannot be
bound. Compatible: same kind, same class (bool, signed, unsigned, float, complex) and width of
elements; integer scalars by value may differ in width and sign (the value is checked when it is
converted), float scalars in width. A scalar that its own dialect passes by reference and may change
(Fortran, C++ reference) may stand for a one-element array and back. What fields of structures a
target may add or widen is gpu_runtime.call.field_mapping's. A Fortran LOGICAL may be an int of C
(0, else true) where Fortran is the source. Integers that a target has more than a source with
assumed-shape arrays (Fortran `x(:)`) are their extents: the largest one's, those of vectors by name
(`nd` for d), else all in order; a target's assumed-shape matrix gets the shape that the source
declares. A source's table of rows may be one flat array in the target, rows one after the other, as
a device has it; not the other way round, where no row length is known. A source's array of complex
numbers may be one of reals of the same name, their parts in turn.

    python -c "from gpu_runtime.call.binding import bind_parameters; help(bind_parameters)"
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from corpora.records import Parameter, Signature
from gpu_runtime.backend import Arguments
from gpu_runtime.call.field_mapping import can_hold, find_target_only_fields, make_unset_values
from gpu_runtime.call.materialize import (
    DTYPES,
    evaluate_extents,
    is_assumed_shape,
    is_two_dimensional,
)
from gpu_runtime.call.parameter_names import is_length_of, normalize_name, strip_memory_space


class BindingError(ValueError):
    """The target's parameters cannot be filled from the source's. The message names the
    parameter.
    """


@dataclass(frozen=True, slots=True)
class Binding:
    """Which parameter of the source each parameter of the target stands for.

    source, target: the two signatures.
    sources[j]: the index of the source's parameter for target parameter j. The value -1 - k means
        that no parameter of the source has it, and that `extents[k]` says where it comes from.
    extents: (array index in the source, dimension from 0) for an extent that the target takes;
        (index in the source of another field of the same structure, -1) for a field that only the
        target has.
    """

    source: Signature
    target: Signature
    sources: tuple[int, ...]
    extents: tuple[tuple[int, int], ...] = ()

    def arguments(self, arguments: Arguments) -> Arguments:
        """Return the arguments of a call of the source rearranged for a call of the target. Raises
        BindingError if a scalar does not fit the target's type.
        """
        values = tuple(
            self._value(self._given(i, j, arguments), j) for j, i in enumerate(self.sources)
        )
        place = {i: j for j, i in enumerate(self.sources) if i >= 0}
        aliases = tuple(
            (place[a], place[b]) for a, b in arguments.aliases if a in place and b in place
        )
        origins = (
            tuple(arguments.origins[i] if i >= 0 else 0 for i in self.sources)
            if arguments.origins
            else ()
        )
        nulls = tuple(place[i] for i in arguments.nulls if i in place)
        return replace(arguments, values=values, aliases=aliases, origins=origins, nulls=nulls)

    def outputs(self, values: Sequence[np.ndarray], given: Arguments) -> tuple[np.ndarray, ...]:
        """Return the target's buffers in the source's order and shapes.

        values: the target's buffers after its call. given: the source's call. Parameters that the
            target lacks, or that both take by value, keep what was given.
        """
        result = list(given.values)
        for j, i in ((j, i) for j, i in enumerate(self.sources) if i >= 0):
            if not (
                _by_value(self.source.parameters[i]) and _by_value(self.target.parameters[j])
            ):  # a `bool` for 4 is 1
                result[i] = _restore_shape(np.asarray(values[j]), given.values[i])
        return tuple(result)

    def _given(self, i: int, j: int, arguments: Arguments) -> np.ndarray:
        """What target parameter j gets from the source's call: an extent, or a value in the shape
        that the target asks for.
        """
        if i < 0:
            array, dimension = self.extents[-1 - i]
            if dimension < 0:
                return make_unset_values(
                    self.target.parameters[j],
                    self.source.parameters[array],
                    arguments.values[array],
                )
            shape = arguments.values[array].shape
            return np.array(shape[dimension] if dimension < len(shape) else 1, np.int64)
        value = arguments.values[i]
        if value.ndim == 1 and _is_matrix(self.target.parameters[j]):
            scalars = {
                p.name.lower(): int(v)
                for p, v in zip(self.source.parameters, arguments.values, strict=True)
                if p.kind == "scalar" and v.dtype.kind in "iu"
            }
            extents = evaluate_extents(self.source.parameters[i].shape, scalars)
            if extents is None or extents[0] * extents[1] > value.size:
                raise BindingError(
                    f"the shape of '{self.target.parameters[j].name}' cannot be read off the "
                    f"source's declaration in this test"
                )
            return value[: extents[0] * extents[1]].reshape(extents)
        return value

    def _value(self, value: np.ndarray, j: int) -> np.ndarray:
        parameter = self.target.parameters[j]
        dtype = DTYPES[parameter.type]
        if (
            parameter.kind != "scalar"
            and value.dtype != dtype
            and value.dtype.itemsize == dtype.itemsize
        ):
            value = value.view(dtype)  # the same bits: only signedness may differ
        elif parameter.kind != "scalar" and value.dtype.kind == "c" and dtype.kind == "f":
            value = value.reshape(-1).view(dtype)  # real and imaginary parts in turn
        elif parameter.kind != "scalar" and value.dtype.kind in "biu":
            value = value.astype(dtype)  # LOGICAL as int; a field that is wider
        if parameter.kind != "scalar":
            return value if is_two_dimensional(parameter, value.ndim) else value.reshape(-1)
        scalar = value.reshape(())
        if {scalar.dtype.kind, dtype.kind} == {
            "i",
            "u",
        } and scalar.dtype.itemsize == dtype.itemsize:
            return scalar.view(dtype)  # as a call converts it
        with np.errstate(all="ignore"):
            converted = scalar.astype(dtype)
        if dtype.kind in "iu" and int(converted) != int(scalar):
            raise BindingError(
                f"the value {int(scalar)} does not fit '{parameter.name}' ({parameter.type}) of "
                f"the target"
            )
        return converted


def _by_value(parameter: Parameter) -> bool:
    return parameter.kind == "scalar" and not parameter.by_reference


def _restore_shape(value: np.ndarray, given: np.ndarray) -> np.ndarray:
    """In the shape and type of what the source was given; signedness and parts of complex numbers
    by reinterpretation, other widths by value.
    """
    if given.dtype.kind == "c" and value.dtype.kind == "f":
        value = np.ascontiguousarray(value.reshape(-1)).view(given.dtype)
    if value.size < given.size:  # the target was given no more than its shape holds
        whole = given.reshape(-1).copy()
        whole[: value.size] = _restore_shape(value, whole[: value.size])
        return whole.reshape(given.shape)
    if (
        value.dtype.itemsize == given.dtype.itemsize
        and value.dtype.kind in "iu"
        and given.dtype.kind in "iu"
    ):
        return value.reshape(given.shape).view(given.dtype)
    return value.reshape(given.shape).astype(given.dtype, copy=False)


def bind_parameters(source: Signature, target: Signature, signless: bool = False) -> Binding:
    """Return which parameter of `source` each parameter of `target` gets its value from, matched by
    name and then by order.

    signless: one language has no unsigned integers, so signed ones of the same width stand for
        them. Raises BindingError if a parameter of the target has no counterpart, or the two return
        values of different types.
    """
    if signless:
        bound = bind_parameters(
            _make_signed(source), _logical(_make_signed(source), _make_signed(target))
        )
        return Binding(source, target, bound.sources, bound.extents)
    try:
        bound = _bound(source, target)
    except BindingError:
        asked = {
            j: (i, -1) for j, i in find_target_only_fields(source, target).items()
        } or _asked_extents(source, target)
        if not asked:
            raise
        rest = iter(
            _bound(
                source,
                replace(
                    target,
                    parameters=tuple(p for j, p in enumerate(target.parameters) if j not in asked),
                ),
            ).sources
        )
        sources = tuple(
            -1 - list(asked).index(j) if j in asked else next(rest)
            for j in range(len(target.parameters))
        )
        bound = Binding(source, target, sources, tuple(asked.values()))
    for p, i in zip(target.parameters, bound.sources, strict=True):
        if (
            i >= 0
            and is_assumed_shape(p)
            and len(p.shape) > 1
            and not _has_shape(source.parameters[i], len(p.shape))
        ):
            raise BindingError(
                f"parameter '{p.name}' of the target takes its shape from the caller; the "
                f"source's array has none"
            )
    return bound


def _bound(source: Signature, target: Signature) -> Binding:
    chosen = _bind_by_name(source, target)
    free_targets = [j for j in range(len(target.parameters)) if j not in chosen]
    free_sources = [i for i in range(len(source.parameters)) if i not in chosen.values()]
    if (
        free_targets
        and (pairs := _bind_by_order(source, target, free_sources, free_targets)) is None
    ):
        # Names that agree by chance can hide a plain renaming of the whole list, so order alone is
        # tried before refusing.
        everything = range(len(source.parameters)), range(len(target.parameters))
        pairs = (
            _bind_by_order(source, target, *map(list, everything))
            if len(everything[0]) == len(everything[1])
            else None
        )
        if pairs is None:
            raise BindingError(_explain_ambiguity(source, target, free_sources, free_targets))
        chosen = {}
    if free_targets:
        chosen.update(pairs or {})
    if source.result and target.result and not _results_agree(source.result, target.result):
        raise BindingError(f"the target returns {target.result}, the source {source.result}")
    return Binding(source, target, tuple(chosen[j] for j in range(len(target.parameters))))


def _is_matrix(parameter: Parameter) -> bool:
    """Whether it is an array of two dimensions that takes them from its caller."""
    return is_assumed_shape(parameter) and len(parameter.shape) == 2


def _has_shape(parameter: Parameter, rank: int) -> bool:
    """Whether its shape is known when it is handed over: by its caller, or (two dimensions) by its
    declaration.
    """
    return len(parameter.shape) == rank and (rank == 2 or is_assumed_shape(parameter))


def _asked_extents(source: Signature, target: Signature) -> dict[int, tuple[int, int]]:
    """Target index to (source array, dimension): integers by value that only the target has; none
    where they cannot be told apart.
    """
    arrays = [(i, len(p.shape)) for i, p in enumerate(source.parameters) if is_assumed_shape(p)]
    names = {normalize_name(p.name) for p in source.parameters}
    extra = [
        j
        for j, p in enumerate(target.parameters)
        if p.kind == "scalar"
        and p.type[0] in "iu"
        and not _changes(p)
        and normalize_name(p.name) not in names
    ]
    if not arrays or not extra:
        return {}
    largest, rank = max(arrays, key=lambda a: a[1])
    whole = [(largest, d) for d in range(rank)]
    if rank > 1 and len(whole) == len(
        extra
    ):  # `nx, ny` are a matrix's, also where there are vectors x and y
        return dict(zip(extra, whole, strict=True))
    named = _lengths_by_name(source, target, extra)
    rest = [j for j in extra if j not in named]
    others = [(i, d) for i, rank in arrays for d in range(rank) if (i, d) not in named.values()]
    for places in ([] if whole[0] in named.values() else whole, others):
        if len(places) == len(rest):
            return named | dict(zip(rest, places, strict=True))
    return {} if rest else named


def _lengths_by_name(
    source: Signature, target: Signature, extra: Sequence[int]
) -> dict[int, tuple[int, int]]:
    """Of the target's integers `extra` those that are called a vector's length: `nd`, `d_len` and
    `len_d` for d.
    """
    found: dict[int, tuple[int, int]] = {}
    for i, p in enumerate(source.parameters):
        if is_assumed_shape(p) and len(p.shape) == 1:
            asking = [j for j in extra if is_length_of(target.parameters[j].name, p.name)]
            found |= {j: (i, 0) for j in asking if len(asking) == 1 and j not in found}
    return found


def _make_signed(signature: Signature) -> Signature:
    def signed(type_: str | None) -> str | None:
        return "i" + type_[1:] if type_ and type_[0] == "u" else type_

    return replace(
        signature,
        parameters=tuple(replace(p, type=signed(p.type)) for p in signature.parameters),
        result=signed(signature.result),
    )


def _logical(source: Signature, target: Signature) -> Signature:
    """The target with `bool` for every int that stands by name, or else by place, where the source
    has a LOGICAL.
    """
    flags = {normalize_name(p.name) for p in source.parameters if p.type == "bool"}
    if not flags:
        return target
    named = {normalize_name(p.name) for p in source.parameters}
    aligned = len(source.parameters) == len(target.parameters)

    def typed(i: int, p: Parameter) -> Parameter:
        stands = normalize_name(p.name) in flags or (
            aligned and normalize_name(p.name) not in named and source.parameters[i].type == "bool"
        )
        return replace(p, type="bool") if stands and p.type == "i32" else p

    return replace(target, parameters=tuple(typed(i, p) for i, p in enumerate(target.parameters)))


def _bind_by_name(source: Signature, target: Signature) -> dict[int, int]:
    """Target index to source index where names and types agree: equal names first, then
    bare ones.
    """
    chosen: dict[int, int] = {}
    for form in (normalize_name, strip_memory_space):
        places: dict[str, int] = {}
        for i, parameter in enumerate(source.parameters):
            if i not in chosen.values():
                places.setdefault(form(parameter.name), i)
        for j, parameter in enumerate(target.parameters):
            i = places.get(form(parameter.name)) if j not in chosen else None
            if (
                i is not None
                and i not in chosen.values()
                and is_compatible(source.parameters[i], parameter)
            ):
                chosen[j] = i
    return chosen


def _bind_by_order(
    source: Signature, target: Signature, sources: list[int], targets: list[int]
) -> dict[int, int] | None:
    """In order when the counts agree; with fewer targets, only where one ordered choice is
    possible.
    """
    if len(sources) == len(targets):
        pairs = dict(zip(targets, sources, strict=True))
        return (
            pairs
            if all(
                is_compatible(source.parameters[i], target.parameters[j]) for j, i in pairs.items()
            )
            else None
        )
    if len(sources) < len(targets):
        return None
    earliest = _greedy(source, target, sources, targets)
    latest = _greedy(source, target, sources[::-1], targets[::-1])
    return earliest if earliest == latest else None


def _greedy(
    source: Signature, target: Signature, sources: list[int], targets: list[int]
) -> dict[int, int] | None:
    pairs, rest = {}, iter(sources)
    for j in targets:
        found = next(
            (i for i in rest if is_compatible(source.parameters[i], target.parameters[j])), None
        )
        if found is None:
            return None
        pairs[j] = found
    return pairs


def is_compatible(source: Parameter, target: Parameter) -> bool:
    """Return whether a value of the parameter `source` can be handed to `target` without changing
    its meaning.
    """
    if source.kind == target.kind == "scalar":
        groups = {"i": "integer", "u": "integer", "b": "integer", "f": "float", "c": "complex"}
        if _changes(source) and _changes(target):
            return source.type == target.type or can_hold(source, target)
        return groups[source.type[0]] == groups[target.type[0]]
    if can_hold(source, target):
        return True
    if _is_complex_in_parts(source, target):
        return True
    if source.type != target.type:
        return False
    if source.kind == target.kind or (source.kind, target.kind) == ("rows", "array"):
        return True
    scalar, other = (source, target) if source.kind == "scalar" else (target, source)
    return scalar.kind == "scalar" and other.kind == "array" and scalar.by_reference


def _is_complex_in_parts(source: Parameter, target: Parameter) -> bool:
    """Whether an array of complex numbers is one of their real and imaginary parts in turn, as C
    without complex numbers has it.
    """
    plain = (
        source.kind == target.kind == "array"
        and not is_assumed_shape(target)
        and source.member is None
        and target.member is None
    )
    return (
        plain
        and (source.type, target.type) in (("c64", "f32"), ("c128", "f64"))
        and normalize_name(source.name) == normalize_name(target.name)
    )


def _changes(parameter: Parameter) -> bool:
    return parameter.by_reference and parameter.intent != "in"


def _results_agree(source: str, target: str) -> bool:
    groups = {"i": "integer", "u": "integer", "b": "integer", "f": "float", "c": "complex"}
    return groups[source[0]] == groups[target[0]]


def _explain_ambiguity(
    source: Signature, target: Signature, sources: list[int], targets: list[int]
) -> str:
    names = {normalize_name(p.name): p for p in source.parameters}
    for j in targets:
        parameter = target.parameters[j]
        same = names.get(normalize_name(parameter.name))
        if same is not None and not is_compatible(same, parameter):
            return (
                f"parameter '{parameter.name}' is {_format_parameter(parameter)} in the target, "
                f"{_format_parameter(same)} in the source"
            )
    for j in targets:
        if not any(is_compatible(source.parameters[i], target.parameters[j]) for i in sources):
            parameter = target.parameters[j]
            return (
                f"parameter '{parameter.name}' ({_format_parameter(parameter)}) of the target "
                f"has no "
                f"counterpart in the source"
            )
    listed = ", ".join(target.parameters[j].name for j in targets)
    return f"parameters {listed} of the target cannot be told apart: neither names nor order decide"


def _format_parameter(parameter: Parameter) -> str:
    return {"scalar": "{}", "array": "{}*", "rows": "{}**"}[parameter.kind].format(parameter.type)
