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

from corpora.analysis.loops import root_name
from corpora.frontends.c_directives import blank, directive_lines, included_path
from corpora.frontends.c_family import parse_c_family
from corpora.frontends.c_tokens import tokenize
from corpora.frontends.queries import functions_of
from corpora.ir import (
    Call,
    Declaration,
    Function,
    Module,
    Span,
    StructDefinition,
    TranslationUnit,
    find,
    walk,
)
from corpora.ir.edits import Edit, apply_edits
from corpora.records import Program, Signature
from gpu_runtime.call import shims_cpp, shims_cuda
from gpu_runtime.compile.headers import PASSED_OVER_IN_CUDA
from gpu_runtime.emulation.cuda_rewrite import blank_includes

_ON_DEVICE = frozenset({"__global__", "__device__", "constexpr"})
"""Words of functions that device code may call."""
_DATA_ON_DEVICE = frozenset(
    {"__device__", "__constant__", "__shared__", "__managed__", "constexpr"}
)
"""Words of variables that device code may read; constants are others."""
_SYMBOL_ARGUMENT = {
    "cudaMemcpyToSymbol": 0,
    "cudaMemcpyToSymbolAsync": 0,
    "cudaMemcpyFromSymbol": 1,
    "cudaMemcpyFromSymbolAsync": 1,
    "cudaGetSymbolAddress": 1,
}
"""Calls that name a device variable, and which of their arguments does."""


def find_foreign_include(text: str) -> str:
    """Return the name of the first header that `text` includes and that neither the standard
    library nor CUDA, as far as supported, provides; '' if there is none.
    """
    for line in directive_lines(text):
        if line.word.startswith("include") or line.word in ("import", "embed"):
            path = included_path(line, text)
            if line.word != "include" or path not in PASSED_OVER_IN_CUDA:
                return path or text[line.start : line.end].strip()[:60]
    return ""


def extract_device_text(program: Program) -> str:
    """Return what NVRTC compiles of a program: kernels, device functions, types and variables. Host
    functions are blanked; line numbers stay.
    """
    text = program.text
    edits = list(blank_includes(text))
    for span, linked in _host_parts(parse_c_family(text, "cuda")):
        # `extern "C"` before it needs something behind it
        empty = ";" if linked else ""
        edits.append(Edit(span.start, span.end, empty + blank(text[span.start : span.end])))
    return apply_edits(text, _outermost(edits))


def extract_host_text(text: str) -> str:
    """Return what g++ compiles of the CUDA text `text`: each kernel's body becomes a stub that
    hands the launch to the GPU worker. Everything else stays.
    """
    edits = []
    for function in functions_of(parse_c_family(text, "cuda")):
        inside = function.body_span
        names = [p.name for p in function.parameters]
        if "__global__" not in function.qualifiers or inside is None or inside.expanded:
            continue
        if not all(names):
            continue
        stub = "{ CV_STUB(" + ", ".join(["__PRETTY_FUNCTION__", *names]) + "); "
        edits.append(
            Edit(inside.start, inside.end, stub + blank(text[inside.start : inside.end]) + "}")
        )
    return apply_edits(text, _outermost(edits))


def _host_parts(unit: TranslationUnit) -> Iterator[tuple[Span, bool]]:
    """Functions and variables at the top level and in namespaces that only the host has, and
    whether their language is given before them. What one use of a macro makes goes as a whole.
    """
    kept, dropped = set(), {}
    waiting = list(reversed(unit.items))
    while waiting:
        item = waiting.pop()
        if isinstance(item, Module):
            waiting += reversed(item.items)
        elif isinstance(item, Function) and item.span is not None:
            linked = bool(item.language_linkage)
            if _ON_DEVICE & set(item.qualifiers):
                kept.add((item.span.start, item.span.end))
            else:
                dropped[item.span.start, item.span.end] = (item.span, linked)
        elif isinstance(item, Declaration) and item.group is not None:
            linked = any("extern" in word and '"' in word for word in item.storage)
            if _DATA_ON_DEVICE & set(item.storage) or _is_constant(item):
                kept.add((item.group.start, item.group.end))
            else:
                dropped[item.group.start, item.group.end] = (item.group, linked)
        elif isinstance(item, StructDefinition) and item.span is not None:
            kept.add((item.span.start, item.span.end))
    for (start, end), found in dropped.items():
        if not any(a < end and start < b for a, b in kept):
            yield found


def _is_constant(declared: Declaration) -> bool:
    return any(getattr(part, "const", False) for part in walk(declared.type))


def _outermost(edits: list[Edit]) -> list[Edit]:
    """Without those that lie in another one."""
    found: list[Edit] = []
    for edit in sorted(edits, key=lambda e: (e.start, -e.end)):
        if not found or edit.start >= found[-1].end:
            found.append(edit)
    return found


def find_used_symbols(text: str) -> list[str]:
    """Return the names of device variables that host code in the CUDA text `text` copies to or
    from, or takes the address of, each once.
    """
    names = []
    for call in find(parse_c_family(text, "cuda").items, Call):
        place = _SYMBOL_ARGUMENT.get(getattr(call.function, "id", ""), len(call.arguments))
        name = root_name(call.arguments[place]) if place < len(call.arguments) else None
        names += [name.rpartition("::")[2]] if name else []
    return list(dict.fromkeys(names))


def classify_entry(program: Program, signature: Signature) -> str:
    """Return where the program's entry function runs: `kernel`, `device` (only __device__) or
    `host`. signature: the entry's; its style tells a kernel.
    """
    if signature.style == "kernel":
        return "kernel"
    side = shims_cuda.find_side(program.text, program.name)
    return "host" if side == "kernel" else side


def has_device_state(text: str) -> bool:
    """Return whether the CUDA text `text` may have device variables, whose values outlive a launch:
    it has the word `__device__`, also of a function, `__constant__` or `__managed__`. Then each
    call needs a freshly loaded module.
    """
    return any(t.text in ("__constant__", "__device__", "__managed__") for t in tokenize(text))


def make_entry_expression(
    program: Program, signature: Signature, namespace: str, symbol: str
) -> str:
    """Return NVRTC's name expression for what is launched: the kernel in `namespace`, or the entry
    kernel of a device function.

    signature: the entry function's. namespace: the C++ namespace that holds the program. symbol:
        the program's entry symbol.
    """
    return (
        f"{namespace}::{program.name}"
        if classify_entry(program, signature) == "kernel"
        else f"{symbol}_entry"
    )


def emit_device_entry(program: Program, signature: Signature, namespace: str, symbol: str) -> str:
    """Return CUDA text of a kernel `<symbol>_entry` that calls the program's entry, a __device__
    function, in every thread. Thread 0's returned value counts.

    signature: the entry function's. namespace: the C++ namespace that holds the program. symbol:
        the program's entry symbol.
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
    """Turn a kernel's name as g++ prints it into the name expression of NVRTC; '' if it cannot be
    read.

    pretty: such as `void ns_x::{anonymous}::k(T*) [with T = float]`, which gives `ns::k<float>` in
        the namespace `ns`. namespace: the C++ namespace that holds the kernel for NVRTC.
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
    """Return the kernels that a host artifact may launch, each once, spelled as g++ prints them.
    artifact: the bytes of its file. host_symbol: the program's entry symbol in it, which is part of
    the name of its namespace and tells its kernels from others.
    """
    pattern = (
        rb"void ns_" + host_symbol.encode() + rb"::\{anonymous\}::[\w:]+\([^\0]*?\)(?: \[with "
        rb"[^\0\]]*(?:\[[^\0\]]*\][^\0\]]*)*\])?(?=\0)"
    )
    return list(
        dict.fromkeys(m.group().decode(errors="replace") for m in re.finditer(pattern, artifact))
    )


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
