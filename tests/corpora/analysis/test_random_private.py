"""Random loops over scalars and work arrays: nothing flows through what is called private."""

import random
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from python_loops import flows, read

from corpora.analysis.parallel import classify_loops

SIZES = [(n, m) for n in (1, 3, 4) for m in (0, 2, 3)]


def statements(rng: random.Random, names: list[str], depth: int, pad: str) -> list[str]:
    lines = []
    for _ in range(rng.randint(1, 3)):
        kind = rng.random() if len(pad) < 20 else 0.36 + 0.64 * rng.random()
        if kind < 0.2 and depth < 3:
            name = "ijl"[depth]
            bounds = rng.choice(
                ["n", "m", "1, n", "0, m - 1", "n - 1, -1, -1", *(f"{x}, n" for x in names)]
            )
            lines.append(f"{pad}for {name} in range({bounds}):")
            lines += statements(rng, [*names, name], depth + 1, pad + "    ")
        elif kind < 0.35:
            test = rng.choice(
                ["b[0] > 0", f"{value(rng, names)} > 0", *(f"{x} < m" for x in names)]
            )
            lines.append(f"{pad}if {test}:")
            lines += statements(rng, names, depth, pad + "    ")
            if rng.random() < 0.5:
                lines.append(f"{pad}else:")
                lines += statements(rng, names, depth, pad + "    ")
        elif kind < 0.4 and names:
            lines += [f"{pad}if b[{names[-1]}] > 0:", f"{pad}    continue"]
        elif kind < 0.75:
            lines.append(f"{pad}{rng.choice('tuv')} = {value(rng, names)}")
        elif kind < 0.9:
            lines.append(f"{pad}w[{index(rng, names)}] = {value(rng, names)}")
        else:
            lines.append(f"{pad}{rng.choice('tuv')} {rng.choice(['+=', '*='])} {value(rng, names)}")
    return lines


def index(rng: random.Random, names: list[str]) -> str:
    return rng.choice(["0", "1", *names, *(f"{x} + 1" for x in names)])


def value(rng: random.Random, names: list[str]) -> str:
    return rng.choice(["1.0", "t", "u", "v", f"w[{index(rng, names)}]", f"b[{index(rng, names)}]"])


def random_text(rng: random.Random) -> str:
    lines = ["def f(a: 'f64*', b: 'f64*', n: 'i32', m: 'i32'):"]
    lines += [f"    {x}: 'f64' = 0.0" for x in "tuv"] + ["    w: 'f64[m]'"]
    lines.append("    for i in range(n):")
    lines += statements(rng, ["i"], 1, "        ")
    lines.append(f"    a[0] = {value(rng, [])}")
    return "\n".join(lines) + "\n"


def check(seed: int) -> tuple[int, int]:
    """(loops called parallel, loops) of one random text; fails on a wrong one."""
    text = random_text(random.Random(seed))
    verdicts = classify_loops(read(text))
    running = text.replace("    w: 'f64[m]'\n", "").replace("m: 'i32')", "m: 'i32', w: 'f64*')")
    seen: set[tuple] = set()
    for n, m in SIZES:
        for data in range(3):
            seen |= flows(running, {"n": n, "m": m}, ["a", "b", "w"], data)
    for number, (_, verdict) in enumerate(verdicts, 1):
        if verdict.kind == "parallel":
            private = {p.variable for p in verdict.private}
            wrong = {
                name
                for loop, name, behind in seen
                if loop == number and (not behind or name in private)
            }
            assert not wrong, f"seed {seed}, loop {number}, {wrong}\n{text}"
    return sum(v.kind == "parallel" for _, v in verdicts), len(verdicts)


@pytest.mark.parametrize("start", range(0, 300, 100))
def test_private_values_never_flow(start: int) -> None:
    assert sum(check(seed)[0] for seed in range(start, start + 100)) > 10
