"""What is said when a run loses actors: one line for each event."""

import io
import sys
import time

import pytest

from coevolve.loop.losses import Loss, LossTeller, find_lost_node, format_losses

DIED = """The actor died unexpectedly before finishing this task.
	class_name: VerifierActor
	ip: 10.0.0.7
The actor died because its node has died. Node Id: 0a1b"""


def test_a_node_is_told_from_a_process():
    assert find_lost_node(DIED) == "10.0.0.7"
    assert find_lost_node("The actor died because its node has died.") == "?"
    assert find_lost_node(DIED.replace("node has died", "worker process has died")) == ""


@pytest.mark.parametrize(
    ("lost", "said"),
    [
        (
            [
                Loss("verifier", "10.0.0.7", ["judge"]),
                Loss("verifier", "10.0.0.7", ["judge"]),
                Loss("Translator", "10.0.0.7", ["cold_start"]),
            ],
            "lost with node 10.0.0.7: 2 verifiers, 1 Translator; each restarts where there is "
            "room; asked again of others: judge 2, cold start 1",
        ),
        (
            [Loss("Tester", "?"), Loss("starting Tester", "?")],
            "lost with a node: 1 Tester, 1 starting Tester; each restarts where there is room; no "
            "call was lost",
        ),
        (
            [Loss("verifier", "")],
            "lost: 1 verifier; each restarts where there is room; no call was lost",
        ),
    ],
)
def test_the_line_says_who_restarts_and_what_is_repeated(lost, said):
    assert format_losses(lost) == said


def test_an_event_has_one_line(monkeypatch):
    """Three pools notice a lost node one after the other; a call may turn out lost later still."""
    monkeypatch.setattr(sys, "stderr", log := io.StringIO())
    teller, calls = LossTeller(gather_s=0.3), []
    teller.add(Loss("verifier", "a", calls))
    time.sleep(0.1)
    teller.add(Loss("Tester", "b"))
    calls.append("prepare")
    time.sleep(0.8)
    (line,) = log.getvalue().splitlines()
    assert line.startswith("lost with nodes a, b: 1 verifier, 1 Tester; ") and "prepare 1" in line
    teller.add(Loss("verifier", ""))
    teller.tell()
    time.sleep(0.5)
    teller.tell()
    assert log.getvalue().count("\n") == 2, "the end of a run tells what is left, once"
