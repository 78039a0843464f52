"""A model whose answers come from a function: for tests of everything that sits on the model seam.

    python -c "from gpu_runtime.models.scripted import ScriptedModel as S; \\
        from gpu_runtime.models.protocol import *; \\
        print(S(lambda prompt, k: prompt.text.upper()).generate([Prompt('a')], Sampling(n=2)))"
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

from corpora.files import write_folder
from gpu_runtime.models.protocol import Example, Learning, Prompt, Sampling


class ScriptedModel:
    """A model for tests. answer(prompt, number of the answer from 0): returns the text of one
    answer. The attribute `learnt` keeps the examples it was trained on.
    """

    def __init__(self, answer: Callable[[Prompt, int], str]) -> None:
        self._answer = answer
        self.learnt: list[Example] = []

    def generate(self, prompts: Sequence[Prompt], sampling: Sampling) -> list[list[str]]:
        """Return `sampling.n` answers per prompt, in order. Each is what the constructor's `answer`
        returns for the prompt and the answer's number from 0. The rest of `sampling` does not
        count.
        """
        return [
            [self._answer(prompt, sample) for sample in range(sampling.n)] for prompt in prompts
        ]

    def learn(
        self,
        examples: Sequence[Example],
        learning: Learning,
        progress: Callable[[int, int, float], None] | None = None,
    ) -> dict[str, float]:
        """Append the examples to the attribute `learnt`; `learning` does not count. Calls
        progress(1, 1, 0.0), if given, and returns metrics by name as of a training of one step:
        `loss`, `steps`, `tokens` and `seconds`.
        """
        self.learnt += examples
        if progress:
            progress(1, 1, 0.0)
        return {"loss": 0.0, "steps": 1.0, "tokens": 0.0, "seconds": 0.0}

    def save(self, folder: Path) -> None:
        """Write the examples in `learnt` to the file `learnt.jsonl` in `folder`, one JSON array
        [prompt, answer, weight] per line. Raises OSError if the disk is full.
        """
        lines = "".join(json.dumps([e.prompt, e.answer, e.weight]) + "\n" for e in self.learnt)
        write_folder(folder, lambda temporary: (temporary / "learnt.jsonl").write_text(lines))
