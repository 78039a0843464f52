"""The only file that knows Ray: thin actors round the plain classes, one crew per run.

Contract: an actor holds an undecorated object and forwards one call at a time. The run folder must be on storage that
every node sees (checkpoints are saved by the actors). A verifier that dies is restarted by Ray and its call retried.

    python -c "from coevolve.actors import ray_address; print(ray_address())"
"""

from __future__ import annotations

import os
import re
import secrets
import socket
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from coevolve.config import Config
from coevolve.errors import UserError
from coevolve.workers import Crew
from corpora.records import Candidate

PROBE_S = 5.0
"""How long one address of a Ray cluster may take to accept a connection."""


def ray_address() -> str:
    """`auto` inside a Ray job or when RAY_ADDRESS is set, else `local`: a private Ray on this machine."""
    return "auto" if os.environ.get("RAY_ADDRESS") or os.environ.get("RAY_JOB_ID") else "local"


def require_reachable(address: str) -> None:
    """Raises UserError when nobody listens at a Ray address: Ray itself tries for two minutes, then ends the process."""
    if address in ("auto", "local"):
        return
    parts = re.fullmatch(r"(?:ray://)?\[?([^\[\]/]+?)\]?:(\d+)", address)
    if parts is None:
        raise UserError(f"RAY_ADDRESS '{address}' is not of the form HOST:PORT; give what 'ray start --head' printed, or unset it to run on this machine")
    try:
        socket.create_connection((parts[1], int(parts[2])), PROBE_S).close()
    except (OSError, OverflowError) as error:
        raise UserError(
            f"no Ray answers at RAY_ADDRESS '{address}' ({error}); start one with 'ray start --head', or unset RAY_ADDRESS to run on this machine"
        ) from error


class RayWorker:
    """`coevolve.workers.Worker` over an actor handle."""

    def __init__(self, handle: Any) -> None:
        self.handle = handle

    def call(self, method: str, *arguments: Any) -> Future:
        answer: Future = Future()

        def settle(done: Future) -> None:
            try:
                answer.set_result(done.result())
            except BaseException as error:  # a lost actor or a cancelled call too: nobody may wait for ever
                # Ray wraps what an actor raised; callers and the command line know the error itself.
                answer.set_exception(getattr(error, "cause", None) or error)

        self.handle.forward.remote(method, *arguments).future().add_done_callback(settle)
        return answer


class Host:
    """What runs inside an actor: builds its object there (models and runners do not travel) and forwards calls."""

    def __init__(self, make: Callable[..., object], *arguments: Any) -> None:
        self.target = make(*arguments)
        self.meters = Meters()

    def forward(self, method: str, *arguments: Any) -> Any:
        answer = getattr(self.target, method)(*arguments)
        self.meters.note(type(self.target).__name__, method, answer)
        return answer


class Meters:
    """What Ray's dashboard and its Prometheus port show of a run: counts of answers, verdicts and pairs, and the loss."""

    def __init__(self) -> None:
        from ray.util.metrics import Counter as Total
        from ray.util.metrics import Gauge

        self.candidates = Total("coevolve_candidates_total", "Translations proposed, before equal ones are dropped.")
        self.verdicts = Total("coevolve_verdicts_total", "Verdicts on candidates.", tag_keys=("outcome",))
        self.pairs_kept = Total("coevolve_pairs_kept_total", "Equivalent pairs kept as lessons.")
        self.loss = Gauge("coevolve_learning_loss", "Loss of the model that learns.", tag_keys=("model",))

    def note(self, model: str, method: str, answer: Any) -> None:
        """Read an answer of a service or a verifier; others are passed over."""
        if method == "propose" and answer and isinstance(answer[0], Candidate):
            self.candidates.inc(len(answer))
        elif method == "judge":
            for outcome, count in Counter(str(v.outcome) for v in answer).items():
                self.verdicts.inc(count, {"outcome": outcome})
        elif method == "progress" and answer[0]:
            self.loss.set(answer[2], {"model": model.removesuffix("Service").lower()})

    def count_kept(self, pairs: int) -> None:
        if pairs:
            self.pairs_kept.inc(pairs)


def _keep_token_private() -> None:
    """A token of our own for a private Ray, before Ray is imported.

    Left alone, Ray writes one to ~/.ray, and from then on every `ray start --head` of this user demands it while
    `ray job submit` does not send it.
    """
    if "RAY_AUTH_MODE" not in os.environ and not (Path.home() / ".ray" / "auth_token").exists():
        os.environ["RAY_AUTH_MODE"] = "token"
        os.environ["RAY_AUTH_TOKEN"] = secrets.token_hex(32)


@contextmanager
def ray_crew(config: Config, make_translator, make_tester, make_verifier):
    """A Crew on Ray. `make_*(config)` run inside the actors. Verifiers: config.verify.workers, or one per CPU."""
    address = ray_address()
    require_reachable(os.environ.get("RAY_ADDRESS") or address)
    if address == "local":
        _keep_token_private()
    import ray

    started = not ray.is_initialized()
    if started:
        # working_dir stays unset: a Ray job brings its own, and locally the driver's environment is the actors'.
        try:
            ray.init(address=address, log_to_driver=True, logging_level="ERROR", include_dashboard=False if address == "local" else None)
        except Exception as error:  # Ray raises nothing narrower when a node of its own does not come up in time
            first = (str(error).strip() or type(error).__name__).splitlines()[0]
            where = "does not start here" if address == "local" else f"does not answer at RAY_ADDRESS '{os.environ.get('RAY_ADDRESS', address)}'"
            raise UserError(f"Ray {where}: {first} Try again, or run without it: --local") from error
    try:
        cpus = int(ray.cluster_resources().get("CPU", 1))
        count = config.verify.workers or max(1, cpus)
        # CPU shares are nominal: models idle while verifiers work, so actors must all fit on a two-core laptop.
        # A second thread answers `progress` while a model learns.
        model_options = {"num_cpus": 0, "num_gpus": config.resources.model_gpus, "max_concurrency": 2}
        verifier_options = {
            "num_cpus": 0.5 if count > cpus // 2 else 1,
            "num_gpus": config.resources.verifier_gpus,
            "max_restarts": -1,
            "max_task_retries": 2,
        }
        model_host, verifier_host = ray.remote(Host).options(**model_options), ray.remote(Host).options(**verifier_options)
        handles = [model_host.remote(make_translator, config), model_host.remote(make_tester, config)]
        handles += [verifier_host.remote(make_verifier, config) for _ in range(count)]
        workers = [RayWorker(h) for h in handles]
        yield Crew(workers[0], workers[1], tuple(workers[2:]), Meters().count_kept)
        for handle in handles:
            ray.kill(handle)
    finally:
        if started:
            ray.shutdown()
