"""Lines of Fortran as older authors write them: loops that end at labels, dotted comparisons, kinds
behind numbers.

Contract: the lines mean what they meant before; what a spelling cannot say is left as it is.

    python -c "from corpora.generator.emit.fortran_layout import add_labels; \\
        print(add_labels(['do i = 1, n', 'x(i) = 0', 'end do']))"
"""

from __future__ import annotations

import re

_LOOP = re.compile(r"( *)do (\w+ = .*)")
_END = re.compile(r" *end ?do")
_OTHER_LOOP = re.compile(r" *do( while.*)?")
_CYCLE = re.compile(r"\bcycle$")
_EXIT = re.compile(r"\bexit$")
_DOTTED = {
    " <= ": " .le. ",
    " >= ": " .ge. ",
    " == ": " .eq. ",
    " /= ": " .ne. ",
    " < ": " .lt. ",
    " > ": " .gt. ",
}
_PLAIN = re.compile(r" *[\w(), +*/-]+ = (?!.*&$)")


def add_labels(lines: list[str], on_statement: bool = False) -> list[str]:
    """Return Fortran lines whose loops end at labels, as `do 10 i = 1, n ... 10 continue`.
    on_statement: a last assignment carries the label.
    """
    made: list[str] = []
    open_loops: list[int] = []
    left: set[int] = set()
    number = 0
    for line in lines:
        loop = _LOOP.fullmatch(line)
        if loop:
            number += 10
            open_loops.append(number)
            line = f"{loop[1]}do {number} {loop[2]}"
        elif _OTHER_LOOP.fullmatch(line):
            open_loops.append(0)
        elif _END.fullmatch(line):
            label = open_loops.pop()
            if label:
                indent = line[: len(line) - len(line.lstrip())]
                _end_loop(
                    made,
                    label,
                    indent,
                    on_statement
                    and label not in left
                    and not any(f"go to {label}" in m for m in made),
                )
                if label in left:
                    made.append(f"{label + 1:<{max(len(indent), 3)}} continue")
                continue
        elif open_loops and open_loops[-1]:
            line = _CYCLE.sub(f"go to {open_loops[-1]}", line)
            if _EXIT.search(line):
                left.add(open_loops[-1])
                line = _EXIT.sub(f"go to {open_loops[-1] + 1}", line)
        made.append(line)
    return made


def _end_loop(made: list[str], label: int, indent: str, on_statement: bool) -> None:
    last = made[-1]
    if (
        on_statement
        and _PLAIN.match(last)
        and not last.strip().startswith(("if", "do", "where", "!"))
        and not last[0].isdigit()
    ):
        made[-1] = f"{label:<{max(len(indent), 3)}} {last.strip()}"
        return
    made.append(f"{label:<{max(len(indent), 3)}} continue")


def use_dotted_operators(line: str) -> str:
    """Return a line with `.le.` for `<=` and its like."""
    for plain, word in _DOTTED.items():
        line = line.replace(plain, word)
    return line


def use_kind_suffixes(line: str) -> str:
    """Return a line with `1.5_8` for `1.5d0`."""
    return re.sub(r"(?<![\w.])(\d+\.\d*|\.\d+)d0\b", r"\1_8", line)
