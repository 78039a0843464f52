"""A whole run on a cluster whose nodes come and go: its files are those of a run in one process."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from coevolve.config.schema import Config, parse
from coevolve.loop import manifest, run_workers
from coevolve.loop.actors import _keep_token_private
from coevolve.loop.rounds import run
from coevolve.loop.services import TranslatorService
from corpora.records import Candidate

PROGRAMS = 20
HEAD = "void scale{0}(int n, float a, const float *x, float *y)"
LOOP = HEAD + " {{ for (int i = 0; i < n; i++) {1} }}"
KERNEL = "__global__ " + HEAD + " {{ int i = blockIdx.x * blockDim.x + threadIdx.x; if ({2}) {1} }}"
SMALL = {
    "direction": "cpp:cuda",
    "corpus": {"evaluation_fraction": 0.3},
    "model": {"max_new_tokens": 16},
    "cold_start": {"generated": 6, "suites": 6, "level": "easy"},
    "round": {"count": 2, "samples": 2, "epochs": 2.0, "replay": 0.0},
    "verify": {"least_strength": 0},
    "evaluate": {"samples": 1},
    "settings": {
        "resources.translators": 2,
        "cold_start.epochs": 1.0,
        "model.layers": 1,
        "model.width": 16,
        "model.heads": 2,
        "model.programs_per_call": 1,
        "verify.mutants": 2,
        "verify.device_compiler": "none",
        "evaluate.pass_at": [1],
    },
}


def make_text(form: str, number: int, guard: str = "") -> str:
    """A program that is like no other."""
    rng = random.Random(number)
    terms = [rng.choice(("x[i]", "a", "0.5f", "2.0f")) for _ in range(12)]
    value = " ".join(f"{term} {rng.choice('+-*')}" for term in terms)
    return form.format(number, f"y[i] = {value} x[i];", guard)


class Knowing(TranslatorService):
    """A Translator that learns as any, and whose answers are known: a right one and a wrong one."""

    def propose(self, _checkpoint, programs, direction, sampling):
        guards = ("i < n", "i + 1 < n")[: sampling.n]
        return [
            Candidate(p.id, direction, make_text(KERNEL, int(p.name[5:]), guard), sample=k)
            for p in programs
            for k, guard in enumerate(guards)
        ]


def make_configuration(folder: Path) -> Config:
    corpus = folder / "corpus"
    corpus.mkdir()
    for k in range(PROGRAMS):
        (corpus / f"scale{k}.cpp").write_text(make_text(LOOP, k) + "\n")
    return parse(SMALL | {"corpus": SMALL["corpus"] | {"source": str(corpus)}}, "t")


def wait_until(reached: Callable[[], bool], what: str, running: Future) -> None:
    while not reached():
        assert not running.done(), f"no {what}: {running.result()}"
        time.sleep(0.02)


@pytest.fixture
def cluster(own_cache, monkeypatch) -> Iterator:
    """A head without CPUs, where the driver is, and two nodes that work."""
    _keep_token_private()
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    monkeypatch.setenv("RAY_health_check_initial_delay_ms", "500")
    monkeypatch.setenv("RAY_health_check_period_ms", "500")
    import ray
    from ray.cluster_utils import Cluster

    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    made.workers = [made.add_node(num_cpus=1), made.add_node(num_cpus=1)]
    ray.init(address=made.address, logging_level="ERROR", log_to_driver=False)
    yield made
    ray.shutdown()
    made.shutdown()


@pytest.mark.slow
def test_a_run_whose_nodes_are_killed_and_replaced(cluster, tmp_path, monkeypatch, capsys):
    """One node is killed while candidates are judged and one while models learn; each time another
    joins. What is left is, byte for byte, what one process writes that nobody disturbs.
    """
    from test_killed_driver import files_of  # actors import this file, and would not find that one

    monkeypatch.setattr(run_workers, "make_translator", Knowing)
    config = make_configuration(tmp_path)
    killed, whole = tmp_path / "killed", tmp_path / "whole"

    def swap_node() -> None:
        cluster.remove_node(cluster.workers.pop(0), allow_graceful=False)
        time.sleep(1.0)
        cluster.workers.append(cluster.add_node(num_cpus=1))

    with ThreadPoolExecutor(1) as pool:  # nodes may be started by the main thread alone
        running = pool.submit(run, _into(config, killed), True)
        first = killed / "round-1"
        judged = first / "judging"
        wait_until(lambda: judged.is_dir() and len([*judged.iterdir()]) > 1, "a verdict", running)
        assert not (first / "verdicts.jsonl").exists()
        swap_node()
        wait_until((first / "triplets.jsonl").exists, "a pair", running)
        assert not (first / "translator").exists()
        swap_node()
        running.result()
    lost = [each for each in capsys.readouterr().err.splitlines() if each.startswith("lost")]
    assert 1 <= len(lost) <= 2 and all("with " in each and "node" in each for each in lost), lost
    monkeypatch.setenv("COEVOLVE_CACHE", str(tmp_path / "other-cache"))
    run(_into(config, whole), use_ray=False)
    one, other = files_of(killed), files_of(whole)
    assert one.keys() == other.keys()
    assert [name for name in one if one[name] != other[name]] == []
    assert b"EQUIVALENT" in one["round-2/verdicts.jsonl"]
    assert "round-2/translator/model.safetensors" in one
    assert manifest.check_files(killed) == []


def _into(config: Config, folder: Path) -> Config:
    return replace(config, run_dir=str(folder))
