"""The walls: what is missing is named, an unprivileged user keeps most of them, nothing outlives
its parent; the doctor.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

from gpu_runtime import doctor
from gpu_runtime.compile import toolchain
from gpu_runtime.sandbox import lockdown as sandbox

SCRIPT = """
import sys
import numpy as np
from corpora.records import Parameter, Program, Signature
from gpu_runtime.backend import Arguments, CompileRequest, Limits
from gpu_runtime.emulation.backend import EmulatedBackend
signature = Signature("f", (Parameter("x", "array", "f32"), Parameter("n", "scalar", "i32")))
backend = EmulatedBackend()
print(backend.name, flush=True)
texts = ["void f(float *x, int n) { x[0] = 4; }",
         'extern "C" int open(const char *, int, ...);\\nvoid f(float *x, int n) { \
x[0] = open("/etc/passwd", 0); }',
         'extern "C" int fork();\\nvoid f(float *x, int n) { fork(); }',
         'extern "C" int open(const char *, int, ...);\\nstatic int fd = open("/etc/passwd", \
0);\\nvoid f(float *x, int n) { x[0] = fd; }',
         "void f(float *x, int n) { for (volatile int go = 1; go;) {} }"]
for one in backend.compile([CompileRequest(Program("cpp", "f", t), signature) for t in texts]):
    done = backend.run(one, [Arguments((np.zeros(4, np.float32), np.array(4, np.int32)))], \
Limits(wall_s=float(sys.argv[1])))[0]
    print(done.status, done.values[0][0] if done.values else "", flush=True)
"""
IN_USER_NAMESPACE = ["unshare", "-U", "--map-user=1000", "--map-group=1000"]


def test_missing_walls_are_named():
    everything = sum(bit for bit, _ in sandbox._WALLS)
    assert sandbox.find_missing_walls(everything) == ()
    assert sandbox.find_missing_walls(everything & ~sandbox.LANDLOCK & ~sandbox.OWN_UID) == (
        "no-landlock",
        "same-uid",
    )
    assert sandbox.find_missing_walls(0)[:2] == ("no-landlock", "no-seccomp")


def test_workers_have_uids_of_their_own():
    assert len({sandbox.choose_worker_uid(k) for k in range(16)}) == 16
    assert all(sandbox.choose_worker_uid(k) > 65536 for k in range(16))


def can_be_unprivileged() -> bool:
    return (
        shutil.which("unshare") is not None
        and subprocess.run([*IN_USER_NAMESPACE, "true"], capture_output=True).returncode == 0
    )


@pytest.mark.skipif(not can_be_unprivileged(), reason="no user namespaces here")
def test_an_unprivileged_user_is_protected_and_told_what_is_missing(tmp_path):
    environment = {**os.environ, "COEVOLVE_CACHE": str(tmp_path)}
    done = subprocess.run(
        [*IN_USER_NAMESPACE, sys.executable, "-c", SCRIPT, "0.5"],
        capture_output=True,
        text=True,
        env=environment,
        timeout=120,
    )
    lines = done.stdout.split("\n")
    assert "same-uid" in lines[0] and lines[0].startswith("emulated+degraded("), done.stderr
    landlock = "no-landlock" not in lines[0]
    assert lines[1:4] == ["ok 4.0", "forbidden ", "forbidden "]
    assert not landlock or lines[4] == "ok -1.0"
    assert lines[5] == "timeout "


def test_nothing_outlives_a_killed_parent():
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, "60"], stdout=subprocess.PIPE, text=True
    )
    for _ in range(5):
        process.stdout.readline()
    time.sleep(0.3)  # now it is in the endless loop
    children = _descendants(process.pid)
    assert len(children) >= 2
    process.send_signal(signal.SIGKILL)
    process.wait()
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and any(_alive(pid) for pid in children):
        time.sleep(0.05)
    assert not [pid for pid in children if _alive(pid)]


def _descendants(pid: int) -> list[int]:
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as file:
            children = [int(word) for word in file.read().split()]
    except FileNotFoundError:
        return []
    return children + [below for child in children for below in _descendants(child)]


def _alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_doctor_names_everything_and_how_to_mend_it():
    findings = {f.name: f for f in doctor.check_machine()}
    assert {
        "gcc",
        "g++",
        "gfortran",
        "libomp",
        "archer",
        "nvcc",
        "nvrtc",
        "gpu",
        "bwrap",
        "vllm",
        "bitsandbytes",
        "sandbox: landlock",
        "sandbox: seccomp",
    } <= set(findings)
    assert all(f.present or f.hint for f in findings.values())
    assert findings["gcc"].present and findings["gcc"].needed


@pytest.fixture
def no_compilers(monkeypatch, tmp_path):
    caches = (toolchain.find_toolchain, toolchain.build_runner, sandbox.probe_features)
    for cached in caches:
        cached.cache_clear()
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("COEVOLVE_CACHE", str(tmp_path / "cache"))
    yield
    for cached in caches:
        cached.cache_clear()


def test_no_compiler_is_one_clear_line(no_compilers):
    with pytest.raises(
        toolchain.ToolchainError, match="gcc is not installed; on Debian: apt-get install gcc"
    ):
        toolchain.build_runner("plain", toolchain.find_cache_root())
    findings = {f.name: f for f in doctor.check_machine()}
    assert (
        not findings["gcc"].present and findings["gcc"].needed and not findings["sandbox"].present
    )


def test_a_cache_that_cannot_be_made_is_one_clear_line(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(toolchain.ToolchainError, match="set COEVOLVE_CACHE"):
        toolchain.find_cache_root(tmp_path / "file" / "cache")
