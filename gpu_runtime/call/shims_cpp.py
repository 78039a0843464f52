"""How a C++ or OpenMP program goes into a compile unit: its namespace, its shim, and whether it may
have neighbours.

Contract: `member` gives text whose errors carry the file names `pK` (program) and `sK` (shim) of
`native/abi.h` shims. `can_share_unit` says False for anything that could reach out of its
namespace: such a program is compiled alone.

    pytest tests/gpu_runtime/test_compile.py
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

from corpora.frontends.c_directives import (
    DirectiveLine,
    blank,
    defined_macros,
    directive_lines,
    included_path,
)
from corpora.frontends.c_tokens import Token, tokenize
from corpora.ir.edits import Edit, apply_edits
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
extern "C" double cv_clock(void) __attribute__((weak));
static inline double cv_still() { return cv_clock ? cv_clock() : 0; }
#define omp_get_wtime cv_still
#define restrict __restrict__
extern "C" { extern void *__dso_handle __attribute__((visibility("hidden"))); \
void *__dso_handle = 0; }
"""
"""What a shim needs where the prelude is replaced by real headers. The handle is what start files
define that are not linked here; <iostream> asks for it.
"""

_CLOSES = {"}": "{", ")": "(", "]": "["}
_CONDITIONALS = frozenset({"if", "ifdef", "ifndef", "elif", "else"})
_REACHING_WORDS = frozenset({"asm", "_Pragma", "import", "module", "__attribute__"})
_REACHING_STARTS = ("__asm", "cv_", "__tsan", "__asan")
_OTHER_SPELLINGS = ("??", "%:", "<%", "##")
"""Trigraphs, digraphs and pasted tokens: what a text says is not what its tokens show."""
_SHARED_PRAGMAS = frozenset({"omp", "unroll", "ivdep", "simd"})


def find_includes(text: str) -> list[str]:
    """Return the names of the headers that `text` includes, as written, without brackets or quotes,
    in order.
    """
    if "#" not in text:
        return []
    lines = [line for line in directive_lines(text) if line.word == "include"]
    return [path for line in lines if (path := included_path(line, text))]


def blank_includes(text: str) -> str:
    """Return `text` with its includes of the standard library's headers blanked, since other text
    includes them; line numbers stay.
    """
    lines = directive_lines(text) if "#" in text else []
    return apply_edits(
        text,
        [
            Edit(line.start, line.end, blank(text[line.start : line.end]))
            for line in lines
            if line.word == "include" and included_path(line, text) in PASSED_OVER
        ],
    )


@lru_cache(maxsize=512)
def is_balanced(text: str) -> bool:
    """Return whether all brackets, comments and literals of a C++ text close, so that text after it
    keeps its meaning.
    """
    *tokens, last = tokenize(f"{text}\ncv_end")
    if last.text != "cv_end" or not last.first:  # in a comment, or behind a backslash
        return False
    stack: list[str] = []
    for token in tokens:
        if token.kind != "punctuator":
            continue
        if token.text in ("{", "(", "["):
            stack.append(token.text)
        elif token.text in _CLOSES:
            if not stack or stack.pop() != _CLOSES[token.text]:
                return False
        elif token.text in ('"', "'"):
            return False
    return not stack


def explain_malformed(text: str) -> str:
    """Return why `text` cannot be a program by itself, '' if it may be. For a text with
    preprocessor conditions it is '', since the compiler judges that.
    """
    if is_balanced(text) or any(d.word in _CONDITIONALS for d in directive_lines(text)):
        return ""
    return "program.cpp: error: brackets, comments or quotes do not match"


@lru_cache(maxsize=512)
def can_share_unit(
    text: str, prelude_macros: frozenset[str], attributes: frozenset[str] = frozenset()
) -> bool:
    """Return whether a C++ text may be compiled in one translation unit with others: nothing in it
    is seen outside of the namespace that it gets.

    prelude_macros: macros that it must not redefine. attributes: those that it may have in
        `__attribute__((...))`; any other makes the result False.
    """
    if not is_balanced(text) or any(mark in text for mark in _OTHER_SPELLINGS):
        return False
    tokens = tokenize(text)
    if any(_reaches_out(tokens, i, attributes) for i in range(len(tokens))):
        return False
    lines = directive_lines(text, tokens)
    if not all(_stays_inside(line) for line in lines):
        return False
    return not any(line.word == "define" and line.name in prelude_macros for line in lines)


def _reaches_out(tokens: Sequence[Token], i: int, attributes: frozenset[str]) -> bool:
    """Whether the token at `i` begins something that is seen outside of a namespace."""
    text = tokens[i].text
    following = tokens[i + 1].text if i + 1 < len(tokens) else ""
    if text == "__attribute__" and attributes:
        return not _attribute_words(tokens, i + 1) <= attributes
    if text in _REACHING_WORDS or text.startswith(_REACHING_STARTS):
        return tokens[i].kind == "word"
    return (text == "[" and following == "[") or (text == "extern" and following[:2] == '"C')


def _attribute_words(tokens: Sequence[Token], i: int) -> set[str]:
    """Words in the brackets that open at `i`."""
    words, depth = set(), 0
    for token in tokens[i:]:
        depth += (token.text == "(") - (token.text == ")")
        if token.kind == "word":
            words.add(token.text)
        if depth <= 0:
            break
    return words


def _stays_inside(line: DirectiveLine) -> bool:
    """Whether a line of the preprocessor says nothing to other programs of its unit."""
    words = [token.text for token in line.tokens[:2]]
    if line.word == "pragma":
        if words[:1] == ["GCC"]:
            return words[1:] in (["ivdep"], ["unroll"])
        outside = words[1:] and words[1] in ("declare", "requires", "begin", "end")
        return bool(words) and words[0] in _SHARED_PRAGMAS and not outside
    return line.word in ("define", "undef", "include") or not (line.word or line.tokens)


def undefine_macros(text: str) -> str:
    """Return `#undef` lines for the macros that `text` defines, so that they do not reach what
    follows; '' if it defines none.
    """
    return "".join(f"#undef {name}\n" for name in defined_macros(text))


def _argument(p: Parameter, index: int) -> str:
    if p.kind != "scalar" and not p.by_reference:
        return f"cv_pointer{{a[{index}]}}"
    if p.by_reference or p.type not in C_TYPES:
        return f"cv_reference{{a[{index}]}}"
    return f"*({C_TYPES[p.type]} *)a[{index}]"


def emit_shim(request: CompileRequest, symbol: str, namespace: str) -> str:
    """Return C++ text of a function `symbol` that takes a table of argument pointers and calls the
    entry function of `request`. namespace: the C++ namespace that holds the program.
    """
    return f'extern "C" void {symbol}(void **a) {{ {emit_call(request, namespace, _argument)} }}\n'


def emit_call(
    request: CompileRequest, namespace: str, argument: Callable[[Parameter, int], str]
) -> str:
    """Return C++ statements that call the entry function of `request`. They read the table `a` of
    argument pointers, and write the result to the place behind the last argument's.

    namespace: the C++ namespace that holds the program. argument(parameter, index): the text of an
        expression that takes this parameter from `a[index]`.
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
    """Return the C++ text of the program of `request` as it stands inside a namespace of its
    own.
    """
    return blank_includes(request.program.text)
