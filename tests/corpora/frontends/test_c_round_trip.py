"""Properties of the C family's front end: random trees and random texts."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from corpora.emit.c_family import Style, emit_c_family
from corpora.frontends.c_family import literal_type, parse_c_family
from corpora.frontends.c_preprocess import preprocess
from corpora.frontends.c_tokens import join_tokens, tokenize
from corpora.ir import (
    Access,
    ArrayType,
    Assign,
    AssignExpression,
    Binary,
    Call,
    Case,
    Cast,
    Comma,
    Compound,
    Conditional,
    Declaration,
    ExpressionStatement,
    Extent,
    For,
    Function,
    FunctionType,
    Goto,
    If,
    Increment,
    InitializerList,
    Jump,
    KernelLaunch,
    Label,
    Literal,
    Member,
    Name,
    NamedType,
    Parameter,
    PointerType,
    Pragma,
    RangeFor,
    ReferenceType,
    Return,
    ScalarType,
    SizeOf,
    StructDefinition,
    Switch,
    TranslationUnit,
    Unary,
    Unsupported,
    While,
    walk,
)
from corpora.ir.nodes import Clause

RELAXED = settings(
    max_examples=100, deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip

NUMBERS = ["0", "1", "42u", "3.5", "1e-3f", "0x1F", "7ull", "3000000000", ".5"]
names = st.sampled_from(["a", "b", "count", "x1", "used", "cin"]).map(Name)
literals = st.one_of(
    st.sampled_from(NUMBERS).map(lambda t: Literal(t, literal_type(t))),
    st.sampled_from([Literal('"s;}"', "string"), Literal("'{'", "char"), Literal("true", "bool")]),
)
scalars = st.builds(
    ScalarType,
    st.sampled_from("bool char i8 u8 i16 u16 i32 u32 i64 u64 f32 f64 c64 c128 f80".split()),
    st.booleans(),
)
plain_scalars = st.sampled_from("i32 f32 f64 u8 i64 u64".split()).map(ScalarType)
bases = st.one_of(
    scalars,
    st.builds(NamedType, st.just("Point"), const=st.booleans()),
    st.builds(NamedType, st.just("Box"), st.tuples(plain_scalars, st.just(Literal("4", "i32")))),
)
types = st.recursive(
    bases,
    lambda inner: st.builds(PointerType, inner, st.booleans(), st.booleans()),
    max_leaves=3,
)


cast_types = types.filter(lambda t: getattr(t, "name", "") != "Box")
"""`(Box<int, 4>)-x` is a difference where nothing declares Box."""


def _expressions(inner: st.SearchStrategy) -> st.SearchStrategy:
    bases = inner.filter(lambda e: not isinstance(e, (Access, Literal)))
    callees = st.one_of(names, st.builds(Member, names, st.just("run"), st.booleans()))
    no_comma = inner.filter(lambda e: not isinstance(e, Comma))
    targets = inner.filter(
        lambda e: isinstance(e, (Name, Access, Member)) or isinstance(e, Unary) and e.op == "*"
    )
    several = st.lists(inner, max_size=3).map(tuple)
    operators = "* / % + - << >> < > <= >= == != & ^ | && ||".split()
    return st.one_of(
        st.builds(Binary, st.sampled_from(operators), inner, inner),
        st.builds(Unary, st.sampled_from(list("-+!~*&")), inner),
        st.builds(Conditional, inner, inner, inner),
        st.builds(Access, bases, st.lists(inner, min_size=1, max_size=2).map(tuple)),
        st.builds(Member, bases, st.just("field"), st.booleans()),
        st.builds(Call, callees, several),
        st.builds(Call, st.just(Name("g")), several, template=st.tuples(plain_scalars)),
        st.builds(Cast, types, inner, st.just("static_cast")),
        st.builds(Cast, cast_types, inner, st.just("c")),
        st.builds(Cast, plain_scalars, no_comma, st.just("function")),
        st.builds(SizeOf, st.one_of(types, inner)),
        st.builds(Increment, st.sampled_from(["++", "--"]), targets, st.booleans()),
        st.builds(AssignExpression, targets, st.sampled_from(["=", "+=", "<<="]), inner),
        st.builds(Comma, st.lists(inner.filter(lambda e: not isinstance(e, Comma)),
                                  min_size=2, max_size=3).map(tuple)),
    )  # fmt: skip


expressions = st.recursive(st.one_of(names, literals), _expressions, max_leaves=12)
values = expressions.filter(lambda e: not isinstance(e, Comma))
lists = st.builds(InitializerList, st.lists(values, max_size=3).map(tuple))
arrays = st.builds(
    lambda of, sizes: ArrayType(of, tuple(Extent(s) for s in sizes)),
    types, st.lists(st.one_of(names, literals), min_size=1, max_size=2),
)  # fmt: skip
declared_types = st.one_of(
    types, arrays, st.builds(ReferenceType, types), st.builds(PointerType, arrays),
    st.builds(
        lambda r, p: PointerType(FunctionType(r, tuple(p))),
        types, st.lists(types, min_size=1, max_size=2),
    ),
)  # fmt: skip
new_names = st.sampled_from(["p", "q", "r"])
declarations = st.one_of(
    st.builds(
        Declaration, new_names, declared_types, st.one_of(st.none(), values, lists),
        storage=st.sampled_from([(), ("static",), ("__shared__",)]),
    ),
    st.builds(
        Declaration, new_names, st.just(NamedType("Point")),
        arguments=st.lists(values.filter(lambda v: not isinstance(v, Name)), min_size=1,
                           max_size=2).map(tuple),
    ),
)  # fmt: skip


def _statement_of(e):
    if isinstance(e, AssignExpression):
        return Assign(e.target, e.op, e.value)
    if isinstance(e, Increment):
        return Assign(e.target, e.op, None)
    return ExpressionStatement(e)


expression_statements = expressions.map(_statement_of)
leaves = st.one_of(
    expression_statements, declarations, st.builds(Return, st.one_of(st.none(), expressions)),
    st.sampled_from([Jump("break"), Jump("continue"), Goto("end"), Label("end"),
                     Pragma("omp", "barrier", (), "omp barrier")]),
    st.builds(KernelLaunch, names, values, values, st.lists(values, max_size=2).map(tuple),
              st.one_of(st.none(), values)),
)  # fmt: skip
loop_pragmas = st.sampled_from(
    [
        (),
        (Pragma("omp", "parallel for", (Clause("private", (Name("a"),), "", "a"),),
                "omp parallel for private(a)"),),
        (Pragma("unroll", "4", (), "unroll 4"),),
    ]
)  # fmt: skip


def _statements(inner: st.SearchStrategy) -> st.SearchStrategy:
    block = st.lists(inner, max_size=3).map(tuple)
    start = st.one_of(
        st.just(()),
        st.tuples(st.builds(Declaration, new_names, types, values)),
        st.tuples(values.map(_statement_of)),
    )
    step = st.lists(values.map(_statement_of), max_size=2).map(tuple)
    cases = st.lists(
        st.builds(Case, st.tuples(literals), block.filter(bool)), min_size=1, max_size=2
    ).map(tuple)
    return st.one_of(
        st.builds(If, expressions, block, block),
        st.builds(While, expressions, block, st.booleans()),
        st.builds(Compound, block),
        st.builds(Switch, expressions, cases),
        st.builds(For, start, st.one_of(st.none(), expressions), step, block,
                  pragmas=loop_pragmas),
        st.builds(RangeFor, st.builds(Declaration, new_names, types), values, block),
    )  # fmt: skip


statements = st.recursive(leaves, _statements, max_leaves=8)
functions = st.builds(
    lambda result, parameters, body, words: Function(
        "f", tuple(parameters), result, tuple(body), words
    ),
    types,
    st.lists(st.builds(Parameter, st.sampled_from(["a", "b", "v"]), declared_types), max_size=3,
             unique_by=lambda p: p.name),
    st.lists(statements, max_size=4),
    st.sampled_from([(), ("static", "inline"), ("__global__",)]),
)  # fmt: skip


@RELAXED
@given(values)
def test_expressions(tree):
    unit = TranslationUnit((*KNOWN, Declaration("y", ScalarType("i32"), tree)), "", "cpp")
    assert parse_c_family(emit_c_family(unit), "cpp").items == unit.items, emit_c_family(tree)


PLACES = (
    "{{ {} }}", "if (a) {}", "if (a) b = 1; else {}", "if (a) {} else b = 1;", "for (;;) {}",
    "while (a) {}", "do {} while (a);", "end: {}", "switch (a) {{ case 0: {} }}",
    "switch (a) {{ case 0: b = 1; default: end: {} break; }}", "for (;;) if (a) {} else b = 1;",
)  # fmt: skip
declared_names = st.recursive(
    st.just("p"), lambda inner: inner.map("({})".format) | inner.map("(*{})".format), max_leaves=3
)


@RELAXED
@given(
    st.sampled_from(PLACES),
    st.sampled_from(["Point", "Alias", "int", "unsigned char", "const Point"]),
    declared_names,
    st.sampled_from(["", "[a]", "[a][2]", "(int)", "()", " = a", "[2] = {}", ", *q", "(a + 1)"]),
)
def test_a_type_before_a_declarator_declares_in_every_place(place, type_, name, suffix):
    """C++ calls a declaration what can be one; only what follows the names tells `(a + 1)`."""
    known = "struct Point; typedef Point Alias;\n"
    declaration = f"{type_} {name}{suffix};"
    alone = parse_c_family(f"{known}void f(int a, int b) {{ {declaration} }}", "cpp")
    placed = parse_c_family(f"{known}void f(int a, int b) {{ {place.format(declaration)} }}", "cpp")
    expected = alone.items[-1].body
    assert isinstance(expected[0], (Declaration, Function)) and expected[0].name == "p"
    found = [n for n in walk(placed.items[-1].body) if isinstance(n, (Declaration, Function))]
    assert tuple(n for n in found if n.name in ("p", "q")) == expected
    assert not placed.errors and not any(isinstance(n, Unsupported) for n in walk(placed.items))


@RELAXED
@given(
    st.sampled_from(["Point(a).run();", "Point(*v)->x = 3;", "int(a) + b;", "(int(a));",
                     "f(a);", "Point(a + 1);", "Point(1);", "(int(a)[b]) = 1;", "f(*v)[a] = 2;"]),
    st.sampled_from(PLACES),
)  # fmt: skip
def test_what_is_no_declarator_stays_an_expression(statement, place):
    text = f"struct Point; void f(int a, int b, int *v) {{ {place.format(statement)} }}"
    found = parse_c_family(text, "cpp").items[-1]
    assert not any(isinstance(n, (Declaration, Unsupported)) for n in walk(found.body))


@pytest.mark.parametrize("operand", ["-x", "&x", "*x", "+x", "(x)", "x", "-x * 2"])
def test_a_declared_template_in_brackets_is_a_cast(operand):
    text = f"template <class T, int n> struct Box; int x; auto y = (Box<int, 4>){operand};"
    value = parse_c_family(text, "cpp").items[-1].value
    cast = value.left if isinstance(value, Binary) else value
    assert isinstance(cast, Cast) and cast.type.name == "Box" and len(cast.type.arguments) == 2
    value = parse_c_family("int x; auto y = (half<float>)-x;", "cpp").items[-1].value
    assert isinstance(value, Binary)  # it may be a variable


@RELAXED
@given(functions)
def test_functions(tree):
    unit = TranslationUnit((*KNOWN, tree), "", "cuda")
    printed = emit_c_family(unit, "cuda", Style(spelled=False))
    assert parse_c_family(printed, "cuda").items == unit.items, printed


KNOWN = (StructDefinition("Point", (), defined=False),) + tuple(
    Declaration(n, ScalarType("i32")) for n in ("a", "b", "count", "x1", "used", "cin")
)

WORDS = (
    "a b int float T ( ) [ ] { } < > << >> <<< >>> ; , : :: ? = + - * & && ! . -> ... # ## \n \\\n"
    " if else for while do switch case default return struct template typename typedef using"
    " operator new delete #define #if #ifdef #else #endif #pragma omp parallel defined const"
    ' __shared__ __attribute__ _Pragma 1 2.5f "s" \'c\' "\' // /* */ R"( )" 0x u8 é \ud800'
).split(" ")


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=40).map(" ".join))
def test_any_words_are_read(text):
    unit = parse_c_family(text, "openmp")
    for node in walk(unit.items):
        span = getattr(node, "span", None)
        assert span is None or 0 <= span.start <= span.end <= len(text)
        assert span is None or 1 <= span.line <= span.end_line <= text.count("\n") + 1


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60))
def test_tokens_stand_in_the_text(text):
    at = 0
    for token in tokenize(text):
        assert at <= token.start < token.end <= len(text)
        assert token.text == text[token.start : token.end].replace("\\\n", "").replace("\\\r\n", "")
        at = token.end


PASTED = (
    "+ - & | < > = / * : . # ! % ^ -- ++ -> ->* .* ... :: << >> <<< >>> <= >= <=> == ## ( ) [ ]"
    ' , ; ? ~ a u8 L R x1 _ e 1 1. .5 1e 0x1p 2.5f \'c\' "s" u8"s" R"(;)" \\ @ é'
).split(" ")


@settings(max_examples=1000, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(PASTED), st.booleans(), st.booleans()), max_size=12))
def test_joined_tokens_read_as_the_same_tokens(pieces):
    """Whatever a macro brings together: `-` and `-x` are no `--x`, `/` and `*` no comment."""
    tokens = [
        token._replace(first=False, spaced=spaced, expanded=expanded)
        for text, spaced, expanded in pieces
        for token in tokenize(text)
    ]
    read = tokenize(join_tokens(tokens))
    assert [(t.kind, t.text) for t in read] == [(t.kind, t.text) for t in tokens]


@pytest.mark.parametrize("use", ["-NEGATIVE", "OPPOSITE(-x)", "+PLUS(+x)", "a /POINTED"])
def test_a_macro_pastes_no_tokens(use):
    macros = "#define NEGATIVE -x\n#define OPPOSITE(v) -v\n#define PLUS(v) +v\n"
    processed = preprocess(f"{macros}#define POINTED *x\n{use}\n", "cpp").tokens
    read = tokenize(join_tokens(processed))
    assert [t.text for t in read] == [t.text for t in processed]


@RELAXED
@given(functions, st.sampled_from(["+ ;", "(", "int 3;", "= 3;", "@;"]))
def test_a_broken_statement_is_named_and_the_function_delivered(tree, broken):
    printed = emit_c_family(TranslationUnit((tree,), "", "cuda"), "cuda")
    head, brace, rest = printed.partition("{\n")
    if not tree.body or "{" in head:
        return
    unit = parse_c_family(f"{head}{brace}{broken}\n{rest}\nint after() {{ return 1; }}", "cuda")
    assert any(isinstance(n, Unsupported) for n in walk(unit.items)) or unit.errors
