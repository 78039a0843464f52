"""What makes a cold verdict cheap: compiles in few units, nothing compiled that will not be run,
and the benchmark that shows it.
"""

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import verify_throughput

from coevolve.cli.verify import PORTION, Judging, answer_rows, split_into_portions
from coevolve.verification.engine import Engine, Pair, VerifyConfig, verify
from corpora.records import Program
from gpu_runtime.backend import Variant
from gpu_runtime.emulation.backend import EmulatedBackend


class Recording(EmulatedBackend):
    """Remembers what it was asked to compile."""

    def __init__(self, cache):
        super().__init__(cache)
        self.asked: list[list] = []

    def compile(self, requests):
        self.asked.append(list(requests))
        return super().compile(requests)


def source(k):
    return Program(
        "cpp",
        "f",
        f"void f(int n, float *x) {{ for (int i = 0; i < n; ++i) x[i] = x[i] * {k} + i; }}",
    )


def test_verdicts_find_everything_compiled_ahead(tmp_path):
    backend = Recording(tmp_path)
    engine = Engine(backend, VerifyConfig(tests=4, mutants=3), tmp_path)
    pairs = [
        Pair(
            source(k),
            Program(
                "cuda",
                "f",
                f"__global__ void f(int n, float *x) {{ int i = threadIdx.x + blockIdx.x * "
                f"blockDim.x; "
                f"if (i < n) x[i] = x[i] * {k} + i; }}",
            ),
        )
        for k in (2, 3)
    ]
    engine.prepare(pairs)
    ahead = {r for asked in backend.asked for r in asked}
    assert len(backend.asked) == 2
    backend.asked.clear()
    assert all(engine.verify(pair).equivalent for pair in pairs)
    later = {r for asked in backend.asked for r in asked}
    assert later <= ahead, [(r.variant, r.program.dialect) for r in later - ahead]
    assert {r.variant for r in ahead} >= {
        Variant.DRAFT,
        Variant.SANITIZED,
        Variant.PRECISE,
        Variant.REASSOCIATED,
    }
    engine.close()


def test_a_source_that_does_not_compile_is_compiled_in_one_variant_only(tmp_path):
    backend = Recording(tmp_path)
    engine = Engine(backend, VerifyConfig(mutants=3), tmp_path)
    broken = Program(
        "cpp", "f", "void f(int n, float *x) { for (int i = 0; i < n; ++i) x[i] = y[i]; }"
    )
    engine.prepare_sources([broken, source(5)])
    assert [r.variant for asked in backend.asked for r in asked if r.program.id == broken.id] == [
        Variant.PLAIN
    ]
    engine.close()


def test_no_suite_is_prepared_for_a_target_that_cannot_be_called(tmp_path):
    backend = Recording(tmp_path)
    engine = Engine(backend, VerifyConfig(mutants=3), tmp_path)
    other = Program("cuda", "f", "__global__ void f(int n, double *x, int more, int and_more) { }")
    engine.prepare([Pair(source(7), other)])
    assert [(r.program.dialect, r.variant) for asked in backend.asked for r in asked] == [
        ("cpp", Variant.PLAIN)
    ]
    assert not engine.verify(Pair(source(7), other)).equivalent
    engine.close()


def test_rows_are_shared_out_in_order(tmp_path):
    from coevolve.cli import verify as verify_command

    unseen = source(time.time_ns() % 1_000_003).text  # no cache knows its verdict
    rows = [
        json.dumps(
            {
                "id": str(k),
                "source_dialect": "cpp",
                "source": unseen,
                "target_dialect": "cpp",
                "target": unseen,
            }
        )
        for k in range(5)
    ]
    assert verify(source(9), source(9), backend="emulated")  # its runners are this process's
    answers = list(verify_command._answers(rows, 1, Judging("emulated"), 2))
    assert [a["id"] for part in answers for a in part] == ["1", "2", "3", "4"]
    assert len(answers) == 2
    assert [a["detail"] for part in answers for a in part if not a["equivalent"]] == []
    assert answer_rows([(1, rows[0])], Judging("emulated"))[0]["id"] == "0"


def test_a_dear_row_at_the_end_does_not_hold_a_whole_chunk(monkeypatch):
    """What one worker compiled is answered by all, in small portions, and still comes out
    in order.
    """
    from coevolve.cli import verify as verify_command

    by: dict[int, str] = {}

    def answer(rows, backend):
        time.sleep(0.3 if rows[0][0] == 1 else 0.001)
        by.update({number: threading.current_thread().name for number, _ in rows})
        return [{"id": number} for number, _ in rows]

    monkeypatch.setattr(verify_command, "prepare_rows", lambda rows, backend: time.sleep(0.01))
    monkeypatch.setattr(verify_command, "answer_rows", answer)
    chunks = [[(number, "") for number in range(first, first + 40)] for first in range(1, 201, 40)]
    with ThreadPoolExecutor(2) as pool:
        told = [
            row["id"]
            for part in verify_command._run_in_processes(pool, chunks, "", 2)
            for row in part
        ]
    assert told == list(range(1, 201))
    assert sum(name == by[1] for name in by.values()) < 100, "the other worker waited"


def test_rows_of_one_source_stay_together():
    rows = [(k, json.dumps({"source": "abc"[k // 9]})) for k in range(27)]
    assert [len(part) for part in split_into_portions(rows)] == [9, 9, 9]
    assert [len(part) for part in split_into_portions([(k, "torn") for k in range(14)])] == [
        PORTION,
        PORTION,
        PORTION,
        2,
    ]
    assert (
        max(
            len(part)
            for part in split_into_portions([(k, json.dumps({"source": "a"})) for k in range(500)])
        )
        == 8 * PORTION
    )


def test_the_benchmark_says_what_is_missing(tmp_path, capsys):
    assert verify_throughput.main([str(tmp_path)]) == 2
    assert "cpp.para.valid.tok is not there" in capsys.readouterr().err


def test_the_benchmark_counts_runners_and_compilers(tmp_path):
    serial, kernel = (
        "void f ( int n , int * x ) { for ( int i = 0 ; i < n ; i ++ ) x [ i ] += 1 ; }",
        (
            "__global__ void f ( int n , int * x ) { int i = blockIdx . x * blockDim . x + "
            "threadIdx . x ; if ( i < n ) x [ i ] += 1 ; }"
        ),
    )
    (tmp_path / "cpp.para.valid.tok").write_text(serial + "\n")
    (tmp_path / "cuda.para.valid.tok").write_text(kernel + "\n")
    cost = verify_throughput.measured("cold", tmp_path / "cache", tmp_path, 1, 0)
    warm = verify_throughput.measured("warm", tmp_path / "cache", tmp_path, 1, 0)
    assert cost.outcomes == {"EQUIVALENT": 1} and cost.pairs == 1
    assert warm.cpu_s < cost.cpu_s / 2
