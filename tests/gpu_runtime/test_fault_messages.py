"""Messages about a bad access that no argument explains: equal in every process, without
addresses.
"""

from __future__ import annotations

import re

import numpy as np
import pytest

from corpora.records import Parameter, Program, Signature
from gpu_runtime.backend import Arguments, CompileRequest, Status
from gpu_runtime.emulation.backend import EmulatedBackend
from gpu_runtime.sandbox.exit_status import parse_sanitizer_report

SIGNATURE = Signature("f", (Parameter("x", "array", "f32"), Parameter("n", "scalar", "i64", "in")))
CALL = Arguments((np.zeros(4, np.float32), np.array(4, np.int64)))
FAULTS = [
    ("float *p = (float *)(n - 4); p[1] = 2;", "invalid write near the null pointer"),
    ("float *p = (float *)(n - 4); x[0] = p[2];", "invalid access near the null pointer"),
    ("x[n << 30] = 1;", "invalid access far from every argument"),
    ("x[0] = x[-(n << 30)];", "invalid access far from every argument"),
    ("((float *)(n << 60))[0] = 1;", "invalid access far from every argument"),
]


@pytest.mark.parametrize(("body", "words"), FAULTS)
def test_faults_are_told_in_words_that_repeat(body, words):
    request = CompileRequest(
        Program("cpp", "f", f"void f(float *x, long n) {{ {body} }}"), SIGNATURE
    )
    details = set()
    for _ in range(2):  # each with a runner of its own, so that addresses differ
        backend = EmulatedBackend()
        try:
            done = backend.run(backend.compile([request])[0], [CALL])[0]
        finally:
            backend.close()
        assert done.status is Status.SIGNAL and words in done.detail, done
        assert not re.search(r"0x[0-9a-f]{3}", done.detail)
        details.add(done.detail)
    assert len(details) == 1


def test_sanitizers_are_quoted_without_addresses():
    said = (
        "p0:3:9: runtime error: pointer index expression with base 0x7fbef2b6fff0 overflowed "
        "to 0x80007fbef2b6fff0"
    )
    assert parse_sanitizer_report(said) == (
        Status.SANITIZER,
        "line 3: pointer index expression with base overflowed to",
    )
