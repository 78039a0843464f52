"""How a C++ or OpenMP program goes into a compile unit: its namespace, its shim, and whether it may
have neighbours.

Contract: `member` gives text whose errors carry the file names `pK` (program) and `sK` (shim) of
`native/abi.h` shims. `can_share_unit` says False for anything that could reach out of its
namespace: such a program is compiled alone.

    pytest tests/gpu_runtime/test_compile.py
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from corpora.records import Parameter
from gpu_runtime.backend import CompileRequest
from gpu_runtime.call.assembly import assemble_structures
from gpu_runtime.compile.headers import PASSED_OVER

C_TYPES = {
    "bool": "bool",
    "i8": "signed char",
    "u8": "unsigned char",
    "i16": "short",
    "u16": "unsigned short",
    "i32": "int",
    "u32": "unsigned int",
    "i64": "long",
    "u64": "unsigned long",
    "f32": "cv_f32",
    "f64": "cv_f64",
}

HELPERS = """
typedef float cv_f32; typedef double cv_f64;
struct cv_pointer { void *p; template <class T> operator T *() const { return (T *)p; } };
struct cv_reference { void *p; template <class T> operator T &() const { return *(T *)p; } };
typedef unsigned char uchar;
static inline double cv_still() { return 0; }
#define omp_get_wtime cv_still
#define restrict __restrict__
extern "C" { extern void *__dso_handle __attribute__((visibility("hidden"))); \
void *__dso_handle = 0; }
"""
"""What a shim needs where the prelude is replaced by real headers. The handle is what start files
define that are not linked here; <iostream> asks for it.
"""

_INCLUDE = re.compile(
    r"^[ \t]*#[ \t]*include[ \t]*(?:<[ \t]*([\w./+-]+)[ \t]*>|\"[ \t]*([^\"\n]+?)[ \t]*\").*$", re.M
)
_DEFINE = re.compile(r"^[ \t]*#[ \t]*define[ \t]+(\w+)", re.M)
_DIRECTIVE = re.compile(r"^[ \t]*#[ \t]*(\w*)(.*)$", re.M)
_REACHES_OUT = re.compile(
    r"__attribute__|\[\[|\basm\b|\b__asm|_Pragma|extern\s*\"C|\?\?|%:|<%|\bcv_|__tsan|__asan|##|\bimport\b|\bmodule\b"
)
_TOKEN = re.compile(
    r"//[^\n]*|/\*.*?\*/|R\"(\w{0,16})\(.*?\)\1\"|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])+'|[{}()\[\]]|[\"']|/\*",
    re.S,
)
_CLOSES = {"}": "{", ")": "(", "]": "["}


def find_includes(text: str) -> list[str]:
    """Return the names of the headers that `text` includes, as written."""
    return [a or b for a, b in _INCLUDE.findall(text)]


def blank_includes(text: str) -> str:
    """Return `text` with its includes of PASSED_OVER blanked; line numbers stay."""
    return _INCLUDE.sub(lambda m: "" if (m[1] or m[2]) in PASSED_OVER else m[0], text)


@lru_cache(maxsize=512)
def is_balanced(text: str) -> bool:
    """Whether brackets, comments, literals and conditionals all close, so that what follows `text`
    is read as intended.
    """
    stack: list[str] = []
    for found in _TOKEN.finditer(re.sub(r"(?<=[0-9a-fA-F])'(?=[0-9a-fA-F])", "", text)):
        token = found[0]
        if token in "{([":
            stack.append(token)
        elif token in _CLOSES:
            if not stack or stack.pop() != _CLOSES[token]:
                return False
        elif token in ('"', "'", "/*"):
            return False
    return not stack and not text.rstrip().endswith("\\")


def explain_malformed(text: str) -> str:
    """Return why `text` cannot be a program by itself, '' if it may be. Texts with preprocessor
    conditions are left to the compiler.
    """
    if re.search(r"^[ \t]*#[ \t]*(if|ifdef|ifndef|else|elif)\b", text, re.M) or is_balanced(text):
        return ""
    return "program.cpp: error: brackets, comments or quotes do not match"


@lru_cache(maxsize=512)
def can_share_unit(text: str, prelude_macros: frozenset[str]) -> bool:
    """Whether `text` may be compiled in one unit with others."""
    if _REACHES_OUT.search(text) or not is_balanced(text):
        return False
    for word, rest in _DIRECTIVE.findall(text):
        if word not in ("define", "undef", "pragma", "include", ""):
            return False
        if word == "pragma" and not re.match(
            r"\s*(omp|unroll|GCC\s+(ivdep|unroll)|ivdep|simd)\b", rest
        ):
            return False
        if word == "pragma" and re.match(r"\s*omp\s+(declare|requires|begin|end)\b", rest):
            return False
    return not any(name in prelude_macros for name in _DEFINE.findall(text))


def undefine_macros(text: str) -> str:
    """Return `#undef` lines for the macros of `text`, so that they do not reach what follows."""
    return "".join(f"#undef {name}\n" for name in dict.fromkeys(_DEFINE.findall(text)))


def _argument(p: Parameter, index: int) -> str:
    if p.kind != "scalar" and not p.by_reference:
        return f"cv_pointer{{a[{index}]}}"
    if p.by_reference or p.type not in C_TYPES:
        return f"cv_reference{{a[{index}]}}"
    return f"*({C_TYPES[p.type]} *)a[{index}]"


def emit_shim(request: CompileRequest, symbol: str, namespace: str) -> str:
    """Return C++ text that defines the entry `symbol` for the function of `request` in
    `namespace`.
    """
    return f'extern "C" void {symbol}(void **a) {{ {emit_call(request, namespace, _argument)} }}\n'


def emit_call(
    request: CompileRequest, namespace: str, argument: Callable[[Parameter, int], str]
) -> str:
    """Return C++ statements that call the function of `request` in `namespace`. argument(parameter,
    index): the text that takes it from the table `a` of argument pointers.
    """
    n, result = len(request.signature.parameters), request.signature.result
    made = assemble_structures(request.signature, namespace, argument)
    call = f"{namespace}::{request.program.name}({made.arguments})"
    if result in C_TYPES:
        call = f"*({C_TYPES[result]} *)a[{n}] = {call}"
    elif result:
        call = f"auto r = {call}; __builtin_memcpy(a[{n}], &r, sizeof r)"
    return f"{made.before} {call}; {made.after}"


def emit_program(request: CompileRequest) -> str:
    """Return the program's text as it stands inside its namespace."""
    return blank_includes(request.program.text)
