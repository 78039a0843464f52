"""Fields of a target's structure that its source's has not, or has as other whole numbers.

Contract: a target that defines a structure for itself may add fields (`float pad;`, a force that it
works out first): no caller sets them, so that they hold a pattern and are not compared. It may hold
a truth value or a whole number in a wider one. Names must tell both structures' other fields alike.

    pytest tests/gpu_runtime/test_field_mapping.py
"""

from __future__ import annotations

import numpy as np

from corpora.records import Parameter, Signature
from gpu_runtime.call.materialize import DTYPES
from gpu_runtime.call.parameter_names import normalize_name


def find_target_only_fields(source: Signature, target: Signature) -> dict[int, int]:
    """Map the index of each structure field that only the target has to the index of a source field
    of the same structure. Indices are places in each signature's parameters. Empty if there is no
    such field.
    """
    places = {normalize_name(p.name): i for i, p in enumerate(source.parameters) if _is_field(p)}
    beside: dict[str, int] = {}
    for p in target.parameters:
        if p.member and normalize_name(p.name) in places:
            beside.setdefault(p.member.owner, places[normalize_name(p.name)])
    return {
        j: beside[p.member.owner]
        for j, p in enumerate(target.parameters)
        if p.member
        and _is_field(p)
        and p.member.owner in beside
        and normalize_name(p.name) not in places
    }


def can_hold(source: Parameter, target: Parameter) -> bool:
    """Return whether the structure field `target` can hold every value of the field `source`: it is
    a wider integer of the same sign or, for a truth value, any integer. False if either is no
    field.
    """
    if (
        not (_is_field(source) and _is_field(target) and source.kind == target.kind)
        or target.type[0] not in "iu"
    ):
        return False
    wider = (
        source.type[0] == target.type[0]
        and DTYPES[source.type].itemsize < DTYPES[target.type].itemsize
    )
    return source.type == "bool" or wider


def make_unset_values(field: Parameter, beside: Parameter, value: np.ndarray) -> np.ndarray:
    """Return the values of a structure field that no caller sets: True for truth values, NaN for
    floating types, bytes 0xA5 for integers. A field that is an array, or belongs to an array of
    structures, gets shape (count,); else the result is a 0-d array.

    field: the parameter of that field. beside: another field of the same structure. value: the
        buffer of `beside`, which gives the number of structures.
    """
    structures = (
        value.size // beside.member.count
        if beside.member and beside.member.passing == "array"
        else 1
    )
    count = structures * field.member.count if field.member else structures
    dtype = DTYPES[field.type]
    pattern = (
        True
        if dtype.kind == "b"
        else np.nan
        if dtype.kind in "fc"
        else np.frombuffer(b"\xa5" * dtype.itemsize, dtype)[0]
    )
    return np.full(count if field.kind == "array" else (), pattern, dtype)


def _is_field(p: Parameter) -> bool:
    return p.member is not None and p.member.count > 0
