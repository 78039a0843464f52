"""The HPC kernels judged across dialects: right versions are accepted and wrong variants rejected,
whichever side is the source.
"""

import matrix
import pytest

from coevolve.verification.engine import Engine, VerifyConfig
from corpora.dialects import DIALECTS
from tester.mutation.mutants import generate_mutants

SAMPLE = {"axpy": ("cuda", "openmp-fortran")}
"""Kernels of the default suite, each with the dialects that are its source there."""


@pytest.fixture(scope="module")
def engine():
    made = Engine("emulated", VerifyConfig())
    yield made
    made.close()


def test_every_kernel_is_there_in_every_dialect():
    assert len(matrix.KERNELS) == 17
    for kernel in matrix.KERNELS:
        assert set(matrix.versions(kernel)) == set(DIALECTS)
    with pytest.raises(
        ValueError,
        match="'thomas' is not in the built-in corpus in cuda, openmp, openmp-target, "
        "openmp-fortran",
    ):
        matrix.versions("thomas")


def test_known_equivalent_mutants_are_still_mutants_of_their_kernels():
    """A change of a kernel's text moves its mutants: what was read by eye must then be read
    again.
    """
    for kernel, dialect, place in matrix.EQUIVALENT:
        assert place in {m.where for m in generate_mutants(matrix.versions(kernel)[dialect])}


def test_the_wrong_variant_depends_on_text_and_seed_only(engine):
    program = matrix.versions("axpy")["openmp"]
    once, again, other = (matrix.wrong_variant(program, engine, seed) for seed in (0, 0, 3))
    assert once == again != other


@pytest.mark.parametrize("kernel", SAMPLE)
def test_a_sample_of_the_matrix(kernel, engine):
    found, wrong = matrix.cells(kernel, engine, sources=SAMPLE[kernel])
    assert list(matrix.exceptions(found, wrong)) == []
    assert [(c.accepted, c.rejected) for c in found] == [(len(DIALECTS) - 1,) * 2] * len(
        SAMPLE[kernel]
    )


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("kernel", matrix.KERNELS)
def test_the_whole_matrix(kernel, engine):
    """One kernel in all directions."""
    assert list(matrix.exceptions(*matrix.cells(kernel, engine))) == []
