"""How busy this machine's cores were between two moments, as the system counts it.

Contract: the whole machine is counted, other people's work included; where the system does not tell
there is no figure.

    python -c "from coevolve.loop.cpu_time import read_cpu_time; print(read_cpu_time())"
"""

from __future__ import annotations

Ticks = tuple[float, float]


def read_cpu_time() -> Ticks | None:
    """Return (busy, all) time of this machine's cores since boot, in clock ticks summed over cores.
    Returns None where `/proc/stat` cannot be read.
    """
    try:
        with open("/proc/stat", encoding="ascii") as file:
            ticks = [float(t) for t in file.readline().split()[1:9]]
    except (OSError, ValueError):
        return None
    idle = ticks[3] + ticks[4]
    return sum(ticks) - idle, sum(ticks)


def compute_busy_share(before: Ticks | None, after: Ticks | None) -> float | None:
    """Return the share, in [0, 1], of the cores' time that was busy between two values of
    `read_cpu_time`. Returns None if either is None or no time passed.
    """
    if not before or not after or after[1] <= before[1]:
        return None
    return (after[0] - before[0]) / (after[1] - before[1])
