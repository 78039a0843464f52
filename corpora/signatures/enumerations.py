"""Enumerations of C and C++: the whole numbers that their values are.

    python -c "from corpora.signatures.enumerations import find_enumerations; \\
        print(find_enumerations('enum class kind : unsigned char { wall = 2, fluid };'))"
"""

from __future__ import annotations

from dataclasses import dataclass

from corpora.frontends.c_family import parse_c_family
from corpora.frontends.c_types import NAMED_SCALARS, scalar_of_words
from corpora.ir import ScalarType, StructDefinition, TranslationUnit, TypeAlias, find
from corpora.records import ELEMENT_TYPES
from corpora.signatures.element_types import named_types
from corpora.signatures.integer_constants import IntegerConstants, enumerator_values

__all__ = ["Enumeration", "enumerations_of", "find_enumerations"]


@dataclass(frozen=True, slots=True)
class Enumeration:
    """An enumeration of C or C++.

    type: the element type of its values, such as `i32`. values: those of its constants that can be
    evaluated, in order and each once.
    """

    type: str
    values: tuple[int, ...]


def find_enumerations(text: str, dialect: str = "cuda") -> dict[str, Enumeration]:
    """Return the named enumerations of a C-family text, by name, with and without its scopes, and
    by the names of their typedefs. dialect: the text's, such as `cpp`. Those whose type no test can
    hold are left out.
    """
    return enumerations_of(parse_c_family(text, dialect)) if "enum" in text else {}


def enumerations_of(unit: TranslationUnit) -> dict[str, Enumeration]:
    """Return the named enumerations of `unit`, by name, with and without its scopes, and by the
    names of their typedefs. Those whose type no test can hold are left out.
    """
    known = IntegerConstants.of(unit).values
    aliases = {a.name: a.type for a in find(unit, TypeAlias)}
    found: dict[str, Enumeration] = {}
    for node in find(unit, StructDefinition):
        if node.kind.startswith("enum") and (type_ := _underlying(node, aliases)):
            values = dict.fromkeys(enumerator_values(node, known).values())
            for name in (node.name, node.name.split("::")[-1]):
                found[name] = Enumeration(type_, tuple(values))
    found.pop("", None)
    return found | named_types(unit, found)


def _underlying(node: StructDefinition, aliases: dict[str, object]) -> str:
    """Element type behind the colon, or int's; '' where it is none that tests can hold."""
    if not node.bases:
        return "i32"
    alias = aliases.get(node.bases[0])
    if isinstance(alias, ScalarType):
        written = alias.name
    else:
        written = scalar_of_words(node.bases[0].split()) or NAMED_SCALARS.get(node.bases[0], "")
    written = {"char": "i8"}.get(written, written)
    return written if written in ELEMENT_TYPES else ""
