"""A sanitizer's report becomes a status and one line."""

import pytest

from gpu_runtime.backend import Status
from gpu_runtime.sandbox.exit_status import parse_sanitizer_report


@pytest.mark.parametrize(
    "text,status,piece",
    [
        (
            "==1==ERROR: AddressSanitizer: heap-buffer-overflow on address 0x1 at pc 0x2 bp 0x3 "
            "sp 0x4\nREAD of size 4 at 0x1 thread T0\n",
            Status.SANITIZER,
            "heap-buffer-overflow READ of size 4",
        ),
        (
            "==1==ERROR: AddressSanitizer: requested allocation size 0x1 exceeds ... "
            "(allocation-size-too-big)\n",
            Status.MEMORY_LIMIT,
            "allocation",
        ),
        (
            "p3:1:45: runtime error: signed integer overflow: 1 + 2\n",
            Status.SANITIZER,
            "line 1: signed integer overflow: 1 + 2",
        ),
        (
            "At line 3 of file p0\nFortran runtime error: Index '11' above upper bound of 10\n",
            Status.SANITIZER,
            "line 3: Index '11'",
        ),
        (
            "WARNING: ThreadSanitizer: data race (pid=7)\n  Write of size 4 at 0x7f by thread "
            "T1:\n    #0 ns_cv_0ab::f(float*) [clone ._omp_fn.0] /tmp/w/p0:3 (x.so+0x11)\n",
            Status.RACE,
            "data race: f line 3",
        ),
    ],
)
def test_sanitizer_reports_become_one_line(text, status, piece):
    found = parse_sanitizer_report(text)
    assert found is not None and found[0] is status and piece in found[1]


def test_no_report_is_no_finding():
    assert parse_sanitizer_report("hello\n") is None
