"""The Fortran front end and its emitter: what guessing got wrong, and that nothing is lost."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from corpora.emit.fortran import emit_fortran
from corpora.frontends.fortran import parse_fortran
from corpora.frontends.fortran_lines import detect_form
from corpora.ir import (
    Access,
    Assign,
    Call,
    Compound,
    Declaration,
    Extent,
    For,
    Goto,
    If,
    Interface,
    Jump,
    Label,
    Literal,
    Member,
    Module,
    Name,
    Pragma,
    ScalarType,
    Section,
    Specification,
    StructDefinition,
    Switch,
    Unary,
    Unsupported,
    UnsupportedExpression,
    While,
    find,
    transform,
    walk,
)  # fmt: skip

ROOT = Path(__file__).resolve().parents[3]
PLACES = ("corpora/builtin", "corpora/development", "tests/zoo")
FILES = sorted(
    path
    for place in PLACES
    for path in (ROOT / place).rglob("*")
    if path.suffix.lower() in (".f", ".f90", ".for", ".f95")
)


def dialect_of(path: Path) -> str:
    return "openmp-fortran" if ".omp." in path.name else "fortran"


def body(text: str, **more) -> tuple:
    return parse_fortran(text, **more).items[0].body


def inside(statements: str, declarations: str = "") -> tuple:
    """The body of a subroutine with the usual names."""
    head = "subroutine f(x, n)\ninteger :: n, i, j\nreal :: x(n), y(n), s\n"
    found = body(f"{head}{declarations}{statements}\nend subroutine\n")
    return tuple(n for n in found if not isinstance(n, Declaration))


def comes_back(text: str, dialect: str = "fortran", form: str | None = None) -> None:
    tree = parse_fortran(text, form, dialect)
    for out in ("free", "fixed"):
        again = parse_fortran(emit_fortran(tree, out), out, dialect)
        assert again.items == tree.items


# ------------------------------------------------------------------------------- whole corpora


def test_every_file_of_the_project_reads_wholly_and_comes_back():
    assert len(FILES) >= 400
    unclean = []
    for path in FILES:
        text = path.read_text()
        tree = parse_fortran(text, None, dialect_of(path))
        if any(find(tree.items, Unsupported, UnsupportedExpression)):
            unclean.append(path.name)
        for form in ("free", "fixed"):
            printed = emit_fortran(tree, form)
            limit = 100 if form == "free" else 72
            assert max(map(len, printed.splitlines())) <= limit, path
            assert parse_fortran(printed, form, dialect_of(path)).items == tree.items, path
    assert unclean == []


def test_spans_lie_on_their_text():
    for path in FILES[::7]:
        text = path.read_text()
        tree = parse_fortran(text, None, dialect_of(path))
        for node in walk(tree.items):
            span = getattr(node, "span", None)
            if span is None:
                continue
            assert 0 <= span.start < span.end <= len(text)
            assert text.count("\n", 0, span.start) + 1 == span.line
            assert text.count("\n", 0, span.end) + 1 == span.end_line
            if isinstance(node, Name):
                assert text[span.start : span.end].lower() == node.id


def test_a_function_of_forty_lines_is_read_in_little_time():
    lines = "".join(
        f"  do i = 2, n - 1\n    x({k}) = x({k}) + y(i, idx(i - 1)) * (a - b({k}) / 2.0d0)\n"
        "  end do\n" for k in range(1, 12)
    )  # fmt: skip
    text = (
        "subroutine f(n, x, y, idx, a, b)\n  integer, intent(in) :: n, idx(n)\n"
        f"  real(8) :: x(n), y(n, n), a, b(n)\n  integer :: i\n{lines}end subroutine\n"
    )
    parse_fortran(text)
    times = []
    for k in range(5):
        begun = time.perf_counter()
        parse_fortran(text + " " * (k + 1))
        times.append(time.perf_counter() - begun)
    assert min(times) < 0.03


# ----------------------------------------------------------------- what guessing got wrong


def test_field_of_an_element_is_assigned():
    declared = "type user\n  real :: x, y(3)\nend type\ntype(user) :: users(10)\n"
    first, second = inside("users(i)%x = 1\nusers(i)%y(2) = users(j)%x", declared)[1:]
    assert first.target == Member(Access(Name("users"), (Name("i"),)), "x")
    assert second.target == Access(
        Member(Access(Name("users"), (Name("i"),)), "y"), (Literal("2", "i32"),)
    )


def test_brackets_and_signs_in_comments_and_strings_count_for_nothing():
    found = inside("print *, 'a ( ! & ''b', \"it's )\" ! then ( '\nx(1) = 2 ! end do (")
    assert [type(n) for n in found] == [type(found[0]), Assign]
    strings = [n.text for n in find(found, Literal) if n.type == "string"]
    assert strings == ["'a ( ! & ''b'", '"it\'s )"']


def test_continuation_inside_names_and_strings():
    text = (
        "subroutine f\ninteger :: velocity\nvelo&\n  ! between\n  &city = 1\n"
        "print *, 'ab&\n   &cd'\nend"
    )
    first, second = body(text)[1:]
    assert first.target == Name("velocity")
    assert (first.span.line, first.span.end_line) == (3, 5)
    assert text[first.span.start : first.span.end].startswith("velo&")
    assert Literal("'abcd'", "string") in second.expression.arguments


def test_several_statements_in_a_line_have_spans_of_their_own():
    text = "subroutine f\nreal :: a, b\na = 1; b = 2 ! ;\nend"
    spans = [n.span for n in body(text) if isinstance(n, Assign)]
    assert [text[s.start : s.end] for s in spans] == ["a = 1", "b = 2"]


def test_preprocessor_conditions_inside_functions():
    text = (
        "#define BIG 3\nsubroutine f\ninteger :: i\n"
        "#if BIG > 2 && !defined(X)\ni = BIG\n#else\ni = (\n#endif\nend"
    )
    tree = parse_fortran(text)
    assert tree.errors == ()
    assign = next(find(tree.items, Assign))
    assert assign.value == Literal("3", "i32") and assign.value.span.expanded
    odd = parse_fortran("subroutine f\n#if FOO(1)\ni = 1\n#endif\nend")
    assert [u.kind for u in find(odd.items, Unsupported)] == ["preprocessor conditional"]


def test_an_array_is_accessed_and_a_function_called_by_declarations():
    text = (
        "module m\nreal :: table(5)\ncontains\nsubroutine f(a, g)\nreal :: a(*), g, s, h\n"
        "external g\ns = a(1) + g(2) + table(3) + sin(s) + inner(4) + unknown(5)\n"
        "contains\nreal function inner(k)\ninteger :: k\ninner = table(k)\nend function\n"
        "end subroutine\nend module\n"
    )
    tree = parse_fortran(text)
    assert {n.base.id for n in find(tree.items, Access)} == {"a", "table"}
    called = {n.function.id for n in find(tree.items, Call)}
    assert called == {"g", "sin", "inner", "unknown"}


def test_names_of_an_unknown_module_are_arrays_only_by_proof():
    tree = parse_fortran("subroutine f\nuse data\nu(1) = v(2) + w(1:3)\nend")
    assert {n.base.id for n in find(tree.items, Access)} == {"u", "w"}
    assert {n.function.id for n in find(tree.items, Call)} == {"v"}


FIXED = """\
C     a comment with ( and '
      SUBROUTINE DAXPY(N,DA,DX,INCX)
*     another
      DOUBLE PRECISION DA,DX(*)                                         SEQ00010
      CHARACTER*6 NAME
      IF (N.LE.0) RETURN
      IF (INCX.EQ.1 .AND.
     $    DA.NE.0.0D0) THEN
c$omp parallel do
C$OMP+ private(I)
         DO 10 I = 1,N
            DX(I) = DX(I) +
     +              DA*DX(I)
   10    CONTINUE
      ELSE
\tDO20I=1,N
          IF (DX(I).GT.0) GO TO 20
          DX(I) = 1
 20     CONTINUE
      END IF
      END
"""


def test_fixed_form_reads_like_free_form():
    tree = parse_fortran(FIXED)
    assert tree.errors == () and not list(find(tree.items, Unsupported))
    function = tree.items[0]
    assert function.name == "daxpy"
    assert [p.type for p in function.parameters[:2]] == [ScalarType("i32"), ScalarType("f64")]
    first, second = find(function.body, For)
    assert [c.name for c in first.pragmas[0].clauses] == ["private"]
    assert not list(find(first.body, Label)) and isinstance(second.body[-1], Label)
    assert next(find(second, Goto)).label == "20"
    comes_back(FIXED)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        (FIXED, "fixed"),
        ("subroutine f\nend\n", "free"),
        ("      x = 1\n     & + 2\n      end\n", "fixed"),
        ("      x = 1 + &\n        2\n      end\n", "free"),
        ("call f(x)\ncontinue\nend\n", "free"),
        ("c comment\n      end\n", "fixed"),
        ("      x = 1\n      end\n", "free"),
        ("c = 1\nend\n", "free"),
        ("! only\n      call f\n", "free"),
        ("", "free"),
    ],
)
def test_source_form_is_detected_from_lines(text, form):
    assert detect_form(text) == form


def test_columns_past_72_are_no_code_in_fixed_form():
    row = "      x = 1".ljust(72) + "garbage ("
    tree = parse_fortran(f"      subroutine f\n{row}\n      end\n", "fixed")
    assert tree.errors == ()


# ----------------------------------------------------------------------- the language's parts


def test_declarations_hold_kinds_attributes_and_extents():
    text = (
        "subroutine f(a, b, c, n)\ninteger, parameter :: dp = kind(1d0)\n"
        "integer, parameter :: sp = selected_real_kind(6)\n"
        "integer, intent(in) :: n\nreal(kind=dp), intent(in out), optional :: a(0:n, -1:*)\n"
        "real(sp), dimension(:) :: b\ncomplex*16 :: c(2:5)\nreal(kind=other) :: d\nend"
    )
    function = parse_fortran(text).items[0]
    a, b, c, _ = function.parameters
    assert a.type.of == ScalarType("f64") and a.intent == "inout" and a.attributes == ("optional",)
    assert a.type.extents[0].lower == Literal("0", "i32")
    assert a.type.extents[1].upper == Name("*") and a.type.extents[1].size is None
    assert b.type.of == ScalarType("f32") and b.type.extents == (Extent(),)
    assert c.type.of == ScalarType("c128") and c.type.extents[0].size == Literal("4", "i32")
    assert function.body[-1].type.name == "real"


def test_implicit_typing_is_made_explicit():
    found = body("subroutine f(x, k)\nimplicit real*8 (a-h,o-z)\ny = x + k\nend")
    made = {d.name: d.type for d in found if isinstance(d, Declaration) and d.implicit}
    f64 = ScalarType("f64")
    assert made == {"x": f64, "k": ScalarType("i32"), "y": f64}
    none = body("subroutine f\nimplicit none\ny = 1\nend")
    assert not [d for d in none if isinstance(d, Declaration)]


def test_loops_of_every_kind():
    found = inside(
        "outer: do i = 1, n, 2\n do j = n, 1, -1\n  if (s > 0) cycle outer\n  exit\n"
        " end do\nend do outer\n"
        "do while (s > 0)\n s = s - 1\nend do\ndo\n exit\nend do\n"
        "do concurrent (i = 1:n, j = 1:n, i /= j)\n x(i) = 1\nend do\nforall (i = 1:n) x(i) = 2"
    )
    first, second, third, fourth, fifth = found
    assert first.label == "outer" and first.bounds.step == Literal("2", "i32")
    assert Jump("continue", "outer") in list(find(first, Jump))
    assert isinstance(second, While) and third.bounds is None
    assert fourth.bounds.concurrent and len(fourth.bounds.nested) == 1 and fourth.bounds.mask
    assert fifth.bounds.forall


def test_branches_of_every_kind():
    found = inside(
        "if (s > 0) s = 1\nif (s > 1) then\n s = 2\n"
        "else if (s < 0) then\n s = 3\nelse\n s = 4\nend if\n"
        "where (x > 0) x = 1\nwhere (x > 1)\n x = 2\nelsewhere\n x = 3\nend where\n"
        "select case (n)\ncase (1, 3:5)\n s = 1\ncase (:0)\n s = 2\n"
        "case default\n s = 3\nend select"
    )
    one, chain, _, where, select = found
    assert len(one.then) == 1 and isinstance(chain.otherwise[0], If)
    assert where.where and where.otherwise
    assert isinstance(select, Switch) and not select.falls_through
    assert select.cases[0].values[1] == Section(Literal("3", "i32"), Literal("5", "i32"))
    assert select.cases[2].values == ()


def test_modules_types_and_interfaces():
    text = (
        "module m\nuse other, only: a => b\nimplicit none\nprivate\n"
        "type, public :: t\n  real :: x\nend type t\n"
        "interface swap\n  module procedure s1\nend interface\ninterface\n  subroutine e(k)\n"
        "    integer :: k\n  end subroutine\nend interface\n"
        "contains\npure subroutine s1()\nend subroutine\nend module"
    )
    module = parse_fortran(text).items[0]
    assert isinstance(module, Module) and module.uses == ("other, only:a=>b",)
    kinds = {type(i) for i in module.items}
    assert {StructDefinition, Interface} <= kinds
    assert module.items[-1].qualifiers == ("pure",)
    comes_back(text)


def test_brackets_round_an_argument_are_kept():
    call = inside("call g((s), (s + 1))")[0].expression
    assert isinstance(call.arguments[0], Unary) and call.arguments[0].op == "()"
    comes_back("subroutine f(s)\ncall g((s), x%y, k=(s))\nend")


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("equivalence (x, y)", "equivalence"),
        ("common /b/ i", "common"),
        ("x(1) = = 2", "syntax error"),
        ("s = 1 2", "syntax error"),
        ("s = g(1:2)(", "syntax error"),
        ("DATA_TYPE, dimension(n) :: q", "syntax error"),
    ],
)
def test_what_is_not_known_has_a_kind_and_a_line(statement, kind):
    found = [n for n in inside(f"{statement}\ns = 7") if not isinstance(n, Label)]
    assert found[0].kind == kind and found[0].text == statement and found[0].span.line == 4
    assert isinstance(found[1], Assign)


def test_a_construct_that_is_not_known_is_one_node():
    text = "associate (q => s + 1)\n  z = q\n  do i = 1, 2\n  end do\nend associate\ns = 2"
    first, second = inside(text)
    assert first.kind == "associate" and first.text.count("\n") == 4
    assert isinstance(second, Assign)


def test_names_of_associate_stand_for_their_variables():
    text = (
        "subroutine f(p, x, i, n)\ntype t\nreal a, b(3)\nend type\ntype(t) p(4)\n"
        "integer i, n\nreal x(0:n)\nassociate (q => p(i), y => x, c => p(2)%b)\n"
        "q%a = y(0) + c(1)\nassociate (z => q%a)\nz = z + size(y)\nend associate\n"
        "end associate\ny = 1\nend"
    )
    block, after = body(text)[-2:]
    assert isinstance(block, Compound) and not list(find(block, Unsupported))
    assert emit_fortran(block) == (
        "block\n  p(i)%a = x(0) + p(2)%b(1)\n  block\n    p(i)%a = p(i)%a + size(x)\n"
        "  end block\nend block\n"
    )
    assert after.target == Name("y")
    first = next(find(block, Assign)).target
    assert text[first.span.start : first.span.end] == "q%a"
    comes_back(text)


@pytest.mark.parametrize(
    "inner",
    ["i = 2\nq = 1", "call g(i)\nq = 1", "do i = 1, 2\nq = 1\nend do", "q == 1",
     "block\ninteger p\nq = 1\nend block", "!$omp parallel private(q)\n!$omp end parallel"],
)  # fmt: skip
def test_associate_stays_unsupported_where_its_variable_may_change(inner):
    text = f"subroutine f(p, i)\nreal p(4)\nassociate (q => p(i))\n{inner}\nend associate\nend"
    node = next(n for n in body(text) if isinstance(n, Unsupported))
    assert (node.kind, node.span.line) == ("associate", 3)


def test_statement_functions_are_inner_functions():
    text = "subroutine f\nreal :: g, x\ng(y) = x + y*c\nx = g(2.0)\nend"
    function = parse_fortran(text).items[0]
    (inner,) = function.contains
    assert inner.name == "g" and inner.result == ScalarType("f32")
    assert inner.parameters[0].type == ScalarType("f32")
    assert inner.qualifiers == ("statement function",)
    assert text[inner.span.start : inner.span.end] == "g(y) = x + y*c"
    assert {d.name for d in function.body if isinstance(d, Declaration)} == {"g", "x", "c"}
    assert isinstance(function.body[-1].value, Call)
    comes_back(text)


def test_jumps_that_choose_among_labels():
    text = (
        "subroutine f(s, k)\nif (s - 1) 10, 20, 030\n10 go to (20, 30), k + 1\n20 s = 2\n"
        "if (k > 1) goto (20,30) k\n30 end"
    )
    jumps = list(find(body(text), Goto))
    assert [(g.choices, g.arithmetic) for g in jumps] == [
        (("10", "20", "30"), True), (("20", "30"), False), (("20", "30"), False)
    ]  # fmt: skip
    assert {n.name for n in find(body(text), Label)} == {"10", "20", "30"}
    comes_back(text)


def test_module_procedures_take_the_interface_of_their_module():
    text = (
        "module m\ninterface\nmodule function f(x) result(r)\nreal(8) :: x(3), r\n"
        "end function\nend interface\nend module\nsubmodule (m) s\ncontains\n"
        "module procedure f\nr = x(1)\nend procedure f\nsubroutine g\nend subroutine\n"
        "end submodule\n"
    )
    inner = parse_fortran(text).items[1]
    first, second = inner.items
    assert [p.name for p in first.parameters] == ["x"] and first.result == ScalarType("f64")
    assert first.qualifiers == ("module procedure",) and second.name == "g"
    assert isinstance(first.body[-1].value, Access)
    comes_back(text)


def test_a_module_procedure_without_its_interface_is_one_node():
    text = (
        "submodule (m) s\ncontains\nmodule procedure f\ndo i = 1, 2\nend do\nend procedure\n"
        "subroutine g\nend subroutine\nend submodule\n"
    )
    first, second = parse_fortran(text).items[0].items
    assert (first.kind, first.span.line) == ("module procedure", 3) and second.name == "g"
    comes_back(text)


def test_names_of_constructs_are_left_out_unless_an_exit_names_them():
    text = (
        "subroutine f(n)\na: if (n > 1) then\nn = 1\nelse if (n < 0) then a\nn = 2\nelse a\n"
        "b: select case (n)\ncase (1) b\nn = 3\nend select b\nend if a\n"
        "c: if (n > 2) then\nif (n > 3) exit c\nn = 4\nend if c\nend"
    )
    found = body(text)
    choice, left = found[-2:]
    assert isinstance(choice, If) and isinstance(choice.otherwise[0].otherwise[0], Switch)
    assert isinstance(left, Unsupported) and left.kind == "named construct"


def test_submodules_are_modules_with_a_parent():
    text = (
        "module m\ninteger, parameter :: dp = 8\ninterface\nmodule subroutine f(x)\n"
        "real(8) :: x(3)\nend subroutine\nend interface\nend module\nsubmodule (m) s\n"
        "contains\nmodule subroutine f(x)\nreal(dp) :: x(3)\nx(1) = 2\nend subroutine\n"
        "end submodule\n"
    )
    unit = parse_fortran(text)
    inner = unit.items[1]
    assert isinstance(inner, Module) and (inner.name, inner.parent) == ("s", "m")
    assert inner.items[0].parameters[0].type.of == ScalarType("f64", spelled="real(dp)")
    assert isinstance(inner.items[0].body[-1].target, Access)
    assert "submodule (m) s" in emit_fortran(unit)
    assert parse_fortran(emit_fortran(unit)).items[1].parent == "m"


def test_values_between_slashes_and_loops_over_objects_are_data():
    text = (
        "subroutine f\nreal a(2) /1., 2*3./, b, c(4)\n"
        "data (c(i), i = 1, 4) /4*0./, b /1/\nb = a(1)\nend"
    )
    found = body(text)
    data = [n.text for n in find(found, Specification) if n.keyword == "data"]
    assert data[0] == "a/1., 2*3./" and data[1].startswith("(c(i)")
    assert not list(find(found, Unsupported))
    again = emit_fortran(parse_fortran(text))
    assert [n.text for n in find(parse_fortran(again).items, Specification)] == data


# --------------------------------------------------------------------------------- directives


def test_directives_belong_to_what_they_govern():
    text = (
        "subroutine f(x, n)\ninteger :: n, i\nreal :: x(n), s\n!$omp parallel private(i) &\n"
        "!$omp& shared(x)\n!$omp do reduction(+:s) schedule(static, 4)\ndo i = 1, n\n"
        "!$omp atomic\n s = s + x(i)\nend do\n!$omp end do nowait\n!$omp barrier\n"
        "!$omp critical (lock)\n s = 1\n!$omp end critical (lock)\n!$omp end parallel\nend"
    )
    region = body(text)[-1]
    assert isinstance(region, Compound)
    assert [c.name for c in region.pragmas[0].clauses] == ["private", "shared"]
    loop, end, barrier, critical = region.body
    assert isinstance(loop, For) and loop.pragmas[0].directive == "do"
    reduction = loop.pragmas[0].clauses[0]
    assert (reduction.modifier, reduction.arguments) == ("+", (Name("s"),))
    assert loop.body[0].pragmas[0].directive == "atomic"
    assert isinstance(end, Pragma) and end.end and barrier.directive == "barrier"
    assert isinstance(critical, Compound)
    comes_back(text)


def test_conditional_lines_are_code_with_openmp_only():
    text = "subroutine f\ninteger :: i\n!$ i = 1\nend"
    assert len(body(text)) == 1
    assert isinstance(body(text, dialect="openmp-fortran")[-1], Assign)


def test_regions_that_do_not_match_lose_nothing():
    text = "subroutine f\n!$omp parallel\nx = 1\nend\n!$omp end parallel\n"
    found = body(text)
    assert [type(n) for n in found] == [Declaration, Pragma, Assign]


# ------------------------------------------------------------------------------- hostile text

HEAD = "subroutine f(x)\nreal :: x(3)\n"


@pytest.mark.parametrize(
    "text",
    [
        HEAD + "y = " + "(" * 5000 + "1" + ")" * 5000 + "\nend",
        HEAD + "y = " + "g(" * 3000 + "1" + ")" * 3000 + "\nend",
        HEAD + "y = " + "x(" * 40 + "1" + ")" * 40 + "\nend",
        HEAD + "y = " + "+".join(["a"] * 50_000) + "\nend",
        HEAD + "y = " + "-" * 3000 + "a\nend",
        HEAD + "y = a" + "%b" * 3000 + "\nend",
        HEAD + "do i = 1, 2\n" * 2000 + "end do\n" * 2000 + "end",
        HEAD + "do i = 1, 2\n" * 2000,
        HEAD + "if (a) then\n" + "else if (b) then\n" * 2000 + "end if\nend",
        HEAD + "call g(" + "1," * 20_000 + "1)\nend",
        "type x\n" * 3000,
        "module m\n" * 2000,
        "subroutine f\ncontains\n" * 2000,
        "interface\nsubroutine f\n" * 500,
        "#if 1\n" * 2000,
        "".join(f"#define a{i} a{i + 1} a{i + 1}\n" for i in range(30)) + "x = a0\n",
        "x = 'a\ud800b' ! \udfff\n\ud800 = 1\n\0\0\n",
        "x = 1 &\n" * 3000,
        "!$omp parallel\n" * 3000,
        "end\n" * 3000,
        HEAD + "integer(" + "9" * 5000 + ") :: k\nend",
    ],
    ids=range(21),
)
def test_hostile_text_ends_soon_and_comes_back(text):
    begun = time.perf_counter()
    tree = parse_fortran(text)
    assert time.perf_counter() - begun < 10
    assert parse_fortran(emit_fortran(tree), "free").items == tree.items
    transform(tree.items, lambda node: node)


WORDS = st.sampled_from(
    "do if then end else where select case type module subroutine function contains x i n = ( ) , "
    ": :: % + - * ** 1 2.0d0 'a' & ! ; .and. .not. real integer call print goto 10 (/ /) [ ] => "
    "!$omp parallel enddo endif interface program use implicit none data common forall".split()
    + ["\n"] * 12
)


@settings(max_examples=300, deadline=None)
@given(st.lists(WORDS, max_size=60))
def test_any_words_give_a_tree_with_spans_in_the_text(words):
    text = " ".join(words)
    for form in (None, "free", "fixed"):
        tree = parse_fortran(text, form)
        for node in walk(tree.items):
            span = getattr(node, "span", None)
            assert span is None or 0 <= span.start <= span.end <= len(text)


def test_bad_arguments_are_refused():
    with pytest.raises(ValueError, match="form"):
        parse_fortran("", "wide")
    with pytest.raises(ValueError, match="dialect"):
        parse_fortran("", None, "cpp")


def test_a_procedure_whose_head_is_not_known_is_one_node():
    text = "subroutine s(a, *)\nreturn 1\nend subroutine\nsubroutine g\nend\n"
    first, second = parse_fortran(text).items
    assert (first.kind, first.text.count("\n")) == ("alternate return", 2)
    assert second.name == "g"
    comes_back(text)


def test_statements_about_names_join_their_declarations():
    text = (
        "subroutine g\ninteger i, n\nreal a\nsave i\ndata i /3/\nparameter (n = 4)\n"
        "dimension a(n)\nexternal h\nend"
    )
    declared = {d.name: d for d in body(text) if isinstance(d, Declaration)}
    assert declared["i"].storage == ("save",) and declared["n"].storage == ("parameter",)
    assert declared["n"].value == Literal("4", "i32")
    assert declared["a"].type.extents[0].size == Name("n")
    assert list(declared) == ["i", "n", "a"]
    comes_back(text)


def test_a_contained_procedure_sees_implicit_names_of_its_host():
    text = "program p\nx = 1\ncall g()\ncontains\nsubroutine g()\nx = 2\nend subroutine\nend"
    program = parse_fortran(text).items[0]
    assert [d.name for d in program.body if isinstance(d, Declaration)] == ["x"]
    assert [type(n) for n in program.contains[0].body] == [Assign]
