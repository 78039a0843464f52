"""Development corpus: hand-written serial functions of the everyday kind, for choices between
models and settings.

Contract: nothing here is trained on or reported as a result; it is what a learning rate, a sampling
temperature or a checkpoint is chosen by, so that the evaluation corpora are looked at once.
`<family>/<name>.cpp` and `.f90`/`.f` hold serial functions as people write them beside their GPU
code; `.cu`, where present, is a bare `__global__` kernel with the same parameters in the same
order. None is a near-duplicate of another, of a built-in function or of BabelTower's validation
split, and each has a valid rule-made suite (`tests/corpora/test_development.py`).

    python -c "from corpora.development import pairs, programs; \\
        print(len(programs('cpp')), len(pairs('cpp:cuda')))"
"""

from __future__ import annotations

from functools import cache

from corpora.datasets.hand_written import read_collection, select_dialect, select_direction
from corpora.places import find_data
from corpora.records import Program


@cache
def _programs() -> tuple[Program, ...]:
    return read_collection(find_data("corpora/development/bits").parent, "development")


def programs(dialect: str) -> list[Program]:
    """Return the functions of one dialect, sorted by origin. Raises ValueError for an unknown
    dialect.
    """
    return select_dialect(_programs(), dialect)


def pairs(direction: str) -> list[tuple[Program, Program]]:
    """Return (source, target) of every computation that has both dialects of `direction`
    (`cpp:cuda`). Raises ValueError for an unknown one.
    """
    return select_direction(_programs(), direction)
