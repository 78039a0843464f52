"""Pointers to one thing and to many."""

from __future__ import annotations

import pytest

from corpora.frontends.c_family import parse_c_family
from corpora.frontends.queries import function_named
from corpora.signatures.pointees import is_single_object


def single(name, text):
    unit = parse_c_family(text, "cuda")
    return is_single_object(name, function_named(unit, "f"), unit)


HEAD = """struct grid { int n; double *u; };
#define AT(g, i) ((g)->u[(i)])
#define NTH(g, i) ((g)[i].n)
static int sized(const grid *q) { return q->n; }
static int summed(const grid *q, int k) { return k ? summed(q, k - 1) : sized(q); }
static int first(grid *q) { return q[0].n; }
static int looped(grid *q, int k) { int s = 0; for (int i = 0; i < k; i++) s += q++->n; return s; }
"""


@pytest.mark.parametrize(
    "body",
    [
        "{ g->n = 1; (*g).n++; }",
        "{ grid d = *g; const grid &c = *g; }",
        "{ AT(g, 3) = (g)->n; }",
        "{ if (!g || g == nullptr) return; g->n = 0; }",
        "{ use(sized(g) + 1); }",
        "{ cudaMemcpy(d, g, sizeof(grid), cudaMemcpyHostToDevice); }",
        "{ memcpy(g, &d, sizeof(*g)); }",
        "{ /* g[i] */ g->n = 1; // g\n }",
        '{ puts("g[i]"); if (g && g->n) g->n = 0; }',
        "{ int g_i = 1; { grid *g = h; g[i].n = 1; } g->n = g_i; }",
        "{ if (i >= 'g' && i != '\\'') g->n = 1; }",
    ],
)
def test_one(body):
    text = HEAD + "void f(grid *g, int i) " + body
    assert single("g", text)


@pytest.mark.parametrize(
    "body",
    [
        "{ g[i].n = 1; }",
        "{ (g + i)->n = 1; }",
        "{ NTH(g, i) = 1; }",
        "{ first(g); }",
        "{ looped(g, i); }",
        "{ summed(g, i); }",
        "{ elsewhere(g); }",
        "{ *g++ = *h; }",
        "{ grid *q = g; q[i].n = 1; }",
        "{ cudaMemcpy(d, g, i * sizeof(grid), cudaMemcpyHostToDevice); }",
        "{ g->n = 1; g++; }",
        "{ g->n = 1; auto h = [&](int k) { return g[k].n; }; }",
        "{ g->n = 1; *(g + i) = *h; }",
        "{ }",
        "{ sized(g + i); }",
    ],
)
def test_many_or_unknown(body):
    text = HEAD + "void f(grid *g, int i) " + body
    assert not single("g", text)
