"""The gate before EQUIVALENT: a target that passed tests which say too little is undecided.

Contract: a pure function of a verdict and of what `tester.adequacy` finds in the suite. Verdicts
that are not EQUIVALENT pass unchanged, and cost nothing. A suite that a person gave is the person's
question: what it cannot show is said, and the verdict stays.

    python -c "from coevolve.verification.gate import pass_gate; help(pass_gate)"
"""

from __future__ import annotations

from dataclasses import replace

from corpora.records import Blame, Outcome, Verdict
from gpu_runtime.backend import ExecutionBackend
from gpu_runtime.expectations import Expectations
from tester.adequacy import find_gap


def pass_gate(verdict: Verdict, expectations: Expectations, backend: ExecutionBackend) -> Verdict:
    """Return `verdict`, or an undecided one in its place where it is EQUIVALENT and its tests, made
    or added to by rules, say too little. Of a suite that a person gave the verdict stays, and its
    detail says what the tests cannot show. Arrays that the source never names are listed there too.

    expectations: what the source gives on the suite that the verdict rests on. backend: runs the
        source on changed inputs.
    """
    if verdict.outcome is not Outcome.EQUIVALENT:
        return verdict
    found = find_gap(expectations, backend)
    if found.gap and "rules" in expectations.suite.author.split("+"):
        return replace(
            verdict,
            outcome=Outcome.INVALID_SUITE,
            blame=Blame.SUITE,
            detail=f"passed, but the tests say too little: {found.gap}",
        )
    said = [f"they say little: {found.gap}"] if found.gap else []
    if found.unused:
        said.append(f"unused: {', '.join(found.unused)}")
    return replace(verdict, detail="; ".join([verdict.detail, *said])) if said else verdict
