"""The files of docs/deploy: each is read by the program that reads it in use, where that is
possible here, and names versions and packages that exist.
"""

import ast
import contextlib
import fnmatch
import os
import re
import signal
import subprocess
import sys
import time
import tomllib
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


def _make_commands(folder: Path, texts: dict[str, str]) -> Path:
    """Shell scripts in `folder`/bin, one a name of `texts`; that folder."""
    bin_folder = folder / "bin"
    bin_folder.mkdir()
    for name, text in texts.items():
        (bin_folder / name).write_text(f"#!/usr/bin/env bash\n{text}\n")
        (bin_folder / name).chmod(0o755)
    return bin_folder


@pytest.mark.parametrize("when", ["during", "after"])
def test_slurms_warning_lets_the_run_end_before_ray_stops(tmp_path, when):
    """All commands are stand-ins. The warning comes while the run goes, or when it is over and Ray
    is being stopped: the exit status is the run's.
    """
    log = tmp_path / "log"
    folder = _make_commands(
        tmp_path,
        {
            "scontrol": "echo one",
            "srun": f'[[ "$*" == *"ray stop"* ]] && {{ echo stop >>{log}; sleep 1; }}; true',
            "ray": "true",
            "coevolve": f"trap 'sleep 1; echo cleaned >>{log}; exit 143' TERM\n"
            f"echo began >>{log}\n" + ("sleep 60 & wait" if when == "during" else "exit 0"),
        },
    )
    environment = os.environ | {
        "PATH": f"{folder}:{os.environ['PATH']}",
        "SLURM_JOB_NODELIST": "one",
        "SLURM_SUBMIT_DIR": str(tmp_path),
    }
    process = subprocess.Popen(
        ["bash", str(DEPLOY / "slurm.sh"), "x.toml"], env=environment, start_new_session=True
    )
    awaited = "began" if when == "during" else "stop"
    try:
        deadline = time.monotonic() + 60
        while not (log.exists() and awaited in log.read_text()):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == (143 if when == "during" else 0)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    lines = log.read_text().split()
    assert lines == (["began", "cleaned", "stop"] if when == "during" else ["began", "stop"])


def test_the_context_of_an_image_has_what_the_package_needs_and_little_else():
    """`.dockerignore`, read as Docker does: the last line that matches a path or a folder above
    it decides.
    """
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]

    def is_left_out(path: str) -> bool:
        above = [path, *map(str, Path(path).parents)]
        left_out = False
        for rule in rules:
            kept = rule.startswith("!")
            pattern = rule.removeprefix("!").removeprefix("**/")
            names = [p for p in above if p != "."]
            if "**/" in rule:
                names = [Path(p).name for p in names]
            elif "/" not in pattern:
                names = [p for p in names if "/" not in p]
            if any(fnmatch.fnmatchcase(name, pattern) for name in names):
                left_out = not kept
        return left_out

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    needed = ["pyproject.toml", project["project"]["readme"], "LICENSE", "configs/demo.toml"]
    needed += [
        f"{name.replace('.', '/')}/x.py" for name in project["tool"]["setuptools"]["packages"]
    ]
    needed += ["gpu_runtime/models/small/translator/model.safetensors"]
    assert [path for path in needed if is_left_out(path)] == []
    needless = [".git/HEAD", ".venv/bin/python", "runs/demo/report.html", "docs/index.md"]
    needless += ["tests/conftest.py", "coevolve/__pycache__/api.cpython-311.pyc", "build/lib/x.py"]
    assert [path for path in needless if not is_left_out(path)] == []


def test_the_recipe_of_conda_lets_pip_fetch_and_names_compilers_as_the_engine_does():
    """conda-build sets variables by which pip fetches nothing, and `gxx_linux-64` has no `g++`."""
    text = (DEPLOY / "conda" / "meta.yaml").read_text().replace("{{ PYTHON }}", "python")
    recipe = yaml.safe_load(text)
    first, second = recipe["build"]["script"]
    assert first.startswith("unset ") and {"PIP_NO_INDEX", "PIP_NO_DEPENDENCIES"} <= {
        *first.split()
    }
    assert second.startswith("python -m pip install .")
    names = {line.split()[0] for line in recipe["requirements"]["run"]}
    assert {"gcc", "gxx", "gfortran", "make"} <= names


@pytest.mark.slow
def test_the_slurm_script_runs_on_two_nodes_of_one_machine(tmp_path):
    """Slurm's own commands are stand-ins that run their command here; Ray and the run are real."""
    stand_ins = {
        "scontrol": "printf '127.0.0.1\\nlocalhost\\n'",
        "srun": 'while [[ "$1" == --* ]]; do shift; done\n[[ "$1 $2" == "ray stop" ]] || exec "$@"',
        "ray": f'exec {sys.executable} -m ray.scripts.scripts "$@"',
        "coevolve": f'exec {sys.executable} {ROOT / "coevolve.py"} "$@"',
    }
    bin_folder = _make_commands(tmp_path, stand_ins)
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
