"""Threads for models, by the processors that this process may keep busy.

from gpu_runtime.sandbox.cores import count_model_threads
"""

from __future__ import annotations

import os
import sys

from corpora.cores import count_usable_cores


def count_model_threads() -> int:
    """Return the threads for a model's process: OMP_NUM_THREADS, else every usable core. Inside
    Ray, which sets that variable to 1 by itself, it is every usable core.
    """
    told = os.environ.get("OMP_NUM_THREADS", "").split(",")[0]
    return (
        int(told)
        if told.isdecimal() and int(told) > 0 and not _inside_ray()
        else count_usable_cores()
    )


def _inside_ray() -> bool:
    return "ray" in sys.modules and sys.modules["ray"].is_initialized()
