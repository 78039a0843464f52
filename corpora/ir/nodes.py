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
    """Where a node stands: character offsets [start, end) into the source text, 1-based lines.

    expanded: the node comes out of a macro, or its edge does; the span is then that of the
    macro's use, and more than the node stands there. A node that holds whole uses is not expanded.
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
    """An arithmetic type. name: an entry of `corpora.records.ELEMENT_TYPES`, `void`, `char`,
    `f80` (long double) or `auto`. `char` keeps its own name because its sign is the platform's.
    spelled: the words of the text (`unsigned long`, `size_t`), where a front end knows them.
    """

    name: str
    const: bool = False
    spelled: str = field(default="", compare=False)
    volatile: bool = False
    bytes: int = field(default=0, compare=False)
    """Width of a Fortran logical, which its name does not say."""


@dataclass(frozen=True, slots=True)
class NamedType:
    """A type that is known by name: a structure, class, enumeration, template or typedef that
    could not be resolved. arguments: template arguments, types or expressions."""

    name: str
    arguments: tuple[Union[Type, Expression], ...] = ()
    const: bool = False
    volatile: bool = False


@dataclass(frozen=True, slots=True)
class PointerType:
    """`to *`. const and restrict qualify the pointer itself; what it points to has its own."""

    to: Type
    const: bool = False
    restrict: bool = False
    volatile: bool = False


@dataclass(frozen=True, slots=True)
class ReferenceType:
    to: Type
    rvalue: bool = False


@dataclass(frozen=True, slots=True)
class Extent:
    """One dimension of an array: `lower` to `upper`, both inclusive (Fortran's terms).

    C's `a[n]` is Extent(size=n): from 0 to n - 1, bounds the text does not state. size None:
    unknown (`a[]`, `a(*)`); lower None with size None: assumed shape (`a(:)`). A lower bound that
    the text states (`a(0:m)`, `a(-2:)`) is `lower`.
    """

    size: Expression | None = None
    lower: Expression | None = None
    upper: Expression | None = None


@dataclass(frozen=True, slots=True)
class ArrayType:
    """Array of `of`. extents: in the order of the text (C: the last is contiguous, Fortran: the
    first). column_major: Fortran's order."""

    of: Type
    extents: tuple[Extent, ...]
    column_major: bool = False


@dataclass(frozen=True, slots=True)
class FunctionType:
    """What a pointer to a function points to: `result (*)(parameters)`."""

    result: Type
    parameters: tuple[Type, ...] = ()


Type = Union[ScalarType, NamedType, PointerType, ReferenceType, ArrayType, FunctionType]


# ---------------------------------------------------------------------------------- expressions


@dataclass(frozen=True, slots=True)
class Name:
    """An identifier. Fortran names are in lower case. A qualified name keeps its `::`."""

    id: str
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class Literal:
    """text: as spelled, without sign. type: an element type, `bool`, `char`, `string`, `f80` or
    `pointer` (`nullptr`)."""

    text: str
    type: str
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class Access:
    """An element of an array: `a[i][j]` and `a(i, j)` are Access(Name('a'), (i, j)).

    C's `*p` is Access(p, (Literal 0,)) only where an emitter need not print `*p`: front ends
    keep Unary('*', p). Subscripts of C are zero-based; those of Fortran are as written.
    """

    base: Expression
    indices: tuple[Expression, ...]
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class Section:
    """Fortran's `lo:hi:step` as an index; None where the text leaves it out.

    In a clause of C (`map(to: a[lo:length])`) `upper` is the length, as OpenMP has it."""

    lower: Expression | None = None
    upper: Expression | None = None
    step: Expression | None = None
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class Member:
    """`base.field`, `base->field` (arrow) and Fortran's `base%field`."""

    base: Expression
    field: str
    arrow: bool = False
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class Call:
    """function: a Name, a Member (method call) or any expression. keywords: Fortran's
    `name=value` arguments, as (name, value). template: template arguments as written types or
    expressions. `new T(a)` and `new T[n]` are calls of `new` and `new[]` with template (T,);
    `delete p` and `delete[] p` are calls of `delete` and `delete[]`."""

    function: Expression
    arguments: tuple[Expression, ...]
    keywords: tuple[tuple[str, Expression], ...] = ()
    template: tuple[Union[Type, Expression], ...] = ()
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class Unary:
    """op: one of `- + ! ~ * &`. Fortran's `.not.` is `!`. `()`: Fortran's brackets around a whole
    actual argument, which make a value of a variable."""

    op: str
    operand: Expression
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class Binary:
    """op: C's spelling; Fortran's are translated (`.and.` is `&&`, `/=` is `!=`), but for `**`
    (power), `//` (concatenation), `.eqv.`, `.neqv.` and operators that a program defines."""

    op: str
    left: Expression
    right: Expression
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class Conditional:
    test: Expression
    then: Expression
    otherwise: Expression
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class Cast:
    """style: `c` for `(T)x`, `function` for `T(x)`, or `static_cast` and its like."""

    type: Type
    operand: Expression
    style: str = "c"
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class SizeOf:
    of: Union[Type, Expression]
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class InitializerList:
    """`{a, b}` and Fortran's `(/ a, b /)`. designators: per item the text of a designator or ''.
    type: the type of `T{a, b}`."""

    items: tuple[Expression, ...]
    designators: tuple[str, ...] = ()
    type: Type | None = None
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class Increment:
    """`x++`, `--x`. op: `++` or `--`. prefix: the operator stands before."""

    op: str
    target: Expression
    prefix: bool = False
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class AssignExpression:
    """An assignment used as a value. op: `=`, `+=`, ... As a statement it is `Assign`."""

    target: Expression
    op: str
    value: Expression
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class Comma:
    items: tuple[Expression, ...]
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class ImpliedDo:
    """Fortran's `(a(i), i = 1, n)` in a constructor, a data statement or an input or output
    list.
    """

    items: tuple[Expression, ...]
    bounds: Bounds
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class UnsupportedExpression:
    """kind: the construct's name (`lambda_expression`); text: as written."""

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
    """A clause of a directive. name: `reduction`. modifier: what stands before the colon (`+`).
    arguments: what stands in the brackets, one expression each; text: the brackets as written."""

    name: str
    arguments: tuple[Expression, ...] = ()
    modifier: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Pragma:
    """A directive. family: `omp`, `acc` or the first word of another pragma. directive: the
    words of the construct (`parallel for`, Fortran's `parallel do`). text: the whole line with
    continuations joined. end: Fortran's `end` directive. For a directive that governs a
    statement, the statement carries it (see `Statement.pragmas` of For and Compound); one that
    stands alone (`barrier`) is a statement itself."""

    family: str
    directive: str
    clauses: tuple[Clause, ...] = ()
    text: str = ""
    end: bool = False
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class Declaration:
    """One declared variable (a text's `int i = 0, *p;` is two, which share their `group` span).

    value: the initialiser. arguments: those of `T x(a, b)`; None where there are none.
    storage: words such as `static`, `extern`, `__shared__`, `__constant__`, `register`, Fortran's
    attributes (`save`, `parameter`, `pointer`, `allocatable`, `target`, `optional`,
    `intent(in)`). implicit: the text has no such declaration; Fortran's implicit typing makes it.
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
    """`target op value` as a statement. op: `=`, `+=`, ...; `++` and `--` have value None.
    Fortran's pointer assignment is `=>`. A whole array or section as target is Fortran's array
    assignment."""

    target: Expression
    op: str
    value: Expression | None
    span: Span | None = _span()
    pragmas: tuple[Pragma, ...] = ()


@dataclass(frozen=True, slots=True)
class ExpressionStatement:
    expression: Expression
    span: Span | None = _span()
    pragmas: tuple[Pragma, ...] = ()


@dataclass(frozen=True, slots=True)
class For:
    """C's `for` as it is written. `corpora.analysis.loops` gives its range where it counts.

    start: declarations or statements before the first test. test: None for ever. step: what the
    increment does, one statement per comma. Fortran's `do i = a, b, s` is made by the front end
    as `For((Assign(i, '=', a),), None, (), body, bounds=Bounds(i, a, b, s))`, because its trip
    count is fixed before the first iteration. label: Fortran's construct name. pragmas: the
    directives right before the loop, outermost first.
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
    """C++'s `for (T x : range)`. variable: the declaration of x, without a value."""

    variable: Declaration
    range: Expression
    body: tuple[Statement, ...]
    pragmas: tuple[Pragma, ...] = ()
    span: Span | None = _span()
    head: Span | None = _span()


@dataclass(frozen=True, slots=True)
class Bounds:
    """A Fortran do loop: from lower to upper, both inclusive. concurrent: `do concurrent`, with
    further indices in `nested` and a mask. forall: Fortran's `forall`, written like that."""

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
    """after: the test stands at the end (`do ... while`). label: Fortran's construct name."""

    test: Expression
    body: tuple[Statement, ...]
    after: bool = False
    pragmas: tuple[Pragma, ...] = ()
    span: Span | None = _span()
    label: str = ""


@dataclass(frozen=True, slots=True)
class If:
    """otherwise: the else branch; an `else if` is one If in it. where: Fortran's `where`, whose
    test is an array."""

    test: Expression
    then: tuple[Statement, ...]
    otherwise: tuple[Statement, ...] = ()
    where: bool = False
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class Case:
    """values: the labels; a Section is a range; empty: default. body: up to the next label. In C
    control falls through unless the body ends with `break`."""

    values: tuple[Expression, ...]
    body: tuple[Statement, ...]
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class Switch:
    """falls_through: C's rule; False for Fortran's `select case`."""

    value: Expression
    cases: tuple[Case, ...]
    falls_through: bool = True
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class Return:
    value: Expression | None = None
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class Jump:
    """kind: `break` (Fortran: exit), `continue` (Fortran: cycle) or `stop`. label: a construct's
    name."""

    kind: str
    label: str = ""
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class Label:
    name: str
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class Goto:
    """A jump to `label`. Fortran's choice of several has `choices` and the `value` that chooses:
    `go to (a, b), k` takes the k-th, or goes on where there is none; `if (e) a, b, c`
    (arithmetic) takes the first below zero, the second at zero and the third above.
    """

    label: str
    span: Span | None = _span()
    choices: tuple[str, ...] = ()
    value: Expression | None = None
    arithmetic: bool = False


@dataclass(frozen=True, slots=True)
class Compound:
    """A block of its own scope. pragmas: directives that govern it (`#pragma omp parallel {}`)."""

    body: tuple[Statement, ...]
    pragmas: tuple[Pragma, ...] = ()
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class KernelLaunch:
    """`kernel<<<grid, block, shared, stream>>>(arguments)`."""

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
    """A Fortran statement about names that declares no variable: `implicit none`, `private`,
    `external f`, `save`, `data x /1/`. keyword: its first word (`module procedure` has two);
    text: what follows, without case outside strings."""

    keyword: str
    text: str = ""
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class Unsupported:
    """A statement or item that the front end does not know. kind: the construct's name
    (`lambda`, `syntax error`, `equivalence`); text: as written."""

    kind: str
    text: str
    span: Span | None = _span()


# ---------------------------------------------------------------------------------------- units


@dataclass(frozen=True, slots=True)
class Parameter:
    """intent: Fortran's `in`, `out`, `inout`, or '' where nothing says so. default: C++'s."""

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
    """A function, kernel or subroutine.

    name: as defined, qualified where the text qualifies it (a Fortran program has the qualifier
    `program`, and no name where the text gives none). scope: enclosing namespaces, classes
    or modules, outermost first. result: ScalarType('void') for subroutines. result_name:
    Fortran's `result(r)`. qualifiers: `static`, `inline`, `__global__`, `__device__`,
    `__launch_bounds__(256)`, Fortran's `pure`, `elemental`, `recursive`, `module procedure` (the
    parameters are those of its interface) and `statement function`. template: names of
    template parameters. body: None for a prototype. declarations of Fortran stand in the body.
    contains: Fortran's inner procedures. uses: Fortran's `use` statements as written names.
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
    """A structure, class, union, enumeration or Fortran derived type. kind: `struct`, `class`,
    `union`, `enum`, `type`. fields: in order; of an enumeration its constants with values.
    methods: member functions, constructors and destructors."""

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
    """Fortran's interface block. name: the generic name or operator, or ''. items: prototypes as
    Functions, whose bodies hold their declarations, and `module procedure` Specifications.
    abstract: `abstract interface`."""

    name: str
    items: tuple[Union[Function, Specification], ...]
    abstract: bool = False
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class TypeAlias:
    """`typedef T name;`, `using name = T;`."""

    name: str
    type: Type
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class Module:
    """A namespace (C++) or a module (Fortran). uses: modules named by `use`. parent: of a Fortran
    submodule, as written in its brackets (`m`, `m:s`)."""

    name: str
    items: tuple[Item, ...]
    uses: tuple[str, ...] = ()
    span: Span | None = _span()
    parent: str = ""


@dataclass(frozen=True, slots=True)
class Using:
    """`using namespace name;` (namespace), `using name;` or `namespace alias = name;`."""

    name: str
    namespace: bool = False
    span: Span | None = _span()
    alias: str = ""


@dataclass(frozen=True, slots=True)
class Include:
    """`#include <path>`; system: angle brackets."""

    path: str
    system: bool = True
    span: Span | None = _span()


@dataclass(frozen=True, slots=True)
class Macro:
    """A `#define`. parameters: None for an object-like macro. text: its body. Uses of it are
    already expanded in the tree."""

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
    """A whole text. text: what the spans point into. dialect: a name of `corpora.dialects`.
    errors: syntax errors, one Unsupported each; they stand in the items too."""

    items: tuple[Item, ...]
    text: str
    dialect: str
    errors: tuple[Unsupported, ...] = ()
