"""Reports of compute-sanitizer are given to the candidate whose kernel they name. The logs are
written after its documentation.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import numpy as np
import pytest

from corpora.records import Program
from corpora.signatures.signature import read_signature
from gpu_runtime.backend import Arguments, CompileRequest, Geometry, Status
from gpu_runtime.compile.compiler import make_entry_symbol
from gpu_runtime.cuda.compile import compile_for_device, load_bundle
from gpu_runtime.cuda.nvrtc import DeviceCompiler, is_available
from gpu_runtime.cuda.sanitizer import SanitizerMissingError, check_batch, parse_log

MEMCHECK = """========= COMPUTE-SANITIZER
========= Invalid __global__ write of size 4 bytes
=========     at ns_cv_00aa::k(int *, int)+0x70 in p0:1
=========     by thread (5,0,0) in block (0,0,0)
=========     Address 0x7f1000014 is out of bounds
=========
========= Invalid __global__ read of size 8 bytes
=========     at void ns_cv_00bb::t<double>(T1 *)+0x30
=========     by thread (0,0,0) in block (0,0,0)
=========
========= ERROR SUMMARY: 2 errors
"""
RACECHECK = """========= COMPUTE-SANITIZER
========= Error: Race reported between Write access at ns_cv_00aa::k(int *, int)+0x90
=========     and Read access at ns_cv_00aa::k(int *, int)+0xb0 [496 hazards]
=========
========= RACECHECK SUMMARY: 1 hazard displayed (1 error, 0 warnings)
"""
OTHERS = {
    "initcheck": (
        "========= Uninitialized __global__ memory read of size 4 bytes\n=========     at "
        "cv_00cc_entry+0x10\n=========\n",
        "cv_00cc",
        Status.UNINITIALISED,
    ),
    "synccheck": (
        "========= Barrier error detected. Divergent thread(s) in block.\n=========     at "
        "ns_cv_00dd::k()+0x20\n=========\n",
        "cv_00dd",
        Status.DIVERGENCE,
    ),
}


def test_memcheck_reports_go_to_their_candidates():
    found = parse_log(MEMCHECK, "memcheck")
    assert [(symbol, f.status) for symbol, f in found] == [
        ("cv_00aa", Status.OUT_OF_BOUNDS),
        ("cv_00bb", Status.OUT_OF_BOUNDS),
    ]
    assert (
        found[0][1].detail == "Invalid __global__ write of size 4 bytes"
        and found[0][1].tool == "memcheck"
    )


def test_a_race_is_a_race_and_a_summary_is_nothing():
    assert [(symbol, f.status) for symbol, f in parse_log(RACECHECK, "racecheck")] == [
        ("cv_00aa", Status.RACE)
    ]


@pytest.mark.parametrize("tool", OTHERS)
def test_other_tools(tool):
    log, symbol, status = OTHERS[tool]
    assert [(s, f.status) for s, f in parse_log(log, tool)] == [(symbol, status)]


def test_a_clean_log_has_no_findings():
    assert (
        parse_log("========= COMPUTE-SANITIZER\n========= ERROR SUMMARY: 0 errors\n", "memcheck")
        == []
    )


def test_bad_use_is_said_in_one_line(monkeypatch):
    with pytest.raises(ValueError, match="unknown sanitizer tool 'valgrind'"):
        check_batch([], ("valgrind",))
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(SanitizerMissingError, match="CUDA toolkit"):
        check_batch([], ("memcheck",))


STAND_IN = """#!{python}
import os, sys
arguments = sys.argv[1:]
log = arguments[arguments.index("--log-file") + 1].replace("%p", str(os.getpid()))
tool = arguments[arguments.index("--tool") + 1]
open(os.environ["STAND_IN_CALLS"], "a").write(tool + "\\n") if "STAND_IN_CALLS" in os.environ else \
None
text = "========= Invalid __global__ write of size 4 bytes\\n=========     at \
ns_{symbol}::bad(int, float *)+0x10\\n=========\\n"
open(log, "w").write(text if tool == "memcheck" else "")
command = arguments[arguments.index("{python}"):]
os.execv(command[0], command)
"""


@pytest.mark.skipif(not is_available(), reason="NVRTC is not installed (pip install -e '.[cuda]')")
def test_a_batch_runs_in_one_worker_under_each_tool(tmp_path, monkeypatch):
    """The tool is a stand-in that writes one report and runs what it is given; the worker has the
    recorded fake for a driver.
    """
    programs = [
        Program(
            "cuda",
            name,
            f"__global__ void {name}(int n, float *y) {{ if (threadIdx.x < n) y[threadIdx.x] = "
            f"n; }}",
        )
        for name in ("good", "bad")
    ]
    compiler = DeviceCompiler()
    made = compile_for_device([CompileRequest(p, read_signature(p)) for p in programs], compiler)
    compiler.close()
    tool = tmp_path / "compute-sanitizer"
    tool.write_text(
        STAND_IN.replace("{python}", sys.executable).replace(
            "{symbol}", make_entry_symbol(made[1].request)
        )
    )
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    (tmp_path / "calls").write_text("")
    surroundings = {
        "PYTHONPATH": str(Path(__file__).parent),
        "STAND_IN_CALLS": str(tmp_path / "calls"),
        "HOME": os.environ.get("HOME", "/"),
        "FAKE_PROGRAMS": str(tmp_path / "programs.json"),
        "COEVOLVE_CACHE": os.environ.get("COEVOLVE_CACHE", str(tmp_path)),
    }
    known = {
        load_bundle(c.artifact)[0].entry: {
            "name": c.request.program.name,
            "text": c.request.program.text,
        }
        for c in made
    }
    (tmp_path / "programs.json").write_text(json.dumps(known))
    call = Arguments(
        (np.array(4, np.int32), np.zeros(4, np.float32)), geometry=Geometry((1, 1, 1), (4, 1, 1))
    )
    found = check_batch(
        [(c, [call]) for c in made],
        ("memcheck", "synccheck"),
        driver="cuda_fake:FakeDriver",
        environment=surroundings,
    )
    assert [[(f.tool, f.status) for f in one] for one in found] == [
        [],
        [("memcheck", Status.OUT_OF_BOUNDS)],
    ]
    assert (tmp_path / "calls").read_text().split() == [
        "memcheck",
        "synccheck",
    ]  # one start each for the whole batch
