"""The shim of a CUDA program: `extern "C" void SYMBOL(void **args)` over a bare kernel, a host function or a __device__ function.

Contract: see native/abi.h for `args`. Parameter types are taken from the function itself by the compiler, so the shim has no
table of types. A kernel is launched with the geometry in args[n + 1]; a host function launches what it launches itself;
a __device__ function is called by every thread of that geometry (one thread when it is 0) and thread 0 gives the result.

    python -c "from gpu_runtime.shims_cuda import prelude; print(len(prelude()))"
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from gpu_runtime.backend import CompileRequest
from gpu_runtime.cuda_rewrite import rewrite

NATIVE = Path(__file__).parent / "native"

COMPILE_FLAGS = ("-fsanitize=thread", "--param=tsan-instrument-func-entry-exit=0", "-ftrivial-auto-var-init=pattern", "-fno-strict-aliasing")
"""Added to the flags of every CUDA program: accesses are reported to the hooks, and a local variable that was never set holds a
pattern that no test expects."""


@cache
def prelude() -> str:
    """What comes after prelude_cpp.h and before the programs of a unit; without #line marks."""
    return "\n".join((NATIVE / name).read_text() for name in ("prelude_cuda.h", "prelude_cuda_host.h", "shim_cuda.h"))


def shim(request: CompileRequest, symbol: str, namespace: str) -> str:
    """One line of C++ that defines `symbol` for `request.program`, whose rewritten text is in `namespace`."""
    name = request.program.name
    if request.signature.style == "kernel":
        maker = "cv_shim_kernel"
    else:
        maker = "cv_shim_device" if _device_only(request.program.text, name) else "cv_shim_host"
    return f'extern "C" __attribute__((visibility("default"))) CV_UNSEEN void {symbol}(void **args) {{ cv_sections(); {maker}({namespace}::{name}, args); }}\n'


def program_text(request: CompileRequest) -> str:
    """The program as g++ gets it: rewritten, its names local to the unit (shared variables in templates need that)."""
    return f"namespace {{\n#line 1\n{rewrite(request.program.text)}\n}}\n"


def _device_only(text: str, name: str) -> bool:
    """Whether `name` is defined as __device__ and not as __host__ or __global__."""
    for found in re.finditer(rf"([^;{{}}]*)\b{re.escape(name)}\s*\(", text):
        if "__device__" in found[1]:
            return "__host__" not in found[1] and "__global__" not in found[1]
    return False
