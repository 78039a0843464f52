"""Structure fields that only the target has, or that are wider there."""

from __future__ import annotations

import numpy as np
import pytest

from corpora.records import Program
from corpora.signatures.signature import read_signature
from gpu_runtime.backend import Arguments
from gpu_runtime.call.binding import BindingError, bind_parameters

SOURCE = "struct node { int start; short level; bool seen; float w[2]; };\n"


def bound(fields: str, taken: str = "node *p"):
    head = "void f(%s, int n) { p%sstart = n; }"
    by = "->" if "*" in taken else "[0]."
    source = read_signature(Program("cpp", "f", SOURCE + head % (taken, by)))
    return bind_parameters(
        source,
        read_signature(Program("cpp", "f", f"struct node {{ {fields} }};\n" + head % (taken, by))),
    )


@pytest.mark.parametrize(
    "fields",
    [
        "int start; short level; bool seen; float w[2]; int pad;",
        "double t[3]; int start; short level; bool seen; float w[2];",
    ],
)
def test_a_field_of_the_targets_own_is_unset_and_no_output(fields):
    binding = bound(fields, "node p[]")
    given = Arguments(
        (
            np.array([1, 2], np.int32),
            np.array([3, 4], np.int16),
            np.array([True, False]),
            np.ones(4, np.float32),
            np.array(2, np.int32),
        )
    )
    handed = binding.arguments(given)
    own = next(k for k, p in enumerate(binding.target.parameters) if p.name in ("p__pad", "p__t"))
    assert handed.values[own].size == (2 if "pad" in fields else 6) and (
        np.isnan(handed.values[own]).all()
        if "t[3]" in fields
        else (handed.values[own] < -1e9).all()
    )
    assert [v.tolist() for v in binding.outputs(handed.values, given)] == [
        v.tolist() for v in given.values
    ]


@pytest.mark.parametrize(
    "fields",
    [
        "long start; int level; int seen; float w[2];",
        "int start; short level; unsigned char seen; float w[2];",
    ],
)
@pytest.mark.parametrize("taken", ["node *p", "node p[]"])
def test_wider_whole_numbers(fields, taken):
    binding = bound(fields, taken)
    shape = () if taken == "node *p" else (1,)
    given = Arguments(
        (
            np.full(shape, -7, np.int32),
            np.full(shape, 3, np.int16),
            np.full(shape, True),
            np.ones(2, np.float32),
            np.array(1, np.int32),
        )
    )
    handed = binding.arguments(given)
    assert [int(v.reshape(-1)[0]) for v in handed.values[:3]] == [-7, 3, 1]
    assert [v.tolist() for v in binding.outputs(handed.values, given)] == [
        v.tolist() for v in given.values
    ]


@pytest.mark.parametrize(
    "fields",
    [
        "int start; char level; bool seen; float w[2];",
        "unsigned long start; short level; bool seen; float w[2];",
        "int start; short level; bool seen; double w[2];",
    ],
)
def test_unsuitable_fields_are_refused(fields):
    with pytest.raises(BindingError):
        bound(fields, "node p[]")
