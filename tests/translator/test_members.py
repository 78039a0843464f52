"""Numbers of structures: taken out of a function's text and put back."""

from __future__ import annotations

import pytest

from corpora.emit.c_family import emit_c_family
from corpora.records import Program
from translator.normalize.c_tree import read_statements
from translator.normalize.unsupported import UnsupportedConstruct
from translator.outline.members import (
    GatheredArray,
    StructureParameter,
    call_with_gathered_arrays,
    restore_structure_members,
)
from translator.outline.parse_cpp import normalize, parse_function

DEFINED = (
    "struct P { float x; }; struct E { int to; float w; P p; float many[3]; };\nstruct B "
    "{ int n; float r; };\n"
)
STRUCTURES = (
    StructureParameter("e", "array", {"e__w": "w", "e__p__x": "p.x", "e__p": "p"}),
    StructureParameter("b", "pointer", {"b__n": "n"}),
    StructureParameter("c", "value", {"c__n": "n"}),
)


def statement(body, head="void f(int n, B *b, B c, const B &d)"):
    return (
        parse_function(
            Program(
                "cpp",
                "f",
                f"struct P {{ float x; }};\nstruct B {{ int n; float r; P p; }};\n{head} {{ "
                f"{body} }}",
            )
        )
        .text.splitlines()[1]
        .strip()
    )


@pytest.mark.parametrize(
    ("body", "numbers"),
    [
        ("b[n].r = b[0].p.x;", "b__r[n] = b__p__x[0];"),
        ("(b + n)->r += c.r * d.r;", "b__r[n] += c__r * d__r;"),
        ("(*(b + 1)).p.x = (b[c.n]).r;", "b__p__x[1] = b__r[c__n];"),
        ("B *q = &b[2 * n]; q[1].r = q->r; ", "b__r[2 * n + 1] = b__r[2 * n];"),
        ("const B &q = b[n]; b[0].r = q.r;", "b__r[0] = b__r[n];"),
    ],
)
def test_numbers_are_elements_and_scalars(body, numbers):
    assert statement(body) == numbers


@pytest.mark.parametrize(
    "body",
    [
        "b[0] = b[1];",
        "B q = b[0]; b[1].r = q.r;",
        "b[0].p = b[1].p;",
        "float *q = &b[0].r; q[1] = 0;",
        "b[0].r = (b + 1 == b);",
        "B &q = b[n]; n = 2; q.r = 1;",
    ],
)
def test_whole_structures_and_moving_places_are_left_to_a_model(body):
    with pytest.raises(UnsupportedConstruct):
        statement(body)


def test_arrays_in_structures_are_left_to_a_model_and_nothing_is_tidied():
    with pytest.raises(UnsupportedConstruct):
        parse_function(Program("cpp", "f", f"{DEFINED}void f(int n, E *e) {{ e[0].w = 1; }}"))
    assert normalize(Program("cpp", "f", f"{DEFINED}void f(int n, B *b) {{ b[0].r = 1; }}")) is None


def restored(text, structures):
    return emit_c_family(restore_structure_members(read_statements(text), structures))


def test_numbers_are_written_as_the_structures_again():
    text = 'e__w[e__p__x[i] + 1] = b__n * c__n; e__p__x[a[i]]++; e__weight[2] = "e__w[0]"[b__n];'
    assert (
        restored(text, STRUCTURES) == "e[e[i].p.x + 1].w = b->n * c.n;\ne[a[i]].p.x++;\n"
        'e__weight[2] = "e__w[0]"[b->n];\n'
    )


def test_gathered_numbers_come_back_where_they_are_set():
    text = call_with_gathered_arrays(
        "float f(E *e, B *b)",
        "g(e__w, e__p__x, b__n)",
        [
            GatheredArray("e__w", "float", "b__n", True),
            GatheredArray("e__p__x", "float", "b__n", False),
        ],
        STRUCTURES,
    )
    assert (
        "for (long k = 0; k < b->n; k++) {\n        e__w[k] = e[k].w;" in text
        and "e[k].w = e__w[k];" in text
        and "e[k].p.x = " not in text
    )
    assert "auto result = g(e__w, e__p__x, b->n);" in text and text.rstrip().endswith(
        "return result;\n}"
    )


def test_one_index_is_written_by_dimension_again():
    rows = [
        StructureParameter("a", "rows", {"a": "double,4"}),
        StructureParameter("b", "rows", {"b": "float,2,3"}),
    ]
    text = "a[(n + 1) * 4 + (n > 1)] = b[(n * 2 + 0) * 3 + n - 1]; return a[k] + a[n + i * 4 + j];"
    assert restored(text, rows) == (
        "a[n + 1][n > 1] = b[n][0][n - 1];\n"
        "return ((double *)a)[k] + ((double *)a)[n + i * 4 + j];\n"
    )
