"""`translate --patch`: a diff that applies, of text that compiles, with nothing else changed."""

import json
import subprocess
from xml.etree import ElementTree

import pytest

from coevolve.cli.main import main
from coevolve.port.evidence_file import read_evidence
from coevolve.port.patch import PlannedFunction, make_patch
from coevolve.port.speed_gate import SpeedFigures, explain_doubt
from translator.parallelize.directives import plan_directives

CPP = """#include <math.h>
#define TWICE(v) ((v) * 2)
// doubles x, and adds it up
static void twice(int n, double *x, double &total) { // the head
    double t; /* of one element */
    for (int i = 0; i < n; i++) {
        t = TWICE(x[i]);
        x[i] = fabs(t);
        total += t;
    }
}"""
FIXED = """C     doubles x
      SUBROUTINE TWICE(N, X)
      INTEGER N, I
      DOUBLE PRECISION X(N)
      DO 10 I = 1, N
        X(I) = X(I) * 2
   10 CONTINUE
      END
"""


@pytest.mark.parametrize(
    ("name", "text", "compiler"),
    [("a.cpp", CPP, "g++"), ("a.f", FIXED, "gfortran")],
)
def test_a_patch_applies_and_compiles(tmp_path, monkeypatch, capsysbinary, name, text, compiler):
    monkeypatch.chdir(tmp_path)
    file = tmp_path / name
    file.write_text(text)
    assert main(["translate", name, "--to", "openmp", "--patch", "--no-timing"]) == 0
    diff = capsysbinary.readouterr().out
    removed = [l for l in diff.splitlines() if l.startswith(b"-") and not l.startswith(b"---")]
    assert not removed and b"+++ b/" + name.encode() in diff
    subprocess.run(["git", "apply", "--check", "-"], input=diff, check=True)
    subprocess.run(["patch", "-p1"], input=diff, check=True, stdout=subprocess.DEVNULL)
    made = [line for line in file.read_text().splitlines() if "omp" not in line.lower()]
    assert made == text.splitlines()
    subprocess.run([compiler, "-fopenmp", "-Wall", "-c", file, "-o", "a.o"], check=True)


def test_wrong_use_of_patch_is_one_line(tmp_path, capsys):
    file = tmp_path / "a.cpp"
    file.write_text(CPP)
    assert main(["translate", str(file), "--to", "cuda", "--patch"]) == 2
    assert "--patch adds OpenMP directives" in capsys.readouterr().err


def test_bytes_that_are_no_utf8_and_a_missing_last_newline_stay():
    text = CPP.replace("the head", "Gr\udcfcn")
    plan = plan_directives(text, "cpp", "twice")
    patch = make_patch("a.cpp", text, "cpp", [PlannedFunction("twice", CPP, plan)])
    assert "Gr\udcfcn" in patch.text and not patch.left_out
    assert patch.text.endswith("}") and patch.text.count("#pragma omp") == 1


def test_the_gate_refuses_cost_and_no_gain():
    fast = SpeedFigures(10.0, 10.2, 6.0, 2, 1 << 20, "n=1048576")
    assert not fast.complaint and "0.60x on 2" in fast.describe()
    costly = SpeedFigures(10.0, 12.0, 6.0, 2, 1 << 20, "")
    assert costly.complaint == "it takes 1.20 times the source's time on one thread"
    no_gain = SpeedFigures(10.0, 10.0, 9.9, 2, 1 << 20, "")
    assert no_gain.complaint.startswith("2 threads gain nothing")
    unsure = SpeedFigures(10.0, 12.0, 9.9, 2, 1 << 20, "", "the machine is busy")
    assert not unsure.complaint and "unsure: the machine is busy" in unsure.describe()
    assert SpeedFigures(10.0, 30.0, 9.9, 2, 1 << 20, "", "the machine is busy").complaint


def test_times_that_differ_are_in_doubt():
    assert "differ by 3.0x" in explain_doubt([[1.0, 3.0, 3.1], [1.0, 1.0, 1.0]], 1 << 20)
    assert explain_doubt([[1.0, 1.1, 1.1]], 1 << 20) == ""


def test_evidence_checks_a_port_again_after_an_edit(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "a.cpp"
    file.write_text(CPP)
    asked = ["--to", "openmp", "--patch", "--no-timing", "--out", "a.diff"]
    assert main(["translate", "a.cpp", *asked, "--found-inputs", "a.tests"]) == 0
    record = read_evidence(tmp_path / "a.diff.coevolve.json")
    (kept,) = record.functions
    assert kept.name == "twice" and kept.strength > 0.5 and record.port_file == "a.cpp"
    assert "taken for granted: `total` is no element of `x`" in kept.limits
    assert kept.sizes["n"][1] > 8
    subprocess.run(["patch", "-p1", "-i", "a.diff"], check=True, stdout=subprocess.DEVNULL)
    again = ["verify", "--check-only", "a.diff.coevolve.json", "--junit", "a.xml"]
    assert main(again) == 0
    assert "as it was" in capsys.readouterr().err
    right = file.read_text()
    file.write_text(right.replace("reduction(+:total)", ""))
    assert main([*again, "--sarif", "a.sarif"]) == 1
    assert "changed since" in capsys.readouterr().err
    (suite,) = ElementTree.parse(tmp_path / "a.xml").getroot()
    assert suite.get("failures") == "1"
    (found,) = json.loads((tmp_path / "a.sarif").read_text())["runs"][0]["results"]
    assert found["level"] == "error" and "twice" in found["message"]["text"]
    assert main(["verify", "a.cpp", "a.cpp", "--suite", "a.tests"]) == 1, "a race"
    file.write_text(right)
    assert main(["verify", "a.cpp", "a.cpp", "--suite", "a.tests"]) == 0


@pytest.mark.parametrize(
    ("text", "complaint"),
    [("x", "is not JSON"), ("{}", "has the format None"), ('{"format": 1}', "schema_version")],
)
def test_bad_evidence_is_one_line(tmp_path, capsys, text, complaint):
    file = tmp_path / "a.json"
    file.write_text(text)
    assert main(["verify", "--check-only", str(file)]) == 2
    assert complaint in capsys.readouterr().err


def test_a_function_without_a_loop_is_not_announced_as_a_port(tmp_path, capsys):
    file = tmp_path / "a.cpp"
    file.write_text("double lone(double v) { return 3 * v; }\n" + CPP)
    assert main(["translate", str(file), "--to", "openmp", "--patch", "--no-timing"]) == 0
    assert "lone: not asked for, it has no loop for threads to share" in capsys.readouterr().err


def test_a_loop_without_a_directive_is_named_with_its_reason(tmp_path, capsys):
    file = tmp_path / "a.cpp"
    file.write_text(
        "void relax(int n, double *z) {\n"
        "  for (int i = 1; i < n; i++)\n    z[i] = 0.5 * (z[i] + z[i - 1]);\n}\n"
    )
    assert main(["translate", str(file), "--to", "openmp", "--patch", "--no-timing"]) == 1
    said = capsys.readouterr().err
    assert "relax: no verified port; no loop may get a directive by rule: line 2, " in said
    assert "`z`" in said


def test_a_long_histogram_is_counted_in_copies_only_with_a_word(tmp_path, capsys):
    """Copies for each thread lie on its stack: three million counts would end the program."""
    file = tmp_path / "a.cpp"
    file.write_text(
        "void histo(int n, int bins, const int *x, int *count) {\n"
        "  for (int b = 0; b < bins; b++) count[b] = 0;\n"
        "  for (int i = 0; i < n; i++)\n"
        "    if (x[i] >= 0 && x[i] < bins) count[x[i]]++;\n}\n"
    )
    words = ["translate", str(file), "--to", "openmp", "--patch", "--out", str(tmp_path / "d")]
    assert main([*words, "--no-timing"]) == 0
    assert "omp atomic" in (tmp_path / "d").read_text()
    main(words)
    made, said = (tmp_path / "d").read_text(), capsys.readouterr().err
    assert ("reduction(+:count[:bins])" in made) <= ("room for a copy of `count[:bins]`" in said)
