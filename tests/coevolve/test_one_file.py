"""Ports of several functions in one file define what they share once, so that a compiler takes the file."""

from __future__ import annotations

import subprocess

from coevolve.one_file import beside

SHARED = "#include <math.h>\n#define N 4\ntypedef struct { int k[N]; } Q;\nstruct P { double x; };\nstatic double sq(double a) { return a * a; }\n"
FIRST = SHARED + "// f: equivalent\nvoid f(P *p, Q *q) { p->x = sq(p->x); }\n"
SECOND = SHARED + "// g: equivalent\nint g(const Q *q) { return q->k[0]; }\n"


def test_what_ports_share_stands_once(tmp_path):
    rest = beside(SECOND, [FIRST])
    assert rest == "// g: equivalent\nint g(const Q *q) { return q->k[0]; }\n"
    (tmp_path / "both.cpp").write_text(FIRST + rest)
    assert subprocess.run(["g++", "-fsyntax-only", tmp_path / "both.cpp"]).returncode == 0


def test_what_differs_stays():
    other = SECOND.replace("a * a", "a * a * 1").replace("double x", "float x")
    assert beside(other, [FIRST]).splitlines() == [
        "struct P { float x; };", "static double sq(double a) { return a * a * 1; }", "// g: equivalent", "int g(const Q *q) { return q->k[0]; }"
    ]  # fmt: skip
    assert beside(SECOND, []) == SECOND
