import math

import numpy as np
import pytest

from corpora.records import ELEMENT_TYPES, Fill, Parameter, Signature
from corpora.suites.unit_tests import FILL_ARITY, SuiteError, format_test, parse_test
from gpu_runtime.call.materialize import (
    _BLOCK,
    DTYPES,
    expand_fill,
    generate_random_bits,
    materialize_test,
)

ARGUMENTS = {
    "uniform": (-3, 5),
    "normal": (1.0, 2.0),
    "integers": (-3, 5),
    "sorted": (-3, 5),
    "indices": (7,),
    "constant": (3,),
    "choice": (0, 1, 3),
    "magnitudes": (0.25, 5),
    "serpentine": (-3, 5),
    "falling": (-3, 5),
    "sparse": (-3, 5),
    "stretches": (9,),
    "cycled": (0, 1, 3),
    "winding": (6,),
    "definite": (0.5, 4),
    "phrases": (7, 1, math.nan, 4),
}


@pytest.mark.parametrize("type_", ELEMENT_TYPES)
@pytest.mark.parametrize("kind", FILL_ARITY)
def test_every_fill_makes_every_type(type_, kind):
    fill = Fill(kind, ARGUMENTS.get(kind, ()), 5)
    values = expand_fill(fill, type_, 100, 2)
    assert values.dtype == DTYPES[type_] and values.shape == (100,)
    assert np.array_equal(values, expand_fill(fill, type_, 100, 2), equal_nan=type_[0] in "fc")
    if kind in ("uniform", "integers", "sorted") and type_ != "bool":
        low = 0 if type_[0] == "u" else -3
        real = np.real(values).astype(np.float64)
        assert real.min() >= low and real.max() <= 5 and len(np.unique(real)) > 4


def test_fixed_bytes():
    """Suites are kept on disk: a change of the generator would change what they mean."""
    assert expand_fill(Fill("integers", (0, 99), 1), "i32", 5).tolist() == FIXED


FIXED = [31, 24, 27, 39, 88]


def test_kinds_mean_what_they_say():
    assert sorted(expand_fill(Fill("permutation", (), 1), "i32", 50).tolist()) == list(range(50))
    assert set(expand_fill(Fill("indices", (3,), 1), "f32", 60).tolist()) == {0.0, 1.0, 2.0}
    assert np.all(np.diff(expand_fill(Fill("sorted", (-1, 1), 1), "f64", 60)) >= 0)
    specials = expand_fill(Fill("special"), "f32", 40)
    assert np.isnan(specials).any() and np.isinf(specials).any() and (specials == 0).sum() >= 2
    assert {-(2**31), 2**31 - 1} <= set(expand_fill(Fill("special"), "i32", 40).tolist())
    big = expand_fill(Fill("integers", (-(2**63), 2**63 - 1)), "i64", 64)
    assert big.min() < -(2**61) and big.max() > 2**61
    normal = expand_fill(Fill("normal", (10.0, 2.0), 3), "f64", 20000)
    assert abs(normal.mean() - 10) < 0.1 and abs(normal.std() - 2) < 0.1


def test_streams_and_prefixes():
    fill = Fill("uniform", (-1, 1), 3)
    assert not np.array_equal(expand_fill(fill, "f32", 10, 0), expand_fill(fill, "f32", 10, 1))
    assert np.array_equal(expand_fill(fill, "f32", 10), expand_fill(fill, "f32", 99)[:10])


def test_materialise_orders_and_shapes():
    signature = Signature(
        "f",
        (
            Parameter("n", "scalar", "i32"),
            Parameter("x", "array", "f32"),
            Parameter("A", "rows", "f64"),
            Parameter("z", "array", "c64"),
        ),
    )
    test = parse_test("A[2][3]=uniform(0,1) n=4 x={1,nan,-0.0} z={(1,inf)} alias(x,z)", signature)
    made = materialize_test(test, signature)
    assert made.values[0] == 4 and made.values[0].shape == ()
    assert made.values[2].shape == (2, 3) and made.values[3].dtype == np.complex64
    assert math.copysign(1, made.values[1][2]) == -1 and made.values[3][0].real == 1
    assert made.aliases == ((1, 3),)
    with pytest.raises(ValueError, match="no array 'x'"):
        materialize_test(parse_test("n:i32=1"), signature)


@pytest.mark.parametrize(
    "kind,arguments",
    [
        ("uniform", (-1.0, 1.0)),
        ("integers", (-9, 9)),
        ("indices", (7,)),
        ("indices", (8,)),
        ("special", ()),
        ("constant", (-0.0,)),
        ("normal", (0.0, 1.0)),
        ("sorted", (0, 9)),
    ],
)
def test_what_is_remembered_does_not_change_contents(kind, arguments):
    """Whatever lengths were asked for before, and in whatever order; -0.0 is not 0.0."""
    from gpu_runtime.call import materialize as materialise

    fill = Fill(kind, arguments, 5)
    for count in (10, 3000, 100, 70000, 0, 10):
        fresh = materialise._expand_kind(fill, "f32", count, 2)
        materialise.expand_fill(
            Fill(kind, tuple(-a for a in arguments), 5), "f32", count, 2
        ) if kind == "constant" else None
        assert materialise.expand_fill(fill, "f32", count, 2).tobytes() == fresh.tobytes()


@pytest.mark.parametrize(
    "fill",
    [
        Fill("uniform", (-3, 5), 4),
        Fill("normal", (0, 2), 4),
        Fill("integers", (-99, 99), 4),
        Fill("integers", (0, 63), 4),
    ],
)
def test_what_is_made_in_blocks_goes_on_as_it_began(fill):
    """Element k depends on k alone: the end of a block is no seam, and what is longer begins with
    what is shorter.
    """
    whole = expand_fill(fill, "f64", 3 * _BLOCK + 5, 2)
    assert (
        np.array_equal(whole[: _BLOCK - 1], expand_fill(fill, "f64", _BLOCK - 1, 2))
        and len(np.unique(whole[::_BLOCK])) > 1
    )
    first = _BLOCK - 3
    bits = generate_random_bits(4, 2, 6, first)
    assert np.array_equal(bits, generate_random_bits(4, 2, _BLOCK + 3)[first:])
    if fill.kind == "integers" and fill.arguments[0] == 0:
        assert np.array_equal(whole[first : first + 6], (bits % np.uint64(64)).astype(float))


def test_kinds_in_which_places_matter():
    mask = expand_fill(Fill("stretches", (600,), 2), "bool", 1500)
    changes = np.flatnonzero(np.diff(mask.astype(int)))
    assert not mask[:500].any() and mask[500:1000].all() and len(changes) > 4
    assert expand_fill(Fill("cycled", (1, 0)), "u8", 5).tolist() == [1, 0, 1, 0, 1]
    plane = expand_fill(Fill("winding", (4,)), "i32", 20).reshape(5, 4)
    walls = [[0, 0, 0, 0], [1, 1, 1, 0], [0, 0, 0, 0], [0, 1, 1, 1], [0, 0, 0, 0]]
    assert plane.tolist() == walls
    matrix = expand_fill(Fill("definite", (0.25, 8.0), 3), "f64", 400).reshape(20, 20)
    values = np.linalg.eigvalsh(matrix)
    assert (matrix == matrix.T).all() and 0.25 <= values[0] < 0.6 and 4 < values[-1] <= 8.0
    assert len(expand_fill(Fill("definite", (1, 2)), "f32", 23)) == 23
    text = bytes(expand_fill(Fill("phrases", (119, 104, 105, math.nan, 101, 102)), "u8", 300))
    assert text.startswith(b"whi") and b"ef" in text and b"whw" in text and b"wii" in text


@pytest.mark.parametrize(
    "text",
    ["x:f64[4]=definite(0,1)", "x:i32[4]=winding(0)", "x:i32[4]=stretches(0)", "x:i32[4]=cycled()"],
)
def test_arguments_without_a_meaning_are_refused(text):
    with pytest.raises(SuiteError):
        parse_test(text)


def test_new_kinds_are_read_as_written():
    for text in (
        "x:i8[9]=phrases(7,1,nan,4)@3",
        "x:f64[9]=definite(0.5,4.0)",
        "x:u8[9]=cycled(1,0)",
    ):
        assert format_test(parse_test(text)) == text
