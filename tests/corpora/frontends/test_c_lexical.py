"""Lines of the preprocessor, names that a text uses, lambdas: read as tokens, never as lines."""

from __future__ import annotations

import pytest

from corpora.frontends.c_directives import defined_macros, directive_lines, included_path
from corpora.frontends.c_family import parse_c_family
from corpora.frontends.c_lambdas import parse_lambda
from corpora.frontends.c_preprocess import resolve_conditionals
from corpora.frontends.c_words import words_of
from corpora.frontends.fortran import parse_fortran
from corpora.frontends.queries import (
    declarations_in,
    free_functions,
    function_named,
    undeclared_names,
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("#define A 1\n# include <x>\n#\nint a;", ["define", "include", ""]),
        ('/* \n#if 0\n */ const char *s = "\\\n#else";', []),
        ("#if 0\n#pragma omp for\n#endif", ["if", "pragma", "endif"]),
        ("#define A \\\n #if\n#undef A", ["define", "undef"]),
        ("int a; # define B", []),
    ],
)
def test_lines_of_the_preprocessor(text, words):
    assert [line.word for line in directive_lines(text)] == words


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("#include <a/b.h> // c", "a/b.h"),
        ('#include "own.h"', "own.h"),
        ("# include  < spaced.h >", "spaced.h"),
        ("#include NAME", ""),
        ("#include", ""),
    ],
)
def test_paths_of_includes(line, path):
    assert included_path(directive_lines(line)[0], line) == path


def test_macros_are_defined_once_each():
    text = "#define A 1\n#ifdef B\n#define C(x) x\n#endif\n#define A 2\n// #define D\n"
    assert defined_macros(text) == ("A", "C")


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("a\n#if 0\nb\n#else\nc\n#endif\nd", "a\nc\nd"),
        ("#ifdef X\nx\n#elif Y > 1\ny\n#endif", "y"),
        ("#define X\n#ifdef X\n/*\n#else\n*/\nx\n#endif", "#define X\n/*\n#else\n*/\nx"),
        ("#if defined(Y) && \\\n  Y == 2\nboth\n#endif", "both"),
        ("a\n#if 0\nb", "a"),
    ],
)
def test_what_conditionals_leave(text, kept):
    assert resolve_conditionals(text, "cpp", {"Y": "2"}) == kept


def test_names_that_a_text_uses():
    words = words_of(
        "#define RUN helper(1)\nint f(P *p) { // hidden(1)\n p->size(); std::sort(p, p + 1); "
        'g<int>(2); return a < b(3) + std::numeric_limits<int>::max() + *"quoted(4)"; }'
    )
    assert words.called == {"helper", "f", "g", "b"}
    assert words.methods == {"size"} and words.called_in == {"std": {"sort"}}
    assert words.qualified == {"std": {"sort", "numeric_limits"}}


@pytest.mark.parametrize(
    ("text", "captures", "parameters"),
    [
        ("[&x, n](int a, int b) { return x[a] < n; }", ("&x", "n"), ["a", "b"]),
        ("[] { return 1; }", (), []),
        ("[=](auto v) mutable -> bool { return v; }", ("=",), ["v"]),
        ("[m = f(1, 2)](int a) { return m + a; }", ("m=f(1,2)",), ["a"]),
    ],
)
def test_lambdas_are_opened(text, captures, parameters):
    found = parse_lambda(text, "cpp")
    assert found.captures == captures
    assert [p.name for p in found.function.parameters] == parameters
    for parameter in found.function.parameters:
        start = parameter.span.start - found.shift
        assert parameter.name in text[start : parameter.span.end - found.shift]


@pytest.mark.parametrize("text", ["x[0]", "[", "[&](int a) { ", ""])
def test_what_is_no_lambda_is_none(text):
    assert parse_lambda(text, "cpp") is None


def test_functions_that_others_may_call():
    unit = parse_c_family(
        "int p(int); namespace n { int f() { return 1; } } struct S { int m() { return 2; } };\n"
        "int S::o() { return 3; } template <class T> T t(T x) { return x; }",
        "cpp",
    )
    assert [f.name for f in free_functions(unit)] == ["f", "t"]
    unit = parse_fortran(
        "program p\n call a()\ncontains\n subroutine a()\n call b()\n contains\n "
        "subroutine b()\n end\n end\nend\nfunction c()\nend\n"
    )
    assert [f.name for f in free_functions(unit)] == ["a", "c"]


def test_names_that_nothing_declares():
    unit = parse_c_family(
        "int g; int f(int a) { int cin = a; { int h = cin; } return h + ns::k(g); }", "cpp"
    )
    assert undeclared_names(unit) == {"h", "k"}
    function = function_named(unit, "f")
    assert undeclared_names(function) == {"h", "k", "g"}
    assert [d.name for d in declarations_in(function)] == ["cin", "h"]
