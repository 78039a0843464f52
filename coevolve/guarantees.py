"""What callers guarantee: tests of a problem whose answers may rely on an output that starts at zero, a size, a range of values.

Contract: `guaranteed_suite` gives the engine's own suite of an item with its guarantees put into force, checked on the source
again; None where the item has none, or where no test holds any more (then the plain suite decides, which asks for more).
Where a source searches for a value, tests are added in which the value is there: a flag that starts false must be seen to change.

    from coevolve.guarantees import guaranteed_suite; suite = guaranteed_suite(item, engine)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from coevolve.eval_items import Guarantee, Item
from coevolve.verify import Engine
from corpora.records import ArrayValue, Fill, ScalarValue, Signature, UnitTest, UnitTestSuite
from corpora.signatures import SignatureError, signature_of
from gpu_runtime.materialise import materialise
from tester.validity import validate

HITS = 4
"""Tests to which one is added in which a scalar equals an element of an array."""


def guaranteed_suite(item: Item, engine: Engine) -> UnitTestSuite | None:
    """See the module. An answer may rely on what the caller guarantees, and only on that."""
    if not item.guarantees:
        return None
    source = item.judged_as
    try:
        signature = signature_of(source)
    except SignatureError:
        return None
    made = engine.expectations(source).expectations
    if made is None:
        return None
    tests = [guaranteed(test, item.guarantees) for test in made.suite.tests]
    tests += [hit for test in tests[-HITS:] for hit in hits(test, signature)]
    suite = UnitTestSuite(source.id, tuple({t.id: t for t in tests}.values()), made.suite.author, made.suite.launch)
    checked = validate(source, signature, suite, engine.backend, prune=True)
    return checked.expectations.suite if checked.expectations else None


def guaranteed(test: UnitTest, guarantees: Sequence[Guarantee]) -> UnitTest:
    """`test` with the named arrays as guaranteed; arrays that share storage with another are left as they are."""
    scalars = {a.name: a.value for a in test.assignments if isinstance(a, ScalarValue)}
    shared = {name for pair in test.aliases for name in pair}
    known = {g.parameter: g for g in guarantees if g.parameter not in shared}

    def changed(value: ArrayValue) -> ArrayValue:
        promise = known[value.name]
        first, *others = promise.arguments
        seed = value.fill.seed if value.fill and promise.fill != "constant" else 0
        fill = Fill(promise.fill, (first + int(scalars.get(promise.plus, 0)), *others), seed)
        return replace(value, extents=(promise.extent,) if promise.extent else value.extents, fill=fill, values=None)

    return replace(test, assignments=tuple(changed(a) if isinstance(a, ArrayValue) and a.name in known else a for a in test.assignments))


def hits(test: UnitTest, signature: Signature) -> Iterator[UnitTest]:
    """`test` with a signed scalar equal to the middle element of an array of its type; lengths are unsigned in these sources."""
    arrays = [a for a in test.assignments if isinstance(a, ArrayValue) and a.type in ("i32", "i64") and a.extents[0]]
    position = {p.name: i for i, p in enumerate(signature.parameters)}
    for scalar in (a for a in test.assignments if isinstance(a, ScalarValue)):
        for array in (a for a in arrays if a.type == scalar.type):
            elements = materialise(test, signature).values[position[array.name]].reshape(-1)
            wanted = replace(scalar, value=int(elements[len(elements) // 2]))
            yield replace(test, assignments=tuple(wanted if a is scalar else a for a in test.assignments))
