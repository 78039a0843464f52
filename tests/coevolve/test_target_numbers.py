"""A port that does something else at one number of its own text is tried at that number."""

import pytest

import coevolve
from corpora.records import Outcome

SOURCE = """void axpy(int n, float a, const float *x, float *y)
{
    for (int i = 0; i < n; i++) y[i] = a * x[i] + y[i];
}
"""


def port(condition: str) -> str:
    return (
        "__global__ void axpy(int n, float a, const float *x, float *y) {\n"
        "    int i = blockIdx.x * blockDim.x + threadIdx.x;\n"
        f"    if (i < n{condition}) y[i] = a * x[i] + y[i];\n}}\n"
    )


@pytest.mark.parametrize(
    ("condition", "outcome"),
    [
        (" && i != 77777", Outcome.MISMATCH),
        (" && n != 300000", Outcome.MISMATCH),
        (" && i % 60000 != 59999", Outcome.MISMATCH),
        (" && i / 50000 < 1", Outcome.MISMATCH),
        (" && (n != 77777 || i >= 0)", Outcome.EQUIVALENT),
        (" && i != -77777", Outcome.EQUIVALENT),
    ],
)
def test_a_number_that_only_the_target_names(condition: str, outcome: Outcome) -> None:
    found = coevolve.verify(SOURCE, port(condition), direction="cpp:cuda")
    assert found.outcome is outcome, found.detail
