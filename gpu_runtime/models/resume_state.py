"""From where a killed training goes on: one file in its workspace, written whole, that belongs to
its lessons alone.

python -c "from gpu_runtime.models.resume_state import ResumeState; help(ResumeState)"
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import torch

from gpu_runtime.models.encoded import EncodedExample
from gpu_runtime.models.protocol import Learning

KEEP_EVERY_S = 600.0


def fingerprint_lessons(
    examples: Sequence[EncodedExample], learning: Learning, more: object = None
) -> str:
    """Return a SHA-256 hash, as hex digits, of the examples, their order and how they are learned.
    learning: its rate, epochs, batch and seed count. more: a further JSON value that goes into the
    hash; None: none.
    """
    rate = (learning.learning_rate, learning.epochs, learning.batch_tokens, learning.seed)
    digest = hashlib.sha256(json.dumps([rate, more], sort_keys=True).encode())
    for example in examples:
        digest.update(repr((example.ids, example.answer_at, example.weight)).encode())
    return digest.hexdigest()


class ResumeState:
    """The state of a training, stored at most every KEEP_EVERY_S (600) seconds. workspace: folder
    of the file; None: nothing is stored. lessons(): returns the fingerprint of the lessons; called
    only with a workspace.
    """

    def __init__(self, workspace: Path | None, lessons: Callable[[], str]) -> None:
        """lessons: their fingerprint; asked only where there is a workspace."""
        self._file = workspace / "halfway.pt" if workspace else None
        self._lessons = lessons() if workspace else ""
        self._kept = time.monotonic()

    def load(self) -> dict | None:
        """Return the state that a training of the same lessons stored last, as `keep` was given it;
        None if there is none.
        """
        if self._file is None or not self._file.is_file():
            return None
        state = torch.load(self._file, weights_only=True, map_location="cpu")
        return state["state"] if state["lessons"] == self._lessons else None

    def keep(self, state: Callable[[], dict]) -> None:
        """Store the result of `state()` in the workspace if KEEP_EVERY_S (600) seconds have passed
        since the last time; else do nothing. state(): values that `torch.save` can write, by name.
        A kill while they are written leaves the state stored before.
        """
        if self._file is None or time.monotonic() - self._kept < KEEP_EVERY_S:
            return
        self._file.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self._file.with_suffix(".part")
        torch.save({"lessons": self._lessons, "state": state()}, unfinished)
        os.replace(unfinished, self._file)
        self._kept = time.monotonic()
