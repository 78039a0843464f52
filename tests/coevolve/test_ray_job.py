"""The README's cluster command for real: `ray start --head`, `ray job submit --working-dir .`, the
run's files, the log.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RAY = str(Path(sys.executable).with_name("ray"))
SMALL = (
    "run_dir=runs/job",
    "cold_start.generated=30",
    "cold_start.suites=30",
    "settings.model.layers=1",
    "settings.model.width=48",
    "settings.model.heads=3",
    "round.count=1",
    "round.samples=1",
    "corpus.training_limit=4",
    "corpus.evaluation_limit=3",
    "evaluate.samples=1",
    "settings.evaluate.pass_at=[1]",
    "model.max_new_tokens=48",
    "settings.verify.mutants=2",
)


def free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for s in sockets:
        s.bind(("127.0.0.1", 0))
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


@pytest.fixture
def head(tmp_path):
    """A Ray head of this test's own, ended with everything it started; its dashboard's address."""
    port, dashboard, agent, agent_grpc, client = free_ports(5)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("RAY_")}
    environment |= {
        "HOME": str(tmp_path),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "COEVOLVE_RUNS": str(tmp_path / "runs"),
    }
    temporary = Path("/tmp") / f"cv-ray-{os.getpid()}"  # socket paths must be short
    command = [
        RAY,
        "start",
        "--head",
        "--block",
        "--num-cpus",
        "2",
        "--disable-usage-stats",
        f"--port={port}",
        f"--dashboard-port={dashboard}",
    ]
    command += [
        f"--dashboard-agent-listen-port={agent}",
        f"--dashboard-agent-grpc-port={agent_grpc}",
        f"--ray-client-server-port={client}",
    ]
    command += [f"--temp-dir={temporary}"]
    with open(tmp_path / "head.log", "w") as log:
        process = subprocess.Popen(
            command, env=environment, stdout=log, stderr=log, start_new_session=True
        )
    try:
        _wait_for(
            f"http://127.0.0.1:{agent}/api/local_raylet_healthz", process, tmp_path / "head.log"
        )
        yield f"http://127.0.0.1:{dashboard}", environment, tmp_path / "runs"
    finally:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
        subprocess.run(["pkill", "-9", "-f", str(temporary)], check=False)
        shutil.rmtree(temporary, ignore_errors=True)


def _wait_for(url: str, process: subprocess.Popen, log: Path) -> None:
    """Until the job agent answers: a job submitted earlier is turned away."""
    end = time.monotonic() + 120
    while time.monotonic() < end and process.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return
        except OSError:
            time.sleep(1)
    pytest.fail(f"the Ray head did not come up:\n{log.read_text()[-2000:]}")


@pytest.mark.slow
def test_a_run_as_a_ray_job(head):
    address, environment, runs = head
    settings = [word for setting in SMALL for word in ("--set", setting)]
    command = [
        RAY,
        "job",
        "submit",
        "--address",
        address,
        "--working-dir",
        str(ROOT),
        "--",
        "python",
        "coevolve.py",
        "run",
        "configs/demo.toml",
    ]
    done = subprocess.run(
        [*command, *settings], env=environment, capture_output=True, text=True, timeout=280
    )
    log = done.stdout + done.stderr
    assert done.returncode == 0, log[-3000:]
    assert "round 1: propose and verify" in log and "pass@1" in log
    assert (runs / "job" / "round-1" / "evaluation.json").is_file()
    assert (runs / "job" / "export" / "translator" / "model.safetensors").is_file()
