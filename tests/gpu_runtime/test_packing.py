"""Numbers of structures on their way to a program and back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from corpora.records import Program
from corpora.signatures.signature import read_signature
from gpu_runtime.backend import Access, Arguments, CompileRequest, Execution, Status, Variant
from gpu_runtime.call.packing import pack_arguments, pack_signature, unpack_execution
from gpu_runtime.emulation.backend import EmulatedBackend

TEXT = (
    "struct item { char tag; double w[2]; int id; };\nvoid f(int n, item *a, const item "
    "&b, float *x) { for (int i = 0; i < n; i++) { a[i].w[1] += a[i].id * b.w[0]; a[i].id "
    "= a[i].tag; } }"
)
PROGRAM = Program("cpp", "f", TEXT)
SIGNATURE = read_signature(PROGRAM)


def call(n, short=0):
    """The last of a's arrays may be some elements short."""
    return Arguments(
        (
            np.array(n, np.int32),
            np.arange(n, dtype=np.int8),
            np.linspace(0, 1, 2 * n),
            np.arange(n - short, dtype=np.int32) + 5,
            np.array(7, np.int8),
            np.array([2.0, 3.0]),
            np.array(9, np.int32),
            np.zeros(3, np.float32),
        )
    )


def test_one_parameter_of_bytes_stands_for_a_structure():
    found = pack_signature(SIGNATURE).parameters
    assert [(p.name, p.type, p.kind, p.by_reference) for p in found] == [
        ("n", "i32", "scalar", False),
        ("a", "u8", "array", False),
        ("b", "u8", "array", True),
        ("x", "f32", "array", False),
    ]
    assert found[1].inner_extents == (32,)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 9), st.integers(0, 3), st.sampled_from((Variant.PLAIN, Variant.PRECISE)))
def test_what_is_packed_comes_back(n, short, variant):
    request = CompileRequest(PROGRAM, SIGNATURE, variant)
    given_, size = call(n, min(short, n)), 64 if variant is Variant.PRECISE else 32
    made = pack_arguments(given_, request)
    assert [v.size for v in made.values] == [1, n * size, size, 3]
    back = unpack_execution(Execution(Status.OK, values=made.values), given_, request)
    assert all(a is b for a, b in zip(back.values, given_.values, strict=True))


def test_origins_are_whole_structures_and_touched_bytes_are_elements():
    request = CompileRequest(PROGRAM, SIGNATURE)
    given_ = call(8)
    given_ = Arguments(given_.values, origins=(0, 4, 8, 4, 0, 0, 0, 1))
    assert pack_arguments(given_, request).origins == (0, 128, 0, 1)
    seen = (Access(), Access(0, 31, 96, 127), Access(0, 31, None, None), Access(1, 2, None, None))
    back = unpack_execution(
        Execution(Status.OK, values=pack_arguments(given_, request).values, accesses=seen),
        given_,
        request,
    )
    assert (
        back.accesses[1] == Access(0, 0, 3, 3)
        and back.accesses[2] == Access(0, 1, 6, 7)
        and back.accesses[4] == Access()
        and back.accesses[5] == Access(0, 1, None, None)
    )


def test_places_in_structures_are_named():
    request = CompileRequest(PROGRAM, SIGNATURE)
    for said, told in (
        ("argument 1 element 70", "argument 1 element 2"),
        ("argument 3 element 5", "argument 7 element 5"),
        ("element -3 of parameter 'a'", "element -1 of parameter 'a'"),
        ("element 9 of parameter 'x'", "element 9 of parameter 'x'"),
    ):
        assert (
            unpack_execution(
                Execution(Status.OUT_OF_BOUNDS, f"read of {said}"), call(1), request
            ).detail
            == f"read of {told}"
        )


def test_numbers_of_one_structure_share_no_storage():
    with pytest.raises(ValueError, match="share storage"):
        pack_arguments(
            Arguments(call(2).values, aliases=((1, 3),)), CompileRequest(PROGRAM, SIGNATURE)
        )


@pytest.mark.parametrize(
    "variant",
    [Variant.PLAIN, Variant.SANITIZED, Variant.PRECISE, Variant.REASSOCIATED, Variant.RECORDED],
)
def test_every_build_sees_the_same_numbers(variant):
    backend = EmulatedBackend()
    compiled = backend.compile([CompileRequest(PROGRAM, SIGNATURE, variant)])[0]
    assert compiled.ok and compiled.request.signature is SIGNATURE, compiled.diagnostics
    (done,) = backend.run(compiled, [call(4)])
    assert done.status is Status.OK, done.detail
    w = np.linspace(0, 1, 8)
    w[1::2] += (np.arange(4) + 5) * 2.0
    assert np.allclose(done.values[2], w) and done.values[3].tolist() == [0, 1, 2, 3]
    assert done.values[1] is not None and done.values[1].tolist() == [0, 1, 2, 3]
    backend.close()
