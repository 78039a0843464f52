"""Structures on their way to a program and back: their numbers lie in arrays of their own wherever
tests, comparison and binding see them.

Contract: `pack_signature` makes one parameter of bytes of those that belong to one structure
(`Parameter.member`); `pack_arguments` lays a call's numbers out as the program's structures do,
`unpack_execution` takes what came back apart. Back ends alone call them. Which numbers of a
structure a program touched is not told apart: what it touches of one it counts as touching of all.

    pytest tests/gpu_runtime/test_packing.py
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import groupby

import numpy as np

from corpora.records import Parameter, Signature
from gpu_runtime.backend import (
    Access,
    Arguments,
    Compiled,
    CompileRequest,
    Execution,
    Limits,
    Variant,
)
from gpu_runtime.call.materialize import DTYPES

_WIDE = {
    "f32": np.dtype(np.float64),
    "f64": np.dtype(np.longdouble),
    "c64": np.dtype(np.complex128),
    "c128": np.dtype(np.clongdouble),
}
BYTES = "u8"
Run = Callable[[Compiled, Sequence[Arguments], Limits], list[Execution]]


@lru_cache(maxsize=1024)
def _groups(signature: Signature) -> tuple[tuple[int, ...], ...]:
    """Places of parameters that are handed over as one, in order."""
    owners = [p.member.owner if _is_packed(p) else i for i, p in enumerate(signature.parameters)]
    return tuple(tuple(group) for _, group in groupby(range(len(owners)), key=owners.__getitem__))


def _is_packed(p: Parameter) -> bool:
    """Whether it is handed over in the bytes of a structure; one that holds pointers is put
    together where it is called.
    """
    return p.member is not None and not p.member.assembled


def has_structures(signature: Signature) -> bool:
    """Return whether a parameter is a field of a structure that is handed over as bytes. Structures
    with pointers are put together by the C++ text around the call instead.
    """
    return any(map(_is_packed, signature.parameters))


@lru_cache(maxsize=1024)
def pack_signature(signature: Signature) -> Signature:
    """Return the signature as the program itself has it: the fields of one structure become one
    parameter that holds the structure's bytes (an array of `u8`). `by_reference` marks a structure
    that is no array.
    """
    found = []
    for first, *_ in _groups(signature):
        p = signature.parameters[first]
        if p.member and _is_packed(p):
            one = p.member.passing in ("reference", "value")
            p = Parameter(
                p.member.owner,
                "array",
                BYTES,
                p.intent,
                by_reference=one,
                inner_extents=(p.member.bytes,),
            )
        found.append(p)
    return replace(signature, parameters=tuple(found))


def pack_requests(requests: Sequence[CompileRequest]) -> list[CompileRequest]:
    """Return the requests, in order, with signatures in which the fields of one structure are one
    parameter of bytes. Requests without structures come back unchanged.
    """
    return [
        replace(r, signature=pack_signature(r.signature)) if has_structures(r.signature) else r
        for r in requests
    ]


def pack_compiled(compiled: Compiled) -> Compiled:
    """Return `compiled` with a request whose signature has the fields of one structure as one
    parameter of bytes, as the function that runs packed calls needs it.
    """
    return replace(compiled, request=pack_requests([compiled.request])[0])


def restore_requests(
    made: Sequence[Compiled], requests: Sequence[CompileRequest]
) -> list[Compiled]:
    """Return `made`, the results of compiling `pack_requests(requests)`, each with its original
    request from `requests`. Both lists are in the same order.
    """
    return [
        replace(c, request=r) if c.request is not r else c
        for c, r in zip(made, requests, strict=True)
    ]


def run_packed(
    run: Run, compiled: Compiled, calls: Sequence[Arguments], limits: Limits
) -> list[Execution]:
    """Run a program with structures and return one result per call, whose values are in the fields'
    own arrays.

    run(compiled, calls, limits): runs packed calls, as ExecutionBackend.run. compiled, calls: the
        program and its calls, not yet packed. limits: of the process. Raises ValueError if two
        fields of one structure are to share storage.
    """
    done = run(
        pack_compiled(compiled), [pack_arguments(c, compiled.request) for c in calls], limits
    )
    return [unpack_execution(e, c, compiled.request) for e, c in zip(done, calls, strict=True)]


def pack_arguments(arguments: Arguments, request: CompileRequest) -> Arguments:
    """Return a call with the fields of each structure laid out as bytes. Fields with fewer elements
    than others of their structure are filled up with zeros.

    arguments: the call with one array per field. request: what the program was compiled from; its
        variant decides how wide numbers are. Raises ValueError if two fields of one structure are
        to share storage.
    """
    signature, wide = request.signature, request.variant is Variant.PRECISE
    groups = _groups(signature)
    place = {i: k for k, group in enumerate(groups) for i in group}
    aliases = tuple(dict.fromkeys((place[a], place[b]) for a, b in arguments.aliases))
    if any(a == b for a, b in aliases):
        raise ValueError("numbers of one structure cannot share storage")
    values, origins = [], []
    for group in groups:
        first = signature.parameters[group[0]]
        origin = arguments.origins[group[0]] if arguments.origins else 0
        if first.member and _is_packed(first):
            origin = origin // first.member.count * _size(signature, group, wide)
        values.append(
            _pack_structures(signature, group, arguments, wide)
            if _is_packed(first)
            else arguments.values[group[0]]
        )
        origins.append(origin)
    nulls = tuple(place[i] for i in arguments.nulls if not _is_packed(signature.parameters[i]))
    return replace(
        arguments,
        values=tuple(values),
        aliases=aliases,
        origins=tuple(origins) if arguments.origins else (),
        nulls=nulls,
    )


def _size(signature: Signature, group: Sequence[int], wide: bool) -> int:
    member = signature.parameters[group[0]].member
    return (member.wide_bytes if wide else member.bytes) if member and not member.assembled else 0


def _layout(signature: Signature, group: Sequence[int], wide: bool) -> np.dtype:
    formats, offsets = [], []
    for i in group:
        p = signature.parameters[i]
        if p.member is None:
            raise ValueError(f"'{p.name}' belongs to no structure")
        number = _WIDE.get(p.type, DTYPES[p.type]) if wide else DTYPES[p.type]
        formats.append((number, (p.member.count,)))
        offsets.append(p.member.wide_offset if wide else p.member.offset)
    return np.dtype(
        {
            "names": [str(i) for i in group],
            "formats": formats,
            "offsets": offsets,
            "itemsize": _size(signature, group, wide),
        }
    )


def _pack_structures(
    signature: Signature, group: Sequence[int], arguments: Arguments, wide: bool
) -> np.ndarray:
    """The bytes of as many structures as the longest of these arrays needs; the others are filled
    up with zeros.
    """
    layout = _layout(signature, group, wide)
    count = max(-(-arguments.values[i].size // layout[str(i)].shape[0]) for i in group)
    structures = np.zeros(count, layout)
    for i in group:
        value = arguments.values[i].reshape(-1)
        per = layout[str(i)].shape[0]
        whole = (
            value
            if value.size == count * per
            else np.concatenate([value, np.zeros(count * per - value.size, value.dtype)])
        )
        structures[str(i)] = whole.reshape(count, per)
    return structures.view(np.uint8)


def unpack_execution(execution: Execution, given: Arguments, request: CompileRequest) -> Execution:
    """Return the result of a packed call with one array per field again.

    execution: the result, with structures as bytes. given: the call before it was packed. request:
        what the program was compiled from, with one parameter per field.
    """
    signature, wide = request.signature, request.variant is Variant.PRECISE
    groups = _groups(signature)
    detail = _detail(execution.detail, signature, groups, wide)
    if not execution.values:
        return replace(execution, detail=detail)
    values: list[np.ndarray] = []
    accesses: list[Access] = []
    for k, group in enumerate(groups):
        is_structure = _is_packed(signature.parameters[group[0]])
        values += (
            _split_structure(execution.values[k], signature, group, given, wide)
            if is_structure
            else [execution.values[k]]
        )
        if execution.accesses:
            seen = execution.accesses[k]
            accesses += (
                [
                    _access(seen, signature.parameters[i], _size(signature, group, wide))
                    for i in group
                ]
                if is_structure
                else [seen]
            )
    return replace(execution, detail=detail, values=tuple(values), accesses=tuple(accesses))


def _split_structure(
    value: np.ndarray, signature: Signature, group: Sequence[int], given: Arguments, wide: bool
) -> list[np.ndarray]:
    structures = np.frombuffer(value.tobytes(), _layout(signature, group, wide))
    found = []
    for i in group:
        before = given.values[i]
        with np.errstate(all="ignore"):
            after = (
                structures[str(i)]
                .reshape(-1)[: before.size]
                .astype(before.dtype)
                .reshape(before.shape)
            )
        found.append(before if after.tobytes() == before.tobytes() else after)
    return found


def _access(seen: Access, p: Parameter, size: int) -> Access:
    """Elements of one number of the structures between these bytes."""
    if p.kind == "scalar" or p.member is None:
        return Access()
    count = p.member.count

    def first(byte: int | None) -> int | None:
        return None if byte is None else byte // size * count

    def last(byte: int | None) -> int | None:
        return None if byte is None else byte // size * count + count - 1

    return Access(
        first(seen.first_read), last(seen.last_read), first(seen.first_write), last(seen.last_write)
    )


PLACE = re.compile(r"argument (\d+) element (-?\d+)|element (-?\d+) of parameter '(\w+)'")
"""How the hooks and the guard pages say where a call left its arrays."""


def _detail(text: str, signature: Signature, groups: Sequence[Sequence[int]], wide: bool) -> str:
    """Places that the runner counted in bytes of structures, in structures."""
    of = {group[0]: group for group in groups if _is_packed(signature.parameters[group[0]])}
    named = {
        p.member.owner: group for i, group in of.items() if (p := signature.parameters[i]).member
    }

    def told(found: re.Match[str]) -> str:
        if found[1]:
            group = groups[int(found[1])] if int(found[1]) < len(groups) else ()
            size = _size(signature, group, wide) if group else 0
            return (
                f"argument {group[0] if group else found[1]} element "
                f"{int(found[2]) // size if size else found[2]}"
            )
        size = _size(signature, named[found[4]], wide) if found[4] in named else 0
        return f"element {int(found[3]) // size} of parameter '{found[4]}'" if size else found[0]

    return PLACE.sub(told, text) if text else text
