"""Reports of compute-sanitizer are given to the candidate whose kernel they name. The logs are written after its documentation."""

from __future__ import annotations

import pytest

from gpu_runtime.backend import Status
from gpu_runtime.cuda_sanitizer import SanitizerMissing, check, parse

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
    "initcheck": ("========= Uninitialized __global__ memory read of size 4 bytes\n=========     at cv_00cc_entry+0x10\n=========\n", "cv_00cc", Status.UNINITIALISED),
    "synccheck": ("========= Barrier error detected. Divergent thread(s) in block.\n=========     at ns_cv_00dd::k()+0x20\n=========\n", "cv_00dd", Status.DIVERGENCE),
}


def test_memcheck_reports_go_to_their_candidates():
    found = parse(MEMCHECK, "memcheck")
    assert [(symbol, f.status) for symbol, f in found] == [("cv_00aa", Status.OUT_OF_BOUNDS), ("cv_00bb", Status.OUT_OF_BOUNDS)]
    assert found[0][1].detail == "Invalid __global__ write of size 4 bytes" and found[0][1].tool == "memcheck"


def test_a_race_is_a_race_and_a_summary_is_nothing():
    assert [(symbol, f.status) for symbol, f in parse(RACECHECK, "racecheck")] == [("cv_00aa", Status.RACE)]


@pytest.mark.parametrize("tool", OTHERS)
def test_other_tools(tool):
    log, symbol, status = OTHERS[tool]
    assert [(s, f.status) for s, f in parse(log, tool)] == [(symbol, status)]


def test_a_clean_log_has_no_findings():
    assert parse("========= COMPUTE-SANITIZER\n========= ERROR SUMMARY: 0 errors\n", "memcheck") == []


def test_bad_use_is_said_in_one_line(monkeypatch):
    with pytest.raises(ValueError, match="unknown sanitizer tool 'valgrind'"):
        check([], ("valgrind",))
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(SanitizerMissing, match="CUDA toolkit"):
        check([], ("memcheck",))
