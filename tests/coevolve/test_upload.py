"""What `ray job submit --working-dir .` sends to a cluster: little, and enough to run from."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MOST_MIB = 5


@pytest.fixture(scope="module")
def uploaded(tmp_path_factory) -> Path:
    """The package that Ray makes of a checkout of the tree, by Ray's own code."""
    folder = tmp_path_factory.mktemp("upload")
    tree = folder / "tree"
    listed = subprocess.run(
        ["git", "ls-files", "-coz", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True
    ).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            (tree / name).write_bytes((ROOT / name).read_bytes())
    # In a process of its own: Ray takes its token from the environment when it is first imported.
    code = (
        "import sys; from pathlib import Path; "
        "from ray._private.runtime_env.packaging import create_package; "
        "create_package(sys.argv[1], Path(sys.argv[2]), include_gitignore=True)"
    )
    words = [sys.executable, "-c", code, str(tree), str(folder / "package.zip")]
    subprocess.run(words, check=True, capture_output=True)
    return folder / "package.zip"


def test_the_upload_of_a_job_is_small(uploaded):
    size = uploaded.stat().st_size / 2**20
    assert 0.5 < size <= MOST_MIB, f"{size:.1f} MiB: see .rayignore"
    names = zipfile.ZipFile(uploaded).namelist()
    assert {"coevolve.py", "configs/demo.toml", "corpora/builtin/__init__.py"} <= set(names)
    assert not [n for n in names if n.startswith(("tests/", ".git/")) or n.endswith(".safetensors")]


def test_a_job_takes_weights_and_corpora_of_its_environment(uploaded, tmp_path):
    zipfile.ZipFile(uploaded).extractall(tmp_path)
    code = (
        "from coevolve.named_models import resolve_model, __file__ as here\n"
        "print(here); print(resolve_model('small', 'translator').location)\n"
        "import coevolve; assert len(coevolve.load_corpus('builtin', 'cpp')) > 100\n"
        "assert len(coevolve.load_corpus('development', 'cpp')) > 100"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    code_file, weights = done.stdout.split()
    assert Path(code_file).is_relative_to(tmp_path)
    assert not Path(weights).is_relative_to(tmp_path)
    assert (Path(weights) / "model.safetensors").is_file()


def test_a_job_has_all_that_its_commands_import(uploaded, tmp_path):
    """`coevolve run` of an upload ended with a ModuleNotFoundError: a module was left out."""
    zipfile.ZipFile(uploaded).extractall(tmp_path)
    calls = (
        ["run", "configs/demo.toml", "--dry-run"],
        ["plan", "configs/demo.toml"],
        ["check", "nowhere"],
    )
    for words in calls:
        done = subprocess.run(
            [sys.executable, "coevolve.py", *words],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert "ModuleNotFoundError" not in done.stderr, (words, done.stderr)
        assert done.returncode == (2 if words[0] == "check" else 0), (words, done.stderr)
    code = "import coevolve.loop.rounds, coevolve.evaluation.evaluate, coevolve.cli.export"
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
