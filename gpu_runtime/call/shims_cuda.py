"""The shim of a CUDA program: `extern "C" void SYMBOL(void **args)` over a bare kernel, a host
function or a __device__ function.

Contract: see native/abi.h for `args`. Parameter types of host and device functions are taken from
the function itself by the compiler; a kernel is called with what its signature says. A kernel is
launched with the geometry in args[n + 1]; a host function launches what it launches itself; a
__device__ function is called by every thread of that geometry (one thread when it is 0) and thread
0 gives the result. Under another order of the threads a program that leaves variables unset is
called in its copy (WITHOUT_PATTERN).

    python -c "from gpu_runtime.call.shims_cuda import make_prelude; print(len(make_prelude()))"
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from corpora.frontends.c_family import parse_c_family
from corpora.frontends.c_tokens import tokenize
from corpora.frontends.queries import functions_of
from corpora.ir import Declaration, Function, Unsupported, UnsupportedExpression, find
from corpora.records import Parameter
from gpu_runtime.backend import CompileRequest
from gpu_runtime.call.assembly import needs_assembly
from gpu_runtime.call.shims_cpp import C_TYPES, emit_call, find_includes
from gpu_runtime.compile.headers import CUDA_PARTS
from gpu_runtime.emulation.cuda_rewrite import rewrite_cuda

NATIVE = Path(__file__).parents[1] / "native"

COMPILE_FLAGS = (
    "-fsanitize=thread",
    "--param=tsan-instrument-func-entry-exit=0",
    "-ftrivial-auto-var-init=pattern",
    "-fno-strict-aliasing",
)
"""Added to the flags of every CUDA program: accesses are reported to the hooks, and a local
variable that was never set holds a pattern that no test expects.
"""

WITHOUT_PATTERN = (
    '#pragma GCC push_options\n#pragma GCC optimize("trivial-auto-var-init=uninitialized")\n',
    "#pragma GCC pop_options\n",
)
"""Round a copy of a program's text. The pattern is one value for all: counters that begin alike may
still be compared, and as a number it is an ideal start for a maximum. In the copy a variable that
was never set holds what lies on the stack, and the emulation sees to that.
"""
_KEPT = frozenset({"static", "extern", "typedef", "__shared__", "thread_local"})
"""Storage of variables that do not lie on the stack."""


def has_uninitialized(text: str) -> bool:
    """Return whether a local variable of a CUDA text is declared without a value. An unknown
    construct counts as if it held one.
    """
    unit = parse_c_family(text, "cuda")
    if any(True for _ in find(unit.items, Unsupported, UnsupportedExpression)):
        return True
    return any(
        declared.value is None and declared.arguments is None and not _KEPT & set(declared.storage)
        for function in functions_of(unit)
        for declared in find(function.body or (), Declaration)
    )


@cache
def make_prelude() -> str:
    """Return the C++ text that stands between prelude_cpp.h and the programs in a unit of CUDA
    programs for the emulation.
    """
    return "\n".join(
        (NATIVE / name).read_text()
        for name in ("prelude_cuda.h", "prelude_complex.h", "prelude_cuda_host.h", "shim_cuda.h")
    )


def include_parts(text: str) -> str:
    """Return C++ text in place of the headers of CUDA's libraries (half precision, Thrust, CUB)
    that `text` includes; '' if it includes none. A unit may hold this text more than once.
    """
    parts = dict.fromkeys(CUDA_PARTS[name] for name in find_includes(text) if name in CUDA_PARTS)
    return "".join(f'#line 1 "{part}"\n{read_part(part)}\n' for part in parts)


@cache
def read_part(name: str) -> str:
    """Return the text of the file `name` of the package's folder native/."""
    return (NATIVE / name).read_text()


_OTHERS_NAMES = (
    "__expf __exp10f __logf __log2f __log10f __sinf __cosf __sincosf __tanf __tanhf __powf exp10 "
    "exp10f".split()
)
"""CUDA's functions whose names glibc's headers declare as something else."""
_AFTER_HEADERS = """
template <class A, class B> static inline typename std::common_type<A, B>::type min(A a, B b) { \
return b < a ? b : a; }
template <class A, class B> static inline typename std::common_type<A, B>::type max(A a, B b) { \
return a < b ? b : a; }
"""


def include_headers(names: Sequence[str]) -> str:
    """Return C++ text that includes the standard library's headers `names` (such as `vector`) in
    place of prelude_cpp.h, and declares what nvcc knows without a header.
    """
    # <math.h> and <stdlib.h> of C++ make the overloads of std known outside it.
    included = "".join(
        f"#include <{name}>\n"
        for name in dict.fromkeys([*names, "math.h", "stdlib.h", "type_traits"])
    )
    return (
        included + "".join(f"#define {name} cv_{name}\n" for name in _OTHERS_NAMES) + _AFTER_HEADERS
    )


def emit_shim(request: CompileRequest, symbol: str, namespace: str, copy: str = "") -> str:
    """Return C++ text that defines the entry `symbol` for the program of `request`. The entry takes
    a table of argument pointers and launches or calls the program's function.

    namespace: the C++ namespace of its rewritten text. copy: namespace of its text without the
        pattern for unset variables; '' if there is no such text.
    """
    name = request.program.name
    if request.signature.style == "kernel":
        return _kernel_shim(request, symbol, namespace, copy)
    if needs_assembly(request.signature):
        return _assembling_shim(request, symbol, namespace, copy)
    maker = (
        "cv_shim_device" if find_side(request.program.text, name) == "device" else "cv_shim_host"
    )
    further = (
        f", (decltype(&{namespace}::{name})){copy}::{name}" if copy else ""
    )  # its structures are types of their own
    return f"{_ENTRY} {symbol}(void **args) {{ {maker}({namespace}::{name}, args{further}); }}\n"


def _assembling_shim(request: CompileRequest, symbol: str, namespace: str, copy: str) -> str:
    """Of a host function."""
    roles = {
        f"{symbol}_{role}": space for role, space in (("host", namespace), ("copy", copy)) if space
    }
    bodies = [
        f"CV_UNSEEN static void {name}(void **a) {{ {emit_call(request, space, _argument)} }}\n"
        for name, space in roles.items()
    ]
    chosen = (
        f"if (cv_begin(args, {len(request.signature.parameters)}, "
        f"{'true' if copy else 'false'})) {list(roles)[-1]}(args); else "
        f"{symbol}_host(args);"
    )
    return "".join(bodies) + f"{_ENTRY} {symbol}(void **args) {{ {chosen} }}\n"


_ENTRY = 'extern "C" __attribute__((visibility("default"))) CV_UNSEEN void'


def _kernel_shim(request: CompileRequest, symbol: str, namespace: str, copy: str) -> str:
    """One thread as a function of the argument table, and the launch of all of them."""
    n = len(request.signature.parameters)
    threads = {
        f"{symbol}_{role}": space
        for role, space in (("thread", namespace), ("copy", copy))
        if space
    }
    waits = any(t.text == "this_grid" for t in tokenize(request.program.text))
    before, after = ("cv_cooperative(1); ", "cv_cooperative(0); ") if waits else ("", "")
    bodies = [
        f"CV_UNSEEN static void {name}(void *p) {{ void **a = (void **)p; (void)a; "
        f"{emit_call(request, space, _argument)} }}\n"
        for name, space in threads.items()
    ]
    return (
        "".join(bodies) + f"{_ENTRY} {symbol}(void **args) {{ {before}cv_launch_kernel(args, {n}, "
        f"{', '.join(threads)}); {after}}}\n"
    )


def _argument(p: Parameter, index: int) -> str:
    if p.kind != "scalar" and not p.by_reference:
        return f"cv_kernel_pointer{{a[{index}]}}"
    return (
        f"*({C_TYPES[p.type]} *)a[{index}]"
        if p.type in C_TYPES and p.kind == "scalar"
        else f"cv_kernel_value{{a[{index}]}}"
    )


def emit_program(request: CompileRequest) -> str:
    """Return the text of the program of `request` as g++ gets it: rewritten for the emulation, in
    an unnamed namespace.
    """
    return f"namespace {{\n#line 1\n{rewrite_cuda(request.program.text)}\n}}\n"


def find_side(text: str, name: str) -> str:
    """Return where the function `name` of a CUDA text runs: `kernel`, `device` (only __device__) or
    `host`, also if there is no such function.
    """
    unit = parse_c_family(text, "cuda")
    words = {w for f in find(unit.items, Function) if f.name == name for w in f.qualifiers}
    if "__global__" in words:
        return "kernel"
    return "device" if "__device__" in words and "__host__" not in words else "host"
