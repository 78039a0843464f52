"""Mistyped words, the version, and completion of the command line."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import coevolve
from coevolve.cli.main import main

ROOT = Path(__file__).parents[2]


def called(capsys, *words):
    """Exit code and both outputs of a command in this process."""
    try:
        code = main(list(words))
    except SystemExit as end:
        code = end.code
    return code, capsys.readouterr()


def test_the_version(capsys):
    code, printed = called(capsys, "--version")
    assert (code, printed.out) == (
        0,
        f"coevolve {coevolve.__version__}\n",
    ) and coevolve.__version__ == "0.2.0"


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["verfy", "a.cpp"], "coevolve: unknown command 'verfy': did you mean 'verify'?"),
        (
            ["verify", "a.cpp", "a.cu", "--jsn"],
            "coevolve verify: unknown option '--jsn': did you mean '--json'?",
        ),
        (
            ["translate", "a.cpp", "--too=cuda"],
            "coevolve translate: unknown option '--too': did you mean '--to'?",
        ),
        (["--versoin"], "coevolve: unknown option '--versoin': did you mean '--version'?"),
        (
            ["run", "configs/demo.toml", "--set", "round.cuont=1"],
            "coevolve: configs/demo.toml: unknown key 'round.cuont'; did you mean 'round.count'?",
        ),
    ],
)
def test_near_misses_are_named(capsys, monkeypatch, words, line):
    monkeypatch.chdir(ROOT)
    code, printed = called(capsys, *words)
    assert (code, printed.out, printed.err) == (2, "", line + "\n")


@pytest.mark.parametrize(
    "words",
    [
        ["qqqqqq"],
        ["verify", "--qqqqqq"],
        ["translate", "a.cpp"],
        ["eval", "--n", "two"],
        ["completion", "tcsh"],
    ],
)
def test_any_wrong_use_is_one_line(capsys, words):
    code, printed = called(capsys, *words)
    assert code == 2 and printed.err.count("\n") == 1 and printed.err.startswith("coevolve")


def test_words_behind_two_dashes_are_no_options(capsys):
    code, printed = called(capsys, "verify", "--", "--jsn", "b.cpp")
    assert code == 2 and "unknown option" not in printed.err


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_names_commands_and_options(capsys, tmp_path, shell):
    code, printed = called(capsys, "completion", shell)
    assert code == 0
    for word in ("translate", "decontaminate", "allow-contaminated", "resume"):
        assert word in printed.out
    if shutil.which(shell):
        (tmp_path / "script").write_text(printed.out)
        subprocess.run([shell, "-n", str(tmp_path / "script")], check=True)


def test_completion_completes_in_bash(tmp_path):
    made = subprocess.run(
        [sys.executable, "-m", "coevolve", "completion", "bash"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=True,
        capture_output=True,
        text=True,
    )
    script = (
        made.stdout
        + '\nCOMP_WORDS=(coevolve ver); COMP_CWORD=1; COMP_LINE="coevolve ver"; COMP_POINT=12\n'
    )
    script += (
        "f=$(complete -p coevolve | sed 's/.*-F \\([^ ]*\\).*/\\1/'); $f coevolve ver "
        'coevolve; echo "${COMPREPLY[@]}"\n'
    )
    done = subprocess.run(
        ["bash", "--norc"], input=script, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["verify"], done
