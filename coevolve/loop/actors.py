"""The only file that knows Ray: thin actors round the plain classes, one crew per run.

Contract: an actor holds an undecorated object and has the methods of it that a run calls. The run
folder must be on storage that every node sees (checkpoints are saved by the actors). A verifier
that dies is restarted by Ray and its call retried.

    python -c "from coevolve.loop.actors import find_ray_address; print(find_ray_address())"
"""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from coevolve.cli.errors import UserError
from coevolve.cli.signals import started_whole
from coevolve.config.schema import Config
from coevolve.loop.model_starts import classify_start
from coevolve.loop.workers import Result, RunWorkers
from coevolve.named_models import hide_loading_bars
from corpora.records import Candidate, Verdict
from gpu_runtime.models.distributed import DistributedError, Job, Start, find_cause, run_process

PROBE_S = 5.0
"""How long one address of a Ray cluster may take to accept a connection."""
SHOWN_NO_GPU = {"env_vars": {"RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "1"}}
"""What an actor runs in that has no share of a GPU and is to see none: by itself Ray shows it all
of its node's.
"""
START_S = 300
"""How long Ray may look for room for the workers of a fine-tuning."""


def find_ray_address() -> str:
    """`auto` inside a Ray job or when RAY_ADDRESS is set, else `local`: a private Ray on this
    machine.
    """
    return "auto" if os.environ.get("RAY_ADDRESS") or os.environ.get("RAY_JOB_ID") else "local"


def require_reachable(address: str) -> None:
    """Raises UserError when nobody listens at a Ray address: Ray itself tries for two minutes, then
    ends the process.
    """
    if address in ("auto", "local"):
        return
    host, _, port = address.removeprefix("ray://").rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not port.isdecimal() or any(mark in host for mark in "[]/"):
        raise UserError(
            f"RAY_ADDRESS '{address}' is not of the form HOST:PORT; give what 'ray start "
            f"--head' printed, or unset it to run on this machine"
        )
    try:
        socket.create_connection((host, int(port)), PROBE_S).close()
    except (OSError, OverflowError) as error:
        raise UserError(
            f"no Ray answers at RAY_ADDRESS '{address}' ({error}); start one with 'ray start "
            f"--head', or unset RAY_ADDRESS to run on this machine"
        ) from error


class RayWorker:
    """`coevolve.loop.workers.Worker` over an actor handle."""

    def __init__(self, handle: Any) -> None:
        self.handle = handle

    def submit(self, method: Callable[..., Result], *arguments: Any) -> Future[Result]:
        """See `coevolve.loop.workers.Worker.submit`: the actor has a method of the same name."""
        answer: Future[Result] = Future()

        def settle(done: Future) -> None:
            try:
                answer.set_result(done.result())
            except (
                BaseException
            ) as error:  # a lost actor or a cancelled call too: nobody may wait for ever
                # Ray wraps what an actor raised; callers and the command line know the error
                # itself.
                answer.set_exception(getattr(error, "cause", None) or error)

        getattr(self.handle, method.__name__).remote(*arguments).future().add_done_callback(settle)
        return answer


class ModelActor:
    """A Translator's or a Tester's service inside an actor, which makes it: models do not travel.

    Its methods are those of `coevolve.loop.services`, with the same arguments.
    """

    def __init__(self, make: Callable[..., Any], *arguments: Any) -> None:
        self.service = make(*arguments)
        self.meters = RunMeters()

    def cold_start(self, *arguments: Any) -> dict[str, float]:
        return self.service.cold_start(*arguments)

    def pretrain(self, *arguments: Any) -> dict[str, float]:
        return self.service.pretrain(*arguments)

    def learn(self, *arguments: Any) -> dict[str, float]:
        return self.service.learn(*arguments)

    def propose(self, *arguments: Any) -> list:
        answer = self.service.propose(*arguments)
        self.meters.count_candidates(answer)
        return answer

    def progress(self) -> tuple[int, int, float]:
        answer = self.service.progress()
        self.meters.show_loss(type(self.service).__name__.removesuffix("Service").lower(), answer)
        return answer


class VerifierActor:
    """A `coevolve.verification.verifier.Verifier` inside an actor, which makes it: runners do not
    travel. Its methods are the verifier's, with the same arguments.
    """

    def __init__(self, make: Callable[..., Any], *arguments: Any) -> None:
        self.verifier = make(*arguments)
        self.meters = RunMeters()

    def compile_ahead(self, *arguments: Any) -> None:
        return self.verifier.compile_ahead(*arguments)

    def prepare(self, *arguments: Any) -> Any:
        return self.verifier.prepare(*arguments)

    def judge(self, *arguments: Any) -> list[Verdict]:
        verdicts = self.verifier.judge(*arguments)
        self.meters.count_verdicts(verdicts)
        return verdicts

    def verify(self, *arguments: Any) -> list[Verdict]:
        return self.verifier.verify(*arguments)


class RunMeters:
    """What Ray's dashboard and its Prometheus port show of a run: counts of answers, verdicts and
    pairs, and the loss.
    """

    def __init__(self) -> None:
        from ray.util.metrics import Counter as Total, Gauge

        self.candidates = Total(
            "coevolve_candidates_total", "Translations proposed, before equal ones are dropped."
        )
        self.verdicts = Total(
            "coevolve_verdicts_total", "Verdicts on candidates.", tag_keys=("outcome",)
        )
        self.pairs_kept = Total("coevolve_pairs_kept_total", "Equivalent pairs kept as lessons.")
        self.loss = Gauge(
            "coevolve_learning_loss", "Loss of the model that learns.", tag_keys=("model",)
        )

    def count_candidates(self, proposed: Sequence[object]) -> None:
        """What a model proposed; tests, which a Tester proposes, are passed over."""
        if proposed and isinstance(proposed[0], Candidate):
            self.candidates.inc(len(proposed))

    def count_verdicts(self, verdicts: Sequence[Verdict]) -> None:
        """Each outcome by itself."""
        for outcome, count in Counter(str(v.outcome) for v in verdicts).items():
            self.verdicts.inc(count, {"outcome": outcome})

    def show_loss(self, model: str, progress: tuple[int, int, float]) -> None:
        """progress: (step, steps, loss); before the first step there is no loss."""
        if progress[0]:
            self.loss.set(progress[2], {"model": model})

    def count_kept(self, pairs: int) -> None:
        """The pairs that a round kept as lessons."""
        if pairs:
            self.pairs_kept.inc(pairs)


def _keep_token_private() -> None:
    """A token of our own for a private Ray, before Ray is imported.

    Left alone, Ray writes one to ~/.ray, and from then on every `ray start --head` of this user
    demands it while `ray job submit` does not send it.
    """
    if "RAY_AUTH_MODE" not in os.environ and not (Path.home() / ".ray" / "auth_token").exists():
        os.environ["RAY_AUTH_MODE"] = "token"
        os.environ["RAY_AUTH_TOKEN"] = secrets.token_hex(32)


def _private(ray: Any) -> dict[str, Any]:
    """How a Ray of our own is: without a dashboard, of which Ray Train's watchman would complain
    every second it finds none.
    """
    return {"include_dashboard": False, "logging_config": ray.LoggingConfig(log_level="ERROR")}


def count_requested_gpus(config: Config, verifiers: int) -> dict[str, float]:
    """GPUs that the actors of a run ask Ray for, by who has them; those of the trainers where they
    are beside the models'.
    """
    wanted = config.resources
    asked = {
        "models": 2 * wanted.model_gpus,
        "verifiers": verifiers * wanted.verifier_gpus,
        "trainers": 0.0,
    }
    if (
        wanted.trainers > max(1.0, wanted.model_gpus)
        and classify_start(config, "translator") == "pretrained"
    ):
        asked["trainers"] = float(wanted.trainers)
    return asked


def require_gpus(config: Config, verifiers: int, there: float) -> None:
    """Raises UserError where the cluster has fewer GPUs than are asked for: Ray would let actors
    wait for them for ever.
    """
    wanted = config.resources
    if config.verify.backend == "cuda" and not wanted.verifier_gpus:
        raise UserError(
            "verify.backend = 'cuda' needs a share of a GPU for each verifier under Ray: set "
            "resources.verifier_gpus, for example to 0.1"
        )
    asked = count_requested_gpus(config, verifiers)
    if not there:  # then trainers work on CPUs
        asked["trainers"] = 0.0
    if sum(asked.values()) <= there + 1e-6:
        return
    beside = f", resources.trainers = {wanted.trainers}" if asked["trainers"] else ""
    raise UserError(
        f"the run asks for {sum(asked.values()):g} GPUs and Ray has {there:g}: 2 models with "
        f"resources.model_gpus = {wanted.model_gpus:g}, "
        f"{verifiers} verifiers with resources.verifier_gpus = "
        f"{wanted.verifier_gpus:g}{beside}; lower these, or verify.workers"
    )


def choose_verifier_cpus(verifiers: int, cpus: int) -> float:
    """CPUs that a verifier asks for: all of them have to find room, on a laptop of two
    cores too.
    """
    return 1.0 if verifiers <= cpus // 2 else min(0.5, cpus * 1000 // verifiers / 1000)


def _start(ray: Any, address: str) -> None:
    """Start Ray, or join the one at `address`. Raises UserError where that fails."""
    # working_dir stays unset: a Ray job brings its own, and locally the driver's environment is the
    # actors'.
    options = {
        "log_to_driver": True,
        "logging_level": "ERROR",
        **(_private(ray) if address == "local" else {}),
    }
    try:
        ray.init(address=address, **options)
    except (
        Exception
    ) as error:  # Ray raises nothing narrower when a node of its own does not come up in time
        first = (str(error).strip() or type(error).__name__).splitlines()[0]
        where = (
            "does not start here"
            if address == "local"
            else f"does not answer at RAY_ADDRESS '{os.environ.get('RAY_ADDRESS', address)}'"
        )
        raise UserError(f"Ray {where}: {first} Try again, or run without it: --local") from error


@contextmanager
def make_ray_workers(
    config: Config,
    make_translator: Callable[[Config], Any],
    make_tester: Callable[[Config], Any],
    make_verifier: Callable[[Config], Any],
) -> Iterator[RunWorkers]:
    """A Crew on Ray. `make_*(config)` run inside the actors. Verifiers: config.verify.workers, or
    one per CPU.
    """
    address = find_ray_address()
    require_reachable(os.environ.get("RAY_ADDRESS") or address)
    if address == "local":
        _keep_token_private()
    import ray

    with (
        nullcontext()
        if ray.is_initialized()
        else started_whole(lambda: _start(ray, address), ray.shutdown)
    ):
        cpus, gpus = (
            int(ray.cluster_resources().get("CPU", 1)),
            ray.cluster_resources().get("GPU", 0.0),
        )
        count = config.verify.workers or max(1, cpus)
        require_gpus(config, count, gpus)
        # CPU shares are nominal: models idle while verifiers work, so actors must all fit on a
        # two-core laptop. A second thread answers `progress` while a model learns.
        model_options = {
            "num_cpus": 0,
            "num_gpus": config.resources.model_gpus,
            "max_concurrency": 2,
        }
        verifier_options = {
            "num_cpus": choose_verifier_cpus(count, cpus),
            "num_gpus": config.resources.verifier_gpus,
            "max_restarts": -1,
            "max_task_retries": 2,
            "runtime_env": SHOWN_NO_GPU if gpus and not config.resources.verifier_gpus else None,
        }
        model_host, verifier_host = (
            ray.remote(ModelActor).options(**model_options),
            ray.remote(VerifierActor).options(**verifier_options),
        )
        handles = [
            model_host.remote(make_translator, config),
            model_host.remote(make_tester, config),
        ]
        handles += [verifier_host.remote(make_verifier, config) for _ in range(count)]
        workers = [RayWorker(h) for h in handles]
        yield RunWorkers(workers[0], workers[1], tuple(workers[2:]), RunMeters().count_kept)
        for handle in handles:
            ray.kill(handle)


def choose_trainer(processes: int) -> Start | None:
    """What starts the processes of one fine-tuning: Ray Train, or None where that is not for Ray.

    Nothing is where no Ray is (`--local`), and where this actor holds a GPU for each of them, which
    Ray gives to nobody else.
    """
    ray = sys.modules.get("ray")  # where it is not imported it is not used
    if ray is None or not ray.is_initialized():
        return None
    return None if len(ray.get_gpu_ids()) >= processes else start_with_ray_train


def start_with_ray_train(job: Job, processes: int) -> dict[str, float]:
    """A `Start` (gpu_runtime.models.distributed): a Ray Train of so many workers, on whichever
    nodes have room; a GPU each where the cluster has any.

    The folders of `job` must be on storage that all nodes see, as the run folder is; Ray's own
    notes lie beside them while it works. Raises DistributedError, also where there is no room: GPUs
    that are not free now are held by actors that wait for this.
    """
    import ray
    from ray.train import (
        FailureConfig,
        LoggingConfig,
        RunConfig,
        ScalingConfig,
        TrainingFailedError,
    )
    from ray.train.torch import TorchTrainer

    use_gpu = ray.cluster_resources().get("GPU", 0) > 0
    if use_gpu and (free := ray.available_resources().get("GPU", 0)) < processes:
        raise DistributedError(
            f"resources.trainers = {processes} needs as many free GPUs; {free:g} are free "
            f"beside those of the model actors and verifiers: "
            "lower resources.trainers, resources.model_gpus or resources.verifier_gpus"
        )
    os.environ.setdefault("RAY_TRAIN_WORKER_GROUP_START_TIMEOUT_S", str(START_S))
    os.environ.setdefault(
        "RAY_TRAIN_ENABLE_PREEMPTION_WATCHER", "0"
    )  # nothing here would listen to it
    folder = Path(job["folder"])
    storage = folder.with_name(
        f".{folder.name}.ray.part"
    )  # of the names that a resumed run clears away
    # Verifiers hold the CPUs, idle while a model learns: a worker asks for a byte of memory, as Ray
    # takes no empty request.
    room = ScalingConfig(
        num_workers=processes, use_gpu=use_gpu, resources_per_worker={"CPU": 0, "memory": 1}
    )
    run = RunConfig(
        name="trainers",
        storage_path=str(storage),
        failure_config=FailureConfig(max_failures=0, controller_failure_limit=0),
        logging_config=LoggingConfig(
            log_level="CRITICAL"
        ),  # what a worker raises comes back, and is told once
    )
    try:
        return (
            TorchTrainer(_quiet_work, train_loop_config=job, scaling_config=room, run_config=run)
            .fit()
            .return_value
        )
    except TrainingFailedError as error:
        raise DistributedError(
            f"fine-tuning in {processes} Ray Train workers failed: {_explain_error(error)}"
        ) from error
    finally:
        shutil.rmtree(storage, ignore_errors=True)


def _quiet_work(job: Job) -> dict[str, float]:
    hide_loading_bars()  # as in the model actors
    return run_process(job)


def _explain_error(error: Exception) -> str:
    """In one line: what a worker raised, or the last of what Ray itself has to say."""
    failures = getattr(error, "worker_failures", None)
    return (
        find_cause({rank: str(failure) for rank, failure in failures.items()})
        if failures
        else str(error).strip().splitlines()[-1]
    )
