"""The text form of unit tests: printer and strict parser. Tests are data; one suite serves every
dialect of a program.

    n:i32=8 alpha:f32=1.5 x:f32[n]=uniform(-1,1)@3 y:f32[3]={1,2.5,nan}
    n:i32=8 idx:i32[8]=indices(n)@5 A:f32[4][n+1]=constant(0)
    n:i32=1 x:f32[1]={0x1p-3} y:f32[1]={-0.0} alias(x,y)
    n:i32=4 x:f32[n]=uniform(-1,1) bias:f32[0]=null()

One test per line or `;`-separated; white space between tokens is free; `#` starts a comment. With a
signature the type (and, for literal values, the extent) may be left out, and names, kinds, types
and completeness are checked. Integer scalars, extents and integer arguments may be expressions (+ -
* / % min max) over integer scalars of the same test, in any order. Complex numbers are `(re,im)`;
in ArrayValue.values they lie interleaved. `# launch: PLAN` carries the launch plan of a bare kernel
(see `read_launch`).

Contract: parse_suite(format_suite(tests)) == tests; anything else raises SuiteError with
`line:column`.

    python -c "from corpora.suites.unit_tests import *; \\
        print(format_suite(parse_suite('n:i32=2*3 x:f32[n+1]=uniform(0,1)')))"
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from corpora.records import (
    ELEMENT_TYPES,
    ArrayValue,
    Fill,
    Parameter,
    ScalarValue,
    Signature,
    UnitTest,
)
from corpora.suites.reader import Expression, SuiteError, SuiteReader, SuiteToken

FILL_ARITY = {
    "uniform": 2,
    "normal": 2,
    "integers": 2,
    "permutation": 0,
    "indices": 1,
    "sorted": 2,
    "falling": 2,
    "constant": 1,
    "special": 0,
    "choice": -1,
    "magnitudes": 2,
    "serpentine": 2,
    "sparse": 2,
    "stretches": 1,
    "cycled": -1,
    "winding": 1,
    "definite": 2,
    "phrases": -1,
    "null": 0,
}
"""Fill kinds and how many arguments each takes (-1: one or more).
uniform/sorted/falling/serpentine/sparse:
[lo, hi]; integers: inclusive; indices(n): in [0, n); choice: the values themselves, of which any
may be no number; magnitudes(lo, hi): of either sign; stretches(longest): of ones and zeros;
cycled: the values in turn; winding(columns): zeros are a corridor between ones; definite(lo, hi): a
square matrix with these eigenvalues; phrases: sequences of values, nan between them, and near
misses; null: no array at all.
"""

MAX_ELEMENTS = 1 << 26
INTEGER_RANGES = {
    f"{sign}{bits}": (
        (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if sign == "i" else (0, (1 << bits) - 1)
    )
    for sign in "iu"
    for bits in (8, 16, 32, 64)
}


@dataclass(slots=True)
class _Item:
    name: SuiteToken
    type: str
    kind: str
    extents: list[Expression]
    value: Callable[[dict[str, object]], object] | None = None
    fill: tuple[SuiteToken, list[Callable], Expression | None] | None = None
    values: list[Callable] | None = None
    value_token: SuiteToken | None = None


def _item(reader: SuiteReader, parameters: dict[str, Parameter] | None) -> _Item:
    name = reader.name("a parameter's name")
    parameter = parameters.get(name.text) if parameters is not None else None
    if parameters is not None and parameter is None:
        raise name.error(
            f"'{name.text}' is not a parameter (parameters: {', '.join(parameters) or 'none'})"
        )
    type_ = parameter.type if parameter else ""
    if reader.accept(":"):
        token = reader.name("an element type")
        if token.text not in ELEMENT_TYPES:
            raise token.error(
                f"unknown element type '{token.text}' (known: {', '.join(ELEMENT_TYPES)})"
            )
        if parameter and token.text != type_:
            raise token.error(f"'{name.text}' is {type_} in the program, not {token.text}")
        type_ = token.text
    if not type_:
        raise reader.next.error(f"the type of '{name.text}' is missing (no signature was given)")
    extents = []
    while reader.accept("["):
        extents.append(reader.expression())
        reader.expect("]")
    equals = reader.expect("=")
    token = reader.next
    item = _Item(name, type_, "array" if extents else "scalar", extents, value_token=token)
    if token.text == "{":
        item.kind, item.values = "array", _braces(reader, type_)
    elif token.text in FILL_ARITY:
        item.kind, item.fill = "array", _fill(reader)
    else:
        item.value = _value(reader, type_)
    return _check_item(item, parameter, equals)


def _check_item(item: _Item, parameter: Parameter | None, equals: SuiteToken) -> _Item:
    if item.kind == "array" and item.value is not None:
        if item.value_token is not None and item.value_token.text.isidentifier():
            raise item.value_token.error(
                f"'{item.value_token.text}' is no fill (there are: {', '.join(FILL_ARITY)})"
            )
        raise equals.error(f"array '{item.name.text}' needs a fill or {{values}}")
    if item.fill and not item.extents:
        raise equals.error(f"array '{item.name.text}' needs an extent such as [n]")
    if parameter and (parameter.kind == "scalar") != (item.kind == "scalar"):
        raise item.name.error(
            f"'{item.name.text}' is {'a scalar' if parameter.kind == 'scalar' else 'an array'}"
        )
    if parameter and parameter.kind == "rows" and len(item.extents) != 2:
        raise item.name.error(
            f"'{item.name.text}' is a table of rows and needs two extents: [rows][columns]"
        )
    return item


def _value(reader: SuiteReader, type_: str) -> Callable:
    if type_[0] != "c":
        return reader.number()
    reader.expect("(")
    real = reader.number()
    reader.expect(",")
    imaginary = reader.number()
    reader.expect(")")
    return lambda env: (float(real(env)), float(imaginary(env)))


def _braces(reader: SuiteReader, type_: str) -> list[Callable]:
    reader.expect("{")
    values: list[Callable] = []
    if reader.accept("}"):
        return values
    while True:
        values.append(_value(reader, type_))
        if reader.accept("}"):
            return values
        reader.expect(",")


def _fill(reader: SuiteReader) -> tuple[SuiteToken, list[Callable], Expression | None]:
    kind, arguments = reader.take(), []
    reader.expect("(")
    if not reader.accept(")"):
        while True:
            arguments.append(reader.number())
            if reader.accept(")"):
                break
            reader.expect(",")
    arity = FILL_ARITY[kind.text]
    if arity < 0 and not arguments:
        raise kind.error(f"{kind.text} takes at least one argument")
    if 0 <= arity != len(arguments):
        raise kind.error(f"{kind.text} takes {arity} arguments, not {len(arguments)}")
    return kind, arguments, reader.factor() if reader.accept("@") else None


def _convert_value(value: object, type_: str, token: SuiteToken) -> object:
    """`value` as the record keeps it; raises where the type cannot hold it."""
    if type_ in INTEGER_RANGES or type_ == "bool":
        low, high = INTEGER_RANGES.get(type_, (0, 1))
        if not isinstance(value, int):
            raise token.error(f"{type_} needs an integer, not {value}")
        if not low <= value <= high:
            raise token.error(f"{value} does not fit {type_} ({low} to {high})")
        return bool(value) if type_ == "bool" else int(value)
    return value if isinstance(value, tuple) else float(value)  # type: ignore[arg-type]


def _resolve(item: _Item, env: dict[str, object]) -> ScalarValue | ArrayValue:
    token = item.value_token or item.name
    if item.value is not None:
        known = env.get(item.name.text)
        value = known if isinstance(known, int) else item.value(env)
        return ScalarValue(item.name.text, item.type, _convert_value(value, item.type, token))  # type: ignore[arg-type]
    extents = tuple(expression(env) for expression in item.extents)
    count = math.prod(extents)
    if any(e < 0 for e in extents) or count > MAX_ELEMENTS:
        raise item.name.error(
            f"the extent of '{item.name.text}' is {extents}: not within 0 to {MAX_ELEMENTS}"
        )
    if item.values is not None:
        values = [_convert_value(v(env), item.type, token) for v in item.values]
        if item.extents and count != len(values):
            raise token.error(f"'{item.name.text}' has {count} elements but {len(values)} values")
        flat = [part for v in values for part in v] if item.type[0] == "c" else values  # type: ignore[attr-defined]
        return ArrayValue(item.name.text, item.type, extents or (len(values),), values=tuple(flat))  # type: ignore[arg-type]
    assert item.fill is not None
    kind, arguments, seed = item.fill
    if kind.text == "null" and extents != (0,):
        raise kind.error(f"null() is a pointer to nothing: write {item.name.text}[0]=null()")
    numbers = tuple(argument(env) for argument in arguments)
    for number in numbers:
        if kind.text in ("integers", "indices") and not isinstance(number, int):
            raise kind.error(f"{kind.text} needs integers, not {number}")
        if kind.text not in ("constant", "choice", "cycled", "phrases") and not math.isfinite(
            number
        ):
            raise kind.error(f"{kind.text} needs finite arguments, not {number}")
    if kind.text in ("magnitudes", "definite") and not numbers[0] > 0:
        raise kind.error(f"{kind.text} needs bounds above zero")
    if kind.text in ("stretches", "winding") and not numbers[0] >= 1:
        raise kind.error(f"{kind.text} needs a length of at least 1")
    ranged = len(numbers) == 2 and kind.text not in ("normal", "choice", "cycled", "phrases")
    if (ranged and numbers[0] > numbers[1]) or (
        kind.text == "indices" and numbers[0] < 1 and count
    ):
        raise kind.error(f"{kind.text} has an empty range")
    seed_value = seed(env) if seed else 0
    if not 0 <= seed_value < 1 << 63:
        raise kind.error("the seed after @ must be within 0 and 2^63 - 1")
    return ArrayValue(item.name.text, item.type, extents, fill=Fill(kind.text, numbers, seed_value))


def _test(reader: SuiteReader, signature: Signature | None) -> UnitTest:
    parameters = {p.name: p for p in signature.parameters} if signature else None
    items: dict[str, _Item] = {}
    aliases: list[tuple[SuiteToken, SuiteToken]] = []
    while reader.next.kind not in ("end", "stop"):
        if reader.next.text == "alias" and reader.tokens[reader.at + 1].text == "(":
            reader.take(), reader.expect("(")
            first = reader.name("an array's name")
            reader.expect(",")
            aliases.append((first, reader.name("an array's name")))
            reader.expect(")")
            continue
        item = _item(reader, parameters)
        if item.name.text in items:
            raise item.name.error(f"'{item.name.text}' is given twice")
        items[item.name.text] = item
    if parameters is not None and (missing := [name for name in parameters if name not in items]):
        raise reader.next.error(f"the test lacks {', '.join(missing)}")
    for token in (token for pair in aliases for token in pair):
        if token.text not in items or items[token.text].kind != "array":
            raise token.error(f"'{token.text}' is not an array of this test")
    env: dict[str, object] = {
        n: i.value for n, i in items.items() if i.value and i.type in INTEGER_RANGES
    }
    order = [items[name] for name in parameters] if parameters is not None else list(items.values())
    return UnitTest(
        tuple(_resolve(i, env) for i in order), tuple((a.text, b.text) for a, b in aliases)
    )


def parse_suite(text: str, signature: Signature | None = None) -> tuple[UnitTest, ...]:
    """Parse all tests of a suite's text, in order; () if it has none.

    text: one test per line or between `;`, such as `n:i32=8 x:f32[n]=uniform(-1,1)@3`;
        docs/architecture/tests.md has the form. signature: types and completeness are checked
        against it, and assignments come in its order; None: types must be in the text.
    Raises SuiteError if the text does not parse or does not fit the signature.
    """
    reader, tests = SuiteReader(text), []
    while reader.next.kind != "stop":
        if reader.next.kind == "end":
            reader.take()
            continue
        tests.append(_test(reader, signature))
    return tuple(tests)


def parse_test(text: str, signature: Signature | None = None) -> UnitTest:
    """Parse a text with exactly one test, such as `n:i32=8 x:f32[n]=uniform(-1,1)@3`.

    signature: the test is checked against it, and types may be left out; None: types must be in the
    text. Raises SuiteError if the text does not parse, has no or several tests, or does not fit the
    signature.
    """
    tests = parse_suite(text, signature)
    if len(tests) != 1:
        raise SuiteError(1, 1, f"expected one test, found {len(tests)}")
    return tests[0]


def read_launch(text: str) -> str:
    """Return the launch plan, as text, in the first `# launch: PLAN` line of a suite's text; '' if
    it has none.
    """
    for line in text.splitlines():
        mark, _, words = line.strip().partition("#")
        if not mark and words.lstrip().startswith("launch:"):
            return words.partition(":")[2].strip()
    return ""


def format_number(value: object) -> str:
    """Return `value`, a number, boolean or pair (re, im) of a complex number, as text that
    `parse_suite` reads back exactly.
    """
    if isinstance(value, tuple):
        return f"({format_number(value[0])},{format_number(value[1])})"
    return repr(int(value) if isinstance(value, bool) else value)


def format_assignment(assignment: ScalarValue | ArrayValue) -> str:
    """Return a parameter's value as text, which `parse_suite` reads: `NAME:TYPE=VALUE` for a
    scalar, `NAME:TYPE[EXTENT]=FILL` or `NAME:TYPE[EXTENT]={VALUES}` for an array.
    """
    head = f"{assignment.name}:{assignment.type}"
    if isinstance(assignment, ScalarValue):
        return f"{head}={format_number(assignment.value)}"
    head += "".join(f"[{extent}]" for extent in assignment.extents) + "="
    if assignment.fill is not None:
        fill = assignment.fill
        seed = f"@{fill.seed}" if fill.seed else ""
        return f"{head}{fill.kind}({','.join(map(format_number, fill.arguments))}){seed}"
    values: Sequence = assignment.values or ()
    if assignment.type[0] == "c":
        values = list(zip(values[::2], values[1::2], strict=True))
    return f"{head}{{{','.join(map(format_number, values))}}}"


def format_test(test: UnitTest) -> str:
    """Return a test as one line of text without its newline, which `parse_test` reads. An example
    is `n:i32=8 x:f32[8]=uniform(-1,1)@3`.
    """
    parts = [format_assignment(a) for a in test.assignments] + [
        f"alias({a},{b})" for a, b in test.aliases
    ]
    return " ".join(parts)


def format_suite(tests: Sequence[UnitTest], launch: str = "") -> str:
    """Return tests as text, one per line, which `parse_suite` reads.

    launch: a launch plan for a `# launch:` line before them; '' for none.
    """
    return (f"# launch: {launch}\n" if launch else "") + "".join(
        format_test(test) + "\n" for test in tests
    )
