"""Two processes (gloo) make the same training steps as one, with a whole or a sharded model."""

from __future__ import annotations

import multiprocessing
import os
import socket
import subprocess
import sys
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from transformers import LlamaConfig, LlamaForCausalLM

from coevolve.loop.actors import _keep_token_private, _private, choose_trainer, start_with_ray_train
from gpu_runtime.models.distributed import (
    DistributedError,
    Job,
    Start,
    _find_last_message,
    find_cause,
    learn_distributed,
    run_process,
)
from gpu_runtime.models.options import FineTuning
from gpu_runtime.models.pretrained import PretrainedConfig, PretrainedModel
from gpu_runtime.models.protocol import (
    Example,
    Learning,
    ModelError,
    NothingToLearnError,
    Prompt,
    Sampling,
)
from gpu_runtime.models.tokenizer import train_tokenizer

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
"""Each process imports the libraries anew: 15 s of CPU time each."""

LETTERS = list("abcdefgh")
COPY = [Example(f"{a} {b}", f"{a} {b}", 0.5 + 0.5 * (a > b)) for a in LETTERS for b in LETTERS]
LEARNING = Learning(learning_rate=1e-2, epochs=2, batch_tokens=128, seed=3)
CPUS = 2


@pytest.fixture(autouse=True, scope="module")
def _one_thread():
    kept, os.environ["OMP_NUM_THREADS"] = os.environ.get("OMP_NUM_THREADS"), "1"
    yield
    os.environ.pop("OMP_NUM_THREADS")
    os.environ.update({"OMP_NUM_THREADS": kept} if kept else {})


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return _made(tmp_path_factory.mktemp("spread") / "m", tied=False)


def _made(made: Path, tied: bool) -> Path:
    torch.set_num_threads(1)
    tokenizer = train_tokenizer([e.prompt for e in COPY])
    ids = {
        "vocab_size": len(tokenizer),
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    torch.manual_seed(0)
    shape = LlamaConfig(
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        max_position_embeddings=32,
        tie_word_embeddings=tied,
        **ids,
    )
    LlamaForCausalLM(shape).save_pretrained(made)
    tokenizer.save_pretrained(made)
    return made


@pytest.fixture(scope="module")
def alone(folder: Path) -> tuple[dict, dict]:
    """Figures and weights of one process."""
    figures, weights = _learnt_alone(folder, LEARNING)
    assert figures["steps"] >= 5 and figures["losses"][-1] < figures["losses"][0]
    return figures, weights


def _learnt_alone(folder: Path, learning: Learning) -> tuple[dict, dict]:
    model, losses = PretrainedModel.load(folder, PretrainedConfig(FineTuning(micro_tokens=64))), []
    figures = model.learn(COPY, learning, lambda step, steps, loss: losses.append(loss))
    model.save(folder.with_name("alone"))
    return figures | {"losses": losses}, load_file(folder.with_name("alone") / "model.safetensors")


@pytest.fixture(scope="module")
def full_ray():
    """A Ray of which other actors hold every CPU, as verifiers do."""
    _keep_token_private()
    import ray

    ray.init(address="local", num_cpus=CPUS, logging_level="ERROR", **_private(ray))

    class Holds:  # here, so that it travels by value
        def held(self) -> bool:
            return True

    actors = [ray.remote(num_cpus=1)(Holds).remote() for _ in range(CPUS)]
    assert all(ray.get([a.held.remote() for a in actors])) and not ray.available_resources().get(
        "CPU"
    )
    yield ray
    ray.shutdown()


def _same_as_alone(alone: tuple[dict, dict], figures: dict, folder: Path) -> None:
    one, weights = alone
    together = load_file(folder / "model.safetensors")
    # transformers writes tied embeddings of a cut model twice.
    twice = together.keys() - weights.keys()
    assert weights.keys() <= together.keys() and all(
        torch.equal(together[name], together["model.embed_tokens.weight"]) for name in twice
    )
    apart_by = max(float((weights[name] - together[name]).abs().max()) for name in weights)
    losses_apart = max(
        abs(a - b) / a for a, b in zip(one["losses"], figures["losses"], strict=True)
    )
    print(
        f"{figures['steps']} steps: losses apart by {losses_apart:.1e} relative, weights by "
        f"{apart_by:.1e}"
    )
    assert one["steps"] == figures["steps"] and one["tokens"] == figures["tokens"]
    assert losses_apart <= 1e-4 and apart_by <= 2e-4
    # The folder is the whole model, for anything that opens one.
    model = PretrainedModel.load(folder)
    assert model.generate([Prompt("a b")], Sampling(1, 0.0, max_new_tokens=3)) and not list(
        folder.parent.glob(".*")
    )


@pytest.mark.parametrize("sharding", ["none", "fsdp"])
def test_a_killed_training_goes_on(tmp_path: Path, sharding: str) -> None:
    """From what it had saved, to the weights of one that was left alone. Input and output
    embeddings are one: cut as one.
    """
    folder = _made(tmp_path / "tied", tied=True)
    learning = Learning(
        learning_rate=1e-2, epochs=4, batch_tokens=128, seed=3, workspace=tmp_path / "two.training"
    )
    often = FineTuning(checkpoint_every_s=0.0, sharding=sharding)

    def learnt(start: Start) -> dict:
        return learn_distributed(str(folder), tmp_path / "two", COPY, learning, often, 2, start)

    with pytest.raises(DistributedError, match="killed"):
        learnt(partial(forked, until=learning.workspace / "checkpoint-3" / "trainer_state.json"))
    assert not (tmp_path / "two").exists()
    resumed = learnt(forked)
    assert resumed["steps"] == 16 and 1 <= len(resumed["losses"]) <= 13  # not from the beginning
    figures, weights = _learnt_alone(folder, replace(learning, workspace=None))
    _same_as_alone(
        (figures | {"losses": figures["losses"][-len(resumed["losses"]) :]}, weights),
        resumed,
        tmp_path / "two",
    )


def forked(job: Job, processes: int, until: Path | None = None) -> dict:
    """A `Start` of children of this process, which import nothing anew. until: a file at which they
    are all killed.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    context = multiprocessing.get_context("fork")
    answers = context.SimpleQueue()
    children = [
        context.Process(target=_child, args=(job, rank, processes, port, answers))
        for rank in range(processes)
    ]
    for child in children:
        child.start()
    while all(child.exitcode is None for child in children) and not (until and until.is_file()):
        time.sleep(0.002)
    if until:
        for child in children:
            child.kill()
    for child in children:
        child.join(120)
    if any(child.exitcode for child in children):
        raise DistributedError(f"killed or failed: {[child.exitcode for child in children]}")
    return answers.get()


def _child(job: Job, rank: int, processes: int, port: int, answers) -> None:
    places = {
        "RANK": rank,
        "LOCAL_RANK": rank,
        "WORLD_SIZE": processes,
        "LOCAL_WORLD_SIZE": processes,
        "MASTER_PORT": port,
    }
    os.environ.update(
        {"MASTER_ADDR": "127.0.0.1"} | {name: str(value) for name, value in places.items()}
    )
    figures = run_process(job)
    if rank == 0:
        answers.put(figures)


@pytest.mark.parametrize("sharding", ["none", "fsdp"])
def test_two_processes_learn_what_one_learns(
    folder: Path, tmp_path: Path, alone, sharding: str
) -> None:
    figures = learn_distributed(
        str(folder), tmp_path / "two", COPY, LEARNING, FineTuning(sharding=sharding), 2
    )
    _same_as_alone(alone, figures, tmp_path / "two")


@pytest.mark.parametrize("sharding", ["none", "fsdp"])
def test_two_workers_of_ray_train_learn_what_one_learns(
    folder: Path, tmp_path: Path, alone, full_ray, sharding: str, monkeypatch
) -> None:
    monkeypatch.chdir(folder.parent)  # workers are started elsewhere
    start = choose_trainer(2)
    assert start is start_with_ray_train
    figures = learn_distributed(
        folder.name, tmp_path / "two", COPY, LEARNING, FineTuning(sharding=sharding), 2, start
    )
    _same_as_alone(alone, figures, tmp_path / "two")


def test_ray_train_says_what_went_wrong(
    folder: Path, tmp_path: Path, full_ray, monkeypatch
) -> None:
    with pytest.raises(
        DistributedError,
        match=r"^fine-tuning in 2 Ray Train workers failed: .*'.*nowhere' cannot be loaded "
        r".*\(process [01]\)$",
    ) as found:
        learn_distributed(
            str(tmp_path / "nowhere"),
            tmp_path / "x",
            COPY,
            LEARNING,
            FineTuning(),
            2,
            start_with_ray_train,
        )
    assert "\n" not in str(found.value) and not list(tmp_path.iterdir())
    with pytest.raises(NothingToLearnError, match="none within 32 tokens"):
        learn_distributed(
            str(folder),
            tmp_path / "x",
            [Example("a " * 40, "b")],
            LEARNING,
            FineTuning(),
            2,
            start_with_ray_train,
        )
    # A cluster with too few free GPUs is told before anything waits for them.
    monkeypatch.setattr(full_ray, "cluster_resources", lambda: {"GPU": 2.0})
    monkeypatch.setattr(full_ray, "available_resources", lambda: {"GPU": 0.8})
    with pytest.raises(
        DistributedError, match="resources.trainers = 2 needs as many free GPUs; 0.8 are free"
    ):
        learn_distributed(
            str(folder), tmp_path / "x", COPY, LEARNING, FineTuning(), 2, start_with_ray_train
        )
    monkeypatch.setattr(full_ray, "get_gpu_ids", lambda: ["0", "1"])
    assert (
        choose_trainer(2) is None and choose_trainer(3) is start_with_ray_train
    )  # an actor's own GPUs are its trainers'


def test_what_goes_wrong_in_the_processes_is_told(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(NothingToLearnError, match="none within 32 tokens"):
        learn_distributed(
            str(folder), tmp_path / "x", [Example("a " * 40, "b")], Learning(), FineTuning(), 1
        )
    with pytest.raises(
        DistributedError,
        match=r"^fine-tuning in 1 processes failed: ModelError: model .*nowhere' .*\(process 0\)$",
    ) as found:
        learn_distributed(
            str(tmp_path / "nowhere"), tmp_path / "x", COPY, Learning(), FineTuning(), 1
        )
    assert "\n" not in str(found.value)
    with pytest.raises(ModelError, match="finetune.sharding 'fsdp' cuts whole models only"):
        PretrainedModel.load(folder, PretrainedConfig(FineTuning(method="lora", sharding="fsdp")))


def test_the_process_that_failed_is_told_not_the_one_that_missed_it() -> None:
    traceback = (
        "Traceback (most recent call last):\n  File x\n"
        "gpu_runtime.models.protocol.ModelError: no such thing\n\n"
    )
    assert find_cause(
        {0: "RuntimeError: [gloo] Connection closed by peer [127.0.0.1]:1", 1: traceback}
    ) == ("gpu_runtime.models.protocol.ModelError: no such thing (process 1)")
    assert find_cause({1: "A: b", 0: ""}) == "no message (process 0)"
    summary = (
        "Root Cause:\n  exitcode  : -9 (pid: 7)\n  traceback : Signal 9 (SIGKILL) "
        "received by PID 7\n======\n"
    )
    assert _find_last_message(summary) == "traceback : Signal 9 (SIGKILL) received by PID 7"
    assert (
        _find_last_message("Killed here\n====\n") == "Killed here" and _find_last_message("") == ""
    )


HELD = """
import sys
from gpu_runtime.models.options import FineTuning
from gpu_runtime.models.pretrained import PretrainedConfig, PretrainedModel
weights = PretrainedModel.load(sys.argv[1], \
PretrainedConfig(FineTuning(sharding="fsdp"))).state().values()
print("held", sum(w.to_local().numel() for w in weights), "of", sum(w.numel() for w in weights), \
flush=True)
"""


def test_a_model_that_is_cut_is_held_by_halves(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "held.py").write_text(HELD)
    command = [
        sys.executable,
        "-m",
        "torch.distributed.run",
        "--standalone",
        "--nproc_per_node=2",
        str(tmp_path / "held.py"),
        str(folder),
    ]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
    )
    held = [line.split() for line in done.stdout.splitlines() if line.startswith("held")]
    assert len(held) == 2, done.stderr[-2000:]
    assert all(int(words[1]) * 2 == int(words[3]) for words in held)
