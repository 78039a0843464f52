"""One CUDA text as two: what the device compiler gets, and what g++ gets to run the host functions
beside a real device.

Contract: text to text by tokens, line numbers kept, as in cuda_rewrite; text that cannot be read is
left for the compilers to complain about.

* extract_device_text: host functions and variables are blanked (device code that uses them fails,
  as it
  must), covered includes dropped
* extract_host_text: the body of every kernel becomes CV_STUB(parameters), which hands the launch to
  the GPU
  worker
* parse_name_expression: `void ns::{anonymous}::k(T*) [with T = float]`, as g++ writes it, ->
  `ns::k<float>`, as NVRTC wants it

    python -c "from gpu_runtime.cuda.source import extract_host_text; \\
        print(extract_host_text('__global__ void k(int *a, int n) { a[0] = n; }'))"
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from corpora.analysis.loops import root_name
from corpora.frontends.c_family import parse_c_family
from corpora.ir import Call, find
from corpora.records import Program, Signature
from gpu_runtime.call import shims_cpp, shims_cuda
from gpu_runtime.compile.headers import PASSED_OVER_IN_CUDA
from gpu_runtime.emulation.cuda_rewrite import (
    Token,
    blank_includes,
    find_closing_bracket,
    find_next_token,
    tokenize,
)

_INCLUDE = re.compile(r"[ \t]*#[ \t]*(include\w*|import|embed)\b[ \t]*(?:[<\"]([^>\"\n]+)[>\"])?")
_ANNOTATED = frozenset({"__global__", "__device__", "constexpr"})
_NOT_HOST = _ANNOTATED | frozenset(
    "const __constant__ __shared__ __managed__ typedef using struct class union enum "
    "template namespace static_assert".split()
)
"""A statement at the top level with none of these words declares a host variable or function."""
_SYMBOL_ARGUMENT = {
    "cudaMemcpyToSymbol": 0,
    "cudaMemcpyToSymbolAsync": 0,
    "cudaMemcpyFromSymbol": 1,
    "cudaMemcpyFromSymbolAsync": 1,
    "cudaGetSymbolAddress": 1,
}
"""Calls that name a device variable, and which of their arguments does."""


@dataclass(frozen=True, slots=True)
class _Function:
    """Token indices of one function definition: its first token, `(` and `)` of its parameters, `{`
    and `}` of its body.

    A statement that defines no function has body -1 and ends with its `;`.
    """

    first: int
    opening: int
    closing: int
    body: int
    end: int
    words: frozenset[str]


def find_foreign_include(text: str) -> str:
    """Return the first header that `text` includes and no prelude stands for; '' if there is
    none.
    """
    for token in tokenize(text):
        if token.kind == "directive" and (found := _INCLUDE.match(token.text)):
            name = (found[2] or "").strip()
            if found[1] != "include" or name not in PASSED_OVER_IN_CUDA:
                return name or token.text.strip()[:60]
    return ""


def extract_device_text(program: Program) -> str:
    """Return what NVRTC compiles of a program: kernels, device functions, types and variables. Host
    functions are blanked; line numbers stay.
    """
    tokens = blank_includes(program.text)
    for function in list(_top_level(tokens)):
        if not function.words & (_ANNOTATED if function.body >= 0 else _NOT_HOST):
            for token in tokens[function.first : function.end + 1]:
                token.text = "\n" * token.text.count("\n")
    return "".join(t.text for t in tokens)


def extract_host_text(text: str) -> str:
    """Return what g++ compiles of a program: each kernel's body becomes a stub that hands the
    launch to the GPU worker. Everything else stays.
    """
    tokens = tokenize(text)
    for function in list(_functions(tokens)):
        if "__global__" in function.words:
            names = _parameter_names(tokens[function.opening + 1 : function.closing])
            lines = sum(t.text.count("\n") for t in tokens[function.body + 1 : function.end])
            for token in tokens[function.body + 1 : function.end]:
                token.text = ""
            tokens[function.body].text = (
                "{ CV_STUB(" + ", ".join(["__PRETTY_FUNCTION__", *names]) + "); " + "\n" * lines
            )
    return "".join(t.text for t in tokens)


def find_used_symbols(text: str) -> list[str]:
    """Return the names of device variables that host code copies to or from, each once."""
    names = []
    for call in find(parse_c_family(text, "cuda").items, Call):
        place = _SYMBOL_ARGUMENT.get(getattr(call.function, "id", ""), len(call.arguments))
        name = root_name(call.arguments[place]) if place < len(call.arguments) else None
        names += [name.rpartition("::")[2]] if name else []
    return list(dict.fromkeys(names))


def classify_entry(program: Program, signature: Signature) -> str:
    """Return where the program's entry function runs: `kernel`, `device` (only __device__) or
    `host`.
    """
    if signature.style == "kernel":
        return "kernel"
    side = shims_cuda.find_side(program.text, program.name)
    return "host" if side == "kernel" else side


def has_device_state(text: str) -> bool:
    """Return whether `text` names device variables, whose values outlive a launch. Then each call
    needs a freshly loaded module.
    """
    return bool(re.search(r"__constant__|__device__|__managed__", text))


def make_entry_expression(
    program: Program, signature: Signature, namespace: str, symbol: str
) -> str:
    """Return NVRTC's name expression for what is launched: the kernel in `namespace`, or the entry
    kernel of a device function. symbol: the program's entry symbol.
    """
    return (
        f"{namespace}::{program.name}"
        if classify_entry(program, signature) == "kernel"
        else f"{symbol}_entry"
    )


def emit_device_entry(program: Program, signature: Signature, namespace: str, symbol: str) -> str:
    """Return CUDA text of a kernel that calls a __device__ function in every thread. Thread 0's
    returned value counts. symbol: the program's entry symbol.
    """
    declared, passed = [], []
    for i, p in enumerate(signature.parameters):
        if p.kind == "scalar" and p.type in _TYPES and not p.by_reference:
            declared.append(f"{_TYPES[p.type]} a{i}")
            passed.append(f"a{i}")
        else:
            declared.append(f"void *a{i}")
            passed.append(f"cv_pointer{{a{i}}}")
    call = f"{namespace}::{program.name}({', '.join(passed)})"
    result = _TYPES.get(signature.result or "")
    body = f"{{ {call}; }}"
    if result:
        first = (
            "threadIdx.x + threadIdx.y + threadIdx.z + blockIdx.x + blockIdx.y + blockIdx.z == 0"
        )
        body = f"{{ auto value = {call}; if ({first}) *({result} *)result = value; }}"
    return (
        f'extern "C" __global__ void '
        f"{symbol}_entry({', '.join([*declared, 'void *result'])}) {body}\n"
    )


_TYPES = {
    k: v.replace("cv_f32", "float").replace("cv_f64", "double")
    for k, v in shims_cpp.C_TYPES.items()
}


def parse_name_expression(pretty: str, namespace: str) -> str:
    """Turn a kernel's name as g++ prints it into the name expression of NVRTC.

    `void ns::{anonymous}::k(T*) [with T = float]` gives `ns::k<float>`, in `namespace`. Returns ''
    if it cannot be read.
    """
    found = re.fullmatch(
        r".*?\bns_\w+::\{anonymous\}::([\w:]+)\(.*?\)(?:\s*\[with (.*)\])?", pretty, re.S
    )
    if not found:
        return ""
    values = []
    for part in _split(found[2] or "", ";"):
        name, _, value = part.partition("=")
        if name.strip() and not name.strip().endswith(
            "_t"
        ):  # `; size_t = long unsigned int` explains a typedef
            values.append(value.strip().replace("{anonymous}::", ""))
    return f"{namespace}::{found[1]}" + (f"<{', '.join(values)}>" if values else "")


def read_kernel_names(artifact: bytes, host_symbol: str) -> list[str]:
    """Return the kernels that a host artifact may launch, spelled as g++ prints them. artifact: its
    bytes. host_symbol: part of its namespace.
    """
    pattern = (
        rb"void ns_" + host_symbol.encode() + rb"::\{anonymous\}::[\w:]+\([^\0]*?\)(?: \[with "
        rb"[^\0\]]*(?:\[[^\0\]]*\][^\0\]]*)*\])?(?=\0)"
    )
    return list(
        dict.fromkeys(m.group().decode(errors="replace") for m in re.finditer(pattern, artifact))
    )


def _functions(tokens: list[Token]) -> Iterator[_Function]:
    """Function definitions at the top level and inside namespaces, in order."""
    return (f for f in _top_level(tokens) if f.body >= 0)


def _top_level(tokens: list[Token]) -> Iterator[_Function]:
    """Function definitions and statements at the top level and inside namespaces, in order."""
    i, first, inside = (
        0,
        0,
        False,
    )  # inside: behind a type's or an initialiser's braces, before the `;`
    while i < len(tokens):
        token = tokens[i]
        if not token.code or (token.text in (";", "}") and not inside):
            i += 1
            first = first if inside else i
            continue
        opening, body = -1, -1
        while i < len(tokens) and tokens[i].text != ";":
            text = tokens[i].text if tokens[i].code else ""
            if text == "(":
                opening, i = i, find_closing_bracket(tokens, i)
                if i < 0:
                    return
            elif text == "{":
                body = i
                break
            i += 1
        if body < 0:
            inside = False
            if i < len(tokens):
                yield _Function(
                    first, opening, -1, -1, i, frozenset(t.text for t in tokens[first:i] if t.code)
                )
            continue
        words = frozenset(t.text for t in tokens[first:body] if t.code)
        if words & {"namespace"} or (opening < 0 and "extern" in words):
            i = first = body + 1
            continue
        end = find_closing_bracket(tokens, body)
        if end < 0:
            return
        if (
            opening >= 0
            and "=" not in words
            and not words
            & {"struct", "class", "union", "enum"} - _return_types(tokens, first, opening)
        ):
            yield _Function(first, opening, find_closing_bracket(tokens, opening), body, end, words)
            i = first = end + 1
        else:
            i, inside = end + 1, True


def _return_types(tokens: list[Token], first: int, opening: int) -> frozenset[str]:
    """`struct S f(int a) {`: the word is part of the return type where a name stands before the
    parameters.
    """
    before = find_next_token(tokens, opening - 1, -1)
    return (
        frozenset({"struct", "class", "union", "enum"})
        if before > first and tokens[before].kind == "name"
        else frozenset()
    )


def _parameter_names(tokens: list[Token]) -> list[str]:
    names = []
    for part in _split("".join(t.text if t.kind != "comment" else " " for t in tokens), ","):
        found = re.search(r"(\w+)\s*(?:\[[^\]]*\]\s*)*(?:=.*)?$", part.strip(), re.S)
        if found and part.strip() != "void":
            names.append(found[1])
    return names


def _split(text: str, mark: str) -> list[str]:
    """At `mark` outside brackets."""
    parts, depth = [""], 0
    for character in text:
        depth += (character in "([{<") - (character in ")]}>")
        if character == mark and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return [p for p in parts if p.strip()]
