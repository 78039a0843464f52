"""Module variables and COMMON blocks as dummy arguments: what a Fortran procedure shares with
others becomes testable.

Contract: `module_state` and `common_state` give the shared variables that a procedure names, each
with the declaration it gets as an argument; scalars that nobody changes are intent(in). Values from
initialisation, DATA and SAVE are dropped: tests set them. What cannot be an argument (allocatable,
pointer, derived type, character) raises `NotLiftableError`, one line.

    python -c "from corpora.extraction.fortran import extract_procedures; \
print(extract_procedures('subroutine f(x)\\nreal x, a(3)\\ncommon /c/ n, a\\nx =
a(n)\\nend')[0].text)"
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from corpora.syntax.fortran import LogicalLine, Procedure, ProgramUnit, split_commas

_GROUP = r"\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)"
_TYPE = re.compile(
    rf"^((?:integer|real|double\s*precision|double\s*complex|complex|logical|byte)(?:\s*\*\s*\d+|\s*{_GROUP})?)\s*(.*)$"
)
_BARRED = re.compile(r"^(?:character|type\s*\(|class\s*\()")
_ENTITY = re.compile(rf"^(\w+)\s*({_GROUP})?\s*(=.*)?$")
_COMMON = re.compile(r"^common\b\s*(.*)$")


class NotLiftableError(ValueError):
    """A shared variable cannot become an argument. The message says which and why."""


@dataclass(frozen=True, slots=True)
class SharedVariable:
    """A variable outside a procedure, called `name`. type: as declared, '' where the procedure
    itself declares it or it is implicit. shape: such as `(n, 0:m)`, ''.
    """

    name: str
    type: str
    shape: str

    def declaration(self, changed: bool) -> str:
        """Return the variable's declaration as a dummy argument; '' if none is needed. changed: the
        procedure sets it.
        """
        if not self.type:
            return f"dimension :: {self.name}{self.shape}" if self.shape else ""
        intent = "" if changed or self.shape else ", intent(in)"
        return f"{self.type}{intent} :: {self.name}{self.shape}"


def find_module_variables(
    hosts: Iterable[ProgramUnit],
) -> dict[str, SharedVariable | NotLiftableError]:
    """Variables that the specification parts of `hosts` declare, with their types and shapes."""
    found: dict[str, SharedVariable | NotLiftableError] = {}
    for host in hosts:
        for line in host.lines:
            found.update(_read_declared(line.text, host.name))
    return found


def _read_declared(text: str, where: str) -> dict[str, SharedVariable | NotLiftableError]:
    barred = _BARRED.match(text)
    typed = _TYPE.match(text)
    if not typed and not barred:
        return {}
    type_, rest = typed.groups() if typed else ("", text)
    attributes, colons, entities = rest.partition("::")
    attributes, entities = (attributes, entities) if colons else ("", rest)
    listed = [a.strip() for a in split_commas(attributes)]
    if "parameter" in listed:
        return {}
    dimension = next((a[a.index("(") :] for a in listed if a.startswith("dimension")), "")
    found: dict[str, SharedVariable | NotLiftableError] = {}
    for entity in split_commas(entities):
        if match := _ENTITY.match(entity):
            name, shape = match[1], match[2] or dimension
            why = "" if typed else "is no number"
            why = why or next((f"is {a}" for a in listed if a in ("allocatable", "pointer")), "")
            found[name] = (
                NotLiftableError(
                    f"uses '{name}' of module '{where}', which {why}: tests cannot hold it"
                )
                if why
                else SharedVariable(name, type_, shape)
            )
    return found


def find_common_variables(procedure: Procedure) -> list[SharedVariable]:
    """Members of the COMMON blocks of `procedure`, in order; types are the procedure's own to
    declare.
    """
    found: list[SharedVariable] = []
    for line in procedure.lines:
        if match := _COMMON.match(line.text):
            for entity in split_commas(re.sub(r",?\s*/\s*\w*\s*/", ",", match[1])):
                name, shape, _ = (
                    _ENTITY.match(entity).groups() if _ENTITY.match(entity) else (entity, "", "")
                )
                found.append(SharedVariable(name, "", shape or ""))
    return found


def is_common_statement(line: LogicalLine) -> bool:
    return bool(_COMMON.match(line.text)) and "=" not in line.text


def find_changed_names(group: Iterable[Procedure], callees: Collection[str]) -> set[str]:
    """Names that statements of `group` may change: assigned, counted, read, or handed to a
    procedure of the file.
    """
    lines = [line.text for p in group for line in p.lines]
    found: set[str] = set()
    for text in lines:
        action = re.sub(rf"^(?:if|where|forall)\s*{_GROUP}\s*(?!then\b)", "", text)
        if assigned := re.match(rf"^(\w+)\s*(?:{_GROUP}\s*)?=(?!=)", action):
            found.add(assigned[1])
        if counted := re.match(r"^(?:\w+\s*:\s*)?do\b\s*(?:\d+\s*,?\s*)?(\w+)\s*=", action):
            found.add(counted[1])
        if action.startswith("read"):
            found.update(re.findall(r"\w+", action))
        for name in callees:
            for arguments in re.findall(rf"\b{name}\s*({_GROUP})", action):
                found.update(a for a in split_commas(arguments[1:-1]) if a.isidentifier())
        if called := re.match(rf"^call\s+\w+\s*({_GROUP})", action):
            found.update(a for a in split_commas(called[1][1:-1]) if a.isidentifier())
    return found


def add_dummy_arguments(head: list[str], names: list[str]) -> list[str]:
    """The rows of a procedure's header with `names` added to its dummy arguments, in one row."""
    joined = " ".join(re.sub(r"&\s*$|^\s*&|!.*", "", row).strip() for row in head)
    match = re.match(rf"^(.*?\b(?:subroutine|function)\s+\w+)\s*({_GROUP})?(.*)$", joined, re.I)
    if match is None:
        return head
    given = match[2][1:-1].strip() if match[2] else ""
    listed = ", ".join([*([given] if given else []), *names])
    return [f"{match[1]}({listed}){match[3]}"]
