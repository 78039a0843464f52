"""Progress a person can follow: bars on a terminal, a line now and then in a job's log.

Contract: printing only; nothing here decides anything. Lines are flushed so that `ray job logs --follow` shows them.

    python -c "from coevolve.progress import Progress; p = Progress('demo', 2); p.advance(); p.close()"
"""

from __future__ import annotations

import sys
import time


class Progress:
    """One bar: a label, done of total, and a short note. `total` may be 0 when unknown."""

    def __init__(self, label: str, total: int, every_s: float = 10.0) -> None:
        self.label, self.total, self.done, self.note = label, total, 0, ""
        self._start = self._last = time.monotonic()
        self._every_s = every_s
        self._terminal = sys.stderr.isatty()
        self._draw()

    def advance(self, count: int = 1, note: str = "") -> None:
        self.set(self.done + count, note)

    def set(self, done: int, note: str = "") -> None:
        self.done, self.note = done, note or self.note
        now = time.monotonic()
        if now - self._last >= (0.2 if self._terminal else self._every_s):
            self._last = now
            self._draw()

    def close(self, note: str = "") -> None:
        self.note = note or self.note
        self._draw()
        if self._terminal:
            print(file=sys.stderr)

    def _draw(self) -> None:
        share = self.done / self.total if self.total else 0.0
        seconds = time.monotonic() - self._start
        count = f"{self.done}/{self.total}" if self.total else str(self.done)
        if self._terminal:
            filled = int(24 * min(1.0, share))
            bar = "━" * filled + "╌" * (24 - filled)
            print(f"\r\x1b[K{self.label:<34} {bar} {count:>11} {seconds:6.0f} s  {self.note}", end="", file=sys.stderr, flush=True)
        else:
            print(f"{self.label:<34} {count:>11} {100 * share:4.0f}% {seconds:6.0f} s  {self.note}", file=sys.stderr, flush=True)
