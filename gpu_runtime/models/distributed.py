"""Fine-tuning in several processes, one per device or CPU share: torch.distributed through the
Trainer (DDP), or FSDP.

Contract: `learn_distributed` has the processes started, waits, and leaves the new checkpoint in a
folder; the same optimiser steps as one process makes with the same `batch_tokens`, each process
computing its share. Who starts them is a `Start`: torch's own launcher on this machine, or another
(coevolve.loop.actors: Ray Train, over the nodes of a cluster); what they do is `run_process`, the
same for each. It can be killed and called again, as `fine_tune`. Early stopping needs the model in
this process and is not possible here.

    python -c "from gpu_runtime.models.distributed import learn_distributed; \\
        help(learn_distributed)"
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from corpora.places import name_module
from gpu_runtime.models.options import FineTuning, ModelOptions
from gpu_runtime.models.protocol import Example, Learning, ModelError, NothingToLearnError

Job = dict[str, object]
"""What a process is told, as plain values that go through JSON."""
Start = Callable[[Job, int], dict[str, float]]
"""Runs `run_process(job)` in so many processes that know of each other as torch.distributed's do
(RANK, WORLD_SIZE, MASTER_ADDR in the environment) and gives what the first of them returned. Raises
DistributedError.
"""

MISSES_OTHERS = ("Connection closed by peer", "Connection reset by peer", "Connection refused")
"""What the others say when a process ends."""


class DistributedError(ModelError):
    """A training process failed. The message is one line: which, and why."""


def learn_distributed(
    checkpoint: str,
    folder: Path,
    examples: Sequence[Example],
    learning: Learning,
    tuning: FineTuning,
    processes: int,
    start: Start | None = None,
) -> dict[str, float]:
    """Fine-tune a pretrained model in several processes, save it to `folder`, and return metrics by
    name, such as `loss` and `seconds`, with `losses`, a list with the loss of each step.

    checkpoint: the model's folder or hub id. learning, tuning: what is learnt how fast, and by
        which method. processes: their number; each computes its share of a step of
        `learning.batch_tokens`. start(job, processes): runs the processes; None: torch's launcher.
    Raises NothingToLearnError if no example fits the model's context, DistributedError if a process
    fails or a step cannot be shared out evenly.
    """
    micro = choose_micro_batch(learning.batch_tokens, tuning.micro_tokens, processes)
    job: Job = {
        # Whoever starts the processes may start them in another folder.
        "checkpoint": str(Path(checkpoint).resolve())
        if Path(checkpoint).is_dir()
        else str(checkpoint),
        "folder": str(Path(folder).resolve()),
        "examples": [[e.prompt, e.answer, e.weight] for e in examples],
        "learning": [
            learning.learning_rate,
            learning.epochs,
            learning.batch_tokens,
            learning.seed,
            learning.max_minutes,
        ],
        "workspace": str(learning.workspace.resolve()) if learning.workspace else "",
        "tuning": asdict(replace(tuning, micro_tokens=micro, patience=0)),
    }
    figures = (start or start_with_torch)(job, processes)
    if "nothing" in figures:
        raise NothingToLearnError(figures["nothing"])
    return figures


def choose_micro_batch(batch_tokens: int, micro_tokens: int, processes: int) -> int:
    """Return the tokens of one forward pass: the most within `micro_tokens` (0: no bound) that
    divide a step evenly over `processes`. batch_tokens: tokens of a step. Raises DistributedError
    if nothing does.
    """
    share = max(1, batch_tokens // processes)
    most = min(micro_tokens or share, share)
    # As `fine_tune` counts the passes of a step.
    found = next(
        (micro for micro in range(most, 0, -1) if round(batch_tokens / micro) % processes == 0),
        None,
    )
    if found is None:
        raise DistributedError(
            f"finetune.batch_tokens = {batch_tokens} cannot be shared out evenly over "
            f"resources.trainers = {processes}; give a larger finetune.batch_tokens"
        )
    return found


def run_process(job: Job) -> dict[str, float]:
    """Do one process's share of a training. The first process saves the checkpoint. Returns metrics
    by name, as `learn_distributed` does, or {"nothing": why} if no example fits. Raises ModelError
    if the model cannot be opened.

    job: JSON values by name: `checkpoint`, `folder`, `examples`, `learning`, `workspace` and
        `tuning`, as `learn_distributed` makes them.
    """
    from gpu_runtime.models.backends import MODEL_BACKENDS

    tuning = FineTuning(**job["tuning"])
    model = MODEL_BACKENDS["pretrained"](job["checkpoint"], ModelOptions(tuning))
    rate, epochs, batch_tokens, seed, max_minutes = job["learning"]
    workspace = Path(job["workspace"]) if job["workspace"] else None
    learning = Learning(rate, epochs, batch_tokens, seed, max_minutes, workspace)
    losses: list[float] = []
    try:
        figures = model.learn(
            [Example(*e) for e in job["examples"]], learning, _record_losses(losses)
        )
    except NothingToLearnError as error:
        return {"nothing": str(error)}
    if os.environ.get("RANK", "0") == "0":
        model.save(Path(job["folder"]))
    elif tuning.sharding == "fsdp":  # the first one gathers what is cut, which takes them all
        with tempfile.TemporaryDirectory() as nowhere:
            model.save(Path(nowhere) / "model")
    return figures | {"losses": losses}


def start_with_torch(job: Job, processes: int) -> dict[str, float]:
    """Run a training in `processes` processes with torch's launcher on this machine and return its
    metrics by name. job: JSON values by name, as `run_process` takes them. Raises DistributedError
    if one fails.
    """
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "job.json"
        file.write_text(json.dumps(job), encoding="utf-8")
        command = [
            sys.executable,
            "-m",
            "torch.distributed.run",
            "--standalone",
            f"--nproc_per_node={processes}",
        ]
        done = subprocess.run(
            [*command, "-m", name_module("gpu_runtime.models.distributed"), str(file)],
            capture_output=True,
            text=True,
        )
        result = file.with_name("result.json")
        if not result.is_file():
            wrong = {
                int(p.suffix[1:]): p.read_text(encoding="utf-8")
                for p in file.parent.glob("wrong.*")
            }
            why = (
                find_cause(wrong)
                if wrong
                else _find_last_message(done.stderr) or f"exit status {done.returncode}"
            )
            raise DistributedError(f"fine-tuning in {processes} processes failed: {why}")
        return json.loads(result.read_text())


def _find_last_message(stderr: str) -> str:
    """Of what torch's launcher prints where a process was killed: by which signal, or the last line
    of words.
    """
    words = [line.strip() for line in stderr.splitlines() if any(c.isalpha() for c in line)]
    return next((line for line in reversed(words) if "Signal" in line), words[-1] if words else "")


def find_cause(printed: Mapping[int, str]) -> str:
    """Return the last line that was printed by the training process whose failure made the others
    fail, with the process's number behind it.

    printed: what each process printed, by process number from 0; not empty.
    """
    rank = min(printed, key=lambda r: (any(word in printed[r] for word in MISSES_OTHERS), r))
    return f"{(printed[rank].strip().splitlines() or ['no message'])[-1].strip()} (process {rank})"


def _process(file: Path) -> None:
    """One process of torch's launcher."""
    rank = os.environ.get("RANK", "0")
    try:
        figures = run_process(json.loads(file.read_text(encoding="utf-8")))
    except (
        Exception
    ) as error:  # told to the process that waits, in its words; the launcher ends the others
        first = (str(error).strip() or "no message").splitlines()[0]
        file.with_name(f"wrong.{rank}").write_text(
            f"{type(error).__name__}: {first}", encoding="utf-8"
        )
        raise
    if rank == "0":
        part = file.with_name("result.part")
        part.write_text(json.dumps(figures))
        part.rename(file.with_name("result.json"))


def _record_losses(losses: list[float]) -> Callable[[int, int, float], None]:
    return lambda step, steps, loss: losses.append(loss)


if __name__ == "__main__":
    _process(Path(sys.argv[1]))
