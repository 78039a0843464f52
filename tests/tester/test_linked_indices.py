"""Programs that follow links get tests on which the search ends."""

import pytest

from corpora.records import Outcome, Program
from corpora.signatures.signature import read_signature
from gpu_runtime.emulation.backend import EmulatedBackend
from tester.generate.rules import FEW, generate_suite

ROOTS = Program(
    "cpp",
    "roots",
    "void roots(int *root, int *parent, int n) { for (int i = 0; i < n; i++) { int at = i; "
    "while (parent[at] != at) at = parent[at]; root[i] = at; } }",
)
SHORTENING = Program(
    "cpp",
    "roots",
    "void roots(int *parent, int n) { for (int i = 0; i < n; i++) { int at = i; while "
    "(parent[at] != at) at = parent[at]; parent[i] = at; } }",
)
KERNEL = Program(
    "cuda",
    "roots",
    "__global__ void roots(int *parent, int n) { int i = blockIdx.x * blockDim.x + threadIdx.x; "
    "if (i < n) { int at = i; while (parent[at] != at) at = parent[at]; parent[i] = at; } }",
)


@pytest.fixture(scope="module")
def backend():
    found = EmulatedBackend()
    yield found
    found.close()


@pytest.mark.parametrize("program", [ROOTS, SHORTENING])
def test_a_search_along_links_gets_more_than_a_few_tests(backend, program):
    suite = generate_suite(program, read_signature(program), backend)
    assert len(suite.tests) > FEW
    sizes = [next(a.value for a in test.assignments if a.name == "n") for test in suite.tests]
    assert max(sizes) > 64, "no test goes beyond a block"


def test_links_that_others_change_meanwhile_are_a_race():
    from coevolve.verification.engine import Engine, Pair, VerifyConfig

    engine = Engine("emulated", VerifyConfig(mutants=0))
    verdict = engine.verify(Pair(SHORTENING, KERNEL))
    engine.close()
    assert verdict.outcome is Outcome.RACE
