"""`coevolve watch` beside a real run in another process: it tells what runs, ends with it, and
changes nothing.
"""

import json
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from coevolve.cli.progress import ProgressBar
from coevolve.cli.watch import RunView, describe_end, describe_progress
from coevolve.config.schema import format_toml
from coevolve.loop.run_corpus import open_corpus
from coevolve.loop.run_folder import RunFolder, write_json

ENTRY = [sys.executable, str(Path(__file__).parents[2] / "coevolve.py")]


def watched(folder, *options):
    return subprocess.run(
        [*ENTRY, "watch", str(folder), *options], capture_output=True, text=True, timeout=240
    )


def test_a_run_is_watched_to_its_end(tiny, tmp_path):
    (tmp_path / "c.toml").write_text(format_toml(tiny))
    folder = RunFolder(tiny.run_dir)
    with open(tmp_path / "log", "w") as log:
        job = subprocess.Popen(
            [*ENTRY, "run", str(tmp_path / "c.toml"), "--local"], stdout=log, stderr=log
        )
    try:
        end = time.monotonic() + 120
        while not folder.progress.exists() and job.poll() is None and time.monotonic() < end:
            time.sleep(0.02)
        assert folder.is_running(), (tmp_path / "log").read_text()[-2000:]
        last = watched(folder.root)
        assert last.returncode == 0, last.stderr[-2000:]
        assert job.wait(60) == 0, (tmp_path / "log").read_text()[-2000:]
    finally:
        job.kill()
    assert "not running" in last.stdout and "finished: 1 round;" in last.stdout
    assert "verdicts of round 1" in last.stdout and "pass@2 %" in last.stdout
    assert not folder.progress.exists() and not folder.is_running()


def test_a_frame_of_a_running_run(tiny):
    from rich.console import Console

    folder = RunFolder(tiny.run_dir)
    open_corpus(tiny, folder)
    console = Console(width=120, record=True, file=open("/dev/null", "w"))
    with folder.held():
        assert folder.is_running()
        bar = ProgressBar("round 1: suites", 8, file=folder.progress)
        bar.set(3, "2 valid")  # within a second of the first: not written
        assert json.loads(folder.progress.read_text())["done"] == 0
        bar._tell(time.monotonic())
        console.print(RunView(folder, tiny).frame(folder.is_running()))
        bar.close()
        assert not folder.progress.exists()
    shown = console.export_text()
    assert "running" in shown and "not running" not in shown
    assert "round 1: suites" in shown and "3/8" in shown and "2 valid" in shown
    assert not folder.is_running()


def test_a_narrow_terminal_gets_a_line_a_figure_and_no_broken_words(tiny):
    from rich.console import Console

    folder = RunFolder(tiny.run_dir)
    open_corpus(tiny, folder)
    folder.round(1).folder.mkdir(parents=True)
    folder.round(0).folder.mkdir(parents=True)
    for width, words in (
        (80, ("candidates", "Tester's tests valid %", "pass@2 %")),
        (160, ("candidates", "compiled", "pairs kept")),
    ):
        console = Console(width=width, record=True, file=open("/dev/null", "w"))
        console.print(RunView(folder, tiny, width).frame(False))
        shown = console.export_text()
        assert all(word in shown for word in words), shown
        assert max(map(len, shown.splitlines())) <= width and (
            re.search(r"^round +cold +1$", shown, re.M) is not None
        ) is (width == 80), shown


def test_looking_does_not_keep_a_run_from_starting(tiny):
    """The look holds the lock for a moment: a run that starts then waits for it."""
    import fcntl
    import threading

    folder = RunFolder(tiny.run_dir)
    open_corpus(tiny, folder)
    with open(folder.config, "rb") as look:
        fcntl.flock(look, fcntl.LOCK_SH)
        threading.Timer(0.03, lambda: fcntl.flock(look, fcntl.LOCK_UN)).start()
        with folder.held():
            pass


def test_what_a_killed_run_was_at_is_cleared_away(tiny):
    folder = RunFolder(tiny.run_dir)
    open_corpus(tiny, folder)
    ProgressBar("round 1: suites", 8, file=folder.progress)
    assert folder.progress.exists()
    with folder.held():
        assert not folder.progress.exists()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"label": 1}',
        '{"label": "a", "done": 1, "total": null, "started": "x", "note": ""}',
    ],
)
def test_a_progress_file_that_says_nothing(tiny, text):
    folder = RunFolder(tiny.run_dir)
    assert "between two stages" in describe_progress(folder, 0.0)
    folder.root.mkdir()
    folder.progress.write_text(text)
    assert "between two stages" in describe_progress(folder, 0.0)


def test_work_without_a_bar_is_told_in_words(tiny):
    folder = RunFolder(tiny.run_dir)
    folder.root.mkdir()
    with folder.telling("starting the workers"):
        told = describe_progress(folder, time.time() + 3)
    assert re.fullmatch(r"starting the workers  [34] s  ", told)
    assert "between two stages" in describe_progress(folder, time.time())


def test_a_run_without_its_results_says_which_command_writes_them(tiny):
    folder = RunFolder(tiny.run_dir)
    folder.claim(tiny)
    write_json(folder.round(tiny.round.count).evaluation, {})
    assert "results not written; coevolve run --resume" in describe_end(folder, tiny)
    folder.export.mkdir()
    assert describe_end(folder, tiny).startswith("finished: 1 round")


def test_no_run_is_one_line(tmp_path):
    done = watched(tmp_path)
    assert done.returncode == 2 and done.stderr.count("\n") == 1 and "holds no run" in done.stderr
