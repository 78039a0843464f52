"""Procedures of a Fortran file, each cut out so that it stands alone outside of its module.

Contract: `pieces(text)` has one Piece per procedure that is not internal. Named constants of its module (and of other
modules of the same file that it uses) are written into it; sibling module procedures that it calls become internal
procedures, external ones of the file follow it. A procedure that needs module variables, other modules or COMMON
blocks is left out: data cannot set them. Fixed form comes out as free form.

    python -c "from corpora.extract_fortran import pieces; print(pieces('subroutine f(n)\\nend')[0].text)"
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from corpora.extract import Piece
from corpora.fortran_syntax import Line, Procedure, Unit, procedures, split_commas, to_free_form, units

_INTRINSIC = {"iso_fortran_env", "iso_c_binding", "omp_lib", "ieee_arithmetic", "omp_lib_kinds"}
_WORD = re.compile(r"[a-z_]\w*")
_USE = re.compile(r"use\b\s*(?:,\s*(?:non_)?intrinsic\s*)?(?:::)?\s*(\w+)")
_DECLARES = re.compile(
    r"^(?:integer|real|double\s*precision|complex|double\s*complex|logical|character|type\s*\(|class\s*\(|byte)"
)
_FIRST = re.compile(r"^(?:use|import|implicit)\b")


@dataclass(frozen=True, slots=True)
class _Constant:
    """A declaration of named constants (PARAMETER): the names and its text."""

    names: frozenset[str]
    text: str


def pieces(text: str) -> list[Piece]:
    """One Piece per procedure of `text` that is not internal to another, in textual order."""
    text = to_free_form(text)
    rows = text.splitlines()
    everything = procedures(text)
    modules = {u.name: u for u in units(text) if u.kind == "module"}
    outer = {p.name: p for p in everything if not _internal(p)}
    found = [
        Piece(p.name, reason=_internal(p)) if _internal(p) else _piece(p, outer, everything, modules, rows) for p in everything
    ]
    programs = [Piece(u.name or "main", reason="is a main program") for u in units(text) if u.kind == "program"]
    return [p for p in found if p.reason != "internal"] + programs


def _internal(procedure: Procedure) -> str:
    host = next((h for h in procedure.hosts if h.kind not in ("module", "submodule")), None)
    if not procedure.ended:
        return "has no END"
    if host is None:
        return ""
    # What a kept procedure contains travels with it; what a main program contains is lost.
    return "internal" if host.kind in ("subroutine", "function") else f"is internal to {host.kind} '{host.name}'"


def _piece(
    procedure: Procedure, outer: dict[str, Procedure], everything: list[Procedure], modules: dict[str, Unit], rows: list[str]
) -> Piece:
    helpers = _called(procedure, outer, everything)
    group = [procedure, *helpers, *(p for p in everything if _inside(p, [procedure, *helpers]))]
    used = _uses([line for p in group for line in p.lines] + [line for h in procedure.hosts for line in h.lines])
    foreign = next((name for name in used if name not in _INTRINSIC and name not in modules), None)
    if foreign:
        return Piece(procedure.name, reason=f"uses module '{foreign}', which is not in the file")
    if any(re.match(r"(?:common|equivalence)\b\s*[/(]", line.text) for p in group for line in p.lines):
        return Piece(procedure.name, reason="uses a COMMON block, which tests cannot set")
    sources = [*procedure.hosts, *(modules[name] for name in used if name in modules)]
    words = {w for p in group for line in p.lines for w in _WORD.findall(line.text)}
    words |= {w for p in group for w in _WORD.findall(p.prefix)}
    constants, variables, types = _specification(sources)
    local = {w for p in group for w in (*p.arguments, *_declared_names(p.lines))}
    state = next((w for w in sorted(words - local) if w in variables), None)
    if state:
        return Piece(procedure.name, reason=f"uses module variable '{state}', which tests cannot set")
    if types & words:
        return Piece(procedure.name, reason=f"uses derived type '{min(types & words)}' of its module")
    needed = _closure(words, constants)
    inherited = [line.text for host in sources for line in host.lines if _keeps(line.text)]
    return Piece(procedure.name, _assembled(procedure, helpers, needed, inherited, rows))


def _called(procedure: Procedure, outer: dict[str, Procedure], everything: list[Procedure]) -> list[Procedure]:
    """Other procedures of the file that are named in `procedure`, directly or through others, in textual order."""
    found: dict[str, Procedure] = {}
    waiting = [procedure]
    while waiting:
        current = waiting.pop()
        inner = [p for p in everything if _inside(p, [current])]
        words = {w for p in (current, *inner) for line in p.lines for w in _WORD.findall(line.text)}
        own = {*current.arguments, *(p.name for p in inner), procedure.name}
        for name in words - own:
            if name in outer and name not in found:
                found[name] = outer[name]
                waiting.append(outer[name])
    return sorted(found.values(), key=lambda p: p.first)


def _inside(inner: Procedure, hosts: Iterable[Procedure]) -> bool:
    return any(h.first < inner.first and inner.last <= h.last for h in hosts)


def _uses(lines: Iterable[Line]) -> list[str]:
    return list(dict.fromkeys(m.group(1) for line in lines if (m := _USE.match(line.text))))


def _keeps(text: str) -> bool:
    used = _USE.match(text)
    return bool(used and used.group(1) in _INTRINSIC) or text.startswith("implicit")


def _declared_names(lines: Iterable[Line]) -> list[str]:
    found: list[str] = []
    for line in lines:
        if _DECLARES.match(line.text) or line.text.startswith("dimension"):
            entities = line.text.partition("::")[2] or re.sub(r"^\w+(?:\s*\*\s*\d+|\s*\([^()]*\))?", "", line.text)
            found += [m.group() for e in split_commas(entities) if (m := _WORD.match(e))]
    return found


def _specification(hosts: Iterable[Unit]) -> tuple[list[_Constant], set[str], set[str]]:
    """(named constants, variables, derived types) that the specification parts of `hosts` declare."""
    constants: list[_Constant] = []
    variables: set[str] = set()
    types: set[str] = set()
    for host in hosts:
        for line in host.lines:
            if line.text.startswith("type(") and "parameter" not in line.text:
                types.update(re.findall(r"type\s*\(\s*(\w+)", line.text))
            if not _DECLARES.match(line.text):
                continue
            names = frozenset(_declared_names([line]))
            if re.search(r",\s*parameter\b", line.text.partition("::")[0]):
                constants.append(_Constant(names, line.text))
            else:
                variables |= names
    return constants, variables, types


def _closure(words: set[str], constants: list[_Constant]) -> list[str]:
    """Texts of the constants named in `words`, directly or through others, in their order."""
    words = set(words)
    for _ in range(len(constants) + 1):
        more = {w for c in constants if c.names & words for w in _WORD.findall(c.text)}
        if more <= words:
            break
        words |= more
    return list(dict.fromkeys(c.text for c in constants if c.names & words))


def _assembled(
    procedure: Procedure, helpers: list[Procedure], constants: list[str], inherited: list[str], rows: list[str]
) -> str:
    first_line = procedure.lines[0].first if procedure.lines else procedure.last
    head, typed = _header(procedure, rows[procedure.first : first_line], [*constants, *inherited])
    opening = [line for line in procedure.lines if _FIRST.match(line.text)]
    after = opening[-1].last + 1 if opening else first_line
    own = [t for t in dict.fromkeys(inherited) if t not in {line.text for line in opening}]
    uses = [t for t in own if t.startswith("use")]
    implicit = [t for t in own if t.startswith("implicit")][:1]
    if any(line.text.startswith("implicit") for line in opening):
        implicit = []
    body = [row for row in rows[first_line:after] if not _is_local_use(row)]
    rest = rows[after : procedure.last]
    internal = [p for p in helpers if p.hosts]
    external = [p for p in helpers if not p.hosts]
    contained = any(line.text == "contains" for line in procedure.lines)
    if internal and not contained:
        rest = [*rest, "contains"]
    for helper in internal:
        rest += [row for row in rows[helper.first : helper.last + 1] if not _is_local_use(row)]
    lines = [*head, *uses, *body, *implicit, *constants, *typed, *rest, rows[procedure.last]]
    for helper in external:
        lines += ["", *rows[helper.first : helper.last + 1]]
    return "\n".join(lines) + "\n"


def _header(procedure: Procedure, head: list[str], names: list[str]) -> tuple[list[str], list[str]]:
    """The header, and the result's type as a declaration where it needs a name that is now declared after the header."""
    kind = re.search(r"\b(?:integer|real|complex|logical)\s*\([^()]*\)", procedure.prefix)
    words = set(_WORD.findall(kind.group().partition("(")[2])) - {"kind"} if kind else set()
    if not words & {w for text in names for w in _WORD.findall(text)}:
        return head, []
    joined = " ".join(re.sub(r"&\s*$|^\s*&|!.*", "", row) for row in head)
    plain = re.sub(r"\b(?:integer|real|complex|logical)\s*\([^()]*\)\s*(?=.*\bfunction\b)", "", joined, count=1, flags=re.I)
    return [plain], [f"{kind.group()} :: {procedure.result}"]


def _is_local_use(row: str) -> bool:
    """A USE of a module of the same file: what it gave is written out instead."""
    used = _USE.match(row.strip().lower())
    return bool(used) and used.group(1) not in _INTRINSIC
