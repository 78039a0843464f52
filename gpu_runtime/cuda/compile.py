"""CUDA programs -> bundles for a device: machine code by NVRTC, many programs a unit; host
functions by g++ beside it.

Contract: like compile.compile_requests: one `Compiled` per request, in order, failures with their
own diagnostics and kept in the cache as well. The artifact is a bundle, a JSON file
(`DeviceBundle`) that names a cubin and, for host functions, a shared object. A unit that fails is
tried again without the programs that its errors name, and halved where they name none.

    pytest tests/gpu_runtime/test_cuda_compile.py
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from importlib import metadata
from pathlib import Path

from corpora.frontends.c_directives import defined_macros
from corpora.records import content_hash
from gpu_runtime.backend import Compiled, CompileRequest, Variant
from gpu_runtime.call import shims_cpp, shims_cuda
from gpu_runtime.compile import compiler as compile_module, units
from gpu_runtime.compile.compiler import compile_requests, make_entry_symbol
from gpu_runtime.compile.object_store import replace_file
from gpu_runtime.compile.toolchain import NATIVE, digest_parts, find_cache_root
from gpu_runtime.compile.units import HARMLESS_ATTRIBUTES, OWN_NAMES
from gpu_runtime.cuda import source as cuda_source
from gpu_runtime.cuda.nvrtc import (
    DEFAULT_ARCHITECTURE,
    FAST_OPTIONS,
    OPTIONS,
    DeviceBuild,
    DeviceCompiler,
)
from gpu_runtime.emulation import cuda_rewrite

PROGRAMS_PER_UNIT = 32
SUFFIX = ".bundle.json"
_OWNED = re.compile(r"^([ps])(\d+)\((\d+)\): (?:catastrophic )?error", re.M)
_SHARED_WALL_S, _ALONE_WALL_S = 120.0, 30.0


@dataclass(frozen=True, slots=True)
class DeviceBundle:
    """What the GPU worker needs to run one program.

    kind: `kernel`, `device` or `host`, by where its entry function runs. cubin: name of the file of
        machine code, in the folder above the bundle's.
    entry: the symbol that is launched (kernel, device) or called (host).
    host: path of the shared object of a host function, else ''.
    names: for host functions, kernel or variable name -> symbol in the cubin; else None.
    fresh: device variables must be reset before each call.
    """

    kind: str
    cubin: str
    entry: str
    host: str = ""
    names: dict[str, str] | None = None
    fresh: bool = False


@dataclass(frozen=True, slots=True)
class _Job:
    """One program on its way. wanted: name expression -> key in the bundle's names."""

    request: CompileRequest
    key: str
    symbol: str
    kind: str
    host: Path | None = None
    host_symbol: str = ""
    wanted: tuple[tuple[str, str], ...] = ()

    @property
    def namespace(self) -> str:
        return f"ns_{self.symbol}"

    @property
    def expressions(self) -> list[str]:
        own = (
            []
            if self.kind == "host"
            else [
                cuda_source.make_entry_expression(
                    self.request.program, self.request.signature, self.namespace, self.symbol
                )
            ]
        )
        return [*own, *(e for e, _ in self.wanted)]


@dataclass(frozen=True, slots=True)
class _Result:
    bundle: DeviceBundle | None
    diagnostics: str = ""
    keep: bool = True


@cache
def make_prelude() -> str:
    """Return the CUDA text that stands before the programs of a unit for NVRTC."""
    return (NATIVE / "prelude_nvrtc.h").read_text() + (NATIVE / "prelude_complex.h").read_text()


@cache
def _prelude_macros() -> frozenset[str]:
    return frozenset(defined_macros(make_prelude()))


@cache
def find_nvrtc_version() -> str:
    """Return the version of the installed NVRTC package, `system` without a package."""
    try:
        return metadata.version("nvidia-cuda-nvrtc")
    except metadata.PackageNotFoundError:
        return "system"


def compile_for_device(
    requests: Sequence[CompileRequest],
    compiler: DeviceCompiler,
    architecture: str = DEFAULT_ARCHITECTURE,
    cache_dir: Path | None = None,
    workers: int = 1,
) -> list[Compiled]:
    """Compile CUDA programs (variants PLAIN and TIMED) for a device and return one result per
    request, in order. The artifact of a result is the path of a bundle, for `load_bundle`. Programs
    that do not compile have `ok` False.

    compiler: the process of NVRTC. architecture: such as `sm_90`. cache_dir: where results are
        kept; None: the default cache. workers: host compilers at once. Raises NvrtcMissingError
        without NVRTC, ToolchainError if g++ is needed and missing.
    """
    store = _Store(find_cache_root(cache_dir) / "device")
    keys = [_key(r, architecture) for r in requests]
    known = {key: found for key in dict.fromkeys(keys) if (found := store.load(key))}
    missing = {key: r for key, r in zip(keys, requests, strict=True) if key not in known}
    jobs: list[_Job] = []
    for key, request in missing.items():
        if (name := cuda_source.find_foreign_include(request.program.text)) or (
            why := shims_cpp.explain_malformed(request.program.text)
        ):
            known[key] = _Result(
                None, f"program.cu: error: <{name}> may not be included" if name else why
            )
        else:
            jobs.append(
                _Job(
                    request,
                    key,
                    make_entry_symbol(request),
                    cuda_source.classify_entry(request.program, request.signature),
                )
            )
    made = _compile_host_parts(jobs, known, cache_dir, workers)
    for variant in dict.fromkeys(job.request.variant for job in made):
        group = [job for job in made if job.request.variant is variant]
        known |= _Batches(
            compiler, architecture, FAST_OPTIONS if variant is Variant.TIMED else OPTIONS, store
        ).build(group)
    for key in missing:
        if known[key].keep:
            store.save(key, known[key])
    return [store.compiled(r, key, known[key]) for r, key in zip(requests, keys, strict=True)]


@cache
def _rules() -> str:
    """Hash of all that decides what a program is turned into, apart from the program."""
    names = (
        "prelude_device_host.h",
        "prelude_cuda.h",
        "prelude_complex.h",
        "prelude_cuda_host.h",
        "shim_cuda.h",
        "prelude_cpp.h",
    )
    makers = (compile_module, cuda_rewrite, cuda_source, shims_cpp, shims_cuda, units)
    own = [Path(f).read_text() for f in (__file__, *(str(m.__file__) for m in makers))]
    return digest_parts(
        make_prelude(),
        *((NATIVE / n).read_text() for n in names),
        *own,
        *OPTIONS,
        *FAST_OPTIONS,
        find_nvrtc_version(),
    )


def _key(request: CompileRequest, architecture: str) -> str:
    return content_hash(
        "device", request.program.id, request.signature, request.variant, architecture, _rules()
    )


def _compile_host_parts(
    jobs: Sequence[_Job], known: dict[str, _Result], cache_dir: Path | None, workers: int
) -> list[_Job]:
    """The jobs with their host parts compiled; those whose host part fails go to `known`
    instead.
    """
    hosts = [job for job in jobs if job.kind == "host"]
    requests = [
        CompileRequest(
            replace(
                j.request.program,
                dialect=units.HOST_PART,
                text=cuda_source.extract_host_text(j.request.program.text),
            ),
            j.request.signature,
            j.request.variant,
        )
        for j in hosts
    ]
    ready = [job for job in jobs if job.kind != "host"]
    for job, compiled in zip(
        hosts, compile_requests(requests, cache_dir, workers) if requests else (), strict=True
    ):
        if not compiled.ok or compiled.artifact is None:
            known[job.key] = _Result(None, compiled.diagnostics)
            continue
        wanted = []
        for pretty in cuda_source.read_kernel_names(
            compiled.artifact.read_bytes(), compiled.symbol
        ):
            if expression := cuda_source.parse_name_expression(pretty, job.namespace):
                wanted.append((expression, pretty))
        wanted += [
            (f"&{job.namespace}::{name}", name)
            for name in cuda_source.find_used_symbols(job.request.program.text)
        ]
        ready.append(
            replace(job, host=compiled.artifact, host_symbol=compiled.symbol, wanted=tuple(wanted))
        )
    return ready


def emit_unit(jobs: Sequence[_Job]) -> str:
    """Return the text of a device unit: the prelude and each program in its namespace. jobs: the
    programs, each with its request, its entry symbol, and where its entry runs. `#line` marks
    attribute errors to programs: `pK` is the text of program K from 0, `sK` what is added to it.
    """
    parts = [make_prelude()]
    for k, job in enumerate(jobs):
        program = job.request.program
        after = shims_cpp.undefine_macros(program.text)
        entry = (
            cuda_source.emit_device_entry(program, job.request.signature, job.namespace, job.symbol)
            if job.kind == "device"
            else ""
        )
        parts.append(
            f'namespace {job.namespace} {{\n#line 1 "p{k}"\n'
            f"{cuda_source.extract_device_text(program)}\n"
            f'#line 1 "s{k}"\n{after}}}\n{entry}'
        )
    return "".join(parts)


class _Batches:
    """Builds jobs of one variant."""

    def __init__(
        self, compiler: DeviceCompiler, architecture: str, options: Sequence[str], store: _Store
    ) -> None:
        self._compiler, self._architecture, self._options, self._store = (
            compiler,
            architecture,
            options,
            store,
        )

    def build(self, jobs: Sequence[_Job]) -> dict[str, _Result]:
        alone = [job for job in jobs if not _may_share(job)]
        shared = [job for job in jobs if _may_share(job)]
        n_units = -(-len(shared) // PROGRAMS_PER_UNIT)
        done: dict[str, _Result] = {}
        for group in [shared[i::n_units] for i in range(n_units)] + [[job] for job in alone]:
            done |= self._group(group)
        return done

    def _group(self, jobs: list[_Job]) -> dict[str, _Result]:
        done: dict[str, _Result] = {}
        left = list(jobs)
        while left:
            build = self._compile(left)
            if build.ok:
                return done | self._accept(left, build)
            if len(left) == 1:
                return done | {
                    left[0].key: _Result(
                        None,
                        filter_diagnostics(build.log, 0) or build.log[:1500],
                        keep=not build.ended,
                    )
                }
            bad = {int(m[2]) for m in _OWNED.finditer(build.log)}
            if not bad or max(bad) >= len(left):
                half = len(left) // 2
                return done | self._group(left[:half]) | self._group(left[half:])
            for k in bad:
                done[left[k].key] = _Result(None, filter_diagnostics(build.log, k))
            left = [job for k, job in enumerate(left) if k not in bad]
        return done

    def _compile(self, jobs: Sequence[_Job]) -> DeviceBuild:
        names = [e for job in jobs for e in job.expressions]
        wall_s = _SHARED_WALL_S if len(jobs) > 1 else _ALONE_WALL_S
        return self._compiler.compile(
            emit_unit(jobs), names, self._architecture, self._options, wall_s
        )

    def _accept(self, jobs: Sequence[_Job], build: DeviceBuild) -> dict[str, _Result]:
        cubin = self._store.keep_cubin(build.cubin)
        done = {}
        for job in jobs:
            names = {key: build.lowered.get(e, "") for e, key in job.wanted}
            entry = (
                job.host_symbol if job.kind == "host" else build.lowered.get(job.expressions[0], "")
            )
            fresh = cuda_source.has_device_state(job.request.program.text)
            if not entry:
                done[job.key] = _Result(
                    None, f"program.cu: error: no kernel called '{job.request.program.name}'"
                )
            else:
                done[job.key] = _Result(
                    DeviceBundle(job.kind, cubin, entry, str(job.host or ""), names, fresh)
                )
        return done


def _may_share(job: _Job) -> bool:
    text = job.request.program.text
    return shims_cpp.can_share_unit(text, _prelude_macros(), HARMLESS_ATTRIBUTES)


def filter_diagnostics(log: str, number: int) -> str:
    """Return the compiler's errors about program `number` (from 0) of a unit, at most 20 lines; ''
    if there are none. log: the compiler's whole text. The file name becomes `program.cu`, or `call`
    for the text around it.
    """
    lines = []
    for line in log.splitlines():
        if (m := _OWNED.match(line)) and int(m[2]) == number:
            where = "program.cu" if m[1] == "p" else "call"
            lines.append(OWN_NAMES.sub("", f"{where}:{m[3]}: error" + line[m.end() :]))
    return "\n".join(lines[:20])


class _Store:
    """Bundles, cubins and failures on disk, by content; files appear by atomic rename."""

    def __init__(self, root: Path) -> None:
        self._root = root
        root.mkdir(parents=True, exist_ok=True)

    def _bundle(self, key: str) -> Path:
        return self._root / key[:2] / f"{key}{SUFFIX}"

    def load(self, key: str) -> _Result | None:
        try:
            row = json.loads(self._bundle(key).read_bytes())
            if "error" in row:
                return _Result(None, row["error"])
            bundle = DeviceBundle(**row)
        except (OSError, ValueError, TypeError):
            return None
        usable = (self._root / bundle.cubin).exists() and (
            not bundle.host or Path(bundle.host).exists()
        )
        return _Result(bundle) if usable else None

    def save(self, key: str, result: _Result) -> None:
        path = self._bundle(key)
        path.parent.mkdir(exist_ok=True)
        row = asdict(result.bundle) if result.bundle else {"error": result.diagnostics}
        replace_file(path, json.dumps(row).encode())

    def keep_cubin(self, cubin: bytes) -> str:
        name = f"{digest_parts(cubin)}.cubin"
        if not (self._root / name).exists():
            replace_file(self._root / name, cubin)
        return name

    def compiled(self, request: CompileRequest, key: str, result: _Result) -> Compiled:
        if result.bundle is None:
            return Compiled(request, False, diagnostics=result.diagnostics)
        return Compiled(request, True, self._bundle(key), result.bundle.entry)


def load_bundle(artifact: Path) -> tuple[DeviceBundle, Path]:
    """Return (bundle, path of its cubin) of an artifact. artifact: path of the bundle's file in the
    cache. Raises OSError if a file is missing, ValueError if one is damaged.
    """
    bundle = DeviceBundle(**json.loads(artifact.read_bytes()))
    return bundle, artifact.parent.parent / bundle.cubin
