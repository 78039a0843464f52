"""Every hostile program of tests/zoo/attacks gets exactly the status of its first line, and the
host is left as it was.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import pytest

from corpora.dialects import guess_dialect
from corpora.records import Parameter, Program, Signature
from gpu_runtime.backend import Arguments, CompileRequest, Geometry, Limits
from gpu_runtime.compile import compiler as compiling
from gpu_runtime.emulation.backend import EmulatedBackend
from gpu_runtime.sandbox import lockdown as sandbox

ATTACKS = sorted((Path(__file__).parent / "attacks").iterdir())
LIMITS = Limits(wall_s=0.4, cpu_s=5, memory_mib=300, output_bytes=64 * 1024)
pytestmark = pytest.mark.skipif(
    bool(sandbox.find_missing_walls(sandbox.probe_features())),
    reason="walls of the sandbox are missing on this machine",
)


def expected(path: Path) -> str:
    return path.read_text().partition("\n")[0].partition("expect: ")[2].strip()


def request(path: Path, canary: Path) -> CompileRequest:
    dialect, text = guess_dialect(path.name).name, path.read_text().replace("CANARY", str(canary))
    fortran = dialect.endswith("fortran")
    parameters = (
        Parameter("x", "array", "f32", shape=("n",) if fortran else ()),
        Parameter("n", "scalar", "i32", "in", by_reference=fortran),
    )
    style = "kernel" if "__global__ void f(" in text else "function"
    return CompileRequest(Program(dialect, "f", text), Signature("f", parameters, style=style))


def processes() -> set[str]:
    return {name for name in os.listdir("/proc") if name.isdigit()}


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """Status of every attack, all compiled in one batch beside each other and run one after the
    other by one runner.
    """
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setenv("COEVOLVE_CANARY", "secret")
    monkeypatch.setattr(
        compiling, "ALONE_LIMITS", sandbox.CompilerLimits(wall_s=20, cpu_s=1, memory_mib=700)
    )
    folder = tmp_path_factory.mktemp("attacks")
    canary = folder / "canary"
    canary.write_text("untouched")
    canary.chmod(0o644)
    backend = EmulatedBackend(folder / "cache")
    compiled = backend.compile([request(path, canary) for path in ATTACKS])
    found = {}
    arguments = Arguments(
        (np.zeros(64, np.float32), np.array(64, np.int32)),
        geometry=Geometry((1, 1, 1), (32, 1, 1)),
        threads=4,
    )
    for path, one in zip(ATTACKS, compiled, strict=True):
        if not one.ok:
            found[path.name] = "compile_error", one.diagnostics
            continue
        execution = backend.run(one, [arguments], LIMITS)[0]
        value = f" {execution.values[0][0]:g}" if execution.values else ""
        found[path.name] = f"{execution.status}{value}", execution.detail
    backend.close()
    monkeypatch.undo()
    return found, canary


def test_there_are_enough_attacks():
    assert len(ATTACKS) >= 40


@pytest.mark.parametrize("path", ATTACKS, ids=lambda p: p.name)
def test_attack_gets_its_status(path, results):
    found, _ = results
    assert found[path.name][0] == expected(path), found[path.name]


def test_nothing_of_the_host_leaks_into_diagnostics(results):
    found, _ = results
    assert not [
        name
        for name, (_, detail) in found.items()
        if "root:" in detail or "daemon" in detail and name != "daemon.cpp"
    ]


def test_host_is_unchanged(results):
    _, canary = results
    assert canary.read_text() == "untouched"
    assert canary.stat().st_mode & 0o777 == 0o644
    assert not [name for name in os.listdir("/tmp") if name.startswith("coevolve-attack")]
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and leftovers():
        time.sleep(0.05)
    assert not leftovers()


def leftovers() -> list[str]:
    """Processes of the uids that this test process gives to programs and compilers."""
    mine = {sandbox.choose_worker_uid(k) for k in range(16)}
    found = []
    for name in processes():
        try:
            if os.stat(f"/proc/{name}").st_uid in mine:
                found.append(name)
        except FileNotFoundError:
            continue
    return found
