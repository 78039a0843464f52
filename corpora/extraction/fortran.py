"""Procedures of a Fortran file, each cut out so that it stands alone outside of its module.

Contract: `extract_procedures(text)` has one Piece per procedure that is not internal. Named
constants of its module (and of other modules of the same file that it uses) are written into it;
their variables and its COMMON blocks become arguments (corpora.extraction.lift_fortran). Sibling
module procedures that it calls, and those that use the same modules, become internal procedures,
external ones of the file follow it. A procedure that needs other modules, or calls one with COMMON
blocks, is left out: data cannot set them. Fixed form comes out as free form.

    python -c "from corpora.extraction.fortran import extract_procedures; \\
        print(extract_procedures('subroutine f(n)\\nend')[0].text)"
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from corpora.extraction.fortran_library import add_library_routines
from corpora.extraction.lift_fortran import (
    NotLiftableError,
    SharedVariable,
    add_dummy_arguments,
    find_changed_names,
    find_common_variables,
    find_module_variables,
    is_common_statement,
)
from corpora.extraction.pieces import MAIN_PROGRAM, ExtractedFunction
from corpora.syntax.fortran import (
    LogicalLine,
    Procedure,
    ProgramUnit,
    convert_to_free_form,
    find_procedures,
    find_program_units,
    split_commas,
)

_INTRINSIC = {"iso_fortran_env", "iso_c_binding", "omp_lib", "ieee_arithmetic", "omp_lib_kinds"}
_WORD = re.compile(r"(?<!\w)(?<!\d\.)[a-z_]\w*")  # not the exponent of 1.0d0
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


def extract_procedures(text: str) -> list[ExtractedFunction]:
    """Return one record per procedure of `text` that is not internal to another, in textual order,
    each with what it needs or why it cannot be separated.
    """
    text, added = add_library_routines(convert_to_free_form(text))
    rows = text.splitlines()
    everything = find_procedures(text)
    modules = {u.name: u for u in find_program_units(text) if u.kind == "module"}
    outer = {p.name: p for p in everything if not _internal(p)}
    found = [
        ExtractedFunction(p.name, reason=_internal(p))
        if _internal(p)
        else _piece(p, outer, everything, modules, rows)
        for p in everything
    ]
    programs = [
        ExtractedFunction(u.name or "main", reason=MAIN_PROGRAM)
        for u in find_program_units(text)
        if u.kind == "program"
    ]
    return [p for p in found if p.reason != "internal" and p.name not in added] + programs


def _internal(procedure: Procedure) -> str:
    host = next(
        (h for h in procedure.hosts if h.kind not in ("module", "submodule", "program")), None
    )
    if not procedure.ended:
        return "has no END"
    if host is None:
        return ""
    # What a kept procedure contains travels with it; a main program is like a module to what it
    # contains.
    return (
        "internal"
        if host.kind in ("subroutine", "function")
        else f"is internal to {host.kind} '{host.name}'"
    )


def _piece(
    procedure: Procedure,
    outer: dict[str, Procedure],
    everything: list[Procedure],
    modules: dict[str, ProgramUnit],
    rows: list[str],
) -> ExtractedFunction:
    helpers = _find_called_procedures(procedure, outer, everything)
    group = [procedure, *helpers, *(p for p in everything if _is_inside(p, [procedure, *helpers]))]
    used = _uses(
        [line for p in group for line in p.lines]
        + [line for h in procedure.hosts for line in h.lines]
    )
    foreign = next((name for name in used if name not in _INTRINSIC and name not in modules), None)
    if foreign:
        return ExtractedFunction(
            procedure.name, reason=f"uses module '{foreign}', which is not in the file"
        )
    included = next(
        (line.text for p in group for line in p.lines if re.match(r"include\s*['\"]", line.text)),
        "",
    )
    if included:
        return ExtractedFunction(
            procedure.name, reason=f"has the line {included}, and that file is not in the text"
        )
    sources = [*procedure.hosts, *(modules[name] for name in used if name in modules)]
    words = {w for p in group for w in _find_foreign_names(p)} | {
        w for p in group for w in _WORD.findall(p.prefix)
    }
    constants, types = _specification(sources)
    if types & words:
        return ExtractedFunction(
            procedure.name, reason=f"uses derived type '{min(types & words)}' of its module"
        )
    try:
        shared = _find_shared_variables(procedure, helpers, group, sources)
    except NotLiftableError as error:
        return ExtractedFunction(procedure.name, reason=str(error))
    declared = [
        text
        for v in shared
        if (text := v.declaration(v.name in find_changed_names(group, [h.name for h in helpers])))
    ]
    needed = _closure(words | {w for text in declared for w in _WORD.findall(text)}, constants)
    inherited = [
        line.text for host in sources for line in host.lines if _is_kept_statement(line.text)
    ]
    return ExtractedFunction(
        procedure.name,
        _assemble_procedure(
            _Parts(
                procedure,
                helpers,
                needed,
                inherited,
                [v.name for v in shared],
                declared,
                set(modules),
            ),
            rows,
        ),
    )


def _find_shared_variables(
    procedure: Procedure,
    helpers: list[Procedure],
    group: list[Procedure],
    sources: list[ProgramUnit],
) -> list[SharedVariable]:
    """What `procedure` and its helpers share with others: members of COMMON, then module variables
    by name. Raises NotLiftableError.
    """
    if any(re.match(r"equivalence\b\s*\(", line.text) for p in group for line in p.lines):
        raise NotLiftableError("uses EQUIVALENCE, by which storage has two names")
    if other := next(
        (
            p
            for p in group
            if p is not procedure and any(is_common_statement(line) for line in p.lines)
        ),
        None,
    ):
        raise NotLiftableError(f"calls '{other.name}', which uses a COMMON block")
    if leak := next(
        (
            why
            for h in helpers
            if _becomes_internal(h, sources) and (why := _explain_leak(h, procedure))
        ),
        "",
    ):
        raise NotLiftableError(leak)
    named = {w for p in group for w in _find_foreign_names(p)}
    if renamed := next(
        (
            line.text
            for p in group
            for line in p.lines
            if _USE.match(line.text) and "=>" in line.text
        ),
        None,
    ):
        raise NotLiftableError(f"renames what it uses ({renamed})")
    variables = _filter_visible([line for p in group for line in p.lines], sources)
    found = [variables[name] for name in sorted(named & set(variables))]
    if barred := next((v for v in found if isinstance(v, NotLiftableError)), None):
        raise barred
    return [*find_common_variables(procedure), *(v for v in found if isinstance(v, SharedVariable))]


def _find_foreign_names(procedure: Procedure) -> set[str]:
    """Names in its statements that it neither takes nor declares itself."""
    return _words(procedure) - {*procedure.arguments, *_declared_names(procedure.lines)}


def _words(procedure: Procedure) -> set[str]:
    """Names in its statements; those in character constants and formats do not count."""
    texts = [
        re.sub(r"'[^']*'|\"[^\"]*\"", " ", line.text)
        for line in procedure.lines
        if not line.text.startswith("format")
    ]
    return {w for text in texts for w in _WORD.findall(text)}


def _filter_visible(
    lines: list[LogicalLine], sources: list[ProgramUnit]
) -> dict[str, SharedVariable | NotLiftableError]:
    """Variables of `sources`; of a module that is used with an ONLY list each time, those in one of
    its lists.
    """
    found: dict[str, SharedVariable | NotLiftableError] = {}
    for module in sources:
        used = [
            line.text
            for line in lines
            if (m := _USE.match(line.text)) and m.group(1) == module.name
        ]
        asked = {w for text in used for w in _WORD.findall(text.partition("only")[2])}
        restricted = bool(used) and all("only" in text for text in used)
        found.update(
            {
                name: v
                for name, v in find_module_variables([module]).items()
                if not restricted or name in asked
            }
        )
    return found


def _becomes_internal(helper: Procedure, sources: list[ProgramUnit]) -> bool:
    """Whether a helper becomes an internal procedure: it lived in a module, or shares a module's
    variables.
    """
    return bool(helper.hosts) or bool({u.name for u in sources} & set(_uses(helper.lines)))


def _explain_leak(helper: Procedure, host: Procedure) -> str:
    """Why `helper` cannot be put inside `host`: an undeclared local of its own would there be the
    host's variable.
    """
    if any(
        line.text.startswith("implicit") and "none" in line.text
        for u in (helper, *helper.hosts)
        for line in u.lines
    ):
        return ""
    own = {*helper.arguments, *_declared_names(helper.lines), helper.name}
    hosts = {*host.arguments, *_declared_names(host.lines)}
    assigned = find_changed_names([helper], ()) - own
    implicit = find_changed_names([host], ())
    clash = assigned & (hosts | implicit)
    return f"calls '{helper.name}', whose '{min(clash)}' has no declaration" if clash else ""


def _find_called_procedures(
    procedure: Procedure, outer: dict[str, Procedure], everything: list[Procedure]
) -> list[Procedure]:
    """Other procedures of the file that are named in `procedure`, directly or through others, in
    textual order.
    """
    found: dict[str, Procedure] = {}
    waiting = [procedure]
    while waiting:
        current = waiting.pop()
        inner = [p for p in everything if _is_inside(p, [current])]
        words = {w for p in (current, *inner) for w in _words(p)}
        own = {*current.arguments, *(p.name for p in inner), procedure.name, *_variables(current)}
        for name in words - own:
            if name in outer and name not in found:
                found[name] = outer[name]
                waiting.append(outer[name])
    return sorted(found.values(), key=lambda p: p.first)


def _variables(procedure: Procedure) -> set[str]:
    """Names that it declares and does not use like a function: they hide procedures of the file."""
    shaped = {
        m[1]
        for line in procedure.lines
        if _DECLARES.match(line.text)
        for m in re.finditer(r"(\w+)\s*\(", line.text)
    }
    rest = " ".join(line.text for line in procedure.lines if not _DECLARES.match(line.text))
    called = set(re.findall(r"(?:^|[^\w])(\w+)\s*\(", rest)) | set(
        re.findall(r"\bexternal\b[\s:]*([\w\s,]+)", rest)
    )
    external = {w for text in called for w in re.findall(r"\w+", text)}
    return {
        name for name in _declared_names(procedure.lines) if name in shaped or name not in external
    }


def _is_inside(inner: Procedure, hosts: Iterable[Procedure]) -> bool:
    return any(h.first < inner.first and inner.last <= h.last for h in hosts)


def _uses(lines: Iterable[LogicalLine]) -> list[str]:
    return list(dict.fromkeys(m.group(1) for line in lines if (m := _USE.match(line.text))))


def _is_kept_statement(text: str) -> bool:
    used = _USE.match(text)
    return bool(used and used.group(1) in _INTRINSIC) or text.startswith("implicit")


def _declared_names(lines: Iterable[LogicalLine]) -> list[str]:
    found: list[str] = []
    for line in lines:
        if _DECLARES.match(line.text) or line.text.startswith("dimension"):
            entities = line.text.partition("::")[2] or re.sub(
                r"^\w+(?:\s*\*\s*\d+|\s*\([^()]*\))?", "", line.text
            )
            found += [m.group() for e in split_commas(entities) if (m := _WORD.match(e))]
    return found


def _specification(hosts: Iterable[ProgramUnit]) -> tuple[list[_Constant], set[str]]:
    """(named constants, derived types) that the specification parts of `hosts` declare."""
    constants: list[_Constant] = []
    types: set[str] = set()
    for host in hosts:
        for line in host.lines:
            if line.text.startswith("type(") and "parameter" not in line.text:
                types.update(re.findall(r"type\s*\(\s*(\w+)", line.text))
            if _DECLARES.match(line.text) and re.search(
                r",\s*parameter\b", line.text.partition("::")[0]
            ):
                constants.append(_Constant(frozenset(_declared_names([line])), line.text))
    return constants, types


def _closure(words: set[str], constants: list[_Constant]) -> list[str]:
    """Texts of the constants named in `words`, directly or through others, in their order."""
    words = set(words)
    for _ in range(len(constants) + 1):
        more = {w for c in constants if c.names & words for w in _WORD.findall(c.text)}
        if more <= words:
            break
        words |= more
    return list(dict.fromkeys(c.text for c in constants if c.names & words))


@dataclass(frozen=True, slots=True)
class _Parts:
    """What a self-contained text is put together from. shared: new arguments, with their
    declarations; modules: those of the file.
    """

    procedure: Procedure
    helpers: list[Procedure]
    constants: list[str]
    inherited: list[str]
    shared: list[str]
    declared: list[str]
    modules: set[str]


def _assemble_procedure(parts: _Parts, rows: list[str]) -> str:
    procedure, constants = parts.procedure, parts.constants
    first_line = procedure.lines[0].first if procedure.lines else procedure.last
    head, typed = _header(
        procedure, rows[procedure.first : first_line], [*constants, *parts.inherited]
    )
    if parts.shared:
        head = add_dummy_arguments(head, parts.shared)
    opening = [line for line in procedure.lines if _FIRST.match(line.text)]
    after = opening[-1].last + 1 if opening else first_line
    own = [t for t in dict.fromkeys(parts.inherited) if t not in {line.text for line in opening}]
    uses = [t for t in own if t.startswith("use")]
    implicit = [t for t in own if t.startswith("implicit")][:1]
    if any(line.text.startswith("implicit") for line in opening):
        implicit = []
    gone = {
        i
        for line in procedure.lines
        if is_common_statement(line) or _is_local_use(line.text)
        for i in range(line.first, line.last + 1)
    }
    internal = [p for p in parts.helpers if p.hosts or set(_uses(p.lines)) & parts.modules]
    rows = _drop_declarations([procedure, *internal], {p.name for p in internal}, rows)
    body = [rows[i] for i in range(first_line, after) if i not in gone]
    rest = [rows[i] for i in range(after, procedure.last) if i not in gone]
    external = [p for p in parts.helpers if p not in internal]
    contained = any(line.text == "contains" for line in procedure.lines)
    if internal and not contained:
        rest = [*rest, "contains"]
    for helper in internal:
        hidden = {
            i
            for line in helper.lines
            if _is_local_use(line.text)
            for i in range(line.first, line.last + 1)
        }
        rest += [rows[i] for i in range(helper.first, helper.last) if i not in hidden]
        rest.append(_complete_end_statement(helper, rows[helper.last]))
    lines = [
        *head,
        *uses,
        *body,
        *implicit,
        *constants,
        *parts.declared,
        *typed,
        *rest,
        rows[procedure.last],
    ]
    for helper in external:
        lines += ["", *rows[helper.first : helper.last + 1]]
    return "\n".join(lines) + "\n"


def _drop_declarations(group: list[Procedure], internal: set[str], rows: list[str]) -> list[str]:
    """Rows in which EXTERNAL and type declarations no longer name procedures that are
    internal now.
    """
    rows = list(rows)
    for line in (
        line for p in group for line in p.lines if set(_WORD.findall(line.text)) & internal
    ):
        external = re.match(r"(external\b\s*(?:::)?\s*)(.*)", line.text)
        declared = re.match(
            r"((?:integer|real|double\s*precision|complex|logical)(?:\s*\*\s*\d+|\s*\([^()]*\))?(?:\s*,[^:]*)?\s*(?:::)?\s*)(\w.*)",
            line.text,
        )
        if found := external or declared:
            kept = [
                e for e in split_commas(found[2]) if e.partition("(")[0].strip() not in internal
            ]
            rows[line.first : line.last + 1] = [
                found[1] + ", ".join(kept) if kept else "",
                *[""] * (line.last - line.first),
            ]
    return rows


def _complete_end_statement(helper: Procedure, row: str) -> str:
    """An internal procedure must say what it ends."""
    return f"end {helper.kind}" if row.strip().lower() == "end" else row


def _header(procedure: Procedure, head: list[str], names: list[str]) -> tuple[list[str], list[str]]:
    """The header, and the result's type as a declaration where it needs a name that is now declared
    after the header.
    """
    kind = re.search(r"\b(?:integer|real|complex|logical)\s*\([^()]*\)", procedure.prefix)
    words = set(_WORD.findall(kind.group().partition("(")[2])) - {"kind"} if kind else set()
    if not words & {w for text in names for w in _WORD.findall(text)}:
        return head, []
    joined = " ".join(re.sub(r"&\s*$|^\s*&|!.*", "", row) for row in head)
    plain = re.sub(
        r"\b(?:integer|real|complex|logical)\s*\([^()]*\)\s*(?=.*\bfunction\b)",
        "",
        joined,
        count=1,
        flags=re.I,
    )
    return [plain], [f"{kind.group()} :: {procedure.result}"]


def _is_local_use(row: str) -> bool:
    """A USE of a module of the same file: what it gave is written out instead."""
    used = _USE.match(row.strip().lower())
    return bool(used) and used.group(1) not in _INTRINSIC
