"""A verdict is true where the two programs are equivalent, and nowhere else."""

from dataclasses import replace

import pytest

from corpora.records import Blame, Outcome, Verdict

RIGHT = Verdict("s", "t", "u", Outcome.EQUIVALENT, Blame.NOBODY)


def test_only_what_is_equivalent_is_true():
    assert RIGHT
    assert bool(replace(RIGHT, serial=True)) is True


@pytest.mark.parametrize(
    "outcome", [outcome for outcome in Outcome if outcome is not Outcome.EQUIVALENT]
)
@pytest.mark.parametrize("blame", list(Blame))
def test_everything_else_is_false(outcome, blame):
    assert not replace(RIGHT, outcome=outcome, blame=blame)


@pytest.mark.parametrize("blame", [Blame.SOURCE, Blame.SUITE])
def test_a_verdict_that_blames_the_question_is_false(blame):
    assert not replace(RIGHT, blame=blame)


def test_a_list_of_verdicts_reads_as_it_should():
    wrong = replace(RIGHT, outcome=Outcome.MISMATCH, blame=Blame.TARGET)
    assert (
        not all([RIGHT, wrong])
        and any([RIGHT, wrong])
        and list(filter(None, [wrong, RIGHT])) == [RIGHT]
    )
