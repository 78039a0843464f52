"""Structures that hold pointers, put together in the shim: each of their numbers, and what each pointer points to, comes as an argument of its own.

Contract: `assembled` gives text for the shim of a call: what fills the structures, the call's arguments, and what brings numbers back. Types are the
compiler's (`decltype`), so that a build in which float is double needs no other text.

    pytest tests/gpu_runtime/test_assembly.py
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby
from typing import NamedTuple

from corpora.records import Parameter, Signature


class Assembled(NamedTuple):
    before: str
    arguments: str
    after: str


def holds_pointers(signature: Signature) -> bool:
    return any(p.member is not None and p.member.assembled for p in signature.parameters)


def assembled(signature: Signature, namespace: str, argument: Callable[[Parameter, int], str]) -> Assembled:
    """For a program in `namespace`. argument: what is handed over for a parameter that belongs to no such structure."""
    before, arguments, after = [], [], []
    owned = groupby(enumerate(signature.parameters), key=lambda pair: pair[1].member.owner if pair[1].member and pair[1].member.assembled else pair[0])
    for k, (_, group) in enumerate(owned):
        pairs = list(group)
        index, first = pairs[0]
        if first.member is None or not first.member.assembled:
            arguments.append(argument(first, index))
            continue
        name = f"s{k}"
        before.append(f"{namespace}::{first.member.assembled} {name};")
        before += [_filled(name, p, i) for i, p in pairs]
        after += [_back(name, p, i) for i, p in pairs if p.member and p.member.count and p.intent != "in"]
        arguments.append(f"&{name}" if first.member.passing == "pointer" else name)
    return Assembled(" ".join(before), ", ".join(arguments), " ".join(after))


def _filled(name: str, p: Parameter, index: int) -> str:
    place = f"{name}.{p.member.path}" if p.member else name
    if p.member and not p.member.count:
        return f"{place} = (decltype({place}))a[{index}];"
    if p.kind == "array":
        return f"__builtin_memcpy({place}, a[{index}], sizeof {place});"
    return f"{place} = *(decltype({place}) *)a[{index}];"


def _back(name: str, p: Parameter, index: int) -> str:
    place = f"{name}.{p.member.path}" if p.member else name
    return f"__builtin_memcpy(a[{index}], {'' if p.kind == 'array' else '&'}{place}, sizeof {place});"
