"""Everything that only a machine with a GPU can show, in one Markdown file and within minutes:
`make gpu-report`.

    python3 benchmarks/gpu_report.py --data ../shared/data/babeltower [--out gpu-report.md] \\
        [--limit-s 500] [--rehearse]

Needs Python 3.11, an NVIDIA driver, gcc and g++. Python packages that are missing are put into a
folder of their own (pip --target; where no package index can be reached, PIP_NO_INDEX=1
PIP_FIND_LINKS=FOLDER with the wheels). Without a device it ends with one line and code 2;
`--rehearse` then runs what needs none and says so in the file. The file is written after every
section, so a run that is cut off leaves what it had. Exit code 1 where a section failed or was cut
off.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import platform
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = {
    "numpy": "numpy",
    "tree_sitter": "tree-sitter==0.22.3",
    "tree_sitter_cuda": "tree-sitter-cuda==0.21.0",
    "cuda.bindings": "cuda-bindings==13.0.*",
    "nvidia": "nvidia-cuda-nvrtc==13.0.*",
}
"""What is imported, and what is installed for it."""
TEST_PACKAGES = {
    "pytest": "pytest>=9.2,<9.3",
    "pytest_timeout": "pytest-timeout",
    "hypothesis": "hypothesis",
}
"""What the section of tests needs besides; without it that section alone fails."""


@dataclass(frozen=True, slots=True)
class Section:
    """One script. limit_s: it is cut off then. device: it needs one. data: it needs the aligned
    pairs. tables: its output is Markdown already.
    """

    title: str
    command: tuple[str, ...]
    limit_s: float
    device: bool = True
    data: bool = False
    tables: bool = False


def sections(data: Path | None, speedups: Path) -> list[Section]:
    """In the order of their worth, as far as the time goes."""
    given = ("--data", str(data)) if data else ()
    here = ROOT / "benchmarks"
    return [
        Section(
            "Compiled by NVRTC",
            (str(here / "gpu_nvrtc.py"), *given),
            60,
            device=False,
            data=True,
            tables=True,
        ),
        Section(
            "Zoo, gold and mutants: agreement with the emulation",
            (str(here / "gpu_agreement.py"), *given, "--limit-s", "170"),
            200,
            tables=True,
        ),
        Section(
            "Hostile and hanging candidates",
            (str(here / "gpu_hostile.py"), "--count", "1000"),
            170,
            tables=True,
        ),
        Section(
            "Speedups of the six HPC kernels",
            (str(here / "gpu_speedup.py"), "--json", str(speedups)),
            130,
        ),
        Section(
            "Throughput, beside one nvcc and one g++ per test",
            (str(here / "gpu_throughput.py"), *given, "--pairs", "64"),
            130,
            device=False,
            data=True,
        ),
        Section(
            "OpenMP target regions on the device", (str(here / "gpu_offload.py"),), 60, tables=True
        ),
        Section(
            "Tests on the device",
            (
                "-m",
                "pytest",
                "-q",
                "-m",
                "gpu",
                "-p",
                "no:cacheprovider",
                "-k",
                "not many_hostile and not agree",
                "tests/gpu_runtime",
            ),
            90,
        ),
    ]


def missing_packages(packages: dict[str, str]) -> list[str]:
    """Requirements of what cannot be imported here."""

    def there(name: str) -> bool:
        try:
            return importlib.util.find_spec(name) is not None
        except ModuleNotFoundError:
            return False

    return [requirement for name, requirement in packages.items() if not there(name)]


def install(requirements: list[str], folder: Path) -> str:
    """Put them into `folder`; '' or why it failed, with the line that mends it."""
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--target",
        str(folder),
        *requirements,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return ""
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    mend = (
        "apt-get install python3-pip"
        if "No module named pip" in done.stderr
        else f"pip install {' '.join(requirements)}"
    )
    return f"{lines[-1] if lines else 'pip failed'}; to mend: {mend}"


def environment(site: Path) -> dict[str, str]:
    paths = [str(ROOT), str(ROOT / "benchmarks"), str(site), os.environ.get("PYTHONPATH", "")]
    # NVRTC's library is looked for in the interpreter's own folders: where it came into another,
    # the loader is told.
    libraries = [
        *(str(p) for p in sorted(site.glob("nvidia/*/lib"))),
        os.environ.get("LD_LIBRARY_PATH", ""),
    ]
    own = {
        "PYTHONPATH": os.pathsep.join(p for p in paths if p),
        "PYTHONUNBUFFERED": "1",
        "REQUIRE_CUDA": "1",
    }
    return (
        os.environ
        | own
        | (
            {"LD_LIBRARY_PATH": os.pathsep.join(p for p in libraries if p)}
            if any(libraries)
            else {}
        )
    )


def machine(env: dict[str, str]) -> list[str]:
    """What the figures were measured on."""
    ask = (
        "from gpu_runtime.doctor import check_machine\nfor f in check_machine(): print('yes' "
        "if f.present "
        "else 'no ', f.name, '|', f.detail, '' if f.present else '| to mend: ' + f.hint)"
    )
    commit = subprocess.run(
        ["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"],
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    smi = _output(
        [
            "nvidia-smi",
            "--query-gpu=name,driver_version,memory.total,clocks.max.sm",
            "--format=csv,noheader",
        ]
    )
    doctor = _output([sys.executable, "-c", ask], env)
    return [
        f"{time.strftime('%Y-%m-%d %H:%M')}, Python {platform.python_version()}, "
        f"{platform.machine()}, {os.cpu_count()} cores, commit {commit or 'unknown'}. "
        f"{smi or 'nvidia-smi says nothing.'}",
        "",
        "```",
        doctor,
        "```",
        "",
    ]


def _output(command: list[str], env: dict[str, str] | None = None) -> str:
    try:
        return subprocess.run(
            command, capture_output=True, text=True, env=env, timeout=120, check=False
        ).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        return ""


def run(section: Section, env: dict[str, str], limit_s: float) -> tuple[str, str]:
    """What it printed, and '' or why it is not whole. Its process group is ended at the limit."""
    process = subprocess.Popen(
        [sys.executable, *section.command],
        cwd=ROOT,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    cut = False
    try:
        out, said = process.communicate(timeout=limit_s)
    except subprocess.TimeoutExpired:
        cut = True
        os.killpg(process.pid, signal.SIGKILL)
        out, said = process.communicate()
    last = next((line for line in reversed(said.splitlines()) if line.strip()), "")
    if cut:
        return out, f"cut off after {limit_s:.0f} s"
    return (
        out,
        "" if process.returncode == 0 else f"code {process.returncode}: {last or 'see above'}",
    )


def written(section: Section, out: str, trouble: str, took_s: float) -> list[str]:
    lines = [f"## {section.title}", ""]
    body = out.strip()
    if body:
        lines += [body] if section.tables else ["```", body, "```"]
    return [*lines, "", f"**Not whole: {trouble}.**" if trouble else f"{took_s:.0f} s.", ""]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--data",
        type=Path,
        help="folder with BabelTower's cpp.para.valid.tok and cuda.para.valid.tok; without it "
        "what needs them is left out",
    )
    parser.add_argument("--out", type=Path, default=Path("gpu-report.md"), help="the Markdown file")
    parser.add_argument("--limit-s", type=float, default=500.0, help="for everything")
    parser.add_argument(
        "--rehearse", action="store_true", help="without a device, run what needs none"
    )
    options = parser.parse_args(arguments)
    began = time.monotonic()
    site = (
        Path(os.environ.get("COEVOLVE_CACHE") or Path.home() / ".cache" / "coevolve")
        / f"site-{sys.version_info[0]}.{sys.version_info[1]}"
    )
    sys.path[:0] = [str(ROOT), str(site)]
    for packages in (PACKAGES, TEST_PACKAGES):
        if (wanted := missing_packages(packages)) and (trouble := install(wanted, site)):
            print(f"gpu_report: {trouble}", file=sys.stderr)
            if packages is PACKAGES:
                return 2
    from gpu_runtime.cuda.driver import count_devices

    there = count_devices() > 0
    if not there and not options.rehearse:
        print(
            "gpu_report: no CUDA device answers on this machine, nothing was measured; "
            "--rehearse runs what needs none",
            file=sys.stderr,
        )
        return 2
    data = (
        options.data.resolve()
        if options.data and (options.data / "cuda.para.valid.tok").exists()
        else None
    )
    if options.data and data is None:
        print(
            f"gpu_report: {options.data} has no cuda.para.valid.tok; what needs the aligned "
            f"pairs is left out",
            file=sys.stderr,
        )
    env = environment(site)
    lines = [
        "# GPU report"
        if there
        else "# GPU report: a rehearsal without a device, no figure below is a device's",
        "",
        *machine(env),
    ]
    failed = False
    for section in sections(data, options.out.resolve().with_suffix(".speedups.json")):
        left_s = options.limit_s - (time.monotonic() - began)
        if (section.device and not there) or (section.data and data is None) or left_s < 5:
            reason = (
                "no device"
                if section.device and not there
                else "no data folder"
                if left_s >= 5
                else "no time left"
            )
            lines += [f"## {section.title}", "", f"**Not run: {reason}.**", ""]
            failed |= there
        else:
            print(f"{section.title} ...", file=sys.stderr, flush=True)
            started = time.monotonic()
            out, trouble = run(section, env, min(section.limit_s, left_s))
            failed |= bool(trouble)
            lines += written(section, out, trouble, time.monotonic() - started)
        options.out.write_text("\n".join(lines) + "\n")
    print(
        f"{options.out} written, {time.monotonic() - began:.0f} "
        f"s{'; not everything is whole, see the file' if failed else ''}"
    )
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
