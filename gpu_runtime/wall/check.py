"""The static wall: what no candidate may use, said in one line before any compiler sees it.

Contract: `check_program(program)` gives None or the reason for REFUSED. It works on tokens, so it
needs no parser and cannot be led astray by layout. Calls go by a list of what is allowed (functions
of the text itself, C/C++/CUDA mathematics and run-time, `omp_*`), because a list of what is
forbidden is never complete. It is the first wall; the sandbox holds by itself. Honest code must
pass: a name that is missing from the list is a bug here.

    python -c "from corpora.records import Program; \\
        from gpu_runtime.wall.check import check_program; \
print(check_program(Program('cpp', 'f', 'void f(int *a) { system(\"ls\"); }')))"
"""

from __future__ import annotations

import re
from collections.abc import Callable

from corpora.dialects import get_dialect
from corpora.records import Program
from gpu_runtime.emulation.cuda_rewrite import Token, tokenize
from gpu_runtime.openmp import offload
from gpu_runtime.wall.calls import find_definitions, find_indirect_call, find_unknown_call
from gpu_runtime.wall.names import ALLOWED_ATTRIBUTES, ALLOWED_DUNDER, FORBIDDEN_WORDS
from gpu_runtime.wall.preprocessor import DEFINE, check_directives, find_function_macros


def check_program(program: Program) -> str | None:
    """Why `program` is refused, one line, or None."""
    row = get_dialect(program.dialect)
    reason = _VETS[row.language](program)
    if reason is None and row.model == "openmp" and _DOACROSS.search(program.text):
        return (
            "iterations that wait for each other by 'depend(sink)' cannot be judged here "
            "(their order is unknown to the race detector)"
        )
    return (
        offload.explain_refusal(program.text)
        if reason is None and row.model == "offload"
        else reason
    )


def vet_file(program: Program) -> str | None:
    """What of the text reaches beyond the function that it stands in (assembly, attributes, pragmas
    of the linker), one line, or None.

    A function may be judged without the rest of its file only where there is none of it. The text's
    own macros are written out.
    """
    if get_dialect(program.dialect).language == "fortran":
        from gpu_runtime.wall.fortran import split_statements  # late, as below

        lines = split_statements(program.text)
        if re.search(r"^\s*#", program.text, re.M):
            return "preprocessor directives are not allowed in Fortran"
        return "compiler directives are not allowed" if "!directive" in lines else None
    tokens = tokenize(program.text)
    code = [t for t in tokens if t.code]
    directives = [t.text for t in tokens if t.kind == "directive"]
    if _hides_directive(tokens):
        return "a preprocessor directive that does not begin its line"
    words = {"asm", "__asm", "__asm__", "_asm", "_Pragma", "__pragma", "import"} & {
        t.text for t in code
    }
    if words:
        return f"'{min(words)}' reaches beyond the function that it stands in"
    return check_directives(
        [d for d in directives if re.match(r"\s*#\s*pragma\b", d)]
    ) or _attributes(code)


_DOACROSS = re.compile(
    r"^[ \t]*(?:#[ \t]*pragma[ \t]+|!\$)omp[ \t]+ordered\b(?:\\\n|[^\n])*?\(\s*(?:sink|source)\b",
    re.M | re.I,
)
"""Right ones were called races; and g++'s run-time waits without giving way, which ends in a
timeout where threads outnumber cores.
"""


def _check_fortran(program: Program) -> str | None:
    from gpu_runtime.wall.fortran import check_fortran  # late: most programs are C++

    return check_fortran(program.text)


def _check_cpp(program: Program) -> str | None:
    if "\0" in program.text:
        return "the text holds a NUL character"
    tokens = tokenize(program.text)
    code = [t for t in tokens if t.code]
    directives = [t.text for t in tokens if t.kind == "directive"]
    macros = find_function_macros(directives)
    names = {t.text for t in code if t.kind == "name"} | set(
        re.findall(r"\w+", " ".join(d for d in directives if DEFINE.match(d)))
    )
    if reason := check_directives(directives, names):
        return reason
    if _hides_directive(tokens):
        return "a preprocessor directive that does not begin its line"
    bodies = [t for d in directives if (m := DEFINE.match(d)) for t in tokenize(m[3]) if t.code]
    for check in (_words, _attributes, _strings):
        if reason := check(code + bodies):
            return reason
    return (
        _state(code)
        or find_unknown_call(code, macros)
        or find_unknown_call(bodies, macros | find_definitions(code), in_macro=True)
        or find_indirect_call(code)
    )


def _hides_directive(tokens: list[Token]) -> bool:
    """Whether nothing but comments and odd white space stands between the beginning of a line and a
    `#`: the checks above did not see it.
    """
    blank = True
    for token in tokens:
        if token.text == "#" and blank:
            return True
        blank = (
            token.kind == "directive"
            or (blank if token.kind in ("comment", "space") else False)
            or (token.kind == "space" and "\n" in token.text)
        )
    return False


# ---- words ----


def _words(code: list[Token]) -> str | None:
    for i, token in enumerate(code):
        text = token.text
        if token.kind != "name":
            if (
                text == "%"
                and i + 1 < len(code)
                and code[i + 1].text == ":"
                and (i == 0 or code[i - 1].text in (";", "}"))
            ):
                return "digraphs are not allowed"
            continue
        lowered = text.lower()
        if text in FORBIDDEN_WORDS:
            return f"'{text}' is not allowed in a program ({FORBIDDEN_WORDS[text]})"
        if lowered.startswith(
            (
                "cv_",
                "__tsan",
                "__asan",
                "__ubsan",
                "__sanitizer",
                "gomp_",
                "kmp_",
                "__kmp",
                "_z",
                "__cv",
            )
        ):
            return f"'{text}' is a name of the engine or its run-time"
        if text.startswith("__") and text not in ALLOWED_DUNDER:
            return f"'{text}' is a reserved name that is not in use here"
        if text == "goto" and i + 1 < len(code) and code[i + 1].text == "*":
            return "a computed goto"
        if (
            text in ("thread", "atomic_thread_fence", "this_thread", "async")
            and i > 1
            and code[i - 1].text == "::"
            and code[i - 2].text == "std"
        ):
            return f"'std::{text}' is not allowed in a program (it starts threads)"
        if text == "extern" and not _shared_extern(code, i) and not _defines_for_c(code, i):
            return "'extern' declares what the program does not define"
    return None


def _shared_extern(code: list[Token], i: int) -> bool:
    """`extern __shared__ ...` in any order up to the `;`."""
    words = []
    for token in code[i : i + 12]:
        if token.text in (";", "{", "("):
            break
        words.append(token.text)
    return "__shared__" in words


def _defines_for_c(code: list[Token], i: int) -> bool:
    """`extern "C"` in front of a function's body, as a host function has that Fortran calls by
    bind(C); not of a declaration.
    """
    if i + 1 >= len(code) or code[i + 1].text != '"C"':
        return False
    words = [t.text for t in code[i + 2 : i + 400]]
    end = next((j for j, word in enumerate(words) if word in (";", "{")), 0)
    return words[end] == "{" and words[end - 1] == ")" and not {"_init", "_fini"} & set(words[:end])


def _attributes(code: list[Token]) -> str | None:
    for i, token in enumerate(code):
        if token.text == "__attribute__" or (
            token.text == "["
            and i + 1 < len(code)
            and code[i + 1].text == "["
            and _opens_attribute(code, i)
        ):
            words = []
            depth = 0
            for t in code[i + (token.text == "__attribute__") :]:
                depth += (t.text in "([") - (t.text in ")]")
                if t.kind == "name":
                    words.append(t.text.strip("_"))
                if depth == 0:
                    break
            if bad := [w for w in words if w not in ALLOWED_ATTRIBUTES]:
                return f"the attribute '{bad[0]}' is not allowed"
    return None


def _opens_attribute(code: list[Token], i: int) -> bool:
    return (
        i == 0
        or code[i - 1].text in (";", "{", "}", ")", ":", ",")
        or code[i - 1].kind == "directive"
    )


def _strings(code: list[Token]) -> str | None:
    for token in code:
        if token.kind == "string" and re.search(
            r"/(?:etc|proc|dev|sys|tmp|home|root|usr|var)\b|\.\./", token.text
        ):
            return f"the text {token.text[:40]} names a place on the machine"
    return None


# ---- state that outlives a call ----


def _state(code: list[Token]) -> str | None:
    """Mutable static or global variables: they could count tests. __device__, __constant__ and
    __shared__ ones are put back.
    """
    depth, start = 0, 0
    scopes: list[bool] = []  # True: a namespace or extern block, whose inside is still global
    for i, token in enumerate(code):
        if token.text == "{":
            words = [t.text for t in code[start:i]]
            scopes.append("namespace" in words)
            depth += not scopes[-1]
            start = i + 1 if depth == 0 or scopes[-1] else start
        elif token.text == "}":
            if scopes:
                depth -= not scopes.pop()
            if (
                depth == 0
                and (i + 1 >= len(code) or code[i + 1].text not in (";", ","))
                and not _is_data(code, start, i)
            ):
                start = i + 1
        elif token.text == ";" and depth == 0:
            if name := _mutable_variable(code[start:i]):
                return f"the global variable '{name}' keeps state between calls"
            start = i + 1
        elif token.text in ("static", "thread_local") and depth > 0:
            if name := _mutable_variable(_until_end(code, i)):
                return f"the static variable '{name}' keeps state between calls"
    return None


def _until_end(code: list[Token], i: int) -> list[Token]:
    end = i
    while end < len(code) and code[end].text not in (";", "{", "="):
        end += 1
    return code[i:end]


def _is_data(code: list[Token], start: int, i: int) -> bool:
    """Whether the block that ends at i belongs to an initialiser or a struct, whose `;` is still to
    come.
    """
    words = [t.text for t in code[start:i]]
    head = words[: words.index("{")] if "{" in words else words
    return (
        "=" in head
        or head[:1] in (["struct"], ["union"], ["enum"], ["class"], ["typedef"])
        and "(" not in head
    )


_NOT_STATE = frozenset(
    "const constexpr consteval typedef using static_assert friend __device__ __constant__ "
    "__managed__ __shared__".split()
)


def _strip_template_head(statement: list[Token]) -> list[Token]:
    """`template <...> T x` -> `T x`."""
    while len(statement) > 1 and statement[0].text == "template" and statement[1].text == "<":
        depth = 0
        end = 1
        for end, token in enumerate(statement[1:], 1):  # noqa: B007 - used behind the loop
            depth += (token.text == "<") - (token.text == ">")
            if depth == 0:
                break
        statement = statement[end + 1 :]
    return statement


def _mutable_variable(statement: list[Token]) -> str | None:
    statement = _strip_template_head(statement)
    words = [t.text for t in statement]
    head = words[: min((words.index(w) for w in ("=", "{", "[") if w in words), default=len(words))]
    if not head or set(head) & _NOT_STATE or "(" in head or "operator" in head:
        return None
    if head[0] in ("struct", "union", "enum", "class", "namespace") and (
        "{" in words or len(head) <= 2
    ):
        return words[-1] if "{" in words and words[-1] != "}" and "namespace" not in head else None
    names = [t.text for t in statement[: len(head)] if t.kind == "name"]
    return names[-1] if len(names) >= 2 else None


_VETS: dict[str, Callable[[Program], str | None]] = {"cpp": _check_cpp, "fortran": _check_fortran}
