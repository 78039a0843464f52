import json
import re
import time
from pathlib import Path

import pytest

from coevolve.cli import main as cli
from coevolve.verification.engine import Engine, Pair, VerifyConfig, verify_many
from coevolve.verification.explain import summarize_verdict
from corpora.records import Blame, Outcome, Program, UnitTestSuite
from corpora.suites.reader import SuiteError

AXPY = Program(
    "cpp",
    "axpy",
    "void axpy(int n, float a, const float *x, float *y) { for (int i = 0; i < n; ++i) "
    "y[i] += a * x[i]; }",
)
DOT = Program(
    "cpp",
    "dot",
    "float dot(int n, const float *x, const float *y) { float s = 0; for (int i = 0; i < "
    "n; ++i) s += x[i] * y[i]; return s; }",
)
KERNEL = (
    "__global__ void axpy(int n, float a, const float *x, float *y) { int i = blockIdx.x * "
    "blockDim.x + threadIdx.x; %s }"
)
OMP_DOT = (
    "float dot(int n, const float *x, const float *y) { float s = 0;\n#pragma omp "
    "parallel for %s\nfor (int i = 0; i < n; ++i) s += x[i] * y[i]; return s; }"
)
SMALL = VerifyConfig(tests=8, mutants=0)


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    made = Engine("emulated", SMALL, tmp_path_factory.mktemp("verdicts"))
    yield made
    made.close()


@pytest.mark.parametrize(
    ("source", "target", "outcome"),
    [
        (AXPY, ("cuda", KERNEL % "if (i < n) y[i] += a * x[i];"), Outcome.EQUIVALENT),
        (AXPY, ("cuda", KERNEL % "if (i < n - 1) y[i] += a * x[i];"), Outcome.MISMATCH),
        (AXPY, ("cuda", KERNEL % "if (i <= n) y[i] += a * x[i];"), Outcome.MEMORY_ERROR),
        (AXPY, ("cuda", KERNEL % ""), Outcome.MISMATCH),
        (AXPY, ("cuda", KERNEL % "if (i < n) y[0] += a * x[i];"), Outcome.RACE),
        (AXPY, ("cuda", KERNEL % "if (i < n) y[i] += a * x[i]"), Outcome.COMPILE_ERROR),
        (AXPY, ("cuda", KERNEL % "while (i < n) { }"), Outcome.TIMEOUT),
        (
            AXPY,
            ("cuda", (KERNEL % "if (i < n) y[i] += a * x[i];").replace("int n,", "int n, int m,")),
            Outcome.COMPILE_ERROR,
        ),
        (DOT, ("openmp", OMP_DOT % "reduction(+:s)"), Outcome.EQUIVALENT),
        (DOT, ("openmp", OMP_DOT % ""), Outcome.RACE),
        (
            DOT,
            (
                "fortran",
                "real function dot(n, x, y)\n integer, intent(in) :: n\n real, intent(in) :: "
                "x(n), y(n)\n dot = dot_product(x, y)\nend function",
            ),
            Outcome.EQUIVALENT,
        ),
        (
            DOT,
            (
                "fortran",
                "real function dot(n, x, y)\n integer, intent(in) :: n\n real, intent(in) :: "
                "x(n), y(n)\n dot = sum(x)\nend function",
            ),
            Outcome.MISMATCH,
        ),
    ],
)
def test_verdicts(engine, source, target, outcome):
    verdict = engine.verify(Pair(source, Program(target[0], source.name, target[1])))
    assert verdict.outcome is outcome, verdict.detail
    assert verdict.blame is (Blame.NOBODY if outcome is Outcome.EQUIVALENT else Blame.TARGET)
    assert verdict.detail
    if outcome is Outcome.MISMATCH:
        assert verdict.test_index >= 0 and verdict.buffer and verdict.expected != verdict.actual


@pytest.mark.parametrize(
    ("launch", "outcome"),
    [
        ("<<<(n + 63) / 64, 64>>>", Outcome.EQUIVALENT),
        ("<<<(n + 127) / 128, 128>>>", Outcome.RACE),  # the kernel counts 64 to a block
        ("<<<n / 64, 64>>>", Outcome.RUNTIME_ERROR),
        ("<<<n / 64 + 1, 32>>>", Outcome.MISMATCH),
    ],
)
def test_a_kernel_is_judged_under_the_launch_that_its_text_says(engine, launch, outcome):
    """Under one that was found for it a launcher with too few blocks passed beside it, and one of
    the only right size did not.
    """
    kernel = (
        "__global__ void axpy(int n, float a, const float *x, float *y) { int i = "
        "blockIdx.x * 64 + threadIdx.x; if (i < n) y[i] += a * x[i]; }\n"
    )
    text = (
        kernel
        + f"void launch_axpy(int n, float a, const float *x, float *y) {{ axpy{launch}(n, a, x, "
        f"y); }}"
    )
    assert engine.verify(Pair(AXPY, Program("cuda", "axpy", text))).outcome is outcome


@pytest.mark.parametrize("wrong", ["x[i] == 8", "x[i] >= 7", "x[i] == 7 && i > 0"])
def test_a_search_for_another_number_is_not_equivalent(engine, wrong):
    right = Program(
        "cpp",
        "find",
        "int find(int n, const int *x) { for (int i = 0; i < n; ++i) if (x[i] == 7) return i; "
        "return -1; }",
    )
    assert (
        engine.verify(
            Pair(right, Program("cpp", "find", right.text.replace("x[i] == 7", wrong)))
        ).outcome
        is Outcome.MISMATCH
    )


TIMED = (
    "double fill(float *x, int n) {{ double t = -omp_get_wtime(); {} t += omp_get_wtime(); "
    "return t; }}"
)
FILL = "for (int i = 0; i < n; ++i) x[i] = i;"


@pytest.mark.parametrize(
    ("loop", "outcome"),
    [(FILL, Outcome.EQUIVALENT), (FILL.replace("= i;", "= i + 1;"), Outcome.MISMATCH)],
)
@pytest.mark.parametrize(
    "head", ["", "#include <omp.h>\n", "#include <omp.h>\n#include <vector>\n"]
)
def test_a_function_that_takes_the_time_is_judged_by_the_rest(engine, head, loop, outcome):
    """The source did not compile, serial programs having no OpenMP, or gave another result every
    time.
    """
    source = Program("cpp", "fill", head + TIMED.format(FILL))
    parallel = Program("openmp", "fill", head + TIMED.format("\n#pragma omp parallel for\n" + loop))
    assert engine.verify(Pair(source, parallel)).outcome is outcome
    kernel = (
        "__global__ void k(float *x, int n) { int i = blockIdx.x * blockDim.x + threadIdx.x; "
        "if (i < n) " + loop.partition(") ")[2] + " }\n"
    )
    host = (
        "float *d; cudaMalloc(&d, n * sizeof(float)); k<<<n / 256 + 1, 256>>>(d, n); "
        "cudaMemcpy(x, d, n * sizeof(float), cudaMemcpyDeviceToHost);"
    )
    assert (
        engine.verify(
            Pair(source, Program("cuda", "fill", head + kernel + TIMED.format(host)))
        ).outcome
        is outcome
    )


@pytest.mark.parametrize("head", ["", "#include <omp.h>\n"])
def test_a_program_without_openmp_is_one_thread(engine, head):
    """A device program with that header could not be loaded, a serial one not compiled."""
    loop = "for (int i = 0; i < n; ++i) x[i] = {};"
    asks = (
        head + "int fill(float *x, int n) {{ int t = omp_get_max_threads() + omp_get_thread_num(); "
        "{} return t; }}"
    )
    kernel = (
        "__global__ void k(float *x, int n, int t) { int i = blockIdx.x * blockDim.x + "
        "threadIdx.x; if (i < n) x[i] = t; }\n"
    )
    host = (
        "float *d; cudaMalloc(&d, n * sizeof(float)); k<<<n / 256 + 1, 256>>>(d, n, t); "
        "cudaMemcpy(x, d, n * sizeof(float), cudaMemcpyDeviceToHost);"
    )
    source, target = (
        Program("cpp", "fill", asks.format(loop.format("1"))),
        Program("cuda", "fill", kernel + asks.format(host)),
    )
    assert engine.verify(Pair(source, target)).outcome is Outcome.EQUIVALENT
    assert (
        engine.verify(
            Pair(source, Program("cuda", "fill", target.text.replace("+ omp", "- 1 + omp")))
        ).outcome
        is Outcome.MISMATCH
    )


def test_a_bare_kernel_can_be_the_source(engine):
    kernel = Program("cuda", "axpy", KERNEL % "if (i < n) y[i] += a * x[i];")
    verdict = engine.verify(Pair(kernel, AXPY))
    assert verdict.outcome is Outcome.EQUIVALENT, verdict.detail
    wrong = Program("cpp", "axpy", AXPY.text.replace("+=", "="))
    assert engine.verify(Pair(kernel, wrong)).outcome is Outcome.MISMATCH


def test_suites_given_as_text(engine):
    target = Program("cuda", "axpy", KERNEL % "if (i < n) y[i] += a * x[i];")
    assert (
        engine.verify(Pair(AXPY, target, "n=4 a=2.0 x[n]={1,2,3,4} y[n]=constant(1)")).outcome
        is Outcome.EQUIVALENT
    )
    short = engine.verify(Pair(AXPY, target, "n=4 a=2.0 x[3]={1,2,3} y[n]=constant(1)"))
    assert (
        short.outcome is Outcome.INVALID_SUITE
        and short.blame is Blame.SUITE
        and short.equivalent is None
    )
    assert "test 0" in short.detail
    idle = engine.verify(Pair(AXPY, target, "n=0 a=2.0 x[1]={1} y[1]=constant(1)"))
    assert idle.outcome is Outcome.INVALID_SUITE and "changes" in idle.detail
    with pytest.raises(SuiteError, match="1:3"):
        engine.verify(Pair(AXPY, target, "n=oops a=1.0 x[1]={1} y[1]={1}"))


def test_broken_sources_are_blamed(engine):
    target = Program("cuda", "axpy", KERNEL % "")
    broken = engine.verify(
        Pair(Program("cpp", "axpy", AXPY.text.replace("a * x", "b * x")), target)
    )
    assert (
        broken.outcome is Outcome.COMPILE_ERROR
        and broken.blame is Blame.SOURCE
        and broken.equivalent is None
    )


def test_a_cached_verdict_costs_less_than_a_millisecond(engine):
    pair = Pair(AXPY, Program("cuda", "axpy", KERNEL % "if (i < n) y[i] += a * x[i];"))
    first = engine.verify(pair)
    times = []
    for _ in range(20):
        started = time.perf_counter()
        assert engine.verify(pair) == first
        times.append(time.perf_counter() - started)
    assert sorted(times)[10] < 1e-3


def test_strength_is_recorded_and_topped_up(tmp_path):
    engine = Engine("emulated", VerifyConfig(tests=2, mutants=8), tmp_path)
    try:
        verdict = engine.verify(
            Pair(AXPY, Program("cuda", "axpy", KERNEL % "if (i < n) y[i] += a * x[i];"))
        )
        assert verdict.suite_strength is not None and verdict.suite_strength >= 0.9
    finally:
        engine.close()


def run(capsys, *arguments):
    code = cli.main(["verify", *arguments])
    return code, capsys.readouterr()


def test_command(tmp_path, capsys, own_cache):
    (tmp_path / "axpy.cpp").write_text(AXPY.text)
    (tmp_path / "right.cu").write_text(KERNEL % "if (i < n) y[i] += a * x[i];")
    (tmp_path / "wrong.cu").write_text(KERNEL % "if (i < n) y[i] = a * x[i];")
    (tmp_path / "bad.suite").write_text("n=4 a=2.0 x[2]={1,2} y[n]=constant(1)")
    source, right, wrong = (str(tmp_path / name) for name in ("axpy.cpp", "right.cu", "wrong.cu"))
    assert run(capsys, source, right)[0] == 0
    code, out = run(capsys, source, wrong)
    assert code == 1 and "n=1" in out.out and "expected" in out.out and "y[0]" in out.out
    code, out = run(capsys, source, wrong, "--json")
    assert code == 1 and json.loads(out.out)["equivalent"] is False
    assert run(capsys, source, right, "--suite", str(tmp_path / "bad.suite"))[0] == 3
    assert run(capsys, source, str(tmp_path / "none.cu"))[0] == 2
    assert run(capsys, source, right, "--to", "cdua")[0] == 2
    assert run(capsys)[0] == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [("n=4\n## No suite.\n", "a test is a line like"), ("", "the suite has no test")],
)
def test_a_suite_that_is_none_is_named_with_what_tests_look_like(tmp_path, capsys, text, words):
    for name, program in (
        ("axpy.cpp", AXPY.text),
        ("right.cu", KERNEL % "if (i < n) y[i] += a * x[i];"),
        ("notes.md", text),
    ):
        (tmp_path / name).write_text(program)
    code, printed = run(
        capsys,
        str(tmp_path / "axpy.cpp"),
        str(tmp_path / "right.cu"),
        "--suite",
        str(tmp_path / "notes.md"),
    )
    assert (
        code == 2 and f"--suite '{tmp_path / 'notes.md'}', " in printed.err and words in printed.err
    )
    assert len(printed.err.strip().splitlines()) == 1


def test_a_batch_of_which_no_row_can_be_read_is_wrong_use(tmp_path, capsys):
    (tmp_path / "notes.md").write_text("# Notes\nno rows\n")
    for _ in range(2):  # the second finds every row answered
        code, printed = run(
            capsys, "--batch", str(tmp_path / "notes.md"), "--out", str(tmp_path / "out.jsonl")
        )
        assert code == 2 and "2 rows: 2 could not be read; first: line 1: not JSON" in printed.err


@pytest.mark.parametrize(
    ("there", "words"),
    [
        (None, "is read by this very call"),
        ('{"id": "a", "source": "x"}\n', "answers another row"),
        ("my notes, one line", "no answer of a batch"),
    ],
)
def test_a_batch_takes_no_file_of_another_kind_for_its_answers(tmp_path, capsys, there, words):
    rows = tmp_path / "rows.jsonl"
    rows.write_text(
        json.dumps(
            {
                "id": "a",
                "source_dialect": "cpp",
                "source": AXPY.text,
                "target_dialect": "cuda",
                "target": KERNEL % "",
            }
        )
        + "\n"
    )
    out = rows if there is None else tmp_path / "out.jsonl"
    out.write_text(there or rows.read_text())
    before = out.read_text()
    code, printed = run(capsys, "--batch", str(rows), "--out", str(out))
    assert (
        code == 2
        and words in printed.err
        and len(printed.err.strip().splitlines()) == 1
        and out.read_text() == before
    )


def test_batch_is_in_order_resumable_and_survives_bad_rows(tmp_path, capsys, own_cache):
    good = {
        "source_dialect": "cpp",
        "source": AXPY.text,
        "target_dialect": "cuda",
        "target": KERNEL % "if (i < n) y[i] += a * x[i];",
    }
    rows = [
        json.dumps({"id": "a", **good}),
        "not json",
        json.dumps({"id": "c", **good, "target": KERNEL % ""}),
        json.dumps({"id": "d", **good, "suite": "n=oops a=1.0 x[1]={1} y[1]={1}"}),
        json.dumps({"id": "e", **good, "suite": "n=2 a=1.0 x[n]={1,2} y[n]={1,2}"}),
    ]
    pairs, out = tmp_path / "pairs.jsonl", tmp_path / "out.jsonl"
    pairs.write_text("\n".join(rows) + "\n")
    code, printed = run(capsys, "--batch", str(pairs), "--out", str(out))
    assert code == 0 and "5 rows: 1 could not be read; first: line 2: not JSON" in printed.err
    answers = [json.loads(line) for line in out.read_text().splitlines()]
    assert [a["id"] for a in answers] == ["a", None, "c", "d", "e"]
    assert [a["equivalent"] for a in answers] == [True, None, False, None, True]
    assert "1:3" in answers[3]["detail"] and set(answers[0]) == {
        "id",
        "outcome",
        "equivalent",
        "blame",
        "detail",
        "backend",
        "elapsed_ms",
        "suite_strength",
        "evidence",
        "cut",
    }
    whole = out.read_text()
    out.write_text("".join(whole.splitlines(keepends=True)[:2]) + '{"id": "c", "outc')
    code, printed = run(capsys, "--batch", str(pairs), "--out", str(out))
    assert code == 0 and "2 of 5 rows" in printed.err
    assert [json.loads(line)["equivalent"] for line in out.read_text().splitlines()] == [
        True,
        None,
        False,
        None,
        True,
    ]
    out.write_text('{"id": "other"}\n')
    assert run(capsys, "--batch", str(pairs), "--out", str(out))[0] == 2
    assert run(capsys, "--batch", str(pairs))[0] == 2


def test_many_keep_their_order():
    right = Program("cuda", "axpy", KERNEL % "if (i < n) y[i] += a * x[i];")
    wrong = Program("cuda", "axpy", KERNEL % "if (i < n) y[i] -= a * x[i];")
    verdicts = verify_many(
        [Pair(AXPY, right), Pair(AXPY, wrong), Pair(AXPY, right)], "emulated", SMALL
    )
    assert [v.equivalent for v in verdicts] == [True, False, True]


SNIPPET = """//Input case 1:
int n = 3; float a = 2;
float x[] = {1.0, 2.5, -3};
float y[3] = {0};
wrapper(axpy, n, a, x, y);

//Input case 2:
float x[] = {7};
float y[] = {8};
wrapper(axpy, 1, 0.5, x, y);
"""


def test_a_snippet_of_wrapper_calls_is_a_suite(tmp_path, capsys, own_cache):
    files = {
        "axpy.cpp": AXPY.text,
        "snippet.cpp": SNIPPET,
        "right.cu": KERNEL % "if (i < n) y[i] += a * x[i];",
    }
    files |= {
        "wrong.cu": KERNEL % "if (i < n - 1) y[i] += a * x[i];",
        "odd.cpp": SNIPPET.replace("float y[] = {8}", "double y[] = {8}"),
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    source, right, wrong, snippet, odd = (
        str(tmp_path / n) for n in ("axpy.cpp", "right.cu", "wrong.cu", "snippet.cpp", "odd.cpp")
    )
    code, out = run(capsys, source, right, "--suite", snippet)
    assert code == 0 and "2 tests given" in out.out
    code, out = run(capsys, source, wrong, "--suite", snippet)
    assert code == 1 and "y[2] = -6.0" in out.out
    code, out = run(capsys, source, right, "--suite", odd)
    assert code == 2 and "call 2 of wrapper" in out.err and "'y'" in out.err


@pytest.mark.parametrize(
    ("target", "line"),
    [
        (KERNEL % "if (i < n) y[i] += a * x[i];", "equivalent: passed"),
        (KERNEL % "if (i < n - 1) y[i] += a * x[i];", "not equivalent: other values: y[0] is"),
        (
            KERNEL % "if (i < n) y[0] += a * x[i];",
            "not equivalent: the target has a data race: read/write race on y[0]",
        ),
        (
            KERNEL % "if (i < n) y[i] += a * z[i];",
            "not equivalent: the target does not compile: line 1, column",
        ),
        (
            "__global__ void axpy(int n, float b, float c) { }",
            "not equivalent: the target cannot be called like the source: parameter",
        ),
        (KERNEL % 'system("ls");', "undecided: refused without running it: 'system' is called"),
    ],
)
def test_the_first_line_says_it_plainly(engine, target, line):
    verdict = engine.verify(Pair(AXPY, Program("cuda", "axpy", target)))
    assert summarize_verdict(verdict).startswith(line), summarize_verdict(verdict)


def test_a_broken_source_decides_nothing(engine):
    broken = Program("cpp", "axpy", AXPY.text.replace("a * x", "b * x"))
    verdict = engine.verify(Pair(broken, Program("cuda", "axpy", KERNEL % "")))
    assert summarize_verdict(verdict).startswith(
        "undecided: the source cannot be tested: the program does not compile"
    )


def test_suites_read_from_snippets_are_kept_in_bounds(engine, monkeypatch):
    from coevolve.verification import engine as verification

    read = []
    monkeypatch.setattr(verification, "KEPT_SOURCES", 2)
    monkeypatch.setattr(
        verification,
        "_snippet_suite",
        lambda text, *rest: read.append(text) or UnitTestSuite(AXPY.id, ()),
    )
    _ = engine.backend  # started before, so that nothing but reading is left
    for text in "abcaca":
        engine.suite_of(Pair(AXPY, AXPY, f"wrapper({text})"))
    assert [t[8] for t in read] == ["a", "b", "c", "a"]


@pytest.mark.parametrize(
    ("rows", "workers"), [(184, 2), (184, 1), (10, 4), (1, 2), (0, 2), (1000, 3)]
)
def test_every_worker_of_a_batch_gets_as_many_chunks_as_the_others(rows, workers):
    from coevolve.cli.verify import split_into_chunks
    from coevolve.verification.engine import CHUNK

    size = split_into_chunks(rows, workers)
    chunks = -(-rows // size)
    assert 1 <= size <= CHUNK
    assert rows < 2 * workers or chunks % workers == 0


def test_the_documented_library_does_what_the_document_says(own_cache, monkeypatch, capsys):
    text = (Path(__file__).resolve().parents[2] / "docs" / "verify.md").read_text()
    short, code = re.findall(r"```python\n(.*?)```", text, re.S)
    monkeypatch.chdir(Path(__file__).resolve().parents[2] / "corpora" / "builtin" / "blas1")
    found: dict = {}
    exec(short, found)
    assert found["verdict"] and capsys.readouterr().out == "equivalent\n"
    exec(code, found)
    assert found["wrong"].outcome is Outcome.MEMORY_ERROR


def test_a_fault_beyond_a_million_elements_is_seen_on_request(tmp_path):
    source = Program(
        "cpp",
        "scale",
        "void scale(int n, const float *x, float *y) { for (int i = 0; i < n; ++i) y[i] = 2.0f "
        "* x[i]; }",
    )
    wrong = Program(
        "cpp",
        "scale",
        "void scale(int n, const float *x, float *y) { for (int i = 0; i < n && i < 1000000; "
        "++i) y[i] = 2.0f * x[i]; }",
    )
    engine = Engine(config=VerifyConfig(large=True, mutants=0), cache=tmp_path)
    try:
        verdict = engine.verify(Pair(source, wrong))
        assert verdict.outcome is Outcome.MISMATCH and verdict.element == 1000000
        assert engine.verify(Pair(source, source)).outcome is Outcome.EQUIVALENT
    finally:
        engine.close()


def test_tests_at_numbers_of_the_target_are_counted_apart(tmp_path, capsys):
    source, target = tmp_path / "a.cpp", tmp_path / "a.cu"
    source.write_text(
        "void rowmax(int rows, int cols, const double *a, double *m) {\n"
        "  for (int r = 0; r < rows; r++) {\n    double best = 0.0;\n"
        "    for (int c = 0; c < cols; c++) if (a[r * cols + c] > best) best = a[r * cols + c];\n"
        "    m[r] = best;\n  }\n}\n"
    )
    target.write_text(
        "__global__ void rowmax(int rows, int cols, const double *a, double *m) {\n"
        "  __shared__ double part[128];\n  int r = blockIdx.x, t = threadIdx.x;\n"
        "  double best = 0.0;\n"
        "  for (int c = t; c < cols; c += 128)\n"
        "    if (a[r * cols + c] > best) best = a[r * cols + c];\n"
        "  part[t] = best;\n  __syncthreads();\n  for (int s = 64; s > 0; s >>= 1) {\n"
        "    if (t < s && part[t + s] > part[t]) part[t] = part[t + s];\n"
        "    __syncthreads();\n  }\n  if (t == 0) m[r] = part[0];\n}\n"
    )
    assert cli.main(["verify", str(source), str(target)]) == 0
    said = capsys.readouterr().out
    passed, own, aimed = map(int, re.findall(r"(\d+) (?:tests|at numbers)", said)[:3])
    assert passed == own + aimed and aimed > 0, said
