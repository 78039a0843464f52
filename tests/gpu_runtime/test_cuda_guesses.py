"""Plain reads that an atomic operation checks are told from those that decide something."""

from __future__ import annotations

import pytest

from gpu_runtime.cuda_rewrite import rewrite

CAS_LOOP = "do { seen = old; old = atomicCAS(p, seen, f(v, seen)); } while (old != seen);"


@pytest.mark.parametrize(
    "body",
    [
        f"int old = *p, seen; {CAS_LOOP}",
        f"int seen; int old = p[0]; {CAS_LOOP}",
        "int old = *p; while (v > old) { int seen = old; old = atomicCAS(p, seen, v); if (old == seen) break; }",
        "int old = p[k + 1], seen; do { seen = old; if (seen >= v) break; old = atomicCAS(&p[k + 1], seen, v); } while (old != seen);",
        "int old = *p, seen; do seen = old; while ((old = atomicCAS(p, seen, seen + v)) != seen);",
        "if (v > *p) atomicMax(p, v);",
        "if (i < n && p[k] < x[i]) { atomicMax(p + k, x[i]); }",
        "if (p[k] > v) atomicMin(&p[k], v); else_ = 1;",
    ],
)
def test_a_guess_is_marked(body: str) -> None:
    for text in (body, " ".join(body.replace("(", " ( ").replace("*", " * ").replace("[", " [ ").split())):
        written = rewrite(text)
        assert written.count("cv_guess(") == 1
        plain = written.replace("cv_guess(&p", "p").replace("cv_guess(", "*")
        assert sorted(plain.replace(" ", "").replace(")", "")) == sorted(text.replace(" ", "").replace(")", ""))


@pytest.mark.parametrize(
    "body",
    [
        "int old = *p; if (v > old) old = atomicCAS(p, old, v);",
        f"int old = *p, seen; out[i] = old; {CAS_LOOP}",
        f"int old = *p, seen; if (old >= v) return; {CAS_LOOP}",
        f"int old = *q, seen; {CAS_LOOP}",
        f"int old = *p + 1, seen; {CAS_LOOP}",
        f"int old = *p, seen; p = q; {CAS_LOOP}",
        "for (int k = 0; k < n; k++) { int old = *p; old = atomicCAS(p, old, v); }",
        "if (v > *p) atomicExch(p, v);",
        "if (v > *p) atomicMin(p, v);",
        "if (v > *p) atomicMax(p, v + 1);",
        "if (v > *q) atomicMax(p, v);",
        "if (v > *p) { atomicMax(p, v); out[i] = 1; }",
        "if (v > *p) atomicMax(p, v); else out[i] = 1;",
        "if (v > *p) { atomicMax(p, v); } else out[i] = 1;",
        "if (v > *p || k) atomicMax(p, v);",
        "if (v > *p == k) atomicMax(p, v);",
        "if (v > *p",
        "int old = *p; do { old = atomicCAS(p, old",
        "int old = *",
        "if (v > p[) atomicMax(p, v);",
    ],
)
def test_what_decides_is_not(body: str) -> None:
    assert rewrite(body) == body
