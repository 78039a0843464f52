"""The wheel: one top-level name, everything that a user needs, and no text that names a package by
its place in the repository.
"""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from coevolve.wheel_layout import PACKAGES, move_imports

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """The wheel of the tree, built from a copy: a build leaves files beside its sources."""
    copy = tmp_path_factory.mktemp("tree")
    listed = subprocess.run(
        ["git", "ls-files", "-coz", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    wanted = ("coevolve", "configs", *PACKAGES)
    for name in filter(None, listed.split("\0")):
        if name.split("/")[0] in (*wanted, "pyproject.toml", "README.md", "LICENSE"):
            if (ROOT / name).is_file():
                (copy / name).parent.mkdir(parents=True, exist_ok=True)
                (copy / name).write_bytes((ROOT / name).read_bytes())
    out = tmp_path_factory.mktemp("wheel")
    code = (
        "import sys; from setuptools.build_meta import build_wheel; print(build_wheel(sys.argv[1]))"
    )
    subprocess.run(
        [sys.executable, "-c", code, str(out)], cwd=copy, check=True, capture_output=True
    )
    return next(out.glob("*.whl"))


def test_the_only_top_level_name_is_coevolve(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"coevolve"}
    listed = next(name for name in names if name.endswith("/top_level.txt"))
    assert zipfile.ZipFile(wheel).read(listed).decode().split() == ["coevolve"]


def test_it_holds_models_configurations_prompts_and_headers(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    for wanted in (
        "coevolve/configs/demo.toml",
        "coevolve/gpu_runtime/models/small/translator/model.safetensors",
        "coevolve/gpu_runtime/models/simple/tester/model.safetensors",
        "coevolve/corpora/builtin/blas1/axpy.cu",
        "coevolve/report/templates/report.html",
        "coevolve/py.typed",
    ):
        assert wanted in names, wanted
    kept = {name.removeprefix("coevolve/") for name in names}
    for package in PACKAGES:  # nothing that the tree has is lost on the way
        listed = subprocess.run(
            ["git", "ls-files", "-coz", "--exclude-standard", package],
            cwd=ROOT,
            capture_output=True,
            text=True,
        ).stdout
        lost = {n for n in listed.split("\0") if n and (ROOT / n).is_file()} - kept
        assert not {n for n in lost if not n.endswith(("/README.md", ".md"))}, lost


def test_what_is_installed_works_without_the_repository(wheel, tmp_path):
    """`import coevolve`, the corpus, the shipped model, a configuration and a verdict, from the
    wheel's files alone; the packages it depends on are those of this environment.
    """
    site = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(site)
    code = """
import coevolve, sys
from coevolve.config.schema import load
from coevolve.named_models import resolve_model
assert load("demo").directions == load("configs/demo.toml").directions
programs = {p.name: p for p in coevolve.load_corpus("builtin", "cpp")}
assert resolve_model("small", "translator").location.startswith(sys.argv[1])
kernel = "__global__ void axpy(int n, float a, const float *x, float *y) {" \\
    "int i = blockIdx.x * blockDim.x + threadIdx.x; if (i < n) y[i] = a * x[i] + y[i]; }"
verdict = coevolve.verify(programs["axpy"], coevolve.Program("cuda", "axpy", kernel))
assert verdict, verdict
tops = {name.split(".")[0] for name in sys.modules}
assert not tops & {"corpora", "gpu_runtime", "tester", "translator"}
print("works from", coevolve.__file__)
"""
    done = subprocess.run(
        [
            sys.executable,
            "-S",
            "-c",
            f"import sys; sys.path[:0] = {[str(site)]!r}\n{_paths()}{code}",
            str(site),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert str(site) in done.stdout


def _paths() -> str:
    """Lines that add this environment's packages without the editable installation of the tree,
    which a .pth file would add.
    """
    return f"sys.path += {[p for p in sys.path if p.endswith('site-packages')]!r}\n"


def test_imports_follow_and_what_cannot_be_moved_is_named():
    text = (
        '"""    python -c "from corpora.records import Verdict"\n"""\n'
        "from corpora.records import Program\nfrom tester import generate\n"
        "from coevolve.api import verify\nfrom testers import x\n"
    )
    moved = move_imports(text, "m.py")
    assert moved.count("from coevolve.corpora.records import") == 2
    assert "from coevolve.tester import generate" in moved
    assert "from coevolve.api import verify" in moved and "from testers import x" in moved
    with pytest.raises(ValueError, match="m.py:2: write 'from corpora import"):
        move_imports("import json\nimport corpora\n", "m.py")
