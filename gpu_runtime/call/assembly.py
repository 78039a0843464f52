"""Structures that hold pointers, put together in the shim: each of their numbers, and what each
pointer points to, comes as an argument of its own. Vectors of the standard library are laid over
the arrays that come, so that what a program does beyond one is seen as ever.

Contract: `assemble_structures` gives text for the shim of a call: what fills the structures, the
call's arguments, and what brings numbers back. Types are the compiler's (`decltype`), so that a
build in which float is double needs no other text.

    pytest tests/gpu_runtime/test_assembly.py
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby
from typing import NamedTuple

from corpora.records import Parameter, Signature


class StructureAssembly(NamedTuple):
    """C++ text for a call with structures. It reads the table `a` of argument pointers.

    before: statements that fill the structures. arguments: the call's argument list, without
        parentheses. after: statements that copy numbers back.
    """

    before: str
    arguments: str
    after: str


def needs_assembly(signature: Signature) -> bool:
    """Return whether a parameter is a vector, or belongs to a structure with pointers, so that the
    C++ text around the call must put it together from the test's arrays.
    """
    return any(
        (p.member is not None and p.member.assembled) or _is_vector(p) for p in signature.parameters
    )


def has_vectors(signature: Signature) -> bool:
    """Return whether a parameter is a `std::vector`."""
    return any(map(_is_vector, signature.parameters))


def _is_vector(p: Parameter) -> bool:
    return p.kind == "array" and p.by_reference and p.shape == (":",)


VECTORS = """
struct cv_vector {
    void *p; unsigned long n, unit; void *kept; unsigned char raw[3 * sizeof(void *)];
    template <class T> operator std::vector<T> &() {
        unit = sizeof(T);
        static_assert(sizeof(std::vector<T>) == sizeof raw, "a vector is its beginning, \
its end and the end of its room");
        void *places[3] = {p, (char *)p + n * unit, (char *)p + n * unit};
        __builtin_memcpy(raw, places, sizeof raw);
        return *(std::vector<T> *)raw;
    }
    void keep() { /* what lies in other memory now, as after a swap, \
comes back when every vector's is kept */
        void *places[3];
        __builtin_memcpy(places, raw, sizeof raw);
        if ((unsigned long)((char *)places[1] - (char *)places[0]) != n * unit) __builtin_trap();
        if (places[0] != p) __builtin_memcpy(kept = __builtin_malloc(n * unit + 1), places[0], \
n * unit);
    }
    void back() { if (kept) __builtin_memcpy(p, kept, n * unit); __builtin_free(kept); }
};
"""
"""Needs <vector>. A program that makes a vector of another length ends there: tests compare arrays
as long as those that came.
"""


def assemble_structures(
    signature: Signature, namespace: str, argument: Callable[[Parameter, int], str]
) -> StructureAssembly:
    """Return the C++ text that puts structures together for a call.

    namespace: the C++ namespace that holds the program. argument(parameter, index): the text of the
        argument for a parameter that belongs to no structure; the index is its place in the
        signature.
    """
    before, arguments, after, kept = [], [], [], []
    owned = groupby(
        enumerate(signature.parameters),
        key=lambda pair: (
            pair[1].member.owner if pair[1].member and pair[1].member.assembled else pair[0]
        ),
    )
    for k, (_, group) in enumerate(owned):
        pairs = list(group)
        index, first = pairs[0]
        if _is_vector(first):
            before.append(
                f"cv_vector v{k}{{a[{index}], (unsigned long)((long "
                f"*)a[{len(signature.parameters) + 2}])[{4 * index}]}};"
            )
            kept += [f"v{k}"] if first.intent != "in" else []
            arguments.append(f"v{k}")
        elif first.member is None or not first.member.assembled:
            arguments.append(argument(first, index))
        else:
            name = f"s{k}"
            before.append(f"{namespace}::{first.member.assembled} {name};")
            before += [_fill_member(name, p, i) for i, p in pairs]
            after += [
                _copy_member_back(name, p, i) for i, p in pairs if p.member and _may_change(p)
            ]
            arguments.append(f"&{name}" if first.member.passing == "pointer" else name)
    after += [f"{name}.{step}();" for step in ("keep", "back") for name in kept]
    return StructureAssembly(" ".join(before), ", ".join(arguments), " ".join(after))


def _may_change(p: Parameter) -> bool:
    """Whether the caller's own structure can come back with another number, or with a pointer that
    is left elsewhere (two arrays that are swapped).
    """
    if p.member is None or p.member.count:
        return p.intent != "in"
    return p.member.passing != "value"


def _fill_member(name: str, p: Parameter, index: int) -> str:
    place = f"{name}.{p.member.path}" if p.member else name
    if p.member and not p.member.count:
        return f"{place} = (decltype({place}))a[{index}];"
    if p.kind == "array":
        return f"__builtin_memcpy({place}, a[{index}], sizeof {place});"
    return f"{place} = *(decltype({place}) *)a[{index}];"


def _copy_member_back(name: str, p: Parameter, index: int) -> str:
    place = f"{name}.{p.member.path}" if p.member else name
    if p.member and not p.member.count:
        return f"a[{index}] = (void *){place};"
    return (
        f"__builtin_memcpy(a[{index}], {'' if p.kind == 'array' else '&'}{place}, sizeof {place});"
    )
