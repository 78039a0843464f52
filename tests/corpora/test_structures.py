"""Structures as tests hold them: their layout is the compiler's own, and what cannot be held is
named.
"""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given, settings, strategies as st

from corpora.records import Parameter, Program
from corpora.signatures.signature import SignatureError, read_signature
from corpora.signatures.structures import find_structures

TYPES = ("char", "unsigned char", "short", "int", "unsigned", "long", "float", "double", "bool")
WIDE = (
    "typedef double wide_f32; typedef long double wide_f64;\n#define float wide_f32\n"
    "#define double wide_f64\n"
)


@st.composite
def definitions(draw):
    """A structure in a structure, with arrays and several names behind one type."""

    def body(words):
        lines = []
        for k in range(draw(st.integers(1, 5))):
            names = [
                draw(st.sampled_from(("%s", "%s", "%s[2]", "%s[3][2]", "*%s"))) % f"m{k}{letter}"
                for letter in "abc"[: draw(st.integers(1, 3))]
            ]
            lines.append(f"{draw(st.sampled_from(words))} {', '.join(names)};")
        return " ".join(lines)

    align = draw(st.sampled_from(("", "", "alignas(16) ")))
    return (
        f"struct inner {{ {body(TYPES)} }};\nstruct {align}outer {{ {body(TYPES)} inner "
        f"held; {draw(st.sampled_from(TYPES))} last; }};\n"
    )


def measured(texts, tmp_path, head=""):
    """What g++ says of every structure: size and offsets, in the order of the leaves."""
    rows = []
    for k, text in enumerate(texts):
        found = find_structures(text)["outer"]
        places = "".join(
            f", (unsigned long)__builtin_offsetof(n{k}::outer, {leaf.path})"
            for leaf in found.leaves
        )
        rows.append(
            (
                f"namespace n{k} {{\n{text}}}\n",
                f'printf("{"%lu " * (1 + len(found.leaves))}\\n", (unsigned '
                f"long)sizeof(n{k}::outer){places});",
            )
        )
    source = tmp_path / "layout.cpp"
    source.write_text(
        f"#include <cstdio>\n{head}{''.join(a for a, _ in rows)}int main() {{ "
        f"{' '.join(b for _, b in rows)} }}\n"
    )
    subprocess.run(["g++", "-w", source, "-o", tmp_path / "layout"], check=True)
    said = subprocess.run([tmp_path / "layout"], check=True, capture_output=True, text=True).stdout
    return [[int(word) for word in line.split()] for line in said.splitlines()]


def test_layouts_are_those_of_the_compiler(tmp_path):
    texts = []

    @settings(max_examples=60, database=None, derandomize=True)
    @given(definitions())
    def collect(text):
        texts.append(text)

    collect()
    held = [find_structures(text)["outer"] for text in texts]
    assert [[s.bytes, *(leaf.offset for leaf in s.leaves)] for s in held] == measured(
        texts, tmp_path
    )
    assert [[s.wide_bytes, *(leaf.wide_offset for leaf in s.leaves)] for s in held] == measured(
        texts, tmp_path, WIDE
    )


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("struct S { int **p; };", "pointer"),
        ("struct S { int *p[2]; };", "pointer"),
        ("struct T { int a; }; struct S { T *p; };", "pointer"),
        ("struct S { int a : 3; };", "a : 3"),
        ("struct S { union { int a; float b; }; };", "union"),
        ("struct B { int a; }; struct S : B { int b; };", "base"),
        ("struct S { virtual void f(); int a; };", "virtual"),
        ("class S { int a; };", "class"),
        ("struct S { };", "empty"),
        ("struct S { std::vector<int> v; };", "vector"),
        ("struct __attribute__((packed)) S { char c; int i; };", "packed"),
        ("struct I { int **p; }; struct S { I i; };", "'i'"),
        ("struct I { int a; }; struct S { I i[2]; };", "array of structures"),
    ],
)
def test_what_cannot_be_held_is_named(text, why):
    assert why in find_structures(text)["S"]
    with pytest.raises(SignatureError, match="'s'"):
        read_signature(Program("cpp", "f", f"{text}\nvoid f(S *s, int n) {{ }}"))


def parameters(text, dialect="cpp"):
    return {p.name: p for p in read_signature(Program(dialect, "f", text)).parameters}


def test_numbers_of_structures_are_parameters_of_their_own():
    text = (
        "typedef struct edge { int to; double w[3]; } edge_t; struct box { edge e; float x = "
        "1, y; float area() const { return x * y; } };\n"
    )
    many = parameters(f"{text}void f(const edge_t *e, struct box b[], int n) {{ n = e[0].to; }}")
    assert list(many) == ["e__to", "e__w", "b__e__to", "b__e__w", "b__x", "b__y", "n"]
    assert (
        many["e__to"].kind,
        many["e__to"].intent,
        many["e__w"].inner_extents,
        many["b__x"].intent,
    ) == ("array", "in", (3,), "inout")
    one = parameters(f"{text}void f(box b, const edge &e, edge_t *p) {{ p->to = (*p).w[0]; }}")
    assert {
        name: (p.kind, p.intent, p.by_reference, p.shape)
        for name, p in one.items()
        if "e__e" not in name
    } == {
        "b__e__to": ("scalar", "in", False, ()),
        "b__e__w": ("array", "in", False, ("3",)),
        "b__x": ("scalar", "in", False, ()),
        "b__y": ("scalar", "in", False, ()),
        "e__to": ("scalar", "in", True, ()),
        "e__w": ("array", "in", False, ("3",)),
        "p__to": ("scalar", "inout", True, ()),
        "p__w": ("array", "inout", False, ("3",)),
    }


def test_a_pointer_that_is_indexed_or_handed_on_points_to_many():
    for body in ("p[1].x = 0;", "(p + 1)->x = 0;", "p->x = 0; g(p);", ""):
        assert (
            parameters(f"struct s {{ int x; }}; void g(s *); void f(s *p) {{ {body} }}")[
                "p__x"
            ].kind
            == "array"
        )


def test_what_structures_point_to_is_arrays():
    text = "struct csr { int n; const int *at; double *value; };\n"
    found = parameters(f"{text}void f(const csr &a, csr *b) {{ b->n = a.n; }}")
    assert {
        name: (p.kind, p.intent, p.by_reference, p.member.assembled) for name, p in found.items()
    } == {
        "a__n": ("scalar", "in", True, "csr"),
        "a__at": ("array", "in", False, "csr"),
        "a__value": ("array", "inout", False, "csr"),
        "b__n": ("scalar", "inout", True, "csr"),
        "b__at": ("array", "in", False, "csr"),
        "b__value": ("array", "inout", False, "csr"),
    }


def test_vector_types_of_cuda_need_no_definition():
    found = parameters(
        "__global__ void f(const uchar4 *a, float3 *b, int2 c, float2 *d) { }", "cuda"
    )
    assert [*found] == ["a__x", "a__y", "a__z", "a__w", "b__x", "b__y", "b__z", "c__x", "c__y", "d"]
    assert (
        found["a__w"].member.bytes == 4
        and found["b__z"].member.bytes == 12
        and found["c__y"].kind == "scalar"
    )
    assert found["d"] == Parameter("d", "array", "c64")


def test_fields_of_enumerations_are_whole_numbers():
    text = (
        "enum S { X = -1, Y }; typedef enum { A, B = 5, C } mode; enum class kind : unsigned "
        "char { wall = 2 }; struct a { S s = X; enum S q; mode m; kind k[3]; };"
    )
    found = find_structures(text)["a"]
    assert [(leaf.path, leaf.type, leaf.count, leaf.offset) for leaf in found.leaves] == [
        ("s", "i32", 1, 0),
        ("q", "i32", 1, 4),
        ("m", "i32", 1, 8),
        ("k", "u8", 3, 12),
    ]


def test_a_variable_called_packed_packs_nothing():
    assert (
        find_structures(
            "struct S { char c; int i; }; void f(S *s, int *packed) { packed[0] = s->i; }"
        )["S"].bytes
        == 8
    )
    for text in (
        "struct S { char c; int i; } __attribute__((aligned(4), __packed__));",
        "#pragma pack(1)\nstruct S { char c; };",
        "struct [[gnu::packed]] S { int i; };",
    ):
        assert find_structures(text)["S"] == "it is packed"
