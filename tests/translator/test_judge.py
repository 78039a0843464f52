import resource
from dataclasses import replace

import pytest

from corpora.records import Blame, Outcome, Program, UnitTestSuite
from corpora.signatures.signature import read_signature
from corpora.suites.unit_tests import parse_suite
from gpu_runtime.backend import Execution, Status
from gpu_runtime.emulation.backend import EmulatedBackend
from tester.validity import validate_suite
from translator.judge import JudgeConfig, compute_batch_time_limit, compute_call_time_limit, judge
from translator.trials.bench import choose_outcome
from translator.trials.cuda import has_grid_stride, keeps_device_variables

SCALE = Program(
    "cpp",
    "scale",
    "void scale(int n, float a, float *x) { for (int i = 0; i < n; ++i) x[i] *= a; }",
)
TESTS = (
    "n=1 a=2.0 x[n]=uniform(1,2)\nn=33 a=-0.5 x[n]=uniform(-1,1)@1\nn=1500 a=3.0 "
    "x[n]=uniform(-1,1)@2"
)
KERNEL = (
    "__global__ void scale(int n, float a, float *x) {{ int i = blockIdx.x * blockDim.x + "
    "threadIdx.x; {} }}"
)


@pytest.fixture(scope="module")
def backend():
    made = EmulatedBackend()
    yield made
    made.close()


@pytest.fixture(scope="module")
def expectations(backend):
    return expected(backend, SCALE, TESTS)


def expected(backend, program, text):
    suite = UnitTestSuite(program.id, parse_suite(text, read_signature(program)), "user")
    found = validate_suite(program, read_signature(program), suite, backend)
    assert found.valid, found.reason
    return found.expectations


def cuda(body):
    return Program("cuda", "scale", KERNEL.format(body))


def test_a_batch_gives_one_verdict_each_in_order(backend, expectations):
    targets = [
        cuda("if (i < n) x[i] *= a;"),
        cuda("syntax error"),
        cuda("if (i < n) x[i] += a;"),
        Program("cuda", "scale", "void other() {}"),
    ]
    verdicts = judge(expectations, targets, backend)
    assert [v.outcome for v in verdicts] == [
        Outcome.EQUIVALENT,
        Outcome.COMPILE_ERROR,
        Outcome.MISMATCH,
        Outcome.COMPILE_ERROR,
    ]
    assert [v.target_id for v in verdicts] == [t.id for t in targets]
    assert (
        verdicts[0].launch
        and verdicts[2].test_index == 0
        and verdicts[2].buffer == "x"
        and verdicts[2].element == 0
    )


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        ("if (i == 0) for (int k = 0; k < n; ++k) x[k] *= a;", Outcome.EQUIVALENT),
        ("if (i < n && i < 1024) x[i] *= a;", Outcome.MISMATCH),
        ("if (threadIdx.x < n && blockIdx.x == 0) x[threadIdx.x] *= a;", Outcome.MISMATCH),
        ("if (i < n) x[i] = x[(i + 1) % n] * a;", Outcome.RACE),
    ],
)
def test_kernels(backend, expectations, body, outcome):
    (verdict,) = judge(expectations, [cuda(body)], backend)
    assert verdict.outcome is outcome, verdict.detail


def test_work_of_one_thread_is_flagged_and_can_be_forbidden(backend, expectations):
    lazy = cuda("if (i == 0) for (int k = 0; k < n; ++k) x[k] *= a;")
    assert judge(expectations, [lazy], backend)[0].serial
    (verdict,) = judge(expectations, [lazy], backend, JudgeConfig(require_parallel=True))
    assert verdict.outcome is Outcome.REFUSED and "serial" in verdict.detail
    assert not judge(expectations, [cuda("if (i < n) x[i] *= a;")], backend)[0].serial


STRIDE = "for (int k = i; k < n; k += blockDim.x * gridDim.x) {}"


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        (STRIDE.format("x[k] *= a;"), Outcome.EQUIVALENT),
        (STRIDE.format("{ x[k] *= a; a = a > 0 ? 1 : a; }"), Outcome.MISMATCH),
    ],
)
def test_a_loop_over_the_grid_is_right_on_any_grid(backend, expectations, body, outcome):
    assert judge(expectations, [cuda(body)], backend)[0].outcome is outcome


@pytest.mark.parametrize(
    ("text", "any_grid"),
    [
        (
            "int i = blockIdx.x * blockDim.x + threadIdx.x, s = gridDim.x * blockDim.x; for (; "
            "i < n; i += s) y[i] = x[i];",
            True,
        ),
        ("for (int r = blockIdx.x; r < n; r += gridDim.x) y[r] = x[r];", True),
        ("for (int r = blockIdx.x; r < n; r += gridDim.x) s += x[r]; y[blockIdx.x] = s;", False),
        (
            "int i = threadIdx.x + blockIdx.x * blockDim.x; if (i < n) y[i] = x[i] * gridDim.x;",
            False,
        ),
        (
            "int b = blockIdx.x, i = threadIdx.x + blockIdx.x * blockDim.x; for (; i < n; i += "
            "blockDim.x * gridDim.x) s += x[i]; y[b] = s;",
            False,
        ),
        (
            "#define TID (blockIdx.x * blockDim.x + threadIdx.x)\n#define ALL (gridDim.x * \\\n"
            "blockDim.x)\nfor (int i = TID; i < n; i += ALL) /* y[blockIdx.x] */ y[i] = x[i];",
            True,
        ),
        (
            "unsigned used = blockIdx.x * blockDim.x + threadIdx.x; while (used < n) { y[used] = "
            "x[used]; used += (unsigned)(gridDim.x) * blockDim.x; }",
            True,
        ),
        (
            "int b = blockIdx.x; for (int i = b * blockDim.x + threadIdx.x; i < n; i += gridDim.x "
            "* blockDim.x) { s += x[i]; } if (b == 1) y[1] = s;",
            False,
        ),
        (
            "// gridDim.x\nint i = blockIdx.x * blockDim.x + threadIdx.x; for (int k = 0; k < n; k "
            "+= 2) y[i] += x[k];",
            False,
        ),
        (
            "int i = blockIdx.x * 64 + threadIdx.x; y[i + 64 * gridDim.x] = x[i]; for (; i < n; i "
            "+= gridDim.x * 64) y[i] = x[i];",
            False,
        ),
    ],
)
def test_what_is_for_any_grid(text, any_grid):
    kernel = f"__global__ void f(int n, float *x, float *y) {{\n{text}\n}}"
    assert has_grid_stride(kernel, "f") is any_grid


@pytest.mark.parametrize(
    ("variable", "kept"),
    [
        ("__device__ int calls;", True),
        ("/* __device__ int calls; */", False),
        ("__device__ int next(int k) { return k + 1; }", False),
        ("__constant__ int calls;", False),
    ],
)
def test_device_variables_that_outlive_a_call(variable, kept):
    text = f"{variable}\n__global__ void k(int *x) {{ }}\nvoid f(int *x) {{ k<<<1, 1>>>(x); }}"
    assert keeps_device_variables(text) is kept


def test_one_block_is_no_translation_of_any_size(backend, expectations):
    (verdict,) = judge(
        expectations,
        [
            Program(
                "cuda",
                "scale",
                KERNEL.format("")
                .replace("blockIdx.x * blockDim.x + ", "")
                .replace("{ ", "{ x[threadIdx.x] *= a; "),
            )
        ],
        backend,
    )
    assert (
        verdict.outcome is Outcome.RUNTIME_ERROR
        and verdict.test_index == 2
        and "launch" in verdict.detail
    )


def test_openmp_is_run_on_several_teams_and_by_a_race_detector(backend, expectations):
    loop = "void scale(int n, float a, float *x) {{\n{}\nfor (int i = 0; i < n; ++i) x[i] *= a; }}"
    racy = (
        "void scale(int n, float a, float *x) { float t;\n#pragma omp parallel for\nfor (int "
        "i = 0; i < n; ++i) { t = x[i] * a; x[i] = t; } }"
    )
    one = (
        "void scale(int n, float a, float *x) {\n#pragma omp parallel for num_threads(1)\nfor "
        "(int i = 0; i < n; ++i) x[i] *= a; }"
    )
    queue = loop.format("#pragma omp parallel for schedule(dynamic, 4096)")
    targets = [
        Program("openmp", "scale", t)
        for t in (loop.format("#pragma omp parallel for"), racy, one, queue)
    ]
    right, race, serial, queued = judge(expectations, targets, backend)
    assert queued.outcome is Outcome.EQUIVALENT and not queued.serial
    assert (
        right.outcome is Outcome.EQUIVALENT
        and not right.serial
        and right.backend.startswith("openmp")
    )
    assert race.outcome is Outcome.RACE and race.detail
    assert serial.outcome is Outcome.EQUIVALENT and serial.serial


def test_serial_targets_are_sanitized(backend, expectations):
    stray = (
        "void scale(int n, float a, float *x) { float t[8]; for (int i = 0; i < n; ++i) { "
        "t[i & 15] = a; x[i] *= a; } }"
    )
    (verdict,) = judge(expectations, [Program("cpp", "scale", stray)], backend)
    assert (
        verdict.outcome in (Outcome.MEMORY_ERROR, Outcome.RUNTIME_ERROR, Outcome.MISMATCH)
        and verdict.blame is Blame.TARGET
    )


def test_a_lost_result_is_a_mismatch_unless_it_is_constant(backend):
    count = Program(
        "cpp",
        "f",
        "int f(int n, float *x) { int c = 0; for (int i = 0; i < n; ++i) { x[i] += 1; c += "
        "x[i] > 1; } return c; }",
    )
    kernel = (
        "__global__ void f(int n, float *x) { int i = blockIdx.x * blockDim.x + "
        "threadIdx.x; if (i < n) x[i] += 1; }"
    )
    text = "n=4 x[n]=uniform(-1,1)\nn=40 x[n]=uniform(-1,1)@1"
    (verdict,) = judge(expected(backend, count, text), [Program("cuda", "f", kernel)], backend)
    assert verdict.outcome is Outcome.MISMATCH and "returns nothing" in verdict.detail
    always = replace(count, text=count.text.replace("return c", "return 1"))
    (verdict,) = judge(expected(backend, always, text), [Program("cuda", "f", kernel)], backend)
    assert verdict.outcome is Outcome.EQUIVALENT


def test_refused_before_it_is_compiled(backend, expectations):
    (verdict,) = judge(
        expectations,
        [
            Program(
                "cpp", "scale", '#include "/etc/passwd"\nvoid scale(int n, float a, float *x) { }'
            )
        ],
        backend,
    )
    assert verdict.outcome is Outcome.REFUSED and verdict.equivalent is None


@pytest.mark.parametrize(
    ("status", "detail", "outcome"),
    [
        (
            Status.SANITIZER,
            "line 1: signed integer overflow: 1 + 2147483647",
            Outcome.RUNTIME_ERROR,
        ),
        (Status.SANITIZER, "heap-buffer-overflow on address", Outcome.MEMORY_ERROR),
        (
            Status.SANITIZER,
            "line 3: index 9 out of bounds for type 'float [4]'",
            Outcome.MEMORY_ERROR,
        ),
        (Status.SIGNAL, "SIGSEGV: invalid write", Outcome.MEMORY_ERROR),
        (Status.SIGNAL, "SIGFPE", Outcome.RUNTIME_ERROR),
        (Status.UNINITIALISED, "", Outcome.MEMORY_ERROR),
        (Status.EARLY_EXIT, "", Outcome.RUNTIME_ERROR),
    ],
)
def test_what_a_status_means(status, detail, outcome):
    assert choose_outcome(Execution(status, detail)) is outcome


SIMD = """subroutine f(n, a, b)
  integer, intent(in) :: n
  real, intent(in) :: a(n)
  real, intent(inout) :: b(n)
  integer :: i
  %s
  do i = 1, n
    b(i) = b(i) + a(i)
  end do
end subroutine"""


def test_empty_loops_are_no_race(backend):
    """gfortran writes the index of an empty simd loop from every thread."""
    checked = expected(
        backend,
        Program("fortran", "f", SIMD % ""),
        "n=0 a[1]={1} b[1]={2}\nn=100 a[n]=uniform(-1,1) b[n]=uniform(-1,1)",
    )
    right = Program("openmp-fortran", "f", SIMD % "!$omp parallel do simd")
    wrong = Program(
        "openmp-fortran", "f", (SIMD % "!$omp parallel do").replace("b(i) = b(i)", "b(1) = b(1)")
    )
    found = judge(checked, [right, wrong], backend)
    assert found[0].outcome is Outcome.EQUIVALENT, found[0].detail
    assert found[1].outcome in (Outcome.RACE, Outcome.MISMATCH)


def test_what_a_library_writes_gets_an_error_bar(backend):
    """gfortran's matmul is not instrumented: its output must not pass for one that is never
    written.
    """
    text = (
        "subroutine f(n, a, b, c)\n integer, intent(in) :: n\n real(8), intent(in) :: "
        "a(n,n), b(n,n)\n real(8), intent(out) :: c(n,n)\n c(:,:) = matmul(a, b)\nend "
        "subroutine"
    )
    loop = (
        "void f(int n, const double *a, const double *b, double *c) { for (int j = 0; j < n; "
        "j++) for (int i = 0; i < n; i++) { double s = 0; for (int k = n; k-- > 0;) s += a[k "
        "* n + i] * b[j * n + k]; c[j * n + i] = s; } }"
    )
    checked = expected(
        backend,
        Program("fortran", "f", text),
        "n=40 a[n*n]=uniform(0,1) b[n*n]=uniform(0,1) c[n*n]=constant(0)",
    )
    (verdict,) = judge(checked, [Program("cpp", "f", loop)], backend)
    assert verdict.outcome is Outcome.EQUIVALENT, verdict.detail


def test_findings_name_the_parameter(backend, expectations):
    past, racy = judge(
        expectations, [cuda("if (i <= n) x[i] *= a;"), cuda("if (i < n) x[0] *= a;")], backend
    )
    assert past.outcome is Outcome.MEMORY_ERROR and "x[1]" in past.detail
    assert racy.outcome is Outcome.RACE and "x[0]" in racy.detail


@pytest.mark.parametrize(
    ("own_s", "allowed"), [(0.0, 3.0), (0.1, 20.0), (0.5, 100.0), (2.0, 120.0), (30.0, 600.0)]
)
def test_a_target_that_never_ends_is_not_waited_for_for_hours(own_s, allowed):
    """An emulated source of a second a test used to allow its target three quarters of an hour a
    batch.
    """
    assert compute_batch_time_limit(JudgeConfig(), own_s) == allowed


ENDLESS = (
    "for (;;) if (i < n) x[i] *= a;",
    "for (int k = i; k < n; k += 0) x[k] *= a;",
    "float s = 0; for (long k = 0; k < 40000000000L; k++) s += k; if (i < n) x[i] *= a + 0 * s;",
)


def test_what_never_ends_is_not_waited_for_again_and_again(expectations):
    """Each used to cost 3 s of CPU time under each of two launch plans, 18 s in all."""
    backend = EmulatedBackend()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    verdicts = judge(expectations, [cuda(body) for body in ENDLESS], backend)
    backend.close()  # what its runners used is then accounted to us
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert [v.outcome for v in verdicts] == [Outcome.TIMEOUT] * 3
    assert after.ru_utime - before.ru_utime < 5


def test_a_dear_test_has_more_time_than_a_small_one(expectations):
    times = compute_call_time_limit(
        JudgeConfig(), replace(expectations, tests_ms=(0.01, 2.0, 50.0))
    )
    assert times == (1.0, 1.0, 10.0)
