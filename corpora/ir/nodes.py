"""The intermediate representation: one typed tree for C, C++, CUDA, OpenMP and Fortran.

Front ends (`corpora.frontends`) make it, emitters (`corpora.emit`) print it, analyses
(`corpora.analysis`) answer questions on it. Nodes are frozen and compare by content: the span,
which says where the node stands in its text, takes no part in comparison.

Grammar (a `Block` is a tuple of statements):

    unit       = TranslationUnit(items)
    item       = Function | Declaration | StructDefinition | Module | Using | Statement
    statement  = Declaration | Assign | ExpressionStatement | For | RangeFor | While | If | Switch
               | Return | Jump | Label | Goto | Compound | Pragma | KernelLaunch | Specification
               | Interface | Unsupported
    expression = Name | Literal | Access | Section | Member | Call | Unary | Binary | Conditional
               | Cast | SizeOf | InitializerList | Increment | AssignExpression | Comma | ImpliedDo
               | UnsupportedExpression
    type       = ScalarType | NamedType | PointerType | ReferenceType | ArrayType | FunctionType

A construct that a front end does not know becomes `Unsupported` (or `UnsupportedExpression`),
with its kind, its text and its span. Nothing is guessed: who needs the construct refuses it.

    python -c "from corpora.ir import Binary, Name, Literal; \
        print(Binary('+', Name('i'), Literal('1', 'i32')))"
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Union


@dataclass(frozen=True, slots=True)
class Span:
    """Where a node stands in its source text.

    start, end: character offsets [start, end), from zero. line, end_line: its first and its last
        line, from 1.
    expanded: the node or its edge comes out of a macro. The span is then that of the macro's use,
        where more than the node stands.
    """

    start: int
    end: int
    line: int
    end_line: int
    expanded: bool = False


def _span() -> Span | None:
    return field(default=None, compare=False, repr=False)


# ---------------------------------------------------------------------------------------- types


@dataclass(frozen=True, slots=True)
class ScalarType:
    """An arithmetic type.

    name: an entry of `corpora.records.ELEMENT_TYPES`, such as `i32`, `f64` or `bool`; or `void`,
        `char`, `f80` (long double) or `auto`. `char` keeps its own name because its sign depends on
        the platform.
    const, volatile: as qualified. spelled: the words of the text, such as `size_t`; '' where
        unknown.
    bytes: the width of a Fortran logical, which its name does not tell; 0 where it is not stated.
    """

    name: str
    const: bool = False
    spelled: str = field(default="", compare=False)
    volatile: bool = False
    bytes: int = field(default=0, compare=False)
    """Width of a Fortran logical, which its name does not say."""


@dataclass(frozen=True, slots=True)
class NamedType:
    """A type known by its name: a structure, class, enumeration, template or unresolved typedef.

    name: as written. arguments: template arguments, types or expressions, or Fortran's length and
        kind as expressions; () for none. const, volatile: as qualified.
    """

    name: str
    arguments: tuple[Union[Type, Expression], ...] = ()
    const: bool = False
    volatile: bool = False


@dataclass(frozen=True, slots=True)
class PointerType:
    """A pointer. to: the type it points to, with qualifiers of its own. const, restrict, volatile:
    qualify the pointer itself.
    """

    to: Type
    const: bool = False
    restrict: bool = False
    volatile: bool = False


@dataclass(frozen=True, slots=True)
class ReferenceType:
    """A C++ reference. to: the type referred to. rvalue: `T &&` instead of `T &`."""

    to: Type
    rvalue: bool = False


@dataclass(frozen=True, slots=True)
class Extent:
    """One dimension of an array.

    size: how many elements; None where unknown, as in `a[]`, `a(*)` and `a(:)`.
    lower: the first subscript where a Fortran text states it, as in `a(0:m)`. None stands for 1
        there; in C it is always None, and subscripts count from 0.
    upper: the last subscript, inclusive, of a Fortran dimension; Name('*') in `a(*)`; None in
        `a(:)` and in C.
    """

    size: Expression | None = None
    lower: Expression | None = None
    upper: Expression | None = None


@dataclass(frozen=True, slots=True)
class ArrayType:
    """An array.

    of: its element type. extents: an Extent for each dimension, in the text's order; its size is
        None where unknown. In C the last is contiguous, in Fortran the first. column_major:
        Fortran's order in memory.
    """

    of: Type
    extents: tuple[Extent, ...]
    column_major: bool = False


@dataclass(frozen=True, slots=True)
class FunctionType:
    """The type that a pointer to a function points to. result, parameters: types of `result
    (*)(parameters)`.
    """

    result: Type
    parameters: tuple[Type, ...] = ()


Type = Union[ScalarType, NamedType, PointerType, ReferenceType, ArrayType, FunctionType]


# ---------------------------------------------------------------------------------- expressions


@dataclass(frozen=True, slots=True)
class Name:
    """An identifier, used as an expression. id: its text, in lower case for Fortran; a qualified
    name keeps its `::`. span: its place in the text; None if it has none.
    """

    id: str
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class Literal:
    """A literal value. text: as spelled, without sign. type: an element type
    (`corpora.records.ELEMENT_TYPES`), `char`, `string`, `f80` or `pointer` (`nullptr`). span: its
    place in the text; None if it has none.
    """

    text: str
    type: str
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class Access:
    """An element of an array: `a[i][j]` and `a(i, j)` are Access(Name('a'), (i, j)).

    base: the array. indices: subscripts, in C from zero, in Fortran as written. C's `*p` is
        Unary('*', p).
    span: its place in the text; None if it has none.
    """

    base: Expression
    indices: tuple[Expression, ...]
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class Section:
    """Fortran's `lower:upper:step` as an index; each of the three is None where the text leaves it
    out. In a clause of C, as in `map(to: a[lo:length])`, `upper` is the length. span: its place in
    the text; None if it has none.
    """

    lower: Expression | None = None
    upper: Expression | None = None
    step: Expression | None = None
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a structure: `base.field`, Fortran's `base%field`, or `base->field`.

    base: an expression, the structure or the pointer to it. field: the member's name. arrow: it is
        written with `->`. span: its place in the text; None if it has none.
    """

    base: Expression
    field: str
    arrow: bool = False
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class Call:
    """A call. function: a Name, a Member (method) or any expression. arguments: in order.

    keywords: Fortran's `name=value` arguments, as (name, value). template: template arguments,
        types or expressions.
    `new T(a)` and `new T[n]` are calls of `new` and `new[]` with template (T,). `new T[n]{a, b}`
    has the initialiser behind the length, `new T[n]()` an empty one. `delete p` and `delete[] p`
    are calls of `delete` and `delete[]`.
    span: its place in the text; None if it has none.
    """

    function: Expression
    arguments: tuple[Expression, ...]
    keywords: tuple[tuple[str, Expression], ...] = ()
    template: tuple[Union[Type, Expression], ...] = ()
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class Unary:
    """A unary operation on `operand`. op: one of `- + ! ~ * &`; Fortran's `.not.` is `!`. The op
    `()` stands for Fortran's brackets round a whole actual argument, which make a value of a
    variable.
    span: its place in the text; None if it has none.
    """

    op: str
    operand: Expression
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class Binary:
    """A binary operation `left op right`. op: in C's spelling; Fortran's `.and.` is `&&`, `/=` is
    `!=`. Fortran's `**`, `//`, `.eqv.`, `.neqv.` and operators of a program keep theirs.
    span: its place in the text; None if it has none.
    """

    op: str
    left: Expression
    right: Expression
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class Conditional:
    """`test ? then : otherwise`, an expression of three expressions. span: its place in the text;
    None if it has none.
    """

    test: Expression
    then: Expression
    otherwise: Expression
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class Cast:
    """A conversion of `operand` to `type`. style: `c` for `(T)x`, `function` for `T(x)`, else the
    word, such as `static_cast`. span: its place in the text; None if it has none.
    """

    type: Type
    operand: Expression
    style: str = "c"
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class SizeOf:
    """`sizeof`. of: the type or expression whose size in bytes it gives. span: its place in the
    text; None if it has none.
    """

    of: Union[Type, Expression]
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class InitializerList:
    """`{a, b}` of C or `(/ a, b /)` of Fortran. items: in order. designators: per item the text of
    its designator or ''; () for none. type: the type of `T{a, b}`, else None.
    span: its place in the text; None if it has none.
    """

    items: tuple[Expression, ...]
    designators: tuple[str, ...] = ()
    type: Type | None = None
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class Increment:
    """`x++` or `--x` as an expression. op: `++` or `--`. target: what is changed. prefix: the
    operator stands before it. span: its place in the text; None if it has none.
    """

    op: str
    target: Expression
    prefix: bool = False
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class AssignExpression:
    """An assignment `target op value` used as a value. op: `=`, `+=` and so on. As a statement it
    is `Assign`.
    span: its place in the text; None if it has none.
    """

    target: Expression
    op: str
    value: Expression
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class Comma:
    """C's `a, b, c`. items: evaluated in order; the last is the value. span: its place in the text;
    None if it has none.
    """

    items: tuple[Expression, ...]
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class ImpliedDo:
    """Fortran's `(a(i), i = 1, n)` in a constructor, a data statement or an input or output list.
    items: what is repeated. bounds: the loop. span: its place in the text; None if it has none.
    """

    items: tuple[Expression, ...]
    bounds: Bounds
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class UnsupportedExpression:
    """An expression that the front end does not know. kind: the construct's name, such as
    `lambda_expression`. text: as written. span: its place in the text; None if it has none.
    """

    kind: str
    text: str
    span: Span | None = _span()


Expression = Union[
    Name, Literal, Access, Section, Member, Call, Unary, Binary, Conditional, Cast, SizeOf,
    InitializerList, Increment, AssignExpression, Comma, ImpliedDo, UnsupportedExpression,
]  # fmt: skip


# ----------------------------------------------------------------------------------- statements


@dataclass(frozen=True, slots=True)
class Clause:
    """A clause of a directive.

    name: such as `reduction`. modifier: what stands before the colon, such as `+`; '' without one.
        arguments: what stands in the brackets (behind the colon), one expression each; () for none.
        text: all that stands in the brackets, as written; '' without brackets.
    """

    name: str
    arguments: tuple[Expression, ...] = ()
    modifier: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Pragma:
    """A directive. It is a statement only if it stands alone, as `barrier` does. The statement that
    it governs carries it in its `pragmas`.

    family: `omp`, `acc` or the first word of another pragma. directive: the words of the construct,
        such as `parallel for`. clauses: in order.
    text: the whole line, continuations joined. end: it is Fortran's `end` directive. span: its
        place in the text; None if it has none.
    """

    family: str
    directive: str
    clauses: tuple[Clause, ...] = ()
    text: str = ""
    end: bool = False
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class Declaration:
    """One declared variable. C's `int i = 0, *p;` is two, which share their `group` span.

    name, type: of the variable. value: the initializer; None without one. arguments: those of `T
        x(a, b)`; None without brackets.
    storage: words such as `static`, `extern`, `__shared__`, and Fortran's attributes, such as
        `save`, `parameter`, `intent(in)`; () for none.
    span: its place in the text; None if it has none. group: the place of the whole declaration that
        it is part of; None if it has none.
    bits: the width of a bit field; None if it is none.
    implicit: Fortran's implicit typing makes it; the text does not declare it.
    """

    name: str
    type: Type
    value: Expression | None = None
    arguments: tuple[Expression, ...] | None = None
    storage: tuple[str, ...] = ()
    span: Span | None = _span()
    group: Span | None = _span()
    bits: Expression | None = None
    """Width of a bit field."""
    implicit: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class Assign:
    """`target op value` as a statement.

    target: what is changed, an expression; a whole array or section is Fortran's array assignment.
    op: `=`, `+=` and so on; `=>` is Fortran's pointer assignment; `++` or `--`, whose `value` is
        None.
    value: the right side. pragmas: directives that govern it. span: its place in the text; None if
        it has none.
    """

    target: Expression
    op: str
    value: Expression | None
    span: Span | None = _span()
    pragmas: tuple[Pragma, ...] = ()


@dataclass(frozen=True, slots=True)
class ExpressionStatement:
    """An expression evaluated for its effect, such as a call. pragmas: directives that govern it.
    span: its place in the text; None if it has none.
    """

    expression: Expression
    span: Span | None = _span()
    pragmas: tuple[Pragma, ...] = ()


@dataclass(frozen=True, slots=True)
class For:
    """A `for` loop of C as written, or a `do` loop of Fortran. `corpora.analysis.loops` gives its
    range.

    start: declarations or statements before the first test. test: the condition; None loops for
        ever, or has Fortran's bounds. step: statements of the increment. body: statements.
    bounds: set for Fortran's `do` with a range, whose `test` is None and `step` is (); else None.
        `start` then holds the variable's first assignment, or () for `do concurrent` and `forall`.
    pragmas: directives right before the loop, outermost first. label: Fortran's construct name; ''
        without one. span: its place in the text; None if it has none. head: the place of `for
        (...)`, or of Fortran's first line; None if it has none.
    """

    start: tuple[Statement, ...]
    test: Expression | None
    step: tuple[Statement, ...]
    body: tuple[Statement, ...]
    bounds: Bounds | None = None
    pragmas: tuple[Pragma, ...] = ()
    label: str = ""
    span: Span | None = _span()
    head: Span | None = _span()
    """From the keyword to the end of the head (`for (...)`, `do i = 1, n`)."""


@dataclass(frozen=True, slots=True)
class RangeFor:
    """C++'s `for (T x : range) body`. variable: the declaration of x, without a value. pragmas:
    directives before it. range: what is iterated over. body: statements. head: span of `for (...)`;
    None if unknown. span: its place in the text; None if it has none.
    """

    variable: Declaration
    range: Expression
    body: tuple[Statement, ...]
    pragmas: tuple[Pragma, ...] = ()
    span: Span | None = _span()
    head: Span | None = _span()


@dataclass(frozen=True, slots=True)
class Bounds:
    """The bounds of a Fortran loop: `variable` runs from `lower` to `upper`, both inclusive, in
    steps of `step`.

    variable: its name. lower, upper: expressions. step: an expression; None means 1.
    concurrent: the loop is a `do concurrent`. forall: it is a `forall`. Both may have further
        indices in `nested` (their Bounds, in order) and a condition in `mask`; otherwise these are
        () and None.
    """

    variable: str
    lower: Expression
    upper: Expression
    step: Expression | None = None
    concurrent: bool = False
    nested: tuple[Bounds, ...] = ()
    mask: Expression | None = None
    forall: bool = False


@dataclass(frozen=True, slots=True)
class While:
    """A `while` loop over the statements `body`, which runs as long as `test` holds.

    after: the test stands at the end (`do ... while`). pragmas: directives before it. label:
        Fortran's construct name; '' without one. span: its place in the text; None if it has none.
    """

    test: Expression
    body: tuple[Statement, ...]
    after: bool = False
    pragmas: tuple[Pragma, ...] = ()
    span: Span | None = _span()
    label: str = ""


@dataclass(frozen=True, slots=True)
class If:
    """A conditional statement.

    test: the condition. then, otherwise: the statements of its branches; an `else if` is one If in
        `otherwise`; () without `else`. where: it is Fortran's `where`, whose test is an array.
        span: its place in the text; None if it has none.
    """

    test: Expression
    then: tuple[Statement, ...]
    otherwise: tuple[Statement, ...] = ()
    where: bool = False
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class Case:
    """One case of a Switch. values: its labels, expressions; a Section is a range; () is the
    default. body: statements up to the next label. In C control falls through unless the body ends
    with a jump such as `break`. span: its place in the text; None if it has none.
    """

    values: tuple[Expression, ...]
    body: tuple[Statement, ...]
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class Switch:
    """C's `switch` or Fortran's `select case`.

    value: the expression that is compared. cases: a Case each, in order. falls_through: a case goes
        on into the next one, C's rule; False for Fortran. span: its place in the text; None if it
        has none.
    """

    value: Expression
    cases: tuple[Case, ...]
    falls_through: bool = True
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class Return:
    """A return. value: what is returned; None for nothing. span: its place in the text; None if it
    has none.
    """

    value: Expression | None = None
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class Jump:
    """A jump out of or in a loop, or the program's end. kind: `break` (Fortran's exit), `continue`
    (Fortran's cycle), `stop` or `error stop`. label: the construct's name or the stop code; ''
    without one. span: its place in the text; None if it has none.
    """

    kind: str
    label: str = ""
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class Label:
    """A label that a `goto` may jump to. name: its text, a number in Fortran. span: its place in
    the text; None if it has none.
    """

    name: str
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class Goto:
    """A `goto`. label: the name of its Label; '' where there are choices.

    choices: the names of several Labels, of which Fortran's `goto` takes one; else (). value: the
        expression that chooses; else None. `go to (a, b), k` takes the k-th, from 1, or goes on
        where there is none.
    arithmetic: it is `if (e) a, b, c`, which takes the first below zero, the second at zero and the
        third above.
    span: its place in the text; None if it has none.
    """

    label: str
    span: Span | None = _span()
    choices: tuple[str, ...] = ()
    value: Expression | None = None
    arithmetic: bool = False


@dataclass(frozen=True, slots=True)
class Compound:
    """A block with a scope of its own. body: its statements. pragmas: directives that govern it, as
    `#pragma omp parallel {}`. span: its place in the text; None if it has none.
    """

    body: tuple[Statement, ...]
    pragmas: tuple[Pragma, ...] = ()
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class KernelLaunch:
    """`kernel<<<grid, block, shared, stream>>>(arguments)`.

    kernel, grid, block, shared, stream: expressions; shared and stream are None where left out.
        arguments: expressions, in order. template: the kernel's template arguments, types or
        expressions; () for none. span: its place in the text; None if it has none.
    """

    kernel: Expression
    grid: Expression
    block: Expression
    arguments: tuple[Expression, ...]
    shared: Expression | None = None
    stream: Expression | None = None
    span: Span | None = _span()
    template: tuple[Union[Type, Expression], ...] = ()


@dataclass(frozen=True, slots=True)
class Specification:
    """A Fortran statement that specifies something and declares no variable, such as `implicit
    none` or `data x /1/`.

    keyword: its first word. text: what follows, in lower case outside strings. span: its place in
        the text; None if it has none.
    """

    keyword: str
    text: str = ""
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class Unsupported:
    """A statement or item that the front end does not know. kind: the construct's name, such as
    `syntax error` or `equivalence`. text: as written. span: its place in the text; None if it has
    none.
    """

    kind: str
    text: str
    span: Span | None = _span()


# ---------------------------------------------------------------------------------------- units


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a function.

    name, type: its name ('' if the text gives none) and type. intent: Fortran's `in`, `out`,
        `inout`, or '' where not stated. attributes: Fortran's others, such as `optional`. default:
        C++'s default value; None without one. span: its place in the text; None if it has none.
    """

    name: str
    type: Type
    intent: str = ""
    attributes: tuple[str, ...] = ()
    default: Expression | None = None
    span: Span | None = _span()


STATEMENT_FUNCTION = "statement function"
"""The qualifier of Fortran's functions in one statement, `f(x) = x**2`."""


@dataclass(frozen=True, slots=True)
class Function:
    """A function, kernel or subroutine. Fortran's declarations stand in its body.

    name: as defined, qualified where the text qualifies it. A Fortran program has the qualifier
        `program`, and the name '' where the text gives none.
    parameters: in order. result: ScalarType('void') for subroutines, NamedType('') for
        constructors. result_name: the name in Fortran's `result(r)`; '' without one.
    body: statements; None for a prototype.
    scope: names of the enclosing namespaces, classes or modules, outermost first.
    qualifiers: such as `static`, `__global__`, `__launch_bounds__(256)`, `pure`; `module procedure`
        (its parameters are those of the interface); `statement function`.
    template: names of template parameters. template_parameters: the same as written, such as
        `typename T` or `int N = 4`.
    suffixes: words after the parameters: `const`, `noexcept`, `override`. initializers: a
        constructor's `: member(arguments)`, as (member, arguments).
    contains: Fortran's inner procedures. uses: Fortran's `use` statements as written names.
    language_linkage: `C` for `extern "C"`; '' without one. span, body_span: the places of the whole
        and of its body in the text; None if it has none.
    """

    name: str
    parameters: tuple[Parameter, ...]
    result: Type
    body: tuple[Statement, ...] | None
    qualifiers: tuple[str, ...] = ()
    template: tuple[str, ...] = ()
    scope: tuple[str, ...] = ()
    result_name: str = ""
    contains: tuple[Function, ...] = ()
    uses: tuple[str, ...] = ()
    language_linkage: str = ""
    span: Span | None = _span()
    body_span: Span | None = _span()
    template_parameters: tuple[str, ...] = ()
    """Parameters of the template as written (`typename T`, `int N = 4`)."""
    suffixes: tuple[str, ...] = ()
    """Words after the parameters: `const`, `noexcept`, `override`."""
    initializers: tuple[tuple[str, tuple[Expression, ...]], ...] = ()
    """A constructor's `: member(arguments)`. Its `result` is NamedType('')."""


@dataclass(frozen=True, slots=True)
class StructDefinition:
    """A structure, class, union, enumeration or Fortran derived type.

    name: the structure's. unnamed: the text gives it no name, only variables (`struct { int a; }
        s;`), and `name` is made up.
    kind: `struct`, `class`, `union`, `enum` or `type`. defined: False for `struct name;`, which
        says only that there is one.
    fields: in order; of an enumeration its constants with values. methods: member functions,
        constructors and destructors. items: other members, such as aliases, nested structures and
        what is unsupported.
    bases: base classes as written, such as `public Base`. template: names of template parameters.
        template_parameters: the same as written.
    attributes: words between the keyword and the name, such as `__align__(16)`; of a Fortran type
        `public`, `sequence`, `bind(c)`, or `private components`.
    span: its place in the text; None if it has none.
    """

    name: str
    fields: tuple[Declaration, ...]
    kind: str = "struct"
    methods: tuple[Function, ...] = ()
    bases: tuple[str, ...] = ()
    template: tuple[str, ...] = ()
    span: Span | None = _span()
    template_parameters: tuple[str, ...] = ()
    items: tuple[Item, ...] = ()
    """Other members: aliases, nested structures, what is unsupported."""
    attributes: tuple[str, ...] = ()
    """Words between the keyword and the name: `__align__(16)`. Of a Fortran type: `public`,
    `sequence`, `bind(c)`."""
    defined: bool = True
    """False for `struct name;`, which says only that there is one."""
    unnamed: bool = False
    """The text gives it no name, only variables (`struct { int a; } s;`): `name` is made up."""


@dataclass(frozen=True, slots=True)
class Interface:
    """Fortran's interface block. name: the generic name or operator; '' without one. items:
    prototypes as Functions, and `module procedure` as Specifications. abstract: `abstract
    interface`. span: its place in the text; None if it has none.
    """

    name: str
    items: tuple[Union[Function, Specification], ...]
    abstract: bool = False
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class TypeAlias:
    """`typedef T name;` or `using name = T;`. name: the new name. type: the type that it stands
    for. span: its place in the text; None if it has none.
    """

    name: str
    type: Type
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class Module:
    """A namespace of C++ or a module of Fortran, called `name`. items: what it holds, in order.
    uses: modules named by `use`. parent: of a Fortran submodule, as written in its brackets (`m`,
    `m:s`), else ''. span: its place in the text; None if it has none.
    """

    name: str
    items: tuple[Item, ...]
    uses: tuple[str, ...] = ()
    span: Span | None = _span()
    parent: str = ""


@dataclass(frozen=True, slots=True)
class Using:
    """`using name;`, `using namespace name;`, or `namespace alias = name;`.

    name: as written, qualifiers included. namespace: it is one of the last two. alias: the new name
        of the third; '' for the others. span: its place in the text; None if it has none.
    """

    name: str
    namespace: bool = False
    span: Span | None = _span()
    alias: str = ""


@dataclass(frozen=True, slots=True)
class Include:
    """`#include`, or Fortran's `include`. path: as written, without quotes or brackets. system: it
    stands in angle brackets. span: its place in the text; None if it has none.
    """

    path: str
    system: bool = True
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class Macro:
    """A `#define name`, whose uses are already expanded in the tree. parameters: their names; None
    for an object-like macro. text: its body. span: its place in the text; None if it has none.
    """

    name: str
    parameters: tuple[str, ...] | None
    text: str
    span: Span | None = _span()


Statement = Union[
    Declaration, Assign, ExpressionStatement, For, RangeFor, While, If, Switch, Return, Jump, Label,
    Goto, Compound, Pragma, KernelLaunch, Unsupported, StructDefinition, TypeAlias, Using,
    Specification, Interface, Include,
]  # fmt: skip
Item = Union[
    Function, StructDefinition, TypeAlias, Module, Using, Include, Macro, Declaration, Pragma,
    Unsupported, Specification, Interface,
]  # fmt: skip
Node = Union[Expression, Statement, Item, Case, Clause, Bounds, Extent, Parameter, Type]


@dataclass(frozen=True, slots=True)
class TranslationUnit:
    """The tree of a whole text.

    items: what the text holds at the top level, in order. text: what the spans point into. dialect:
        a name of `corpora.dialects`. errors: syntax errors, which stand in the items too; () for
        none.
    """

    items: tuple[Item, ...]
    text: str
    dialect: str
    errors: tuple[Unsupported, ...] = ()
