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
from coevolve.report.ci_files import PortRow, find_line, make_junit, make_sarif

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
    assert said[2] == "1 of 2 functions in 2 ports are equivalent"
    suite = ElementTree.parse("out.xml").getroot().find("testsuite")
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("2", "1", "0")
    (failed,) = suite.findall("testcase/failure/..")
    assert failed.get("file") == "src/wrong.cu"
    log = json.loads((project / "out.sarif").read_text())
    (result,) = log["runs"][0]["results"]
    place = result["locations"][0]["physicalLocation"]
    assert (result["level"], place["artifactLocation"]["uri"]) == ("error", "src/wrong.cu")
    assert place["region"]["startLine"] == 2


def test_only_ports_of_the_files_named(project, capsys):
    assert main(["ports", "src/right.cu", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["target"], row["equivalent"], row["line"]) == ("src/right.cu", True, 2)
    assert main(["ports", "README.md"]) == 0  # a commit that touches none


@pytest.mark.parametrize(
    "text, said",
    [
        ("src/axpy.cpp\n", "coevolve-ports.txt:1: the following arguments are required: pair"),
        ("src/axpy.cpp src/right.cu --fast\n", "coevolve-ports.txt:1: unrecognized arguments"),
        ("# none\n", "the list of ports 'coevolve-ports.txt' is empty"),
        ("src/axpy.cpp src/lost.cu\n", "coevolve-ports.txt:1: cannot read 'src/lost.cu'"),
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
    step = action["runs"]["steps"][-1]
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
    assert hook["entry"] == "coevolve ports" and hook["language"] == "system"


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
