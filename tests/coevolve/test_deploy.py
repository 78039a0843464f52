"""The files of docs/deploy: each is read by the program that reads it in use, where that is
possible here, and names versions and packages that exist.
"""

import ast
import os
import re
import signal
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml
from test_ray_job import SMALL, free_ports

from coevolve import __version__

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "docs" / "deploy"


CHECK = """
import sys, yaml
from ray.autoscaler._private.util import prepare_config, validate_config
config = yaml.safe_load(open(sys.argv[1]))
validate_config(prepare_config(config))
config["max_worker"] = 3
try:
    validate_config(prepare_config(config))
except Exception as error:
    assert "max_worker" in str(error), error
else:
    raise SystemExit("a misspelt key passed")
"""


def test_the_cluster_file_passes_rays_own_check():
    """In a process of its own: Ray takes its token from the environment when it is first
    imported.
    """
    words = [sys.executable, "-c", CHECK, str(DEPLOY / "cluster.yaml")]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]


def test_the_manifest_of_kuberay_is_whole():
    (job,) = yaml.safe_load_all((DEPLOY / "kuberay.yaml").read_text())
    spec = job["spec"]["rayClusterSpec"]
    assert (job["apiVersion"], job["kind"]) == ("ray.io/v1", "RayJob")
    assert spec["rayVersion"].split(".")[:2] == version("ray").split(".")[:2]
    for group in (spec["headGroupSpec"], *spec["workerGroupSpecs"]):
        inside = group["template"]["spec"]
        volumes = {volume["name"] for volume in inside["volumes"]}
        for container in inside["containers"]:
            assert {mount["name"] for mount in container["volumeMounts"]} <= volumes
            assert container["env"] == [{"name": "COEVOLVE_RUNS", "value": "/runs"}]


def test_recipes_name_this_version_and_the_pinned_torch():
    project = (ROOT / "pyproject.toml").read_text()
    torch = re.search(r'"(torch==[\d.]+)"', project)[1]
    for name in ("Dockerfile", "Dockerfile.cuda", "coevolve.def"):
        text = (DEPLOY / name).read_text()
        assert torch in text and "/opt/coevolve[cuda]" in text, name
        assert all(tool in text for tool in ("g++", "gfortran", "libomp")), name
    recipe = (DEPLOY / "conda" / "meta.yaml").read_text()
    assert f'version: "{__version__}"' in recipe
    assert yaml.safe_load(recipe.replace("{{ PYTHON }}", "python"))["package"]["name"] == "coevolve"
    tree = ast.parse((DEPLOY / "spack" / "package.py").read_text())
    assert [n.name for n in tree.body if isinstance(n, ast.ClassDef)] == ["PyCoevolve"]


@pytest.mark.slow
def test_the_slurm_script_runs_on_two_nodes_of_one_machine(tmp_path):
    """Slurm's own commands are stand-ins that run their command here; Ray and the run are real."""
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    for name, text in {
        "scontrol": "printf '127.0.0.1\\nlocalhost\\n'",
        "srun": 'while [[ "$1" == --* ]]; do shift; done\n[[ "$1 $2" == "ray stop" ]] || exec "$@"',
        "ray": f'exec {sys.executable} -m ray.scripts.scripts "$@"',
        "coevolve": f'exec {sys.executable} {ROOT / "coevolve.py"} "$@"',
    }.items():
        (bin_folder / name).write_text(f"#!/usr/bin/env bash\n{text}\n")
        (bin_folder / name).chmod(0o755)
    (port,) = free_ports(1)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("RAY_")}
    environment |= {
        "PATH": f"{bin_folder}:{os.environ['PATH']}",
        "SLURM_JOB_NODELIST": "two",
        "SLURM_CPUS_PER_TASK": "1",
        "SLURM_SUBMIT_DIR": str(tmp_path),
        "RAY_PORT": str(port),
    }
    settings = [w for s in (*SMALL, f"run_dir={tmp_path / 'run'}") for w in ("--set", s)]
    log = tmp_path / "log"
    with log.open("w") as out:
        process = subprocess.Popen(
            ["bash", str(DEPLOY / "slurm.sh"), str(ROOT / "configs/demo.toml"), *settings],
            env=environment,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    try:
        assert process.wait(280) == 0, log.read_text()[-3000:]
    finally:
        os.killpg(process.pid, signal.SIGTERM)
    assert (tmp_path / "run" / "report.html").is_file()
    assert log.read_text().count("Ray runtime started") == 2
