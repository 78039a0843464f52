"""Fortran into the typed tree: free and fixed form, Fortran 77 to 2008, OpenMP and OpenACC.

Contract: `parse_fortran(text, form, dialect)` gives a TranslationUnit for every text. It never
raises for bad Fortran and never runs for ever. What it does not know is `Unsupported`, with its
kind, text and line; the statements around it are read all the same. Results are cached.

**How.** The lexical layer (`fortran_lines`) makes statements with exact offsets. A stack of open
constructs builds blocks, so a broken statement costs that statement only. fparser's rules judge
type declarations and procedure heads by their shape (`fortran_grammar`), and name statements
that have no node. Expressions have a reader of their own (`fortran_expressions` says why).

**Why fparser and not PSyclone.** PSyclone's PSyIR reads modules like those of CloverLeaf well,
but BLAS in fixed form badly: it leaves much of it as code blocks without structure. fparser
reads both, is pure Python and carries no schedule of its own. fparser reads whole units in
15 ms for 17 lines, gives a whole text up for one bad line, knows lines only and calls every
`a(i)` a Part_Ref. So it judges statements here, and blocks, names and spans are this module's.

**Conventions.**
- Spans of statements and of expressions are exact. Names and expressions in clauses of
  directives have none. Spans of blocks run from their first word to their last.
- Declarations stand in the body, those of dummy arguments too, with `intent(in)` in `storage`.
  Implicit typing makes Declarations with `implicit` set. They stand after the specifications.
- A program is a Function with the qualifier `program`, without a name where the text has none.
- `a(i)` is an Access where a declaration makes `a` an array, else a Call (see `fortran_scope`).
- `allocate`, `open` and their like are Calls of that name. `write(6, *) x` is a Call, with
  arguments x, of the Call `write(6, *)`; `print *, x` is Call('print', (Name('*'), x)).
- `stop 1` is Jump('stop', '1'); `error stop` has the kind `error stop`.
- `if (e) 10, 20, 30` and `go to (10, 20), k` are Gotos with choices.
- A statement function is an inner Function with the qualifier `statement function`.
- Names of `associate` are replaced by their variables, in a Compound. It is Unsupported where a
  name stands for a section or for a value, or where a subscript of its variable changes.
- A labelled `do` loses its label unless a `goto` names it. `continue` alone makes no node.
- Constructs other than loops lose their names; one that an `exit` names is Unsupported.
- A region of directives is a Compound. Its `end` directive follows in `pragmas` where it has
  clauses. After a loop an `end` directive with clauses is a Pragma of its own.
- `!$` lines are code in the dialect `openmp-fortran`, comments in `fortran`.

    python -c "from corpora.frontends.fortran import parse_fortran; \
        print(parse_fortran('subroutine f(x)\\nreal x(*)\\nx(1) = 2\\nend').items[0].body[-1])"
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from corpora.dialects import get_dialect, get_model
from corpora.frontends.fortran_declarations import (
    ATTRIBUTE_STATEMENTS,
    apply_attributes,
    read_common,
    read_declarations,
)
from corpora.frontends.fortran_expressions import (
    TYPE_WORDS,
    ExpressionReader,
    FortranError,
    read_expression,
)
from corpora.frontends.fortran_grammar import matches, rule_of
from corpora.frontends.fortran_kinds import KIND_CONSTANTS
from corpora.frontends.fortran_lines import Line, Token, read_lines
from corpora.frontends.fortran_scope import Scope
from corpora.frontends.fortran_uses import read_use
from corpora.frontends.pragmas import build_pragma, is_standalone, read_directive
from corpora.ir import (
    STATEMENT_FUNCTION,
    Access,
    ArrayType,
    Assign,
    Bounds,
    Call,
    Case,
    Compound,
    Declaration,
    Expression,
    ExpressionStatement,
    For,
    Function,
    Goto,
    If,
    Include,
    Interface,
    Jump,
    Label,
    Literal,
    Member,
    Module,
    Name,
    NamedType,
    Parameter,
    Pragma,
    Return,
    ScalarType,
    Section,
    Span,
    Specification,
    StructDefinition,
    Switch,
    TranslationUnit,
    Type,
    Unsupported,
    UnsupportedExpression,
    While,
    children,
    find,
    names_in,
    transform,
    walk,
)  # fmt: skip

__all__ = ["ends_unit", "parse_fortran"]

MAX_BLOCKS = 30
MAX_BRANCHES = 50
MAX_UNITS = 8
"""Program units within program units; the language allows three."""

_LOOP_DIRECTIVES = frozenset(("do", "simd", "distribute", "taskloop", "loop", "for"))
_PREFIXES = frozenset(("pure", "impure", "elemental", "recursive", "module", "non_recursive"))
_UNITS = frozenset(("", "program", "subroutine", "function", "module", "submodule", "procedure",
                    "block data"))  # fmt: skip
_CALL_LIKE = frozenset(
    "allocate deallocate nullify open close inquire rewind backspace endfile flush wait".split()
)
_SPECIFICATIONS = frozenset(
    "external intrinsic private public data import implicit save sequence protected".split()
)
_DECLARING = (
    _SPECIFICATIONS
    | ATTRIBUTE_STATEMENTS
    | frozenset(
        "use common equivalence namelist interface include format entry procedure enum".split()
    )
)
_BLOCK_ENDS = frozenset(
    "do if select where forall associate block critical type interface enum".split()
)
_NO_ARRAYS = frozenset(("omp_lib",))
_INTRINSIC_MODULES = frozenset(("iso_c_binding", "iso_fortran_env", "omp_lib"))


@lru_cache(maxsize=1024)
def parse_fortran(text: str, form: str | None = None, dialect: str = "fortran") -> TranslationUnit:
    """Return the tree of `text`. A construct that the front end does not know is an Unsupported
    node in the tree.

    form: `free`, `fixed`, or None to detect it. dialect: of Fortran; where its programming model
        is OpenMP's, lines after `!$` are code.
    Raises ValueError for another form, an unknown dialect or one of another language.
    """
    if form not in (None, "free", "fixed"):
        raise ValueError(f"unknown form {form!r}; it is 'free', 'fixed' or None")
    row = get_dialect(dialect)
    if row.language != "fortran":
        raise ValueError(f"{dialect!r} is no dialect of Fortran")
    macros = dict(get_model(row.model).macros)
    lines = read_lines(text, form, macros, "_OPENMP" in macros)
    parser = _Parser(lines)
    items = tuple(parser.items())
    return TranslationUnit(items, text, dialect, tuple(parser.errors))


@dataclass(slots=True)
class _Frame:
    """An open construct. nodes: statements of the branch being read. branches: those before."""

    kind: str
    line: Line
    nodes: list[Any] = field(default_factory=list)
    branches: list[tuple[Any, list[Any], Span]] = field(default_factory=list)
    head: Any = None
    end_label: str = ""
    name: str = ""
    pragmas: tuple[Pragma, ...] = ()
    first: int = 0


class _Parser:
    """Reads lines from place `at` on. frames: open constructs of the unit being read."""

    def __init__(self, lines: list[Line]) -> None:
        self.lines, self.at = lines, 0
        self.modules: dict[str, Scope] = {}
        self.scope = Scope()
        self.frames: list[_Frame] = []
        self.pending: list[Pragma] = []
        self.specifying = False
        self.spec_end = 0
        self.errors: list[Unsupported] = []
        self.next_code = self.nesting = 0
        self.looks = 1000 + 10 * len(lines)
        """How many more lines may be looked at ahead of their turn."""
        self.type_ends = [k for k, line in enumerate(lines) if _end_kind(line.tokens) == "type"]
        self.loose = False
        self.uses: list[str] = []
        self.statement_functions: list[Function] | None = None
        """Those of the procedure that is read; None where none can stand."""
        self.wanted_labels: set[str] = set()
        self.left_names: set[str] | None = set()
        """Names of constructs that an `exit` leaves; None where the look ahead was cut short."""

    # ------------------------------------------------------------------------ program units

    def items(self) -> list[Any]:
        found: list[Any] = []
        while self.at < len(self.lines):
            found += self._item(Scope())
        return found

    def _item(self, host: Scope) -> list[Any]:
        line = self.lines[self.at]
        if line.item is not None:
            self.at += 1
            return [line.item]
        if line.directive is not None and not self._code_follows():
            self.at += 1
            return [self._pragma(line)]
        kind = _unit_head(line) if line.directive is None else ""
        if _is_module_procedure(line):
            return [self._module_procedure(host)]
        if kind == "module" or kind == "submodule" and _is_submodule(line.tokens):
            return [self._module()]
        if kind in ("submodule", "block data"):
            return [self._skipped_unit(kind)]
        if line.directive is None and _end_kind(line.tokens) is not None:
            self.at += 1
            return [self._error_node(line)]
        return [self._procedure(host, kind)]

    def _code_follows(self) -> bool:
        """Whether the next line that is no directive is a statement outside any unit's head."""
        self.next_code = max(self.next_code, self.at)
        while self.next_code < len(self.lines):
            line = self.lines[self.next_code]
            if line.directive is None and line.item is None:
                return _unit_head(line) == "" and _end_kind(line.tokens) is None
            self.next_code += 1
        return False

    def _error_node(self, line: Line, kind: str = "syntax error") -> Unsupported:
        """The statement as Unsupported, without its label, and noted if it is an error."""
        node = Unsupported(kind, line.text, line.span)
        if kind == "syntax error":
            self.errors.append(node)
        return node

    def _skipped_unit(self, kind: str) -> Unsupported:
        first = self.at
        depth = int(_is_module_procedure(self.lines[first]))
        while self.at < len(self.lines):
            line = self.lines[self.at]
            self.at += 1
            if line.tokens and _unit_head(line):
                depth += 1
            elif line.tokens and _end_kind(line.tokens) in _UNITS:
                depth -= 1
                if depth <= 0:
                    break
        return self._unsupported(kind, first, self.at - 1)

    def _unsupported(self, kind: str, first: int, last: int) -> Unsupported:
        lines = self.lines[first : last + 1]
        a, b = lines[0].span, lines[-1].span
        text = "\n".join([_text(lines[0]), *(_full_text(line) for line in lines[1:])])
        node = Unsupported(kind, text, Span(a.start, b.end, a.line, b.end_line))
        self.errors = [e for e in self.errors if not a.start <= e.span.start < b.end]
        if kind == "syntax error":
            self.errors.append(node)
        return node

    def _module(self) -> Module:
        head = self.lines[self.at]
        self.at += 1
        name, parent = head.tokens[-1].text, _words(head.tokens[2:-2])
        host = self.modules.get(head.tokens[-3].text) if parent else None
        state = self._enter(Scope(host), head)
        scope = self.scope
        scope.sees_unknown |= bool(parent) and host is None
        self.statement_functions = None
        self._body()
        body, uses, _ = self._leave(state)
        inner = self._contained(scope)
        self.modules[name] = scope
        end = self._close_unit()
        return Module(name, (*body, *inner), uses, _between(head.span, end), parent)

    def _enter(self, scope: Scope, head: Line) -> tuple:
        """Begins a unit; gives what `_leave` needs to go back to the unit around it."""
        state = (self.scope, self.frames, self.pending, self.specifying, self.loose, self.uses,
                 self.wanted_labels, self.left_names, self.spec_end,
                 self.statement_functions)  # fmt: skip
        self.statement_functions = []
        self.nesting += 1
        self.scope, self.frames, self.pending = scope, [_Frame("unit", head)], []
        self.specifying, self.loose, self.uses, self.spec_end = True, False, [], 0
        self.wanted_labels, self.left_names = set(), set()
        self._look_ahead()
        return state

    def _leave(self, state: tuple) -> tuple[list[Any], tuple[str, ...], int]:
        self._flush_pending()
        while len(self.frames) > 1:
            self._abandon()
        self.nesting -= 1
        body, uses, spec_end = self.frames[0].nodes, tuple(self.uses), self.spec_end
        (self.scope, self.frames, self.pending, self.specifying, self.loose, self.uses,
         self.wanted_labels, self.left_names, self.spec_end,
         self.statement_functions) = state  # fmt: skip
        return body, uses, spec_end

    def _abandon(self) -> None:
        """A construct without its end: its head is Unsupported, its statements stay."""
        frame = self.frames.pop()
        target = self.frames[-1].nodes
        if frame.kind == "region":
            target += frame.pragmas
        elif frame.kind != "unsupported":
            target.append(Unsupported("missing end", _text(frame.line), frame.line.span))
        for _, nodes, _ in frame.branches:
            target += nodes
        target += frame.nodes

    def _look_ahead(self) -> None:
        """Notes names that are assigned with subscripts, and labels and constructs that something
        names."""
        prototypes = False
        for line in self.lines[self.at :]:
            self.looks -= 1
            if self.looks < 0:
                self.left_names = None
                break
            if not line.tokens:
                continue
            words = [t.text for t in line.tokens[:2]]
            end = _end_kind(line.tokens)
            prototypes = (prototypes or "interface" in words) and end != "interface"
            if prototypes:
                continue
            if words[0] == "contains" or end in _UNITS or _unit_head(line):
                break
            at = 0
            if words[0] in ("if", "where", "else", "elsewhere") and words[1:] == ["("]:
                at = _after_group(line.tokens, 1)
            first = line.tokens[at] if at < len(line.tokens) else None
            if first and first.kind == "id" and _is_assignment(line.tokens[at:]):
                if line.tokens[at + 1].text == "(":
                    self.scope.deduced.add(first.text)
            texts = {t.text for t in line.tokens}
            if "exit" in texts and self.left_names is not None:
                self.left_names.add(line.tokens[-1].text)
            if "goto" in texts or "go" in texts or words[0] in ("if", "read", "write", "open"):
                self.wanted_labels |= {t for t in texts if t.isdigit()}

    def _procedure(self, host: Scope, kind: str) -> Function | Unsupported:
        head = self.lines[self.at]
        if kind:
            self.at += 1
        scope = Scope(host)
        name, dummies, qualifiers, result, result_name, linkage = "", [], ("program",), None, "", ""
        if kind == "program":
            name = head.tokens[1].text
        elif kind:
            try:
                heading = self._head(head, kind, host)
                name, dummies, qualifiers, result, result_name, linkage = heading
            except FortranError as error:
                self.at -= 1
                return self._skipped_unit(error.kind)
        state = self._enter(scope, head)
        self.loose = not kind
        own = result_name or name
        if result is not None and kind == "function":
            scope.types[own] = result
        elif kind == "function":
            scope.procedures.discard(own)
        self._body()
        functions = tuple(self.statement_functions or ())
        body, uses, spec_end = self._leave(state)
        names = [d.text for d in dummies]
        self._note_contained(scope)
        self._make_explicit(
            scope, body, functions, spec_end, names, own if kind == "function" else ""
        )
        inner = (*functions, *self._contained(scope))
        end = self._close_unit()
        if isinstance(result, NamedType) and result.name in ("real", "integer", "complex"):
            # The kind may be declared inside.
            result = scope.arithmetic_type(result.name, result.arguments[0])
        if result is None:
            result = ScalarType("void")
            if kind == "function":
                result = scope.types.get(own) or NamedType("undeclared")
        declared = {d.name: d for d in body if isinstance(d, Declaration)}
        parameters = tuple(_parameter(d, declared, scope) for d in dummies)
        body_span = None
        spans = [s for s in (getattr(n, "span", None) for n in body) if s]
        if spans:
            body_span = _between(spans[0], spans[-1])
        return Function(
            name, parameters, result, tuple(body), qualifiers, result_name=result_name,
            contains=inner, uses=uses, language_linkage=linkage,
            span=_between(head.span, end or (spans[-1] if spans else head.span)),
            body_span=body_span,
        )  # fmt: skip

    def _module_procedure(self, host: Scope) -> Function | Unsupported:
        """`module procedure f` of a submodule: its interface stands in the module, and is known
        where the text holds that. Its parameters have no declarations of their own."""
        head = self.lines[self.at]
        name = head.tokens[2].text
        known = host.prototype(name)
        if known is None:
            return self._skipped_unit("module procedure")
        self.at += 1
        scope = Scope(host)
        for parameter in known.parameters:
            scope.types[parameter.name] = parameter.type
        own = known.result_name or name
        function = known.result != ScalarType("void")
        if function:
            scope.types[own] = known.result
        state = self._enter(scope, head)
        self._body()
        functions = tuple(self.statement_functions or ())
        body, uses, spec_end = self._leave(state)
        self._note_contained(scope)
        self._make_explicit(scope, body, functions, spec_end, [], own if function else "")
        inner = (*functions, *self._contained(scope))
        end = self._close_unit()
        spans = [s for s in (getattr(n, "span", None) for n in body) if s]
        prefixes = tuple(q for q in known.qualifiers if q != "module")
        return replace(
            known, body=tuple(body), qualifiers=("module procedure", *prefixes), contains=inner,
            uses=uses, span=_between(head.span, end),
            body_span=_between(spans[0], spans[-1]) if spans else None,
        )  # fmt: skip

    def _head(self, line: Line, kind: str, host: Scope) -> tuple:
        """Name, dummies, qualifiers, result type, result name and linkage of a procedure."""
        rule = "Function_Stmt" if kind == "function" else "Subroutine_Stmt"
        reader = ExpressionReader(line.tokens, host)
        qualifiers: list[str] = []
        result: Type | None = None
        while not reader.accept_word(kind):
            if reader.peek().text in _PREFIXES:
                qualifiers.append(reader.name())
            else:
                result = reader.type_spec()
                if isinstance(result, NamedType) and result.name in host.constants:
                    raise FortranError
        name = reader.name()
        dummies: list[Token] = []
        if reader.accept("("):
            while not reader.accept(")"):
                if dummies:
                    reader.expect(",")
                dummies.append(reader.peek())
                if not reader.accept("*"):
                    reader.name()
        result_name, linkage = "", ""
        while reader.peek().kind == "id":
            word = reader.name()
            first = reader.at
            if word == "result" and kind == "function":
                reader.expect("(")
                result_name = reader.name()
                reader.expect(")")
            elif word == "bind":
                reader.arguments()
                linkage = "".join(t.text for t in line.tokens[first + 1 : reader.at - 1])
            else:
                raise FortranError
        reader.expect_end()
        if not matches(rule, line.tokens) and "double" not in {t.text for t in line.tokens}:
            raise FortranError
        if any(d.text == "*" for d in dummies):
            raise FortranError("alternate return")
        return name, dummies, tuple(qualifiers), result, result_name, linkage

    def _note_contained(self, scope: Scope) -> None:
        """Enters the names of the procedures that the unit contains."""
        depth = 0
        prototypes = False
        for line in self.lines[self.at + 1 :]:
            self.looks -= 1
            if self.looks < 0 or not _is_word(self.lines[self.at], "contains"):
                return
            words = [t.text for t in line.tokens]
            prototypes = (prototypes or "interface" in words[:2]) and words[:1] != ["end"]
            prototypes = prototypes and words[:1] != ["endinterface"]
            if line.tokens and _end_kind(line.tokens) in _UNITS:
                depth -= 1
                if depth < 0:
                    return
            kind = _unit_head(line)
            if kind or _is_module_procedure(line) and not prototypes:
                depth += 1
            if kind in ("subroutine", "function"):
                name = words[words.index(kind) + 1]
                if name not in scope.types:
                    scope.procedures.add(name)

    def _contained(self, host: Scope) -> list[Any]:
        found: list[Any] = []
        if self.at >= len(self.lines) or not _is_word(self.lines[self.at], "contains"):
            return found
        if self.nesting > MAX_UNITS:
            return found
        self.at += 1
        self.nesting += 1
        while self.at < len(self.lines):
            line = self.lines[self.at]
            if line.tokens and _end_kind(line.tokens) in _UNITS:
                break
            if line.tokens and not _unit_head(line) and not _is_module_procedure(line):
                self.at += 1
                found.append(self._error_node(line))
                continue
            found += self._item(host)
        self.nesting -= 1
        return found

    def _close_unit(self) -> Span | None:
        """Steps over the unit's `end`, if the text has it; gives its span."""
        if self.at < len(self.lines):
            line = self.lines[self.at]
            if line.tokens and _end_kind(line.tokens) in _UNITS:
                self.at += 1
                return line.span
        return self.lines[min(self.at, len(self.lines)) - 1].span

    def _body(self) -> None:
        """Statements up to the `end` or `contains` of the unit, or the head of another."""
        while self.at < len(self.lines):
            line = self.lines[self.at]
            if line.tokens:
                if _end_kind(line.tokens) in _UNITS:
                    if line.label:
                        self._append(Label(line.label, line.span))
                    return
                if _is_word(line, "contains"):
                    return
                if _unit_head(line):
                    return
            self.at += 1
            self._line(line)

    def _make_explicit(
        self, scope: Scope, body: list[Any], functions: tuple[Function, ...], spec_end: int,
        dummies: list[str], result: str,
    ) -> None:  # fmt: skip
        """Adds declarations for names that implicit typing declares, after the last one."""
        if scope.implicit is None:
            return
        used, called = _variables(tuple(body))
        names = dict.fromkeys([*dummies, *([result] if result else [])])
        if not scope.sees_unknown:
            for function in functions:
                inner = _variables(function.body or ())[0]
                own = {function.name, *(p.name for p in function.parameters)}
                names |= {name: None for name in inner if name not in own}
            names |= used
        place = spec_end
        for name in names:
            if scope.type_of_name(name) is not None or name in scope.procedures:
                continue
            kind = scope.implicit_type(name)
            if kind is None or name in scope.deduced and name not in dummies:
                continue
            if name in called and name in dummies:
                continue
            scope.types[name] = kind
            body.insert(place, Declaration(name, kind, implicit=True))
            place += 1

    # --------------------------------------------------------------------------- statements

    def _line(self, line: Line) -> None:
        if line.item is not None:
            self._append(line.item)
            return
        if line.directive is not None:
            self._directive(line)
            return
        label = line.label
        ends = bool(label) and any(f.end_label == label for f in self.frames)
        if label and (not ends or label in self.wanted_labels):
            self._append(Label(label, line.span))
        try:
            self._statement(line)
        except FortranError as error:
            self._failed(line, error.kind)
        except RecursionError:
            self._failed(line, "nested too deeply")
        while label and self.frames[-1].end_label == label:
            self._close(line)

    def _failed(self, line: Line, kind: str) -> None:
        """The statement is Unsupported; a construct's head makes the whole construct so."""
        if any(t.kind == "bad" for t in line.tokens):
            kind = "syntax error"
        elif kind == "syntax error":
            kind = rule_of(line.tokens) or kind
        opened = _opens(line.tokens)
        if opened:
            self._open("unsupported", line, head=(kind, opened))
            return
        self._append(self._error_node(line, kind))

    def _append(self, node: Any) -> None:
        """Adds a statement to the open block. Directives that wait for one go with it."""
        pending, self.pending = self.pending, []
        if pending:
            if (
                isinstance(node, (For, While))
                or isinstance(node, Assign)
                and all(p.directive.startswith("atomic") for p in pending)
            ):
                node = replace(node, pragmas=(*pending, *node.pragmas))
            else:
                self.frames[-1].nodes += pending
        self.frames[-1].nodes.append(node)

    def _flush_pending(self) -> None:
        self.frames[-1].nodes += self.pending
        self.pending = []

    def _statement(self, line: Line) -> None:
        tokens = line.tokens
        if any(t.kind == "bad" for t in tokens):
            raise FortranError
        name = ""
        if len(tokens) > 2 and tokens[0].kind == "id" and tokens[1].text == ":":
            name, tokens = tokens[0].text, tokens[2:]
            line = replace(line, tokens=tokens)
        if _is_assignment(tokens):
            self._assignment(line)
            return
        end = _end_kind(tokens)
        if end is not None:
            self._end(line, end)
            return
        word = tokens[0].text
        if tokens[0].kind != "id":
            raise FortranError
        if self.specifying and not (word in _DECLARING or word in TYPE_WORDS):
            self._end_specifications()
        construct = _CONSTRUCTS.get(word)
        if construct is not None and construct(self, line, name):
            return
        if name:
            raise FortranError("named construct")
        for node in self._simple(line):
            self._append(node)
        if self.specifying and len(self.frames) == 1:
            self.spec_end = len(self.frames[0].nodes)

    def _end_specifications(self) -> None:
        self.specifying = False
        self.spec_end = len(self.frames[0].nodes)

    def _assignment(self, line: Line) -> None:
        if self.specifying:
            if self._statement_function(line):
                return
            self._end_specifications()
        self._append(self._assign(line))

    def _assign(self, line: Line) -> Assign:
        reader = ExpressionReader(line.tokens, self.scope)
        target = reader.reference()
        if isinstance(target, Call):
            raise FortranError("assignment to no variable")
        op = "=>" if reader.accept("=>") else "="
        if op == "=":
            reader.expect("=")
        value = reader.expression()
        reader.expect_end()
        return Assign(target, op, value, line.span)

    def _statement_function(self, line: Line) -> bool:
        name = line.tokens[0].text
        if line.tokens[1].text != "(":
            return False
        close = _after_group(line.tokens, 1)
        inner = line.tokens[2 : close - 1]
        names = [t.text for t in inner if t.kind == "id"]
        plain = 2 * len(names) - 1 == len(inner) and len(set(names)) == len(names)
        kind = self.scope.types.get(name)
        if isinstance(kind, ArrayType) or not plain or line.tokens[close].text != "=":
            return False
        if kind is None and (
            self.loose or self.scope.sees_unknown or self.scope.type_of_name(name)
        ):
            return False
        if isinstance(kind, NamedType) and kind.name == "character":
            return False
        if self.statement_functions is None:
            return False
        self.scope.procedures.add(name)
        self.scope.deduced.discard(name)
        reader = ExpressionReader(line.tokens, self.scope, close + 1)
        value = reader.expression()
        reader.expect_end()
        target = Name(name, ExpressionReader(line.tokens, self.scope, 1).span(0))
        dummies = [t for t in inner if t.kind == "id"]
        self.statement_functions.append(
            Function(
                name, tuple(self._dummy(t) for t in dummies),
                kind or self.scope.implicit_type(name) or NamedType("undeclared"),
                (Assign(target, "=", value, line.span),), (STATEMENT_FUNCTION,),
                span=line.span, body_span=line.span,
            )
        )  # fmt: skip
        return True

    def _dummy(self, token: Token) -> Parameter:
        """The dummy argument of a statement function: it has the type of its host's name."""
        kind = self.scope.type_of_name(token.text) or self.scope.implicit_type(token.text)
        span = Span(token.start, token.end, token.line, token.line)
        return Parameter(token.text, kind or NamedType("undeclared"), span=span)

    def _simple(self, line: Line) -> list[Any]:
        """The nodes of a statement that opens no construct."""
        tokens, word = line.tokens, line.tokens[0].text
        if word in TYPE_WORDS and not (word in ("type", "class") and tokens[1].text != "("):
            return read_declarations(line, self.scope)
        if word in ATTRIBUTE_STATEMENTS and len(tokens) > 1:
            if word != "save" or len(tokens) > 1 and tokens[1].text != "/":
                apply_attributes(line, self.scope, self.frames[0].nodes)
                return []
        reader = ExpressionReader(tokens, self.scope)
        if word in _SPECIFICATIONS:
            return self._specification(line)
        action = _ACTIONS.get(word)
        if action is None:
            raise FortranError(rule_of(tokens) or "syntax error")
        reader.at = 1
        node = action(self, reader, line)
        reader.expect_end()
        return [] if node is None else [node]

    def _specification(self, line: Line) -> list[Any]:
        word, rest = line.tokens[0].text, line.tokens[1:]
        text = _words(rest)
        if word in ("external", "intrinsic"):
            self.scope.procedures |= {t.text for t in rest if t.kind == "id"}
        elif word == "implicit":
            self._implicit(line)
        elif word == "data" and not _is_data(rest):
            raise FortranError
        return [Specification(word, text, line.span)]

    def _implicit(self, line: Line) -> None:
        reader = ExpressionReader(line.tokens, self.scope, 1)
        if reader.accept_word("none"):
            self.scope.implicit = None
            return
        rules = dict(self.scope.implicit or {})
        while True:
            first = reader.at
            close = _last_group(line.tokens, first)
            inner = ExpressionReader(line.tokens[:close], self.scope, first)
            kind = inner.type_spec()
            reader.at = close
            if inner.at != close:
                raise FortranError
            reader.expect("(")
            while not reader.accept(")"):
                low = high = reader.name()
                if reader.accept("-"):
                    high = reader.name()
                for code in range(ord(low[0]), ord(high[0]) + 1):
                    rules[chr(code)] = kind
                reader.accept(",")
            if not reader.accept(","):
                break
        reader.expect_end()
        self.scope.implicit = rules

    # ------------------------------------------------------------------------------- actions

    def _call(self, reader: ExpressionReader, line: Line) -> Any:
        first = reader.at
        base: Expression = Name(reader.name(), reader.span(first))
        while reader.accept("%"):
            base = Member(base, reader.name(), False, reader.span(first))
        values, keywords = reader.arguments() if reader.is_op("(") else ((), ())
        if reader.is_op("%"):  # call a(i)%run(x)
            reader.at = first
            whole = reader.reference()
            if not isinstance(whole, (Call, Member)):
                raise FortranError
            call = whole if isinstance(whole, Call) else Call(whole, (), span=whole.span)
            return ExpressionStatement(call, line.span)
        return ExpressionStatement(Call(base, values, keywords, span=reader.span(first)), line.span)

    def _return(self, reader: ExpressionReader, line: Line) -> Any:
        if reader.peek().kind != "end":
            raise FortranError("alternate return")
        return Return(None, line.span)

    def _stop(self, reader: ExpressionReader, line: Line, kind: str = "stop") -> Any:
        text = _words(reader.tokens[reader.at :])
        if text:
            reader.expression()
        return Jump(kind, text, line.span)

    def _error(self, reader: ExpressionReader, line: Line) -> Any:
        if not reader.accept_word("stop"):
            raise FortranError
        return self._stop(reader, line, "error stop")

    def _exit(self, reader: ExpressionReader, line: Line) -> Any:
        kind = "break" if line.tokens[0].text == "exit" else "continue"
        return Jump(kind, reader.name() if reader.peek().kind == "id" else "", line.span)

    def _goto(self, reader: ExpressionReader, line: Line) -> Any:
        if line.tokens[0].text == "go" and not reader.accept_word("to"):
            raise FortranError
        if not reader.is_op("("):
            return Goto(_label(reader), line.span)
        reader.expect("(")
        labels = _labels(reader)
        reader.expect(")")
        reader.accept(",")
        return Goto("", line.span, labels, reader.expression())

    def _call_like(self, reader: ExpressionReader, line: Line) -> Any:
        values, keywords = reader.arguments()
        word = line.tokens[0].text
        if word == "allocate":
            values = tuple(
                Access(v.function, v.arguments, v.span) if isinstance(v, Call) else v
                for v in values
            )
        call = Call(Name(word), values, keywords, span=line.span)
        return ExpressionStatement(call, line.span)

    def _transfer(self, reader: ExpressionReader, line: Line) -> Any:
        """`write (...) items`, `read (...) items`, `read *, items`, `print fmt, items`."""
        word = line.tokens[0].text
        if word == "print" or not reader.is_op("("):
            items = [reader.item()]
            while reader.accept(","):
                items.append(reader.expression())
            return ExpressionStatement(Call(Name(word), tuple(items), span=line.span), line.span)
        values, keywords = reader.arguments()
        control = Call(Name(word), values, keywords)
        items = []
        while reader.peek().kind != "end":
            if items:
                reader.expect(",")
            items.append(reader.expression())
        return ExpressionStatement(Call(control, tuple(items), span=line.span), line.span)

    def _use(self, reader: ExpressionReader, line: Line) -> Any:
        if not matches("Use_Stmt", line.tokens):
            raise FortranError
        self.uses.append(_words(line.tokens[1:]))
        reader.at = len(line.tokens)
        use = read_use(self.uses[-1])
        module = self.modules.get(use.module)
        renamed = {old: new for new, old in use.renamed}
        if module is None:
            self.scope.sees_unknown |= use.module not in _NO_ARRAYS
            if use.module in _INTRINSIC_MODULES:
                for name in renamed.keys() & KIND_CONSTANTS.keys():
                    self.scope.constants[renamed[name]] = KIND_CONSTANTS[name]
            return None
        for table in ("types", "structures", "constants"):
            for name, value in getattr(module, table).items():
                if use.gives(name):
                    getattr(self.scope, table)[renamed.get(name, name)] = value
        return None

    def _include(self, reader: ExpressionReader, line: Line) -> Any:
        token = reader.peek()
        if token.kind != "string":
            raise FortranError
        reader.at += 1
        self.scope.sees_unknown = True
        return Include(token.text[1:-1], False, line.span)

    def _common(self, reader: ExpressionReader, line: Line) -> Any:
        """Arrays of common blocks are declared there; the statement itself has no node."""
        for name, extents in read_common(reader):
            declared = self.scope.types.get(name) or self.scope.implicit_type(name)
            if declared is None:
                raise FortranError(f"no type for {name}")
            if extents:
                self.scope.types[name] = ArrayType(declared, extents, column_major=True)
            elif name not in self.scope.types:
                self.scope.types[name] = declared
                self._append(Declaration(name, declared, implicit=True))
        return Unsupported("common", line.text, line.span)

    def _format(self, reader: ExpressionReader, line: Line) -> Any:
        if not reader.is_op("(") or line.tokens[-1].text != ")":
            raise FortranError
        reader.at = len(line.tokens)
        return Specification("format", line.text[len("format") :].strip(), line.span)

    def _continue(self, reader: ExpressionReader, line: Line) -> Any:
        return None

    # ------------------------------------------------------------------------- constructs

    def _open(self, kind: str, line: Line, **more: Any) -> _Frame:
        if len(self.frames) > MAX_BLOCKS and kind != "unsupported":
            raise FortranError("nested too deeply")
        pragmas: tuple[Pragma, ...] = ()
        if kind == "do":
            pragmas, self.pending = tuple(self.pending), []
        else:
            self._flush_pending()
        frame = _Frame(kind, line, first=self.at - 1, pragmas=pragmas, **more)
        self.frames.append(frame)
        return frame

    def _do(self, line: Line, name: str) -> bool:
        reader = ExpressionReader(line.tokens, self.scope, 1)
        label = ""
        if reader.peek().kind == "number":
            label = reader.peek().text.lstrip("0")
            reader.at += 1
        reader.accept(",")
        if reader.peek().kind == "end":
            head: Any = None
        elif reader.is_op("(", 1) and reader.accept_word("while"):
            reader.expect("(")
            head = reader.expression()
            reader.expect(")")
        elif reader.is_op("(", 1) and reader.accept_word("concurrent"):
            head = self._indices(reader)
        else:
            head = reader.bounds()
        reader.expect_end()
        self._open("do", line, head=head, end_label=label, name=name)
        return True

    def _indices(self, reader: ExpressionReader, forall: bool = False) -> Bounds:
        """`(i = 1:n, j = 1:m:2, mask)` of `do concurrent` and `forall`."""
        reader.expect("(")
        if reader.peek().text in TYPE_WORDS and not reader.is_op("=", 1):
            raise FortranError("typed index")
        found: list[Bounds] = []
        mask = None
        while not reader.accept(")"):
            if found:
                reader.expect(",")
            if reader.peek().kind == "id" and reader.is_op("=", 1):
                variable = reader.name()
                reader.at += 1
                part = reader.item()
                if not isinstance(part, Section) or part.lower is None or part.upper is None:
                    raise FortranError
                found.append(Bounds(variable, part.lower, part.upper, part.step, True,
                                    forall=forall))  # fmt: skip
            else:
                mask = reader.expression()
                reader.expect(")")
                break
        if not found:
            raise FortranError
        return replace(found[0], nested=tuple(found[1:]), mask=mask)

    def _if(self, line: Line, name: str) -> bool:
        reader = ExpressionReader(line.tokens, self.scope, 1)
        reader.expect("(")
        test = reader.expression()
        reader.expect(")")
        if reader.accept_word("then") and reader.peek().kind == "end":
            self._check_name(name)
            self._open("if", line, head=test, name=name)
            return True
        inner = line.tokens[reader.at :]
        if inner and inner[0].kind == "number" and not name:
            labels = _labels(reader)
            reader.expect_end()
            if len(labels) != 3:
                raise FortranError
            self._append(Goto("", line.span, labels, test, True))
            return True
        self._append(If(test, tuple(self._nested(line, inner)), (), False, line.span))
        return True

    def _check_name(self, name: str) -> None:
        """A construct's name is left out; one that an `exit` leaves by name cannot be read."""
        if name and (self.left_names is None or name in self.left_names):
            raise FortranError("named construct")

    def _nested(self, line: Line, tokens: tuple[Token, ...]) -> list[Any]:
        """The statement that stands behind `if (...)`, `where (...)` or `forall (...)`."""
        if not tokens or tokens[0].kind != "id":
            raise FortranError
        a, b = tokens[0], tokens[-1]
        offset = len(line.text) - (line.tokens[-1].end - a.start)
        text = line.text[offset:] if line.span.line == line.span.end_line else _words(tokens)
        inner = Line(text, Span(a.start, b.end, a.line, b.line), tokens)
        if _is_assignment(tokens):
            return [self._assign(inner)]
        if tokens[0].text in _CONSTRUCTS or tokens[0].text in _DECLARING | TYPE_WORDS:
            raise FortranError
        return self._simple(inner)

    def _else(self, line: Line, name: str) -> bool:
        frame = self.frames[-1]
        reader = ExpressionReader(line.tokens, self.scope)
        test = None
        where = line.tokens[0].text == "elsewhere" or reader.accept_word("else", "where")
        if where:
            reader.at = 1 if line.tokens[0].text == "elsewhere" else 2
        conditional = where and reader.is_op("(")
        if not where:
            conditional = reader.accept_word("elseif") or reader.accept_word("else", "if")
        kind = "where" if where else "if"
        if conditional:
            reader.expect("(")
            test = reader.expression()
            reader.expect(")")
            if not where and not reader.accept_word("then"):
                raise FortranError
        elif not where:
            reader.at = 1
        if frame.kind == "unsupported" and frame.head[1] == kind:
            return True
        if frame.name:
            reader.accept_word(frame.name)
        reader.expect_end()
        if frame.kind != kind or frame.branches and frame.head is None:
            raise FortranError
        if len(frame.branches) > MAX_BRANCHES:
            frame.kind, frame.head = "unsupported", ("too many branches", kind)
            return True
        self._flush_pending()
        frame.branches.append((frame.head, frame.nodes, line.span))
        frame.head, frame.nodes = test, []
        return True

    def _where(self, line: Line, name: str) -> bool:
        reader = ExpressionReader(line.tokens, self.scope, 1)
        reader.expect("(")
        test = reader.expression()
        reader.expect(")")
        if reader.peek().kind == "end":
            self._open("where", line, head=test, name=name)
            return True
        body = self._nested(line, line.tokens[reader.at :])
        self._append(If(test, tuple(body), (), True, line.span))
        return True

    def _forall(self, line: Line, name: str) -> bool:
        reader = ExpressionReader(line.tokens, self.scope, 1)
        head = self._indices(reader, forall=True)
        if reader.peek().kind == "end":
            self._open("forall", line, head=head)
            return True
        body = self._nested(line, line.tokens[reader.at :])
        self._append(For((), None, (), tuple(body), head, (), "", line.span, line.span))
        return True

    def _select(self, line: Line, name: str) -> bool:
        reader = ExpressionReader(line.tokens, self.scope, 1)
        if line.tokens[0].text == "select" and not reader.accept_word("case"):
            raise FortranError("select type")
        reader.expect("(")
        value = reader.expression()
        reader.expect(")")
        reader.expect_end()
        self._check_name(name)
        self._open("select", line, head=value, name=name)
        return True

    def _case(self, line: Line, name: str) -> bool:
        frame = self.frames[-1]
        if frame.kind == "unsupported":
            return True
        reader = ExpressionReader(line.tokens, self.scope, 1)
        values: tuple[Expression, ...] = ()
        if not reader.accept_word("default"):
            values, keywords = reader.arguments()
            if keywords or not values:
                raise FortranError
        if frame.name:
            reader.accept_word(frame.name)
        reader.expect_end()
        if frame.kind != "select":
            raise FortranError
        if frame.nodes and not frame.branches:
            raise FortranError
        self._flush_pending()
        frame.nodes = []
        frame.branches.append((values, frame.nodes, line.span))
        return True

    def _block(self, line: Line, name: str) -> bool:
        if len(line.tokens) > 1:
            raise FortranError("block")
        self._check_name(name)
        self._open("block", line)
        return True

    def _associate(self, line: Line, name: str) -> bool:
        """`associate (p => q(i))`: the names stand for variables, and are replaced by these."""
        self._check_name(name)
        reader = ExpressionReader(line.tokens, self.scope, 1)
        reader.expect("(")
        named: dict[str, Expression] = {}
        while not reader.accept(")"):
            if named:
                reader.expect(",")
            short = reader.name()
            reader.expect("=>")
            named[short] = reader.expression()
        reader.expect_end()
        if not named or not all(_is_place(value) for value in named.values()):
            raise FortranError("associate")
        types = {short: self.scope.types.get(short) for short in named}
        self._open("associate", line, head=(named, types), name=name)
        for short, value in named.items():
            kind = self.scope.type_of(value)
            if kind is None:
                self.scope.types.pop(short, None)
            else:
                self.scope.types[short] = kind
        return True

    def _end_associate(self, frame: _Frame, span: Span) -> Any:
        named, types = frame.head
        for short, kind in types.items():
            if kind is None:
                self.scope.types.pop(short, None)
            else:
                self.scope.types[short] = kind
        if _can_replace(frame.nodes, named):
            return Compound(_replaced(tuple(frame.nodes), named), (), span)
        return self._unsupported("associate", frame.first, self.at - 1)

    def _refused(self, line: Line, name: str) -> bool:
        raise FortranError(line.tokens[0].text)

    def _type(self, line: Line, name: str) -> bool:
        """A derived type, read to its end at once; False for a declaration `type(t) :: x`."""
        texts = [t.text for t in line.tokens]
        if texts[1:2] == ["("] and not (texts[1:2] == ["is"]):
            return False
        if texts[1:2] == ["is"]:
            return self.frames[-1].kind == "unsupported"
        first = self.at - 1
        index = bisect_right(self.type_ends, first)
        if index == len(self.type_ends):
            raise FortranError
        place = self.type_ends[index]
        self.looks -= place - first
        if self.looks < 0 or any(
            _end_kind(line.tokens) in _UNITS for line in self.lines[first + 1 : place]
        ):
            raise FortranError
        self.at = place + 1
        try:
            node = self._structure(first, place)
        except FortranError as error:
            kind = "derived type" if error.kind == "syntax error" else error.kind
            node = self._unsupported(kind, first, place)
        self._append(node)
        if self.specifying:
            self.spec_end = len(self.frames[0].nodes)
        return True

    def _structure(self, first: int, last: int) -> StructDefinition:
        head = self.lines[first]
        reader = ExpressionReader(head.tokens, self.scope, 1)
        attributes, bases = [], []
        while reader.accept(","):
            word = reader.name()
            at = reader.at
            if reader.is_op("("):
                reader.arguments()
            inner = "".join(t.text for t in head.tokens[at : reader.at])
            bases.append(inner[1:-1]) if word == "extends" else attributes.append(word + inner)
        reader.accept("::")
        name = reader.name()
        reader.expect_end()
        if not matches("Derived_Type_Stmt", head.tokens):
            raise FortranError
        inner_scope = Scope(self.scope)
        fields: list[Declaration] = []
        for line in self.lines[first + 1 : last]:
            word = line.tokens[0].text if line.tokens else ""
            if word in ("sequence", "private") and len(line.tokens) == 1:
                attributes.append(word if word == "sequence" else "private components")
            elif word in TYPE_WORDS:
                fields += read_declarations(line, inner_scope, component=True)
            else:
                raise FortranError("derived type with procedures")
        table = {f.name: f.type for f in fields}
        for base in bases:
            table = {**self.scope.structures.get(base, {}), **table}
        self.scope.structures[name] = table
        span = _between(head.span, self.lines[last].span)
        return StructDefinition(name, tuple(fields), "type", (), tuple(bases), (), span,
                                attributes=tuple(attributes))  # fmt: skip

    def _interface(self, line: Line, name: str) -> bool:
        first = self.at - 1
        texts = [t.text for t in line.tokens]
        abstract = texts[0] == "abstract"
        if self.nesting > MAX_UNITS:
            raise FortranError("nested too deeply")
        if abstract and texts[1:2] != ["interface"]:
            raise FortranError
        generic = "".join(texts[2 if abstract else 1 :])
        items: list[Any] = []
        while self.at < len(self.lines):
            inner = self.lines[self.at]
            if inner.tokens and _end_kind(inner.tokens) == "interface":
                self.at += 1
                break
            kind = _unit_head(inner) if inner.tokens else ""
            words = [t.text for t in inner.tokens]
            if kind in ("subroutine", "function"):
                found = self._procedure(Scope(), kind)
                if isinstance(found, Function):
                    self.scope.procedures.add(found.name)
                    self.scope.prototypes[found.name] = found
                items.append(found)
            elif words[:2] == ["module", "procedure"] or words[:1] == ["procedure"]:
                self.at += 1
                skip = 2 if words[0] == "module" else 1
                keyword = " ".join(words[:skip])
                items.append(Specification(keyword, _words(inner.tokens[skip:]), inner.span))
            elif words and _end_kind(inner.tokens) in _UNITS:
                raise FortranError
            else:
                self.at += 1
                items.append(self._error_node(inner) if inner.tokens else inner.item
                             or self._pragma(inner))  # fmt: skip
        span = _between(line.span, self.lines[self.at - 1].span)
        if generic:
            self.scope.procedures.add(generic)
        self._append(Interface(generic, tuple(items), abstract, span))
        if self.specifying:
            self.spec_end = len(self.frames[0].nodes)
        return first >= 0

    def _end(self, line: Line, kind: str) -> None:
        """`end do` and its like: closes the construct that is open."""
        frame = self.frames[-1]
        mine = frame.kind == kind or frame.kind == "unsupported" and frame.head[1] == kind
        if not mine or len(self.frames) == 1 or frame.end_label and frame.end_label != line.label:
            raise FortranError
        if frame.end_label:
            return  # `_line` closes it, by its label
        self._close(line)

    def _close(self, line: Line) -> None:
        self._flush_pending()
        frame = self.frames.pop()
        span = _between(frame.line.span, line.span)
        if frame.kind == "unsupported":
            if self.frames[-1].kind == "unsupported":
                return  # the construct around it has this text too
            kind, _ = frame.head
            self._append(self._unsupported(kind, frame.first, self.at - 1))
            return
        if frame.kind == "associate":
            self._append(self._end_associate(frame, span))
            return
        self._append(_built(frame, span))

    # ------------------------------------------------------------------------- directives

    def _pragma(self, line: Line) -> Pragma:
        raw = read_directive((line.directive or "").lower())
        scope = self.scope

        def argument(text: str, _: int) -> Expression:
            if text.isidentifier():
                return Name(text)
            try:
                return _spanless(read_expression(text, scope))
            except (FortranError, RecursionError):
                return UnsupportedExpression("directive argument", text)

        return build_pragma(raw, argument, line.span)

    def _directive(self, line: Line) -> None:
        pragma = self._pragma(line)
        words = pragma.directive.split()
        if pragma.end:
            self._end_directive(pragma, line)
        elif not words or is_standalone(pragma) or words[0] in ("section", "declare", "routine"):
            self._append(pragma)
        elif _LOOP_DIRECTIVES & set(words) or words[0] == "atomic":
            if self.specifying:
                self._end_specifications()
            self.pending.append(pragma)
        else:
            if self.specifying:
                self._end_specifications()
            if len(self.frames) > MAX_BLOCKS:
                self._append(pragma)
                return
            self._flush_pending()
            frame = _Frame("region", line, first=self.at - 1, pragmas=(pragma,))
            self.frames.append(frame)

    def _end_directive(self, pragma: Pragma, line: Line) -> None:
        self._flush_pending()
        frame = self.frames[-1]
        if frame.kind == "region" and frame.pragmas[0].directive == pragma.directive:
            self.frames.pop()
            ends = (pragma,) if pragma.clauses and frame.pragmas[0].directive != "critical" else ()
            span = _between(frame.line.span, line.span)
            self._append(Compound(tuple(frame.nodes), (*frame.pragmas, *ends), span))
            return
        nodes = frame.nodes
        for back in (1, 2):
            last = nodes[-back] if len(nodes) >= back else None
            if not isinstance(last, (For, While, Assign)) or not last.pragmas:
                continue
            if last.pragmas[-1].directive.split()[-1:] == pragma.directive.split()[-1:] or any(
                p.directive == pragma.directive for p in last.pragmas
            ):
                if back == 2 and pragma.directive == "atomic":
                    pair = (replace(last, pragmas=()), nodes[-1])
                    nodes[-2:] = [Compound(pair, last.pragmas, _between(last.span, line.span))]
                elif back == 2 or pragma.clauses:
                    nodes.append(pragma)
                return
        nodes.append(pragma)


_CONSTRUCTS = {
    "do": _Parser._do, "if": _Parser._if, "else": _Parser._else, "elseif": _Parser._else,
    "elsewhere": _Parser._else, "where": _Parser._where, "forall": _Parser._forall,
    "select": _Parser._select, "selectcase": _Parser._select, "case": _Parser._case,
    "block": _Parser._block, "associate": _Parser._associate, "critical": _Parser._refused,
    "enum": _Parser._refused, "type": _Parser._type, "class": _Parser._type,
    "interface": _Parser._interface, "abstract": _Parser._interface,
}  # fmt: skip
_ACTIONS = {
    "call": _Parser._call, "return": _Parser._return, "stop": _Parser._stop,
    "error": _Parser._error, "exit": _Parser._exit, "cycle": _Parser._exit,
    "goto": _Parser._goto, "go": _Parser._goto, "print": _Parser._transfer,
    "write": _Parser._transfer, "read": _Parser._transfer, "use": _Parser._use,
    "include": _Parser._include, "common": _Parser._common, "continue": _Parser._continue,
    "format": _Parser._format,
    **dict.fromkeys(_CALL_LIKE, _Parser._call_like),
}  # fmt: skip


# ------------------------------------------------------------------------------------- helpers


def _built(frame: _Frame, span: Span) -> Any:
    """The node of a construct that is closed."""
    body = tuple(frame.nodes)
    head = frame.head
    if frame.kind == "do":
        if isinstance(head, Bounds):
            start = () if head.concurrent else (Assign(Name(head.variable), "=", head.lower),)
            return For(start, None, (), body, head, frame.pragmas, frame.name, span,
                       frame.line.span)  # fmt: skip
        if head is None:
            return For((), None, (), body, None, frame.pragmas, frame.name, span, frame.line.span)
        return While(head, body, False, frame.pragmas, span, frame.name)
    if frame.kind == "forall":
        return For((), None, (), body, head, (), "", span, frame.line.span)
    if frame.kind == "select":
        cases = tuple(Case(values, tuple(nodes), at) for values, nodes, at in frame.branches)
        return Switch(head, cases, False, span)
    if frame.kind == "block":
        return Compound(body, (), span)
    where = frame.kind == "where"
    if not frame.branches:
        return If(head, body, (), where, span)
    branches = [(t, tuple(n)) for t, n, _ in frame.branches]
    starts = [frame.line.span, *(s for _, _, s in frame.branches)]
    otherwise: tuple[Any, ...] = body
    if head is not None:
        otherwise = (If(head, body, (), where, _between(starts[-1], span)),)
    for (test, nodes), start in zip(reversed(branches), reversed(starts[:-1]), strict=True):
        otherwise = (If(test, nodes, otherwise, where, _between(start, span)),)
    return otherwise[0]


def _is_place(value: Expression) -> bool:
    """Whether `associate` names a variable or an element whose subscripts are plain."""
    match value:
        case Name():
            return True
        case Member(base=base):
            return _is_place(base)
        case Access(base=base, indices=indices):
            scalar = all(isinstance(i, (Name, Literal)) for i in indices)
            return scalar and _is_place(base)
    return False


def _can_replace(body: list[Any], named: dict[str, Expression]) -> bool:
    """Whether putting the values in the place of the names says the same: what a value depends on
    stays as it is, no name is declared anew, and no text without a tree has one of the names."""
    fixed: set[str] = set()
    for value in named.values():
        for access in find(value, Access):
            fixed |= names_in(access.indices)
    met = {*named, *(n for value in named.values() for n in names_in(value))}
    for node in walk(tuple(body)):
        match node:
            case Declaration(name=name) if name in met:
                return False
            case Bounds(variable=name) if name in fixed or name in named:
                return False
            case Assign(target=target) if fixed & names_in(target):
                return False
            case Call(arguments=arguments, keywords=keywords):
                given = [*arguments, *(value for _, value in keywords)]
                if any(isinstance(a, Name) and a.id in fixed for a in given):
                    return False
            case Unsupported(text=text) | UnsupportedExpression(text=text):
                if met & _identifiers(text):
                    return False
            case Specification(text=text) | Pragma(text=text):
                if set(named) & _identifiers(text):
                    return False
    return True


def _identifiers(text: str) -> set[str]:
    return {t.text for line in read_lines(text, "free") for t in line.tokens if t.kind == "id"}


def _replaced(body: tuple[Any, ...], named: dict[str, Expression]) -> tuple[Any, ...]:
    """`body` with values in the place of names; these have the places of the names."""

    def change(node: Any) -> Any:
        if isinstance(node, Name) and node.id in named:
            return replace(_spanless(named[node.id]), span=node.span)
        return node

    return transform(body, change)


def _variables(body: tuple[Any, ...]) -> tuple[dict[str, None], set[str]]:
    """Names that stand as variables in statements, in order, and names that are called.

    Directives, types and prototypes have names of their own and are left out.
    """
    names: dict[str, None] = {}
    called: set[str] = set()
    stack: list[Any] = list(reversed(body))
    while stack:
        node = stack.pop()
        if isinstance(node, (Pragma, NamedType, StructDefinition, Interface, Function)):
            continue
        below = list(children(node))
        if isinstance(node, Call) and isinstance(node.function, Name):
            called.add(node.function.id)
            below = below[1:]
        elif isinstance(node, Bounds):
            names[node.variable] = None
        elif isinstance(node, Name) and node.id != "*":
            names[node.id] = None
        stack += reversed(below)
    return names, called


def _parameter(token: Token, declared: dict[str, Declaration], scope: Scope) -> Parameter:
    name = token.text
    found = declared.get(name)
    span = Span(token.start, token.end, token.line, token.line)
    if found is None:
        kind: Type = NamedType("undeclared")
        if name in scope.procedures or scope.implicit is not None:
            kind = NamedType("procedure")
        return Parameter(name, kind, span=span)
    intent = next((s[7:-1] for s in found.storage if s.startswith("intent(")), "")
    rest = tuple(s for s in found.storage if not s.startswith("intent("))
    if name in scope.procedures:
        rest = (*rest, "external")
    return Parameter(name, found.type, intent, rest, None, span)


def _between(first: Span, last: Span | None) -> Span:
    if last is None or last.end < first.start:
        return first
    return Span(first.start, last.end, first.line, last.end_line)


def _spanless(node: Any) -> Any:
    def clear(n: Any) -> Any:
        return replace(n, span=None) if getattr(n, "span", None) is not None else n

    return transform(node, clear)


def _text(line: Line) -> str:
    """A statement as one line without its label; a directive with its sentinel."""
    return line.text if line.directive is None else "!$" + line.directive


def _full_text(line: Line) -> str:
    """A statement as one line with its label; a directive with its sentinel."""
    if line.directive is not None:
        return _text(line)
    return f"{line.label} {line.text}" if line.label else line.text


def _label(reader: ExpressionReader) -> str:
    """The label that stands next, without zeros before it. Raises FortranError."""
    token = reader.peek()
    if token.kind != "number" or not token.text.isdigit():
        raise FortranError
    reader.at += 1
    return token.text.lstrip("0")


def _labels(reader: ExpressionReader) -> tuple[str, ...]:
    """`10, 20, 30`. Raises FortranError."""
    found = [_label(reader)]
    while reader.accept(","):
        found.append(_label(reader))
    return tuple(found)


def _words(tokens: tuple[Token, ...]) -> str:
    """The text of tokens with as few blanks as it needs to be read again."""
    out = ""
    for token in tokens:
        if out and (
            out[-1] == "," or out.endswith("::") or _is_wordy(out[-1]) and _is_wordy(token.text[0])
        ):
            out += " "
        out += token.text
    return out


def _is_wordy(character: str) -> bool:
    return character.isalnum() or character in "_'\".$"


def _is_data(tokens: tuple[Token, ...]) -> bool:
    """Whether the statement is `objects / values /`, once or more. fparser knows loops over
    objects by their contents alone, which shapes of statements do not show."""
    depth, slashes = 0, 0
    for at, token in enumerate(tokens):
        if token.kind == "op":
            depth += (token.text == "(") - (token.text == ")")
            slashes += depth == 0 and token.text == "/" and at > 0
    return depth == 0 and slashes > 0 and slashes % 2 == 0 and tokens[-1].text == "/"


def _is_module_procedure(line: Line) -> bool:
    """Whether the statement is `module procedure f`. In an interface block it is a reference."""
    words = [t.text for t in line.tokens]
    return len(words) == 3 and words[:2] == ["module", "procedure"] and line.tokens[2].kind == "id"


def _is_submodule(tokens: tuple[Token, ...]) -> bool:
    """Whether the statement is `submodule (m) s` or `submodule (m:p) s`."""
    kinds = "".join("i" if t.kind == "id" else t.text for t in tokens)
    return kinds in ("i(i)i", "i(i:i)i")


def _is_word(line: Line, word: str) -> bool:
    return len(line.tokens) == 1 and line.tokens[0].text == word


def _after_group(tokens: tuple[Token, ...], at: int) -> int:
    """Place after the bracket that closes the one at `at`."""
    depth = 0
    for place in range(at, len(tokens)):
        if tokens[place].kind == "op":
            text = tokens[place].text
            depth += (text == "(") - (text == ")")
            if depth == 0:
                return place + 1
    return len(tokens)


def _last_group(tokens: tuple[Token, ...], at: int) -> int:
    """Where the last bracket group of an `implicit` item opens, which holds the letters."""
    last = at
    while at < len(tokens) and tokens[at].text != ",":
        if tokens[at].text == "(":
            last, at = at, _after_group(tokens, at)
        else:
            at += 1
    return last


def _is_assignment(tokens: tuple[Token, ...]) -> bool:
    """Whether the statement is `variable = ...` or `pointer => ...`."""
    if tokens[0].kind != "id" or len(tokens) < 3:
        return False
    at = 1
    while at < len(tokens) and tokens[at].kind == "op":
        text = tokens[at].text
        if text in ("=", "=>"):
            return True
        if text == "(":
            at = _after_group(tokens, at)
        elif text == "%" and at + 1 < len(tokens) and tokens[at + 1].kind == "id":
            at += 2
        else:
            return False
    return False


def _end_kind(tokens: tuple[Token, ...]) -> str | None:
    """`do` for `end do` and `enddo`, '' for a bare `end`, None for any other statement."""
    if not tokens or tokens[0].kind != "id" or not tokens[0].text.startswith("end"):
        return None
    word = tokens[0].text[3:]
    if len(tokens) > 1 and tokens[1].kind == "op" and not word.startswith("interface"):
        return None
    if not word:
        if len(tokens) == 1:
            return ""
        word = tokens[1].text
        if word == "block" and len(tokens) > 2 and tokens[2].text == "data":
            return "block data"
        if word == "file":
            return None
    return word if word in _BLOCK_ENDS or word in _UNITS else None


def ends_unit(line: Line) -> bool:
    """Return whether a Fortran statement is the `end` of a program, module, function or subroutine.
    line: a statement, directive or other line as `read_lines` returns it.
    """
    return bool(line.tokens) and _end_kind(line.tokens) in _UNITS


def _opens(tokens: tuple[Token, ...]) -> str:
    """The kind of construct that a head which cannot be read opens; '' where it opens none."""
    if len(tokens) > 2 and tokens[1].text == ":":
        tokens = tokens[2:]
    word = tokens[0].text if tokens else ""
    if _is_assignment(tokens):
        return ""
    if word == "if":
        return "if" if tokens[-1].text == "then" else ""
    if word in ("where", "forall"):
        last = len(tokens) > 1 and _after_group(tokens, 1) == len(tokens)
        return word if last else ""
    if word == "do":
        return "do" if len(tokens) < 2 or tokens[1].kind != "number" else ""
    if word in ("select", "selectcase"):
        return "select"
    if word == "block" and len(tokens) == 1:
        return word
    if word in ("associate", "critical", "enum") and len(tokens) != 2:
        return word
    return ""


def _unit_head(line: Line) -> str:
    """`program`, `module`, `subroutine`, ... where the statement begins a program unit."""
    tokens = line.tokens
    if not tokens or tokens[0].kind != "id":
        return ""
    words = [t.text for t in tokens[:3]]
    if words[0] == "program" and len(tokens) == 2 and tokens[1].kind == "id":
        return "program"
    if words[0] == "module" and len(tokens) == 2 and words[1] != "procedure":
        return "module"
    if words[0] == "submodule" and words[1:2] == ["("]:
        return "submodule"
    if words[0] == "blockdata" or words[:2] == ["block", "data"]:
        return "block data"
    if words[0] not in _PREFIXES and words[0] not in TYPE_WORDS:
        if words[0] not in ("subroutine", "function"):
            return ""
    at = 0
    while at + 1 < len(tokens):
        token = tokens[at]
        if token.kind == "id":
            if token.text in ("subroutine", "function") and tokens[at + 1].kind == "id":
                if token.text == "subroutine" or tokens[at + 2 : at + 3]:
                    return token.text
                return ""
            if token.text not in _PREFIXES and token.text not in TYPE_WORDS:
                if token.text not in ("precision", "complex"):
                    return ""
        elif token.text == "(":
            at = _after_group(tokens, at) - 1
        elif token.text != "*" and token.kind != "number":
            return ""
        at += 1
    return ""
