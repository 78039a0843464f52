import numpy as np
import pytest

from corpora.records import Parameter, Signature
from gpu_runtime.backend import Arguments
from gpu_runtime.call.binding import BindingError, bind_parameters


def signature(*parameters, result=None):
    kinds = {"": "scalar", "*": "array", "**": "rows", "&": "scalar"}
    made = []
    for text in parameters:
        name, type_ = text.split(":")
        stars = type_.lstrip("abcdefghijklmnopqrstuvwxyz0123456789")
        made.append(
            Parameter(
                name,
                kinds[stars],
                type_.removesuffix(stars) if stars else type_,
                by_reference=stars == "&",
            )
        )
    return Signature("f", tuple(made), result)


def test_names_win_over_order_and_may_differ_in_case_and_underscores():
    binding = bind_parameters(
        signature("n:i32", "x:f32*", "y:f32*"), signature("Y_:f32*", "X:f32*", "n_:i32")
    )
    assert binding.sources == (2, 1, 0)
    given = Arguments(
        (np.array(2, np.int32), np.ones(2, np.float32), np.zeros(2, np.float32)), aliases=((1, 2),)
    )
    called = binding.arguments(given)
    assert called.values[2] == 2 and called.aliases == ((1, 0),)
    back = binding.outputs((np.full(2, 5, np.float32), called.values[1], called.values[2]), given)
    assert back[2].tolist() == [5, 5] and back[1].tolist() == [1, 1]


def test_order_where_names_differ_and_dropped_parameters():
    assert bind_parameters(
        signature("a:f32*", "b:f32*", "n:i32"), signature("x:f32*", "y:f32*", "len:i32")
    ).sources == (0, 1, 2)
    assert bind_parameters(
        signature("a:f32*", "w:i32", "b:f32*"), signature("a:f32*", "b:f32*")
    ).sources == (
        0,
        2,
    )
    assert bind_parameters(
        signature("a:f32*", "w:i32", "k:f32"), signature("z:f32*", "q:f32")
    ).sources == (
        0,
        2,
    )
    # One name agrees by chance; the order of the whole list is right.
    assert bind_parameters(
        signature("a:f32*", "b:i32*"), signature("b:f32*", "c:i32*")
    ).sources == (0, 1)


def test_scalar_widths_and_references():
    binding = bind_parameters(signature("n:i64", "s:f64&"), signature("n:i32", "s:f64*"))
    given = Arguments((np.array(7, np.int64), np.array(1.5)))
    assert binding.arguments(given).values[0].dtype == np.int32
    assert binding.arguments(given).values[1].shape == (1,)
    assert binding.outputs((np.array(7, np.int32), np.array([2.5])), given)[1] == 2.5
    with pytest.raises(BindingError, match="does not fit 'n'"):
        binding.arguments(Arguments((np.array(2**40), np.array(0.0))))


@pytest.mark.parametrize(
    ("source", "target", "message"),
    [
        (("x:f32*",), ("x:f32*", "n:i32"), "'n'.*no counterpart"),
        (("x:f32*", "n:i32"), ("x:f64*", "n:i32"), "'x' is f64. in the target, f32. in the source"),
        (("x:i32*",), ("x:u32*",), "'x'"),
        (("x:f32*",), ("x:f32**",), "'x'"),
        (("a:f32*", "b:f32*", "c:f32*"), ("x:f32*", "y:f32*"), "cannot be told apart"),
    ],
)
def test_refusals_name_the_parameter(source, target, message):
    with pytest.raises(BindingError, match=message):
        bind_parameters(signature(*source), signature(*target))


def test_results_must_agree():
    with pytest.raises(BindingError, match="returns"):
        bind_parameters(signature("n:i32", result="f32"), signature("n:i32", result="i32"))


def test_rows_may_be_flat_in_the_target():
    binding = bind_parameters(signature("A:f32**", "n:i32"), signature("A:f32*", "n:i32"))
    given = Arguments((np.arange(6, dtype=np.float32).reshape(2, 3), np.array(2, np.int32)))
    assert binding.arguments(given).values[0].tolist() == [0, 1, 2, 3, 4, 5]
    assert binding.outputs(binding.arguments(given).values, given)[0].shape == (2, 3)


def test_a_language_without_unsigned_integers_sees_the_same_bits():
    with pytest.raises(BindingError):
        bind_parameters(signature("x:u8*"), signature("x:i8*"))
    binding = bind_parameters(signature("x:u8*"), signature("x:i8*"), signless=True)
    given = Arguments((np.array([200, 3], np.uint8),))
    assert binding.arguments(given).values[0].tolist() == [-56, 3]
    assert binding.outputs((np.array([-1, 3], np.int8),), given)[0].tolist() == [255, 3]


def test_marks_of_host_and_device_are_no_part_of_a_name():
    source = signature("h_Dst:f32*", "h_Src:f32*", "h_Filter:f32*", "w:i32")
    assert bind_parameters(
        source, signature("filter:f32*", "input:f32*", "output:f32*", "w:i32")
    ).sources == (
        2,
        1,
        0,
        3,
    )
    assert bind_parameters(
        signature("in:f32*", "out:f32*"), signature("d_out:f32*", "d_in:f32*")
    ).sources == (
        1,
        0,
    )
    # Equal names still come first, and names that say nothing leave it to the order.
    assert bind_parameters(
        signature("d_x:f32*", "x:f32*"), signature("x:f32*", "h_x:f32*")
    ).sources == (1, 0)
    assert bind_parameters(
        signature("d_:f32*", "e:f32*"), signature("p:f32*", "q:f32*")
    ).sources == (0, 1)


def fortran(*shapes):
    return Signature(
        "f",
        tuple(Parameter(f"x{i}", "array", "f32", shape=shape) for i, shape in enumerate(shapes)),
    )


def test_integers_that_only_the_target_has_are_extents_of_assumed_shape_arrays():
    source = fortran((":", ":"), (":",))
    binding = bind_parameters(source, signature("x0:f32*", "n:i32", "m:i64", "x1:f32*"))
    assert binding.sources == (0, -1, -2, 1) and binding.extents == ((0, 0), (0, 1))
    given = Arguments((np.zeros((3, 5), np.float32), np.ones(4, np.float32)))
    called = binding.arguments(given)
    assert (
        [v.tolist() for v in called.values[1:3]] == [3, 5]
        and called.values[2].dtype == np.int64
        and called.values[0].shape == (15,)
    )
    back = binding.outputs(
        (np.ones(15, np.float32), called.values[1], called.values[2], called.values[3]), given
    )
    assert back[0].shape == (3, 5) and back[0].sum() == 15
    for wrong in (
        signature("x0:f32*", "n:i32", "x1:f32*"),
        signature("x0:f32*", "n:i32", "m:i32", "k:i32", "l:i32", "x1:f32*"),
    ):
        with pytest.raises(BindingError):
            bind_parameters(source, wrong)  # one or four integers for three extents
    with pytest.raises(BindingError):
        bind_parameters(
            signature("x0:f32*", "x1:f32*"), signature("x0:f32*", "n:i32", "m:i32", "x1:f32*")
        )  # nothing says how long they are


def test_a_flag_that_becomes_a_bool_is_no_output():
    binding = bind_parameters(signature("x:f32*", "on:i16"), signature("x:f32*", "on:bool"))
    given = Arguments((np.zeros(1, np.float32), np.array(4, np.int16)))
    called = binding.arguments(given)
    assert bool(called.values[1]) and binding.outputs(called.values, given)[1] == 4


def test_a_matrix_by_shape_gets_the_declared_one():
    source = Signature(
        "f",
        (Parameter("n", "scalar", "i32", "in"), Parameter("a", "array", "f32", shape=("n", "0:n"))),
    )
    binding = bind_parameters(
        source,
        Signature("f", (source.parameters[0], Parameter("a", "array", "f32", shape=(":", ":")))),
    )
    assert binding.arguments(Arguments((np.array(2, np.int32), np.zeros(6, np.float32)))).values[
        1
    ].shape == (2, 3)
    empty = Arguments((np.array(0, np.int32), np.full(1, 7, np.float32)))
    called = binding.arguments(empty)
    assert called.values[1].shape == (0, 1) and binding.outputs(called.values, empty)[
        1
    ].tolist() == [7]
    with pytest.raises(BindingError, match="shape"):
        binding.arguments(Arguments((np.array(4, np.int32), np.zeros(6, np.float32))))
    with pytest.raises(BindingError, match="none"):
        bind_parameters(signature("a:f32*"), fortran((":", ":", ":")))


def test_logicals_as_ints_where_a_language_has_no_unsigned():
    source, target = signature("m:bool*", "n:i32"), signature("mask:i32*", "n:i32")
    binding = bind_parameters(source, target, signless=True)
    given = Arguments((np.array([True, False]), np.array(2, np.int32)))
    called = binding.arguments(given)
    assert called.values[0].dtype == np.int32 and called.values[0].tolist() == [1, 0]
    assert binding.outputs((np.array([0, 7], np.int32), called.values[1]), given)[0].tolist() == [
        False,
        True,
    ]
    with pytest.raises(BindingError):
        bind_parameters(source, target)


def shaped(**ranks):
    return Signature(
        "f",
        tuple(Parameter(name, "array", "f32", shape=(":",) * rank) for name, rank in ranks.items()),
    )


@pytest.mark.parametrize(
    ("source", "extra", "extents"),
    [
        (shaped(a=2, w=1, d=1), "m n nd", ((2, 0), (0, 0), (0, 1))),
        (shaped(a=2, w=1, d=1), "len_D m n", ((2, 0), (0, 0), (0, 1))),
        (shaped(a=2, w=1, d=1), "m n d_size nw", ((1, 0), (2, 0), (0, 0), (0, 1))),
        (shaped(a=2, w=1, d=1), "m n k l", ((0, 0), (0, 1), (1, 0), (2, 0))),
        (shaped(x=1, y=1, u=2), "nx ny", ((2, 0), (2, 1))),
        (shaped(x=1, y=1), "ny nx", ((0, 0), (1, 0))),
        (shaped(x=1, y=1), "n", ((0, 0),)),
        (shaped(x=1, y=1), "ny", ((1, 0),)),
    ],
)
def test_integers_called_a_vectors_length_are_that_vectors(source, extra, extents):
    arrays = [f"{p.name}:f32*" for p in source.parameters]
    assert (
        bind_parameters(
            source, signature(*(f"{name}:i32" for name in extra.split()), *arrays)
        ).extents
        == extents
    )


@pytest.mark.parametrize("extra", ["m n", "m nd", "nd d_len m n"])
def test_integers_that_neither_names_nor_order_tell_apart_are_refused(extra):
    with pytest.raises(BindingError, match="no counterpart"):
        bind_parameters(
            shaped(b=3, w=1, d=1),
            signature(*(f"{name}:i32" for name in extra.split()), "b:f32*", "w:f32*", "d:f32*"),
        )


def test_complex_numbers_are_their_parts_in_turn_where_the_target_has_none():
    binding = bind_parameters(signature("n:i32", "Z:c128*"), signature("n:i32", "z:f64*"))
    given = Arguments((np.array(2), np.array([1 + 2j, 3 - 4j])))
    called = binding.arguments(given)
    assert called.values[1].tolist() == [1, 2, 3, -4]
    assert binding.outputs((called.values[0], np.array([5.0, 6, 7, 8])), given)[1].tolist() == [
        5 + 6j,
        7 + 8j,
    ]
    for target in (
        "z:f32*",
        "other:f64*",
        "z:f64",
    ):  # another precision, an array that may be any, one number
        with pytest.raises(BindingError):
            bind_parameters(signature("n:i32", "Z:c128*"), signature("n:i32", target))
