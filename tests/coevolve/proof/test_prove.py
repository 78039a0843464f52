"""Real pairs that must be proved, with what the proofs take for granted."""

from __future__ import annotations

import pytest

from coevolve.verification import evidence
from coevolve.verification.engine import Engine, Pair, VerifyConfig
from coevolve.verification.evidence import ProofContradiction, add_evidence, find_proof
from coevolve.verification.proof.prove import prove
from coevolve.verification.proof.records import Answer, Precondition, Proof
from corpora import builtin, development
from corpora.records import Blame, Outcome, Program, Verdict
from corpora.store import from_json, to_json

PROVED = (
    "soft_clip fir_filter window_hann rank_pull multiply_bytes toeplitz_apply permute_axes"
    " tridiagonal_apply upper_part box_rows resize_nearest alpha_blend_bytes halve_image"
    " burgers_step gravity_potential bond_values option_prices morton_codes xorshift_fill unit_rows"
).split()


def kernels() -> dict[str, tuple[Program, Program]]:
    return {s.name: (s, t) for s, t in development.pairs("cpp:cuda")}


@pytest.mark.parametrize("name", PROVED)
def test_kernels_of_the_development_corpus(name: str) -> None:
    source, target = kernels()[name]
    proof = prove(source, target)
    assert proof.answer is Answer.PROVED, proof.reason
    kinds = [p.kind for p in proof.preconditions]
    assert kinds[:2] == ["source", "arrays"] and "launch" in kinds


def test_at_least_half_of_the_development_kernels_are_proved() -> None:
    pairs = development.pairs("cpp:cuda")
    assert 2 * sum(prove(s, t).answer is Answer.PROVED for s, t in pairs) >= len(pairs)


@pytest.mark.parametrize("name", ["axpy", "dot", "gemv", "gemm"])
def test_directives_of_the_builtin_corpus(name: str) -> None:
    pairs = {s.name: (s, t) for s, t in builtin.pairs("cpp:openmp")}
    proof = prove(*pairs[name])
    assert proof.answer is Answer.PROVED, proof.reason
    assert proof.floats in ("as written", "up to reassociation")


F = "(int n, const float *x, float *y)"
SERIAL = Program("cpp", "f", f"void f{F} {{ for (int i = 0; i < n; i++) y[i] = x[i] + 1; }}")


def kernel(body: str) -> Program:
    return Program("cuda", "f", f"__global__ void f{F} {{ {body} }}")


INDEX = "int i = blockIdx.x * blockDim.x + threadIdx.x; "
FORMS = {
    "guard": INDEX + "if (i < n) y[i] = x[i] + 1;",
    "early return": INDEX + "if (i >= n) return; y[i] = x[i] + 1;",
    "negated": INDEX + "if (!(i >= n)) { y[i] = x[i] + 1; }",
    "stride": "for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; "
    "i += gridDim.x * blockDim.x) y[i] = x[i] + 1;",
    "stride with a while": INDEX
    + "while (i < n) { y[i] = x[i] + 1; i += blockDim.x * gridDim.x; }",
    "stride of one block": "for (int i = threadIdx.x; i < n; i += blockDim.x) y[i] = x[i] + 1;",
    "two grid dimensions": "int i = (blockIdx.y * gridDim.x + blockIdx.x) * blockDim.x"
    " + threadIdx.x; if (i < n) y[i] = x[i] + 1;",
    "local": INDEX + "if (i < n) { const float v = x[i]; float w = v + 1; y[i] = w; }",
    "pointer": INDEX + "if (i < n) { float *p = y + i; *p = x[i] + 1; }",
}


@pytest.mark.parametrize("form", FORMS)
def test_forms_of_one_kernel(form: str) -> None:
    proof = prove(SERIAL, kernel(FORMS[form]))
    assert proof.answer is Answer.PROVED, proof.reason


def test_the_launch_is_a_precondition() -> None:
    proof = prove(SERIAL, kernel(FORMS["guard"]))
    assert any(
        "gridDim.x" in p.extent and (p.relation, p.bound) == (">=", "n")
        for p in proof.preconditions
    )
    exact = prove(SERIAL, kernel(INDEX + "y[i] = x[i] + 1;"))
    assert any(p.relation == "==" and p.bound == "n" for p in exact.preconditions)


def test_atomic_sums_are_proved_up_to_reassociation() -> None:
    source = Program("cpp", "f", f"void f{F} {{ for (int i = 0; i < n; i++) y[0] = y[0] + x[i]; }}")
    proof = prove(source, kernel(INDEX + "if (i < n) atomicAdd(y, x[i]);"))
    assert proof.answer is Answer.PROVED and proof.floats == "up to reassociation"


def test_an_unread_text_is_unknown_with_its_line() -> None:
    proof = prove(SERIAL, kernel(INDEX + "\n\n__syncthreads(); if (i < n) y[i] = x[i] + 1;"))
    assert proof.answer is Answer.UNKNOWN and proof.reason.startswith("line 3: ")


def verdict(outcome: Outcome) -> Verdict:
    return Verdict("a", "b", "c", outcome, Blame.TARGET, "y[3] differs")


def test_verdicts_say_what_they_rest_on() -> None:
    good = kernel(FORMS["guard"])
    found = add_evidence(SERIAL, good, Verdict("a", "b", "c", Outcome.EQUIVALENT, Blame.NOBODY))
    assert found.evidence == "proved"
    assert any(line.startswith("arrays do not overlap") for line in found.preconditions)
    stored = to_json(verdict(Outcome.MISMATCH))
    del stored["evidence"], stored["preconditions"]
    assert from_json(Verdict, stored).evidence == "tested"
    assert from_json(Verdict, to_json(found)) == found


def test_a_proof_against_an_execution_raises() -> None:
    with pytest.raises(ProofContradiction, match="y\\[3\\] differs"):
        add_evidence(SERIAL, kernel(FORMS["guard"]), verdict(Outcome.MISMATCH))
    wrong = kernel(INDEX + "if (i <= n) y[i] = x[i] + 1;")
    assert add_evidence(SERIAL, wrong, verdict(Outcome.MISMATCH)).evidence == "tested"


def test_a_proof_for_chosen_launches_does_not_contradict(monkeypatch: pytest.MonkeyPatch) -> None:
    condition = Precondition("launch", "gridDim.x == n", "gridDim.x", "==", "n")
    monkeypatch.setattr(evidence, "prove", lambda *_: Proof(Answer.PROVED, (condition,)))
    assert add_evidence(SERIAL, SERIAL, verdict(Outcome.MISMATCH)).evidence == "tested"


def test_the_engine_adds_proofs_where_asked(tmp_path) -> None:
    engine = Engine("emulated", VerifyConfig(tests=4, mutants=0, prove=True), tmp_path)
    try:
        good = engine.verify(Pair(SERIAL, kernel(FORMS["guard"])))
        wrong = engine.verify(Pair(SERIAL, kernel(INDEX + "if (i < n - 1) y[i] = x[i] + 1;")))
    finally:
        engine.close()
    assert good.equivalent and good.evidence == "proved"
    assert wrong.equivalent is False and wrong.evidence == "tested"


def test_refuted_takes_an_execution() -> None:
    wrong = kernel(INDEX + "if (i < n - 1) y[i] = x[i] + 1;")
    differing = {"test": "n=2 x[n]=constant(1) y[n]=constant(0)"}
    assert find_proof(SERIAL, wrong, verdict(Outcome.MISMATCH), None).answer is Answer.UNKNOWN
    found = find_proof(SERIAL, wrong, verdict(Outcome.MISMATCH), differing)
    assert found.answer is Answer.REFUTED and found.counterexample == differing["test"]
