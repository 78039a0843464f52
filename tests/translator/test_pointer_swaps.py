"""Exchanges of array pointers: which statements make one, and how it is done on a device."""

from __future__ import annotations

import pytest

from corpora.records import Program
from translator.normalize.c_tree import read_statements
from translator.normalize.unsupported import UnsupportedConstruct
from translator.outline.c_function import FunctionArray
from translator.outline.device_arrays import convert_host_statement, make_device_copies
from translator.outline.parse_cpp import parse_function
from translator.outline.pointer_swaps import make_exchange, read_exchange

HEAD = "void f(int n, double *a, double *b, double *c)"
LOOP = "for (int i = 0; i < n; i++) b[i] = a[i] + c[i];"


def apart(body: str, head: str = HEAD):
    return parse_function(Program("cpp", "f", f"{head} {{ {LOOP} {body} }}"))


SAID = {
    "swap": ("std::swap(a, b);", {"a": "b", "b": "a"}),
    "by way of another pointer": ("double *t = a; a = b; b = t;", {"a": "b", "b": "a"}),
    "by way of one that is known": ("double *t; t = a; a = b; b = t;", {"a": "b", "b": "a"}),
    "three in a circle": ("double *t = a; a = b; b = c; c = t;", {"a": "b", "b": "c", "c": "a"}),
    "three the other way round": (
        "auto t = c; c = b; b = a; a = t;",
        {"c": "b", "b": "a", "a": "c"},
    ),
}


@pytest.mark.parametrize("what", SAID)
def test_pointers_that_are_handed_round_are_one_statement(what):
    body, moves = SAID[what]
    assert [found for item in apart(body).body if (found := read_exchange(item))] == [moves]


@pytest.mark.parametrize(
    "body",
    [
        "a = b;",
        "double *t = a; a = b; b = c;",
        "double *t = a; a = b; n = 1; b = t;",
        "std::swap(a, n);",
    ],
)
def test_what_leaves_two_pointers_in_one_place_is_none(body):
    with pytest.raises(UnsupportedConstruct):
        apart(body)


def test_an_exchange_reads_as_it_was_written():
    moves = {"a": "b", "b": "c", "c": "a"}
    other, vectors = read_statements("a[0] = b[0]; x.swap(y);")
    assert read_exchange(make_exchange("const float", moves)) == moves
    assert not read_exchange(other) and read_exchange(vectors) == {"x": "y", "y": "x"}


def test_the_caller_gets_back_what_his_pointers_point_to():
    found = apart("std::swap(a, b); c[0] = 1;")
    measured = type(found)(
        **{
            **{name: getattr(found, name) for name in found.__slots__},
            "arrays": {name: FunctionArray("double", "n") for name in "abc"},
        }
    )
    rows, closing = make_device_copies(measured, ["a", "b", "c"], {})
    assert "double *d_a_given = d_a;" in rows and "d_c_given" not in " ".join(rows)
    back, freed = closing[:3], closing[3:]
    assert (
        "cudaMemcpy(a, d_a_given, (n) * sizeof(double), cudaMemcpyDeviceToHost);" in back
        and all(row.startswith("cudaFree") for row in freed)
    )
    assert convert_host_statement(measured, found.body[1]) == read_statements(
        "{ double *kept = d_a; d_a = d_b; d_b = kept; }"
    )
