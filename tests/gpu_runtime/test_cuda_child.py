"""A child that dies, hangs or babbles costs one request; the next one is answered by a new
process.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from gpu_runtime.cuda.child_process import ChildLostError, ChildProcess

HERE = {"PYTHONPATH": str(Path(__file__).parent)}


@pytest.fixture
def child():
    made = ChildProcess("cuda_echo", environment=HERE)
    yield made
    made.close()


def test_large_messages_go_both_ways(child):
    assert child.ask({"what": "x", "text": "ü" * 300_000}, 20) == {"said": "x", "length": 300_000}


@pytest.mark.parametrize("what,code", [("die", -signal.SIGSEGV), ("exit", 3), ("orphan", 4)])
def test_a_dead_child_is_replaced(child, what, code):
    first = child.ready()["pid"]
    began = time.monotonic()
    with pytest.raises(ChildLostError) as lost:
        child.ask({"what": what}, 20)
    assert time.monotonic() - began < 10
    assert (lost.value.code, lost.value.timed_out) == (code, False)
    assert child.ask({"what": "again"}, 20)["said"] == "again"
    assert child.ready()["pid"] != first and child.starts == 2


def test_a_hanging_child_is_killed_at_its_deadline(child):
    pid = child.ready()["pid"]
    began = time.monotonic()
    with pytest.raises(ChildLostError) as lost:
        child.ask({"what": "hang"}, 0.3)
    assert lost.value.timed_out and time.monotonic() - began < 5
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert child.ask({"what": "again"}, 20)["said"] == "again"


def test_what_foreign_code_prints_does_not_reach_the_channel(child):
    assert child.ask({"what": "print"}, 20)["said"] == "print"


def test_an_answer_that_is_none_loses_the_child(child):
    with pytest.raises(ChildLostError):
        child.ask({"what": "babble"}, 20)
    assert child.ask({"what": "again"}, 20)["said"] == "again"


def test_a_child_that_cannot_start_says_why():
    made = ChildProcess("cuda_echo", ["--silent"], environment=HERE)
    with pytest.raises(ChildLostError, match="no device of that name"):
        made.ready()
    made.close()


def test_the_thread_that_started_it_may_end(child):
    thread = threading.Thread(target=child.ready)
    thread.start()
    thread.join()
    assert child.ask({"what": "x"}, 20)["said"] == "x" and child.starts == 1


def test_a_death_between_requests_is_nobodys_fault(child):
    os.kill(child.ready()["pid"], signal.SIGKILL)
    time.sleep(0.1)
    assert child.ask({"what": "x"}, 20)["said"] == "x" and child.starts == 2


def test_a_locked_child_ends_with_its_parent(tmp_path):
    path = HERE["PYTHONPATH"]
    program = (
        "import os, time; from gpu_runtime.cuda.child_process import ChildProcess; "
        f"c = ChildProcess('cuda_echo', ['--locked'], environment={{'PYTHONPATH': {path!r}}}); "
        "print(c.ready()['pid'], flush=True); c._process.stdin.write(b'\\x10'); "
        "c._process.stdin.flush(); os.dup(c._process.stdin.fileno()); os._exit(0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    pid = int(done.stdout)
    for _ in range(60):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        if Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z":
            return
        time.sleep(0.1)
    pytest.fail("the child outlives its parent")
