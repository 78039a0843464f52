"""What a user who makes mistakes sees: one line that says what, where and how to mend it, exit code
2, nothing lost.
"""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ENTRY = [sys.executable, str(ROOT / "coevolve.py")]


def cli(*arguments, cwd=None, env=None):
    return subprocess.run(
        [*ENTRY, *map(str, arguments)],
        cwd=cwd,
        env=env,
        capture_output=True,
        text=True,
        timeout=240,
    )


def assert_one_line(done, *words):
    assert done.returncode == 2, (done.returncode, done.stderr[-2000:])
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1 and lines[0].startswith("coevolve"), done.stderr[-2000:]
    for word in words:
        assert word in lines[0], lines[0]


@pytest.fixture
def config(tmp_path):
    """Writes a configuration; returns its path."""

    def write(corpus: str, extra: str = "") -> Path:
        path = tmp_path / "c.toml"
        path.write_text(f'run_dir = "{tmp_path}/run"\n{extra}\n[corpus]\nsource = "{corpus}"\n')
        return path

    return write


def test_help_is_quick_to_read_and_names_every_command():
    done = cli("--help")
    assert done.returncode == 0
    for command in ("run", "watch", "eval", "export", "report", "verify", "doctor"):
        assert command in done.stdout
        assert cli(command, "--help").returncode == 0


@pytest.mark.parametrize("module", ["coevolve", "coevolve.cli.main"])
def test_the_module_is_the_command(module):
    done = subprocess.run(
        [sys.executable, "-m", module, "verify"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 2 and done.stderr.startswith("coevolve verify: ")


def test_help_needs_no_heavy_package():
    code = (
        "import sys, coevolve.cli.main as c; c._parser(); print(sorted({'numpy', 'torch', "
        "'ray', 'transformers', 'pyarrow', 'rich'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr[-800:]


def test_doctor_names_what_is_there_and_how_to_get_the_rest():
    done = cli("doctor")
    assert done.returncode == 0 and "g++" in done.stdout and "sandbox" in done.stdout, done.stderr
    missing = [line for line in done.stdout.splitlines() if line.startswith(("no", "NO"))]
    assert all(len(line.split()) > 2 for line in missing)


def test_no_command_prints_help():
    assert cli().returncode == 2


def test_missing_corpus(config, tmp_path):
    assert_one_line(
        cli("run", config(f"{tmp_path}/nowhere")),
        f"'{tmp_path}/nowhere' does not exist",
        "[corpus] of ",
    )
    assert_one_line(
        cli("run", config("builtin"), "--set", "corpus.evaluation=nowhere.cpp"),
        "'nowhere.cpp' does not exist",
        "[corpus] of ",
    )
    assert not (tmp_path / "run").exists()


def test_a_run_folder_that_cannot_be_made(config, tmp_path, source_folder):
    (tmp_path / "run").write_text("a file of mine")
    assert_one_line(cli("run", config(source_folder), "--local"), "run_dir", "--set run_dir=")
    assert (tmp_path / "run").read_text() == "a file of mine"


def test_unknown_key(config):
    assert_one_line(
        cli("run", config("builtin", "sede = 3")), "unknown key 'sede'", "did you mean 'seed'"
    )


def test_binary_source(config, tmp_path):
    (tmp_path / "a.cpp").write_bytes(b"\x7fELF\x00\x00\x01")
    assert_one_line(cli("run", config(f"{tmp_path}/a.cpp")), "a.cpp")
    (tmp_path / "b.cu").write_text("__global__ void a(int *x) { x[0] = 1; }\n")
    assert_one_line(cli("verify", tmp_path / "a.cpp", tmp_path / "b.cu"), "a.cpp")


def test_empty_corpus(config, tmp_path):
    (tmp_path / "empty").mkdir()
    assert_one_line(cli("run", config(f"{tmp_path}/empty")), "empty")
    (tmp_path / "none.cpp").write_text("int main() { return 0; }\n")
    assert_one_line(cli("run", config(f"{tmp_path}/none.cpp")), "none.cpp")


def test_a_corpus_too_small_to_split(config, tmp_path):
    (tmp_path / "one.cpp").write_text(
        "void f(int *x, int n) { for (int i = 0; i < n; i++) x[i] = i; }\n"
    )
    assert_one_line(cli("run", config(f"{tmp_path}/one.cpp")), "evaluation_fraction")


def test_no_compiler(config, tmp_path):
    empty = tmp_path / "bin"
    empty.mkdir()
    done = cli("run", config("builtin"), env={"PATH": str(empty), "HOME": str(tmp_path)})
    assert_one_line(done, "gcc", "apt-get install")
    assert not (tmp_path / "run").exists()


def test_models_and_devices_that_are_not_there(
    config, tmp_path, source_folder, monkeypatch, capsys
):
    """One line, and before anything has been trained."""
    from coevolve.cli.main import main
    from gpu_runtime.cuda import backend as cuda

    small = [
        "--local",
        "--set",
        "corpus.training_limit=1",
        "--set",
        "corpus.evaluation_limit=1",
        "--set",
        "settings.verify.mutants=1",
    ]
    monkeypatch.setattr(cuda, "count_devices", lambda *_: 0)
    assert main(["run", str(config(source_folder)), *small, "--set", "verify.backend=cuda"]) == 2
    assert "no CUDA device" in capsys.readouterr().err.splitlines()[-1]
    assert not (tmp_path / "run").exists()
    other = [
        "--set",
        f"run_dir={tmp_path}/other",
        "--set",
        "model.backend=pretrained",
        "--set",
        f"model.name_or_path={tmp_path}",
    ]
    assert main(["run", str(config(source_folder)), *small, *other]) == 2
    assert "cannot be loaded on this machine" in capsys.readouterr().err.splitlines()[-1]
    assert not (tmp_path / "other").exists()


def test_a_model_without_weights_leaves_no_claim(config, tmp_path, source_folder, capsys):
    """Its folder looks right until it is opened; the same run with the right model must not be
    refused then.
    """
    from coevolve.cli.main import main

    model = tmp_path / "model"
    model.mkdir()
    (model / "config.json").write_text(
        '{"model_type": "llama", "vocab_size": 8, "hidden_size": 8, "num_attention_heads": 1}'
    )
    (model / "tokenizer_config.json").write_text('{"sep_token": "<sep>"}')
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "mine.txt").write_text("kept")
    small = [
        "--local",
        "--set",
        "corpus.training_limit=1",
        "--set",
        "corpus.evaluation_limit=1",
        "--set",
        "settings.verify.mutants=1",
    ]
    wrong = ["--set", "model.backend=pretrained", "--set", f"model.name_or_path={model}"]
    assert main(["run", str(config(source_folder)), *small, *wrong]) == 2
    assert str(model) in capsys.readouterr().err.splitlines()[-1]
    assert [p.name for p in (tmp_path / "run").iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("127.0.0.1:1", ("127.0.0.1:1", "ray start --head")),
        *(
            pytest.param(*case, marks=pytest.mark.slow)
            for case in (
                ("ray://127.0.0.1:1", ("no Ray answers",)),
                ("http://127.0.0.1:8265", ("HOST:PORT",)),
                ("127.0.0.1:99999", ("no Ray answers",)),
            )
        ),
    ],
)
def test_a_ray_that_does_not_answer_is_said_at_once(
    config, tmp_path, source_folder, address, words
):
    started = time.monotonic()
    done = cli("run", config(source_folder), env={**os.environ, "RAY_ADDRESS": address})
    assert_one_line(done, *words)
    assert time.monotonic() - started < 30  # seconds on an idle machine, most of them imports
    assert not (tmp_path / "run").exists()


def test_missing_files_and_folders(tmp_path):
    assert_one_line(cli("run", tmp_path / "no.toml"), "no.toml")
    assert_one_line(cli("run"), "--resume")
    assert_one_line(cli("run", tmp_path), "is a folder", "configs/demo.toml")
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "config.toml").write_text("")
    assert_one_line(
        cli("run", tmp_path / "made"), "is a folder", f"coevolve run --resume {tmp_path / 'made'}"
    )
    assert_one_line(cli("run", "--resume", tmp_path), "holds no run")
    assert_one_line(cli("report", tmp_path), "holds no run")
    assert_one_line(cli("export", tmp_path), "holds no run")
    assert_one_line(cli("eval", tmp_path), "holds no run")


def _mount(folder: Path, size: str) -> bool:
    if os.geteuid() != 0 or not shutil.which("mount"):
        return False
    folder.mkdir()
    return (
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)],
            capture_output=True,
        ).returncode
        == 0
    )


def test_full_disk_keeps_what_is_finished(source_folder, tmp_path):
    """A run folder on a tmpfs that is too small for the checkpoints."""
    disk = tmp_path / "disk"
    if not _mount(disk, "200k"):
        pytest.skip("mounting a small tmpfs needs root")
    try:
        path = tmp_path / "c.toml"
        path.write_text(
            f'run_dir = "{disk}/run"\n[corpus]\nsource = "{source_folder}"\nevaluation_fraction '
            f"= 0.4\n"
            '[cold_start]\ngenerated = 8\nsuites = 8\nlevel = "easy"\n[settings]\n'
            '"model.layers" = 1\n"model.width" = 96\n"model.heads" = 3\n"verify.mutants" = 2\n'
        )
        done = cli("run", path, "--local")
        assert done.returncode == 2, done.stderr[-2000:]
        assert "Traceback" not in done.stderr
        last = done.stderr.strip().splitlines()[-1]
        assert last.startswith("coevolve: ") and "disk" in last or "space" in last, last
        assert (disk / "run" / "corpus.jsonl").is_file()
        assert not (disk / "run" / "cold" / "translator").exists()
    finally:
        subprocess.run(["umount", str(disk)], check=True)
