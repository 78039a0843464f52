import math

import pytest
from hypothesis import given, settings, strategies as st

from corpora.records import ArrayValue, Fill, Parameter, ScalarValue, Signature, UnitTest
from corpora.suites.reader import SuiteError
from corpora.suites.unit_tests import (
    INTEGER_RANGES,
    format_suite,
    parse_suite,
    parse_test,
    read_launch,
)

SIGNATURE = Signature(
    "f",
    (
        Parameter("n", "scalar", "i32", "in"),
        Parameter("alpha", "scalar", "f32", "in"),
        Parameter("x", "array", "f32", "in"),
        Parameter("A", "rows", "f64"),
    ),
)


def test_signature_gives_types_and_order():
    test = parse_test("x[n]=uniform(-1,1)@3 A[2][n+1]=constant(0) alpha=1.5 n=2*4", SIGNATURE)
    assert [a.name for a in test.assignments] == ["n", "alpha", "x", "A"]
    assert test.assignments[0] == ScalarValue("n", "i32", 8)
    assert test.assignments[2] == ArrayValue("x", "f32", (8,), Fill("uniform", (-1, 1), 3))
    assert test.assignments[3].extents == (2, 9)


def test_expressions_in_any_order_with_c_division():
    test = parse_test(
        "x:i32[(m-1)*s+1]=indices(max(n,2)) m:i32=n/2 s:i32=-7/2+6 n:i32=7 k:i32=-7%3"
    )
    values = {a.name: getattr(a, "value", None) for a in test.assignments}
    assert (values["m"], values["s"], values["k"]) == (3, 3, -1)
    assert test.assignments[0].extents == (7,)
    assert test.assignments[0].fill.arguments == (7,)


def test_special_numbers():
    test = parse_test(
        "x:f64[7]={nan,inf,-inf,-0.0,0x1.8p+1,1e-310,-5} i:i32=INT_MIN u:u64=ULONG_MAX "
        "b:bool=true z:c64=(1,-nan)"
    )
    x = test.assignments[0].values
    assert math.isnan(x[0]) and x[1:] == (math.inf, -math.inf, -0.0, 3.0, 1e-310, -5.0)
    assert math.copysign(1, x[3]) == -1
    assert test.assignments[1].value == -(2**31) and test.assignments[2].value == 2**64 - 1
    assert test.assignments[3].value is True
    assert test.id == parse_test(format_suite([test])).id


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("n:i32=8 x:f32[n=uniform(0,1)", "1:16", "expected ']'"),
        ("n:i32=8\nx:f33[1]={1}", "2:3", "unknown element type 'f33'"),
        ("x:f32[m]=constant(0)", "1:7", "'m' is not an integer scalar"),
        ("n:i32=m m:i32=n", "1:7", "not an integer scalar"),
        ("x:f32[2]={1,2,3}", "1:10", "2 elements but 3 values"),
        ("x:i8[1]={200}", "1:9", "200 does not fit i8"),
        ("n:i32=1.5", "1:7", "needs an integer"),
        ("n:i32=1 n:i32=2", "1:9", "given twice"),
        ("x:f32[2]=uniform(1)", "1:10", "uniform takes 2 arguments"),
        ("x:f32[2]=uniform(2,1)", "1:10", "empty range"),
        ("x:f32[1/0]=special()", "1:8", "division by zero"),
        ("n:i32=8 $", "1:9", "unexpected character"),
        ("x:f32=constant(1)", "1:6", "needs an extent"),
        ("n=1", "1:2", "type of 'n' is missing"),
        ("x:f32[1000000000]=constant(1)", "1:1", "extent"),
        ("x:f32[2]=constant(1) alias(x,y)", "1:30", "not an array"),
        ("n:i32=" + "(" * 5000, "1:", "nested too deeply"),
        ("n:i32=" + "1+" * 5000 + "1", "1:", "too long"),
        ("n:i32=" + "9" * 5000, "1:7", "too long"),
    ],
)
def test_errors_name_the_place(text, place, message):
    with pytest.raises(SuiteError) as caught:
        parse_suite(text)
    assert str(caught.value).startswith(place) and message in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("n=1 alpha=1 x[1]={1}", "lacks A"),
        ("n=1 alpha=1 x=1 A[1][1]={1}", "'x' is an array"),
        ("n[1]={1} alpha=1 x[1]={1} A[1][1]={1}", "'n' is a scalar"),
        ("n=1 alpha=1 x[1]={1} A[1]={1}", "two extents"),
        ("q=1", "not a parameter"),
        ("n:i64=1", "is i32 in the program"),
    ],
)
def test_signature_is_enforced(text, message):
    with pytest.raises(SuiteError, match=message):
        parse_suite(text, SIGNATURE)


def test_launch_line_and_comments():
    text = "# launch: grid=1,1,1 block=32,1,1\nn:i32=1 # one\n\n;n:i32=2"
    assert read_launch(text) == "grid=1,1,1 block=32,1,1"
    assert len(parse_suite(text)) == 2
    assert read_launch(format_suite(parse_suite(text), read_launch(text))) == read_launch(text)


_floats = st.floats(width=64, allow_nan=True)
_names = st.from_regex(r"[a-z_][a-zA-Z0-9_]{0,6}", fullmatch=True).filter(
    lambda n: n not in ("alias", "min", "max", "nan", "inf", "true", "false", "infinity")
)


@st.composite
def _scalars(draw, name):
    type_ = draw(st.sampled_from(["i8", "u64", "i32", "f32", "f64", "bool", "c128"]))
    if type_ in INTEGER_RANGES:
        value = draw(st.integers(*INTEGER_RANGES[type_]))
    else:
        value = draw({"b": st.booleans(), "c": st.tuples(_floats, _floats)}.get(type_[0], _floats))
    return ScalarValue(name, type_, value)


@st.composite
def _arrays(draw, name):
    type_ = draw(st.sampled_from(["i16", "f32", "f64", "c64"]))
    if draw(st.booleans()):
        low, high = sorted(draw(st.tuples(st.integers(-9, 9), st.integers(-9, 9))))
        fill = draw(
            st.sampled_from(
                [
                    Fill("uniform", (low, high), 3),
                    Fill("permutation"),
                    Fill("indices", (4,)),
                    Fill("constant", (high,), 0),
                ]
                + [
                    Fill("special"),
                    Fill("sorted", (low, high + 0.5), 1),
                    Fill("normal", (0.5, 2)),
                    Fill("integers", (low, high)),
                ]
            )
        )
        return ArrayValue(
            name, type_, tuple(draw(st.lists(st.integers(0, 50), min_size=1, max_size=2))), fill
        )
    n = draw(st.integers(1, 4))
    values = [
        draw(st.integers(*INTEGER_RANGES["i16"]) if type_ == "i16" else _floats)
        for _ in range(n * (1 + (type_ == "c64")))
    ]
    return ArrayValue(name, type_, (n,), values=tuple(values))


@st.composite
def _tests(draw):
    names = draw(st.lists(_names, min_size=1, max_size=5, unique=True))
    assignments = [draw(_scalars(n) if draw(st.booleans()) else _arrays(n)) for n in names]
    arrays = [a.name for a in assignments if isinstance(a, ArrayValue)]
    return UnitTest(tuple(assignments), ((arrays[0], arrays[1]),) if len(arrays) > 1 else ())


@settings(max_examples=150, deadline=None)
@given(st.lists(_tests(), max_size=4))
def test_round_trip(tests):
    text = format_suite(tests)
    again = parse_suite(text)
    assert [t.id for t in again] == [t.id for t in tests]
    assert format_suite(again) == text


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="nx:=[](){}@,+-*/%.;\n 0123f32i_alsuniform#$", max_size=60))
def test_any_text_parses_or_names_a_place(text):
    try:
        parse_suite(text)
    except SuiteError as error:
        assert error.line >= 1 and error.column >= 1
