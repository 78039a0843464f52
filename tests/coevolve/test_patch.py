"""`translate --patch`: a diff that applies, of text that compiles, with nothing else changed."""

import json
import subprocess
from itertools import cycle
from xml.etree import ElementTree

import pytest

from coevolve.cli.main import main
from coevolve.port import speed_gate
from coevolve.port.evidence_file import read_evidence
from coevolve.port.patch import PlannedFunction, make_patch
from coevolve.port.speed_gate import RunTime, SpeedFigures, explain_busy, explain_doubt
from corpora.records import UnitTest
from gpu_runtime.backend import Arguments
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
    assert not fast.complaint
    assert fast.describe() == (
        "takes 1.02 times the source's time on 1 thread, 0.60 times on 2 threads, at n=1048576 "
        "(1048576 elements, 10.0 ms of CPU time)"
    )
    costly = SpeedFigures(10.0, 12.0, 6.0, 2, 1 << 20, "")
    assert costly.complaint == "it takes 1.20 times the source's time on 1 thread"
    no_gain = SpeedFigures(10.0, 10.0, 9.9, 2, 1 << 20, "")
    assert no_gain.complaint == (
        "2 threads gain nothing, it takes 0.99 times the source's time on 2 threads"
    )
    unsure = SpeedFigures(10.0, 12.0, 9.9, 2, 1 << 20, "", "times differ")
    assert not unsure.complaint and "; unsure: times differ" in unsure.describe()
    assert SpeedFigures(10.0, 30.0, 9.9, 2, 1 << 20, "", "times differ").complaint


def test_no_time_on_all_threads_is_given_for_a_busy_machine():
    right = SpeedFigures(10.0, 10.1, None, 2, 1 << 20, "", busy="the machine is busy")
    assert not right.complaint and right.all_cost is None
    assert right.describe().endswith("; not timed on 2 threads: the machine is busy")
    slow = SpeedFigures(10.0, 26.0, None, 2, 1 << 20, "", busy="the machine is busy")
    assert slow.complaint == "it takes 2.60 times the source's time on 1 thread"


def test_other_programs_do_not_decide_the_time_on_one_thread(monkeypatch):
    """Each run waits for a core as long as it likes; its CPU time stays what it is."""
    waits = cycle([0.0, 60.0, 25.0, 90.0, 5.0, 140.0, 15.0])
    passed = Arguments((), threads=0)

    class Timer:
        def time(self, compiled, arguments):
            return RunTime(compiled, compiled + next(waits) + 1)

    class Binding:
        def arguments(self, given):
            return given

    monkeypatch.setattr(speed_gate.os, "getloadavg", lambda: (0.0, 0.0, 0.0))
    test = UnitTest(())
    right = speed_gate._measure(Timer(), 10.0, 10.1, Binding(), test, passed)
    slow = speed_gate._measure(Timer(), 10.0, 26.0, Binding(), test, passed)
    assert right.cost == 1.01 and not right.complaint and "waits" in right.busy
    assert slow.cost == 2.6 and "2.60 times" in slow.complaint


def test_least_and_median_times_must_say_the_same():
    steady = [RunTime(10.0, 10.0)] * 7
    lucky = [RunTime(ms, ms) for ms in (8.0, 10.0, 10.0, 10.0, 10.0)]
    assert explain_doubt(lucky, steady) == "its least time says 1.25 times, its median 1.00 times"
    assert explain_doubt(steady, steady) == ""
    assert explain_doubt(steady, [RunTime(12.0, 12.0)] * 7) == ""


def test_wall_times_of_a_busy_machine_are_none(monkeypatch):
    monkeypatch.setattr(speed_gate.os, "getloadavg", lambda: (1.0, 0.0, 0.0))
    still = [RunTime(10.0, 10.1)] * 5
    assert explain_busy([still, still, [RunTime(10.0, 5.0)] * 5], 2) == ""
    assert "waits 2.0 ms" in explain_busy([still, [RunTime(10.0, 12.0)] * 5, still], 2)
    unsteady = [RunTime(10.0, ms) for ms in (5.0, 15.0, 15.0)]
    assert "differ by 3.0x" in explain_busy([still, still, unsteady], 2)
    monkeypatch.setattr(speed_gate.os, "getloadavg", lambda: (3.0, 0.0, 0.0))
    assert "load 3.0 on 2 cores" in explain_busy([still, still, still], 2)


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


def test_reasons_name_the_lines_of_the_file(tmp_path, capsys):
    """The function is judged with the header in the place of its include."""
    (tmp_path / "a.h").write_text("#define AT(i) ((i) + 1)\n" + "// more\n" * 20)
    file = tmp_path / "a.cpp"
    file.write_text(
        '#include "a.h"\n' + CPP + "\n\n"
        "void relax(int n, double *z) {\n"
        "  for (int i = 0; i < n - 1; i++)\n    z[AT(i)] = 0.5 * (z[AT(i)] + z[i]);\n}\n"
        "void both(int n, double *z, double *y) {\n"
        "  for (int i = 0; i < n; i++)\n    y[i] = 2;\n"
        "  for (int i = 0; i < n - 1; i++)\n    z[AT(i)] += z[i];\n}\n"
    )
    lines = file.read_text().splitlines()
    loop = 1 + next(i for i, line in enumerate(lines) if "relax" in line) + 1
    assert main(["translate", str(file), "--to", "openmp", "--patch", "--no-timing"]) == 1
    said = capsys.readouterr().err
    assert f"by rule: line {loop}, `z` is written" in said and f"(line {loop + 1})" in said
    assert f"stays serial: line {loop + 6}, " in said and f"(line {loop + 7})" in said


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
