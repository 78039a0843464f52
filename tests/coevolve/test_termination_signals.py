"""SIGTERM and Ctrl-C on real processes: one line, the right exit code, nothing lost, no process
left.
"""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from coevolve.cli.main import main
from coevolve.cli.signals import Terminated, process_pool, raise_on_sigterm
from coevolve.config.schema import format_toml

ROOT = Path(__file__).parents[2]
SOURCE = "void f{0}(int n, float *x) {{ for (int i = 0; i < n; i++) x[i] = {0} * x[i]; }}"
KERNEL = (
    "__global__ void f{0}(int n, float *x) {{ int i = blockIdx.x * blockDim.x + "
    "threadIdx.x; if (i < n) x[i] = {0} * x[i]; }}"
)


def start(*words, cwd, **environment):
    """A command of its own session, so that all that it starts can be found."""
    path = {"PYTHONPATH": str(ROOT), **environment}
    return subprocess.Popen(
        [sys.executable, "-m", "coevolve", *map(str, words)],
        cwd=cwd,
        env={**os.environ, **path},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=_take_interrupts,
    )


def _take_interrupts() -> None:
    """Whoever starts the tests in the background has Ctrl-C ignored, and children inherit that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def descendants(pid: int) -> set[int]:
    """Processes that descend from `pid` now."""
    parents = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                parents[int(folder.name)] = int(
                    (folder / "stat").read_text().rpartition(")")[2].split()[1]
                )
            except (OSError, IndexError):
                continue
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {pid}


def alive(pid: int) -> bool:
    try:
        return (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[
            0
        ] not in "ZX"
    except OSError:
        return False


def wait_for(condition, process, limit_s=120.0):
    until = time.monotonic() + limit_s
    while not condition():
        assert process.poll() is None and time.monotonic() < until, process.communicate()
        time.sleep(0.02)


def end(process, number):
    """Send the signal. Gives what was said on stderr, and checks that all its processes are
    gone.
    """
    family = descendants(process.pid)
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 128 + number, said[-2000:]
    until = time.monotonic() + 10
    while (left := [pid for pid in family if alive(pid)]) and time.monotonic() < until:
        time.sleep(0.1)
    assert not left
    assert "Traceback" not in said and "***" not in said
    return said.strip().splitlines()


@pytest.mark.parametrize(
    ("number", "words", "workers"),
    [
        pytest.param(signal.SIGTERM, "ended by SIGTERM", 1, marks=pytest.mark.slow),
        pytest.param(signal.SIGINT, "interrupted", 2, marks=pytest.mark.slow),
        pytest.param(signal.SIGTERM, "ended by SIGTERM", 2, marks=pytest.mark.slow),
        pytest.param(signal.SIGINT, "interrupted", 1, marks=pytest.mark.slow),
    ],
)
def test_a_batch_keeps_its_answers_and_goes_on(tmp_path, number, words, workers):
    rows = [
        {
            "id": i,
            "source_dialect": "cpp",
            "source": SOURCE.format(i + 2),
            "target_dialect": "cuda",
            "target": KERNEL.format(i + 2),
        }
        for i in range(130)
    ]
    (tmp_path / "pairs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    out, cache = tmp_path / "out.jsonl", tmp_path / "cache"
    command = (
        "verify",
        "--batch",
        "pairs.jsonl",
        "--out",
        "out.jsonl",
        "--workers",
        workers,
        "--backend",
        "emulated",
    )
    process = start(*command, cwd=tmp_path, COEVOLVE_CACHE=str(cache))
    wait_for(lambda: out.exists() and out.stat().st_size > 0, process)
    said = end(process, number)
    assert (
        said[-1] == f"coevolve: {words}; what finished is kept, the same command goes on from there"
    )
    kept = out.read_bytes()
    assert kept.endswith(b"\n") and 0 < kept.count(b"\n") < 130
    process = start(*command, cwd=tmp_path, COEVOLVE_CACHE=str(cache))
    assert process.communicate(timeout=200) and process.returncode == 0
    assert out.read_bytes().startswith(kept)
    answers = [json.loads(line) for line in out.read_text().splitlines()]
    assert [a["id"] for a in answers] == list(range(130)) and all(a["equivalent"] for a in answers)


def test_a_run_that_was_ended_goes_on_to_the_same_files(tiny, tmp_path):
    (tmp_path / "c.toml").write_text(format_toml(tiny))
    whole = start("run", "c.toml", "--local", cwd=tmp_path)
    assert whole.communicate(timeout=280) and whole.returncode == 0
    other = replace(tiny, run_dir=str(tmp_path / "other"))
    (tmp_path / "c.toml").write_text(format_toml(other))
    for stage in ("cold/translator", "round-1/proposals.jsonl"):
        process = start("run", "c.toml", "--local", cwd=tmp_path)
        wait_for((tmp_path / "other" / stage).exists, process)
        end(process, signal.SIGTERM)
    last = start("run", "--resume", tmp_path / "other", "--local", cwd=tmp_path)
    assert last.communicate(timeout=280) and last.returncode == 0
    named = {
        file.relative_to(tmp_path / "run")
        for file in (tmp_path / "run").rglob("*")
        if file.is_file()
    }
    assert named == {
        file.relative_to(tmp_path / "other")
        for file in (tmp_path / "other").rglob("*")
        if file.is_file()
    }
    for name in named - {Path("config.toml"), Path("timings.jsonl"), Path("report.html")}:
        assert (tmp_path / "run" / name).read_bytes() == (tmp_path / "other" / name).read_bytes(), (
            name
        )


@pytest.mark.slow
@pytest.mark.parametrize("wait_s", [0.5, 4.0, 12.0])
def test_a_run_on_ray_is_ended_at_any_time(tiny, tmp_path, wait_s):
    """Ray takes the handler of SIGTERM for itself while it starts, and printed a stack."""
    (tmp_path / "c.toml").write_text(format_toml(tiny))
    process = start("run", "c.toml", cwd=tmp_path)
    time.sleep(2 + wait_s)
    said = end(process, signal.SIGTERM)
    assert "ended by SIGTERM" in said[-1]


@pytest.mark.slow
def test_translate_and_eval_end_in_one_line(tmp_path):
    (tmp_path / "f.cpp").write_text("\n".join(SOURCE.format(i) for i in range(40)))
    for words in (
        ("translate", "f.cpp", "--to", "cuda"),
        ("eval", "--model", "small", "--corpus", "builtin", "--workers", 2),
    ):
        process = start(*words, cwd=tmp_path, COEVOLVE_CACHE=str(tmp_path / "cache"))
        time.sleep(4)
        assert "ended by SIGTERM" in end(process, signal.SIGTERM)[-1]


@pytest.mark.parametrize(
    ("words", "handler", "resumes"),
    [
        (["translate", "a.cpp", "--to", "openmp"], "coevolve.cli.translate.run", False),
        (["verify", "a.cpp", "a.cu"], "coevolve.cli.verify.run", False),
        (["run", "a.toml"], "coevolve.cli.main._run", True),
    ],
)
def test_resume_is_named_where_the_command_has_it(monkeypatch, capsys, words, handler, resumes):
    def interrupted(_args):
        raise KeyboardInterrupt

    monkeypatch.setattr(handler, interrupted)
    assert main(words) == 130
    said = capsys.readouterr().err
    assert "the same command" in said and ("--resume" in said) == resumes


def test_sigterm_is_an_interrupt_inside_and_what_it_was_outside():
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(Terminated), raise_on_sigterm():
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(5)
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_library_that_leaves_the_systems_handler_takes_no_last_word():
    """Ray resets SIGTERM, in C, when it ends: the export after it ended without a line."""
    code = (
        "import ctypes, os, signal, sys, time\n"
        "from coevolve.cli.signals import *\n"
        "def stop(): ctypes.CDLL(None).signal(int(signal.SIGTERM), None)\n"
        "try:\n"
        "    with raise_on_sigterm():\n"
        "        with start_uninterrupted(lambda: None, stop): pass\n"
        "        os.kill(os.getpid(), signal.SIGTERM)\n"
        "        time.sleep(5)\n"
        "except KeyboardInterrupt as error:\n"
        "    sys.exit(print_early_end(error))\n"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, text=True, capture_output=True, timeout=60
    )
    assert done.returncode == 143 and "ended by SIGTERM" in done.stderr


def _sleep(folder: str) -> None:
    Path(folder, str(os.getpid())).touch()
    time.sleep(60)


def test_a_pool_that_is_left_ends_its_processes(tmp_path):
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt), process_pool(2, start="fork") as pool:
        for _ in range(8):
            pool.submit(_sleep, str(tmp_path))
        while len(list(tmp_path.iterdir())) < 2:
            time.sleep(0.01)
        raise KeyboardInterrupt
    assert time.monotonic() - started < 30
    assert not [pid for pid in map(int, (p.name for p in tmp_path.iterdir())) if alive(pid)]


class SignalledWhileItGoes:
    """An object that the signal meets while it is deleted, where Python drops exceptions."""

    def __init__(self, number):
        self.number = number

    def __del__(self):
        signal.raise_signal(self.number)
        for _ in range(1000):
            pass


@pytest.mark.parametrize(
    ("number", "error"), [(signal.SIGTERM, Terminated), (signal.SIGINT, KeyboardInterrupt)]
)
def test_a_signal_that_meets_a_deletion_is_not_lost(number, error):
    hook = sys.unraisablehook
    with pytest.raises(error), raise_on_sigterm():
        SignalledWhileItGoes(number)
        time.sleep(5)
        pytest.fail("the signal was lost")
    assert sys.unraisablehook is hook
