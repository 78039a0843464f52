"""Headers that programs include, with and without need: none may be the reason for a verdict but
those that the wall names.
"""

import pytest

from coevolve.verification.engine import Engine, Pair, VerifyConfig
from corpora.records import Outcome, Program
from gpu_runtime.compile.headers import CUDA, CUDA_PARTS, GENERATED, UNREAD

SOURCE = Program(
    "cpp",
    "scale",
    "void scale(int n, float a, float *x) { for (int i = 0; i < n; ++i) x[i] = a * x[i]; }",
)


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    made = Engine("emulated", VerifyConfig(tests=8, mutants=0), tmp_path_factory.mktemp("verdicts"))
    yield made
    made.close()


SCALE = (
    "__global__ void k(int n, float a, float *x) {{ int i = blockIdx.x * blockDim.x + "
    "threadIdx.x; if (i < n) x[i] = {} * x[i]; }}\n"
)
ALL_HEADERS = (
    "vector array string complex functional tuple memory map set queue iostream "
    "algorithm numeric type_traits cuda_fp16.h stdexcept"
).split()
HOSTS = {
    "needs none": "void scale(int n, float a, float *x) {{ float *d; cudaMalloc(&d, n * "
    "sizeof(float)); {} k<<<n / 64 + 1, 64>>>(n, a, d); {} }}".format(
        "cudaMemcpy(d, x, n * sizeof(float), cudaMemcpyHostToDevice);",
        "cudaMemcpy(x, d, n * sizeof(float), cudaMemcpyDeviceToHost);",
    ),
    "vector": "void scale(int n, float a, float *x) {{ std::vector<float> v(x, x + n); float "
    "*d; cudaMalloc(&d, n * sizeof(float)); {} k<<<n / 64 + 1, 64>>>(n, a, d); {} "
    "std::copy(v.begin(), v.end(), x); }}".format(
        "cudaMemcpy(d, v.data(), n * sizeof(float), cudaMemcpyHostToDevice);",
        "cudaMemcpy(v.data(), d, n * sizeof(float), cudaMemcpyDeviceToHost);",
    ),
}


@pytest.mark.parametrize("host", sorted(HOSTS))
@pytest.mark.parametrize(
    ("factor", "outcome"),
    [
        ("fminf(a, max(a, a + 0 * i))", Outcome.EQUIVALENT),
        ("exp10f(a)", Outcome.MISMATCH),
        ("__expf(a)", Outcome.MISMATCH),
    ],
)
def test_device_programs_may_include_and_use_the_standard_library(engine, host, factor, outcome):
    """Where the prelude has no stand-in for a header the whole program did not compile, whether it
    used the header or not.
    """
    text = (
        "".join(f"#include <{name}>\n" for name in ALL_HEADERS) + SCALE.format(factor) + HOSTS[host]
    )
    assert engine.verify(Pair(SOURCE, Program("cuda", "scale", text))).outcome is outcome


@pytest.mark.parametrize(
    "head",
    [
        "#include <iostream>\n#include <vector>\n",
        "#include <string>\n#include <iostream>\nusing namespace std;\n",
    ],
)
def test_a_program_with_streams_and_more_is_judged(engine, head):
    """It could not be linked: <iostream> wants a name of start files."""
    text = (
        head
        + "void scale(int n, float a, float *x) { for (int i = 0; i < n; ++i) x[i] = a * x[i]; "
        "std::cout << n << std::endl; }"
    )
    source = Program("cpp", "scale", text)
    assert engine.verify(Pair(source, source)).outcome is Outcome.EQUIVALENT
    assert (
        engine.verify(Pair(source, Program("cpp", "scale", text.replace("a * x", "2 * x")))).outcome
        is Outcome.MISMATCH
    )


def scaled(target):
    """SOURCE's translation."""
    if target == "cuda":
        return SCALE.format("a") + HOSTS["needs none"]
    return (
        SOURCE.text.replace("{ for", "{\n#pragma omp parallel for\nfor")
        if target == "openmp"
        else SOURCE.text
    )


@pytest.mark.parametrize("target", ["cpp", "openmp", "cuda"])
def test_headers_that_are_included_without_need_are_passed_over(engine, target):
    """A model's `#include <chrono>` left its port without a verdict."""
    head = "".join(f"#include <{name}>\n" for name in UNREAD)
    assert (
        engine.verify(Pair(SOURCE, Program(target, "scale", head + scaled(target)))).outcome
        is Outcome.EQUIVALENT
    )
    used = engine.verify(
        Pair(
            SOURCE,
            Program("cpp", "scale", head + SOURCE.text.replace("{ for", "{ std::mutex m; for")),
        )
    )
    assert used.outcome is Outcome.REFUSED and "<mutex>" in used.detail


@pytest.mark.parametrize("target", ["cpp", "openmp", "cuda"])
def test_what_the_wall_lets_through_compiles(engine, target):
    """`#include <stdexcept>` was no reason to refuse a port, and then none could be compiled with
    it.
    """
    head = "".join(
        f"#include <{name}>\n"
        for name in sorted(GENERATED)
        if target == "cuda" or not of_cuda(name)
    )
    found = engine.verify(Pair(SOURCE, Program(target, "scale", head + scaled(target))))
    assert found.outcome is Outcome.EQUIVALENT, found.detail


def of_cuda(name):
    return name in CUDA or name in CUDA_PARTS or name.startswith(("cuda", "cuC", "cooperative"))


@pytest.mark.parametrize("name", ["stdexcept", "new", "cctype", "errno.h"])
@pytest.mark.parametrize("target", ["cpp", "openmp"])
def test_a_header_alone_is_no_reason_for_a_verdict(engine, name, target):
    found = engine.verify(
        Pair(SOURCE, Program(target, "scale", f"#include <{name}>\n" + scaled(target)))
    )
    assert found.outcome is Outcome.EQUIVALENT, found.detail


TURNED = Program(
    "cpp",
    "turn",
    """#include <complex>
void turn(int n, std::complex<float> a, const std::complex<float> *x, std::complex<float> *y, \
float *m) {
for (int i = 0; i < n; i++) { y[i] = a * x[i] + y[i] / std::complex<float>(2.0f, 1.0f); \
m[i] = std::abs(x[i]); } }""",
)
TURN = """#include <cuComplex.h>
__global__ void turn(int n, cuComplex a, const cuFloatComplex *x, cuFloatComplex *y, float *m) {{ \
int i = blockIdx.x * blockDim.x + threadIdx.x;
if (i < n) {{ y[i] = cuCaddf(cuCmulf(a, {}), cuCdivf(y[i], make_cuFloatComplex(2.0f, 1.0f))); \
m[i] = cuCabsf(x[i]); }} }}"""
OWN = """__device__ float2 cuCmulf(float2 a, float2 b) { return make_float2(a.x * b.x - a.y * b.y, \
a.x * b.y + a.y * b.x); }
__global__ void scale(int n, float a, float *x) { int i = blockIdx.x * blockDim.x + threadIdx.x; \
if (i < n) x[i] = cuCmulf(make_float2(a, 0), make_float2(x[i], 0)).x; }"""


@pytest.mark.parametrize("head", ["", "#include <vector>\n"])
@pytest.mark.parametrize(
    ("factor", "outcome"), [("x[i]", Outcome.EQUIVALENT), ("cuConjf(x[i])", Outcome.MISMATCH)]
)
def test_cudas_own_complex_numbers(engine, head, factor, outcome):
    """Every port that used them was without a verdict."""
    assert (
        engine.verify(Pair(TURNED, Program("cuda", "turn", head + TURN.format(factor)))).outcome
        is outcome
    )


def test_a_program_may_have_functions_of_such_a_name(engine):
    assert engine.verify(Pair(SOURCE, Program("cuda", "scale", OWN))).outcome is Outcome.EQUIVALENT
