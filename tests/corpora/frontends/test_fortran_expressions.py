"""Expressions of Fortran: the same trees as fparser's, and the emitter's brackets are right."""

from __future__ import annotations

from typing import Any

import pytest
from fparser.two import Fortran2003
from fparser.two.parser import ParserFactory
from hypothesis import given, settings, strategies as st

from corpora.emit.fortran import emit_expression
from corpora.frontends.fortran_expressions import OPERATORS, FortranError, read_expression
from corpora.ir import Binary, Literal, Name, Unary

NAMES = st.sampled_from("abcde").map(Name)
ARITHMETIC = st.recursive(
    NAMES,
    lambda below: st.one_of(
        st.builds(Binary, st.sampled_from(["+", "-", "*", "/", "**"]), below, below),
        st.builds(Unary, st.just("-"), below),
    ),
    max_leaves=6,
)
COMPARED = st.builds(
    Binary, st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), ARITHMETIC, ARITHMETIC
)
LOGICAL = st.recursive(
    COMPARED,
    lambda below: st.one_of(
        st.builds(Binary, st.sampled_from(["&&", "||", ".eqv.", ".neqv."]), below, below),
        st.builds(Unary, st.just("!"), below),
    ),
    max_leaves=4,
)


def tree_of(node: Any) -> Any:
    """fparser's tree as nested tuples: (op, operands)."""
    if isinstance(node, Fortran2003.Parenthesis):
        return tree_of(node.items[1])
    if isinstance(node, Fortran2003.Name):
        return str(node)
    items = node.items
    if len(items) == 2:
        return (str(items[0]).lower(), tree_of(items[1]))
    return (str(items[1]).lower(), tree_of(items[0]), tree_of(items[2]))


def own_tree(node: Any) -> Any:
    back = {v: k for k, v in OPERATORS.items() if not k[1:2].isalpha() or k in (".and.", ".or.")}
    if isinstance(node, Name):
        return node.id
    if isinstance(node, Unary):
        return (".not." if node.op == "!" else node.op, own_tree(node.operand))
    return (back.get(node.op, node.op), own_tree(node.left), own_tree(node.right))


@settings(max_examples=150, deadline=None)
@given(LOGICAL | ARITHMETIC)
def test_printed_expressions_are_read_back_and_read_as_fparser_reads_them(tree):
    ParserFactory().create(std="f2008")
    text = emit_expression(tree)
    assert read_expression(text) == tree
    assert tree_of(Fortran2003.Expr(text)) == own_tree(tree)


@pytest.mark.parametrize(
    ("text", "kind"),
    [("1", "i32"), ("1_8", "i64"), ("1.", "f32"), (".5d0", "f64"), ("1e-3", "f32"),
     ("1.0_real64", "f64"), ("1.0_dp", "real"), ("z'ff'", "i32"), ("'a''b'", "string"),
     (".true.", "bool")],
)  # fmt: skip
def test_literals_have_types(text, kind):
    assert read_expression(text) == Literal(text, kind)


def test_a_number_before_an_operator_in_letters():
    assert read_expression("1.eq.2") == Binary("==", Literal("1", "i32"), Literal("2", "i32"))


@pytest.mark.parametrize("text", ["", "a +", "a b", "(a", "a)", "f(,)", "f(a=1, b)", "a .x b"])
def test_what_is_no_expression_is_refused(text):
    with pytest.raises(FortranError):
        read_expression(text)
