"""What the C heap of this process keeps of freed memory, instead of handing it back and having new
pages cleared.

Contract: `keep_heap` only ever raises what is kept, so a process that both trains and verifies
keeps what the greedier needs. Measured: a training step whose tensors are mapped one by one takes
twice as long, half of it in the kernel.

    python -c "from gpu_runtime.sandbox.memory import keep_heap; keep_heap(1 << 24)"
"""

from __future__ import annotations

import ctypes

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # malloc.h
_LARGEST_ON_HEAP_BYTES = 1 << 25
"""The most that glibc allows."""
MAX_HEAP_BYTES = (1 << 31) - 1
_kept = 0
"""What was asked for so far: the heap is this process's, and there is one."""


def keep_heap(size: int) -> None:
    """Let the C heap keep up to `size` bytes of freed memory, at most MAX_HEAP_BYTES (2^31 - 1). A
    call never lowers what an earlier call set. Without glibc nothing happens.
    """
    global _kept
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        _kept = max(_kept, min(size, MAX_HEAP_BYTES))
        mallopt(_M_MMAP_THRESHOLD, _LARGEST_ON_HEAP_BYTES)
        mallopt(_M_TRIM_THRESHOLD, _kept)
