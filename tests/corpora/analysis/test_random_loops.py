"""Random small affine loops: what is called independent has no conflict for any tried size."""

import random
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from python_loops import conflicts, read

from corpora.analysis.parallel import classify_loops

SIZES = [(n, m, k) for n in (1, 2, 5) for m in (0, 1, 3, 6) for k in (-1, 0, 2)]


def random_affine(rng: random.Random, names: list[str], depth: int = 0) -> str:
    """A small index expression."""
    terms = []
    for name in rng.sample(names, rng.randint(0, len(names))):
        factor = rng.choice(["", "", "2*", "-1*", "3*", "n*", "m*"])
        terms.append(factor + name)
    if rng.random() < 0.6:
        terms.append(str(rng.randint(-2, 3)))
    if rng.random() < 0.15:
        terms.append("k")
    if rng.random() < 0.1:
        terms.append("n*m")
    return " + ".join(terms) or "0"


def random_text(rng: random.Random) -> str:
    lines = ["def f(a: 'f64*', b: 'f64*', n: 'i32', m: 'i32', k: 'i32'):"]
    names: list[str] = []
    pad = "    "
    if rng.random() < 0.4:
        lines.append(f"{pad}p: 'i32' = {rng.choice(['0', 'n', '1', 'k'])}")
    stepped = len(lines) > 1
    for name in "ijl"[: rng.randint(1, 3)]:
        lower = rng.choice(["0", "0", "1", *names, "k"])
        upper = rng.choice(["n", "m", "n", "m - 1", "n + 1", "2*m", *(f"{x} + 2" for x in names)])
        step = rng.choice(["1", "1", "1", "2", "3"])
        if rng.random() < 0.2:
            lower, upper, step = f"{upper} - 1", f"{lower} - 1", rng.choice(["-1", "-2"])
        lines.append(f"{pad}for {name} in range({lower}, {upper}, {step}):")
        names.append(name)
        pad += "    "
        if stepped and rng.random() < 0.3:
            lines.append(f"{pad}p += {rng.choice(['1', '2', '-1', 'm'])}")
        if rng.random() < 0.2:
            lines.append(
                f"{pad}if {name} {rng.choice(['<', '!=', '>=', '=='])} "
                f"{random_affine(rng, names[:-1])}:"
            )
            lines.append(f"{pad}    {rng.choice(['continue', 'a[0 - 1] = 1'])}")
        if rng.random() < 0.3:
            lines.append(f"{pad}q: 'i32' = {random_affine(rng, names)}")
    known = [*names, *(["p"] if stepped else []), *(["q"] if any("q:" in x for x in lines) else [])]
    for _ in range(rng.randint(1, 2)):
        if rng.random() < 0.3:
            test = f"{random_affine(rng, known)} {rng.choice(['<', '!=', '>', '=='])} 2"
            lines.append(f"{pad}if {test}:")
            inner = pad + "    "
        else:
            inner = pad
        left = random_affine(rng, known)
        rights = [f"a[{random_affine(rng, known)}]" for _ in range(rng.randint(0, 2))]
        lines.append(f"{inner}a[{left}] = {' + '.join(rights) or '1'}")
        if stepped and rng.random() < 0.3:
            lines.append(f"{inner}p += 1")
    return "\n".join(lines) + "\n"


def check(seed: int) -> tuple[int, int]:
    """(loops called independent, loops) of one random text; fails on a wrong one."""
    text = random_text(random.Random(seed))
    verdicts = classify_loops(read(text))
    conflicting = set()
    for n, m, k in SIZES:
        conflicting |= conflicts(text, {"n": n, "m": m, "k": k}, ["a", "b"])
    order = {facts.id: facts for facts, _ in verdicts}
    free = 0
    for number, (facts, verdict) in enumerate(verdicts, 1):
        assert facts.id in order
        if verdict.kind == "parallel":
            free += 1
            assert number not in conflicting, f"seed {seed}, loop {number}\n{text}"
    return free, len(verdicts)


@pytest.mark.parametrize(
    "start", [0, *(pytest.param(start, marks=pytest.mark.slow) for start in (100, 200))]
)
def test_independent_loops_never_conflict(start: int) -> None:
    free = sum(check(seed)[0] for seed in range(start, start + 100))
    assert free > 10


def test_a_text_that_once_divided_by_zero() -> None:
    check(20393)
