"""Functions of structures, vectors and pointers that may be null, ported nest by nest by rule
alone: kernels of structures, and host code of their numbers.
"""

from __future__ import annotations

import pytest

from coevolve.port.by_parts import PortAssembly
from coevolve.verification.engine import Engine, Pair, VerifyConfig
from corpora.dialects import parse_direction
from corpora.records import Outcome, Program

BODY = "struct Vec { double x, y; };\nstruct Body { Vec at; Vec by; double m; int kind; };\n"
PARAMS = "typedef struct { int n; double dt; } Params;\n"
SOURCES = {
    "drift": BODY
    + "void drift(Body *b, int n, double dt) { for (int i = 0; i < n; i++) { Body &p = b[i]; "
    "p.at.x += p.by.x * dt; p.at.y += p.by.y * dt; } }",
    "sum": BODY + "double sum(const Body *b, int n) { double s = 0; for (int i = 0; i < n; i++) if "
    "(b[i].kind == 1) s += b[i].m * b[i].by.x; return s; }",
    "bin": BODY
    + PARAMS
    + "void bin(const Body *b, int *count, Params p) { for (int i = 0; i < p.n; i++) { const "
    "Body *q = &b[i]; if (q->kind >= 0 && q->kind < p.n) count[q->kind]++; } }",
    "steps": BODY
    + PARAMS
    + "void steps(Body *b, const Params *p) { double c = 0; for (int i = 0; i < p->n; i++) c "
    "+= b[i].m; for (int i = 0; i < p->n; i++) b[i].at.x = c * p->dt; }",
    "norm": "#include <cmath>\n#include <vector>\nvoid norm(std::vector<double> &v) { double s "
    "= 0; for (double x : v) s += x * x; s = std::sqrt(s); if (s > 0) for (auto &x : v) "
    "x /= s; }",
    "axpy": "#include <vector>\nvoid axpy(float a, const std::vector<float> &x, "
    "std::vector<float> &y) { for (size_t i = 0; i < x.size(); ++i) y[i] += a * x[i]; }",
    "spmv": "struct csr { int n; const int *at; const int *to; const double *v; };\nvoid "
    "spmv(const csr &a, const double *x, double *y) { for (int i = 0; i < a.n; i++) { "
    "double s = 0; for (int k = a.at[i]; k < a.at[i + 1]; k++) s += a.v[k] * "
    "x[a.to[k]]; y[i] = s; } }",
    "layer": "void layer(float *o, const float *x, const float *bias, int n, int m) { for (int "
    "i = 0; i < n; i++) { float v = bias != nullptr ? bias[i] : 0; for (int j = 0; j < "
    "m; j++) v += x[i * m + j]; o[i] = v; } }",
    "weighted": "double weighted(const double *x, const double *w, int n) { double s = 0; for "
    "(int i = 0; i < n; i++) s += x[i] * (w ? w[i] : 1.0); return s; }",
    "parts": "#include <stddef.h>\nint parts(double *x, double *y, double *z, int n) { if (!x "
    "|| !y) return -1; for (int i = 0; i < n; i++) y[i] += x[i]; if (z != NULL) { for "
    "(int i = 0; i < n; i++) z[i] = y[i] - 1; } return 0; }",
    "smooth": "struct grid { int nx, ny; double h; double *u, *f; };\nvoid smooth(struct grid "
    "*g) { for (int i = 1; i < g->nx; i++) for (int j = 0; j < g->ny; j++) g->u[i * "
    "g->ny + j] += g->h * g->f[i * g->ny + j]; }",
}


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    made = Engine("emulated", VerifyConfig(mutants=0, tests=8), tmp_path_factory.mktemp("cache"))
    yield made
    made.close()


def by_rule(program, way, engine):
    joining = PortAssembly(program, way, engine.expectations(program).expectations.suite)
    while joining.asked:
        answers = []
        for part, pairs in joining.propose_by_rule([]):
            tried = ((part, pair.target.text, engine.verify(pair)) for pair in pairs)
            answers += (
                [
                    next(
                        (answer for answer in tried if joining.is_acceptable_port(*answer)),
                        (part, "", engine.verify(pairs[0])),
                    )
                ]
                if pairs
                else []
            )
        joining.tell(answers)
    return joining.made


@pytest.mark.parametrize("way", ["cpp:openmp", "cpp:cuda"])
@pytest.mark.parametrize("name", SOURCES)
def test_a_port_by_rule_is_equivalent_and_parallel(name, way, engine):
    program = Program("cpp", name, SOURCES[name])
    made = by_rule(program, parse_direction(way), engine)
    assert made is not None
    assert (
        "vector" in program.text
        or "__" not in made.text.replace("__global__", "")
        or "_of_numbers(" in made.text
    )
    verdict = engine.verify(Pair(program, made))
    assert verdict.outcome is Outcome.EQUIVALENT and not verdict.serial, (
        f"{verdict.detail}\n{made.text}"
    )


def test_host_code_asks_once_for_an_array(engine):
    text = by_rule(
        Program("cpp", "parts", SOURCES["parts"]), parse_direction("cpp:cuda"), engine
    ).text
    assert (
        "x != nullptr" not in text
        and "y != nullptr" not in text
        and text.count("if (z != nullptr)") == 2
    )
