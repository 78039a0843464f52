"""Which compilers this machine has, where results are cached, and the runner binary built from
`native/`.

Contract: looks once per process; a missing compiler is a `ToolchainError` that says what to
install, raised when that compiler is first needed. Everything built lands in the cache under a name
made of what went into it, by atomic rename.

    python -c "from gpu_runtime.compile.toolchain import find_toolchain; print(find_toolchain())"
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

NATIVE = Path(__file__).parents[1] / "native"


class ToolchainError(RuntimeError):
    """A compiler or library is missing. The message says how to install it."""


@dataclass(frozen=True, slots=True)
class Toolchain:
    """The paths of compilers and libraries on this machine, None where absent.

    gcc, gpp, gfortran: gcc, g++ and gfortran. libomp: LLVM's OpenMP run-time. libarcher: its race
        detector.
    versions: text that identifies them in the cache's keys.
    """

    gcc: str | None
    gpp: str | None
    gfortran: str | None
    libomp: str | None
    libarcher: str | None
    versions: str


def find_cache_root(cache_dir: str | os.PathLike[str] | None = None) -> Path:
    """Return the cache folder, made if missing: `cache_dir`, else `COEVOLVE_CACHE`, else
    ~/.cache/coevolve. Raises ToolchainError if it cannot be made.
    """
    chosen = cache_dir or os.environ.get("COEVOLVE_CACHE") or Path.home() / ".cache" / "coevolve"
    root = Path(chosen).absolute()
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ToolchainError(
            f"cannot make the cache folder {root}: {error.strerror}; set COEVOLVE_CACHE to a "
            f"writable place"
        ) from None
    return root


def _version(compiler: str | None) -> str:
    if compiler is None:
        return "absent"
    done = subprocess.run([compiler, "--version"], capture_output=True, text=True, check=False)
    return done.stdout.partition("\n")[0] or "unknown"


def _library(gcc: str | None, name: str) -> str | None:
    """Path of a shared library that the linker would find, or one in an LLVM folder beside it."""
    if gcc is None:
        return None
    found = subprocess.run(
        [gcc, f"-print-file-name={name}"], capture_output=True, text=True, check=False
    ).stdout.strip()
    if os.path.isabs(found):
        return os.path.realpath(found)
    beside = sorted(Path("/usr/lib").glob(f"llvm-*/lib/{name}"))
    return str(beside[-1]) if beside else None


@lru_cache(maxsize=1)
def find_toolchain() -> Toolchain:
    """Look for gcc, g++, gfortran, LLVM's OpenMP run-time and Archer, once per process. Missing
    ones are None.
    """
    gcc, gpp, gfortran = shutil.which("gcc"), shutil.which("g++"), shutil.which("gfortran")
    libomp, archer = _library(gcc, "libomp.so"), _library(gcc, "libarcher.so")
    if libomp and not archer:  # they are of one LLVM version
        beside = Path(libomp).parent / "libarcher.so"
        archer = str(beside) if beside.exists() else None
    versions = " | ".join(
        (
            _version(gcc),
            _version(gpp),
            _version(gfortran),
            os.path.realpath(libomp) if libomp else "no libomp",
        )
    )
    return Toolchain(gcc, gpp, gfortran, libomp, archer, versions)


HINTS = {
    "gcc": "apt-get install gcc",
    "g++": "apt-get install g++",
    "gfortran": "apt-get install gfortran",
    "libomp": "apt-get install libomp-14-dev",
}


def require_tool(path: str | None, name: str) -> str:
    """Return `path`. Raises ToolchainError, with what to install for `name`, if it is None."""
    if path is None:
        raise ToolchainError(f"{name} is not installed; on Debian: {HINTS.get(name, name)}")
    return path


FLAVORS: dict[str, tuple[str, ...]] = {
    "plain": (),
    "asan": ("-DCV_SANITIZER", "-fsanitize=address,undefined"),
    "tsan": ("-DCV_SANITIZER", "-fsanitize=thread"),
}
"""Runner flavours and their flags: one fork server each, so that a sanitizer's run-time starts once
and not per batch.
"""

_ALWAYS = ("runner.c", "child.c", "sandbox.c", "offload.c")


def _sources(flavour: str) -> list[Path]:
    if flavour == "plain":
        return sorted(path for path in NATIVE.glob("*.c") if path.name != "rounding.c")
    # What stands between programs and LLVM's OpenMP run-time is seen by the detector, as programs
    # are.
    return [
        NATIVE / name
        for name in (
            *_ALWAYS,
            *(["doacross.c", "rounding.c"] if flavour == "asan" else []),
            *(["program_races.h"] if flavour == "tsan" and find_toolchain().libomp else []),
        )
    ]


def _libraries(flavour: str, tools: Toolchain) -> list[str]:
    """Run-times loaded once by the server, so that a child need not search and relocate them."""
    names = ["libstdc++.so", "libgfortran.so", "libquadmath.so"] + (
        ["libgomp.so"] if flavour != "tsan" else []
    )
    flags = [f"-l{name[3:-3]}" for name in names if _library(tools.gcc, name)]
    if flavour == "tsan" and tools.libomp:
        flags += [tools.libomp, f"-Wl,-rpath,{Path(tools.libomp).parent}"]
    return ["-ldl", "-lm", "-Wl,--no-as-needed", *flags]


def digest_parts(*parts: str | bytes) -> str:
    """Return the first 24 hex digits of SHA-256 over the parts and their lengths."""
    h = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        h.update(f"{len(data)}:".encode() + data)
    return h.hexdigest()[:24]


@lru_cache(maxsize=8)
def build_runner(flavour: str, cache: Path) -> Path:
    """Return the path of the runner program in `flavour` (`plain`, `asan`, `tsan`). It is built
    into the folder `cache` on first use. Raises ToolchainError if the compiler is missing or fails.
    """
    tools = find_toolchain()
    gcc = require_tool(tools.gcc, "gcc")
    sources, flags = _sources(flavour), FLAVORS[flavour]
    texts = [p.read_bytes() for p in sorted(NATIVE.glob("*.[ch]"))]
    together = (
        ("-flto", "-O2") if flavour == "plain" else ("-O2",)
    )  # hooks are a third dearer when each file is compiled by itself
    libraries = [
        "-Wl,-z,now",
        *_libraries(flavour, tools),
    ]  # names are looked up once, not in every child
    path = (
        cache
        / "bin"
        / f"runner-{flavour}-{digest_parts(tools.versions, *flags, *together, *libraries, *texts)}"
    )
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as work:
        try:
            made = _link_libraries(gcc, sources, flags, together, libraries, Path(work))
        except ToolchainError:
            if "-flto" not in together:
                raise
            made = _link_libraries(
                gcc, sources, flags, ("-O2",), libraries, Path(work)
            )  # a compiler without link-time optimisation
        os.replace(made, path)
    return path


def _link_libraries(
    gcc: str,
    sources: Sequence[Path],
    flags: Sequence[str],
    together: Sequence[str],
    libraries: Sequence[str],
    work: Path,
) -> Path:
    objects = []
    for (
        source
    ) in sources:  # the runner itself (.c) is never instrumented: only linked with the sanitizer
        out = str(work / f"{source.stem}.o")
        watched = flags[1:] if source.suffix == ".h" else ()
        _run_checked(
            [
                gcc,
                *together,
                "-g0",
                "-fno-omit-frame-pointer",
                *flags[:1],
                *watched,
                "-x",
                "c",
                "-c",
                str(source),
                "-o",
                out,
            ],
            f"cannot build {source.name}",
        )
        objects.append(out)
    made = work / "runner"
    _run_checked(
        [gcc, *together, *flags[1:], "-rdynamic", *objects, "-o", str(made), *libraries],
        f"cannot link the {'plain' if not flags else flags[1]} runner",
    )
    return made


def _run_checked(command: list[str], what: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = [
            line for line in done.stderr.splitlines() if "error" in line or "cannot find" in line
        ] or done.stderr.splitlines()
        raise ToolchainError(f"{what}: {lines[0] if lines else 'the compiler gave no reason'}")
