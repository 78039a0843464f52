"""The workers of a run, made from its configuration: in this process, or on Ray.

python -c "from coevolve.loop.run_workers import make_local_workers; help(make_local_workers)"
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from coevolve.config.schema import Config
from coevolve.loop.actors import make_ray_workers
from coevolve.loop.services import make_tester, make_translator, make_verifier
from coevolve.loop.workers import FixedPool, LocalWorker, RunWorkers


@contextmanager
def make_local_workers(config: Config) -> Iterator[RunWorkers]:
    """Yield workers that do everything in this process, one call after the other. The verifier is
    closed when the block ends.
    """
    verifier = make_verifier(config)
    try:
        yield RunWorkers(
            FixedPool(LocalWorker(make_translator(config))),
            FixedPool(LocalWorker(make_tester(config))),
            FixedPool(LocalWorker(verifier)),
        )
    finally:
        verifier.engine.close()


@contextmanager
def make_no_workers(config: Config) -> Iterator[RunWorkers]:
    """Yield workers of a run whose stages have all finished: there is none of any kind, and a call
    of one raises WorkerLostError.
    """
    yield RunWorkers(FixedPool(), FixedPool(), FixedPool())


@contextmanager
def make_ray_run_workers(config: Config) -> Iterator[RunWorkers]:
    """Yield workers whose models and verifiers are Ray actors. They end with the block. Raises
    UserError if Ray is not reachable or lacks the GPUs that the configuration asks for.
    """
    with make_ray_workers(config, make_translator, make_tester, make_verifier) as workers:
        yield workers
