"""`coevolve ports`: a project's list of ports, its exit code, and the files that services read."""

import json
import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
import yaml
from hypothesis import given, strategies as st

from coevolve.cli.main import main
from coevolve.cli.ports import choose_ports, read_list
from coevolve.report.ci_files import PortRow, find_line, make_junit, make_sarif
from corpora.projects.sources import Options

ROOT = Path(__file__).parents[2]
SOURCE = (
    "void axpy(int n, float a, const float *x, float *y) { "
    "for (int i = 0; i < n; i++) y[i] += a * x[i]; }\n"
)
KERNEL = (
    "// a port\n__global__ void axpy(int n, float a, const float *x, float *y) {\n"
    "    int i = blockIdx.x * blockDim.x + threadIdx.x;\n    if (i < n) y[i] += a * x[i];\n}\n"
)


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A list of a right port and a wrong one."""
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "axpy.cpp").write_text(SOURCE)
    (tmp_path / "src" / "right.cu").write_text(KERNEL)
    (tmp_path / "src" / "wrong.cu").write_text(KERNEL.replace("+=", "-="))
    (tmp_path / "coevolve-ports.txt").write_text(
        "# ports of this project\n\nsrc/axpy.cpp src/right.cu\n"
        "src/axpy.cpp src/wrong.cu --function axpy  # broken\n"
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_all_listed_ports_are_verified_and_reported(project, capsys):
    assert main(["ports", "--junit", "out.xml", "--sarif", "out.sarif"]) == 1
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("ok    src/right.cu  axpy: equivalent")
    assert said[1].startswith("FAIL  src/wrong.cu  axpy: not equivalent")
    assert any(line.startswith("  fails on  n=") for line in said)
    assert said[-1] == "1 of 2 functions in 2 ports are equivalent"
    suite = ElementTree.parse("out.xml").getroot().find("testsuite")
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("2", "1", "0")
    (failed,) = suite.findall("testcase/failure/..")
    assert failed.get("file") == "src/wrong.cu"
    told = failed.find("failure").text
    assert "fails on  n=" in told and "expected  y[0] = " in told and "actual    y[0] = " in told
    log = json.loads((project / "out.sarif").read_text())
    (result,) = log["runs"][0]["results"]
    place = result["locations"][0]["physicalLocation"]
    assert (result["level"], place["artifactLocation"]["uri"]) == ("error", "src/wrong.cu")
    assert place["region"]["startLine"] == 2
    assert "expected  y[0] = " in result["message"]["text"]


def test_only_ports_of_the_files_named(project, capsys):
    assert main(["ports", "src/right.cu", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["target"], row["equivalent"], row["line"]) == ("src/right.cu", True, 2)
    (project / "README.md").write_text("text\n")
    assert main(["ports", "README.md"]) == 0  # a commit that touches none
    told = capsys.readouterr()
    assert told.err == "of no listed port: README.md\n" and told.out.startswith("0 of 0 ")


def test_a_mistyped_file_is_an_error(project, capsys):
    assert main(["ports", "src/rihgt.cu"]) == 2
    said = "'src/rihgt.cu' does not exist, and no line of 'coevolve-ports.txt' names it"
    assert said in capsys.readouterr().err


def test_json_rows_hold_outcome_and_failing_input(project, capsys):
    """As `verify --json` has them: a script need not read them out of the text."""
    assert main(["ports", "--json"]) == 1
    right, wrong = json.loads(capsys.readouterr().out)
    assert (right["outcome"], right["failing_input"]) == ("EQUIVALENT", None)
    assert wrong["outcome"] == "MISMATCH" and wrong["failing_input"]["inputs"]["n"]


def test_a_missing_port_is_an_error_and_the_others_are_judged(project, capsys):
    (project / "src" / "wrong.cu").unlink()
    assert main(["ports", "--junit", "out.xml", "--sarif", "out.sarif"]) == 2
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("ok    src/right.cu  axpy: equivalent")
    lost = "coevolve-ports.txt:4: cannot read 'src/wrong.cu': No such file or directory"
    assert said[1] == f"ERR   src/wrong.cu  axpy: {lost}"
    assert said[2] == "1 of 1 functions in 2 ports are equivalent; 1 ports cannot be judged"
    suite = ElementTree.parse("out.xml").getroot().find("testsuite")
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("2", "0", "1")
    assert suite.find("testcase/error").get("message") == lost
    (result,) = json.loads((project / "out.sarif").read_text())["runs"][0]["results"]
    place = result["locations"][0]["physicalLocation"]
    assert (result["level"], result["ruleId"]) == ("error", "not-read")
    assert place["artifactLocation"]["uri"] == "coevolve-ports.txt"
    assert place["region"]["startLine"] == 4
    assert main(["ports", "src/wrong.cu"]) == 2  # named by a line: not a mistyped name
    assert main(["ports", "src/right.cu"]) == 0


def test_a_bad_suite_of_one_port_leaves_the_others(project, capsys):
    (project / "bad.txt").write_text("n 3\n")
    (project / "coevolve-ports.txt").write_text(
        "src/axpy.cpp src/wrong.cu --suite bad.txt\nsrc/axpy.cpp src/right.cu\n"
    )
    assert main(["ports"]) == 2
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("ERR   src/wrong.cu") and "bad.txt" in said[0]
    assert said[1].startswith("ok    src/right.cu")


def test_the_files_that_a_port_belongs_to(project):
    (project / "inc").mkdir()
    (project / "inc" / "a.h").write_text('#include "b.h"\n')
    (project / "src" / "b.cpp").write_text('#include "a.h"\n#include "gone.h"\n' + SOURCE)
    list_path = project / "coevolve-ports.txt"
    list_path.write_text(
        "src/axpy.cpp src/right.cu --suite tests.txt\nsrc/b.cpp src/wrong.cu -I inc\n"
    )
    listed = read_list(list_path)

    def chosen(*names):
        wanted, idle = choose_ports(listed, list_path, [Path(name) for name in names])
        return [port.source.name for port in wanted], [str(each) for each in idle]

    assert chosen("coevolve-ports.txt", "README.md") == (["axpy.cpp", "b.cpp"], [])
    assert chosen("tests.txt") == (["axpy.cpp"], [])
    assert chosen("inc/a.h", "x.h") == (["b.cpp"], ["x.h"])
    assert chosen("inc/b.h") == chosen("src/gone.h") == (["b.cpp"], [])  # deleted, or not there yet
    assert chosen() == ([], [])


def test_the_hook_sees_what_a_commit_deletes(project, capsys):
    def git(*words):
        who = ["-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", *who, *words], check=True, capture_output=True)

    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "ports")
    assert main(["ports", "--hook"]) == 0
    assert capsys.readouterr().out.startswith("0 of 0 functions in 0 ports")
    git("rm", "-q", "src/wrong.cu")
    assert main(["ports", "--hook"]) == 2
    assert "cannot read 'src/wrong.cu'" in capsys.readouterr().out


def test_a_line_takes_what_verify_takes(project):
    list_path = project / "coevolve-ports.txt"
    list_path.write_text(
        "src/axpy.cpp src/right.cu --large --prove --backend emulated --device-compiler none "
        "-I inc -D N=4 --from cpp --to cuda --function axpy\n"
    )
    (port,) = read_list(list_path)
    assert (port.large, port.prove, port.backend, port.device_compiler) == (
        True,
        True,
        "emulated",
        "none",
    )
    assert port.headers == Options((project / "inc",), ("N=4",))
    assert (port.source_dialect, port.target_dialect, port.function) == ("cpp", "cuda", "axpy")


def test_a_large_size_finds_what_small_ones_do_not(project, capsys):
    """A guard for the size that the rules of the source never reach."""
    (project / "src" / "wrong.cu").write_text(KERNEL.replace("i < n", "i < n && i / 1000 < 1000"))
    (project / "coevolve-ports.txt").write_text("src/axpy.cpp src/wrong.cu --large\n")
    assert main(["ports"]) == 1
    assert "y[1000000]" in capsys.readouterr().out


def test_the_line_that_a_verdict_names(project, capsys):
    """In a header too: the place is the user's file, not the text that was judged."""
    (project / "src" / "k.h").write_text("#pragma once\n#define UNUSED 1\n")
    (project / "src" / "wrong.cu").write_text('#include "k.h"\n' + KERNEL.replace("+= a", "+= b"))
    (project / "coevolve-ports.txt").write_text("src/axpy.cpp src/wrong.cu\n")
    assert main(["ports", "--sarif", "out.sarif"]) == 1
    assert "src/wrong.cu:5" in capsys.readouterr().out
    (result,) = json.loads((project / "out.sarif").read_text())["runs"][0]["results"]
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "src/wrong.cu"
    assert place["region"]["startLine"] == 5


@pytest.mark.parametrize(
    "text, said",
    [
        ("src/axpy.cpp\n", "coevolve-ports.txt:1: the following arguments are required: pair"),
        ("src/axpy.cpp src/right.cu --fast\n", "coevolve-ports.txt:1: unrecognized arguments"),
        ("# none\n", "the list of ports 'coevolve-ports.txt' is empty"),
        ("src/axpy.cpp src/right.cu --large --suite a.txt\n", "coevolve-ports.txt:1: --large adds"),
        ("src/axpy.cpp 'src/right.cu\n", "coevolve-ports.txt:1: No closing quotation"),
    ],
)
def test_a_bad_list_is_one_line(project, capsys, text, said):
    (project / "coevolve-ports.txt").write_text(text)
    assert main(["ports"]) == 2
    error = capsys.readouterr().err.strip()
    assert said in error and "\n" not in error
    assert main(["ports", "--list", "none.txt"]) == 2
    assert "cannot read the list of ports 'none.txt'" in capsys.readouterr().err


def test_the_step_of_the_action_runs_as_it_is_written(project, tmp_path):
    action = yaml.safe_load((ROOT / ".github/actions/coevolve-verify/action.yml").read_text())
    step = next(step for step in action["runs"]["steps"] if step["name"] == "Verify the ports")
    given = {name: told["default"] for name, told in action["inputs"].items()}
    values = {
        key: given[text.split("inputs.")[1].split(" ")[0]] for key, text in step["env"].items()
    }
    tool = tmp_path / "bin" / "coevolve"
    tool.parent.mkdir()
    tool.write_text(f'#!/usr/bin/env bash\nexec {sys.executable} -m coevolve "$@"\n')
    tool.chmod(0o755)
    environment = {**os.environ, **values, "PYTHONPATH": str(ROOT)}
    environment["PATH"] = f"{tool.parent}:{os.environ['PATH']}"
    done = subprocess.run(["bash", "-e", "-c", step["run"]], cwd=project, env=environment)
    assert done.returncode == 1
    assert (project / given["junit"]).is_file() and (project / given["sarif"]).is_file()


def test_the_action_installs_itself_where_no_package_is_named(tmp_path):
    """With a python3 that only says what its pip would install."""
    action = yaml.safe_load((ROOT / ".github/actions/coevolve-verify/action.yml").read_text())
    step = next(step for step in action["runs"]["steps"] if step["name"] == "Install coevolve")
    assert action["inputs"]["package"]["default"] == ""
    tool = tmp_path / "bin" / "python3"
    tool.parent.mkdir()
    tool.write_text(
        '#!/bin/bash\nmkdir -p "$3/bin"\n'
        'printf \'#!/bin/bash\\necho "${@: -1}" >> "$LOG"\\n\' > "$3/bin/pip"\n'
        'chmod +x "$3/bin/pip"\n'
    )
    tool.chmod(0o755)
    environment = {
        "PATH": f"{tool.parent}:/usr/bin:/bin",
        "RUNNER_TEMP": str(tmp_path / "runner"),
        "GITHUB_PATH": str(tmp_path / "path"),
        "GITHUB_ACTION_PATH": str(ROOT / ".github/actions/coevolve-verify"),
        "LOG": str(tmp_path / "log"),
    }
    for package in ("", "coevolve==1"):
        words = ["bash", "-e", "-c", step["run"]]
        subprocess.run(words, env={**environment, "PACKAGE": package}, check=True)
    own, named = (tmp_path / "log").read_text().splitlines()[1::2]
    assert Path(own).resolve() == ROOT and (ROOT / "pyproject.toml").is_file()
    assert named == "coevolve==1"


def test_the_action_keeps_both_files_also_of_a_failure():
    action = yaml.safe_load((ROOT / ".github/actions/coevolve-verify/action.yml").read_text())
    steps = {step["uses"]: step for step in action["runs"]["steps"] if "uses" in step}
    kept = steps["actions/upload-artifact@v4"]
    shown = steps["github/codeql-action/upload-sarif@v3"]
    assert kept["if"].startswith("always()") and shown["if"].startswith("always()")
    assert kept["with"]["path"].split("\n")[:2] == ["${{ inputs.junit }}", "${{ inputs.sarif }}"]
    assert action["inputs"]["code-scanning"]["default"] == "false"


def test_the_action_finds_the_compilers_that_are_here():
    """No package is asked for where g++, gfortran and any clang are installed."""
    action = yaml.safe_load((ROOT / ".github/actions/coevolve-verify/action.yml").read_text())
    first = action["runs"]["steps"][0]["run"]
    checked = first.replace("apt-get", "echo would install")
    done = subprocess.run(["bash", "-e", "-c", checked], capture_output=True, text=True)
    here = all(shutil.which(tool) for tool in ("g++", "gfortran"))
    if here and (shutil.which("clang") or shutil.which("clang-14")):
        assert done.returncode == 0 and not done.stdout, done.stderr


def test_the_hook_names_a_command_that_exists():
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert hook["entry"] == "coevolve ports --hook" and hook["language"] == "system"
    assert hook["always_run"] and "files" not in hook  # a commit may only delete, or change a list


rows = st.lists(
    st.builds(
        PortRow, st.text(), st.text(), st.text(), st.sampled_from([True, False, None]), st.text()
    ),
    max_size=5,
)


@given(rows)
def test_any_text_makes_files_that_can_be_read(found):
    suite = ElementTree.fromstring(make_junit(found).encode()).find("testsuite")
    assert len(suite.findall("testcase")) == len(found)
    bad = sum(row.equivalent is not True for row in found)
    assert len(suite.findall("testcase/*")) == bad
    assert len(make_sarif(found, "0")["runs"][0]["results"]) == bad


def test_the_line_of_a_function():
    assert find_line("// step\nint k;\nvoid step(int n) {}\n", "step") == 3
    assert find_line("module m\ncontains\n SUBROUTINE Step\n", "step") == 3
    assert find_line("int a;\n", "step") == 1
