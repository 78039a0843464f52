"""How far a model is with its answers, as it tells whoever watches.

python -c "from gpu_runtime.models.decoded import Decoded; print(Decoded(1, 4, 90, 300, 2.5))"
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Decoded:
    """Answers that ended of all, ids written and prompt ids read so far, and the seconds it
    took.
    """

    answers: int
    of: int
    new_ids: int
    prompt_ids: int
    seconds: float


Watch = Callable[[Decoded], None]
