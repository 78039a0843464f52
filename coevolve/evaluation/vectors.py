"""A C++ function over `std::vector` parameters as the same function over pointers and lengths.

Contract: a textual rewriting for functions that index their vectors, ask their size, iterate over
them by `begin`/`end` or in a range-for, copy them whole into a vector of their own, or catch them
in a lambda by reference. Whatever else a text does with a vector (resize it, hand it on) is a
VectorError of one line: nothing is guessed. The result keeps the function's body, so it shows the
same loops.

    python -c "from coevolve.evaluation.vectors import convert_to_pointers; \
print(convert_to_pointers('int f(std::vector<int> const& x) { int s = 0; for (int v : x) s += v;
return s; }', 'f', 'f'))"
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from corpora.syntax.c_family import (
    CFunction,
    find_c_functions,
    get_node_text,
    iterate_descendants,
    parse_c_family,
)

_ELEMENT = (
    r"(?:unsigned\s+|signed\s+)?(?:(?:std\s*::\s*)?u?int\d+_t|(?:std\s*::\s*)?size_t|bool|double|"
    r"float|int|char|short|long(?:\s+long)?|unsigned)"
)
_VECTOR = re.compile(
    rf"^(?P<before>const\s+)?(?:std\s*::\s*)?(?:vector\s*<\s*(?P<vector>{_ELEMENT})\s*>|array\s*<\s*(?P<array>{_ELEMENT})\s*,\s*(?P<extent>\w+)\s*>)"
    r"\s*(?P<after>const\s*)?&\s*(?P<name>\w+)$"
)
_NAME = re.compile(r"(\w+)\s*(?:\[[^\]]*\]\s*)*$")
_STARTS, _ENDS = "begin|cbegin|data", "end|cend"


class VectorError(ValueError):
    """The function does something with a vector that pointers cannot do. The message is one
    line.
    """


@dataclass(frozen=True, slots=True)
class VectorParameter:
    """A parameter as text. name: its own. text: its declaration for the new head. element: type of
    a vector's elements, '' for another parameter. extent: of a std::array, ''.
    """

    name: str
    text: str
    element: str = ""
    extent: str = ""


def convert_to_pointers(
    text: str, name: str, entry: str, like: Sequence[VectorParameter] = ()
) -> str:
    """Return `text` with its function `name` renamed `entry` and taking pointers in place of
    vectors.

    like: the parameters that the result must have: vectors as pointers of the same names, others
        are lengths, and a further pointer takes the result. (): each length that is asked for
        follows its vector as `x_size`.
    Raises VectorError if the function does something with a vector that pointers cannot do.
    """
    functions = {f.name: f for f in find_c_functions(parse_c_family(text).root_node)}
    if name not in functions:
        raise VectorError(f"no function '{name}' in the text")
    function = functions[name]
    own = parse_parameters(function)
    vectors = [p for p in own if p.element]
    body = _rename_shadowing_parameters(function, [p.name for p in vectors])
    lengths = _lengths(own, vectors, body, like)
    for vector in vectors:
        body = _replace_vector(body, vector, lengths.get(vector.name, ""))
    result = " ".join(t for t in function.head() if t not in ("static", "inline"))
    head, call = _head(own, lengths, like)
    data = text.encode()
    before, after = (
        data[a:b].decode()
        for a, b in ((0, function.node.start_byte), (function.node.end_byte, len(data)))
    )
    if result == "void" or not like:
        return f"{before}{result} {entry}({head}) {body}{after}".strip() + "\n"
    outputs = [p.name for p in like if "*" in p.text and p.name not in {q.name for q in own}]
    if len(outputs) != 1:
        raise VectorError(
            f"'{name}' returns a value, and {len(outputs)} parameters of the kernel could take it"
        )
    inner, taken = f"serial_{entry}", ", ".join(p.text for p in like if p.name != outputs[0])
    return (
        f"{before}static {result} {inner}({taken}) {body}{after}\nvoid {entry}({head}) {{ "
        f"*{outputs[0]} = {inner}({call(outputs[0])}); }}\n"
    )


def parse_parameters(function: CFunction) -> list[VectorParameter]:
    """Parameters of a function definition. Raises VectorError for one of a class type that is no
    vector of numbers.
    """
    listed = function.declarator.child_by_field_name("parameters")
    return [
        parse_parameter(get_node_text(n))
        for n in listed.children
        if n.type.endswith("parameter_declaration")
    ]


def parse_parameter(text: str) -> VectorParameter:
    """Parse one parameter's text; a vector becomes a pointer. Raises VectorError for a type that
    cannot be converted.
    """
    text = " ".join(text.split())
    found = _VECTOR.match(text)
    if found:
        element = found["vector"] or found["array"]
        const = "const " if found["before"] or found["after"] else ""
        return VectorParameter(
            found["name"], f"{const}{element} *{found['name']}", element, found["extent"] or ""
        )
    name = _NAME.search(text)
    if "<" in text or name is None:
        raise VectorError(
            f"parameter '{text}' is neither a number, a pointer nor a vector of numbers by "
            f"reference"
        )
    return VectorParameter(name[1], text)


def _lengths(
    own: Sequence[VectorParameter],
    vectors: Sequence[VectorParameter],
    body: str,
    like: Sequence[VectorParameter],
) -> dict[str, str]:
    """Vector -> what stands for its length, for those whose length is asked for."""
    asked = [
        p
        for p in vectors
        if re.search(
            rf"\b{p.name}\s*\.\s*(?:size|empty|{_ENDS})\b|:\s*{p.name}\s*\)|{_copy_pattern(p.name)}",
            body,
        )
    ]
    fixed = {p.name: p.extent for p in asked if p.extent}
    open_ = [p.name for p in asked if not p.extent]
    if not like:
        return fixed | {name: f"{name}_size" for name in open_}
    names = {p.name for p in own}
    if missing := sorted(names - {p.name for p in like}):
        raise VectorError(f"the kernel has no parameter '{missing[0]}'")
    others = [p.name for p in like if p.name not in names and "*" not in p.text]
    if len(others) == 1:
        return fixed | dict.fromkeys(open_, others[0])
    if len(others) != len(open_):
        raise VectorError(
            f"{len(open_)} lengths are asked for, and {len(others)} parameters of the kernel "
            f"could hold them"
        )
    return fixed | dict(zip(open_, others, strict=True))


def _copy_pattern(name: str) -> str:
    """Pattern of `std::vector<T> a = NAME;`, with the type and the new name as groups."""
    return (
        rf"(?:std\s*::\s*)?vector\s*<\s*(?P<type>{_ELEMENT})\s*>\s*(?P<copy>\w+)\s*(?:=\s*{name}"
        rf"\s*;|[({{]\s*{name}\s*[)}}]\s*;)"
    )


def _rename_shadowing_parameters(function: CFunction, names: Sequence[str]) -> str:
    """The body, with parameters of lambdas that are called like a vector under names of
    their own.
    """
    body = function.node.child_by_field_name("body")
    data, at = body.text, body.start_byte
    lambdas = [n for n in iterate_descendants(body) if n.type == "lambda_expression"]
    for node in sorted(
        lambdas, key=lambda n: n.start_byte, reverse=True
    ):  # from the end: earlier offsets stay as they are
        text = get_node_text(node)
        declared = {
            _NAME.search(get_node_text(n))[1]
            for n in iterate_descendants(node)
            if n.type.endswith("parameter_declaration") and _NAME.search(get_node_text(n))
        }
        for name in declared & set(names):
            text = re.sub(rf"(?<![\w.]){name}\b", f"{name}_of_lambda", text)
        data = data[: node.start_byte - at] + text.encode() + data[node.end_byte - at :]
    return data.decode(errors="replace")


def _replace_vector(body: str, vector: VectorParameter, length: str) -> str:
    """`body` with every use of one vector spelt for a pointer. Raises VectorError."""
    name = re.escape(vector.name)
    if odd := _find_other_use(body, name):
        raise VectorError(
            f"what the text does with '{vector.name}' has no counterpart with a pointer: '{odd}'"
        )
    body = re.sub(
        _copy_pattern(name),
        lambda m: f"std::vector<{m['type']}> {m['copy']}({vector.name}, {vector.name} + {length});",
        body,
    )
    body = re.sub(rf"\b{name}\s*\.\s*size\s*\(\s*\)", length, body)
    body = re.sub(rf"\b{name}\s*\.\s*empty\s*\(\s*\)", f"({length} == 0)", body)
    body = re.sub(rf"\b{name}\s*\.\s*(?:{_STARTS})\s*\(\s*\)", vector.name, body)
    body = re.sub(rf"\b{name}\s*\.\s*(?:{_ENDS})\s*\(\s*\)", f"({vector.name} + {length})", body)
    at = f"at_{vector.name}"
    over = rf"\bfor\s*\(\s*([^;:()]+?[\s&])\s*(\w+)\s*:\s*{name}\s*\)"
    body = re.sub(
        over,
        lambda m: (
            f"for (size_t {at} = 0; {at} < {length}; ++{at}) if ({m[1].strip()} {m[2]} = "
            f"{vector.name}[{at}]; true)"
        ),
        body,
    )
    return body


def _find_other_use(body: str, name: str) -> str:
    """The first use of a vector beside indexing, size, ends, range-for, copies and captures, with
    its surroundings; '' without one.
    """
    plain = re.sub(r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\])*\"", " ", body, flags=re.S)
    plain = re.sub(_copy_pattern(name), ";", plain)
    known = (
        rf"(?<=[\[,])\s*&\s*{name}\s*(?=[,\]])|\b{name}\s*\[|\b{name}\s*\.\s*(?:size|empty|"
        rf"{_STARTS}|{_ENDS})\s*\(\s*\)|:\s*{name}\s*\)"
    )
    odd = re.search(
        rf"[^;{{}}]{{0,20}}(?<![\w.]){name}\b[^;{{}}]{{0,20}}", re.sub(known, " ", plain)
    )
    return " ".join(odd[0].split()) if odd else ""


def _head(own: Sequence[VectorParameter], lengths: dict[str, str], like: Sequence[VectorParameter]):
    """Text of the new parameters, and the arguments of an inner call that leaves one out."""
    if like:
        return ", ".join(p.text for p in like), lambda left_out: ", ".join(
            p.name for p in like if p.name != left_out
        )
    parts = []
    for parameter in own:
        parts.append(parameter.text)
        if parameter.element and not parameter.extent and parameter.name in lengths:
            parts.append(f"size_t {lengths[parameter.name]}")
    return ", ".join(parts), lambda _: ""
