"""The shim of a CUDA program: `extern "C" void SYMBOL(void **args)` over a bare kernel, a host function or a __device__ function.

Contract: see native/abi.h for `args`. Parameter types of host and device functions are taken from the function itself by the
compiler; a kernel is called with what its signature says. A kernel is launched with the geometry in args[n + 1]; a host function launches what it launches itself;
a __device__ function is called by every thread of that geometry (one thread when it is 0) and thread 0 gives the result.

    python -c "from gpu_runtime.shims_cuda import prelude; print(len(prelude()))"
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from corpora.records import Parameter
from gpu_runtime.backend import CompileRequest
from gpu_runtime.cuda_rewrite import rewrite
from gpu_runtime.shims_cpp import C_TYPES

NATIVE = Path(__file__).parent / "native"

COMPILE_FLAGS = ("-fsanitize=thread", "--param=tsan-instrument-func-entry-exit=0", "-ftrivial-auto-var-init=pattern", "-fno-strict-aliasing")
"""Added to the flags of every CUDA program: accesses are reported to the hooks, and a local variable that was never set holds a
pattern that no test expects."""


@cache
def prelude() -> str:
    """What comes after prelude_cpp.h and before the programs of a unit; without #line marks."""
    return "\n".join((NATIVE / name).read_text() for name in ("prelude_cuda.h", "prelude_cuda_host.h", "shim_cuda.h"))


_OTHERS_NAMES = "__expf __exp10f __logf __log2f __log10f __sinf __cosf __tanf __powf exp10 exp10f".split()
"""CUDA's functions whose names glibc's headers declare as something else."""
_AFTER_HEADERS = """
template <class A, class B> static inline typename std::common_type<A, B>::type min(A a, B b) { return b < a ? b : a; }
template <class A, class B> static inline typename std::common_type<A, B>::type max(A a, B b) { return a < b ? b : a; }
"""


def real_headers(names: Sequence[str]) -> str:
    """What stands before `prelude()` in place of prelude_cpp.h: the standard library's own headers, and what nvcc knows without one."""
    # <math.h> and <stdlib.h> of C++ make the overloads of std known outside it.
    included = "".join(f"#include <{name}>\n" for name in dict.fromkeys([*names, "math.h", "stdlib.h", "type_traits"]))
    return included + "".join(f"#define {name} cv_{name}\n" for name in _OTHERS_NAMES) + _AFTER_HEADERS


def shim(request: CompileRequest, symbol: str, namespace: str) -> str:
    """C++ that defines `symbol` for `request.program`, whose rewritten text is in `namespace`."""
    name = request.program.name
    if request.signature.style == "kernel":
        return _kernel_shim(request, symbol, namespace)
    maker = "cv_shim_device" if _device_only(request.program.text, name) else "cv_shim_host"
    return f"{_ENTRY} {symbol}(void **args) {{ cv_sections(); {maker}({namespace}::{name}, args); }}\n"


_ENTRY = 'extern "C" __attribute__((visibility("default"))) CV_UNSEEN void'


def _kernel_shim(request: CompileRequest, symbol: str, namespace: str) -> str:
    """One thread as a function of the argument table, and the launch of all of them."""
    parameters = request.signature.parameters
    arguments = [_argument(p, i) for i, p in enumerate(parameters)]
    return (
        f"CV_UNSEEN static void {symbol}_thread(void *p) {{ void **a = (void **)p; (void)a; {namespace}::{request.program.name}({', '.join(arguments)}); }}\n"
        f"{_ENTRY} {symbol}(void **args) {{ cv_sections(); cv_launch_kernel(args, {len(parameters)}, {symbol}_thread); }}\n"
    )


def _argument(p: Parameter, index: int) -> str:
    if p.kind != "scalar":
        return f"cv_kernel_pointer{{a[{index}]}}"
    return f"*({C_TYPES[p.type]} *)a[{index}]" if p.type in C_TYPES else f"cv_kernel_value{{a[{index}]}}"


def program_text(request: CompileRequest) -> str:
    """The program as g++ gets it: rewritten, its names local to the unit (shared variables in templates need that)."""
    return f"namespace {{\n#line 1\n{rewrite(request.program.text)}\n}}\n"


def _device_only(text: str, name: str) -> bool:
    """Whether `name` is defined as __device__ and not as __host__ or __global__."""
    for found in re.finditer(rf"([^;{{}}]*)\b{re.escape(name)}\s*\(", text):
        if "__device__" in found[1]:
            return "__host__" not in found[1] and "__global__" not in found[1]
    return False
