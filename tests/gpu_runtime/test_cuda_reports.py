"""What runs on a machine with a GPU, as far as it can be shown without one: the report, the hostile
row on the fake, agreement's sums.
"""

import os
import subprocess
import sys
import types
from concurrent.futures import Future
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import gpu_agreement as agreement
import gpu_hostile as hostile
import gpu_offload as offload
import gpu_report as report
import numpy as np
import pytest

from coevolve.verification.engine import Engine, Pair, VerifyConfig
from corpora import builtin
from corpora.records import Blame, Outcome, Program, Verdict
from gpu_runtime.cuda.child_process import ChildProcess
from gpu_runtime.cuda.driver import count_devices
from gpu_runtime.cuda.nvrtc import is_available
from gpu_runtime.doctor import check_machine
from gpu_runtime.emulation.backend import EmulatedBackend

ROOT = Path(__file__).resolve().parents[2]
NO_DEVICE = pytest.mark.skipif(
    count_devices() > 0, reason="a device is here: this is about its absence"
)
NVRTC = pytest.mark.skipif(
    not is_available(), reason="NVRTC is not installed (pip install -e '.[cuda]')"
)


@NVRTC
def test_hostile_candidates_in_a_row_on_the_fake(on_fake, tmp_path):
    """The fake's kernels fail by their names; another status than the one asked for is reported."""
    backend = on_fake(tmp_path, hostile.requests())
    result = hostile.hostile(backend, 6, 2, ("trap", "spin", "hang"))
    assert result.alive and result.wrong == () and result.sent == {"trap": 2, "spin": 2, "hang": 2}
    wrong = hostile.hostile(backend, 1, 1, ("touch",))  # the fake's device memory is the host's
    assert wrong.alive and wrong.wrong == ("0 touch: ok, ",)
    backend.close()


def said(outcome: Outcome, detail: str = "") -> Verdict:
    return Verdict(
        "s",
        "t",
        "u",
        outcome,
        Blame.NOBODY if outcome is Outcome.EQUIVALENT else Blame.TARGET,
        detail,
    )


def test_agreement_tells_what_a_device_does_not_show_from_what_is_odd():
    good, race, bad = (
        said(Outcome.EQUIVALENT),
        said(Outcome.RACE, "on a|b"),
        said(Outcome.MISMATCH, "x is 1"),
    )
    rows = [
        agreement.Row(1, "same", good, good, good),
        agreement.Row(2, "unseen", race, race, good),
        agreement.Row(3, "odd", good, bad, bad),
    ]
    assert [(r.agrees, r.explained) for r in rows] == [(True, True), (True, True), (False, False)]
    text = "\n".join(agreement.table("Pairs", rows))
    assert "3 judged. **66.7%**" in text and "66.7% are, but for" in text
    assert (
        "| 3 | odd | EQUIVALENT:  | MISMATCH: x is 1 | device with checks |" in text
        and "unseen" not in text
    )
    assert "| RACE | 1 | 1 | 0 |" in text
    assert agreement.table("Zoo", []) == ["Zoo: nothing was judged."]


def test_agreement_judges_by_three_engines_and_mutates_what_is_accepted(tmp_path):
    serial = Program(
        "cpp", "twice", "void twice(int n, float *x) { for (int i = 0; i < n; i++) x[i] *= 2; }"
    )
    kernel = (
        "__global__ void twice(int n, float *x) {{ int i = blockIdx.x * blockDim.x + "
        "threadIdx.x; if (i < n) x[i] *= {0}; }}"
    )
    pairs = [
        (7, Pair(serial, Program("cuda", "twice", kernel.format(2)))),
        (8, Pair(serial, Program("cuda", "twice", kernel.format(3)))),
    ]
    engines = [
        Engine("emulated", VerifyConfig(mutants=0), cache=tmp_path / str(i)) for i in range(3)
    ]
    part = agreement.judged(pairs, engines, 3)
    for engine in engines:
        engine.close()
    assert [(r.line, r.emulated.outcome, r.agrees) for r in part.rows] == [
        (7, Outcome.EQUIVALENT, True),
        (8, Outcome.MISMATCH, True),
    ]
    assert (
        part.mutated == 1
        and {m.line for m in part.mutants} == {7}
        and "killed" in {m.fate for m in part.mutants}
    )


def test_the_zoo_has_its_cuda_cases():
    pairs = agreement.zoo_pairs()
    assert len(pairs) >= 60 and all(
        "cuda" in (p.source.dialect, p.target.dialect) and p.suite for _, p in pairs
    )


def test_a_section_is_cut_off_at_its_limit_and_keeps_what_it_printed():
    section = report.Section(
        "Slow", ("-c", "import time; print('half', flush=True); time.sleep(60)"), 1.0
    )
    out, trouble = report.run(section, os.environ, 2.0)
    assert out == "half\n" and trouble == "cut off after 2 s"
    assert "**Not whole: cut off after 2 s.**" in report.written(section, out, trouble, 2.0)
    failing = report.Section("Bad", ("-c", "import sys; sys.exit('no luck')"), 5.0)
    assert report.run(failing, os.environ, 30.0) == ("", "code 1: no luck")


def test_everything_the_issue_asks_of_a_device_has_a_section(tmp_path):
    made = report.sections(tmp_path, tmp_path / "speedups.json")
    scripts = {Path(s.command[0]).name for s in made}
    assert {
        "gpu_nvrtc.py",
        "gpu_agreement.py",
        "gpu_hostile.py",
        "gpu_speedup.py",
        "gpu_throughput.py",
    } <= scripts
    assert all((ROOT / "benchmarks" / name).exists() for name in scripts if name.endswith(".py"))
    assert next(s for s in made if "gpu_hostile" in s.command[0]).command[-1] == "1000"


def test_target_regions_on_a_device_are_told_from_a_silent_fallback_to_the_host(tmp_path):
    """Built for the host alone here: values are right, and count for nothing, because the region
    itself says where it ran.
    """
    backend = EmulatedBackend(tmp_path)
    kernels = {p.name: p for p in builtin.programs("openmp-target") if p.name in ("axpy", "cg")}
    for_host = ("-fopenmp", "-foffload=disable")
    assert [offload.row(backend, kernels[name], tmp_path, for_host) for name in ("axpy", "cg")] == [
        ("| axpy | HOST: no evidence | the same |", False),
        ("| cg | HOST: no evidence | the same |", False),
    ]
    wrong = replace(
        kernels["axpy"], text=kernels["axpy"].text.replace("a * x[i] + y[i]", "a * x[i] - y[i]")
    )
    values = offload.KERNELS["axpy"][0](50)
    after, _ = offload.on_device(offload.built(wrong, tmp_path, for_host), "axpy", values, tmp_path)
    assert not np.allclose(after[3], offload.emulated(backend, kernels["axpy"], values)[3])
    line, fine = offload.row(
        backend, replace(kernels["axpy"], text="void axpy() { int }"), tmp_path, for_host
    )
    assert not fine and "error" in line
    backend.close()


@NO_DEVICE
def test_without_a_device_the_report_is_one_line_and_no_file(tmp_path):
    out = tmp_path / "report.md"
    done = subprocess.run(
        [sys.executable, str(ROOT / "benchmarks" / "gpu_report.py"), "--out", str(out)],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2 and done.stdout == "" and not out.exists()
    assert (
        done.stderr.strip()
        == "gpu_report: no CUDA device answers on this machine, nothing was measured; "
        "--rehearse runs what needs none"
    )


@NO_DEVICE
@pytest.mark.parametrize(
    "script", ["gpu_agreement.py", "gpu_hostile.py", "gpu_speedup.py", "gpu_offload.py"]
)
def test_what_needs_a_device_says_so_in_one_line(script):
    env = os.environ | {"PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "benchmarks")))}
    done = subprocess.run(
        [sys.executable, str(ROOT / "benchmarks" / script)], capture_output=True, text=True, env=env
    )
    assert (
        done.returncode == 2
        and done.stdout == ""
        and "device" in done.stderr
        and len(done.stderr.splitlines()) == 1
    ), done.stderr


@NO_DEVICE
@pytest.mark.parametrize(
    ("require", "code", "word"), [("0", 0, "skipped"), ("1", 1, "asks for one")]
)
def test_tests_of_a_device_are_skipped_or_fail_where_one_is_required(require, code, word):
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-m",
        "gpu",
        "-k",
        "auto_means",
        "tests/gpu_runtime/test_cuda_device.py",
    ]
    done = subprocess.run(
        command,
        cwd=ROOT,
        capture_output=True,
        text=True,
        env=os.environ | {"REQUIRE_CUDA": require},
    )
    assert done.returncode == code and word in done.stdout, done.stdout


def test_a_child_process_searches_what_its_parent_does(tmp_path, monkeypatch):
    """Packages that are not in the interpreter's own folders: `make gpu-report` puts them
    elsewhere.
    """
    (tmp_path / "child_elsewhere.py").write_text(
        "from gpu_runtime.cuda.child_process import ChildChannel\nChildChannel().send({'here': "
        "__file__})\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    child = ChildProcess("child_elsewhere")
    assert child.ready()["here"] == str(tmp_path / "child_elsewhere.py")
    child.close()


def test_ray_is_asked_for_the_share_of_a_device_that_the_configuration_names(monkeypatch):
    """Ray schedules by what an actor is declared with; a stand-in records that, for no Ray here has
    a GPU.
    """
    from coevolve.config.schema import parse
    from coevolve.loop import actors

    asked = []

    class Actor:
        def options(self, **options):
            asked.append(options)
            return self

        def remote(self, *_):
            ready = Future()
            ready.set_result(True)
            return types.SimpleNamespace(__ray_ready__=self, future=lambda: ready)

    module = types.SimpleNamespace(
        is_initialized=lambda: True,
        cluster_resources=lambda: {"CPU": 4, "GPU": 2},
        remote=lambda _: Actor(),
        kill=lambda _: None,
    )
    monkeypatch.setitem(sys.modules, "ray", module)
    monkeypatch.setattr(actors, "RunMeters", lambda: types.SimpleNamespace(count_kept=None))
    monkeypatch.setattr(actors, "require_reachable", lambda _: None)
    monkeypatch.setattr(actors, "_reserved", lambda *_: nullcontext("SPREAD"))
    config = parse(
        {
            "run_dir": "x",
            "verify": {"workers": 3},
            "resources": {"verifier_gpus": 0.25, "model_gpus": 0.25},
        },
        "t",
    )
    with actors.make_ray_workers(config, None, None, None) as workers:
        assert len(workers.verifiers.members()) == 3
    models, verifiers = asked
    assert models["num_gpus"] == 0.25 and verifiers["num_gpus"] == 0.25
    assert verifiers["runtime_env"] is None
    with actors.make_ray_workers(parse({"run_dir": "x"}, "t"), None, None, None):
        models, verifiers = asked[2:]
    assert (
        verifiers["num_gpus"] == 0
        and verifiers["runtime_env"] == actors.SHOWN_NO_GPU
        and "runtime_env" not in models
    )


def test_the_doctor_names_all_that_bears_on_devices():
    findings = {f.name: f for f in check_machine()}
    assert {
        "gpu",
        "nvrtc",
        "nvcc",
        "compute-sanitizer",
        "openmp-target",
        "offload: g++",
        "offload: clang++",
        "libomp",
        "archer",
        "gfortran",
    } <= set(findings)
    missing = [f for f in findings.values() if not f.present]
    assert all(f.hint and not f.hint.startswith("install the") for f in missing), missing
    assert findings["openmp-target"].present and "offload-host" in findings["openmp-target"].detail
