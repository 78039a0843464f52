"""A process that verifies and trains does not hand back its memory after every tensor."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import ctypes, resource, torch
from gpu_runtime.sandbox.memory import MAX_HEAP_BYTES, keep_heap
{before}
def work():
    for _ in range(20):
        parts = [torch.ones(1 << 20) for _ in range(8)]  # 4 MiB each
        del parts
work()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
work()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


MAPPED_ONE_BY_ONE = "ctypes.CDLL(None).mallopt(-3, 1 << 20)"


@pytest.mark.parametrize(
    ("before", "again"),
    [
        (MAPPED_ONE_BY_ONE, True),
        ("keep_heap(1 << 24); keep_heap(MAX_HEAP_BYTES)", False),
        ("keep_heap(MAX_HEAP_BYTES); keep_heap(1 << 24)", False),
    ],
)
def test_freed_memory_is_used_again_whoever_asked_last(before: str, again: bool) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(before=before)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    faults = int(done.stdout)
    # 20 times 32 MiB are 164,000 pages of 4 KiB.
    assert faults > 50_000 if again else faults < 2_000, faults
