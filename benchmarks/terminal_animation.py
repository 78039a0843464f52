"""Records commands as they run and draws them as an animated SVG, for the README.

Each command runs for real; what it prints appears when it did, with pauses cut to two seconds. The
picture plays once and keeps its last frame; where motion is not wanted it shows that at once. Lines
that are wider than the picture are an error.

    python benchmarks/terminal_animation.py --out docs/terminal.svg
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COLUMNS = 84
"""Characters in a line of the picture."""
CHARACTER_PX, LINE_PX, MARGIN_PX = 8.43, 19, 18
LONGEST_PAUSE_S = 2.0
WORKING = re.compile(r"\w+ \w+: \d+ s$")
COMMANDS = (
    "coevolve translate corpora/builtin/blas1/axpy.cpp --to cuda",
    "coevolve verify corpora/builtin/blas1/axpy.cpp corpora/builtin/blas1/axpy.cu",
)


@dataclass(frozen=True, slots=True)
class Line:
    """A line on the screen. at_s: seconds after the start. kind: `command` or `output`."""

    text: str
    at_s: float
    kind: str


def record(commands: Sequence[str], cache: str) -> list[Line]:
    """Run commands one after another and return their lines with the times at which they came.
    Lines of progress, which a terminal clears, are left out. cache: an empty folder, so that
    nothing is known before. Raises RuntimeError for a command that fails.
    """
    lines: list[Line] = []
    now = 0.5
    for command in commands:
        lines.append(Line(f"$ {command}", now, "command"))
        words = [sys.executable, "-m", *command.split()]
        process = subprocess.Popen(
            words,
            cwd=ROOT,
            env=os.environ
            | {"PYTHONPATH": str(ROOT), "COLUMNS": str(COLUMNS), "COEVOLVE_CACHE": cache},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        before = time.monotonic()
        assert process.stdout is not None
        for text in process.stdout:
            if WORKING.match(text):
                continue
            now += min(LONGEST_PAUSE_S, max(0.12, time.monotonic() - before))
            before = time.monotonic()
            lines.append(Line(text.rstrip("\n"), now, "output"))
        if process.wait():
            raise RuntimeError(f"{command} ended with {process.returncode}: {lines[-1].text}")
        now += 1.2
        lines.append(Line("", now, "output"))
    return lines[:-1]


def draw(lines: Sequence[Line]) -> str:
    """Return the SVG. Raises ValueError for a line that does not fit."""
    wide = [line.text for line in lines if len(line.text) > COLUMNS]
    if wide:
        raise ValueError(f"wider than {COLUMNS} characters: {wide[0]}")
    width = round(COLUMNS * CHARACTER_PX + 2 * MARGIN_PX)
    height = len(lines) * LINE_PX + 2 * MARGIN_PX
    rows = []
    for i, line in enumerate(lines):
        if not line.text:
            continue
        y = MARGIN_PX + i * LINE_PX + 14
        length = len(line.text) * CHARACTER_PX
        rows.append(
            f'<text class="{line.kind}" x="{MARGIN_PX}" y="{y}" textLength="{length:.1f}" '
            f'lengthAdjust="spacingAndGlyphs" style="animation-delay:{line.at_s:.2f}s" '
            f'xml:space="preserve">{escape(line.text)}</text>'
        )
    shown = "; ".join(line.text[2:] for line in lines if line.kind == "command")
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img"
     width="{width}" height="{height}" aria-label="A terminal: {escape(shown)}">
<style>
text {{ font: 14px ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #d7dce4;
       opacity: 0; animation: show 0.01s linear forwards; }}
.command {{ fill: #8fd18b; font-weight: bold; }}
@keyframes show {{ to {{ opacity: 1; }} }}
@media (prefers-reduced-motion: reduce) {{ text {{ animation: none; opacity: 1; }} }}
</style>
<rect width="{width}" height="{height}" rx="8" fill="#1c2027"/>
{chr(10).join(rows)}
</svg>
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Record and draw. arguments: None: this process's. Returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "terminal.svg")
    args = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as cache:
        text = draw(record(COMMANDS, cache))
    args.out.write_text(text, encoding="utf-8")
    print(f"{args.out}: {text.count('<text')} lines")
    return 0


if __name__ == "__main__":
    sys.exit(main())
