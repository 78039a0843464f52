"""Whether a real CUDA compiler takes a text: nvcc where it is installed, else NVRTC, in batches.

Contract: `DeviceCheck.explain(programs)` gives for each '' where the compiler takes the text or
could not be asked, else its first error in one line. Nothing is run, and no device is needed. Many
texts share a compiler run, each in a namespace of its own; a text that its neighbours' errors do
not explain is compiled again without them. Answers are kept by content. nvcc runs in the sandbox.

Candidates are single functions: headers and names that they assume are given (prelude_nvcc.h), and
what older compilers knew (`__shfl`). NVRTC sees kernels and device functions only. A text that the
emulation took and a compiler refuses is a text that a static rule (gpu_runtime.wall.cuda) missed.

    python -c "from corpora.records import Program; from gpu_runtime.cuda.nvcc import *; \\
        print(make_device_check('auto').explain([Program('cuda', 'k', \\
            '__global__ void k(int *a, int n) { int b[n]; b[0] = 1; *a = b[0]; }')]))"
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

from corpora.analysis.cuda_sides import Side, read_sides
from corpora.frontends.c_directives import blank, directive_lines, included_path
from corpora.frontends.c_tokens import tokenize
from corpora.ir.edits import Edit, apply_edits
from corpora.records import Program, content_hash
from corpora.signatures.signature import SignatureError, read_signature
from gpu_runtime.backend import CompileRequest
from gpu_runtime.call import shims_cpp
from gpu_runtime.compile import headers
from gpu_runtime.compile.object_store import replace_file
from gpu_runtime.compile.toolchain import NATIVE, digest_parts, find_cache_root
from gpu_runtime.compile.units import HARMLESS_ATTRIBUTES, STANDARD_OF_CUDA
from gpu_runtime.cuda.compile import compile_for_device, find_nvrtc_version
from gpu_runtime.cuda.nvrtc import (
    DEFAULT_ARCHITECTURE,
    DeviceCompiler,
    NvrtcMissingError,
    is_available as has_nvrtc,
)
from gpu_runtime.sandbox.lockdown import CompilerLimits, run_compiler

WORDS = ("auto", "nvcc", "nvrtc", "none")
"""What may be asked for. `auto`: nvcc where it is installed, else NVRTC, else nothing."""
PROGRAMS_PER_UNIT = 96
_PLACES = ("/usr/local/cuda/bin/nvcc", "/usr/local/bin/nvcc", "/usr/bin/nvcc")
_OPTIONS = ("-std=c++17", "-w", "-Ofc=max", f"-arch={DEFAULT_ARCHITECTURE}")
_LIMITS = CompilerLimits(wall_s=120, cpu_s=100, memory_mib=8192)
_ERROR = re.compile(
    r"^[ps](\d+)[(:](\d+)(?:\)|:\d+)?: (?:catastrophic |fatal )?error:? ?(.*)$", re.M
)
_UNCLEAR = re.compile(r"^(?:ptxas|nvcc|[^\n]*)\b(?:error|fatal)\b.*$", re.M)
_NOT_HOISTED = frozenset({"helper_math.h", "math_functions.h", "device_functions.h"})
"""Headers that nvcc 13 does not have."""


def make_device_check(word: str = "auto", cache_dir: Path | None = None) -> DeviceCheck | None:
    """Return a check by the compiler that `word` names, or None where there is none. word: `auto`
    (the one that is installed), `nvcc`, `nvrtc` or `none`. cache_dir: where answers are kept; None:
    the default cache. Raises ValueError for another word, or for a named compiler that is not
    installed.
    """
    if word not in WORDS:
        raise ValueError(f"unknown device compiler '{word}' (known: {', '.join(WORDS)})")
    if word == "none":
        return None
    nvcc = find_nvcc() if word in ("auto", "nvcc") else ""
    if nvcc:
        return DeviceCheck(nvcc, cache_dir)
    if word in ("auto", "nvrtc") and has_nvrtc():
        return DeviceCheck("", cache_dir)
    if word != "auto":
        raise ValueError(f"the device compiler '{word}' is not installed")
    return None


@lru_cache(maxsize=1)
def find_nvcc() -> str:
    """Return the path of nvcc, or '' where it is not installed. Nothing is started."""
    found = shutil.which("nvcc") or next((p for p in _PLACES if Path(p).exists()), "")
    return str(Path(found).resolve()) if found else ""


class DeviceCheck:
    """Checks whether one compiler accepts CUDA texts. nvcc: the path of nvcc; '' means NVRTC.
    cache_dir: where answers are kept; None: the default cache. It serves one thread. The attribute
    `name` is `nvcc` or `nvrtc`; `identity` tells versions of it apart.
    """

    def __init__(self, nvcc: str, cache_dir: Path | None = None) -> None:
        self._nvcc = nvcc
        self._cache_dir = cache_dir
        self._nvrtc: DeviceCompiler | None = None
        self._known: dict[str, str] = {}
        self.name = "nvcc" if nvcc else "nvrtc"
        self.identity = f"{nvcc} {Path(nvcc).stat().st_mtime_ns}" if nvcc else find_nvrtc_version()
        """Another compiler has another one."""

    def explain(self, programs: Sequence[Program]) -> list[str]:
        """Return for each program, in order, why the compiler refuses it, in one line; '' if it is
        accepted, or is not of CUDA.
        """
        keys = [self._key(p) for p in programs]
        asked = {}
        for key, program in zip(keys, programs, strict=True):
            if program.dialect == "cuda" and key not in self._known:
                kept = self._load(key)
                if kept is None:
                    asked[key] = program
                else:
                    self._known[key] = kept
        for key, reason in self._ask(asked).items():
            self._known[key] = reason
            self._save(key, reason)
        return [self._known.get(key, "") for key in keys]

    def close(self) -> None:
        """End the compiler process, if one was started."""
        if self._nvrtc is not None:
            self._nvrtc.close()
            self._nvrtc = None

    def _ask(self, asked: dict[str, Program]) -> dict[str, str]:
        if not asked:
            return {}
        if not self._nvcc:
            return self._ask_nvrtc(asked)
        found: dict[str, str] = {}
        groups: dict[tuple[bool, bool, str], list[str]] = {}
        for key, program in asked.items():
            text, alone = program.text, "" if _may_share(program.text) else key
            group = (_has_host_code(text), _names_std(text), alone)
            groups.setdefault(group, []).append(key)
        for (host, _, alone), members in groups.items():
            if alone:
                found[alone] = self._alone(asked[alone].text)
                continue
            for start in range(0, len(members), PROGRAMS_PER_UNIT):
                part = members[start : start + PROGRAMS_PER_UNIT]
                texts = [asked[key].text for key in part]
                found |= zip(part, self._group(texts, host), strict=True)
        return found | {
            key: self._alone(asked[key].text)
            for key, reason in found.items()
            if reason and _may_share(asked[key].text)
        }

    def _alone(self, text: str) -> str:
        """The answer for a text outside of any namespace: there it hides no name of CUDA's."""
        ok, said = self._compile([text], _has_host_code(text), apart=False)
        if ok:
            return ""
        error = _ERROR.search(said)
        return _explain(error) if error is not None else _find_unclear(said)

    def _group(self, texts: Sequence[str], host: bool) -> list[str]:
        """The answer for each text of one unit."""
        answers = [""] * len(texts)
        left = list(range(len(texts)))
        while left:
            ok, said = self._compile([texts[i] for i in left], host)
            if ok:
                break
            bad: dict[int, str] = {}
            for error in _ERROR.finditer(said):
                bad.setdefault(int(error[1]), _explain(error))
            if bad and max(bad) < len(left):
                for k, reason in bad.items():
                    answers[left[k]] = reason
                left = [i for k, i in enumerate(left) if k not in bad]
            elif len(left) == 1:
                answers[left[0]] = _find_unclear(said)
                break
            else:
                half = len(left) // 2
                for part in (left[:half], left[half:]):
                    found = self._group([texts[i] for i in part], host)
                    for i, reason in zip(part, found, strict=True):
                        answers[i] = reason
                break
        return answers

    def _compile(self, texts: Sequence[str], host: bool, apart: bool = True) -> tuple[bool, str]:
        """Whether nvcc takes the unit of these texts, or could not be asked; and what it said."""
        with tempfile.TemporaryDirectory(prefix="coevolve-") as work:
            folder = Path(work)
            (folder / "unit.cu").write_text(emit_checked_unit(texts, apart))
            (folder / "unit.cu").chmod(0o644)
            command = [self._nvcc, *_OPTIONS, "-c" if host else "-cubin", "unit.cu", "-o", "unit.o"]
            run = run_compiler(command, folder, _LIMITS)
        lost = run.timed_out or run.code < 0 or (run.code != 0 and not _UNCLEAR.search(run.text))
        return run.code == 0 or lost, run.text

    def _ask_nvrtc(self, asked: dict[str, Program]) -> dict[str, str]:
        requests = {}
        for key, program in asked.items():
            try:
                requests[key] = CompileRequest(program, read_signature(program))
            except (SignatureError, ValueError):
                continue
        try:
            self._nvrtc = self._nvrtc or DeviceCompiler().ready()
            made = compile_for_device(
                list(requests.values()), self._nvrtc, cache_dir=self._cache_dir
            )
        except NvrtcMissingError:
            return {}
        said = [c.diagnostics.strip().partition("\n")[0][:300] for c in made]
        return {
            key: "" if c.ok else text or "error"
            for key, c, text in zip(requests, made, said, strict=True)
        }

    # ---- answers by content

    def _key(self, program: Program) -> str:
        return content_hash("device check", self.identity, program.dialect, program.text, _rules())

    def _path(self, key: str) -> Path:
        return find_cache_root(self._cache_dir) / "checks" / key[:2] / f"{key}.json"

    def _load(self, key: str) -> str | None:
        try:
            return str(json.loads(self._path(key).read_bytes())["reason"])
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def _save(self, key: str, reason: str) -> None:
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, json.dumps({"reason": reason}).encode())


@lru_cache(maxsize=1)
def _rules() -> str:
    """Hash of what decides how a text is given to the compiler."""
    return digest_parts(_prelude(), Path(__file__).read_text(), *_OPTIONS)


@lru_cache(maxsize=1)
def _prelude() -> str:
    return (NATIVE / "prelude_nvcc.h").read_text()


def _explain(error: re.Match[str]) -> str:
    return f"program.cu:{error[2]}: error: {error[3]}"[:300]


def _find_unclear(said: str) -> str:
    """The first error that names no text of the unit; '' if there is none."""
    found = _UNCLEAR.search(said)
    return found[0].strip()[:300] if found else ""


def emit_checked_unit(texts: Sequence[str], apart: bool = True) -> str:
    """Return the unit that nvcc checks: the prelude, the headers that the texts include, and each
    text. texts: of CUDA programs. apart: put each text into a namespace of its own. `#line` marks
    attribute errors to texts: `pK` is text K from 0.
    """
    included = dict.fromkeys(name for text in texts for name in _headers_of(text))
    parts = [_prelude(), *(f"#include <{name}>\n" for name in included)]
    for k, text in enumerate(texts):
        own = apply_edits(text, list(_blank_includes(text)))
        opened, closed = (f"namespace p{k} {{\n", "}\n") if apart else ("", "")
        after = shims_cpp.undefine_macros(text) if apart else ""
        parts.append(f'{opened}#line 1 "p{k}"\n{own}\n#line 1 "s{k}"\n{after}{closed}')
    return "".join(parts)


def _blank_includes(text: str) -> Iterator[Edit]:
    for line in directive_lines(text) if "#" in text else ():
        if line.word == "include":
            yield Edit(line.start, line.end, blank(text[line.start : line.end]))


def _headers_of(text: str) -> list[str]:
    """Headers that a text needs, with those that it assumes."""
    lines = directive_lines(text) if "#" in text else ()
    named = [included_path(line, text) for line in lines if line.word == "include"]
    words = {token.text for token in tokenize(text)}
    if "cooperative_groups" in words:
        named.append("cooperative_groups.h")
    if any(word.startswith("cu") and word.endswith("Complex") for word in words):
        named.append("cuComplex.h")
    if "std" in words:
        named += STANDARD_OF_CUDA
    known = (headers.STANDARD | headers.CUDA) - _NOT_HOISTED - {"omp.h"}
    return [name for name in named if name in known]


def _names_std(text: str) -> bool:
    return "std" in text and any(token.text == "std" for token in tokenize(text))


def _has_host_code(text: str) -> bool:
    """Whether a function of the text is the host's, so that nvcc has to read it as such too."""
    sides = read_sides(text)
    return any(Side.HOST in sides.side_of(f) for f in sides.defined)


def _may_share(text: str) -> bool:
    return shims_cpp.can_share_unit(text, frozenset({"restrict"}), HARMLESS_ATTRIBUTES)
