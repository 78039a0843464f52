"""One line for each time that a run loses actors: which ones, with which node, and what is asked
again.

Contract: a node takes all of its actors, and the pools notice one after the other; losses that come
within some seconds are one event. Nothing here decides anything.

    python -c "from coevolve.loop.losses import Loss, format_losses; \\
        print(format_losses([Loss('verifier', '10.0.0.2', ['judge'])]))"
"""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from coevolve.cli.progress import print_line

GATHER_S = 8.0
"""Seconds without another loss after which an event is over: Ray tells of the actors of a node one
by one.
"""
MOST_S = 30.0
"""Seconds after which an event is told of although losses go on."""
_NODE_GONE = ("node has died", "node is dead", "node was terminated", "node failed")
_ADDRESS = re.compile(r"^\s*ip: (\S+)", re.M)


@dataclass(frozen=True, slots=True)
class Loss:
    """An actor that a run lost.

    kind: what it is called in messages, such as `verifier` or `starting verifier`.
    node: the address of the node that was lost with it, `?` where that is not known, '' where the
        node is still there.
    calls: names of the methods that it was asked for and did not answer; calls that turn out later
        to be lost may be added.
    """

    kind: str
    node: str
    calls: Sequence[str] = ()


def find_lost_node(message: str) -> str:
    """Return the address of the node whose loss ended an actor, by what Ray says of the actor; `?`
    where it gives no address, '' where the node is not lost.
    """
    if not any(words in message.lower() for words in _NODE_GONE):
        return ""
    address = _ADDRESS.search(message)
    return address[1] if address else "?"


def format_losses(lost: Sequence[Loss]) -> str:
    """Return one line about actors that were lost together: their kinds, their nodes, and how many
    calls of which kind are asked again. lost: at least one.
    """
    kinds = Counter(each.kind for each in lost)
    who = ", ".join(f"{n} {kind}{'s' * (n > 1)}" for kind, n in kinds.items())
    nodes = sorted({each.node for each in lost} - {"", "?"})
    where = f" with node{'s' * (len(nodes) > 1)} {', '.join(nodes)}" if nodes else ""
    where = where or (" with a node" if any(each.node for each in lost) else "")
    calls = Counter(name.replace("_", " ") for each in lost for name in each.calls)
    again = (
        f"asked again of others: {', '.join(f'{name} {n}' for name, n in calls.items())}"
        if calls
        else "no call was lost"
    )
    return f"lost{where}: {who}; each restarts where there is room; {again}"


class LossTeller:
    """Gathers losses and prints one line for each event. Several threads may use it."""

    def __init__(self, gather_s: float = GATHER_S) -> None:
        """gather_s: seconds without another loss after which an event is over."""
        self._gather_s = gather_s
        self._lock = threading.Lock()
        self._lost: list[Loss] = []
        self._since = 0.0
        self._timer: threading.Timer | None = None

    def add(self, loss: Loss) -> None:
        """Count `loss` to the event that is under way, or begin one."""
        with self._lock:
            now = time.monotonic()
            self._since = self._since if self._lost else now
            self._lost.append(loss)
            if self._timer:
                self._timer.cancel()
            left = max(0.0, min(self._gather_s, self._since + MOST_S - now))
            self._timer = threading.Timer(left, self.tell)
            self._timer.daemon = True
            self._timer.start()

    def tell(self) -> None:
        """Print the line of the event that is under way, if there is one, and end it."""
        with self._lock:
            lost, self._lost = self._lost, []
            if self._timer:
                self._timer.cancel()
        if lost:
            print_line(format_losses(lost))
