"""One lesson as a model's ids.

python -c "from gpu_runtime.models.encoded import EncodedExample; help(EncodedExample)"
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EncodedExample:
    """One example as ids: prompt, answer, end. answer_at: index of the answer's first id; the loss
    is on `ids[answer_at:]`. weight: of the loss.
    """

    ids: tuple[int, ...]
    answer_at: int
    weight: float = 1.0
