"""Progress of a command: one line on a terminal, plain lines in a log, no colours where NO_COLOR is
set.
"""

import io
import os
import pty
import re
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest
from report_run import make_run

from coevolve.cli import progress
from coevolve.loop.run_folder import RunFolder
from coevolve.loop.stage_run import Run, follow_training
from coevolve.loop.workers import FixedPool, LocalWorker

ROOT = Path(__file__).parents[2]
COLOUR = re.compile(rb"\x1b\[[0-9;]*m")


class Screen(io.StringIO):
    def isatty(self):
        return True


def test_a_log_gets_plain_lines_now_and_then(monkeypatch):
    log = io.StringIO()
    monkeypatch.setattr(sys, "stderr", log)
    monkeypatch.setattr(progress, "LOG_EVERY_S", 0.05)
    with progress.show_working("verify axpy"):
        time.sleep(0.3)
    lines = log.getvalue().splitlines()
    assert len(lines) >= 2 and all(re.fullmatch(r"verify axpy: \d+ s", line) for line in lines)


def test_a_log_hears_of_a_stage_within_two_seconds(monkeypatch):
    monkeypatch.setattr(sys, "stderr", log := io.StringIO())
    assert progress.FIRST_S < 2 and progress.LOG_EVERY_S <= 30
    monkeypatch.setattr(progress, "FIRST_S", 0.05)
    with progress.show_stage("loading builtin"):
        time.sleep(0.3)
    assert log.getvalue() == "loading builtin: 0 s\n", "and then not before ten seconds"


def test_a_line_takes_the_place_of_what_a_terminal_shows(monkeypatch):
    monkeypatch.setattr(sys, "stderr", screen := Screen())
    progress.print_line("lost: 1 verifier")
    assert screen.getvalue() == "\r\x1b[Klost: 1 verifier\n"


def test_a_log_hears_of_a_bar_that_stands_and_of_its_end_once(monkeypatch):
    """`0/6 0 s`, a minute of silence, and then `6/6` twice."""
    log = io.StringIO()
    monkeypatch.setattr(sys, "stderr", log)
    with progress.ProgressBar("executing answers", 6, every_s=0.2) as bar:
        time.sleep(0.7)
        bar.advance(6, "3 solved")
        bar.close()
        told = log.getvalue()
        time.sleep(0.3)
    lines = log.getvalue().splitlines()
    assert log.getvalue() == told, "nothing is said of a bar that is closed"
    assert [line.split()[2] for line in lines][:3] == ["0/6"] * 3 and len(lines) <= 6
    assert sum("6/6" in line for line in lines) == 1 and "3 solved" in lines[-1]
    monkeypatch.setattr(sys, "stderr", log := io.StringIO())
    bar = progress.ProgressBar("executing answers", 1, every_s=0.0)
    bar.advance()
    bar.close()
    assert log.getvalue().count("1/1") == 1


class Slow:
    """Stands for a service whose training says nothing for a while, as a cold start that loads."""

    def cold_start(self):
        time.sleep(0.7)
        return {"examples": 3}

    def progress(self):
        return 0, 0, 0.0

    def raise_own(self):
        raise ValueError("own")


def test_a_log_hears_of_a_cold_start_that_has_no_step_yet(monkeypatch, tmp_path):
    """A worker of the same process answers nothing meanwhile, and an actor may still start."""
    monkeypatch.setattr(sys, "stderr", log := io.StringIO())
    monkeypatch.setattr(progress, "LOG_EVERY_S", 0.2)
    run = Run(None, RunFolder(tmp_path), None, None)
    pool = FixedPool(LocalWorker(Slow()))
    follow_training(run, "cold start: Translator", pool, Slow.cold_start)
    first, *lines = log.getvalue().splitlines()
    assert first.startswith("cold start: Translator") and 3 <= len(lines) <= 5, lines
    assert all("preparing" in line for line in lines[:-1]) and "examples 3" in lines[-1]
    with pytest.raises(ValueError, match="own"):
        follow_training(run, "cold start: Tester", pool, Slow.raise_own)
    told = log.getvalue()
    time.sleep(0.5)
    assert log.getvalue() == told, "nothing is said of what has failed"


def test_a_bar_of_unknown_length_gives_no_share(monkeypatch):
    """`cold start: Translator   0    0%` told of work that has no steps."""
    monkeypatch.setattr(sys, "stderr", log := io.StringIO())
    with progress.ProgressBar("loading", 0, every_s=0.0) as bar:
        bar.set(0, "preparing")
    assert "%" not in log.getvalue() and " 0 " not in log.getvalue().replace(" 0 s", "")
    monkeypatch.setattr(sys, "stderr", screen := Screen())
    progress.ProgressBar("loading", 0).close()
    assert "╌" not in screen.getvalue() and "loading" in screen.getvalue()


def test_a_bar_ends_with_the_block_that_fails(monkeypatch):
    monkeypatch.setattr(sys, "stderr", log := io.StringIO())
    with pytest.raises(ValueError, match="own"):
        with progress.ProgressBar("x", 2, every_s=0.05):
            raise ValueError("own")
    told = log.getvalue()
    time.sleep(0.2)
    assert log.getvalue() == told and not [b for b in progress._OPEN if b.label == "x"]


def test_what_is_over_at_once_shows_nothing(monkeypatch):
    for stream in (io.StringIO(), Screen()):
        monkeypatch.setattr(sys, "stderr", stream)
        with progress.show_working("verify axpy"):
            pass
        assert stream.getvalue() == ""


def test_a_terminal_shows_one_line_that_is_cleared(monkeypatch):
    screen = Screen()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setattr(progress, "FIRST_S", 0.02)
    assert list(progress.show_each(slow(), lambda k: f"number {k}")) == [0, 1]
    text = screen.getvalue()
    assert "number 0: 0 s" in text and "number 1" in text and text.endswith("\r\x1b[K")
    assert "\n" not in text


def test_a_command_that_starts_slowly_shows_so_until_it_writes(monkeypatch):
    screen, out = Screen(), io.StringIO()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(progress, "FIRST_S", 0.02)
    with progress.show_until_output("coevolve translate"):
        time.sleep(0.2)
        print("the port")
        told = screen.getvalue()
        time.sleep(0.1)
        assert sys.stdout is not out and screen.getvalue() == told
    assert "coevolve translate: 0 s" in told and told.endswith("\r\x1b[K")
    assert out.getvalue() == "the port\n" and sys.stdout is out and sys.stderr is screen


def test_a_log_is_told_nothing_of_the_start(monkeypatch):
    log = io.StringIO()
    monkeypatch.setattr(sys, "stderr", log)
    monkeypatch.setattr(progress, "FIRST_S", 0.02)
    with progress.show_until_output("coevolve translate"):
        time.sleep(0.1)
    assert log.getvalue() == ""


def slow():
    for k in range(2):
        time.sleep(0.2)
        yield k


def test_a_failure_in_the_block_comes_out(monkeypatch):
    monkeypatch.setattr(sys, "stderr", Screen())
    try:
        with progress.show_working("x"):
            raise ValueError("own")
    except ValueError as error:
        assert str(error) == "own"
    else:
        raise AssertionError("it was swallowed")


@pytest.mark.parametrize("no_color", [False, True])
def test_no_color_is_honoured_on_a_terminal(no_color, tmp_path):
    folder = make_run(tmp_path / "run").root
    ours, theirs = pty.openpty()
    environment = os.environ | {"TERM": "xterm-256color", "COLUMNS": "200"}
    environment["PYTHONPATH"] = str(ROOT)
    environment.pop("NO_COLOR", None)
    if no_color:
        environment["NO_COLOR"] = "1"
    command = [sys.executable, "-m", "coevolve", "watch", str(folder), "--once"]
    with subprocess.Popen(command, stdout=theirs, stderr=theirs, env=environment, cwd=ROOT) as run:
        os.close(theirs)
        seen, ended = b"", False
        end = time.monotonic() + 200
        while not ended and time.monotonic() < end:
            ended = run.poll() is not None
            while select.select([ours], [], [], 0.1)[0]:
                try:
                    chunk = os.read(ours, 65536)
                except OSError:
                    break
                if not chunk:
                    break
                seen += chunk
    os.close(ours)
    colours = [
        c for c in COLOUR.findall(seen) if re.search(rb"(?<!\d)(?:3|4|9|10)[0-7](?!\d)|[34]8;", c)
    ]
    assert b"not running" in seen and bool(colours) is not no_color, seen
