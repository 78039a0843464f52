"""Procedures of a Fortran file, each cut out so that it stands alone outside of its module.

Contract: `extract_procedures(text)` has one Piece per procedure that is not internal. Named
constants of its module (and of other modules of the same file that it uses) are written into it;
their variables and its COMMON blocks become arguments (corpora.extraction.lift_fortran). Sibling
module procedures that it calls, and those that use the same modules, become internal procedures,
external ones of the file follow it. A procedure that needs other modules, or calls one with COMMON
blocks, is left out: data cannot set them. Fixed form comes out as free form.

What is declared, called and changed comes from the typed tree. What a text needs are its words: a
kind's name is needed where it is written, and the tree has its value already. Pieces are put
together from whole rows, so comments stay with what they speak of.

    python -c "from corpora.extraction.fortran import extract_procedures; \\
        print(extract_procedures('subroutine f(n)\\nend')[0].text)"
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from corpora.emit.fortran import emit_fortran
from corpora.extraction.fortran_library import add_library_routines
from corpora.extraction.lift_fortran import (
    NotLiftableError,
    SharedVariable,
    find_changed_names,
    find_common_variables,
    find_module_variables,
    is_common_statement,
)
from corpora.extraction.pieces import MAIN_PROGRAM, ExtractedFunction
from corpora.frontends.fortran import ends_unit, parse_fortran
from corpora.frontends.fortran_expressions import TYPE_WORDS, ExpressionReader, FortranError
from corpora.frontends.fortran_layout import convert_to_free_form
from corpora.frontends.fortran_lines import Line, Token, read_lines
from corpora.frontends.fortran_scope import Scope
from corpora.frontends.fortran_uses import read_use
from corpora.ir import (
    STATEMENT_FUNCTION,
    ArrayType,
    Call,
    Declaration,
    Edit,
    Function,
    Include,
    Interface,
    Module,
    Name,
    ScalarType,
    Span,
    Specification,
    StructDefinition,
    Unsupported,
    apply_edits,
    find,
)

__all__ = ["extract_procedures"]

_INTRINSIC = {"iso_fortran_env", "iso_c_binding", "omp_lib", "ieee_arithmetic", "omp_lib_kinds"}
_OPENING = ("use", "import", "implicit")
"""First words of the statements that no declaration may precede."""
_Host = Module | Function


@dataclass(frozen=True, slots=True)
class _Constant:
    """The declaration of a named constant (PARAMETER): its name, its text, the names in that."""

    name: str
    text: str
    words: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Procedure:
    """A procedure of the file.

    hosts: the units around it, outermost first. lines: its own statements, without its head and
    its end, without interface blocks and without the procedures inside. inner: those. first, last:
    its rows, from 0, both included.
    """

    function: Function
    hosts: tuple[_Host, ...]
    head: Line
    lines: tuple[Line, ...]
    end: Line
    inner: tuple[_Procedure, ...]

    @property
    def name(self) -> str:
        return self.function.name

    @property
    def arguments(self) -> set[str]:
        return {p.name for p in self.function.parameters}

    @property
    def first(self) -> int:
        return self.head.span.line - 1

    @property
    def last(self) -> int:
        return self.end.span.end_line - 1

    @property
    def kind(self) -> str:
        return "subroutine" if self.function.result == ScalarType("void") else "function"

    def all_inside(self) -> Iterator[_Procedure]:
        for procedure in self.inner:
            yield procedure
            yield from procedure.all_inside()


@dataclass(frozen=True, slots=True)
class _File:
    """A text of free form: its rows, its procedures in the order of the text, its modules."""

    rows: list[str]
    procedures: list[_Procedure]
    modules: dict[str, Module]
    unread: list[Unsupported]
    programs: list[Function]

    def named(self) -> dict[str, _Procedure]:
        return {p.name: p for p in self.procedures if not _why_internal(p)}


def extract_procedures(text: str) -> list[ExtractedFunction]:
    """Return one record per procedure of a Fortran text, of fixed or free form, that is not
    internal to another, each with the definitions it needs or the reason why it cannot be
    separated. They are in textual order; those that cannot be read, and then main programs, come
    last. [] if there is none.
    """
    text, added = add_library_routines(convert_to_free_form(text))
    file = _read_file(text)
    outer = file.named()
    found = [
        ExtractedFunction(p.name, reason=why)
        if (why := _why_internal(p))
        else _piece(p, outer, file)
        for p in file.procedures
    ]
    programs = [ExtractedFunction(p.name or "main", reason=MAIN_PROGRAM) for p in file.programs]
    return [
        *(p for p in found if p.reason != "internal" and p.name not in added),
        *_unread_procedures(file.unread),
        *programs,
    ]


# ------------------------------------------------------------------------------- what is there


def _read_file(text: str) -> _File:
    unit = parse_fortran(text, "free")
    lines = [line for line in read_lines(text, "free") if line.tokens]
    file = _File(text.split("\n"), [], {}, [], [])
    _read_items(unit.items, (), lines, file)
    return file


def _read_items(
    items: Iterable[Any], hosts: tuple[_Host, ...], lines: list[Line], file: _File
) -> tuple[_Procedure, ...]:
    """Enters the units among `items` in `file`; gives the procedures there."""
    found = []
    for item in items:
        if isinstance(item, Module):
            if not item.parent:
                file.modules[item.name] = item
            _read_items(item.items, (*hosts, item), lines, file)
        elif isinstance(item, Unsupported) and (item.span is None or "\n" in item.text):
            file.unread.append(item)
        elif isinstance(item, Function) and "program" in item.qualifiers:
            file.programs.append(item)
            _read_items(item.contains, (*hosts, item), lines, file)
        elif isinstance(item, Function) and STATEMENT_FUNCTION not in item.qualifiers:
            place = len(file.procedures)
            inner = _read_items(item.contains, (*hosts, item), lines, file)
            procedure = _read_procedure(item, hosts, lines, inner)
            file.procedures.insert(place, procedure)
            found.append(procedure)
    return tuple(found)


def _read_procedure(
    function: Function, hosts: tuple[_Host, ...], lines: list[Line], inner: tuple[_Procedure, ...]
) -> _Procedure:
    own = _lines_in(lines, function.span)
    hidden = [p.function.span for p in inner]
    hidden += [i.span for i in find(function.body or (), Interface)]
    kept = [line for line in own[1:-1] if not any(_holds(span, line.span) for span in hidden)]
    return _Procedure(function, hosts, own[0], tuple(kept), own[-1], inner)


def _lines_in(lines: list[Line], span: Span | None) -> list[Line]:
    return [line for line in lines if _holds(span, line.span)]


def _holds(outer: Span | None, inner: Span) -> bool:
    return outer is not None and outer.start <= inner.start and inner.end <= outer.end


def _unread_procedures(items: Iterable[Unsupported]) -> Iterator[ExtractedFunction]:
    """Procedures that no tree could be made of: the name that stands in their heads."""
    for item in items:
        words = [t.text for t in read_lines(item.text, "free")[0].tokens]
        word = next((w for w in ("subroutine", "function", "procedure") if w in words[:-1]), None)
        if word is not None and item.span is not None:
            reason = f"cannot be read: {item.kind}, line {item.span.line}"
            if item.kind == "alternate return":
                reason = "has alternate returns, which tests cannot take"
            yield ExtractedFunction(words[words.index(word) + 1], reason=reason)


def _why_internal(procedure: _Procedure) -> str:
    """Why it is no piece of its own: `internal` where it travels with the one that it is in."""
    if not ends_unit(procedure.end):
        return "has no END"
    if "module procedure" in procedure.function.qualifiers:
        return "is a module procedure, whose interface stands in its module"
    # A main program is like a module to what it contains.
    inside = any(isinstance(h, Function) and "program" not in h.qualifiers for h in procedure.hosts)
    return "internal" if inside else ""


# ------------------------------------------------------------------------------------- names


def _words(lines: Iterable[Line]) -> set[str]:
    """Names that stand in statements. Fields behind `%` are none; kinds behind `_` are."""
    found: set[str] = set()
    for line in lines:
        if line.tokens[0].text == "format" and line.label:
            continue
        before = None
        for token in line.tokens:
            if token.kind == "id" and (before is None or before.text != "%"):
                found.add(token.text.rstrip("_") if token.text.endswith("_") else token.text)
                found.add(token.text)
            elif token.kind == "number" and "_" in token.text:
                found.add(token.text.partition("_")[2])
            before = token
    return found


def _text_words(text: str) -> frozenset[str]:
    return frozenset(_words(line for line in read_lines(text, "free") if line.tokens))


def _is_opening(line: Line) -> bool:
    """Whether it is a `use`, `import` or `implicit` statement."""
    following = line.tokens[1].text if len(line.tokens) > 1 else ""
    return line.tokens[0].text in _OPENING and following not in ("=", "(", "%")


def _uses_words(procedure: _Procedure) -> set[str]:
    """Names in its statements; those in USE, IMPLICIT and COMMON do not count, nor do fields."""
    structures = list(find(procedure.function.body or (), StructDefinition))
    fields = {f.name for s in structures for f in s.fields}
    found: set[str] = set()
    for line in procedure.lines:
        if _is_opening(line) or is_common_statement(line):
            continue
        words = _words([line])
        inside = any(_holds(s.span, line.span) for s in structures)
        found |= words - fields if inside else words
    return found


def _declarations(function: Function) -> list[Declaration]:
    """Those that stand in the text, wherever in the body."""
    found = find(function.body or (), Declaration)
    return [d for d in found if not d.implicit or d.group is not None]


def _own_names(procedure: _Procedure) -> set[str]:
    """Names that it takes or declares itself."""
    function = procedure.function
    own = {d.name for d in _declarations(function)} | procedure.arguments
    own |= {s.name for s in find(function.body or (), StructDefinition)}
    return own | {f.name for f in function.contains if isinstance(f, Function)}


def _foreign_names(procedure: _Procedure) -> set[str]:
    """Names in its statements that it neither takes nor declares itself."""
    return _uses_words(procedure) - _own_names(procedure)


def _called_procedures(procedure: _Procedure, outer: dict[str, _Procedure]) -> list[_Procedure]:
    """Other procedures of the file that are named in `procedure`, directly or through others, in
    textual order.
    """
    found: dict[str, _Procedure] = {}
    waiting = [procedure]
    while waiting:
        current = waiting.pop()
        inner = list(current.all_inside())
        words = {w for p in (current, *inner) for w in _uses_words(p)}
        own = {procedure.name, *current.arguments, *(p.name for p in inner), *_variables(current)}
        for name in words - own:
            if name in outer and name not in found:
                found[name] = outer[name]
                waiting.append(outer[name])
    return sorted(found.values(), key=lambda p: p.first)


def _variables(procedure: _Procedure) -> set[str]:
    """Names that it declares and does not use like a function: they hide procedures of the file."""
    body = procedure.function.body or ()
    called = {c.function.id for c in find(body, Call) if isinstance(c.function, Name)}
    for node in find(body, Specification):
        if node.keyword == "external":
            called |= _text_words(node.text)
    called |= {d.name for d in find(body, Declaration) if "external" in d.storage}
    return {
        d.name
        for d in _declarations(procedure.function)
        if isinstance(d.type, ArrayType) or d.name not in called
    }


# ------------------------------------------------------------------------------------- pieces


def _piece(procedure: _Procedure, outer: dict[str, _Procedure], file: _File) -> ExtractedFunction:
    try:
        return ExtractedFunction(
            procedure.name, _assemble(_parts(procedure, outer, file), file.rows)
        )
    except NotLiftableError as error:
        return ExtractedFunction(procedure.name, reason=str(error))


@dataclass(frozen=True, slots=True)
class _Parts:
    """What a self-contained text is put together from. uses, implicit: statements of the hosts.
    shared: new arguments, with their declarations; modules: those of the file.
    """

    procedure: _Procedure
    helpers: list[_Procedure]
    constants: list[_Constant]
    uses: list[str]
    implicit: list[str]
    shared: list[str]
    declared: list[str]
    modules: set[str]


def _parts(procedure: _Procedure, outer: dict[str, _Procedure], file: _File) -> _Parts:
    """Raises NotLiftableError where the procedure needs what cannot go with it."""
    helpers = _called_procedures(procedure, outer)
    group = [p for each in (procedure, *helpers) for p in (each, *each.all_inside())]
    used = _used_modules([*(p.function for p in group), *procedure.hosts])
    for name in used:
        if name not in _INTRINSIC and name not in file.modules:
            raise NotLiftableError(f"uses module '{name}', which is not in the file")
    for include in find(tuple(p.function.body or () for p in group), Include):
        raise NotLiftableError(
            f"has the line include '{include.path}', and that file is not in the text"
        )
    sources = [*procedure.hosts, *(file.modules[name] for name in used if name in file.modules)]
    words = {w for p in group for w in _foreign_names(p)}
    # Kinds in heads, in IMPLICIT and in COMMON are needed too.
    kinds = {w for p in group for w in _words([_prefix(p.head)])}
    kinds |= {
        w for p in group for line in p.lines
        if line.tokens[0].text in ("implicit", "common") for w in _words([line])
    }  # fmt: skip
    types = {s.name for host in sources for s in _items(host) if isinstance(s, StructDefinition)}
    if types & (words | kinds):
        raise NotLiftableError(f"uses derived type '{min(types & (words | kinds))}' of its module")
    shared = _shared_variables(procedure, helpers, group, sources)
    changed = find_changed_names([p.function for p in group], [h.name for h in helpers])
    # What COMMON says of its members stays in its place, where the sizes that it names are known.
    declared = [v.declaration(v.name in changed) for v in shared if v.type]
    needed = words | kinds | {w for text in declared for w in _text_words(text)}
    uses = [f"use {use}" for host in sources for use in host.uses if _is_intrinsic(use)]
    implicit = [
        f"implicit {s.text}"
        for host in sources
        for s in _items(host)
        if isinstance(s, Specification) and s.keyword == "implicit"
    ]
    return _Parts(
        procedure, helpers, _closure(needed, _constants(sources)), uses, implicit,
        [v.name for v in shared], declared, set(file.modules),
    )  # fmt: skip


def _items(host: _Host) -> tuple[Any, ...]:
    return host.items if isinstance(host, Module) else host.body or ()


def _used_modules(units: Iterable[_Host]) -> list[str]:
    """Modules that the units use; that of a submodule too."""
    found: dict[str, None] = {}
    for unit in units:
        if isinstance(unit, Module) and unit.parent:
            found[unit.parent.partition(":")[0]] = None
        found |= dict.fromkeys(read_use(use).module for use in unit.uses)
    return list(found)


def _is_intrinsic(use: str) -> bool:
    return read_use(use).module in _INTRINSIC


def _shared_variables(
    procedure: _Procedure,
    helpers: list[_Procedure],
    group: list[_Procedure],
    sources: Sequence[_Host],
) -> list[SharedVariable]:
    """What `procedure` and its helpers share with others: members of COMMON, then module variables
    by name. Raises NotLiftableError.
    """
    for p in group:
        if any(u.kind == "equivalence" for u in find(p.function.body or (), Unsupported)):
            raise NotLiftableError("uses EQUIVALENCE, by which storage has two names")
        if p is not procedure and any(is_common_statement(line) for line in p.lines):
            raise NotLiftableError(f"calls '{p.name}', which uses a COMMON block")
    for helper in helpers:
        if _becomes_internal(helper, {u.name for u in sources}):
            if leak := _explain_leak(helper, procedure):
                raise NotLiftableError(leak)
    for use in (use for p in group for use in p.function.uses):
        if read_use(use).renamed and not _is_intrinsic(use):
            raise NotLiftableError(f"renames what it uses (use {use})")
    common = find_common_variables(procedure.lines)
    named = {w for p in group for w in _foreign_names(p)} - {v.name for v in common}
    variables = _visible_variables([p.function for p in group], sources)
    found = [variables[name] for name in sorted(named & set(variables))]
    for variable in found:
        if isinstance(variable, NotLiftableError):
            raise variable
    return [*common, *(v for v in found if isinstance(v, SharedVariable))]


def _visible_variables(
    group: Sequence[Function], sources: Sequence[_Host]
) -> dict[str, SharedVariable | NotLiftableError]:
    """Variables of `sources`; of a module that is used with an ONLY list each time, those in one of
    its lists.
    """
    found: dict[str, SharedVariable | NotLiftableError] = {}
    for source in sources:
        uses = [u for f in group for use in f.uses if (u := read_use(use)).module == source.name]
        for name, variable in find_module_variables(source).items():
            if not uses or any(u.gives(name) for u in uses):
                found[name] = variable
    return found


def _becomes_internal(helper: _Procedure, modules: set[str]) -> bool:
    """Whether a helper becomes an internal procedure: it lived in a module, or shares a module's
    variables.
    """
    return bool(helper.hosts) or bool(modules & set(_used_modules([helper.function])))


def _explain_leak(helper: _Procedure, host: _Procedure) -> str:
    """Why `helper` cannot be put inside `host`: an undeclared local of its own would there be the
    host's variable.
    """
    for unit in (helper.function, *helper.hosts):
        for node in _items(unit):
            if isinstance(node, Specification) and node.keyword == "implicit":
                if node.text == "none":
                    return ""
    own = _own_names(helper) | {helper.name}
    assigned = find_changed_names([helper.function], ()) - own
    clash = assigned & (_own_names(host) | find_changed_names([host.function], ()))
    return f"calls '{helper.name}', whose '{min(clash)}' has no declaration" if clash else ""


def _constants(sources: Iterable[_Host]) -> list[_Constant]:
    """Named constants that the units declare, in their order."""
    found = []
    for host in sources:
        for item in _items(host):
            if isinstance(item, Declaration) and "parameter" in item.storage:
                text = emit_fortran(item).rstrip("\n")
                found.append(_Constant(item.name, text, _text_words(text)))
    return found


def _closure(words: set[str], constants: list[_Constant]) -> list[_Constant]:
    """The constants named in `words`, directly or through others, in their order."""
    needed: dict[str, _Constant] = {}
    by_name = {c.name: c for c in constants}
    waiting = sorted(words & by_name.keys())
    while waiting:
        name = waiting.pop()
        if name not in needed:
            needed[name] = by_name[name]
            waiting += sorted((by_name[name].words & by_name.keys()) - needed.keys())
    return [c for c in dict.fromkeys(constants) if needed.get(c.name) == c]


# ------------------------------------------------------------------------------ putting together


def _assemble(parts: _Parts, rows: list[str]) -> str:
    procedure = parts.procedure
    own = set(procedure.function.uses)
    first_row = procedure.head.span.end_line  # declarations go before directives, too
    opening = [line for line in procedure.lines if _is_opening(line)]
    after = opening[-1].span.end_line if opening else first_row
    internal = [
        p for p in parts.helpers
        if p.hosts or set(_used_modules([p.function])) & parts.modules
    ]  # fmt: skip
    names = {p.name for p in internal}
    rows = _drop_declarations([procedure, *internal], names, rows)
    head, typed = _header(parts, rows[procedure.first : first_row])
    gone = _rows_of(line for line in procedure.lines if _is_dropped(line))
    for line in procedure.lines:
        shapes = [text for v in find_common_variables([line]) if (text := v.declaration(True))]
        if shapes:
            gone.discard(line.span.line - 1)
            rows[line.span.line - 1] = "\n".join(shapes)
    rest = [rows[i] for i in range(after, procedure.last) if i not in gone]
    if internal and not _has_contains(procedure):
        rest.append("contains")
    for helper in internal:
        hidden = _rows_of(line for line in helper.lines if _is_local_use(line))
        rest += [rows[i] for i in range(helper.first, helper.last) if i not in hidden]
        bare = [t.text for t in helper.end.tokens] == ["end"]
        rest.append(f"end {helper.kind}" if bare else rows[helper.last])
    implicit = [] if any(o.tokens[0].text == "implicit" for o in opening) else parts.implicit[:1]
    uses = [use for use in dict.fromkeys(parts.uses) if use.removeprefix("use ") not in own]
    lines = [
        *head,
        *uses,
        *(rows[i] for i in range(first_row, after) if i not in gone),
        *implicit,
        *(c.text for c in parts.constants),
        *parts.declared,
        *typed,
        *rest,
        rows[procedure.last],
    ]
    for helper in parts.helpers:
        if helper not in internal:
            lines += ["", *rows[helper.first : helper.last + 1]]
    return "\n".join(lines) + "\n"


def _rows_of(lines: Iterable[Line]) -> set[int]:
    return {row for line in lines for row in range(line.span.line - 1, line.span.end_line)}


def _is_dropped(line: Line) -> bool:
    return is_common_statement(line) or _is_local_use(line)


def _is_local_use(line: Line) -> bool:
    """A USE of a module of the same file: what it gave is written out instead."""
    if not _is_opening(line) or line.tokens[0].text != "use":
        return False
    return not _is_intrinsic(" ".join(t.text for t in line.tokens[1:]))


def _has_contains(procedure: _Procedure) -> bool:
    return any([t.text for t in line.tokens] == ["contains"] for line in procedure.lines)


def _drop_declarations(group: list[_Procedure], internal: set[str], rows: list[str]) -> list[str]:
    """Rows in which EXTERNAL and type declarations no longer name procedures that are
    internal now.
    """
    rows = list(rows)
    for procedure in group:
        for line in procedure.lines:
            if _words([line]) & internal:
                text = _without_entities(line, internal)
                if text is not None:
                    first, last = line.span.line - 1, line.span.end_line
                    rows[first:last] = [text, *[""] * (last - first - 1)]
    return rows


def _without_entities(line: Line, names: set[str]) -> str | None:
    """A declaration without the entities `names`; None for a statement that is no declaration."""
    tokens = line.tokens
    texts = [t.text for t in tokens]
    if texts[0] != "external" and texts[0] not in TYPE_WORDS:
        return None
    if "::" in texts:
        begin = texts.index("::") + 1
    elif texts[0] == "external":
        begin = 1
    else:
        reader = ExpressionReader(tokens, Scope())
        try:
            reader.type_spec()
        except FortranError:
            return None
        begin = reader.at
    entities = _split_at_commas(tokens[begin:])
    if not entities or not all(entity and entity[0].kind == "id" for entity in entities):
        return None
    kept = [_show(entity) for entity in entities if entity[0].text not in names]
    return f"{_show(tokens[:begin])} {', '.join(kept)}" if kept else ""


def _split_at_commas(tokens: Sequence[Token]) -> list[list[Token]]:
    parts: list[list[Token]] = [[]]
    depth = 0
    for token in tokens:
        if token.kind == "op":
            depth += (token.text in ("(", "[")) - (token.text in (")", "]"))
            if token.text == "," and depth == 0:
                parts.append([])
                continue
        parts[-1].append(token)
    return parts


def _show(tokens: Sequence[Token]) -> str:
    """The text of tokens, words apart."""
    out = ""
    for token in tokens:
        apart = out[-1:].isalnum() and token.text[:1].isalnum() or token.text == "::"
        out += (" " if apart else "") + token.text
    return out


def _prefix(head: Line) -> Line:
    """The words of a procedure's head before `subroutine` or `function`, that word included."""
    texts = [t.text for t in head.tokens]
    end = next(k for k, text in enumerate(texts) if text in ("subroutine", "function"))
    return Line(head.text, head.span, head.tokens[: end + 1])


def _header(parts: _Parts, rows: list[str]) -> tuple[list[str], list[str]]:
    """The rows of the header with the new arguments, and the result's type as a declaration where
    it needs a name that is now declared after the header.
    """
    procedure, head = parts.procedure, parts.procedure.head
    line_start = head.span.start - (len(rows[0]) - len(rows[0].lstrip()))
    edits, typed = _arguments_edit(head, parts.shared), []
    prefix = _prefix(head).tokens
    start = next((k for k, t in enumerate(prefix) if t.text in TYPE_WORDS), None)
    if start is not None:
        reader = ExpressionReader(prefix, Scope(), start)
        reader.type_spec()
        spec = prefix[start : reader.at]
        later = {c.name for c in parts.constants}
        later |= {w for use in parts.uses for w in _text_words(use)}
        if _words([Line("", head.span, spec)]) - TYPE_WORDS - {"kind"} & later:
            edits.append(Edit(spec[0].start, prefix[reader.at].start, ""))
            result = procedure.function.result_name or procedure.name
            typed = [f"{_show(spec)} :: {result}"]
    moved = [Edit(e.start - line_start, e.end - line_start, e.text) for e in edits]
    return apply_edits("\n".join(rows), moved).split("\n"), typed


def _arguments_edit(head: Line, names: list[str]) -> list[Edit]:
    """What adds `names` to the dummy arguments of a head."""
    if not names:
        return []
    listed = ", ".join(names)
    place = len(_prefix(head).tokens)
    name, rest = head.tokens[place], head.tokens[place + 1 :]
    if not rest or rest[0].text != "(":
        return [Edit(name.end, name.end, f"({listed})")]
    close = next(t for t in rest if t.text == ")")
    return [Edit(close.start, close.start, listed if rest[1] is close else f", {listed}")]
