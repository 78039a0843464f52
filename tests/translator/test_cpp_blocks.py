"""C++ functions taken apart: what they become, and what is left to a model (that nothing is changed
is executed in tests/coevolve/test_by_parts.py).
"""

from __future__ import annotations

import pytest

from corpora.records import Program
from translator.normalize.unsupported import UnsupportedConstruct
from translator.outline.parse_cpp import normalize, parse_function


def apart(body: str, head: str = "void f(int n, double *x, const float *a)"):
    return parse_function(Program("cpp", "f", f"{head} {{ {body} }}"))


def lines(body: str) -> str:
    """The statements, one a line, without the head."""
    return "\n".join(line.strip() for line in apart(body).text.splitlines()[1:-1])


SAID = {
    "counters are declared in heads": (
        "int i, j; for (i = 0; i < n; i++) for (j = i; j; --j) x[i] += j;",
        "for (int i = 0; i < n; i++) {\nfor (int j = i; j; j--) {\nx[i] += j;\n}\n}",
    ),
    "a counter that is read behind its loop is not": (
        "int i; for (i = 0; i < n; i++) x[i] = 0; x[i] = 1;",
        "int i;\nfor (i = 0; i < n; i++) {\nx[i] = 0;\n}\nx[i] = 1;",
    ),
    "scalars are declared where they are set": (
        "double t; for (int i = 0; i < n; i++) { t = a[i]; x[i] = t * t; }",
        "for (int i = 0; i < n; i++) {\ndouble t = a[i];\nx[i] = t * t;\n}",
    ),
    "several declared at once": (
        "double s = 0, t = -1; x[0] = s - -t;",
        "double s = 0;\ndouble t = -1;\nx[0] = s - -t;",
    ),
    "if, else if and else": (
        "if (n > 1) x[0] = 1; else if (n) { x[0] = 2; } else x[0] = 3;",
        "if (n > 1) {\nx[0] = 1;\n} else if (n) {\nx[0] = 2;\n} else {\nx[0] = 3;\n}",
    ),
    "loops without a part of their head": (
        "for (;;) { if (n) break; continue; } while (n > 2) n = n / 2;",
        "for (;;) {\nif (n) {\nbreak;\n}\ncontinue;\n}\nwhile (n > 2) {\nn = n / 2;\n}",
    ),
    "commas": (
        "int i, k; k = 1, x[0] = 2; for (i = 0, k = 3; i < n; i++, k++) x[k] = i;",
        "int i;\nint k = 1;\nx[0] = 2;\nfor (i = 0, k = 3; i < n; i++, k++) {\nx[k] = i;\n}",
    ),
    "an index that steps on": (
        "int k = 0; for (int i = 0; i < n; i++) x[k++] = std::sqrt(a[i]);",
        "int k = 0;\nfor (int i = 0; i < n; i++) {\nx[k++] = std::sqrt(a[i]);\n}",
    ),
    "what is cleared": (
        "memset(x, 0, n * sizeof(double)); std::memset(&x[n], 0, sizeof(double) * 8);",
        "for (int k = 0; k < n; k++) {\nx[k] = 0;\n}\nfor (int k = 0; k < 8; k++) {\nx[n + k] "
        "= 0;\n}",
    ),
    "what is copied": (
        "double *t = (double *)malloc(sizeof(double) * n * 2); memcpy(t, x + 1, n * "
        "sizeof(*t)); std::copy(t, t + n, x); free(t);",
        "double *t = (double *)malloc(n * 2 * sizeof(double));\nfor (int k = 0; k < n; k++) "
        "{\nt[k] = x[1 + k];\n}\n"
        "for (int k = 0; k < n; k++) {\nx[k] = t[k];\n}\nfree(t);",
    ),
    "what is filled": (
        "std::vector<double> t(n, 1.5); std::fill(t.begin(), t.end(), x[0]); std::fill_n(x, "
        "t.size(), 0);",
        "std::vector<double> t(n);\nfor (int k = 0; k < n; k++) {\nt[k] = 1.5;\n}\nfor (int k "
        "= 0; k < n; k++) {\nt[k] = x[0];\n}\n"
        "for (int k = 0; k < n; k++) {\nx[k] = 0;\n}",
    ),
    "no memory": (
        "int *t; t = new int[n * n](); if (!t) { return; } x[0] = t[1]; delete[] t;",
        "int *t = new int[n * n]();\nif (!t) {\nreturn;\n}\nx[0] = t[1];\ndelete[] t;",
    ),
    "pointers that are set later": (
        "for (int i = 0; i < n; i++) { const float *r; r = a + i * 3; x[i] = r[1]; }",
        "for (int i = 0; i < n; i++) {\nx[i] = a[i * 3 + 1];\n}",
    ),
    "do": ("do { x[0] = 1; } while (n--);", "while (1) {\nx[0] = 1;\nif (!n--) {\nbreak;\n}\n}"),
    "pointers that may be null": (
        "if (!x || a == NULL) { return; } x[0] = (a) ? a[0] : 1;",
        "if (!x || a == NULL) {\nreturn;\n}\nx[0] = a ? a[0] : 1;",
    ),
    "letters stay letters": ("x[0] = ' ' + '\\n';", "x[0] = ' ' + '\\n';"),
    "comments go": ("/* first */ x[0] = 1; // second\n", "x[0] = 1;"),
    "a last return of nothing goes": ("x[0] = 1; return;", "x[0] = 1;"),
}


@pytest.mark.parametrize("what", SAID)
def test_how_it_is_written(what):
    body, expected = SAID[what]
    assert lines(body) == expected


def test_places_behind_a_pointer_are_elements():
    assert lines("*x = *(a + n) - *(x + 2 * n);") == "x[0] = a[n] - x[2 * n];"


ALIASES = {
    "a row": (
        "for (int i = 0; i < n; i++) { const float *r = a + 3 * i; x[i] = r[0] + *r + *(r + 1) "
        "+ r[i > 1]; }",
        "a[3 * i] + a[3 * i] + a[3 * i + 1] + a[3 * i + (i > 1)];",
    ),
    "an address": (
        "for (int i = 0; i < n; i++) { const float *r = &a[3 * i]; x[i] = r[2]; }",
        "a[3 * i + 2]",
    ),
    "a place in a place": (
        "double *end = x + n - 1; double *mid = end - n / 2; mid[1] = *end;",
        "x[n - 1 - n / 2 + 1] = x[n - 1];",
    ),
    "beside the array": ("double *y = n + x; y[-1] = (x + 2)[n];", "x[n + -1] = x[2 + n];"),
    "less by a sum": ("double *y = x + n; *(y - (n + 1)) = 1;", "x[n - (n + 1)] = 1;"),
    "a reference": ("double &y = x[2 * n]; y += y;", "x[2 * n] += x[2 * n];"),
    "by what other arrays hold": (
        "double *y = x + (int) a[0]; y[1] = 2;",
        "x[(int)a[0] + 1] = 2;",
    ),
    "a choice": ("double *y = x + (n > 2 ? 1 : 0); y[1] = 2;", "x[(n > 2 ? 1 : 0) + 1] = 2;"),
}


@pytest.mark.parametrize("what", ALIASES)
def test_a_pointer_to_a_fixed_place_is_that_place(what):
    body, expected = ALIASES[what]
    text = lines(body)
    assert expected in text and "*" not in text.replace(" * ", "")


def test_what_is_known_of_its_variables():
    found = apart(
        "const float w[3] = {1, 2, 3}; unsigned char seen[8]; x[n] = w[0] + seen[1] + s;",
        "static inline double f(const unsigned int n, double *__restrict__ x, double &s, float "
        "a[])",
    )
    assert found.scalars == {"n": "unsigned int", "s": "double"} and not found.pointed
    assert {
        name: (a.type, a.count, a.is_local, a.is_const) for name, a in found.arrays.items()
    } == {
        "x": ("double", "", False, False),
        "a": ("float", "", False, False),
        "w": ("float", "3", False, True),
        "seen": ("unsigned char", "8", True, False),
    }
    assert found.head.startswith(
        "static inline double f(const unsigned int n, double * __restrict__ x"
    )


LEFT = {
    "a pointer that moves": "double *p = x + 1; *p++ = 1;",
    "a pointer whose place moves": "int k = 1; double *p = x + k; k = 2; p[0] = k;",
    "a pointer whose place is changed through it": "double *p = x + (int) x[0]; p[0] = 1; p[1] "
    "= 2;",
    "a pointer that steps": "int k = 1; double *p = x + k++; p[0] = 1;",
    "a pointer to two places": "double *p; p = x; p[0] = 1; p = x + 1; p[0] = 2;",
    "a pointer that is set in one place and used in another": (
        "double *p; if (n) { p = x; } p[0] = 1;"
    ),
    "a row of what changes places": "double *t = new double[n]; double *r = x + 1; std::swap(x, "
    "t); r[0] = 1; delete[] t;",
    "arrays of two types that change places": "int *t = new int[n]; std::swap(x, t); delete[] t;",
    "what is freed twice over": "double *t = new double[n]; free(t);",
    "a vector that grows": "std::vector<double> t; t.push_back(1); x[0] = t[0];",
    "vectors of vectors": "std::vector<std::vector<int>> t(n); x[0] = t[0][0];",
    "bytes that are no elements": "memcpy(x, a, n);",
    "pointers compared": "double *p = x + 1; x[0] = p < x + n;",
    "a pointer to a scalar": "double t = 1; double *p = &t; x[0] = p[0];",
    "a reference that moves": "int k = 0; double &y = x[k]; k = 1; y = 1;",
    "an array without an index": "double t = x == a; x[0] = t;",
    "an address": "x[0] = x[0] + (&x[1] == x);",
    "a call": "x[0] = g(n);",
    "a call by itself": "memset(x, 0, n);",
    "a value that changes an element": "double t = x[0]++; x[1] = t;",
    "a chain of assignments": "x[0] = x[1] = 0;",
    "do that goes on": "do { if (n) continue; x[0] = 1; } while (n--);",
    "switch": "switch (n) { case 1: x[0] = 1; }",
    "goto": "again: x[0] += 1; if (x[0] < 3) goto again;",
    "a range": "int k[2]; for (int v : k) x[v] = 1;",
    "rows": "double m[2][3]; m[0][0] = 1; x[0] = m[0][0];",
    "two variables of one name": "{ int t; t = 1; x[0] = t; } { double t; t = 2; x[1] = t; }",
    "static": "static int calls = 0; x[0] = calls++;",
    "two in a head": "for (int i = 0, j = 1; i < n; i++) x[i] = j;",
    "a function in it": "auto g = [&](int i) { return i; }; x[0] = g(1);",
    "a pragma": "\n#pragma omp parallel for\nfor (int i = 0; i < n; i++) x[i] = 1;",
    "a syntax error": "x[0] = ;",
}


@pytest.mark.parametrize("what", LEFT)
def test_what_is_left_to_a_model(what):
    with pytest.raises(UnsupportedConstruct):
        apart(LEFT[what])


@pytest.mark.parametrize(
    "text",
    [
        "static double g(double *v) { if (v[0]) return 1; v[0] = 2; return v[1]; }\nvoid "
        "f(double *x) { x[0] = g(x); }",
        "void f(double **x, int n) { x[n][0] = 1; }",
        "void f(double *x, int &n) { n = n + 1; x[0] = n; }",
    ],
)
def test_texts_that_are_more_than_one_plain_function(text):
    assert normalize(Program("cpp", "f", text)) is None


def test_words_that_a_macro_joins_are_written_out():
    text = "#define N(a) a##1\nvoid f(double *x1) { N(x)[0] = 1; }"
    assert "    x1[0] = 1;\n" in normalize(Program("cpp", "f", text)).text


def test_what_cannot_be_called_is_left():
    assert (
        normalize(Program("cpp", "f", "void f(T *x) { x[0] = 1; }")) is None
        and normalize(Program("cpp", "f", "int x;")) is None
    )


def test_arrays_of_several_dimensions_have_one_index():
    head = "void f(int n, double a[][4], const float (*b)[2][3])"
    found = apart("a[n + 1][n > 1] = b[n][0][n - 1];", head)
    assert (
        "a[(n + 1) * 4 + (n > 1)] = b[(n * 2 + 0) * 3 + n - 1];" in found.text
        and found.head == head
    )
    assert {name: (array.type, array.inner) for name, array in found.arrays.items()} == {
        "a": ("double", (4,)),
        "b": ("float", (2, 3)),
    }
    for body in ("double *r = a[n]; r[0] = 1;", "a[0] = b[0];", "a[n] = 1;", "a[n][0][1] = 1;"):
        with pytest.raises(UnsupportedConstruct):
            apart(body, head)


VECTORS = {
    "an element and the size": (
        "for (size_t i = 0; i < x.size(); i++) x[i] *= a[i];",
        "for (size_t i = 0; i < x_size; i++) {\nx[i] *= a[i];\n}",
    ),
    "a loop over elements that it sets": (
        "for (auto &e : x) e = 2;",
        "for (long at_x = 0; at_x < x_size; at_x++) {\nx[at_x] = 2;\n}",
    ),
    "a loop over elements": (
        "double s = 0; for (const double e : a) s += e; x[0] = s;",
        "double s = 0;\nfor (long at_a = 0; at_a < a_size; at_a++) {\ndouble e = a[at_a];\ns "
        "+= e;\n}\nx[0] = s;",
    ),
}


@pytest.mark.parametrize("what", VECTORS)
def test_vectors_are_arrays_and_their_sizes(what):
    body, expected = VECTORS[what]
    found = apart(body, "void f(int n, std::vector<double> &x, const std::vector<double> &a)")
    assert "\n".join(line.strip() for line in found.text.splitlines()[1:-1]) == expected
    assert (
        found.head == "void f(int n, std::vector<double> &x, const std::vector<double> &a)"
        and found.scalars["x_size"] == "long"
    )


@pytest.mark.parametrize(
    "body",
    [
        "x.push_back(1);",
        "x = a;",
        "for (int e : std::vector<int>(n)) x[e] = 1;",
        "x.at(n) = 1;",
        "int at_x = 1; for (auto &e : x) e = at_x;",
    ],
)
def test_what_else_is_done_with_vectors_is_left_to_a_model(body):
    with pytest.raises(UnsupportedConstruct):
        apart(body, "void f(int n, std::vector<double> &x, const std::vector<double> &a)")
