"""The static wall for C, C++, CUDA and OpenMP: what the tree of a text shows.

Contract: `check_c_family(program)` gives None or the reason, one line. Calls go by a list of what
is allowed: functions of the text, mathematics and run-time of C, C++ and CUDA, `omp_*`. What is
called is a function by its name, or an object whose class or lambda stands in the text. State that
outlives a call is refused, for it could count tests. What the front end does not know is refused
with its line; some constructs pass where their words are harmless.

Macros are expanded in the tree. Of `#if` every branch is read (`preprocessor.expand_branches`).

    python -c "from corpora.records import Program; \
        from gpu_runtime.wall.c_family import check_c_family; \
        print(check_c_family(Program('cpp', 'f', 'void f(int *a) { system(\"ls\"); }')))"
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from corpora.frontends.c_family import parse_c_family
from corpora.frontends.c_tokens import Token, join_tokens, tokenize
from corpora.frontends.queries import bindings
from corpora.ir import (
    Access,
    ArrayType,
    Assign,
    AssignExpression,
    Binary,
    Call,
    Cast,
    Declaration,
    Function,
    FunctionType,
    Increment,
    InitializerList,
    KernelLaunch,
    Member,
    Module,
    Name,
    NamedType,
    Parameter,
    PointerType,
    Pragma,
    ReferenceType,
    ScalarType,
    StructDefinition,
    Type,
    TypeAlias,
    Unary,
    Unsupported,
    UnsupportedExpression,
    walk,
)
from corpora.records import Program
from gpu_runtime.wall.names import (
    ALLOWED_CALLS,
    KEYWORDS,
    LIBRARY_VALUES,
    SYSTEM_NAMES,
    TYPES,
    VARIABLE_TYPES,
)
from gpu_runtime.wall.preprocessor import (
    Definition,
    check_directives,
    expand_directives,
    read_definition,
    split_directives,
)
from gpu_runtime.wall.words import check_attributes, check_layout, check_strings, check_words

_ALWAYS = frozenset(("new", "new[]", "delete", "delete[]")) | ALLOWED_CALLS | TYPES | VARIABLE_TYPES
_COMPONENTS = frozenset("xyzw")
_TAKES_FUNCTIONS = frozenset(
    """for_each transform generate generate_n sort stable_sort partial_sort nth_element qsort
    bsearch reduce transform_reduce accumulate inner_product partial_sum inclusive_scan
    exclusive_scan transform_inclusive_scan transform_exclusive_scan adjacent_difference
    find_if find_if_not count_if all_of any_of none_of copy_if replace_if partition
    stable_partition unique is_sorted max_element min_element minmax_element lower_bound
    upper_bound equal_range binary_search merge inplace_merge set_union set_intersection
    set_difference make_heap push_heap pop_heap sort_heap lexicographical_compare equal
    mismatch search adjacent_find swap_ranges""".split()
)
"""Functions that every program may use and that call what they are given."""
_GIVEN = (
    frozenset(
        "threadIdx blockIdx blockDim gridDim warpSize stdout stderr this NULL INFINITY NAN".split()
    )
    | LIBRARY_VALUES
)
_BY_WORDS = frozenset(
    """syntax_error static_assert_declaration throw_statement function_definition
    for_statement if_statement while_statement expression_statement concept_definition compound
    requires_clause fold_expression generic_expression subscript_argument_list empty
    structured_binding_declarator user_defined_literal""".split()
)
"""Constructs without a node in the tree that harm nothing where all their words are harmless."""
_COMPILED_PLACES = frozenset("__FILE__ __LINE__ __func__ __FUNCTION__".split())
"""What the compiler says about where a text stands. Tests have files and lines of their own."""
_PRINTS = frozenset("printf fprintf puts assert runtime_error invalid_argument".split())
_STREAMS = frozenset("cerr cout std::cerr std::cout".split())
_FORBIDDEN_TYPES = frozenset(("thread", "jthread"))
_NOT_STATE = frozenset(
    "const constexpr consteval __device__ __constant__ __managed__ __shared__".split()
)
_BEFORE_A_CALL = KEYWORDS - frozenset(
    ("operator", "auto", "const", "constexpr", "static", "inline")
)


def check_c_family(program: Program) -> str | None:
    """Return why a program of a C-family dialect is refused, in one line, or None if it is not."""
    text = program.text
    tokens = tokenize(text)
    lines, code = split_directives(tokens)
    macros = [m for m in map(read_definition, lines) if m is not None]
    for macro in macros:
        code = [*code, *macro.body]
    for reason in (
        check_layout(text, tokens),
        check_directives(text, lines, {t.text for t in code if t.kind == "word"}),
        check_words(code),
        check_attributes(code),
        check_strings(code),
    ):
        if reason:
            return reason
    texts = expand_directives(text, lines)
    if texts is None:
        return "conditions of the preprocessor that do not match, or too many of them"
    for one in texts:
        check = _Check(one, program.dialect, code)
        if reason := check.run() or len(texts) > 1 and check.redefinitions(lines, macros) or None:
            return reason
    return None


@dataclass(slots=True)
class _Scope:
    """What a text declares. functions: names of functions with a body. classes: names of types.
    variables: the types of the variables of each name, each with the value it begins with."""

    functions: set[str] = field(default_factory=set)
    classes: set[str] = field(default_factory=set)
    variables: dict[str, list[tuple[Type, Any]]] = field(default_factory=lambda: defaultdict(list))
    values: set[str] = field(default_factory=set)
    """Template parameters that are values."""


def _collect(nodes: Sequence[Any], scope: _Scope) -> None:
    for node in nodes:
        if isinstance(node, Function):
            if node.body is not None:
                scope.functions.add(node.name.rpartition("::")[2])
            _collect_template(node, scope)
        elif isinstance(node, StructDefinition):
            scope.classes.add(node.name)
            _collect_template(node, scope)
        elif isinstance(node, TypeAlias):
            scope.classes.add(node.name)
        elif isinstance(node, Declaration):
            scope.variables[node.name].append((node.type, node.value))
        elif isinstance(node, Parameter):
            scope.variables[node.name].append((node.type, node))


def _collect_template(node: Function | StructDefinition, scope: _Scope) -> None:
    for name, written in zip(node.template, node.template_parameters, strict=False):
        types = written.startswith(("class", "typename"))
        (scope.classes if types else scope.values).add(name)


_CLAUSES_OF_WORDS = frozenset("schedule dist_schedule default proc_bind order bind".split())
"""Of OpenMP, whose first argument is a word of the language, such as `dynamic`."""


class _Check:
    """One reading of a text without conditions. code: tokens of the whole program. outer: of a
    lambda, what is declared around it."""

    def __init__(
        self, text: str, dialect: str, code: Sequence[Token], outer: _Check | None = None
    ) -> None:
        self.unit = parse_c_family(text, dialect)
        self.dialect, self.code = dialect, code
        self.nodes = list(walk(self.unit.items))
        self.scope = outer.scope if outer else _Scope()
        _collect(self.nodes, self.scope)
        self.within = outer is not None
        self.calls_given = False

    def run(self) -> str | None:
        state = self.static_variables() if self.within else self.state(self.unit.items)
        if state:
            return state
        for node in self.nodes:
            check = self.checks.get(type(node))
            if check is not None and (reason := check(self, node)):
                return reason
        return self.given_names() or self.compiled_places()

    # ----------------------------------------------------------------------------------- calls

    def call(self, node: Call) -> str | None:
        """Why what `node` calls is refused."""
        function = node.function
        if isinstance(function, Name):
            return self.called_name(function.id)
        if isinstance(function, Member):
            field_name = _plain_name(function.field)
            if field_name in _COMPONENTS or field_name in _ALWAYS:
                return None
            known = field_name in self.scope.functions or field_name in self.scope.classes
            return None if known else _unknown(field_name)
        if isinstance(function, UnsupportedExpression) and function.kind == "lambda_expression":
            return None
        if isinstance(function, (Call, Cast, InitializerList)):
            return self.called_result(function)
        if isinstance(function, Access):
            return "an element of an array is called"
        if isinstance(function, Unary) and isinstance(function.operand, Name):
            if function.op == "&":
                return f"a call of '{function.operand.id}' in brackets"
        return "a call through a function pointer"

    def called_result(self, function: Call | Cast | InitializerList) -> str | None:
        """`Op()(a, b)`: the call of an object that is made for it."""
        made = ""
        if isinstance(function, Call) and isinstance(function.function, Name):
            made = _plain_name(function.function.id)
        elif not isinstance(function, Call) and isinstance(function.type, NamedType):
            made = _plain_name(function.type.name)
        c_cast = isinstance(function, Cast) and function.style == "c"
        if made in self.scope.classes and made not in self.scope.functions and not c_cast:
            self.calls_given = True
            return None
        return f"the result of '{made}' is called" if made else "a call through a function pointer"

    def called_name(self, written: str) -> str | None:
        name = _plain_name(written)
        if written == name and name in self.scope.variables:
            if reason := self.called_variable(name):
                return reason
            if self.is_object(name):
                return None
        if name in self.scope.values and name not in self.scope.functions:
            return "a call through a function pointer"
        if name in _TAKES_FUNCTIONS and name not in self.scope.functions:
            self.calls_given = True
        if name in _ALWAYS or name in self.scope.classes:
            return None
        of_std = written.startswith("std::") and not self.has_namespace("std")
        if name in self.scope.functions and not of_std:
            if name in SYSTEM_NAMES:
                return f"'{name}' is a function of the C library too: the text's needs another name"
            return None
        return _unknown(name)

    def has_namespace(self, name: str) -> bool:
        return any(isinstance(n, Module) and n.name == name for n in self.nodes)

    def is_object(self, name: str) -> bool:
        """Whether a variable called `name` can be called, and what it calls stands in the text."""
        return any(self.object_kind(*v) == "object" for v in self.scope.variables[name])

    def called_variable(self, name: str) -> str | None:
        kinds = {self.object_kind(*v) for v in self.scope.variables[name]}
        if "unknown" in kinds:
            return "a call through a function pointer" if name in _ALWAYS else _unknown(name)
        return None

    def object_kind(self, kind: Type, value: Any) -> str:
        """What a call of a variable may do: `object` calls what stands in the text, `unknown` may
        call anything, `none` cannot be called."""
        while isinstance(kind, (ReferenceType, PointerType)):
            kind = kind.to
        if isinstance(kind, FunctionType):
            return "unknown"
        if isinstance(kind, ScalarType):
            if kind.name != "auto":
                return "none"
            if isinstance(value, UnsupportedExpression) and value.kind == "lambda_expression":
                return "object"
            if isinstance(value, Parameter):
                self.calls_given = True
                return "object"
            if isinstance(value, Call) and isinstance(value.function, Name):
                made = _plain_name(value.function.id)
                return "object" if made in self.scope.classes else "unknown"
            return "unknown"
        if isinstance(kind, NamedType):
            if _plain_name(kind.name) in self.scope.classes:
                self.calls_given = True
                return "object"
            return "unknown"
        return "none"

    def launch(self, node: KernelLaunch) -> str | None:
        if not isinstance(node.kernel, Name):
            return "a call through a function pointer"
        name = _plain_name(node.kernel.id)
        if name in self.scope.functions:
            return None
        known = name in self.scope.variables and self.is_object(name)
        return None if known else _unknown(name)

    def given_names(self) -> str | None:
        """Why a name is refused that nothing in the text declares and that may be a function:
        the text hands it to what calls it."""
        words = {t.text for t in self.code if t.kind == "word"}
        if not self.calls_given and not words & SYSTEM_NAMES:
            return None
        called = {id(n.function) for n in self.nodes if isinstance(n, Call)}
        called |= {id(n.kernel) for n in self.nodes if isinstance(n, KernelLaunch)}
        clauses = (c for n in self.nodes if isinstance(n, Pragma) for c in n.clauses)
        called |= {id(a) for c in clauses if c.name in _CLAUSES_OF_WORDS for a in c.arguments}
        scope = self.scope
        for binding in bindings(self.unit):
            name = binding.name
            plain = _plain_name(name.id)
            if binding.definition is not None or id(name) in called:
                continue
            if self.within and name.id == plain and plain in scope.variables:
                continue
            if plain in SYSTEM_NAMES:
                return f"'{plain}' is named but not declared in the text"
            if not self.calls_given or plain in scope.functions | scope.classes | scope.values:
                continue
            if not _is_constant(plain) and not self.is_declared(name.id, plain):
                return f"'{plain}' is named but not declared in the text"
        return None

    def is_declared(self, written: str, plain: str) -> bool:
        """Whether a name without a binding is known: a field, a name of `std`, an enumerator."""
        return plain in self.scope.variables or written.startswith("std::") and plain in _ALWAYS

    def compiled_places(self) -> str | None:
        """Why a use of `__FILE__` or its like is refused: it may be printed, also by a function of
        the text that is given it, and nothing else."""
        if not any(t.text in _COMPILED_PLACES for t in self.code):
            return None
        waiting: list[tuple[Sequence[Any], frozenset[str]]] = [(self.nodes, _COMPILED_PLACES)]
        known: set[tuple[int, str]] = set()
        while waiting:
            nodes, names = waiting.pop()
            printed: set[int] = set()
            for node in nodes:
                if isinstance(node, Binary) and _first_shifted(node) in _STREAMS:
                    printed.add(id(node.right))
                if not isinstance(node, Call) or not isinstance(node.function, Name):
                    continue
                called = _plain_name(node.function.id)
                for place, value in enumerate(node.arguments):
                    if not isinstance(value, Name) or value.id not in names:
                        continue
                    if called in self.scope.functions:
                        given = self.parameters_at(called, place)
                        waiting += [
                            (list(walk(function.body)), frozenset((name,)))
                            for function, name in given
                            if (id(function), name) not in known
                        ]
                        known |= {(id(function), name) for function, name in given}
                        printed.add(id(value))
                    elif called in _PRINTS:
                        printed.add(id(value))
            for node in nodes:
                if isinstance(node, Name) and node.id in names and id(node) not in printed:
                    return f"'{node.id}' is used, not printed: it tells where a text is compiled"
        return None

    def parameters_at(self, called: str, place: int) -> list[tuple[Function, str]]:
        """The functions of the text called `called`, each with its parameter at `place`."""
        return [
            (node, node.parameters[place].name)
            for node in self.nodes
            if isinstance(node, Function) and node.body is not None
            if _plain_name(node.name) == called and place < len(node.parameters)
        ]

    # ------------------------------------------------------------------------------- constructs

    def unsupported(self, node: Unsupported | UnsupportedExpression) -> str | None:
        kind = node.kind.replace(" ", "_")
        if kind == "lambda_expression":
            return self.inner(node, _lambda_as_function(node.text))
        if kind == "compound_statement":
            return self.inner(node, f"void cv_block() {node.text}")
        if kind == "try_statement":
            return self.inner(node, _handlers_as_loops(node.text))
        if kind == "#error":
            return None
        if kind in _BY_WORDS:
            words = tokenize(node.text)
            if kind != "throw_statement" and any(t.text in _COMPILED_PLACES for t in words):
                return self.refuse(node)
            return self.by_words(words)
        return self.refuse(node)

    def refuse(self, node: Any) -> str:
        line = f" in line {node.span.line}" if node.span else ""
        return f"'{node.kind}'{line} is not among the constructs that a program may have"

    def inner(self, node: Any, text: str | None) -> str | None:
        """Why the statements inside of a construct are refused. text: them as a function."""
        if text is None:
            return self.refuse(node)
        inside = _Check(text, self.dialect, self.code, self)
        if not any(isinstance(i, Function) for i in inside.unit.items):
            return self.refuse(node)
        reason = inside.run()
        self.calls_given |= inside.calls_given
        return reason

    def by_words(self, tokens: Sequence[Token]) -> str | None:
        """Why the words of a construct without a node are refused: each name before brackets is
        known, or declared there."""
        previous = None
        for i, token in enumerate(tokens[:-1]):
            following = tokens[i + 1].text
            if following == "(" and token.text in (")", "]"):
                opener = _opens(tokens, i)
                if token.text == "]" or opener > 0 and tokens[opener + 1].text == "*":
                    return "a call through a function pointer"
            if token.text == "static" and "const" not in [t.text for t in tokens[i : i + 4]]:
                return "a static variable keeps state between calls"
            if token.text in SYSTEM_NAMES and token.text not in self.scope.variables:
                if previous is None or previous.text not in (".", "->"):
                    return f"'{token.text}' is named but not declared in the text"
            if token.kind == "word" and following in ("(", "<<<") and token.text not in KEYWORDS:
                known = token.text in _ALWAYS or token.text in self.scope.functions
                known |= token.text in self.scope.classes
                if not known and not _declares(previous, tokens[i + 2 : i + 4]):
                    if not (token.text in self.scope.variables and self.is_object(token.text)):
                        return _unknown(token.text)
            previous = token
        return None

    def function(self, node: Function) -> str | None:
        outside = node.language_linkage or "extern" in node.qualifiers
        if outside and (node.body is None or node.name in ("_init", "_fini")):
            return "'extern' declares what the program does not define"
        if any(_points_to_function(p.type) for p in node.parameters):
            return "a call through a function pointer"
        return None

    def declaration(self, node: Declaration) -> str | None:
        if any(word.startswith("extern") for word in node.storage):
            if "__shared__" not in node.storage:
                return "'extern' declares what the program does not define"
        return self.type(node.type)

    def alias(self, node: TypeAlias) -> str | None:
        return self.type(node.type)

    def cast(self, node: Cast) -> str | None:
        return self.type(node.type)

    def type(self, kind: Type) -> str | None:
        if _points_to_function(kind):
            return "a call through a function pointer"
        if isinstance(kind, NamedType):
            name = _plain_name(kind.name)
            if name in _FORBIDDEN_TYPES and name not in self.scope.classes:
                return f"'std::{name}' is not allowed in a program (it starts threads)"
        return None

    # ------------------------------------------------------------------------------------ state

    def state(self, items: Sequence[Any]) -> str | None:
        """Variables that could count tests. `__device__`, `__constant__` and `__shared__` ones
        are put back."""
        for item in _items(items):
            if isinstance(item, Declaration) and self.keeps_state(item):
                return f"the global variable '{item.name}' keeps state between calls"
            if isinstance(item, StructDefinition) and not item.kind.startswith("enum"):
                for one in item.fields:
                    if "static" in one.storage and self.keeps_state(one):
                        return f"the global variable '{one.name}' keeps state between calls"
        return self.static_variables()

    def static_variables(self) -> str | None:
        for node in self.nodes:
            if isinstance(node, Declaration) and self.keeps_state(node):
                if {"static", "thread_local"} & set(node.storage):
                    return f"the static variable '{node.name}' keeps state between calls"
        return None

    def keeps_state(self, node: Declaration) -> bool:
        kind: Type = node.type
        while isinstance(kind, ArrayType):
            kind = kind.of
        plain = isinstance(kind, ScalarType) and kind.name != "auto"
        if not plain and self.has_mutable_fields():
            return True
        if _NOT_STATE & set(node.storage):
            return False
        if not isinstance(kind, PointerType):
            return not getattr(kind, "const", False)
        if not _points_to_const(kind.to):
            return True
        return not kind.const and node.name in self.changed_names()

    def has_mutable_fields(self) -> bool:
        """Whether a structure of the text has a field that changes in constants too."""
        return any(
            "mutable" in one.storage
            for node in self.nodes
            if isinstance(node, StructDefinition)
            for one in node.fields
        )

    def changed_names(self) -> set[str]:
        """Names that an assignment, an increment or `&` stands at."""
        found: set[str] = set()
        for node in self.nodes:
            target = None
            if isinstance(node, (Assign, AssignExpression, Increment)):
                target = node.target
            elif isinstance(node, Unary) and node.op == "&":
                target = node.operand
            while isinstance(target, Access):
                target = target.base
            if isinstance(target, Name):
                found.add(_plain_name(target.id))
        return found

    def redefinitions(
        self, lines: Sequence[Sequence[Token]], macros: Sequence[Definition]
    ) -> str | None:
        """Why a macro with several meanings is refused: which one holds where is a matter of
        conditions, so each must be harmless by itself."""
        undone = {line[2].text for line in lines if len(line) > 2 and line[1].text == "undef"}
        names = [m.name for m in macros]
        for macro in macros:
            if names.count(macro.name) < 2 and macro.name not in undone:
                continue
            for token in macro.body:
                if token.kind != "word" or token.text in (*names, *(macro.parameters or ())):
                    continue
                if not self.is_harmless(token.text):
                    return f"the macro '{macro.name}' has several meanings ('{token.text}')"
        return None

    def is_harmless(self, word: str) -> bool:
        scope = self.scope
        return (
            word in _ALWAYS
            or word in KEYWORDS
            or word in scope.functions | scope.classes | scope.variables.keys()
            or _is_constant(word)
        )

    checks = {
        Call: call,
        KernelLaunch: launch,
        Unsupported: unsupported,
        UnsupportedExpression: unsupported,
        Function: function,
        Declaration: declaration,
        TypeAlias: alias,
        Cast: cast,
    }


# -------------------------------------------------------------------------------------- helpers


def _unknown(name: str) -> str:
    return (
        f"'{name}' is called but neither defined in the text nor among the functions that a "
        f"program may use"
    )


def _plain_name(written: str) -> str:
    """The last name of `a::b<T>::c<U>`, without template arguments."""
    if "<" in written and not written.startswith("operator"):
        written = written.rpartition(">::")[2].partition("<")[0]
    return written.rpartition("::")[2].strip()


def _first_shifted(node: Any) -> str:
    """The name that `a << b << c` begins with; '' where it begins with something else."""
    while isinstance(node, Binary) and node.op == "<<":
        node = node.left
    return node.id if isinstance(node, Name) else ""


def _is_constant(name: str) -> bool:
    """Constants of CUDA and of headers."""
    return name in _GIVEN or name.startswith("cuda") or name.isupper()


def _items(items: Sequence[Any]) -> Iterator[Any]:
    """Items of a unit, and those of namespaces and classes in it."""
    for item in items:
        yield item
        if isinstance(item, Module):
            yield from _items(item.items)
        elif isinstance(item, StructDefinition):
            yield from (i for i in _items(item.items) if not isinstance(i, Declaration))


def _points_to_function(kind: Type) -> bool:
    while isinstance(kind, (PointerType, ReferenceType, ArrayType)):
        kind = kind.of if isinstance(kind, ArrayType) else kind.to
    return isinstance(kind, FunctionType)


def _points_to_const(kind: Type) -> bool:
    while isinstance(kind, (PointerType, ReferenceType, ArrayType)):
        if getattr(kind, "const", False):
            return True
        kind = kind.of if isinstance(kind, ArrayType) else kind.to
    return getattr(kind, "const", False)


def _opens(tokens: Sequence[Token], end: int) -> int:
    """Where the bracket that closes at `end` opens; -1 where it does not."""
    depth = 0
    for i in range(end, -1, -1):
        depth += (tokens[i].text in (")", "]")) - (tokens[i].text in ("(", "["))
        if depth == 0:
            return i
    return -1


def _declares(previous: Token | None, inside: Sequence[Token]) -> bool:
    """Whether a name before brackets is declared there: a type stands before it, or parameters
    stand in the brackets."""
    words = [t.text for t in inside]
    if words[:1] and (words[0] in TYPES or words[0] == "const") and words[1:2] != ["("]:
        return True
    return previous is not None and previous.kind == "word" and previous.text not in _BEFORE_A_CALL


def _lambda_as_function(text: str) -> str | None:
    """`[k = f(1)](int x) -> int { ... }` as function definitions, one for the body and one for
    what is captured; None where it cannot be told."""
    tokens = tokenize(text)
    end = _closes(tokens)
    words = ("__device__", "__host__", "mutable")
    rest = [t for t in tokens[end + 1 :] if t.text not in words]
    if end < 0 or not rest or rest[0].text not in ("(", "{"):
        return None
    brackets = "" if rest[0].text == "(" else "()"
    captured = join_tokens(tokens[1:end])
    values = f"{captured};" if "(" in captured else ""
    return f"auto cv_lambda{brackets} {join_tokens(rest)}\nvoid cv_capture() {{ {values} }}"


def _handlers_as_loops(text: str) -> str | None:
    """`try { A } catch (E e) { B }` as a function with the blocks, where each handler's variable is
    declared by a loop; None where it cannot be told."""
    tokens = tokenize(text)
    out: list[str] = []
    i = 0
    while i < len(tokens):
        if tokens[i].text == "catch" and i + 1 < len(tokens):
            end = _closes(tokens[i + 1 :], "(", ")") + i + 1
            if end <= i:
                return None
            declared = join_tokens(tokens[i + 2 : end])
            out.append("" if declared.strip() == "..." else f"for ({declared};;)")
            i = end + 1
        else:
            out.append("" if tokens[i].text == "try" else tokens[i].text)
            i += 1
    return f"void cv_block() {{ {' '.join(out)} }}"


def _closes(tokens: Sequence[Token], opening: str = "[", closing: str = "]") -> int:
    """Where the bracket that begins `tokens` closes; -1 where it does not."""
    depth = 0
    for i, token in enumerate(tokens):
        depth += (token.text == opening) - (token.text == closing)
        if depth == 0:
            return i
    return -1
