"""The text form of tests of whole programs: reading and writing are inverse, and what cannot be
read is named.
"""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from corpora.suites.program_tests import (
    ProgramSuite,
    ProgramSuiteError,
    ProgramTest,
    format_program_suite,
    parse_program_suite,
)

TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=30)
TESTS = st.builds(ProgramTest, st.lists(TEXT, max_size=4).map(tuple), TEXT)


@given(st.lists(TESTS, max_size=4).map(tuple))
def test_reading_undoes_writing(tests):
    assert parse_program_suite(format_program_suite(tests)) == tests


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text):
    try:
        tests = parse_program_suite(text)
    except ProgramSuiteError as error:
        assert str(error).startswith("line ")
    else:
        assert all(isinstance(t, ProgramTest) for t in tests)


def test_words_strings_and_input():
    text = (
        '# sizes\nargs(100, --fast, "two words, or more") stdin("3\\n1 2 3\\n")\n\nargs()\n'
        "args(-1)\n"
    )
    assert parse_program_suite(text) == (
        ProgramTest(("100", "--fast", "two words, or more"), "3\n1 2 3\n"),
        ProgramTest(),
        ProgramTest(("-1",)),
    )


@pytest.mark.parametrize(
    "line",
    [
        "n=3",
        "args(1",
        "args(1 2)",
        "args(1) stdin(3)",
        'args("a\\q")',
        'args("\\u0000")',
        'args("\\ud800")',
        "args(,)",
    ],
)
def test_what_cannot_be_read_is_named(line):
    with pytest.raises(ProgramSuiteError, match="line 2"):
        parse_program_suite(f"args()\n{line}\n")


def test_a_suite_is_known_by_its_content():
    one, same, other = (
        ProgramSuite("p", (ProgramTest((a,)),), author)
        for a, author in (("1", "rules"), ("1", "user"), ("2", "rules"))
    )
    assert one.id == same.id != other.id
