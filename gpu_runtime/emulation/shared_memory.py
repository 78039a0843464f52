"""Shared memory whose place the program's own text cannot fix: dynamic arrays, and variables of
templates.

Contract: gives the text that stands in the place of one declaration, '' where it has none. A
variable with a section of its own is watched; the compiler gives none to the variables of a
template's instances, so that the runner hands out their memory at every launch (hooks.c:
cv_placed).

    python -c "from gpu_runtime.emulation.cuda_rewrite import rewrite_cuda; \\
        print(rewrite_cuda('template <int N> void f() { __shared__ int s[N]; }'))"
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from corpora.emit.c_family import emit_c_family
from corpora.frontends.c_tokens import Token, join_tokens
from corpora.ir import (
    ArrayType,
    Cast,
    Declaration,
    Name,
    PointerType,
    ReferenceType,
    UnsupportedExpression,
    find,
)

_STORAGE = ("__shared__", "static", "__device__")


def emit_static_shared(
    tokens: Sequence[Token], declared: Sequence[Declaration], number: int
) -> str:
    """Return C++ text in place of a statement `__shared__ T x[N], y;`: its variables as members of
    a struct to which the runner gives memory, and references to them. '' where a variable has an
    initial value or is a reference.

    tokens: of the statement, with its semicolon. declared: its variables, as parsed. number: of the
        statement in the text, which makes the struct's names unique.
    """
    for each in declared:
        if each.value is not None or each.arguments is not None:
            return ""
        if isinstance(each.type, ReferenceType):
            return ""
    members = join_tokens([t for t in tokens if t.text not in _STORAGE]).strip()
    if not any(t.text == "__shared__" for t in tokens):  # a macro says it
        plain = (
            replace(d, storage=tuple(w for w in d.storage if w not in _STORAGE)) for d in declared
        )
        members = " ".join(emit_c_family(d).strip() for d in plain)
    box, slot = f"cv_box_{number}", f"cv_slot_{number}"
    references = " ".join(f"auto &{d.name} = cv_at_{number}.{d.name};" for d in declared)
    return (
        f" struct {box} {{ {members} }}; static unsigned long {slot}[2]; "
        f"{box} &cv_at_{number} = *({box} *)cv_placed({slot}, sizeof({box})); {references}"
    )


def emit_dynamic_shared(declared: Sequence[Declaration]) -> str:
    """Return C++ text in place of a statement `extern __shared__ T x[][M];`: `T (*const x)[M] = (T
    (*)[M])cv_dynamic_shared`. '' where a variable is no array of an open size. declared: the
    statement's variables, as parsed.
    """
    parts = []
    for each in declared:
        if not isinstance(each.type, ArrayType) or each.type.extents[0].size is not None:
            return ""
        if next(find(each.type, UnsupportedExpression), None) is not None:
            return ""
        inner = each.type.extents[1:]
        of = ArrayType(each.type.of, inner) if inner else each.type.of
        start = Cast(PointerType(of), Name("cv_dynamic_shared"))
        parts.append(emit_c_family(Declaration(each.name, PointerType(of, const=True), start)))
    return " " + " ".join(part.strip() for part in parts)
