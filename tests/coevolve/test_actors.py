"""Ray that is not to be had: one line that says what to do, from whatever Ray itself raises."""

import pytest

from coevolve.actors import Host, Meters, _keep_token_private, ray_crew, require_reachable
from coevolve.config import Config
from coevolve.errors import UserError
from corpora.records import Blame, Candidate, Outcome, Verdict


@pytest.fixture(autouse=True)
def _token_before_ray():
    """Ray reads at its first import how it is to identify itself: a test that imported it earlier would break later runs here."""
    _keep_token_private()


@pytest.mark.parametrize("raised", [Exception("The current node timed out during startup.\nMore."), ConnectionError("refused")])
def test_what_ray_raises_when_it_does_not_start_is_one_line(monkeypatch, raised):
    import ray

    def broken(**_):
        raise raised

    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    monkeypatch.setattr(ray, "init", broken)
    with pytest.raises(UserError, match=r"Ray does not start here: .*--local") as found, ray_crew(Config(), None, None, None):
        pass
    assert "\n" not in str(found.value)


def test_an_address_at_which_somebody_listens_is_tried():
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        require_reachable(f"127.0.0.1:{server.getsockname()[1]}")
        require_reachable(f"ray://127.0.0.1:{server.getsockname()[1]}")
    for word in ("auto", "local"):
        require_reachable(word)
    with pytest.raises(UserError, match="HOST:PORT"):
        require_reachable("garbage")


class Answers:
    """Stands for a service and a verifier: known answers, whatever is asked."""

    def propose(self, count):
        return [Candidate("source", "cpp:cuda", f"text {k}") for k in range(count)]

    def judge(self, outcomes):
        return [Verdict("source", f"target {k}", "suite", Outcome(o), Blame.NOBODY) for k, o in enumerate(outcomes)]

    def progress(self):
        return 3, 10, 0.25

    def learn(self):
        return {"loss": 1.0}


def test_what_ray_shows_of_a_run(monkeypatch):
    """Names, tags and amounts, as they leave for Ray; no cluster is needed for that."""
    import ray.util.metrics as metrics

    noted = []
    monkeypatch.setattr(metrics.Counter, "inc", lambda self, value=1.0, tags=None: noted.append((self.info["name"], value, tags)))
    monkeypatch.setattr(metrics.Gauge, "set", lambda self, value, tags=None: noted.append((self.info["name"], value, tags)))
    host = Host(Answers)
    assert len(host.forward("propose", 3)) == 3
    host.forward("propose", 0)
    host.forward("judge", ["EQUIVALENT", "MISMATCH", "EQUIVALENT"])
    host.forward("progress")
    host.forward("learn")
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
    ray.init(address="local", include_dashboard=False, logging_level="ERROR", _metrics_export_port=port, num_cpus=1)
    try:
        ray.get(ray.remote(Host).options(num_cpus=0).remote(Judge).forward.remote("judge"))
        Meters().count_kept(4)
        text, end = "", time.monotonic() + 60
        while not ("kept" in text and "verdicts" in text) and time.monotonic() < end:
            time.sleep(1)
            try:
                text = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5).read().decode()
            except OSError:
                continue
    finally:
        ray.shutdown()
    lines = {line.split("{")[0]: line for line in text.splitlines() if line.startswith("ray_coevolve")}
    assert lines["ray_coevolve_pairs_kept_total"].endswith(" 4.0")
    assert 'outcome="MISMATCH"' in lines["ray_coevolve_verdicts_total"] and lines["ray_coevolve_verdicts_total"].endswith(" 1.0")
