"""How far a model is with its answers, for whoever watches.

python -c "from gpu_runtime.models.decoded import Decoded; print(Decoded(1, 4, 90, 300, 2.5))"
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Decoded:
    """How far a model is with a batch of answers.

    answers: how many are complete. of: how many the batch has. new_ids: token ids written so far.
        prompt_ids: token ids of prompts read so far. seconds: since the batch began.
    """

    answers: int
    of: int
    new_ids: int
    prompt_ids: int
    seconds: float


Watch = Callable[[Decoded], None]
