"""Scalars that count repetitions of other loops, such as time steps: few are enough, and they are
no sizes.
"""

from __future__ import annotations

import pytest

from coevolve.verification.engine import Engine, VerifyConfig
from corpora.records import Program
from corpora.signatures.signature import read_signature
from gpu_runtime.call.materialize import get_extents, get_integer_scalars
from tester.generate.rules import generate_suite
from tester.generate.source_facts import find_repeat_counts
from tester.generate.source_tree import read_source

DIFFUSE = """void f(const float *u0, float *u, float *v, int n, int steps) {
  for (int i = 0; i < n; i++) { u[i] = u0[i]; v[i] = u0[i]; }
  for (int t = 0; t < steps; t++) {
    for (int i = 1; i < n - 1; i++) v[i] = u[i] + 0.2f * (u[i - 1] - 2 * u[i] + u[i + 1]);
    for (int i = 1; i < n - 1; i++) u[i] = v[i]; } }"""
WAVE = """void f(float *u, float *p, int n, int steps) { for (int t = 0; t < steps; t++) { \
for (int i = 1; i < n - 1; i++) p[i] = u[i - 1] + u[i + 1];
  float *q = u; u = p; p = q; } }"""
READ = {
    DIFFUSE: {"steps"},
    "void f(int *x, int n, int k) { while (k--) { for (int i = 0; i < n; i++) x[i] *= 3; } }": {
        "k"
    },
    "void f(int *x, int n, int k) { for (int t = 0; t < k; t++) for (int i = 0; i < n; "
    "i++) x[i] += t * k; }": set(),
    "void f(int *x, int n, int k) { for (int t = 0; t < k; t++) x[t % n] += 1; }": set(),
    "void f(int *x, int n, int k) { for (int t = 0; t < k; t++) for (int i = 0; i < n; "
    "i++) x[i] += t; if (k % 2) x[0] = 1; }": {"k"},
    "subroutine f(n, x, k)\ninteger :: n, k, x(n), t, i\ndo t = 1, k\ndo i = 1, n\nx(i) = "
    "x(i) * 3\nend do\nend do\nend subroutine\n": {"k"},
}


@pytest.mark.parametrize("text", READ)
def test_the_text_says_which_scalars_only_count(text):
    program = Program("fortran" if "subroutine" in text else "cpp", "f", text)
    assert find_repeat_counts(read_signature(program), read_source(program)) - {"n"} == READ[text]


@pytest.mark.parametrize("text", [DIFFUSE, WAVE])
def test_few_steps_are_done_and_the_size_is_drawn_as_if_alone(text, tmp_path):
    program, engine = (
        Program("cpp", "f", text),
        Engine("emulated", VerifyConfig(mutants=0), cache=tmp_path),
    )
    tests = generate_suite(program, read_signature(program), engine.backend).tests
    engine.close()
    drawn = [(get_integer_scalars(test), get_extents(test)) for test in tests]
    steps = {sizes["steps"] for sizes, _ in drawn}
    assert max(steps) <= 24 and len(steps) >= 4 and max(sizes["n"] for sizes, _ in drawn) > 10_000
    # Where no step is done the arrays are there all the same: host code copies them.
    assert all(extents["u"] >= sizes["n"] for sizes, extents in drawn if sizes["n"] > 2)
