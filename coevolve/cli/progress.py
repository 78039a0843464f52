"""Progress a person can follow: bars on a terminal, a line now and then in a job's log.

Contract: printing only; nothing here decides anything. Lines are flushed so that `ray job logs
--follow` shows them. What `file` names holds the same for others to read: {"label", "done",
"total", "note", "started"} (seconds since 1970), whole at any moment, written at most once a
second, gone after `close`. Several bars may be open at once: a terminal shows them in one line, and
a file tells of the one that was opened first.

    python -c "from coevolve.cli.progress import ProgressBar; p = ProgressBar('demo', 2); \\
        p.advance(); p.close()"
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, TextIO, TypeVar

Item = TypeVar("Item")
FIRST_S = 1.0
"""Seconds until it is shown that something is worked on."""
LOG_EVERY_S = 10.0
"""Seconds between lines where stderr is no terminal."""


@contextmanager
def show_working(label: str | Callable[[], str], is_stage: bool = False) -> Iterator[None]:
    """Show on stderr that the block is being worked on, and for how many seconds.

    label: what is being done, or a function that returns it for each line. A terminal gets one line
        that changes; it appears after one second and is cleared at the end. Elsewhere a line is
        printed every ten seconds.
    is_stage: it is one of several stages of a long command, each of which also has a line in a log
        after one second.
    """
    terminal, started, over = sys.stderr.isatty(), time.monotonic(), threading.Event()
    shown = False

    def show() -> None:
        nonlocal shown
        while not over.wait(FIRST_S if terminal or (is_stage and not shown) else LOG_EVERY_S):
            text = label if isinstance(label, str) else label()
            line = f"{text}: {time.monotonic() - started:.0f} s"
            print(
                f"\r\x1b[K{line}" if terminal else line,
                end="" if terminal else "\n",
                file=sys.stderr,
                flush=True,
            )
            shown = True

    thread = threading.Thread(target=show, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        if terminal and shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def show_stage(label: str) -> AbstractContextManager[None]:
    """Show on stderr that a stage of a long command is being worked on, as `show_working` does; a
    log has its first line after one second.
    """
    return show_working(label, is_stage=True)


class _FirstWrite:
    """A stream that calls `before_first` before it is written to for the first time."""

    def __init__(self, stream: TextIO, before_first: Callable[[], None]) -> None:
        self._stream, self._before_first = stream, before_first

    def write(self, text: str) -> int:
        if text:
            self._before_first()
        return self._stream.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def show_until_output(label: str) -> Iterator[None]:
    """Show on a terminal that a command is starting: from the first second until the block itself
    writes to stdout or stderr. Elsewhere nothing is shown.

    label: what is starting, such as `coevolve translate`.
    """
    if not sys.stderr.isatty():
        yield
        return
    out, err = sys.stdout, sys.stderr
    started, over, lock, shown = time.monotonic(), threading.Event(), threading.Lock(), []

    def show() -> None:
        while not over.wait(FIRST_S):
            with lock:
                if not over.is_set():
                    seconds = time.monotonic() - started
                    err.write(f"\r\x1b[K{label}: {seconds:.0f} s")
                    err.flush()
                    shown.append(True)

    def end() -> None:
        with lock:
            if not over.is_set() and shown:
                err.write("\r\x1b[K")
                err.flush()
            over.set()

    ours = _FirstWrite(out, end), _FirstWrite(err, end)
    sys.stdout, sys.stderr = ours  # type: ignore[assignment]
    threading.Thread(target=show, daemon=True).start()
    try:
        yield
    finally:
        end()
        if (sys.stdout, sys.stderr) == ours:
            sys.stdout, sys.stderr = out, err


def show_each(items: Iterable[Item], label: Callable[[int], str]) -> Iterator[Item]:
    """Yield `items`, with `show_working` while the next one is awaited. label(number): words for
    the item of that number, from 0.
    """
    waiting = iter(items)
    number = 0
    while True:
        with show_working(label(number)):
            try:
                item = next(waiting)
            except StopIteration:
                return
        number += 1
        yield item


def print_line(text: str) -> None:
    """Print a line on stderr, in the place of the line that a terminal shows of work under way."""
    with _DRAWING:
        start = "\r\x1b[K" if sys.stderr.isatty() else ""
        print(f"{start}{text}", file=sys.stderr, flush=True)


_OPEN: list[ProgressBar] = []
"""Bars that are not closed, the first opened first."""
_DRAWING = threading.RLock()


class ProgressBar:
    """A progress bar on stderr: a label, done of total, and a short note.

    total: 0 when unknown. every_s: seconds between lines where stderr is no terminal; None for
        LOG_EVERY_S (10).
    file: a JSON file with label, done, total and note for other processes; None for none.
    In a `with` block a log gets a line every `every_s` seconds, whether a step was done or not, and
    the bar is closed at the end of the block, also where it fails.
    """

    def __init__(
        self, label: str, total: int, every_s: float | None = None, file: Path | None = None
    ) -> None:
        self.label, self.total, self.done, self.note = label, total, 0, ""
        self._start = self._last = time.monotonic()
        self._every_s = LOG_EVERY_S if every_s is None else every_s
        self._file, self._wrote, self._started = file, 0.0, time.time()
        self._terminal = sys.stderr.isatty()
        self._said: tuple[int, str] | None = None
        self._over = threading.Event()
        with _DRAWING:
            _OPEN.append(self)
        self._draw()
        self._tell(self._start)

    def __enter__(self) -> ProgressBar:
        if not self._terminal:
            threading.Thread(target=self._repeat, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _repeat(self) -> None:
        """Write a line to a log where none was due for a while, until the bar is closed."""
        while not self._over.wait(max(0.01, self._last + self._every_s - time.monotonic())):
            with _DRAWING:
                now = time.monotonic()
                if now - self._last >= self._every_s and not self._over.is_set():
                    self._last = now
                    self._draw()

    def advance(self, count: int = 1, note: str = "") -> None:
        """Add `count` to the number of steps done, and draw the bar again if enough time has
        passed. note: a few words behind the bar; it replaces the note before unless it is ''.
        """
        self.set(self.done + count, note)

    def set(self, done: int, note: str = "") -> None:
        """Set the number of steps done, and draw the bar again if enough time has passed. done: in
        all, not those since the last call. note: a few words behind the bar; it replaces the note
        before unless it is ''.
        """
        self.done, self.note = done, note or self.note
        with _DRAWING:
            now = time.monotonic()
            if now - self._last >= (0.2 if self._terminal else self._every_s):
                self._last = now
                self._draw()
        if now - self._wrote >= 1.0:
            self._tell(now)

    def close(self, note: str = "") -> None:
        """Draw the bar a last time and delete the file in which other processes read it. note: a
        few words behind the bar; it replaces the note before unless it is ''. A second call does
        nothing.
        """
        with _DRAWING:
            if self not in _OPEN:
                return
            self._over.set()
            self.note = note or self.note
            _OPEN.remove(self)
            self._draw(last=True)
            if self._file is not None and self._is_first():
                self._file.unlink(missing_ok=True)

    def _is_first(self) -> bool:
        """Whether no other open bar with this one's file was opened before it."""
        same = [bar for bar in _OPEN if bar._file == self._file]
        return not same or same[0] is self

    def _tell(self, now: float) -> None:
        """Lost without harm: a full disk is noticed by what must be written."""
        if self._file is None or not self._is_first():
            return
        self._wrote = now
        part = self._file.with_name(f".{self._file.name}.{os.getpid()}.part")
        said = {
            "label": self.label,
            "done": self.done,
            "total": self.total,
            "note": self.note,
            "started": self._started,
        }
        try:
            part.write_text(json.dumps(said), encoding="utf-8")
            os.replace(part, self._file)
        except OSError:
            part.unlink(missing_ok=True)

    def _draw(self, last: bool = False) -> None:
        """last: the bar is done; a terminal keeps its line, and a log is told nothing twice."""
        share = self.done / self.total if self.total else 0.0
        seconds = time.monotonic() - self._start
        count = f"{self.done}/{self.total}" if self.total else str(self.done or "")
        percent = f"{100 * share:.0f}%" if self.total else ""
        with _DRAWING:
            if not self._terminal:
                if last and self._said == (self.done, self.note):
                    return
                self._said = (self.done, self.note)
                line = f"{self.label:<34} {count:>11} {percent:>5} {seconds:6.0f} s"
                print(f"{line}  {self.note}", file=sys.stderr, flush=True)
                return
            others = [bar for bar in _OPEN if bar is not self and bar._terminal]
            filled = int(24 * min(1.0, share))
            steps = "━" * filled + "╌" * (24 - filled) if self.total else " " * 24
            line = f"{self.label:<34} {steps} {count:>11}"
            line += f" {seconds:6.0f} s  {self.note}"
            if not last:
                line += "".join(f"; {bar.label} {bar.done}/{bar.total or '?'}" for bar in others)
                line = line[: max(20, shutil.get_terminal_size().columns - 1)]
            text = f"\r\x1b[K{line}" + ("\n" if last else "")
            print(text, end="", file=sys.stderr, flush=True)
