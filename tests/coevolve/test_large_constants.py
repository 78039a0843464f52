"""Programs whose arrays are as long as a large number of their text: judged on few runs."""

from __future__ import annotations

import resource

import numpy as np
import pytest

from coevolve.verification.engine import Engine, Pair, VerifyConfig
from corpora.records import Outcome, Program
from gpu_runtime.backend import Variant
from tester.generate import rules
from tester.validity import LARGE

SIZE = 6_000_000
LOOP = f"for (int i = 0; i < {SIZE}; i++)"
SAXPY = f"void f(float a, const float *x, float *y) {{ {LOOP} y[i] = a * x[i] + y[i]; }}"
SUM = f"void f(const float *x, float *s) {{ {LOOP} s[0] += x[i]; }}"
KERNEL = (
    "__global__ void f(float a, const float *x, float *y) { int i = blockIdx.x * blockDim.x + "
    "threadIdx.x; if (i < %d) y[i] = a * x[i] + y[i]; }"
)


@pytest.fixture
def engine(tmp_path):
    made = Engine("emulated", VerifyConfig(mutants=4), cache=tmp_path)
    yield made
    made.close()


def count_large_calls(engine, monkeypatch):
    """A list that gets the variant of every call with an array of more than LARGE elements."""
    seen = []
    run = engine.backend.run

    def counted(compiled, calls, *rest):
        large = [c for c in calls if max(v.size for v in c.values) > LARGE]
        seen.extend([compiled.request.variant] * len(large))
        return run(compiled, calls, *rest)

    monkeypatch.setattr(engine.backend, "run", counted)
    return seen


def used_s() -> float:
    use = resource.getrusage(resource.RUSAGE_SELF)
    return use.ru_utime + use.ru_stime


def test_a_loop_to_a_large_constant_is_judged_in_seconds(engine, monkeypatch):
    seen = count_large_calls(engine, monkeypatch)
    source, target = Program("cpp", "f", SAXPY), Program("cuda", "f", KERNEL % SIZE)
    before = used_s()
    verdict = engine.verify(Pair(source, target))
    assert verdict.outcome is Outcome.EQUIVALENT, verdict.detail
    assert verdict.suite_strength == 1.0
    assert used_s() - before < 15  # about 2 on an idle machine; 14 without blocks
    assert seen.count(Variant.RECORDED) == 1  # the window was the named length at once
    plain_cpp = seen.count(Variant.PRECISE), seen.count(Variant.REASSOCIATED)
    assert plain_cpp == (1, 1)  # one test, not drawn again


def test_one_element_beyond_a_large_constant_is_seen(engine):
    source, target = Program("cpp", "f", SAXPY), Program("cuda", "f", KERNEL % (SIZE - 1))
    verdict = engine.verify(Pair(source, target))
    assert verdict.outcome is Outcome.MISMATCH and verdict.element == SIZE - 1


def test_a_sum_over_a_large_constant_is_drawn_again(engine, monkeypatch):
    """One element says nothing about its own luck: all draws are made."""
    seen = count_large_calls(engine, monkeypatch)
    expectations = engine.expectations(Program("cpp", "f", SUM)).expectations
    assert expectations is not None and len(expectations.calls) == 1
    assert seen.count(Variant.PRECISE) == 4


def test_two_tests_where_a_constant_is_not_vast(engine):
    size = 100_000
    assert size < rules.VAST
    source = Program("cpp", "f", f"void f(int *x) {{ for (int i = 0; i < {size}; i++) x[i]++; }}")
    expectations = engine.expectations(source).expectations
    assert [v.size for call in expectations.calls for v in call.values] == [size, size]
    assert not np.array_equal(*(call.values[0] for call in expectations.calls))
