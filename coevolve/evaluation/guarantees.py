"""What callers guarantee: tests of a problem whose answers may rely on an output that starts at
zero, a size, a range of values.

Contract: `make_guaranteed_suite` gives the engine's own suite of an item with its guarantees put
into force, checked on the source again; None where the item has none, or where no test holds any
more (then the plain suite decides, which asks for more). Where a source searches for a value, tests
are added in which the value is there: a flag that starts false must be seen to change.

    from coevolve.evaluation.guarantees import make_guaranteed_suite; \\
        suite = make_guaranteed_suite(item, engine)
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

from coevolve.evaluation.corpus import EvalItem, Guarantee
from coevolve.verification.engine import Engine
from corpora.records import (
    ArrayValue,
    Fill,
    Program,
    ScalarValue,
    Signature,
    UnitTest,
    UnitTestSuite,
)
from corpora.signatures.signature import SignatureError, read_signature
from gpu_runtime.call.materialize import materialize_test
from tester.generate.rules import NoSuiteError, generate_suite
from tester.validity import validate_suite

SIZES = (2, 5, 17, 257)
"""Lengths of further tests where the rules found few that run."""
MAX_ELEMENTS = 1 << 20
"""Tests with a larger array are left out: a source that stops early need not have had all of it."""
HITS = 4
"""Tests to which one is added in which a scalar equals an element of an array."""


def make_guaranteed_suite(item: EvalItem, engine: Engine) -> UnitTestSuite | None:
    """Make a suite for the item by rules, apply the item's guarantees to every test, check the
    tests on the source again, and return the suite. Returns None if the item has no guarantees, its
    source cannot be read, or no test stays valid. engine: makes and checks the tests.
    """
    if not item.guarantees:
        return None
    source = item.judged_as
    try:
        signature = read_signature(source)
    except SignatureError:
        return None
    made = _make_unguaranteed_suite(source, signature, engine)
    if made is None:
        return None
    tests = [apply_guarantees(test, item.guarantees) for test in made.tests]
    tests = [test for test in tests if _small(test)]
    tests += [hit for test in tests[-HITS:] for hit in insert_match(test, signature)]
    suite = UnitTestSuite(
        source.id, tuple({t.id: t for t in tests}.values()), made.author, made.launch
    )
    checked = validate_suite(source, signature, suite, engine.backend, prune=True)
    return checked.expectations.suite if checked.expectations else None


def _make_unguaranteed_suite(
    source: Program, signature: Signature, engine: Engine
) -> UnitTestSuite | None:
    """The checked suite, or the one by rules, grown, where nothing of it holds without the
    guarantees.
    """
    made = engine.expectations(source).expectations
    if made is not None:
        return made.suite
    try:
        found = generate_suite(
            source, signature, engine.backend, seed=engine.config.seed, tests=engine.config.tests
        )
    except NoSuiteError:
        return None
    return replace(
        found,
        tests=(*found.tests, *(grow_test(test, size) for test in found.tests for size in SIZES)),
    )


def grow_test(test: UnitTest, size: int) -> UnitTest:
    """Return `test` with arrays of `size` elements: every unsigned 64-bit scalar (a length) is
    `size`, `size` // 2 is added to every 32-bit integer, and other scalars stay. Contents are
    filled again by their rules, with `size` as seed.
    """

    def larger(value: ScalarValue | ArrayValue) -> ScalarValue | ArrayValue:
        if isinstance(value, ScalarValue):
            return replace(
                value,
                value=size
                if value.type == "u64"
                else int(value.value) + size // 2
                if value.type == "i32"
                else value.value,
            )
        return replace(
            value,
            extents=(size,),
            values=None,
            fill=replace(value.fill or Fill("integers", (-99, 99)), seed=size),
        )

    return replace(test, assignments=tuple(map(larger, test.assignments)))


def apply_guarantees(test: UnitTest, guarantees: Sequence[Guarantee]) -> UnitTest:
    """Return `test` with the parameters that `guarantees` name filled and sized as guaranteed;
    others stay as they are, as do arrays that share storage with another, and parameters whose
    guarantee names a scalar that the test lacks.
    """
    scalars = {a.name: a.value for a in test.assignments if isinstance(a, ScalarValue)}
    shared = {name for pair in test.aliases for name in pair}
    names = {"", *scalars}
    known = {
        g.parameter: g
        for g in guarantees
        if g.parameter not in shared
        and g.plus in names
        and all(part.isdigit() or part in names for part in g.extent.split("*"))
    }

    def changed(value: ScalarValue | ArrayValue) -> ScalarValue | ArrayValue:
        promise = known[value.name]
        most = int(scalars.get(promise.plus, 0))
        if isinstance(value, ScalarValue):
            return replace(value, value=promise.arguments[0] + int(value.value) % max(most, 1))
        seed = value.fill.seed if value.fill and promise.fill != "constant" else 0
        fill = (
            Fill(
                promise.fill,
                tuple(a + most for a in promise.arguments[:1]) + promise.arguments[1:],
                seed,
            )
            if promise.fill
            else value.fill
        )
        extents = (_product(promise.extent, scalars),) if promise.extent else value.extents
        return replace(
            value, extents=extents, fill=fill or Fill("integers", (-99, 99)), values=None
        )

    return replace(
        test, assignments=tuple(changed(a) if a.name in known else a for a in test.assignments)
    )


def _product(extent: str, scalars: dict) -> int:
    return math.prod(
        int(part) if part.isdigit() else int(scalars.get(part, 0)) for part in extent.split("*")
    )


def _small(test: UnitTest) -> bool:
    return all(
        math.prod(a.extents) <= MAX_ELEMENTS for a in test.assignments if isinstance(a, ArrayValue)
    )


def insert_match(test: UnitTest, signature: Signature) -> Iterator[UnitTest]:
    """Yield copies of `test` in which a signed scalar equals the middle element of an array of its
    type (32 or 64 bits), one for each such pair. signature: of the function that the test is for.

    A function that searches the array for the scalar then finds it.
    """
    arrays = [
        a
        for a in test.assignments
        if isinstance(a, ArrayValue) and a.type in ("i32", "i64") and a.extents[0]
    ]
    position = {p.name: i for i, p in enumerate(signature.parameters)}
    for scalar in (a for a in test.assignments if isinstance(a, ScalarValue)):
        for array in (a for a in arrays if a.type == scalar.type):
            elements = materialize_test(test, signature).values[position[array.name]].reshape(-1)
            wanted = replace(scalar, value=int(elements[len(elements) // 2]))
            yield replace(
                test, assignments=tuple(wanted if a is scalar else a for a in test.assignments)
            )
