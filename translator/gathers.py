"""Statements that change a variable or an element by what it was before, read from their text.

Contract: a place is a scalar's name or `array[index]`. What these patterns do not say is not recognised, never guessed.

    python -c "from translator.gathers import update_of; print(update_of('s += x[i] * 2;'), update_of('h[b[i]]--;'), update_of('m = fmax(m, x[i]);'))"
"""

from __future__ import annotations

import re

from translator.c_blocks import Block

PLACE = r"\w+(?:\[.*?\])?"
_STEPPED = re.compile(rf"(?:(?P<place>{PLACE})(?P<sign>\+\+|--)|(?P<before>\+\+|--)(?P<behind>{PLACE}));$")
_UPDATE = re.compile(rf"(?P<place>{PLACE}) (?P<sign>[-+*&|^])= (?P<value>.+);$")
_AGAIN = re.compile(rf"(?P<place>{PLACE}) = (?P=place) (?P<sign>[-+*]) (?P<value>.+);$")
_CHOSEN = re.compile(rf"(?P<place>{PLACE}) = (?:std::)?f?(?P<sign>max|min)f?\((?P=place), (?P<value>.+)\);$")
_SET = re.compile(rf"(?P<place>{PLACE}) = (?P<value>-?[\w.]+);$")

Update = tuple[str, str, str]
"""Place, operator (`+`, `-`, `*`, `&`, `|`, `^`, `max`, `min`; '' for none) and value."""
NONE: Update = ("", "", "")


def update_of(item: str | tuple[str, Block]) -> Update:
    """What a statement does, or an `if` around one that keeps the larger or the smaller of two values."""
    if not isinstance(item, str):
        return _kept(*item)
    if matched := _STEPPED.match(item):
        return matched["place"] or matched["behind"], (matched["sign"] or matched["before"])[0], "1"
    for pattern in (_UPDATE, _AGAIN, _CHOSEN):
        if matched := pattern.match(item):
            return matched["place"], matched["sign"], matched["value"]
    return NONE


def set_to_a_constant(item: str | tuple[str, Block]) -> Update:
    """A statement that gives a place a number, without an operator."""
    matched = _SET.match(item) if isinstance(item, str) else None
    number = matched and re.fullmatch(r"-?(?:\d[\w.]*|true|false)", matched["value"])
    return (matched["place"], "", matched["value"]) if number else NONE


def changed_element(statement: str) -> tuple[str, str]:
    """(array, index) of the element that a statement changes by what it was; empty texts where it is none."""
    place, _, index = update_of(statement)[0].partition("[")
    return (place, index.removesuffix("]")) if index else ("", "")


def operator_of(body: Block, name: str) -> str:
    """The operator of a reduction by which every statement of a loop that names the scalar gathers values in it; '' where there is no such."""
    found: set[str] = set()
    for item in body.items:
        place, operator, value = update_of(item)
        if place == name and not re.search(rf"\b{name}\b", value):
            found.add("+" if operator == "-" else operator)
            continue
        text = item if isinstance(item, str) else item[0]
        if re.search(rf"\b{name}\b", text):
            return ""
        if not isinstance(item, str) and item[1].names(name):
            found.add(operator_of(item[1], name))
    return found.pop() if len(found) == 1 else ""


def _kept(head: str, body: Block) -> Update:
    """`if (value > place) place = value;` and its like."""
    matched = re.match(r"if \((.+) ([<>])=? (.+)\)$", head)
    if not matched or len(body.items) != 1 or not isinstance(body.items[0], str):
        return NONE
    place, equals, value = body.items[0].removesuffix(";").partition(" = ")
    left, sign, right = matched.groups()
    if not equals or not re.fullmatch(PLACE, place) or {left, right} != {place, value}:
        return NONE
    return place, "max" if (sign == ">") == (right == place) else "min", value
