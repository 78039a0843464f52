"""Images: what goes in comes out, and a byte written between arrays is found and named."""

from __future__ import annotations

import ctypes
import struct

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from corpora.records import Parameter, Program, Signature
from corpora.signatures.signature import read_signature
from gpu_runtime.backend import Arguments, CompileRequest
from gpu_runtime.call.packing import pack_arguments, pack_signature
from gpu_runtime.cuda.kernel_arguments import make_kernel_arguments
from gpu_runtime.cuda.memory_image import GUARD_BYTES, MemoryImages, plan_images

SIGNATURE = Signature(
    "f",
    (
        Parameter("n", "scalar", "i32"),
        Parameter("x", "array", "f32"),
        Parameter("m", "rows", "f64"),
        Parameter("y", "array", "u8"),
    ),
    "f32",
)


def arguments(n: int = 5, **more) -> Arguments:
    return Arguments(
        (
            np.array(n, np.int32),
            np.arange(n, dtype=np.float32),
            np.arange(6.0).reshape(2, 3),
            np.arange(3, dtype=np.uint8),
        ),
        **more,
    )


@pytest.fixture
def images():
    made = MemoryImages()
    yield made
    made.close()


def test_round_trip_of_several_calls(images):
    calls = [arguments(n) for n in (0, 1, 5000)]
    described = images.pack(SIGNATURE, calls)
    assert [d["base"] % 4096 for d in described] == [0, 0, 0]
    for i, call in enumerate(calls):
        assert all(
            np.array_equal(a, b) and a.dtype == b.dtype
            for a, b in zip(images.read(i, call), call.values, strict=True)
        )
        assert images.damage(i, SIGNATURE) == ""
    assert images.current == -1


@given(st.lists(st.integers(0, 700), min_size=1, max_size=4), st.data())
@settings(max_examples=60, deadline=None)
def test_any_byte_outside_the_arrays_is_seen(sizes, data):
    signature = Signature("f", tuple(Parameter(f"p{i}", "array", "u16") for i in range(len(sizes))))
    call = Arguments(tuple(np.zeros(n, np.uint16) for n in sizes))
    images = MemoryImages()
    images.pack(signature, [call])
    base, p = images._plans[0]
    inside = {at + k for _, at, n in p.arrays for k in range(n)}
    head = p.arrays[0][1] - GUARD_BYTES
    place = data.draw(st.integers(head, p.n_bytes - 1).filter(lambda b: b not in inside))
    images._bytes[base + place] ^= 0xFF
    found = images.damage(0, signature)
    images.close()
    assert found.startswith("write outside parameter 'p")


def test_damage_names_parameter_and_element(images):
    images.pack(SIGNATURE, [arguments()])
    base, p = images._plans[0]
    images._bytes[base + p.slots[1] + 5 * 4 + 2] ^= 1
    assert images.damage(0, SIGNATURE) == "write outside parameter 'x': element 5, it has 5"
    images.pack(SIGNATURE, [arguments()])
    images._bytes[base + p.slots[1] - 1] ^= 1
    assert images.damage(0, SIGNATURE) == "write outside parameter 'x': element -1, it has 5"


def test_an_array_of_poison_is_no_damage(images):
    poison = np.frombuffer(np.full(4, 0xFFF8DEAD7FC0DEAD, np.uint64).tobytes(), np.uint8)
    signature = Signature("f", (Parameter("x", "array", "u8"),))
    images.pack(signature, [Arguments((poison,))])
    assert images.damage(0, signature) == ""


def test_aliases_share_storage_and_origins_move_the_pointer(images):
    signature = Signature("f", (Parameter("x", "array", "f32"), Parameter("y", "array", "f32")))
    call = Arguments(
        (np.arange(4, dtype=np.float32), np.zeros(4, np.float32)), aliases=((0, 1),), origins=(2, 0)
    )
    described = images.pack(signature, [call])[0]
    (_, x), (_, y) = described["arguments"]
    assert x == y + 8 and images.read(0, call)[1].tolist() == [0, 1, 2, 3]


def test_arguments_that_do_not_fit_are_our_own_mistake():
    with pytest.raises(ValueError, match="takes 4 arguments"):
        plan_images(SIGNATURE, Arguments((np.array(1, np.int32),)))
    with pytest.raises(ValueError, match="the signature says i32"):
        plan_images(SIGNATURE, Arguments((np.array(1.0), *arguments().values[1:])))


def test_nothing_is_left_behind(images):
    images.pack(SIGNATURE, [arguments()])
    images.scrub()
    assert images.total_bytes == 0 and __import__("os").fstat(images.fd).st_size == 0


def test_kernels_get_structures_by_value(images):
    """One in bytes, one that holds pointers; then an array: what the driver is given is what C++
    would pass.
    """
    text = (
        "struct flat { char tag; double r; };\nstruct csr { short n; const int *at; float "
        "w[2]; double *v; };\n__global__ void f(flat a, csr b, float *y, int k) { }"
    )
    program = Program("cuda", "f", text)
    signature = read_signature(program)
    values = (
        np.array(3, np.int8),
        np.array(2.5),
        np.array(7, np.int16),
        np.arange(4, dtype=np.int32),
        np.array([1, 2], np.float32),
        np.zeros(3),
        np.ones(2, np.float32),
        np.array(9, np.int32),
    )
    call = pack_arguments(Arguments(values), CompileRequest(program, signature))
    (described,) = images.pack(pack_signature(signature), [call])
    begin, device = images._bytes.ctypes.data + described["base"], 1 << 40
    table, kept = make_kernel_arguments(described, begin, device, False)
    assert len(table) == 4 and kept
    addresses = [at for kind, at in described["arguments"] if kind == "array"]
    assert struct.unpack("<b7xd", ctypes.string_at(table[0], 16)) == (3, 2.5)
    assert struct.unpack("<h6xQ2fQ", ctypes.string_at(table[1], 32)) == (
        7,
        device + addresses[0],
        1.0,
        2.0,
        device + addresses[2],
    )
    assert struct.unpack("<Q", ctypes.string_at(table[2], 8)) == (device + addresses[3],)
    assert struct.unpack("<i", ctypes.string_at(table[3], 4)) == (9,)


def test_an_array_that_is_missing_is_a_null_pointer(images):
    call = Arguments(
        (np.array(0, np.int32), np.zeros(0, np.float32), np.zeros((1, 1)), np.zeros(2, np.uint8)),
        nulls=(1,),
    )
    described = images.pack(SIGNATURE, [call])[0]
    begin, device = 1 << 20, 1 << 40
    table, kept = make_kernel_arguments(described, begin, device, False)
    assert [k.value == 0 for k in kept] == [True, False, False] and len(table) == 4
    assert images.damage(0, SIGNATURE) == "" and images.read(0, call)[1].size == 0
