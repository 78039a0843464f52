"""Tests in which an array is not there: a null pointer, for programs that ask whether they were
given one (`bias != NULL ? bias[o] : 0`, `present(bias)`).

Contract: only arrays that the text asks for are left out, and only where the program still touches
another one then: what a program that returns at once (`if (!x) return -1;`) says of its caller
binds no port.

    pytest tests/tester/test_null_arrays.py
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from corpora.ir import Call, Name
from corpora.records import ArrayValue, Fill, Signature, UnitTest
from corpora.signatures.null_checks import asked_operands
from tester.generate.completion import confirm_tests, find_cached_run
from tester.generate.roles import TrialSetting
from tester.generate.source_tree import SourceTree

MAX_TESTS = 4
"""Of the arrays that may be missing, those that are left out one by one; all of them are left out
together too.
"""


def find_nullable_arrays(source: SourceTree, signature: Signature) -> list[str]:
    """Return the names of the array parameters, in order, that a program compares with null, uses
    as a condition or, in Fortran, tests with `present`. source: the program's tree.
    """
    asked = set()
    for node in source.nodes:
        if isinstance(node, Call) and node.function == Name("present"):
            asked |= {a.id for a in node.arguments if isinstance(a, Name)}
        elif not source.is_fortran:
            asked |= {side.id for side in asked_operands(node) if isinstance(side, Name)}
    return [
        p.name
        for p in signature.parameters
        if p.kind == "array"
        and not p.member
        and not p.by_reference
        and source.spell(p.name) in asked
    ]


def make_null_tests(setting: TrialSetting, tests: Sequence[UnitTest]) -> list[UnitTest]:
    """Return copies of some of the tests in which arrays that may be missing are null pointers: at
    most one for each such array, and one without all of them. Only tests on which the program runs
    and still touches another array are kept. setting: the program and what it is tried with.
    """
    names = find_nullable_arrays(setting.source, setting.signature)[:MAX_TESTS]
    found = []
    for missing in [*([name] for name in names), *([names] if len(names) > 1 else [])]:
        found += _first_that_works(
            setting, [_remove_arrays(test, missing) for test in _order_by_interest(tests, missing)]
        )
    return found


def _order_by_interest(tests: Sequence[UnitTest], missing: Sequence[str]) -> list[UnitTest]:
    """Neither the smallest nor the largest first, but none in which two of the arrays are one."""
    free = [
        test
        for test in tests
        if not {name for pair in test.aliases for name in pair} & set(missing)
    ]
    middle = len(free) // 2
    return [*free[middle:], *reversed(free[:middle])]


def _remove_arrays(test: UnitTest, missing: Sequence[str]) -> UnitTest:
    return replace(
        test,
        assignments=tuple(
            ArrayValue(a.name, a.type, (0,), fill=Fill("null")) if a.name in missing else a
            for a in test.assignments
        ),
    )


def _first_that_works(setting: TrialSetting, tests: Sequence[UnitTest]) -> list[UnitTest]:
    for completed in confirm_tests(
        setting.backend, setting.compiled, tests, setting.geometry_of, setting.largest
    ):
        known = (
            find_cached_run(completed.test, setting.compiled)
            if completed.test is not None
            else None
        )
        if known and any(a.last_read is not None or a.last_write is not None for a in known[1]):
            return [completed.test]  # type: ignore[list-item]
    return []
