"""`coevolve directions`: every translation direction, where its programs run here, and what this
machine lacks for it.

Contract: `make_direction_table(findings, cuda_runs_on)` is pure and gives a row for every ordered
pair of dialects; the command adds what the doctor found. A direction is offered when both sides can
be compiled and run; what only weakens its verdicts is named too.

    coevolve directions
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import permutations
from pathlib import Path
from typing import TYPE_CHECKING

from corpora import builtin
from corpora.dialects import DIALECTS, Dialect, Direction, get_model

if TYPE_CHECKING:
    from gpu_runtime.doctor import Finding  # needs numpy, which takes half a second to import

_COMPILERS = {"cpp": ("gcc", "g++"), "fortran": ("gcc", "gfortran")}
"""What a grammar family cannot do without; gcc builds the runner."""
_KINDS = {
    (False, True): "forward",
    (True, False): "back",
    (False, False): "serial",
    (True, True): "parallel",
}
"""By whether source and target are parallel."""


@dataclass(frozen=True, slots=True)
class DirectionRow:
    """What this machine offers for one direction.

    direction: as `cpp:cuda`. kind: `forward` (serial to parallel), `back` (parallel to serial),
        `serial` (both sides are) or `parallel` (both are).
    runs_on: where the source and the target run: `cpu`, `cpu threads`, `device`, `emulated` or
        `offload-host`. pairs: number of built-in pairs.
    needs: names of the findings of `coevolve doctor` (tools, such as a compiler) that must be
        installed first.
    lacks: names of findings that are absent here and only weaken verdicts.
    """

    direction: str
    kind: str
    runs_on: tuple[str, str]
    pairs: int
    needs: tuple[str, ...]
    lacks: tuple[str, ...]

    @property
    def offered(self) -> bool:
        """Return whether source and target of the direction can be compiled and run on this
        machine.
        """
        return not self.needs


def make_direction_table(findings: Sequence[Finding], cuda_runs_on: str) -> list[DirectionRow]:
    """Return a row for every ordered pair of dialects: forward directions (serial to parallel)
    first, then back, serial and parallel ones. findings: what `coevolve doctor` found here, one for
    each tool. cuda_runs_on: `emulated` or `cuda`.
    """
    absent = {f.name for f in findings if not f.present}
    rows = [
        _row(Direction(a, b), absent, cuda_runs_on) for a, b in permutations(DIALECTS.values(), 2)
    ]
    order = list(_KINDS.values())
    return sorted(rows, key=lambda row: order.index(row.kind))


def _row(direction: Direction, absent: set[str], cuda_runs_on: str) -> DirectionRow:
    sides = (direction.source, direction.target)
    needs = [name for side in sides for name in _COMPILERS[side.language]]
    helped = [name for side in sides for name in get_model(side.model).helpers]
    return DirectionRow(
        str(direction),
        _KINDS[direction.source.model != "serial", direction.target.model != "serial"],
        (_place(direction.source, cuda_runs_on), _place(direction.target, cuda_runs_on)),
        len(builtin.pairs(str(direction))),
        tuple(n for n in dict.fromkeys(needs) if n in absent),
        tuple(n for n in dict.fromkeys(helped) if n in absent),
    )


def _place(side: Dialect, cuda_runs_on: str) -> str:
    on_device = side.model == "cuda" and cuda_runs_on == "cuda"
    return "device" if on_device else get_model(side.model).place


def format_direction_table(rows: Sequence[DirectionRow], findings: Sequence[Finding]) -> str:
    """Return the table as text, a line for each row below a line of column names. Below it is a
    line for each missing tool: what is lost and how to install it. rows: as from
    `make_direction_table`, made with these findings. findings: what `coevolve doctor` found here,
    one for each tool.
    """
    lines = [
        f"{'direction':<28} {'kind':<9} {'source runs':<12} {'target runs':<12} "
        f"{'built-in':>8}  offered"
    ]
    for row in rows:
        state = "yes" if row.offered else f"NO, needs {', '.join(row.needs)}"
        without = f" (without {', '.join(row.lacks)})" if row.lacks and row.offered else ""
        lines.append(
            f"{row.direction:<28} {row.kind:<9} {row.runs_on[0]:<12} {row.runs_on[1]:<12} "
            f"{row.pairs:>8}  {state}{without}"
        )
    named = {name for row in rows for name in (*row.needs, *row.lacks)}
    missing = [f for f in findings if f.name in named and not f.present]
    lines += ["", *(f"{f.name}: {f.detail}; to mend: {f.hint}" for f in missing)] if missing else []
    walls = [f for f in findings if f.name == "sandbox" and not f.present]
    lines += [f"nothing can be run: {f.detail}; to mend: {f.hint}" for f in walls]
    return "\n".join(lines)


def add_parser(commands) -> argparse.ArgumentParser:
    """Add `coevolve directions` to `commands`, the subparsers of the command line. Returns its
    parser.
    """
    parser = commands.add_parser(
        "directions",
        help="list the translation directions and what this machine offers for each",
        description="Every source:target that `direction` in a configuration and `coevolve "
        "verify --from --to` take.",
    )
    parser.add_argument(
        "--runs",
        nargs="+",
        metavar="RUN",
        help="print instead what these runs reached in each of their directions",
    )
    parser.add_argument("--json", action="store_true", help="print the rows as one JSON list")
    parser.set_defaults(handler=run)
    return parser


def run(args: argparse.Namespace) -> int:
    """Print the directions this machine offers or, with `--runs`, what runs reached in each. args:
    parsed by `add_parser`. Returns the exit code 0. Raises UserError if a folder holds no evaluated
    run.
    """
    if args.runs:
        from coevolve.report.direction_table import format_json_rows, format_markdown, make_rows

        reached = [row for root in args.runs for row in make_rows(Path(root))]
        print(
            json.dumps(format_json_rows(reached), indent=1)
            if args.json
            else format_markdown(reached)
        )
        return 0
    from coevolve.verification.engine import choose_backend_kind
    from gpu_runtime.doctor import check_machine

    findings = check_machine()
    rows = make_direction_table(findings, choose_backend_kind("auto"))
    if args.json:
        print(json.dumps([asdict(row) | {"offered": row.offered} for row in rows]))
    else:
        print(format_direction_table(rows, findings))
    return 0
