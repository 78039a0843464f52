"""Wrong maps of the built-in OpenMP target kernels: every map clause changed in every way that
matters, each judged like any candidate.

    python benchmarks/offload_maps.py [--kernels axpy,gemm]

Needs no device. Changes: a direction (tofrom -> to, from or alloc; to -> alloc; from -> alloc;
delete/release for from), one element less, a clause dropped. What is accepted is printed: it is
either harmless by OpenMP's rules (scratch, what is present already) or a hole. Suites are made by
rules from the serial C++ version.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections import Counter
from dataclasses import replace

from coevolve.verification.engine import Engine, VerifyConfig
from corpora import builtin
from corpora.records import Outcome, Program
from translator.judge import judge

_MAP = re.compile(
    r"map\(\s*(?P<kind>to|from|tofrom|alloc|delete|release)\s*:\s*(?P<items>(?:[^()]|\([^()]*\))*)\)"
)
_UPDATE = re.compile(r"^[ \t]*#pragma omp target update[^\n]*\n", re.M)
_OTHERS = {
    "tofrom": ("to", "from", "alloc"),
    "to": ("alloc",),
    "from": ("alloc", "release"),
    "alloc": (),
    "delete": (),
    "release": (),
}
_SECTION = re.compile(r"\[(\s*\w+\s*):\s*([^\]]+)\]")


def wrong_maps(program: Program) -> list[tuple[str, Program]]:
    """(what was changed, text) of every change."""
    text, made = program.text, []

    def changed(start: int, end: int, new: str, what: str) -> None:
        line = text.count("\n", 0, start) + 1
        made.append((f"{line}: {what}", replace(program, text=text[:start] + new + text[end:])))

    for found in _MAP.finditer(text):
        kind, items = found["kind"], found["items"]
        exits = "exit data" in text[text.rfind("#pragma", 0, found.start()) : found.start()]
        for other in _OTHERS[kind]:
            if (other == "release") == exits:
                changed(
                    found.start("kind"), found.end("kind"), other, f"{kind} -> {other}: {items}"
                )
        changed(found.start(), found.end(), "", f"without {found[0]}")
        if kind != "delete":
            for section in _SECTION.finditer(items):
                at = found.start("items") + section.start()
                changed(
                    at,
                    at + len(section[0]),
                    f"[{section[1]}:({section[2]}) - 1]",
                    f"{kind}: one element less of "
                    f"{items[: section.start()].rpartition(',')[2].strip()}",
                )
    for found in _UPDATE.finditer(text):
        changed(found.start(), found.end(), "\n", f"without {found[0].strip()}")
    return made


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kernels", default="", help="names, comma-separated (default: all)")
    wanted = set(filter(None, parser.parse_args().kernels.split(",")))
    engine = Engine("emulated", VerifyConfig(mutants=0))
    counts: Counter[Outcome] = Counter()
    began = time.monotonic()
    for source, target in builtin.pairs("cpp:openmp-target"):
        if wanted and source.name not in wanted:
            continue
        checked = engine.expectations(source).expectations
        if checked is None:
            print(f"{source.name}: no suite")
            continue
        mutants = wrong_maps(target)
        for (what, _), verdict in zip(
            mutants,
            judge(checked, [p for _, p in mutants], engine.backend, engine.config.judge),
            strict=True,
        ):
            counts[verdict.outcome] += 1
            if verdict.equivalent is not False:
                print(f"{source.name:18} {verdict.outcome.value:10} {what}", flush=True)
    engine.close()
    print(
        f"{counts.total()} wrong maps: "
        f"{', '.join(f'{n} {o.value}' for o, n in counts.most_common())}; "
        f"{time.monotonic() - began:.0f} s",
        file=sys.stdout,
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
