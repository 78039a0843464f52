"""The values that shared data begins with: globals of the C family, module variables and DATA of
Fortran.

Contract: `initial_values(text, language)` maps the name of each variable outside functions that the
text defines to the words of its value, '' where it has none. What is declared `extern` is left out.
Never raises on bad text.

    python -c "from corpora.extraction.initial_values import initial_values; \\
        print(initial_values('int n = 5;', 'cpp'))"
"""

from __future__ import annotations

import re

from tree_sitter import Node

from corpora.syntax.c_family import get_leaf_texts, parse_c_family
from corpora.syntax.fortran import find_procedures, split_commas, split_logical_lines

_OPENED = {"translation_unit", "linkage_specification", "declaration_list", "namespace_definition"}
_ENTITY = re.compile(r"(\w+)\s*(?:\(.*?\)\s*)?(?:=(?!>)\s*(.*))?$")


def initial_values(text: str, language: str) -> dict[str, str]:
    return _of_fortran(text) if language == "fortran" else _of_c(parse_c_family(text).root_node)


def _of_c(node: Node) -> dict[str, str]:
    found: dict[str, str] = {}
    for child in node.children:
        if child.type in _OPENED:
            found |= _of_c(child)
        elif child.type == "declaration" and "extern" not in get_leaf_texts(child):
            for declarator in child.children_by_field_name("declarator"):
                plain, value = declarator, ""
                if declarator.type == "init_declarator":
                    plain, given = (
                        declarator.child_by_field_name("declarator"),
                        declarator.child_by_field_name("value"),
                    )
                    value = " ".join(get_leaf_texts(given)) if given is not None else ""
                names = (
                    [word for word in get_leaf_texts(plain) if re.fullmatch(r"[A-Za-z_]\w*", word)]
                    if plain is not None
                    else []
                )
                if names and plain.type != "function_declarator":
                    found[names[0]] = value
    return found


def _of_fortran(text: str) -> dict[str, str]:
    """Values in declarations of modules, and of DATA statements wherever they stand."""
    inside = {
        i
        for p in find_procedures(text)
        for line in p.lines
        for i in range(line.first, line.last + 1)
    }
    found: dict[str, str] = {}
    for line in split_logical_lines(text):
        if given := re.match(r"data\s+(.*)", line.text):
            for names, value in re.findall(r"([^/]+)/([^/]*)/", given[1]):
                found |= (
                    {name: value.strip() for name in re.findall(r"[a-z]\w*", names)[:1]}
                    if "(" in names
                    else {
                        name.strip(" ,"): value.strip() for name in split_commas(names.strip(" ,"))
                    }
                )
        elif (
            "::" in line.text
            and line.first not in inside
            and not line.text.startswith(("use", "type", "procedure", "interface"))
        ):
            head, _, entities = line.text.partition("::")
            for entity in split_commas(entities) if "parameter" not in head else ():
                if match := _ENTITY.match(entity.strip()):
                    found.setdefault(match[1], (match[2] or "").strip())
    return found
