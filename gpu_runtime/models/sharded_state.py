"""What the training of a model that is cut over processes (FSDP) goes on from: each one's share, by
torch's distributed checkpoints.

Contract: all processes call together, each with its share of the model; the folder holds weights
and the optimiser's state and is read by as many processes as wrote it. The Trainer itself keeps
neither for models that transformers has cut.

    python -c "from gpu_runtime.models.sharded_state import save_shards; help(save_shards)"
"""

from __future__ import annotations

from pathlib import Path

import torch
import torch.distributed.checkpoint as distributed
from torch.distributed.checkpoint.state_dict import get_state_dict, set_state_dict


def save_shards(model: torch.nn.Module, optimizer: torch.optim.Optimizer, folder: Path) -> None:
    """Write each process's share of a model that is cut over processes, and of its optimiser, into
    `folder`. All processes call it together; it returns when all shares are written.
    """
    weights, state = get_state_dict(model, optimizer)
    distributed.save({"weights": weights, "optimizer": state}, checkpoint_id=str(folder))


def load_shards(model: torch.nn.Module, optimizer: torch.optim.Optimizer, folder: Path) -> None:
    """Restore into model and optimiser, in place, what `save_shards` wrote into `folder`. As many
    processes call it together as wrote it.
    """
    weights, state = get_state_dict(model, optimizer)
    kept = {"weights": weights, "optimizer": state}
    distributed.load(kept, checkpoint_id=str(folder))
    set_state_dict(
        model, optimizer, model_state_dict=kept["weights"], optim_state_dict=kept["optimizer"]
    )
