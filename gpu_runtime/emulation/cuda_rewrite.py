"""Makes CUDA C++ into C++ that g++ takes with native/prelude_cuda.h: what only nvcc's grammar knows
is rewritten.

Contract: text to text, line numbers kept, one token or a thousand lines alike (whitespace-tokenised
text is fine). Text that is not CUDA comes back unchanged; text that is broken comes back broken in
the same place, for the compiler to complain about.

* `k<<<g, b, s>>>(args)`         -> `cv_call(cv_config(g, b, s), [](auto... cv_a) { k(cv_a...); },
  args)`
* the same in the body of a macro
* `extern __shared__ T x[];`     -> `T *x = (T *)cv_dynamic_shared;`
* `__shared__ T x[N];`           -> the same, and a gap of known bytes behind it (an access to the
  gap is out of bounds)
* the same inside a template     -> a place in memory that the runner watches
  (gpu_runtime.emulation.shared_memory)
* `__device__ T x;` (a variable) -> goes to a section that is put back before every call
* includes that the preludes stand for are dropped

    python -c "from gpu_runtime.emulation.cuda_rewrite import rewrite_cuda; \\
        print(rewrite_cuda('void f(){ k<<<1,2>>>(x); }'))"
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from gpu_runtime.compile.headers import COMPLEX, PASSED_OVER_IN_CUDA
from gpu_runtime.emulation.shared_memory import (
    find_template_bodies,
    rewrite_dynamic_shared,
    rewrite_static_shared,
)

_TOKEN = re.compile(
    r"""(?P<directive>(?<![^\n])[ \t]*\#(?:\\\n|[^\n])*)|(?P<space>\s*\n|[^\S\n]+|\\\n)
    |(?P<comment>//[^\n]*|/\*.*?\*/)
    |(?P<string>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')|(?P<name>[A-Za-z_]\w*)
    |(?P<number>\.?\d(?:[eEpP][+-]|[\w.'])*)
    |(?P<mark><<<|>>>|::|->|.)""",
    re.X | re.S,
)
_INCLUDE = re.compile(r"[ \t]*#[ \t]*include[ \t]*[<\"]([^>\"]+)[>\"]")
_OPEN, _CLOSE = {"(": ")", "[": "]", "{": "}"}, {")": "(", "]": "[", "}": "{"}


@dataclass(slots=True)
class Token:
    """One token; `text` is replaced in place. kind: the group names of the lexer."""

    kind: str
    text: str

    @property
    def code(self) -> bool:
        return self.kind not in ("space", "comment", "directive")


def tokenize(text: str) -> list[Token]:
    """Every character of `text`, as tokens; joining their texts gives it back."""
    return [Token(m.lastgroup or "mark", m.group()) for m in _TOKEN.finditer(text)]


def rewrite_cuda(text: str) -> str:
    """Return CUDA text rewritten as C++ for g++, line by line. What cannot be read stays for the
    compiler; nothing is raised.
    """
    tokens = blank_includes(text)
    _launches(tokens)
    _macro_launches(tokens)
    _declarations(tokens)
    return "".join(token.text for token in tokens)


def blank_includes(text: str) -> list[Token]:
    """The tokens of `text` with includes of PASSED_OVER_IN_CUDA blanked, but for one that opens a
    namespace; lines stay.
    """
    tokens = tokenize(text)
    for token in tokens:
        if (
            token.kind == "directive"
            and (found := _INCLUDE.match(token.text))
            and found[1].strip() in PASSED_OVER_IN_CUDA
        ):
            opened = "using namespace cv_complex;" if found[1].strip() == COMPLEX else ""
            token.text = opened + "\n" * token.text.count("\n")
    return tokens


def find_next_token(tokens: list[Token], i: int, step: int = 1) -> int:
    """Index of the next code token from i on (i included), or -1."""
    while 0 <= i < len(tokens):
        if tokens[i].code:
            return i
        i += step
    return -1


def find_closing_bracket(tokens: list[Token], i: int) -> int:
    """Return the index of the bracket that closes the one at index `i`, or -1."""
    depth = 0
    for j in range(i, len(tokens)):
        if tokens[j].kind == "mark":
            depth += (tokens[j].text in _OPEN) - (tokens[j].text in _CLOSE)
            if depth == 0:
                return j
    return -1


def _callee_start(tokens: list[Token], i: int) -> int:
    """Index of the first token of the kernel name that ends before i: `k`, `ns::k` or `k<T>`; -1
    when there is none.
    """
    j = find_next_token(tokens, i - 1, -1)
    if j >= 0 and tokens[j].text == ">":
        depth = 0
        while j >= 0:
            depth += (tokens[j].text == ">") - (tokens[j].text == "<")
            if depth == 0 or tokens[j].text in ";{}":
                break
            j -= 1
        j = find_next_token(tokens, j - 1, -1)
    while j >= 0 and tokens[j].kind == "name":
        before = find_next_token(tokens, j - 1, -1)
        if before < 0 or tokens[before].text != "::":
            return j
        further = find_next_token(tokens, before - 1, -1)
        if further < 0 or tokens[further].kind != "name":
            return before
        j = further
    return -1


def _launches(tokens: list[Token]) -> None:
    for i, token in enumerate(tokens):
        if token.text != "<<<" or token.kind != "mark":
            continue
        start = _callee_start(tokens, i)
        end = next((j for j in range(i, len(tokens)) if tokens[j].text in (">>>", ";")), -1)
        opening = find_next_token(tokens, end + 1) if end >= 0 and tokens[end].text == ">>>" else -1
        closing = (
            find_closing_bracket(tokens, opening)
            if opening >= 0 and tokens[opening].text == "("
            else -1
        )
        if start < 0 or closing < 0:
            continue
        kernel = "".join(t.text for t in tokens[start:i] if t.code)
        for j in range(start, i):
            tokens[j].text = "\n" * tokens[j].text.count("\n")
        bare = all(not t.code for t in tokens[opening + 1 : closing])
        tokens[i].text = "cv_call(cv_config("
        tokens[end].text = f"), [](auto... cv_a) {{ {kernel}(cv_a...); }}" + ("" if bare else ",")
        handed_on = [t.text for t in tokens[opening + 1 : closing] if t.code] == ["__VA_ARGS__"]
        tokens[opening].text = "##" if handed_on else ""  # which may be nothing at all


def _macro_launches(tokens: list[Token]) -> None:
    """Launches in the bodies of macros: `#define RUN(k, n, ...) k<<<n, 64>>>(__VA_ARGS__)`."""
    for token in tokens:
        if token.kind == "directive" and "<<<" in token.text:
            before, mark, behind = token.text.partition("#")
            inner = tokenize(behind)
            if inner[find_next_token(inner, 0)].text == "define":
                _launches(inner)
                body = "".join(t.text for t in inner)
                # every line but the last goes on
                token.text = before + mark + body.replace("\\\n", "\n").replace("\n", "\\\n")


def _declarations(tokens: list[Token]) -> None:
    """Statements that declare __shared__, __device__ or __constant__ variables."""
    gaps = 0
    templates = find_template_bodies(tokens, find_closing_bracket)
    for i, token in enumerate(tokens):
        if token.text not in ("__shared__", "__device__", "__constant__", "__managed__"):
            continue
        first, last = _statement(tokens, i)
        if last < 0:
            continue
        words = {t.text for t in tokens[first:last] if t.code}
        if token.text == "__shared__" and "extern" in words:
            rewrite_dynamic_shared(tokens, first, last)
        elif (
            token.text == "__shared__"
            and any(i in body for body in templates)
            and rewrite_static_shared(tokens, first, last, gaps)
        ):
            gaps += 1
        elif token.text == "__shared__":
            tokens[last].text = f"; CV_GAP({gaps})"
            gaps += 1
            _drop(tokens, first, last, ("static", "__device__"))
        elif words & {"__constant__", "__managed__"}:
            _drop(
                tokens,
                first,
                last,
                ("static", "__device__") + (("__constant__",) if "const" in words else ()),
            )
            if "const" in words:
                token.text = "static"
        elif "const" not in words and "constexpr" not in words and "extern" not in words:
            _drop(tokens, first, last, ("static",))
            token.text = "CV_DEVICE_VARIABLE"


def _statement(tokens: list[Token], i: int) -> tuple[int, int]:
    """First token of the declaration round i and its `;`; (.., -1) when it declares a function (a
    `(` before `;` or `=`).
    """
    first = i
    while (
        first > 0
        and tokens[first - 1].kind != "directive"
        and tokens[first - 1].text not in (";", "{", "}", ")", ">")
    ):
        first -= 1
    j = i
    while j < len(tokens) and tokens[j].text not in (";", "=", "{", "}"):
        if tokens[j].text == "(":
            before = tokens[find_next_token(tokens, j - 1, -1)].text
            inside = (
                tokens[find_next_token(tokens, j + 1)].text
                if find_next_token(tokens, j + 1) >= 0
                else ""
            )
            if (
                before not in ("__align__", "__attribute__", "alignas", "__launch_bounds__", "[")
                and inside != "*"
            ):
                return first, -1
            j = find_closing_bracket(tokens, j)
            if j < 0:
                return first, -1
        j += 1
    while j < len(tokens) and tokens[j].text != ";":
        if tokens[j].text in _OPEN:
            j = find_closing_bracket(tokens, j)
            if j < 0:
                return first, -1
        elif tokens[j].text in _CLOSE:
            return first, -1
        j += 1
    return first, j if j < len(tokens) else -1


def _drop(tokens: list[Token], first: int, last: int, words: tuple[str, ...]) -> None:
    for token in tokens[first:last]:
        if token.kind == "name" and token.text in words:
            token.text = ""
