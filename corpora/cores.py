"""How many processors this process may keep busy: what its affinity allows, and its container's
share of time.

Contract: `os.cpu_count()` tells what the machine has. On a node of 64 cores, in a container that
may use four, 64 threads are stopped by the scheduler most of the time; here that container has
four.

    python -c "from corpora.cores import count_usable_cores; print(count_usable_cores())"
"""

from __future__ import annotations

import math
import os
import sys
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")


def count_usable_cores(cgroups: Path = CGROUPS) -> int:
    """Return how many cores this process may keep busy, at least 1. cgroups: where the kernel's
    control groups are mounted; a limit that cannot be read does not count.
    """
    return max(1, min(len(os.sched_getaffinity(0)), _quota(cgroups)))


def _quota(cgroups: Path) -> int:
    """Processors' worth of time, rounded up; of control groups version 2, else 1 (kernel
    documentation: cgroup-v2, cpu.max).
    """
    for quota, period in (_version_2(cgroups), _version_1(cgroups)):
        if quota > 0 and period > 0:
            return math.ceil(quota / period)
    return sys.maxsize


def _version_2(cgroups: Path) -> tuple[int, int]:
    found = _words(cgroups / "cpu.max")
    return (
        (int(found[0]), int(found[1]))
        if len(found) == 2 and all(w.isdecimal() for w in found)
        else (0, 0)
    )


def _version_1(cgroups: Path) -> tuple[int, int]:
    found = [_words(cgroups / "cpu" / f"cpu.cfs_{name}_us") for name in ("quota", "period")]
    return (
        (int(found[0][0]), int(found[1][0]))
        if all(len(f) == 1 and f[0].isdecimal() for f in found)
        else (0, 0)
    )


def _words(path: Path) -> list[str]:
    try:
        return path.read_text().split()
    except OSError:
        return []
