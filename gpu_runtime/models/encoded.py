"""One lesson as a model's ids.

python -c "from gpu_runtime.models.encoded import EncodedExample; help(EncodedExample)"
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EncodedExample:
    """One training example. ids: token ids of prompt, answer and end. answer_at: index of the
    answer's first id; the loss is on `ids[answer_at:]`. weight: factor of its loss.
    """

    ids: tuple[int, ...]
    answer_at: int
    weight: float = 1.0
