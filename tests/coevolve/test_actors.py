"""Ray that is not to be had: one line that says what to do, from whatever Ray itself raises."""

import time

import pytest

from coevolve.cli.errors import UserError
from coevolve.config.schema import Config, parse
from coevolve.loop import actors
from coevolve.loop.actors import (
    ModelActor,
    RunMeters,
    VerifierActor,
    _keep_token_private,
    _private,
    _started,
    choose_verifier_cpus,
    count_requested_gpus,
    make_ray_workers,
    require_gpus,
    require_reachable,
)
from corpora.records import Blame, Candidate, Outcome, Verdict


@pytest.fixture(autouse=True)
def _token_before_ray():
    """Ray reads at its first import how it is to identify itself: a test that imported it earlier
    would break later runs here.
    """
    _keep_token_private()


@pytest.mark.parametrize(
    ("raised", "tries"),
    [
        (Exception("The current node timed out during startup.\nMore."), 3),
        (Exception("Failed to start GCS.  Last 0 lines of error files:"), 3),
        (ConnectionError("refused"), 1),
    ],
)
def test_what_ray_raises_when_it_does_not_start_is_one_line(monkeypatch, capsys, raised, tries):
    import ray

    tried = []

    def broken(**_):
        tried.append(1)
        raise raised

    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    monkeypatch.setattr(ray, "init", broken)
    with (
        pytest.raises(UserError, match=r"Ray does not start here: .*--local") as found,
        make_ray_workers(Config(), None, None, None),
    ):
        pass
    assert "\n" not in str(found.value)
    assert len(tried) == tries and capsys.readouterr().err.count("\n") == tries - 1


def test_a_ray_that_was_slow_to_start_is_started_again(monkeypatch, capsys):
    """On a busy machine; the second try is as good as a first."""
    import ray

    came = []

    def slow_once(**_):
        came.append("init")
        if len(came) == 1:
            raise Exception("The current node timed out during startup.")

    monkeypatch.setattr(ray, "init", slow_once)
    monkeypatch.setattr(ray, "shutdown", lambda: came.append("shutdown"))
    with _started(ray, "local"):
        assert came == ["init", "shutdown", "init"]
    assert came[-1] == "shutdown" and "try 2 of 3" in capsys.readouterr().err
    came.clear()
    with pytest.raises(UserError), _started(ray, "auto"):  # somebody else's: it is not ours to try
        pass
    assert came == ["init", "shutdown"]


def test_an_address_at_which_somebody_listens_is_tried():
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        require_reachable(f"127.0.0.1:{server.getsockname()[1]}")
        require_reachable(f"ray://127.0.0.1:{server.getsockname()[1]}")
    for word in ("auto", "local"):
        require_reachable(word)
    with pytest.raises(UserError, match="HOST:PORT"):
        require_reachable("garbage")


def asking(backend="scratch", verify="auto", **resources):
    return parse(
        {
            "model": {
                "backend": backend,
                "name_or_path": "" if backend == "scratch" else "someone/model",
            },
            "verify": {"backend": verify},
            "resources": resources,
        },
        "t",
    )


def test_more_gpus_than_there_are_is_one_line_with_the_keys():
    require_gpus(asking(model_gpus=0.5, verifier_gpus=0.1), 10, 2.0)
    require_gpus(asking(), 8, 0.0)
    with pytest.raises(UserError) as found:
        require_gpus(asking(model_gpus=2, verifier_gpus=0.1), 10, 1.0)
    assert str(found.value).startswith(
        "the run asks for 5 GPUs and Ray has 1: "
    ) and "\n" not in str(found.value)
    for key in (
        "resources.model_gpus = 2",
        "10 verifiers",
        "resources.verifier_gpus = 0.1",
        "verify.workers",
    ):
        assert key in str(found.value)
    assert "resources.trainers" not in str(found.value)


def test_trainers_need_gpus_beside_those_of_the_models():
    beside = asking("pretrained", model_gpus=1, trainers=4)
    assert count_requested_gpus(beside, 2) == {"models": 2, "verifiers": 0, "trainers": 4}
    require_gpus(beside, 2, 6.0)
    with pytest.raises(UserError, match=r"asks for 6 GPUs and Ray has 4: .*resources.trainers = 4"):
        require_gpus(beside, 2, 4.0)
    require_gpus(asking("pretrained", trainers=4), 2, 0.0)  # without any GPU they work on CPUs
    assert (
        count_requested_gpus(asking("pretrained", model_gpus=4, trainers=4), 2)["trainers"] == 0
    )  # an actor's own are its trainers'


def test_a_device_that_verifiers_would_not_be_shown_is_not_asked_of_them():
    with pytest.raises(UserError, match="verify.backend = 'cuda' needs .* resources.verifier_gpus"):
        require_gpus(asking(verify="cuda", model_gpus=1), 2, 4.0)
    require_gpus(asking(verify="cuda", verifier_gpus=0.5), 2, 1.0)


def test_verifiers_find_room_however_many_there_are():
    assert (
        choose_verifier_cpus(1, 2),
        choose_verifier_cpus(2, 2),
        choose_verifier_cpus(4, 2),
        choose_verifier_cpus(32, 64),
    ) == (1.0, 0.5, 0.5, 1.0)
    assert 0 < 7 * choose_verifier_cpus(7, 2) <= 2 and 0 < 100 * choose_verifier_cpus(100, 2) <= 2


@pytest.mark.slow
def test_models_reserve_their_gpus_and_verifiers_without_a_share_see_none(monkeypatch):
    import os

    import ray
    from ray.util.placement_group import placement_group, placement_group_table

    class Shown:  # here, so that it travels by value
        def __init__(self, _config):
            pass

        def progress(self):
            return 0, 0, os.environ.get("CUDA_VISIBLE_DEVICES")

        def compile_ahead(self):
            return os.environ.get("CUDA_VISIBLE_DEVICES")

    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    ray.init(address="local", num_cpus=2, num_gpus=1, logging_level="ERROR", **_private(ray))
    try:
        for resources, models, verifiers in (
            ({}, "0", ""),
            ({"model_gpus": 0.25, "verifier_gpus": 0.25}, "0", "0"),
        ):
            config = parse({"verify": {"workers": 2}, "resources": resources}, "t")
            with make_ray_workers(config, Shown, Shown, Shown) as workers:
                seen = [
                    worker.submit(Shown.progress).result(60)[2]
                    for worker in (*wait_for(workers.translators, 1), *wait_for(workers.testers, 1))
                ]
                seen += [
                    w.submit(Shown.compile_ahead).result(60) for w in wait_for(workers.verifiers, 2)
                ]
                held = [g for g in placement_group_table().values() if g["state"] == "CREATED"]
            assert seen == [models, models, verifiers, verifiers]
            reserved = [[part["GPU"] for part in group["bundles"].values()] for group in held]
            assert reserved == ([[0.25, 0.25]] if resources else []), "both models' or none"
        assert all(g["state"] == "REMOVED" for g in placement_group_table().values())
        with (
            pytest.raises(UserError, match="asks for 2 GPUs and Ray has 1"),
            make_ray_workers(asking(model_gpus=1), Shown, Shown, Shown),
        ):
            pass
        monkeypatch.setattr(actors, "START_S", 2)
        other = placement_group([{"GPU": 0.75}])  # of another run
        assert other.wait(60)
        with (
            pytest.raises(UserError, match="of 2 models .* not free together.* 0.25 free of 1"),
            make_ray_workers(asking(model_gpus=0.25), Shown, Shown, Shown),
        ):
            pass
    finally:
        ray.shutdown()


def wait_for(pool, count):
    """The members of a pool of actors, once there are `count`."""
    while len(members := pool.members()) < count:
        time.sleep(0.1)
    return members


class Answers:
    """Stands for a service and a verifier: known answers, whatever is asked."""

    def propose(self, count):
        return [Candidate("source", "cpp:cuda", f"text {k}") for k in range(count)]

    def judge(self, outcomes):
        return [
            Verdict("source", f"target {k}", "suite", Outcome(o), Blame.NOBODY)
            for k, o in enumerate(outcomes)
        ]

    def progress(self):
        return 3, 10, 0.25

    def learn(self):
        return {"loss": 1.0}


def test_what_ray_shows_of_a_run(monkeypatch):
    """Names, tags and amounts, as they leave for Ray; no cluster is needed for that."""
    import ray.util.metrics as metrics

    noted = []
    monkeypatch.setattr(
        metrics.Counter,
        "inc",
        lambda self, value=1.0, tags=None: noted.append((self.info["name"], value, tags)),
    )
    monkeypatch.setattr(
        metrics.Gauge,
        "set",
        lambda self, value, tags=None: noted.append((self.info["name"], value, tags)),
    )
    host, verifier = ModelActor(Answers), VerifierActor(Answers)
    assert len(host.propose(3)) == 3
    host.propose(0)
    verifier.judge(["EQUIVALENT", "MISMATCH", "EQUIVALENT"])
    host.progress()
    host.learn()
    host.meters.count_kept(2)
    assert noted == [
        ("coevolve_candidates_total", 3, None),
        ("coevolve_verdicts_total", 2, {"outcome": "EQUIVALENT"}),
        ("coevolve_verdicts_total", 1, {"outcome": "MISMATCH"}),
        ("coevolve_learning_loss", 0.25, {"model": "answers"}),
        ("coevolve_pairs_kept_total", 2, None),
    ]


@pytest.mark.slow
def test_the_port_that_prometheus_reads_shows_them(monkeypatch):
    import socket
    import time
    import urllib.request

    import ray

    class Judge:  # here, so that it travels by value
        def judge(self):
            return [Verdict("source", "target", "suite", Outcome.MISMATCH, Blame.NOBODY)]

    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    ray.init(
        address="local",
        include_dashboard=False,
        logging_level="ERROR",
        _metrics_export_port=port,
        num_cpus=1,
    )
    try:
        ray.get(ray.remote(VerifierActor).options(num_cpus=0).remote(Judge).judge.remote())
        RunMeters().count_kept(4)
        text, end = "", time.monotonic() + 60
        while not ("kept" in text and "verdicts" in text) and time.monotonic() < end:
            time.sleep(1)
            try:
                text = (
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5)
                    .read()
                    .decode()
                )
            except OSError:
                continue
    finally:
        ray.shutdown()
    lines = {
        line.split("{")[0]: line for line in text.splitlines() if line.startswith("ray_coevolve")
    }
    assert lines["ray_coevolve_pairs_kept_total"].endswith(" 4.0")
    assert 'outcome="MISMATCH"' in lines["ray_coevolve_verdicts_total"] and lines[
        "ray_coevolve_verdicts_total"
    ].endswith(" 1.0")
