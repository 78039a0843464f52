"""Programs that test whether an array was given are tested without it."""

from __future__ import annotations

import pytest

from coevolve.verification.engine import verify
from corpora.records import Outcome, Program
from corpora.signatures.signature import read_signature
from gpu_runtime.emulation.backend import EmulatedBackend
from tester.generate.null_arrays import find_nullable_arrays
from tester.generate.rules import generate_suite
from tester.generate.source_tree import read_source

MATMUL = """void layer(float *out, const float *inp, const float *weight, const float *bias, \
int B, int C, int OC) {
for (int b = 0; b < B; b++) for (int o = 0; o < OC; o++) {
float val = (bias != NULL) ? bias[o] : 0.0f;
for (int i = 0; i < C; i++) val += inp[b * C + i] * weight[o * C + i];
out[b * OC + o] = val; } }"""
KERNEL = """__global__ void layer(float *out, const float *inp, const float *weight, \
const float *bias, int B, int C, int OC) {{
int b = blockIdx.y * blockDim.y + threadIdx.y, o = blockIdx.x * blockDim.x + threadIdx.x;
if (b < B && o < OC) {{ float val = {0};
for (int i = 0; i < C; i++) val += inp[b * C + i] * weight[o * C + i];
out[b * OC + o] = val; }} }}"""
HOST = """#include <cuda_runtime.h>
__global__ void k(float *out, const float *inp, const float *w, const float *bias, int B, int C, \
int OC) {{
int o = blockIdx.y * blockDim.x + threadIdx.x, b = blockIdx.x;
if (o < OC) {{ float val = bias ? bias[o] : 0.0f; for (int i = 0; i < C; \
i++) val += inp[b * C + i] * w[o * C + i]; out[b * OC + o] = val; }} }}
void layer(float *out, const float *inp, const float *weight, const float *bias, int B, int C, \
int OC) {{
if (B <= 0 || OC <= 0) return;
float *o, *x, *w, *d = nullptr;
cudaMalloc(&o, B * OC * 4); cudaMalloc(&x, B * C * 4 + 4); cudaMalloc(&w, OC * C * 4 + 4);
cudaMemcpy(x, inp, B * C * 4, cudaMemcpyHostToDevice); cudaMemcpy(w, weight, OC * C * 4, \
cudaMemcpyHostToDevice);
{0} {{ cudaMalloc(&d, OC * 4); cudaMemcpy(d, bias, OC * 4, cudaMemcpyHostToDevice); }}
k<<<dim3(B, (OC + 63) / 64), 64>>>(o, x, w, d, B, C, OC);
cudaMemcpy(out, o, B * OC * 4, cudaMemcpyDeviceToHost); cudaFree(o); cudaFree(x); cudaFree(w); \
cudaFree(d); }}"""
GUARDED = """int scale(double *x, int n, double a) {{ {0} for (int i = 0; i < n; \
i++) x[i] *= a; return 0; }}"""


def _suite(text: str):
    program = Program("cpp", "scale" if "scale" in text else "layer", text)
    return generate_suite(program, read_signature(program), EmulatedBackend()).tests


def _asked(body: str) -> list[str]:
    """Arrays of `layer` that a body asks for."""
    text = f"{MATMUL[: MATMUL.index('{')]} {{ {body} }}"
    signature = read_signature(Program("cpp", "layer", MATMUL))
    return find_nullable_arrays(read_source(Program("cpp", "layer", text)), signature)


def _missing(text: str) -> list[tuple[str, ...]]:
    return [
        names
        for test in _suite(text)
        if (names := tuple(a.name for a in test.assignments if getattr(a, "is_null", False)))
    ]


@pytest.mark.parametrize(
    "condition",
    [
        "k = bias != NULL ? 1 : 2;",
        "k = nullptr==bias;",
        "if (!bias) return;",
        "if (bias) x = 1;",
        "k = n && bias && y;",
        "k = (bias ? 1 : 0);",
        "int has = k || bias;",
        "k = bias == (void *)0;",
    ],
)
def test_what_is_asked_for_is_found(condition: str) -> None:
    assert _asked(condition) == ["bias"]


@pytest.mark.parametrize(
    "text",
    [
        "if (!bias[0]) return;",
        "x = bias + 1;",
        "g(bias);",
        "k = a > bias[i] ? 1 : 2;",
        "// bias != NULL ?\n",
        "if (bias[0] == 0) x = 1;",
        "k = !bias->n;",
    ],
)
def test_what_is_not_asked_for_is_not(text: str) -> None:
    assert _asked(text) == []


def test_fortran_asks_with_present() -> None:
    text = (
        "subroutine f(n, x, bias)\n  integer :: n\n  real :: x(n)\n  real, optional :: bias(n)\n"
        "  if (present(bias)) x = x + bias ! present(x)\nend subroutine\n"
    )
    program = Program("fortran", "f", text)
    assert find_nullable_arrays(read_source(program), read_signature(program)) == ["bias"]


def test_an_array_that_may_be_missing_is_left_out() -> None:
    assert _missing(MATMUL) == [("bias",)]
    two = MATMUL.replace("out[b * OC + o] = val", "out[b * OC + o] = weight ? val : 0").replace(
        "inp[b * C + i] * weight", "(!weight ? 1 : weight[0]) * weight"
    )
    assert sorted(
        _missing(two.replace("* weight[o * C + i]", "* (weight ? weight[o * C + i] : 1.0f)"))
    ) == [("bias",), ("weight",), ("weight", "bias")]


def test_a_program_that_returns_at_once_says_nothing_of_its_ports() -> None:
    assert _missing(GUARDED.format("if (x == NULL) return -1;")) == []


@pytest.mark.parametrize(
    ("value", "outcome"),
    [("bias != NULL ? bias[o] : 0.0f", Outcome.EQUIVALENT), ("bias[o]", Outcome.MEMORY_ERROR)],
)
def test_a_kernel_must_ask_too(value: str, outcome: Outcome) -> None:
    assert (
        verify(
            Program("cpp", "layer", MATMUL), Program("cuda", "layer", KERNEL.format(value))
        ).outcome
        is outcome
    )


@pytest.mark.parametrize(("condition", "equivalent"), [("if (bias)", True), ("", False)])
def test_host_code_must_ask_before_it_copies(condition: str, equivalent: bool) -> None:
    found = verify(
        Program("cpp", "layer", MATMUL), Program("cuda", "layer", HOST.format(condition))
    )
    assert (found.outcome is Outcome.EQUIVALENT) is equivalent


@pytest.mark.parametrize(
    ("value", "equivalent"), [("bias != NULL ? bias[o] : 0.0f", True), ("bias[o]", False)]
)
def test_openmp_must_ask_too(value: str, equivalent: bool) -> None:
    text = MATMUL.replace(
        "for (int b", "#pragma omp parallel for collapse(2)\nfor (int b", 1
    ).replace("(bias != NULL) ? bias[o] : 0.0f", value)
    assert (
        verify(Program("cpp", "layer", MATMUL), Program("openmp", "layer", text)).outcome
        is Outcome.EQUIVALENT
    ) is equivalent


OPTIONAL = """subroutine layer(n, x, y, bias)
  integer, intent(in) :: n
  real, intent(in) :: x({0})
  real, intent(out) :: y({0})
  real, intent(in), optional :: bias({0})
  integer :: i
  do i = 1, {1}
    if (present(bias)) then
      y(i) = 2 * x(i) + bias(i)
    else
      y(i) = 2 * x(i)
    end if
  end do
end subroutine"""
ASKED = (
    "__global__ void layer(int n, const float *x, float *y, const float *bias) {{ int i = "
    "blockIdx.x * blockDim.x + threadIdx.x; if (i < n) y[i] = 2 * x[i] + {0}; }}"
)


@pytest.mark.parametrize(
    ("shape", "count"), [("n", "n"), ("*", "n"), ("0:n-1", "n - 1"), (":", "n")]
)
@pytest.mark.parametrize(
    ("value", "equivalent"), [("(bias ? bias[i] : 0)", True), ("bias[i]", False)]
)
def test_optional_arrays_of_fortran_are_left_out(
    shape: str, count: str, value: str, equivalent: bool
) -> None:
    text = OPTIONAL.format(shape, count)
    target = ASKED.format(value).replace("i < n", "i > 0 && i < n" if "- 1" in count else "i < n")
    assert (
        verify(Program("fortran", "layer", text), Program("cuda", "layer", target)).outcome
        is Outcome.EQUIVALENT
    ) is equivalent


@pytest.mark.parametrize(("value", "equivalent"), [("present(bias)", True), (".true.", False)])
def test_openmp_in_fortran_must_ask_too(value: str, equivalent: bool) -> None:
    target = (
        OPTIONAL.format("n", "n")
        .replace("present(bias)", value)
        .replace("  do i", "  !$omp parallel do\n  do i")
    )
    assert (
        verify(
            Program("fortran", "layer", OPTIONAL.format("n", "n")),
            Program("openmp-fortran", "layer", target),
        ).outcome
        is Outcome.EQUIVALENT
    ) is equivalent
