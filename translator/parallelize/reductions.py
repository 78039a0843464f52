"""Statements that change a variable or an element by what it was before, read from their text.

Contract: a place is a scalar's name or `array[index]`. What these patterns do not say is not
recognised, never guessed.

    python -c "from translator.parallelize.reductions import match_update; \\
        print(match_update('s += x[i] * 2;'), match_update('h[b[i]]--;'), \\
        match_update('m = fmax(m, x[i]);'))"
"""

from __future__ import annotations

import re

from translator.normalize.c_blocks import Block, Item

PLACE = r"\w+(?:\[.*?\])?"
_STEPPED = re.compile(
    rf"(?:(?P<place>{PLACE})(?P<sign>\+\+|--)|(?P<before>\+\+|--)(?P<behind>{PLACE}));$"
)
_UPDATE = re.compile(rf"(?P<place>{PLACE}) (?P<sign>[-+*&|^])= (?P<value>.+);$")
_AGAIN = re.compile(rf"(?P<place>{PLACE}) = (?P=place) (?P<sign>[-+*]) (?P<value>.+);$")
_CHOSEN = re.compile(
    rf"(?P<place>{PLACE}) = (?:std::)?f?(?P<sign>max|min)f?\((?P=place), (?P<value>.+)\);$"
)
_PICKED = re.compile(rf"(?P<place>{PLACE}) = (?P<test>.+?) \? (?P<yes>.+) : (?P<no>.+);$")
_COMPARED = re.compile(r"(.+) ([<>])=? (.+)$")
_SET = re.compile(rf"(?P<place>{PLACE}) = (?P<value>-?[\w.]+);$")

Update = tuple[str, str, str]
"""Place, operator (`+`, `-`, `*`, `&`, `|`, `^`, `max`, `min`; '' for none) and value."""
NONE: Update = ("", "", "")


def match_update(item: Item) -> Update:
    """What a statement does, or an `if` around one that keeps the larger or the smaller of two
    values.
    """
    if not isinstance(item, str):
        return _match_guarded_extreme(*item)
    if matched := _STEPPED.match(item):
        return matched["place"] or matched["behind"], (matched["sign"] or matched["before"])[0], "1"
    for pattern in (_UPDATE, _AGAIN, _CHOSEN):
        if matched := pattern.match(item):
            return matched["place"], matched["sign"], matched["value"]
    return _match_ternary_extreme(item)


def match_constant_assignment(item: Item) -> Update:
    """A statement that gives a place a number, without an operator."""
    matched = _SET.match(item) if isinstance(item, str) else None
    number = matched and re.fullmatch(r"-?(?:\d[\w.]*|true|false)", matched["value"])
    return (matched["place"], "", matched["value"]) if number else NONE


def match_element_update(statement: str) -> tuple[str, str]:
    """(array, index) of the element that a statement changes by what it was; empty texts where it
    is none.
    """
    place, _, index = match_update(statement)[0].partition("[")
    return (place, index.removesuffix("]")) if index else ("", "")


def find_reduction_operator(body: Block, name: str) -> str:
    """The operator of a reduction by which every statement of a loop that names the scalar gathers
    values in it; '' where there is no such.
    """
    found: set[str] = set()
    for item in body.items:
        place, operator, value = match_update(item)
        if place == name and not re.search(rf"\b{name}\b", value):
            found.add("+" if operator == "-" else operator)
            continue
        text = item if isinstance(item, str) else item[0]
        if re.search(rf"\b{name}\b", text):
            return ""
        if not isinstance(item, str) and item[1].names(name):
            found.add(find_reduction_operator(item[1], name))
    return found.pop() if len(found) == 1 else ""


def split_conditions(block: Block) -> Block:
    """With `if (a && value > place) place = value;` as one `if` within another, of which the inner
    one keeps the larger value. One with an `else` stays as it is.
    """
    items: list[Item] = []
    for item, behind in zip(block.items, [*block.items[1:], ""], strict=True):
        if isinstance(item, str):
            items.append(item)
            continue
        inner = split_conditions(item[1])
        chained = not isinstance(behind, str) and behind[0].startswith("else")
        items.append((item[0], inner) if chained else _split_condition(item[0], inner))
    return Block(items)


def _split_condition(head: str, body: Block) -> Item:
    tests = _split_conjunction(head[4:-1]) if head.startswith("if (") else []
    for k, test in enumerate(tests):
        if len(tests) > 1 and _match_guarded_extreme(f"if ({test})", body) != NONE:
            others = " && ".join(tests[:k] + tests[k + 1 :])
            return f"if ({others})", Block([(f"if ({test})", body)])
    return head, body


def _split_conjunction(text: str) -> list[str]:
    """What stands between the `&&` of a condition, outside of brackets; the whole where an `||`
    does too.
    """
    found, depth = [""], 0
    for part in re.split(r"(&&|\|\||[()\[\]])", text):
        depth += (part in ("(", "[")) - (part in (")", "]"))
        if depth == 0 and part == "||":
            return [text]
        if depth == 0 and part == "&&":
            found.append("")
        else:
            found[-1] += part
    return [each.strip() for each in found]


def _match_ternary_extreme(statement: str) -> Update:
    """`place = value > place ? value : place;` and its like."""
    matched = _PICKED.match(statement)
    compared = matched and _COMPARED.match(_strip_brackets(matched["test"]))
    if not compared:
        return NONE
    (left, sign, right), place, chosen = (
        compared.groups(),
        matched["place"],
        _strip_brackets(matched["yes"]),
    )
    if (
        {left, right} != {chosen, _strip_brackets(matched["no"])}
        or place not in (left, right)
        or left == right
    ):
        return NONE
    return (
        place,
        "max" if (sign == ">") == (chosen == left) else "min",
        right if left == place else left,
    )


def _strip_brackets(text: str) -> str:
    """Without brackets around the whole."""
    return text[1:-1] if re.fullmatch(r"\([^()]*(?:\([^()]*\)[^()]*)*\)", text) else text


def _match_guarded_extreme(head: str, body: Block) -> Update:
    """`if (value > place) place = value;` and its like."""
    matched = re.match(r"if \((.+) ([<>])=? (.+)\)$", head)
    if not matched or len(body.items) != 1 or not isinstance(body.items[0], str):
        return NONE
    place, equals, value = body.items[0].removesuffix(";").partition(" = ")
    left, sign, right = matched.groups()
    if not equals or not re.fullmatch(PLACE, place) or {left, right} != {place, value}:
        return NONE
    return place, "max" if (sign == ">") == (right == place) else "min", value
