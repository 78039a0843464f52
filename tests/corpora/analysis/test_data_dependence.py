"""Whether what a program touches follows what its arrays hold; and that suites say so too."""

import pytest

from corpora.analysis.data_dependence import touches_follow_contents
from corpora.frontends.c_family import parse_c_family

BY_SCALARS = {
    "loop": "void f(int n, float *x) { for (int i = 0; i < n; i++) x[i] *= 2; }",
    "guarded by an index": "void f(int n, int *x) { for (int i = 0; i < n; i++) "
    "if (i % 2 == 0 && i > 3) x[i] = i; }",
    "sum kept in a local": "float f(int n, float *x) { float s = 0; "
    "for (int i = 0; i < n; i++) s += x[i] * x[i]; return sqrtf(s); }",
    "largest": "float f(int n, float *x) { float m = x[0]; "
    "for (int i = 1; i < n; i++) if (x[i] > m) m = x[i]; return m; }",
    "negative ones cut off": "void f(int n, float *x) { for (int i = 0; i < n; i++) "
    "if (x[i] < 0) x[i] = 0; }",
    "stepping pointer": "void f(int n, float *x) { float *p = &x[2]; while (n-- > 0) *p++ = n; }",
    "copied by a size": "void f(int n, float *x, float *y) { memcpy(x, y, n * sizeof(float)); }",
    "rows": "void f(int n, float **x) { for (int i = 0; i < n; i++) x[i][i] = 0; }",
    "numbers chosen": "void f(int n, float *x) { for (int i = 0; i < n; i++) "
    "x[i] = x[i] > 0 ? x[i] : -x[i]; }",
}
BY_CONTENTS = {
    "indices": "void f(int n, int *x, float *y) { for (int i = 0; i < n; i++) y[x[i]] = i; }",
    "index in a local": "void f(int n, int *x, float *y) { for (int i = 0; i < n; i++) "
    "{ int k = x[i]; k = k + 1; y[k] = i; } }",
    "index that a test chose": "void f(int n, float *x, float *y) { int k = 0; "
    "for (int i = 0; i < n; i++) if (x[i] > 0) k = k + 1; y[k] = 1; }",
    "search": "int f(int n, int *x) { int i = 0; while (i < n && x[i] != 3) i++; return i; }",
    "left early": "int f(int n, int *x) { for (int i = 0; i < n; i++) if (x[i] == 3) return i; "
    "return -1; }",
    "size behind a pointer": "void f(int *n, float *x) { for (int i = 0; i < *n; i++) x[i] = 0; }",
    "read beside a number": "void f(int n, float *x, float *y) { for (int i = 0; i < n; i++) "
    "if (x[i] > 0) x[i] = y[i]; }",
    "read by a logical and": "int f(int n, int *x, int *y) { int s = 0; "
    "for (int i = 0; i < n; i++) s += x[i] && y[i]; return s; }",
    "divided by": "void f(int n, int *x, int *y) { for (int i = 0; i < n; i++) y[i] /= x[i]; }",
    "length of a text": "int f(char *s) { return strlen(s); }",
    "a helper": "int g(int *x) { return x[0]; } void f(int *x) { x[1] = g(x); }",
    "a function that is not known": "void f(int *x) { fill(x); }",
    "kept from call to call": "void f(int *x) { static int k; x[k++] = 1; }",
    "jump": "void f(int n, int *x) { again: x[n] = 0; if (n-- > 0) goto again; }",
}


@pytest.mark.parametrize("name", BY_SCALARS)
def test_scalars_alone_decide(name):
    assert not touches_follow_contents(parse_c_family(BY_SCALARS[name], "cpp").items)


@pytest.mark.parametrize("name", BY_CONTENTS)
def test_contents_may_decide(name):
    assert touches_follow_contents(parse_c_family(BY_CONTENTS[name], "cpp").items)
