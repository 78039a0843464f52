"""What a verdict rests on: tests alone, or a proof beside them.

A proof never takes the place of an execution: it is looked for beside a verdict, and the two must
agree. Where a pair is PROVED and execution under such a launch shows a difference, one of the two
is wrong; that is a fault of the engine and raises.

    python -c "from coevolve.verification.evidence import add_evidence; help(add_evidence)"
"""

from __future__ import annotations

from dataclasses import replace

from coevolve.verification.proof.records import Answer, Proof
from corpora.records import Outcome, Program, Verdict

_DIFFERENCES = (
    Outcome.MISMATCH, Outcome.MEMORY_ERROR, Outcome.RACE, Outcome.NONDETERMINISTIC,
)  # fmt: skip


def prove(source: Program, target: Program) -> Proof:
    """Try to prove that `target` does what `source` does, without running them. z3 is loaded on the
    first call.

    Returns a Proof: PROVED with its preconditions, or UNKNOWN with the reason.
    """
    from coevolve.verification.proof.prove import prove

    return prove(source, target)


class ProofContradiction(RuntimeError):
    """Raised where a proof says that two programs are equivalent and execution shows a difference:
    a fault of the engine.
    """


def add_evidence(source: Program, target: Program, verdict: Verdict) -> Verdict:
    """Return `verdict` with `evidence` and `preconditions` set where a proof supports EQUIVALENT.

    An undecided verdict, or one without a proof, comes back unchanged. Raises ProofContradiction if
    a proof says the opposite of the verdict.
    """
    if verdict.equivalent is None:
        return verdict
    proof = prove(source, target)
    if proof.answer is not Answer.PROVED:
        return verdict
    if verdict.equivalent:
        lines = tuple(p.text for p in proof.preconditions)
        return replace(verdict, evidence="proved", preconditions=lines)
    if verdict.outcome in _DIFFERENCES and not needs_chosen_launch(proof):
        raise ProofContradiction(
            f"{source.name} ({source.id}) and {target.name} ({target.id}) are proved equivalent, "
            f"but execution says {verdict.outcome.value}: {verdict.detail}"
        )
    return verdict


def needs_chosen_launch(proof: Proof) -> bool:
    """Return whether a proof holds for certain block or grid sizes only. An execution of the pair
    may have used other sizes.
    """
    return any(
        p.kind == "launch" and p.relation == "==" and p.bound != "1" for p in proof.preconditions
    )


def find_proof(
    source: Program, target: Program, verdict: Verdict, failing: dict[str, object] | None
) -> Proof:
    """Return the proof for a pair, beside its verdict by execution.

    failing: the smallest failing test, as `explain.failing_input` returns it, None if no test
        fails. An UNKNOWN proof becomes REFUTED where execution showed a difference on that test.
    """
    proof = prove(source, target)
    shown = verdict.equivalent is False and verdict.outcome in _DIFFERENCES
    if proof.answer is not Answer.UNKNOWN or not shown or not failing:
        return proof
    return replace(proof, answer=Answer.REFUTED, counterexample=str(failing.get("test", "")))


def describe_proof(source: Program, target: Program, proof: Proof) -> str:
    """Return several lines of text, in one string, that tell a person what a proof says of `source`
    and `target`: the answer, the preconditions, a failing test if there is one, and the time it
    took.
    """
    words = {
        Answer.PROVED: "proved: equivalent for every size and launch",
        Answer.REFUTED: "refuted: not equivalent",
        Answer.UNKNOWN: "unknown: no proof was found",
    }
    lines = [words[proof.answer] + (f": {proof.reason}" if proof.reason else "")]
    lines.append(
        f"  pair      {source.name} ({source.dialect}) -> {target.name} ({target.dialect}), not run"
    )
    for number, condition in enumerate(proof.preconditions):
        lines.append(f"  {'where     ' if not number else '          '}{condition.text}")
    if proof.answer is Answer.PROVED and proof.floats != "none":
        lines.append(f"  floats    {proof.floats}")
    if proof.counterexample:
        lines.append(f"  fails on  {proof.counterexample}")
    lines.append(f"  took      {proof.elapsed_ms:.0f} ms")
    return "\n".join(lines)
