"""Trees that the generator quotes as C, and the habits that their printing may have."""

from __future__ import annotations

import pytest

from corpora import ir
from corpora.emit.c_family import Style, emit_c_family, emit_expression
from corpora.frontends.c_family import parse_c_family
from corpora.generator.core import expressions as ast


def test_names_of_a_quote_stand_for_trees_integers_and_names() -> None:
    given = {"x": "a", "i": ir.Name("k"), "few": 3, "f": "sqrt", "y": ir.Name("v")}
    made = ast.quote("PAREN(x[i] + few) * f(y)", **given)
    assert emit_expression(made) == "(a[k] + 3) * sqrt(v)"
    assert made.left == ast.paren(ast.add(ast.at("a", (ir.Name("k"),)), 3))


def test_a_quote_holds_blocks_types_and_loops_that_count() -> None:
    body = (ir.Assign(ir.Name("s"), "+=", ast.ONE),)
    (declared, loop) = ast.code(
        "T t = 0; for (int k = 0; k < n; k++) { body; }", T="f64", t="sum", n=4, body=body, k="j"
    )
    assert declared == ast.declare("f64", "sum", ast.ZERO)
    count = ast.read_count(loop)
    assert (count.variable, count.op, count.stop, count.step) == ("j", "<", ast.integer(4), 1)
    assert loop == ast.loop("j", ast.ZERO, "<", ast.integer(4), body) and loop.body == body


def test_a_quote_without_a_type_is_refused() -> None:
    with pytest.raises(KeyError):
        ast.code("T t = 0;", t="sum")


_TEXT = """void f(int n, float *x) {
    int a = n;
    int b = 2;
    const int c = 3;
    for (int i = 0; i < n; i++) {
        x[i] = a;
    }
    if (a > b) {
        x[0] = c;
    } else if (b > a) {
        x[1] = c;
        x[2] = c;
    } else {
        x[3] = c;
    }
    if (a) {
        if (b) {
            x[0] = 1;
        }
    } else {
        x[0] = 2;
    }
}
"""


def test_single_statements_may_do_without_braces_and_declarations_share_one() -> None:
    tree = parse_c_family(_TEXT, "cpp")
    assert emit_c_family(tree) == _TEXT
    bare = emit_c_family(tree, style=Style(braces=False, joined=True))
    assert "    int a = n, b = 2;\n    const int c = 3;\n" in bare
    assert "i++)\n        x[i] = a;\n    if (a > b)\n        x[0] = c;\n    else if" in bare
    assert "    } else\n        x[3] = c;\n" in bare
    assert "    if (a) {\n        if (b)\n" in bare  # the else stays with its own if
    assert parse_c_family(bare, "cpp").items == tree.items


def test_what_a_directive_governs_keeps_its_braces() -> None:
    update = ast.atomic(ir.Name("s"), "+=", ast.ONE)
    loop = ast.loop("i", ast.ZERO, "<", ir.Name("n"), (update,))
    text = emit_c_family((loop,), style=Style(braces=False, flush=False))
    assert text.splitlines()[1:] == ["    #pragma omp atomic", "    s += 1;", "}"]
    assert "\n#pragma omp atomic\n" in emit_c_family((loop,))
