"""The only file that knows Ray: thin actors round the plain classes, one set of workers per run.

Contract: an actor holds an undecorated object and has the methods of it that a run calls. The run
folder must be on storage that every node sees (checkpoints are saved by the actors). Actors of one
kind form a pool. An actor that dies, alone or with its node, is replaced where there is room, and
its call goes to another member (`coevolve.loop.workers`). Nodes may join at any time: the pool of
verifiers grows with the cluster unless `verify.workers` fixes their number.

    python -c "from coevolve.loop.actors import find_ray_address; print(find_ray_address())"
"""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from coevolve.cli.errors import UserError
from coevolve.cli.progress import print_line
from coevolve.cli.signals import start_uninterrupted
from coevolve.config.schema import Config
from coevolve.loop.losses import Loss, LossTeller, find_lost_node
from coevolve.loop.model_starts import classify_start
from coevolve.loop.workers import (
    Leases,
    Result,
    RunWorkers,
    StoppedError,
    Worker,
    WorkerLostError,
)
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
"""How long Ray may look for room for the workers of a fine-tuning, or for the only actor of its
kind.
"""
LOOK_S = 2.0
"""Seconds between looks at how large the cluster is."""
FAILED_STARTS = 5
"""Actors of one kind that may die while they start, one after another."""
STARTS = 3
"""How often a private Ray may be started that does not come up in its time."""
SLOW_STARTS = ("timed out during startup", "Failed to start GCS")
"""What Ray says when a part of it was not up within the time that it gives itself."""
CALLS_REMEMBERED = 5000
"""Calls whose history a Ray of our own keeps. Its own limit is 100,000, some 300 MiB, and nobody
looks at it.
"""
TOGETHER = 4
"""Stages of a run that may be at work at once."""


def find_ray_address() -> str:
    """Return the address of Ray to connect to: `auto` inside a Ray job or where RAY_ADDRESS is set,
    else `local`. `local` means a private Ray on this machine.
    """
    return "auto" if os.environ.get("RAY_ADDRESS") or os.environ.get("RAY_JOB_ID") else "local"


def require_reachable(address: str) -> None:
    """Check that something listens at a Ray address such as `ray://HOST:PORT`. Raises UserError if
    nothing does, or if the address has another form. `auto` and `local` always pass.
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
    """A `coevolve.loop.workers.Worker` whose object lives in a Ray actor. handle: the actor's
    handle, as Ray returns it. unanswered: names of the methods whose calls were lost with the
    actor. end: what Ray said of its end, '' before.
    """

    def __init__(self, handle: Any) -> None:
        self.handle = handle
        self.unanswered: list[str] = []
        self.end = ""

    def submit(self, method: Callable[..., Result], *arguments: Any) -> Future[Result]:
        """Run the actor's method that has the name of `method`, with `arguments`. Returns a future
        at once; it holds what the method returns, or raises what it raises.
        """
        answer: Future[Result] = Future()

        def settle(done: Future) -> None:
            try:
                answer.set_result(done.result())
            except (
                BaseException
            ) as error:  # a lost actor or a cancelled call too: nobody may wait for ever
                told = _translate_error(error)
                if isinstance(told, WorkerLostError):
                    self.end = str(error)
                    if method.__name__ != "progress":  # which only looks
                        self.unanswered.append(method.__name__)
                answer.set_exception(told)

        getattr(self.handle, method.__name__).remote(*arguments).future().add_done_callback(settle)
        return answer


def _translate_error(error: BaseException) -> BaseException:
    """What callers know: the error that an actor raised, which Ray wraps, or WorkerLostError."""
    from ray import exceptions

    lost = (
        exceptions.RayActorError,
        exceptions.NodeDiedError,
        exceptions.WorkerCrashedError,
        exceptions.OutOfMemoryError,
        exceptions.ObjectLostError,
    )
    if isinstance(error, lost):
        first = (str(error).strip() or type(error).__name__).splitlines()[0]
        return WorkerLostError(first)
    return getattr(error, "cause", None) or error


class RayPool:
    """A `WorkerPool` of Ray actors of one kind. A lost actor is replaced when there is room.

    kind: what the actors are called in messages, such as `verifier`. start(): makes an actor and
        returns its handle. count(): how many the pool should have now.
    """

    def __init__(
        self,
        kind: str,
        start: Callable[[], Any],
        count: Callable[[], int],
        losses: LossTeller | None = None,
    ) -> None:
        """kind: for messages. start: makes an actor and returns its handle. count: how many the
        pool is to have now. losses: prints what is lost, for several pools together; None for this
        pool alone.
        """
        self._kind, self._start, self._count = kind, start, count
        self._losses = losses or LossTeller()
        self._lock = threading.RLock()
        self._leases = Leases()
        self._closed = False
        self._ready: list[RayWorker] = []
        self._starting: dict[Future, RayWorker] = {}
        self._asked: dict[RayWorker, Future] = {}
        self._failed = 0
        self._looked = float("-inf")
        self._alone_since = time.monotonic()
        self._grow()

    def members(self) -> Sequence[Worker]:
        """Return the workers that are ready; none while the first ones start. Raises UserError if
        none could start for START_S (300) seconds, StoppedError if the pool was closed, and any
        exception that an actor raised while it was made.
        """
        with self._lock:
            return self._look()

    def _look(self) -> Sequence[Worker]:
        if self._closed:
            raise StoppedError(f"every {self._kind} was stopped")
        for future in [f for f in self._starting if f.done()]:
            worker = self._starting.pop(future)
            if (error := future.exception()) is None:
                self._ready.append(worker)
                self._failed = 0
                continue
            self._failed += 1
            if getattr(error, "_actor_init_failed", False) or self._failed >= FAILED_STARTS:
                raise error
            self._losses.add(Loss(f"starting {self._kind}", find_lost_node(str(error))))
        self._drop_dead()
        self._grow()
        if self._ready:
            self._alone_since = time.monotonic()
        elif time.monotonic() - self._alone_since > START_S:
            raise UserError(
                f"Ray had no room for a {self._kind} for {START_S} s: give the cluster more CPUs "
                f"or GPUs, or lower resources.model_gpus or resources.verifier_gpus"
            )
        return tuple(self._ready)

    def discard(self, worker: Worker) -> None:
        """Remove a lost worker from the pool and end its actor, if that still exists."""
        with self._lock:
            self._discard(worker)

    def _discard(self, worker: Worker) -> None:
        gone = [member for member in self._ready if member is worker]
        self._ready = [member for member in self._ready if member is not worker]
        for member in gone:
            _kill(member.handle)
            if not self._closed:
                self._losses.add(Loss(self._kind, find_lost_node(member.end), member.unanswered))
        self._looked = float("-inf")

    def close(self) -> None:
        """End all actors of the pool. Calls that want a worker raise StoppedError from now on."""
        with self._lock:
            self._closed = True
            ended = (*self._ready, *self._starting.values())
            self._ready, self._starting = [], {}
        for worker in ended:
            _kill(worker.handle)

    def take(self, worker: Worker, owner: object) -> bool:
        """Return whether `owner` may give `worker`, a member of the pool, a call now, and count it
        as at work if so.

        owner: who asks, any object, one for each series of calls; each owner gets its share of the
            pool.
        """
        return self._leases.take(worker, owner)

    def give_back(self, worker: Worker) -> None:
        """Count `worker`, which a true `take` counted as at work, as idle again."""
        self._leases.give_back(worker)

    def _drop_dead(self) -> None:
        """Take out members that died while nobody asked them anything. Each is asked whether it is
        there, again when it has answered.
        """
        for worker, answer in list(self._asked.items()):
            if answer.done():
                del self._asked[worker]
                if worker in self._ready and (error := answer.exception()) is not None:
                    worker.end = worker.end or str(error)
                    self._discard(worker)
        if time.monotonic() - self._looked >= LOOK_S:
            for worker in self._ready:
                if worker not in self._asked:
                    self._asked[worker] = worker.handle.__ray_ready__.remote().future()

    def _grow(self) -> None:
        """Start the actors that are missing, and no more often than every LOOK_S seconds."""
        if time.monotonic() - self._looked < LOOK_S:
            return
        self._looked = time.monotonic()
        for _ in range(self._count() - len(self._ready) - len(self._starting)):
            worker = RayWorker(self._start())
            self._starting[worker.handle.__ray_ready__.remote().future()] = worker


def _kill(handle: Any) -> None:
    import ray

    with suppress(Exception):  # one that is gone already, or whose node is
        ray.kill(handle)


class ModelActor:
    """A Translator's or a Tester's service inside a Ray actor.

    make(*arguments): makes the service, in the actor, because models cannot be sent. The methods
    have the names and arguments of `coevolve.loop.services`, and also feed Ray's meters.
    """

    def __init__(self, make: Callable[..., Any], *arguments: Any) -> None:
        self.service = make(*arguments)
        self.meters = RunMeters()

    def cold_start(self, *arguments: Any) -> dict[str, float]:
        """Train the service's first checkpoint and return metrics of the training by name.
        arguments: those of the service's `cold_start`: protected programs, the folder to save to
        and, for a Translator, directions and a checkpoint to begin with.
        """
        return self.service.cold_start(*arguments)

    def pretrain(self, *arguments: Any) -> dict[str, float]:
        """Train one pass of the Translator's pretraining on unpaired functions and return metrics
        of the training by name.

        arguments: those of `TranslatorService.pretrain`: the pass, training programs, protected
            programs, and the folder to save to. Raises LeakError if a training program is, or
            nearly is, a protected one.
        """
        return self.service.pretrain(*arguments)

    def learn(self, *arguments: Any) -> dict[str, float]:
        """Train a checkpoint on a round's lessons and return metrics of the training by name.
        Raises LeakError if a lesson is, or nearly is, a protected program.

        arguments: those of the service's `learn`, in its order: checkpoint, lessons, protected
            programs, folder to save to, round number, and further ones that only a Translator
            takes.
        """
        return self.service.learn(*arguments)

    def learn_generated(self, *arguments: Any) -> dict[str, float]:
        """Train a control's checkpoint, as long as `learn` would, on generated lessons alone, and
        return metrics of the training by name. arguments: those of the service's
        `learn_generated`: checkpoint, triplets, protected programs, folder to save to, round
        number, and directions.
        """
        return self.service.learn_generated(*arguments)

    def propose(self, *arguments: Any) -> list:
        """Ask the service's model for answers and count the candidates among them. arguments: those
        of the service's `propose`: checkpoint, programs, a Translator's direction, and sampling.
        Returns a Translator's candidates, or a Tester's answers per program.
        """
        answer = self.service.propose(*arguments)
        self.meters.count_candidates(answer)
        return answer

    def progress(self) -> tuple[int, int, float]:
        """Return (steps done, all steps, last loss) of the training under way. (0, 0, 0.0) means
        that it has not begun.
        """
        answer = self.service.progress()
        self.meters.show_loss(type(self.service).__name__.removesuffix("Service").lower(), answer)
        return answer


class VerifierActor:
    """A `coevolve.verification.verifier.Verifier` inside a Ray actor.

    make(*arguments): makes the verifier, in the actor, because runners cannot be sent. The methods
    have the names and arguments of `Verifier`.
    """

    def __init__(self, make: Callable[..., Any], *arguments: Any) -> None:
        self.verifier = make(*arguments)
        self.meters = RunMeters()

    def compile_ahead(self, *arguments: Any) -> None:
        """Compile, in few compiler runs, the builds that `prepare` will need, into the cache on
        disk. arguments: one sequence with the programs.
        """
        return self.verifier.compile_ahead(*arguments)

    def prepare(self, *arguments: Any) -> Any:
        """Make a suite of a program and return it as a PreparedSuite: the checked suite, or None
        and why there is none, with counts of the Tester's tests. arguments: the program and the
        Tester's answers, (readable tests, tests written) each.
        """
        return self.verifier.prepare(*arguments)

    def judge(self, *arguments: Any) -> list[Verdict]:
        """Judge candidates, count the outcomes in Ray's meters, and return a verdict per candidate,
        in order.

        arguments: the program, its suite and a sequence of its candidates.
        """
        verdicts = self.verifier.judge(*arguments)
        self.meters.count_verdicts(verdicts)
        return verdicts

    def confirm(self, *arguments: Any) -> list[Verdict]:
        """Return the verdicts, in order, with COMPILE_ERROR where a real compiler refuses an
        accepted target. arguments: the verdicts, and their targets in the same order.
        """
        return self.verifier.confirm(*arguments)

    def verify(self, *arguments: Any) -> list[Verdict]:
        """Return a verdict per pair, in order. arguments: one sequence with the pairs."""
        return self.verifier.verify(*arguments)


class RunMeters:
    """Meters that Ray's dashboard and its Prometheus port show: numbers of answers, verdicts and
    kept pairs, and the loss.
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
        """Add the number of candidates in `proposed` to the meter of answers. A Tester's answers
        are not candidates and are not counted.
        """
        if proposed and isinstance(proposed[0], Candidate):
            self.candidates.inc(len(proposed))

    def count_verdicts(self, verdicts: Sequence[Verdict]) -> None:
        """Add the number of `verdicts` to the meter of verdicts, by outcome."""
        for outcome, count in Counter(str(v.outcome) for v in verdicts).items():
            self.verdicts.inc(count, {"outcome": outcome})

    def show_loss(self, model: str, progress: tuple[int, int, float]) -> None:
        """Show the loss of a model on Ray's meter. model: `translator` or `tester`. progress:
        (steps done, all steps, last loss); at step 0 there is no loss to show.
        """
        if progress[0]:
            self.loss.set(progress[2], {"model": model})

    def count_kept(self, pairs: int) -> None:
        """Add `pairs`, the number of pairs that a round kept, to the meter of kept pairs."""
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
    return {
        "include_dashboard": False,
        "logging_config": ray.LoggingConfig(log_level="ERROR"),
        "_system_config": {"task_events_max_num_task_in_gcs": CALLS_REMEMBERED},
    }


def count_requested_gpus(config: Config, verifiers: int) -> dict[str, float]:
    """Return the GPUs that the run's actors ask Ray for, by owner: `models`, `verifiers` and, where
    they need their own, `trainers`. verifiers: the number of verifier actors. Fractions are
    possible.
    """
    wanted = config.resources
    asked = {
        "models": (wanted.translators + wanted.testers) * wanted.model_gpus,
        "verifiers": verifiers * wanted.verifier_gpus,
        "trainers": 0.0,
    }
    if (
        wanted.trainers > max(1.0, wanted.model_gpus)
        and classify_start(config, "translator") == "pretrained"
    ):
        asked["trainers"] = float(wanted.trainers)
    return asked


def require_gpus(config: Config, verifiers: int, available: float) -> None:
    """Check that the cluster has the GPUs a run asks for.

    verifiers: the number of verifier actors. available: GPUs of the cluster.
    Raises UserError if there are too few, or if CUDA verifiers reserve none. Ray would let actors
    wait for ever.
    """
    wanted = config.resources
    if config.verify.backend == "cuda" and not wanted.verifier_gpus:
        raise UserError(
            "verify.backend = 'cuda' needs a share of a GPU for each verifier under Ray: set "
            "resources.verifier_gpus, for example to 0.1"
        )
    asked = count_requested_gpus(config, verifiers)
    if not available:  # then trainers work on CPUs
        asked["trainers"] = 0.0
    if sum(asked.values()) <= available + 1e-6:
        return
    beside = f", resources.trainers = {wanted.trainers}" if asked["trainers"] else ""
    raise UserError(
        f"the run asks for {sum(asked.values()):g} GPUs and Ray has {available:g}: "
        f"{wanted.translators + wanted.testers} models with "
        f"resources.model_gpus = {wanted.model_gpus:g}, "
        f"{verifiers} verifiers with resources.verifier_gpus = "
        f"{wanted.verifier_gpus:g}{beside}; lower these, or verify.workers"
    )


def choose_verifier_cpus(verifiers: int, cpus: int) -> float:
    """Return the CPUs that each of `verifiers` actors asks Ray for, at most 1.0. All of the actors
    must fit on `cpus` cores.
    """
    return 1.0 if verifiers <= cpus // 2 else min(0.5, cpus * 1000 // verifiers / 1000)


class _SlowStartError(UserError):
    """A private Ray was not up within the time that it gives itself, as on a busy machine."""


@contextmanager
def _started(ray: Any, address: str) -> Iterator[None]:
    """Hold Ray started, or joined, during the block; nothing where it is already. A private one
    that is too slow is started again, STARTS times in all. Raises UserError where that fails.
    """
    with ExitStack() as stack:
        for number in range(STARTS if not ray.is_initialized() else 0):
            try:
                stack.enter_context(start_uninterrupted(lambda: _start(ray, address), ray.shutdown))
                break
            except _SlowStartError:
                if number + 1 == STARTS:
                    raise
                print_line(
                    f"Ray was not up in its time, as on a busy machine; try {number + 2} of "
                    f"{STARTS}"
                )
        yield


def _start(ray: Any, address: str) -> None:
    """Start Ray, or join the one at `address`. Raises UserError where that fails, _SlowStartError
    where another try may help.
    """
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
        slow = address == "local" and any(words in str(error) for words in SLOW_STARTS)
        raise (_SlowStartError if slow else UserError)(
            f"Ray {where}: {first} Try again, or run without it: --local"
        ) from error


@contextmanager
def make_ray_workers(
    config: Config,
    make_translator: Callable[[Config], Any],
    make_tester: Callable[[Config], Any],
    make_verifier: Callable[[Config], Any],
) -> Iterator[RunWorkers]:
    """Start the workers of a run on Ray and yield them; stop them when the block ends.

    make_translator, make_tester, make_verifier: called with `config` inside the actors; each
        returns the object that an actor holds. There are `verify.workers` verifiers, or one per
        CPU.
    Raises UserError if Ray is not reachable or lacks the GPUs that the configuration asks for.
    """
    address = find_ray_address()
    require_reachable(os.environ.get("RAY_ADDRESS") or address)
    if address == "local":
        _keep_token_private()
    import ray

    with _started(ray, address), ExitStack() as models_take:
        cpus, gpus = _count_cpus(ray), ray.cluster_resources().get("GPU", 0.0)
        count = config.verify.workers or cpus
        require_gpus(config, count, gpus)
        # CPU shares are nominal: models idle while verifiers work, so actors must all fit on a
        # two-core laptop. A second thread answers `progress` while a model learns.
        model_options = {
            "num_cpus": 0,
            "num_gpus": config.resources.model_gpus,
            "max_concurrency": 2,
            "scheduling_strategy": models_take.enter_context(_reserved(ray, config)),
        }
        verifier_options = {
            "num_cpus": choose_verifier_cpus(count, cpus),
            "num_gpus": config.resources.verifier_gpus,
            "scheduling_strategy": "SPREAD",
            "runtime_env": SHOWN_NO_GPU if gpus and not config.resources.verifier_gpus else None,
        }
        model_host, verifier_host = (
            ray.remote(ModelActor).options(**model_options),
            ray.remote(VerifierActor).options(**verifier_options),
        )
        wanted, losses = config.resources, LossTeller()
        pools = (
            RayPool(
                "Translator",
                lambda: model_host.remote(make_translator, config),
                lambda: wanted.translators,
                losses,
            ),
            RayPool(
                "Tester",
                lambda: model_host.remote(make_tester, config),
                lambda: wanted.testers,
                losses,
            ),
            RayPool(
                "verifier",
                lambda: verifier_host.remote(make_verifier, config),
                lambda: config.verify.workers or _count_cpus(ray),
                losses,
            ),
        )
        try:
            yield RunWorkers(*pools, RunMeters().count_kept, TOGETHER, lambda: _close_all(pools))
        finally:
            losses.tell()
            _close_all(pools)


@contextmanager
def _reserved(ray: Any, config: Config) -> Iterator[Any]:
    """Hold the GPUs of all model actors during the block, and yield the way to place them there.
    They are taken together or not at all, so that two runs on one cluster do not each wait for what
    the other has. Raises UserError where they are not free within START_S.
    """
    from ray.util.placement_group import placement_group, remove_placement_group
    from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy

    wanted = config.resources
    models = wanted.translators + wanted.testers
    if not wanted.model_gpus:
        yield "SPREAD"
        return
    group = placement_group([{"GPU": wanted.model_gpus}] * models, strategy="SPREAD")
    try:
        if not group.wait(START_S):
            free = ray.available_resources().get("GPU", 0.0)
            raise UserError(
                f"the GPUs of {models} models with resources.model_gpus = {wanted.model_gpus:g} "
                f"were not free together for {START_S} s: Ray has {free:g} free of "
                f"{ray.cluster_resources().get('GPU', 0.0):g}, and a model's must lie on one node; "
                f"wait for other runs, or lower resources.model_gpus or resources.translators"
            )
        yield PlacementGroupSchedulingStrategy(group)
    finally:
        remove_placement_group(group)


def _close_all(pools: Sequence[RayPool]) -> None:
    for pool in pools:
        pool.close()


def _count_cpus(ray: Any) -> int:
    """CPUs of all nodes that are there now, at least 1."""
    return max(1, int(ray.cluster_resources().get("CPU", 1)))


def choose_trainer(processes: int) -> Start | None:
    """Return the function that starts `processes` training processes by Ray, called with the job
    and `processes`; None to start them without Ray. It is None where Ray does not run, and where
    this actor holds a GPU for each process.
    """
    ray = sys.modules.get("ray")  # where it is not imported it is not used
    if ray is None or not ray.is_initialized():
        return None
    return None if len(ray.get_gpu_ids()) >= processes else start_with_ray_train


def start_with_ray_train(job: Job, processes: int) -> dict[str, float]:
    """Run a training in `processes` workers of Ray Train, on any nodes with room, and return
    metrics by name. Each worker gets a GPU where the cluster has any.

    job: what to train, as `gpu_runtime.models.distributed` describes it. Its folders must be on
        storage that all nodes see. Raises DistributedError if the training fails or no room is
        free.
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
