"""The HPC kernels in all dialects, each version judged against every other, and one wrong variant
of each.

    python benchmarks/matrix.py [--kernels axpy,gemm] [--seed 0] [--markdown FILE]

A row is a kernel, a column a source dialect: how many of the other versions are accepted, and how
many of their wrong variants are rejected. The wrong variant of a version is the first of its
mutants, in an order that only its text and the seed decide, that compiles. It is not chosen by the
engine's verdict: one that is accepted is printed and counts against us until a person has found it
equivalent; then the next one is taken (EQUIVALENT below).
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from coevolve.verification.engine import Engine, VerifyConfig
from corpora import builtin
from corpora.dialects import DIALECTS
from corpora.records import Outcome, Program, Verdict, content_hash
from corpora.signatures.signature import read_signature
from gpu_runtime.backend import CompileRequest, Variant
from tester.mutation.mutants import Mutant, generate_mutants
from translator.judge import judge

KERNELS = {
    "axpy": "AXPY",
    "gemv": "GEMV",
    "gemm": "GEMM",
    "spmv": "SpMV (CSR)",
    "jacobi": "Jacobi 2-D",
    "jacobi3d": "Jacobi 3-D",
    "cg": "CG",
    "dot": "dot",
    "nrm2": "nrm2",
    "inclusive_scan": "scan",
    "histogram_int": "histogram",
    "matrix_transpose": "transpose",
    "nbody_forces": "n-body",
    "lu_nopivot": "LU",
    "fft_radix2": "FFT radix-2",
    "heat2d": "heat 2-D",
    "floyd_warshall": "Floyd–Warshall",
}
"""Name in the built-in corpus, and as people call it."""

EQUIVALENT: frozenset[tuple[str, str, str]] = frozenset(
    {
        (
            "nrm2",
            "cuda",
            "22:9 blocks > 16 -> !(blocks > 16)",
        ),  # a grid-stride loop: any number of blocks will do
        ("cg", "cpp", "43:5 delete[] q; -> ;"),  # leaks, and computes the same
        (
            "lu_nopivot",
            "cuda",
            "27:24 8 -> 9",
        ),  # blocks one thread taller, with a guard: they overlap nothing and leave nothing out
        ("fft_radix2", "openmp", "21:23 < -> <="),  # m mirrored is 0, which is never above m
        ("heat2d", "cuda", "22:16 1 -> (1 - 1)"),  # 0 rows: an empty grid
    }
)
"""(kernel, dialect, place and change) of mutants that were read and found to compute the same."""

CHUNK = 8


@dataclass(frozen=True, slots=True)
class Cell:
    """What one source says. right, wrong: verdicts by target dialect. reason: why the source has no
    suite, else ''.
    """

    kernel: str
    source: str
    right: dict[str, Verdict]
    wrong: dict[str, Verdict]
    reason: str = ""

    @property
    def accepted(self) -> int:
        return sum(v.outcome is Outcome.EQUIVALENT for v in self.right.values())

    @property
    def rejected(self) -> int:
        return sum(v.equivalent is False for v in self.wrong.values())


def versions(kernel: str) -> dict[str, Program]:
    """The kernel by dialect. Raises ValueError where a dialect is missing."""
    found = {d: p for d in DIALECTS for p in builtin.programs(d) if p.name == kernel}
    if missing := [d for d in DIALECTS if d not in found]:
        raise ValueError(f"kernel '{kernel}' is not in the built-in corpus in {', '.join(missing)}")
    return found


def wrong_variant(program: Program, engine: Engine, seed: int) -> Mutant:
    """The first mutant, by hash of seed and text, that compiles and is not known to compute the
    same.
    """
    known = {
        place
        for kernel, dialect, place in EQUIVALENT
        if (kernel, dialect) == (program.name, program.dialect)
    }
    ordered = sorted(generate_mutants(program), key=lambda m: content_hash(seed, m.program.text))
    waiting = [m for m in ordered if m.where not in known]
    for start in range(0, len(waiting), CHUNK):
        part = waiting[start : start + CHUNK]
        requests = [
            CompileRequest(m.program, read_signature(m.program), Variant.PLAIN) for m in part
        ]
        for mutant, built in zip(part, engine.backend.compile(requests), strict=True):
            if built.ok:
                return mutant
    raise ValueError(f"no mutant of {program.origin} ({program.dialect}) compiles")


def cells(
    kernel: str, engine: Engine, seed: int = 0, sources: Sequence[str] = tuple(DIALECTS)
) -> tuple[list[Cell], dict[str, Mutant]]:
    """One cell per source dialect, and the wrong variants by dialect."""
    programs = versions(kernel)
    wrong = {d: wrong_variant(p, engine, seed) for d, p in programs.items()}
    found = []
    for source in sources:
        targets = [d for d in DIALECTS if d != source]
        checked = engine.expectations(programs[source])
        if checked.expectations is None:
            found.append(Cell(kernel, source, {}, {}, checked.reason))
            continue
        asked = [*(programs[d] for d in targets), *(wrong[d].program for d in targets)]
        verdicts = judge(checked.expectations, asked, engine.backend, engine.config.judge)
        found.append(
            Cell(
                kernel,
                source,
                dict(zip(targets, verdicts, strict=False)),
                dict(zip(targets, verdicts[len(targets) :], strict=True)),
            )
        )
    return found, wrong


def row(found: list[Cell]) -> str:
    """accepted / rejected of the other dialects, by source dialect."""
    shown = [
        f"{c.accepted}/{len(c.right)}, {c.rejected}/{len(c.wrong)}" if not c.reason else "no suite"
        for c in found
    ]
    return f"| {KERNELS[found[0].kernel]} | {' | '.join(shown)} |"


def exceptions(found: list[Cell], wrong: dict[str, Mutant]) -> Iterator[str]:
    """Everything that is not as it must be, one line each."""
    for cell in found:
        if cell.reason:
            yield f"{cell.kernel}, {cell.source}: no suite: {cell.reason}"
        for target, verdict in cell.right.items():
            if verdict.outcome is not Outcome.EQUIVALENT:
                yield (
                    f"{cell.kernel}, {cell.source}:{target} is not accepted: "
                    f"{verdict.outcome.value}, {verdict.detail}"
                )
        for target, verdict in cell.wrong.items():
            if verdict.equivalent is not False:
                yield (
                    f"{cell.kernel}, {cell.source}:{target}, wrong variant "
                    f"`{wrong[target].where}` is not rejected: {verdict.outcome.value}"
                )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--kernels", default=",".join(KERNELS), help="names in the built-in corpus, by comma"
    )
    parser.add_argument(
        "--seed", type=int, default=0, help="chooses the wrong variants (default: 0)"
    )
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the table there too")
    args = parser.parse_args()
    engine = Engine("emulated", VerifyConfig(seed=args.seed))
    lines = [f"| kernel | {' | '.join(DIALECTS)} |", f"| --- |{' --- |' * len(DIALECTS)}"]
    odd: list[str] = []
    every: list[Cell] = []
    for kernel in args.kernels.split(","):
        began = time.monotonic()
        found, wrong = cells(kernel, engine, args.seed)
        every += found
        lines.append(row(found))
        new = list(exceptions(found, wrong))
        odd += new
        print(
            lines[-1],
            f"{time.monotonic() - began:.0f} s",
            *new,
            sep="\n   ",
            file=sys.stderr,
            flush=True,
        )
    engine.close()
    pairs = len(every) * (len(DIALECTS) - 1)
    total = (
        f"{pairs} pairs: {sum(c.accepted for c in every)} accepted, "
        f"{sum(c.rejected for c in every)} wrong variants rejected."
    )
    text = "\n".join([total, "", *lines, "", *(f"- {line}" for line in odd)]).rstrip() + "\n"
    print(text)
    if args.markdown:
        args.markdown.write_text(text)
    return 0 if not odd else 1


if __name__ == "__main__":
    sys.exit(main())
