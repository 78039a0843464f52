"""The figures of a run as TensorBoard scalars, one step a round (0 is the cold start).

Contract: reads the run folder alone; a figure that a round does not have is left out. Written anew,
each run into a folder of its own name, so that several runs lie side by side in one TensorBoard.
Needs the extra `report`.

    coevolve report runs/demo --tensorboard scalars && tensorboard --logdir scalars
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from coevolve.cli.errors import UserError
from coevolve.report.page import RoundFigures, collect_figures, open_run

_TRANSLATOR = ("compile_rate", "bleu", "codebleu")


def write_scalars(root: Path, out: Path) -> int:
    """Write the metrics of a run's rounds as TensorBoard files into the folder `out`/NAME, where
    NAME is that of the run's folder. Files of this kind that are there already are replaced. root:
    the run's folder. Returns how many scalars were written. Raises UserError if tensorboard is not
    installed or there is no run, ConfigError or StoreError if a file of the run is damaged.
    """
    folder, config = open_run(root)
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        raise UserError(
            "--tensorboard needs the package tensorboard; install with pip install -e '.[report]'"
        ) from None
    found = [
        (row.number, name, value)
        for row in collect_figures(folder, config)
        for name, value in list_scalars(row)
    ]
    place = out / root.resolve().name
    for old in place.glob("events.out.tfevents.*"):
        old.unlink()  # TensorBoard would show both
    with SummaryWriter(str(place)) as writer:
        for number, name, value in found:
            writer.add_scalar(name, value, number)
    return len(found)


def list_scalars(row: RoundFigures) -> Iterator[tuple[str, float]]:
    """Yield (name, value) of every known metric of a round, as TensorBoard shows them. Names are
    such as `translator/pass@1`, `tester/valid_rate`, `pairs/kept`, `verdicts/MISMATCH` and
    `seconds/learn`; those of one direction of several have it as their second part
    (`pairs/cpp-to-cuda/kept`). Rates are in percent, times in seconds. row: of the run's table.
    """
    for key, value in row.evaluation.items():
        if (key.startswith("pass@") or key in _TRANSLATOR) and value is not None:
            yield f"translator/{key}", value
    if row.evaluation.get("tester_valid_rate") is not None:
        yield "tester/valid_rate", row.evaluation["tester_valid_rate"]
    for name, count in (
        ("candidates", row.candidates),
        ("compiled", row.compiled),
        ("kept", row.kept),
    ):
        if count is not None:
            yield f"pairs/{name}", count
    for direction, part in row.parts.items():
        for name, value in list_scalars(part):
            group, _, rest = name.partition("/")
            yield f"{group}/{direction.replace(':', '-to-')}/{rest}", value
    for outcome, count in row.outcomes.items():
        yield f"verdicts/{outcome}", count
    for stage, seconds in row.seconds.items():
        yield f"seconds/{stage.replace(' ', '_')}", seconds
