"""Compile requests -> shared objects, many programs per unit, inside the sandbox, cached by
content.

Contract: `compile_requests` gives one `Compiled` per request, in order; a program that does not
compile, takes too long or too much memory has `ok=False` and its own diagnostics, never an
exception. Results, failures included, are kept in the cache under a hash of text, signature,
variant, flags, prelude and compiler; several processes may share the cache.

    pytest tests/gpu_runtime/test_compile.py
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from corpora.records import Program, content_hash
from gpu_runtime.backend import Compiled, CompileRequest, Variant
from gpu_runtime.call import shims_cpp, shims_cuda
from gpu_runtime.compile import headers, units
from gpu_runtime.compile.constructors import explain_constructors
from gpu_runtime.compile.object_store import ObjectStore, StoredBuild
from gpu_runtime.compile.toolchain import (
    digest_parts,
    find_cache_root,
    find_toolchain,
    require_tool,
)
from gpu_runtime.compile.units import MEMBERS_PER_UNIT, CompileRecipe, find_recipe, make_recipes
from gpu_runtime.sandbox.lockdown import CompilerLimits, run_compiler

_LINK = (
    "-shared",
    "-fPIC",
    "-nostdlib",
    "-Wl,-z,defs,--warn-unresolved-symbols,--warn-once,--build-id=none",
)  # once: a unit under a sanitizer refers to its run-time ten thousand times
_SYSTEM = ("-lm", "-lc", "-lgcc")
# Names that the runner or its run-times supply when the artifact is loaded.
_SUPPLIED = re.compile(
    r"^(cv_|__wrap_GOMP_|__wrap_omp_get_|__tsan_|__asan_|__ubsan_|__sanitizer_|__cxa_|__gxx_|_Unwind_|_Z(n|d)[aw]|_ZSt|_ZNSt|_ZNKSt|_ZTI|_ZTV|_ZTS|__dynamic_cast"
    r"|__dso_handle|__start_cv_|__stop_cv_|operator (new|delete)|std::|(vtable|typeinfo)( "
    r"name)? for|__cyg_profile)"
)
_UNRESOLVED = re.compile(r"undefined reference to `([^']*)'")
SHARED_LIMITS = CompilerLimits(wall_s=60, cpu_s=30)
ALONE_LIMITS = CompilerLimits(wall_s=40, cpu_s=15)


@dataclass(frozen=True, slots=True)
class _Job:
    request: CompileRequest
    key: str
    symbol: str


def make_entry_symbol(request: CompileRequest) -> str:
    """Return the symbol under which the compiled program of `request` is called. It is the same in
    every variant of the program.
    """
    return "cv_" + content_hash("entry", request.program.id, request.signature)


@lru_cache(maxsize=2048)
def _job(request: CompileRequest) -> _Job:
    program, variant = request.program, request.variant
    key = content_hash(
        "compiled",
        program.dialect,
        program.name,
        program.text,
        request.signature,
        variant,
        _recipe_digest(program.dialect, variant),
    )
    return _Job(request, key, make_entry_symbol(request))


@lru_cache(maxsize=64)
def _recipe_digest(dialect: str, variant: Variant) -> str:
    recipe = find_recipe(dialect)
    return digest_parts(
        find_toolchain().versions,
        recipe.prelude(variant),
        *recipe.flags,
        *recipe.variants.get(variant, ()),
        *_LINK,
        *(shims_cuda.read_part(part) for part in sorted(set(headers.CUDA_PARTS.values()))),
        _digest_rewriting(),
    )


_REWRITING = ("corpora/analysis", "corpora/emit", "corpora/frontends", "corpora/ir", "gpu_runtime")
"""Code that says which text a program is compiled as: what an older one made is not taken."""


@lru_cache(maxsize=1)
def _digest_rewriting() -> str:
    root = Path(__file__).parents[2]
    return digest_parts(
        *(p.read_bytes() for part in _REWRITING for p in sorted((root / part).rglob("*.py")))
    )


def compile_requests(
    requests: Sequence[CompileRequest], cache_dir: Path | None = None, workers: int = 1
) -> list[Compiled]:
    """Compile programs in as few compiler runs as possible and return one result per request, in
    order.

    cache_dir: where results are kept; None: the default cache. workers: compilers at once. Programs
        that do not compile have `ok` False. Raises ToolchainError if a compiler is not installed.
    """
    store = ObjectStore(find_cache_root(cache_dir))
    jobs: dict[str, _Job] = {}
    keys = []
    for request in requests:
        job = _job(request)
        keys.append(job.key)
        jobs.setdefault(job.key, job)
    known = {key: found for key in jobs if (found := store.load(key))}
    missing = [job for key, job in jobs.items() if key not in known]
    for job, built in _build_all(missing, store, workers):
        known[job.key] = built
    store.save_all({job.key: known[job.key] for job in missing if known[job.key].keep})
    return [
        _make_compiled(request, known[key], jobs[key], store)
        for request, key in zip(requests, keys, strict=True)
    ]


def _make_compiled(
    request: CompileRequest, built: StoredBuild, job: _Job, store: ObjectStore
) -> Compiled:
    artifact = store.objects / built.artifact if built.ok else None
    return Compiled(
        request, built.ok, artifact, job.symbol if built.ok else "", False, False, built.diagnostics
    )


def _build_all(
    jobs: Sequence[_Job], store: ObjectStore, workers: int
) -> list[tuple[_Job, StoredBuild]]:
    tasks: list[list[_Job]] = []
    groups: dict[tuple[str, Variant], list[_Job]] = {}
    done: list[tuple[_Job, StoredBuild]] = []
    for job in jobs:
        refused = _explain_unsupported(job.request)
        if refused:
            done.append((job, StoredBuild(False, "", refused, keep=False)))
        elif find_recipe(job.request.program.dialect).shareable(job.request):
            groups.setdefault((job.request.program.dialect, job.request.variant), []).append(job)
        else:
            tasks.append([job])
    for group in groups.values():
        n_units = -(-len(group) // MEMBERS_PER_UNIT)
        tasks += [group[i::n_units] for i in range(n_units)]
    builder = _Builder(store)
    if workers > 1 and len(tasks) > 1:
        with ThreadPoolExecutor(workers) as pool:
            parts: Iterable[list[tuple[_Job, StoredBuild]]] = list(pool.map(builder.build, tasks))
    else:
        parts = [builder.build(task) for task in tasks]
    return done + [pair for part in parts for pair in part]


def _explain_unsupported(request: CompileRequest) -> str:
    """Why this request is not even tried; '' when it is."""
    recipe = find_recipe(request.program.dialect)
    if request.variant not in recipe.variants:
        return f"{request.program.dialect} has no {request.variant} variant"
    if units.FLAVOR.get(request.variant) == "tsan" and request.program.dialect != "cuda":
        tools = find_toolchain()
        if tools.libomp is None or tools.libarcher is None:
            return (
                "race detection needs LLVM's OpenMP run-time with Archer; on Debian: apt-get "
                "install libomp-14-dev"
            )
    if recipe.compiler == "g++":
        for name in shims_cpp.find_includes(request.program.text):
            if name not in headers.PASSED_OVER and request.program.dialect not in (
                "cuda",
                units.HOST_PART,
            ):
                return f"program.cpp: error: <{name}> may not be included"
        return shims_cpp.explain_malformed(request.program.text)
    return ""


_apart: dict[Program, str] = {}
"""Programs that compiled in another form only, with what was said of the common one: in a further
variant they would cost their neighbours a second compile as well.
"""


class _Builder:
    """Turns one task (jobs of one dialect and variant) into results."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    def build(self, jobs: list[_Job]) -> list[tuple[_Job, StoredBuild]]:
        recipe = find_recipe(jobs[0].request.program.dialect)
        if len(jobs) == 1:
            return [(jobs[0], self._alone(recipe, jobs[0]))]
        done: list[tuple[_Job, StoredBuild]] = []
        left = []
        for job in jobs:
            program = job.request.program
            second = self._second_try(recipe, job, _apart[program]) if program in _apart else None
            if second and second.ok:
                done.append((job, second))
            else:
                left.append(job)
        for _ in range(4):
            if len(left) < 2:
                break
            text = units.emit_unit(recipe, [j.request for j in left], [j.symbol for j in left])
            built = self._compile(recipe, left, text, SHARED_LIMITS)
            if built.ok:
                return done + [(job, built) for job in left]
            bad = units.find_failing_members(built.diagnostics)
            if not bad or max(bad) >= len(left):
                break
            for k in sorted(bad):
                said = units.filter_diagnostics(built.diagnostics, k, recipe.suffix)
                done.append((left[k], self._second_try(recipe, left[k], said)))
                if done[-1][1].ok and len(_apart) < 1024:
                    _apart[left[k].request.program] = said
            left = [job for k, job in enumerate(left) if k not in bad]
        return done + [(job, self._alone(recipe, job)) for job in left]

    def _alone(self, recipe: CompileRecipe, job: _Job) -> StoredBuild:
        request = job.request
        if not recipe.shareable(request) and (text := recipe.alone(request, job.symbol)):
            return self._one(recipe, job, text)
        built = self._one(recipe, job, units.emit_unit(recipe, [request], [job.symbol]))
        if built.ok or not built.keep:
            return built
        return self._second_try(recipe, job, built.diagnostics)

    def _second_try(self, recipe: CompileRecipe, job: _Job, diagnostics: str) -> StoredBuild:
        """After errors in the common form: with real headers, or as an external procedure, where
        that could help.
        """
        if recipe.compiler == "g++" and _is_c(diagnostics):
            built = self._one(
                recipe, job, units.emit_unit(recipe, [job.request], [job.symbol]), ("-fpermissive",)
            )
            if built.ok:
                return built
        text = recipe.alone(job.request, job.symbol)
        second = self._one(recipe, job, text) if text else None
        return second if second and second.ok else StoredBuild(False, "", diagnostics)

    def _one(
        self, recipe: CompileRecipe, job: _Job, text: str, extra: tuple[str, ...] = ()
    ) -> StoredBuild:
        newer = recipe.compiler == "g++" and headers.NEWER & set(
            shims_cpp.find_includes(job.request.program.text)
        )
        extra = ("-std=gnu++20", *extra) if newer else extra
        built = self._compile(recipe, [job], text, ALONE_LIMITS, extra)
        if built.ok:
            return built
        own = units.filter_diagnostics(built.diagnostics, 0, recipe.suffix)
        return StoredBuild(False, "", own or built.diagnostics[:1500], built.keep)

    def _compile(
        self,
        recipe: CompileRecipe,
        jobs: Sequence[_Job],
        text: str,
        limits: CompilerLimits,
        extra: tuple[str, ...] = (),
    ) -> StoredBuild:
        request = jobs[0].request
        compiler = find_toolchain().gpp if recipe.compiler == "g++" else find_toolchain().gfortran
        flags = [*recipe.flags, *recipe.variants[request.variant], *extra]
        libraries = [*recipe.libraries, *_SYSTEM]
        if "-fopenmp" in flags and units.FLAVOR.get(request.variant) == "tsan":
            libraries.remove(
                "-lgomp"
            )  # LLVM's run-time, which is in the runner, speaks its interface
        if recipe.compiler == "g++" and not text.startswith(
            ('# 1 "prelude"', "#define CV_PRECISE")
        ):
            libraries = ["-lstdc++", "-lgcc_s", *libraries]
        with tempfile.TemporaryDirectory(prefix="coevolve-") as work:
            folder = Path(work)
            (folder / f"unit{recipe.suffix}").write_text(text)
            (folder / f"unit{recipe.suffix}").chmod(0o644)
            command = [
                require_tool(compiler, recipe.compiler),
                *flags,
                *_LINK,
                f"unit{recipe.suffix}",
                "-o",
                "unit.so",
                *libraries,
            ]
            run = run_compiler(command, folder, limits)
            if run.code:
                return StoredBuild(
                    False,
                    "",
                    _failure(run.text, run.code, run.timed_out, limits),
                    keep=not run.timed_out,
                )
            allowed = units.compute_constructor_bytes(request, recipe)
            trouble = _explain_unresolved(run.text, recipe, request) or (
                explain_constructors(folder / "unit.so", allowed) if len(jobs) > 1 else ""
            )
            if trouble:
                return StoredBuild(False, "", trouble)
            return StoredBuild(
                True,
                self._store.keep_object(
                    folder / "unit.so",
                    digest_parts(text, *flags, find_toolchain().versions) + ".so",
                ),
                "",
            )


def _is_c(diagnostics: str) -> bool:
    """Whether the only thing against this text is C's conversion of `void *`: the dialect takes C
    as well.
    """
    errors = [line for line in diagnostics.splitlines() if "error:" in line]
    return bool(errors) and all("invalid conversion from 'void*'" in line for line in errors)


def _failure(text: str, code: int, timed_out: bool, limits: CompilerLimits) -> str:
    if timed_out:
        return f"the compiler did not finish in {limits.wall_s:g} s"
    if (
        code in (-24, -9)
        or "CPU time limit" in text
        or "Killed" in text
        or "signal terminated program" in text
    ):
        return (
            f"the compiler exceeded its limits ({limits.cpu_s} s CPU, {limits.memory_mib} "
            f"MiB)\n{text}"
        )
    return text or f"the compiler ended with code {code}"


def _explain_unresolved(text: str, recipe: CompileRecipe, request: CompileRequest) -> str:
    if len(text) >= CompilerLimits().output_bytes:
        return "error: the linker says more than is read; what is missing may not be among it"
    names = [name for name in dict.fromkeys(_UNRESOLVED.findall(text)) if not _SUPPLIED.match(name)]
    if units.FLAVOR.get(request.variant) == "tsan":
        names = [name for name in names if not name.startswith(("GOMP_", "omp_"))]
    return f"error: undefined reference to '{names[0]}'" if names else ""


def runs_nothing_at_load(compiled: Compiled) -> bool:
    """Return whether loading the artifact of `compiled` runs no code of the program: the program
    has no constructor and cannot hide one.
    """
    request = compiled.request
    recipe = make_recipes().get(request.program.dialect)
    if (
        recipe is None
        or compiled.artifact is None
        or compiled.executable
        or not recipe.shareable(request)
    ):
        return False
    return not _constructors(compiled.artifact, units.compute_constructor_bytes(request, recipe))


@lru_cache(maxsize=512)
def _constructors(artifact: Path, allowed_bytes: int) -> str:
    """`explain_constructors`, asked once of a unit that many programs share: an artifact's name is
    the hash of what made it.
    """
    return explain_constructors(artifact, allowed_bytes)
