"""The preprocessor's part of the static wall: which includes, pragmas and macros a program may
have.

Contract: as gpu_runtime.wall.check; works on directive lines as the lexer gives them, continuations
included.

    python -c "from gpu_runtime.wall.preprocessor import check_directives; \\
        print(check_directives(['#include <fstream>']))"
"""

from __future__ import annotations

import re
from collections.abc import Container

from gpu_runtime.compile.headers import GENERATED, UNREAD
from gpu_runtime.wall.names import ALLOWED_CALLS, FORBIDDEN_WORDS, KEYWORDS, TYPES

DEFINE = re.compile(r"[ \t]*#[ \t]*define[ \t]+(\w+)(\([^)\n]*\))?((?:\\\n|[^\n])*)")
_DIRECTIVE = re.compile(r"[ \t]*#[ \t]*(\w*)((?:\\\n|[^\n])*)")
_PRAGMA = re.compile(
    r"\s*(omp\b|unroll\b|nounroll\b|once\b|GCC\s+ivdep\b|GCC\s+unroll\b|ivdep\b|simd\b|acc\b)"
)
_MARKER = re.compile(
    r'[ \t]*#[ \t]*\d+[ \t]+"'
)  # `# 16 "file"`: left behind by a preprocessor, taken away by the loaders

_ASKED = re.compile(
    r"\b(?!__(?:cplusplus|CUDACC__|NVCC__|GNUC|GNUG|clang|INTEL|linux|unix|APPLE|STDC|STRICT|x86_64|CUDACC_VER|HIP|PGI|NVCOMPILER|MINGW|IBM))(?:__|CV_)\w+"
)
"""Reserved names that differ from one way of compiling to another, so that a program could tell its
tests; beside those that name a compiler.
"""


def find_function_macros(directives: list[str]) -> set[str]:
    """Function-like macros; a macro that stands for a name is followed to it by _calls, through the
    macro's body.
    """
    return {m[1] for d in directives if (m := DEFINE.match(d)) and m[2]}


def check_directives(directives: list[str], names: Container[str] = ()) -> str | None:
    """Why one of the directive lines is refused, or None. names: the words of the program, without
    which some headers are of no use.
    """
    for text in directives:
        found = _DIRECTIVE.match(text)
        if found is None or _MARKER.match(text):
            continue
        name, rest = found[1], found[2].replace("\\\n", " ")
        if name == "include":
            header = re.fullmatch(
                r"\s*[<\"]\s*([\w./+-]+)\s*[>\"]\s*", re.sub(r"//.*|/\*.*?\*/", "", rest)
            )
            unread = (
                header
                and header[1] in UNREAD
                and not any(word in names for word in UNREAD[header[1]].split())
            )
            if not header or not (unread or header[1] in GENERATED):
                return (
                    f"#include {' '.join(rest.split())[:60]} is not among the headers that a "
                    f"program may include"
                )
        elif name == "pragma":
            if not _PRAGMA.match(rest) or "threadprivate" in rest:
                return f"#pragma {' '.join(rest.split())[:60]} is not allowed"
        elif name == "define":
            if reason := _definition(text):
                return reason
        elif name not in (
            "",
            "if",
            "ifdef",
            "ifndef",
            "else",
            "elif",
            "endif",
            "undef",
            "error",
            "warning",
        ):
            return f"the preprocessor directive #{name} is not allowed"
        elif "__has" in rest:
            return "__has_include asks about the machine"
        elif name in ("if", "ifdef", "ifndef", "elif") and (asked := _ASKED.findall(rest)):
            return f"'{asked[0]}' in a condition asks how the program is compiled"
    return None


def _definition(text: str) -> str | None:
    found = DEFINE.match(text)
    if not found:
        return "a macro definition that cannot be read"
    name, arguments, body = found[1], found[2], found[3]
    if name in KEYWORDS or name in TYPES or name in ALLOWED_CALLS or name.startswith("__"):
        return f"the macro '{name}' redefines a name of the language"
    stripped = re.sub(r'"(?:\\.|[^"\\])*"', "", body)
    if "##" in stripped or (arguments and "#" in stripped):
        return f"the macro '{name}' makes new tokens (# or ##)"
    if arguments is None and (
        single := re.fullmatch(r"[\s(]*([A-Za-z_]\w*)[\s)]*", re.sub(r"//.*|/\*.*?\*/", "", body))
    ):
        known = (
            single[1] in TYPES
            or single[1] in KEYWORDS
            or single[1] in ALLOWED_CALLS
            or re.fullmatch(r"[A-Z_0-9]+", single[1])
        )
        if not known and single[1] in FORBIDDEN_WORDS:
            return f"the macro '{name}' hides '{single[1]}'"
    if arguments:
        for parameter in re.findall(r"\w+", arguments):
            if re.search(rf"\b{parameter}\s*\(", body):
                return f"the macro '{name}' calls its argument '{parameter}'"
    return None
