"""Fine-tuning in several processes, one per device or CPU share, by data parallelism (torch.distributed through the Trainer).

Contract: `learn_spread` starts the processes, waits, and leaves the new checkpoint in a folder; the same optimiser steps as
one process makes with the same `batch_tokens`, each process computing its share. It can be killed and called again, as
`fine_tune`. Early stopping needs the model in this process and is not possible here.

    python -c "from gpu_runtime.models.spread import learn_spread; help(learn_spread)"
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from gpu_runtime.models.options import FineTuning, ModelOptions
from gpu_runtime.models.protocol import Example, Learning, NothingToLearn


class SpreadError(RuntimeError):
    """The processes ended without a result; the message has the end of what they printed."""


def learn_spread(
    checkpoint: str, folder: Path, examples: Sequence[Example], learning: Learning, tuning: FineTuning, processes: int
) -> dict[str, float]:
    """Fine-tune the pretrained `checkpoint` and save to `folder`. Returns the figures of `learn`, and `losses`, one a step.

    A step of `learning.batch_tokens` is shared out evenly: each process has at most that many by `processes` in memory.
    Raises NothingToLearn and SpreadError.
    """
    share = max(1, learning.batch_tokens // processes)
    micro = min(tuning.micro_tokens or share, share)
    with tempfile.TemporaryDirectory() as scratch:
        job, result = Path(scratch) / "job.json", Path(scratch) / "result.json"
        plain = {
            "checkpoint": str(checkpoint),
            "folder": str(folder),
            "examples": [[e.prompt, e.answer, e.weight] for e in examples],
            "learning": [learning.learning_rate, learning.epochs, learning.batch_tokens, learning.seed, learning.max_minutes],
            "workspace": str(learning.workspace) if learning.workspace else "",
            "tuning": asdict(replace(tuning, micro_tokens=micro, patience=0)),
            "result": str(result),
        }
        job.write_text(json.dumps(plain), encoding="utf-8")
        command = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc_per_node={processes}"]
        done = subprocess.run([*command, "-m", "gpu_runtime.models.spread", str(job)], capture_output=True, text=True)
        if not result.is_file():
            raise SpreadError(f"fine-tuning in {processes} processes ended with {done.returncode}: {done.stderr[-2000:]}")
        figures = json.loads(result.read_text())
    if "nothing" in figures:
        raise NothingToLearn(figures["nothing"])
    return figures


def _process(job: Path) -> None:
    """What each process does; the first one writes."""
    import os

    from gpu_runtime.models.backends import MODEL_BACKENDS

    plain = json.loads(job.read_text(encoding="utf-8"))
    first = os.environ.get("RANK", "0") == "0"
    model = MODEL_BACKENDS["pretrained"](plain["checkpoint"], ModelOptions(FineTuning(**plain["tuning"])))
    rate, epochs, batch_tokens, seed, max_minutes = plain["learning"]
    workspace = Path(plain["workspace"]) if plain["workspace"] else None
    learning = Learning(rate, epochs, batch_tokens, seed, max_minutes, workspace)
    losses: list[float] = []
    try:
        figures = model.learn([Example(*e) for e in plain["examples"]], learning, _noting(losses))
        if first:
            model.save(Path(plain["folder"]))
    except NothingToLearn as error:
        figures = {"nothing": str(error)}
    if first:
        whole = Path(plain["result"] + ".part")
        whole.write_text(json.dumps(figures | {"losses": losses}))
        whole.rename(plain["result"])


def _noting(losses: list[float]) -> Callable[[int, int, float], None]:
    return lambda step, steps, loss: losses.append(loss)


if __name__ == "__main__":
    _process(Path(sys.argv[1]))
