"""Numbers in structures are named as tests and launch plans name them."""

from __future__ import annotations

import pytest

from corpora.records import Program
from corpora.signatures.signature import read_signature
from corpora.signatures.structures import flatten_members


@pytest.mark.parametrize(
    ("text", "read"),
    [
        (
            "void f(E *e, int n) { x[e[i].to] = e [ row[i] + 1 ] . w; }",
            "x[e__to[i]] = e__w[ row[i] + 1 ];",
        ),
        (
            "void f(E *e, int n) { const E &q = e[2 * k]; q.w = q.to; }",
            "e__w[2 * k] = e__to[2 * k];",
        ),
        ("void f(E *e, int n) { E *q = &e[k]; q->w += e[k].p.x; }", "e__w[k] += e__p__x[k];"),
        ("void f(E e, int n) { if (e.to) e.p.x = e.w; }", "if (e__to) e__p__x = e__w;"),
        (
            "void f(const E &e, int n) { e.p.x = 1; }",
            "void f(int e__to, double e__w, double e__p__x, int n)",
        ),
        (
            "void f(int n, struct E *__restrict__ e) { e[0].to = 1; }",
            "void f(int n, int *e__to, double *e__w, double *e__p__x)",
        ),
        ("void f(E *e, int n) { if (e->to > n) (*e).w = 1; }", "if (e__to > n) e__w = 1;"),
    ],
)
def test_members_are_called_as_tests_call_them(text, read):
    program = Program(
        "cpp", "f", f"struct P {{ float x; }}; struct E {{ int to; float w; P p; }};\n{text}"
    )
    assert read in flatten_members(program.text, read_signature(program))


def test_a_text_without_structures_stays_as_it_is():
    program = Program("cpp", "f", "void f(int n, float *x) { x[0] = n; }")
    assert flatten_members(program.text, read_signature(program)) is program.text
