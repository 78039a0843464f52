"""Calls in a text: what it defines itself, what it calls beyond that, and calls through pointers.

Contract: works on C-family tokens without comments and directives, as `gpu_runtime.wall.check` has
them; None or the reason.

    python -c "from gpu_runtime.emulation.cuda_rewrite import tokenize; \\
        from gpu_runtime.wall.calls import find_definitions; \\
        print(find_definitions([t for t in tokenize('int f() { }') if t.code]))"
"""

from __future__ import annotations

import re

from gpu_runtime.emulation.cuda_rewrite import Token
from gpu_runtime.wall.names import ALLOWED_CALLS, KEYWORDS, SYSTEM_NAMES, TYPES, VARIABLE_TYPES


def _find_matching_bracket(code: list[Token], i: int, step: int = 1) -> int:
    depth = 0
    while 0 <= i < len(code):
        depth += (code[i].text in ("(", "[", "{")) - (code[i].text in (")", "]", "}"))
        if depth == 0:
            return i
        i += step
    return -1


def find_definitions(code: list[Token]) -> set[str]:
    """Functions with a body, lambdas with a name, and types of the text."""
    names = set()
    for i, token in enumerate(code):
        following = code[i + 1].text if i + 1 < len(code) else ""
        if token.kind != "name":
            continue
        if following == "(":
            end = _find_matching_bracket(code, i + 1)
            after = end + 1
            while 0 < after < len(code) and code[after].text in ("const", "noexcept", "override"):
                after += 1
            previous = _before_bounds(code, i)
            declares = previous is not None and (
                previous.kind == "name"
                and previous.text not in KEYWORDS
                or previous.text in ("*", "&", ">", "::", "~")
            )
            constructs = after < len(code) and code[after].text == ":"
            if (
                end > 0
                and after < len(code)
                and (code[after].text == "{" or constructs and token.text in names)
                and (declares or token.text in names)
            ):
                names.add(token.text)
        elif (
            i
            and code[i - 1].text in ("struct", "class", "union", "enum", "typename", "using")
            or (i and code[i - 1].text == "class" and i > 1 and code[i - 2].text == "enum")
        ):
            names.add(token.text)
        elif following == "=" and i + 2 < len(code) and code[i + 2].text == "[":
            names.add(token.text)
        elif following == ";" and any(t.text == "typedef" for t in code[max(0, i - 12) : i]):
            names.add(token.text)
    return names


def _before_bounds(code: list[Token], i: int) -> Token | None:
    """The token before the name at i, `__launch_bounds__(...)` between a kernel's `void` and its
    name passed over.
    """
    start = _find_matching_bracket(code, i - 1, -1) if i and code[i - 1].text == ")" else -1
    if start > 1 and [t.text for t in code[start - 2 : start]] == ["void", "__launch_bounds__"]:
        return code[start - 2]
    return code[i - 1] if i else None


def find_unknown_call(code: list[Token], known: set[str], in_macro: bool = False) -> str | None:
    """The first call of what is neither in `known` nor defined in the text nor allowed to every
    program; in_macro: of a macro's body.
    """
    known = known | find_definitions(code)
    objects = known if in_macro else known | find_function_objects(code)
    for i, token in enumerate(code):
        if token.kind != "name" or i + 1 >= len(code) or code[i + 1].text not in ("(", "<<<"):
            continue
        name, previous = token.text, code[i - 1] if i else None
        if name in KEYWORDS or name in TYPES or name in objects or name in ALLOWED_CALLS:
            continue
        if previous is not None and (
            previous.text in VARIABLE_TYPES | known or previous.text == "operator"
        ):
            continue  # dim3 grid(...): a variable
        if (
            previous is not None
            and previous.text in TYPES
            and not any(
                t.text in TYPES
                for t in code[i + 2 : max(i + 2, _find_matching_bracket(code, i + 1))]
            )
        ):
            continue  # float x(0);
        if previous is not None and previous.text in (">", ">>") and _closes_numbers(code, i - 1):
            continue  # std::vector<double> sums(n);
        if (
            previous is not None
            and previous.text == ","
            and name not in SYSTEM_NAMES
            and _is_further(code, i - 1)
        ):
            continue  # std::vector<double> sums(n), squares(n);
        if (
            name in ("__device__", "__host__")
            and previous is not None
            and previous.text in ("]", "__device__", "__host__")
        ):
            continue  # [=] __device__ (float x) { ... }
        if (
            previous is not None
            and previous.text in (".", "->")
            and name in ("x", "y", "z", "w")
            and not in_macro
        ):
            continue
        if previous is not None and previous.text == "," and _declares_dim3(code, i):
            continue
        if (
            previous is not None
            and previous.text in (":", ",")
            and name not in SYSTEM_NAMES
            and _is_member(code, name)
        ):
            continue  # S(float a) : member(a)
        if re.fullmatch(r"[A-Z][A-Z0-9_]*", name) and in_macro:
            continue
        return (
            f"'{name}' is called but neither defined in the text nor among the functions "
            f"that a program may use"
        )
    return None


def find_classes(code: list[Token]) -> set[str]:
    """Names of the text's own classes and of the types that its templates are given."""
    return {
        t.text
        for i, t in enumerate(code)
        if t.kind == "name" and i and code[i - 1].text in ("struct", "class", "typename")
    }


def find_function_objects(code: list[Token]) -> set[str]:
    """Variables and parameters of a class of the text, or of a type that a template is given, where
    that can only be a class or a function of the text: `op` in `template <class Op> void map(float
    *x, Op op)`.
    """
    names = {t.text for t in code if t.kind == "name"}
    if (
        names & SYSTEM_NAMES
        or "operator" not in names
        and not any(t.text == "[" and not _is_subscript(code, i) for i, t in enumerate(code))
    ):
        return set()
    kinds, declared, passed = find_classes(code), set(), set()
    for i, token in enumerate(code[1:-1], 1):
        if token.kind != "name" or token.text in KEYWORDS:
            continue
        k = i - 1
        while k > 0 and code[k].text in ("const", "&", "__restrict__"):
            k -= 1
        if code[i + 1].text in (",", ")", ";", "=", "{") and code[k].text in kinds:
            declared.add(token.text)
        if (
            code[i + 1].text in (",", ")")
            and code[i - 1].text in ("(", ",", "&", "::")
            or code[i - 1].text == "="
            and code[i + 1].text == ";"
        ):
            passed.add(token.text)
    unknown = passed - _declared_names(code) - find_definitions(code) - KEYWORDS - TYPES
    return declared if all(_CONSTANT.fullmatch(name) for name in unknown) else set()


_CONSTANT = re.compile(r"cuda\w+|[A-Z][A-Z0-9_]*")
"""Constants of CUDA and of the headers."""


def _declared_names(code: list[Token]) -> set[str]:
    """Names that stand where a declaration has them: behind a type, its stars, or another name of
    the same statement.
    """
    found, depth, outer = set(), 0, []
    for i, token in enumerate(code):
        if token.text == "{":
            outer, depth = [*outer, depth], 0
        elif token.text == "}":
            depth = outer.pop() if outer else 0
        depth += (token.text in ("(", "[")) - (token.text in (")", "]"))
        k = i - 1
        while k > 0 and code[k].text in ("*", "&"):
            k -= 1
        typed = k >= 0 and (
            code[k].kind == "name"
            and code[k].text not in KEYWORDS - {"const", "auto", "constexpr"}
            or code[k].text == ">"
        )
        if token.kind == "name" and (typed or depth == 0 and code[k].text == ","):
            found.add(token.text)
    return found


def _is_subscript(code: list[Token], i: int) -> bool:
    """Whether the bracket at i follows what has elements; else it begins a lambda."""
    return i > 0 and (
        code[i - 1].kind == "name"
        and code[i - 1].text != "return"
        or code[i - 1].text in (")", "]")
    )


_NUMBERS = frozenset("bool char short int long float double unsigned signed".split())
_TEMPLATES = frozenset("vector deque queue stack list complex set unordered_set".split())


def _is_further(code: list[Token], comma: int) -> bool:
    """Whether behind this comma stands one more name of a declaration that begins with a template
    of numbers.
    """
    while comma > 1 and code[comma].text == ",":
        start = (
            _find_matching_bracket(code, comma - 1, -1) if code[comma - 1].text == ")" else comma
        )
        if start < 2 or code[start - 1].kind != "name":
            return False
        comma = start - 2
    return code[comma].text in (">", ">>") and _closes_numbers(code, comma)


def _closes_numbers(code: list[Token], i: int) -> bool:
    """Whether the `>` at i closes template arguments that end in a number's type: no expression, so
    what follows is declared.

    A name such as `size_t` may be a variable's too: it counts only behind a template of `std`, to
    which the text adds nothing.
    """
    k = i - 1
    while k >= 0 and code[k].text in (">", ">>"):
        k -= 1
    end = k
    while k >= 0 and code[k].text in TYPES:
        k -= 1
    if k < 1 or k == end or code[k].text != "<" or code[k - 1].text not in _TEMPLATES:
        return False
    of_std = (
        k > 2
        and [t.text for t in code[k - 3 : k - 1]] == ["std", "::"]
        and all(t.text != "namespace" for t in code)
    )
    return of_std or all(t.text in _NUMBERS for t in code[k + 1 : end + 1])


def _is_member(code: list[Token], name: str) -> bool:
    """Whether the text declares a variable called `name`."""
    return any(
        t.text == name
        and i
        and code[i - 1].text in TYPES | {",", "*"}
        and i + 1 < len(code)
        and code[i + 1].text in (";", ",", "=")
        for i, t in enumerate(code)
    )


def _declares_dim3(code: list[Token], i: int) -> bool:
    """`dim3 grid(4), block(64);`: the second name."""
    while i > 0 and code[i].text not in (";", "{", "}"):
        i -= 1
    return i + 1 < len(code) and code[i + 1].text in VARIABLE_TYPES


def find_indirect_call(code: list[Token]) -> str | None:
    """Calls through pointers: declarators such as (*f)(...) and calls of a call's or a subscript's
    result.
    """
    made = find_classes(code)
    for i, token in enumerate(code):
        if token.text != "(" or i == 0:
            continue
        previous = code[i - 1]
        if previous.text == ")":
            start = _find_matching_bracket(code, i - 1, -1)
            inside = [t.text for t in code[start + 1 : i - 1]]
            before = code[start - 1].text if start > 0 else ""
            if before in (
                "if",
                "while",
                "for",
                "switch",
                "sizeof",
                "__launch_bounds__",
                "__align__",
                "operator",
                "schedule",
            ):
                continue
            if (named := SYSTEM_NAMES & set(inside)) and set(inside) <= named | {
                "(",
                ")",
                "&",
                "::",
                "std",
            }:
                return f"a call of '{min(named)}' in brackets"
            if inside and (
                inside[0] == "*"
                or "(" in inside
                and "*" in inside
                and inside[inside.index("(") + 1] == "*"
            ):
                return "a call through a function pointer"
            if before in made and not inside:
                continue  # Op()(a, b)
            if (
                start > 0
                and code[start - 1].kind == "name"
                and before not in KEYWORDS
                and before not in TYPES
                and before != "operator"
            ):
                return f"the result of '{before}' is called"
        elif previous.text == "]" and not _is_lambda(code, i - 1):
            return "an element of an array is called"
    return None


def _is_lambda(code: list[Token], i: int) -> bool:
    start = _find_matching_bracket(code, i, -1)
    return (
        start == 0
        or code[start - 1].kind != "name"
        and code[start - 1].text not in (")", "]")
        or code[start - 1].text in ("return", "operator")
    )
