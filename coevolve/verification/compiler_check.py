"""The last question about an accepted CUDA target: does a real compiler take its text?

Contract: what nvcc or NVRTC refuses is COMPILE_ERROR with the compiler's line, whatever its
execution in the emulation gave. Without a compiler verdicts stay as they are. Targets that were not
accepted are not asked about.

    python -c "from coevolve.verification.compiler_check import refuse_uncompiled; \\
        help(refuse_uncompiled)"
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from corpora.records import Blame, Outcome, Program, Verdict

if TYPE_CHECKING:
    from gpu_runtime.cuda.nvcc import DeviceCheck


def make_compiler_check(word: str) -> DeviceCheck | None:
    """Return a check by a real compiler of CUDA, or None where there is none.

    word: `auto` (nvcc where it is installed, else NVRTC, else none), `nvcc`, `nvrtc` or `none`.
    Raises ValueError for another word, or for a named compiler that is not installed.
    """
    if word == "none":
        return None
    from gpu_runtime.cuda.nvcc import make_device_check  # late: few ask

    return make_device_check(word)


def refuse_uncompiled(
    verdicts: Sequence[Verdict], targets: Sequence[Program], check: DeviceCheck | None
) -> list[Verdict]:
    """Return the verdicts, in order, with COMPILE_ERROR and the compiler's line where the compiler
    of `check` refuses a CUDA target that was found equivalent.

    targets: in the verdicts' order. check: None leaves all verdicts as they are. All texts are
        compiled together.
    """
    found = list(verdicts)
    if check is None:
        return found
    asked = [
        i
        for i, (verdict, target) in enumerate(zip(verdicts, targets, strict=True))
        if verdict.equivalent and target.dialect == "cuda"
    ]
    for i, reason in zip(asked, check.explain([targets[i] for i in asked]), strict=True):
        if reason:
            found[i] = replace(
                found[i],
                outcome=Outcome.COMPILE_ERROR,
                blame=Blame.TARGET,
                detail=f"{check.name}: {reason}",
                evidence="tested",
                preconditions=(),
            )
    return found
