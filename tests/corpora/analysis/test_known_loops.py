"""Loops whose verdict is known: one line says what each must be."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from python_loops import read

from corpora.analysis.parallel import classify_loops

HEAD = "def f(a: 'f64*', b: 'f64*', c: 'i32*', n: 'i32', m: 'i32', k: 'i32', s: 'f64'):\n"

CASES = {
    "map": ("for i in range(n): a[i] = b[i] * 2.0", ["parallel"]),
    "carried 1": ("for i in range(1, n): a[i] = a[i - 1] * b[i] + 1.0", ["carried"]),
    "carried back": ("for i in range(n - 1): a[i] = a[i + 1] * 2.0", ["carried"]),
    "carried k": ("for i in range(n): a[i + k] = a[i] * 2.0", ["carried"]),
    "k guarded apart": (
        "if k >= n:\n    for i in range(n): a[i + k] = a[i] * 2.0",
        ["parallel"],
    ),
    "reversed": ("for i in range(n - 1, -1, -1): a[i] = b[i]", ["parallel"]),
    "reversed carried": ("for i in range(n - 2, -1, -1): a[i] = a[i + 1] / b[i]", ["carried"]),
    "mirror": ("for i in range(n): a[i] = a[n - 1 - i]", ["carried"]),
    "even odd": ("for i in range(n): a[2 * i] = a[2 * i + 1]", ["parallel"]),
    "even odd by step": ("for i in range(0, n, 2): a[i] = a[i + 1]", ["parallel"]),
    "step 2 carried": ("for i in range(2, n, 2): a[i] = a[i - 2] * a[i]", ["carried"]),
    "constant element": ("for i in range(n): a[0] = b[i]", ["carried"]),
    "halves": ("for i in range(n): a[i] = a[i + n]", ["parallel"]),
    "overlapping halves": ("for i in range(n): a[i] = a[i + n - 1]", ["carried"]),
    "2-D": (
        "for i in range(n):\n    for j in range(m): a[i * m + j] = b[j * n + i]",
        ["parallel", "parallel"],
    ),
    "2-D rows too long": (
        "for i in range(n):\n    for j in range(m): a[i * k + j] = b[j]",
        ["carried", "parallel"],
    ),
    "2-D by constant": (
        "for i in range(n):\n    for j in range(16): a[i * 16 + j] = 1.0",
        ["parallel", "parallel"],
    ),
    "2-D by too small constant": (
        "for i in range(n):\n    for j in range(17): a[i * 16 + j] = b[j]",
        ["carried", "parallel"],
    ),
    "3-D": (
        "for i in range(n):\n    for j in range(m):\n        for l in range(k):\n"
        "            a[(i * m + j) * k + l] = b[l]",
        ["parallel"] * 3,
    ),
    "3-D by idx": (
        "for i in range(n):\n    for j in range(m):\n        row: 'i32' = i * m + j\n"
        "        for l in range(k):\n            idx: 'i32' = row * k + l\n"
        "            a[idx] = a[idx] * 2.0",
        ["parallel"] * 3,
    ),
    "triangular": (
        "for i in range(n):\n    for j in range(i + 1, n): a[i * n + j] = b[j * n + i]",
        ["parallel", "parallel"],
    ),
    "triangular in place": (
        "for i in range(n):\n    for j in range(i + 1, n): a[i * n + j] = a[j * n + i]",
        ["parallel", "parallel"],
    ),
    "wavefront": (
        "for i in range(1, n):\n    for j in range(1, m):\n"
        "        a[i * m + j] = a[(i - 1) * m + j] + a[i * m + j - 1] * 2.0",
        ["carried", "carried"],
    ),
    "row recurrence": (
        "for i in range(n):\n    for j in range(1, m):\n"
        "        a[i * m + j] = a[i * m + j - 1] * 2.0 + 1.0",
        ["parallel", "carried"],
    ),
    "column recurrence": (
        "for i in range(1, n):\n    for j in range(m):\n"
        "        a[i * m + j] = a[(i - 1) * m + j] * 2.0 + 1.0",
        ["carried", "parallel"],
    ),
    "stencil": (
        "for i in range(1, n - 1):\n    for j in range(1, m - 1):\n        a[i * m + j] = "
        "b[(i - 1) * m + j] + b[(i + 1) * m + j] + b[i * m + j - 1] + b[i * m + j + 1]",
        ["parallel", "parallel"],
    ),
    "stencil in place": (
        "for i in range(1, n - 1): a[i] = a[i - 1] + a[i + 1] + 1.0",
        ["carried"],
    ),
    "time loop": (
        "for t in range(k):\n    for i in range(1, n - 1): b[i] = a[i - 1] + a[i + 1]\n"
        "    for i in range(1, n - 1): a[i] = b[i]",
        ["carried", "parallel", "parallel"],
    ),
    "red-black": (
        "for i in range(1, n, 2): a[i] = a[i - 1] + a[i + 1]",
        ["parallel"],
    ),
    "gather": ("for i in range(n): a[i] = b[c[i]]", ["parallel"]),
    "scatter": ("for i in range(n): a[c[i]] = b[i]", ["unsupported"]),
    "histogram": ("for i in range(n): a[c[i]] += 1.0", ["atomic"]),
    "local histogram": (
        "for i in range(n):\n    h: 'i32' = c[i] % 8\n    a[h] += b[i]",
        ["atomic"],
    ),
    "array reduction": (
        "for i in range(n):\n    for j in range(m): a[j] += b[i * m + j]",
        ["reduction", "parallel"],
    ),
    "sum": ("t: 'f64' = 0.0\nfor i in range(n): t += a[i]\nb[0] = t", ["reduction"]),
    "sum spelled": (
        "t: 'f64' = 0.0\nfor i in range(n): t = t + a[i] * b[i]\nb[0] = t",
        ["reduction"],
    ),
    "sum the other way": (
        "t: 'f64' = 0.0\nfor i in range(n): t = a[i] + t\nb[0] = t",
        ["reduction"],
    ),
    "no sum": ("t: 'f64' = 0.0\nfor i in range(n): t = a[i] - t\nb[0] = t", ["carried"]),
    "no sum of itself": ("t: 'f64' = 0.0\nfor i in range(n): t += t * a[i]\nb[0] = t", ["carried"]),
    "product": ("t: 'f64' = 1.0\nfor i in range(n): t *= a[i]\nb[0] = t", ["reduction"]),
    "two operators": (
        "t: 'f64' = 0.0\nfor i in range(n):\n    t += a[i]\n    t *= 2.0\nb[0] = t",
        ["carried"],
    ),
    "conditional sum": (
        "t: 'f64' = 0.0\nfor i in range(n):\n    if a[i] > 0.0: t += a[i]\nb[0] = t",
        ["reduction"],
    ),
    "sum that decides": (
        "t: 'f64' = 0.0\nfor i in range(n):\n    if t < 10.0: t += a[i]\nb[0] = t",
        ["carried"],
    ),
    "count": (
        "t: 'i32' = 0\nfor i in range(n):\n    if a[i] > 0.0: t += 1\nc[0] = t",
        ["reduction"],
    ),
    "max by if": (
        "t: 'f64' = a[0]\nfor i in range(n):\n    if a[i] > t: t = a[i]\nb[0] = t",
        ["reduction"],
    ),
    "max by call": (
        "t: 'f64' = a[0]\nfor i in range(n): t = fmax(t, a[i])\nb[0] = t",
        ["reduction"],
    ),
    "min by conditional": (
        "t: 'f64' = a[0]\nfor i in range(n): t = a[i] if a[i] < t else t\nb[0] = t",
        ["reduction"],
    ),
    "argmax": (
        "t: 'f64' = a[0]\nw: 'i32' = 0\nfor i in range(n):\n    if a[i] > t:\n"
        "        t = a[i]\n        w = i\nc[0] = w",
        ["reduction"],
    ),
    "scan": ("t: 'f64' = 0.0\nfor i in range(n):\n    t += a[i]\n    b[i] = t", ["scan"]),
    "scan in array": ("for i in range(1, n): a[i] = a[i - 1] + b[i]", ["scan"]),
    "compaction": (
        "t: 'i32' = 0\nfor i in range(n):\n    if a[i] > 0.0:\n        b[t] = a[i]\n"
        "        t += 1\nc[0] = t",
        ["scan"],
    ),
    "private scalar": ("for i in range(n):\n    t: 'f64' = b[i]\n    a[i] = t * t", ["parallel"]),
    "private outer scalar": (
        "t: 'f64' = 0.0\nfor i in range(n):\n    t = b[i]\n    a[i] = t * t",
        ["parallel"],
    ),
    "conditional private": (
        "t: 'f64' = 0.0\nfor i in range(n):\n    if b[i] > 0.0: t = b[i]\n    a[i] = t",
        ["carried"],
    ),
    "both branches": (
        "t: 'f64' = 0.0\nfor i in range(n):\n    if b[i] > 0.0: t = b[i]\n    else: t = 1.0\n"
        "    a[i] = t",
        ["parallel"],
    ),
    "conditional last value": (
        "t: 'f64' = 0.0\nfor i in range(n):\n    if b[i] > 0.0: t = b[i]\na[0] = t",
        ["carried"],
    ),
    "private array": (
        "w: 'f64[m]'\nfor i in range(n):\n    for j in range(m): w[j] = b[i * m + j]\n"
        "    for j in range(m): a[i * m + j] = w[m - 1 - j]",
        ["parallel", "parallel", "parallel"],
    ),
    "array not wholly written": (
        "w: 'f64[m]'\nfor i in range(n):\n    for j in range(m - 1): w[j] = b[i * m + j]\n"
        "    for j in range(m): a[i * m + j] = w[j]",
        ["carried", "parallel", "parallel"],
    ),
    "conditional write": (
        "for i in range(n):\n    if b[i] > 0.0: a[i] = b[i]",
        ["parallel"],
    ),
    "break": ("for i in range(n):\n    if a[i] < 0.0: break\n    b[i] = a[i]", ["unsupported"]),
    "return": ("for i in range(n):\n    if a[i] < 0.0: return\n    b[i] = a[i]", ["unsupported"]),
    "continue": (
        "for i in range(n):\n    if a[i] < 0.0: continue\n    b[i] = a[i]",
        ["parallel"],
    ),
    "unknown call": ("for i in range(n): a[i] = g(b, i)", ["unsupported"]),
    "pure call": ("for i in range(n): a[i] = sqrt(b[i])", ["parallel"]),
    "swap": (
        "for i in range(n):\n    t: 'f64' = a[i]\n    a[i] = b[i]\n    b[i] = t",
        ["parallel"],
    ),
    "reverse in place by half": (
        "for i in range(n >> 1):\n    t: 'f64' = a[i]\n    a[i] = a[n - 1 - i]\n"
        "    a[n - 1 - i] = t",
        ["carried"],
    ),
    "induction": (
        "p: 'i32' = 0\nfor i in range(n):\n    a[p] = b[i]\n    p += 2",
        ["parallel"],
    ),
    "induction over nest": (
        "p: 'i32' = 0\nfor i in range(n):\n    for j in range(m):\n        a[p] = b[j]\n"
        "        p += 1",
        ["parallel", "parallel"],
    ),
    "induction by condition": (
        "p: 'i32' = 0\nfor i in range(n):\n    a[p] = b[i]\n    if b[i] > 0.0: p += 1",
        ["unsupported"],
    ),
    "while": ("i: 'i32' = 0\nwhile i < n:\n    a[i] = b[i]\n    i += 1", ["parallel"]),
    "while unknown": ("i: 'i32' = 1\nwhile i < n:\n    a[i] = b[i]\n    i *= 2", ["unsupported"]),
    "own bound": ("for i in range(n):\n    a[i] = b[i]\n    n = n - 1", ["unsupported"]),
    "own counter": ("for i in range(n):\n    a[i] = b[i]\n    i += 1", ["unsupported"]),
    "elimination": (
        "for i in range(n):\n    if i != k:\n"
        "        for j in range(n): a[i * n + j] = a[i * n + j] - a[k * n + j]",
        ["parallel", "parallel"],
    ),
    "elimination of the row itself": (
        "for i in range(n):\n    for j in range(n): a[i * n + j] = a[i * n + j] - a[k * n + j]",
        ["carried", "carried"],
    ),
    "blocks": (
        "for i in range(0, n, 4):\n    for j in range(i, i + 4): a[j] = b[j]",
        ["parallel", "parallel"],
    ),
    "overlapping blocks": (
        "for i in range(0, n, 4):\n    for j in range(i, i + 5): a[j] = b[j]",
        ["carried", "parallel"],
    ),
    "flattened": (
        "for i in range(n * m):\n    r: 'i32' = i // m\n    q: 'i32' = i % m\n"
        "    a[r * m + q] = b[r]",
        ["parallel"],
    ),
    "matrix product": (
        "for i in range(n):\n    for j in range(m):\n        t: 'f64' = 0.0\n"
        "        for l in range(k): t += b[i * k + l] * b[l * m + j]\n        a[i * m + j] = t",
        ["parallel", "parallel", "reduction"],
    ),
    "accumulated product": (
        "for i in range(n):\n    for j in range(m):\n"
        "        for l in range(k): a[i * m + j] += b[i * k + l] * b[l * m + j]",
        ["parallel", "parallel", "reduction"],
    ),
    "sparse product": (
        "for i in range(n):\n    t: 'f64' = 0.0\n"
        "    for l in range(c[i], c[i + 1]): t += b[l]\n    a[i] = t",
        ["parallel", "reduction"],
    ),
    "prefix by two": ("for i in range(2, n): a[i] = a[i - 2] + b[i]", ["carried"]),
    "fibonacci scalars": (
        "x: 'f64' = 0.0\ny: 'f64' = 1.0\nfor i in range(n):\n    t: 'f64' = x + y\n"
        "    x = y\n    y = t\n    a[i] = x",
        ["carried"],
    ),
}


def text_of(body: str) -> str:
    return HEAD + "".join(f"    {line}\n" for line in body.split("\n"))


@pytest.mark.parametrize("name", CASES)
def test_verdict(name: str) -> None:
    body, expected = CASES[name]
    verdicts = [v for _, v in classify_loops(read(text_of(body)))]
    shown = [(v.kind, [str(r) for r in v.reasons]) for v in verdicts]
    assert [v.kind for v in verdicts] == expected, shown


def distance_of(body: str) -> str:
    (_, verdict), *_ = classify_loops(read(text_of(body)))
    return str(verdict.dependences[0].distance)


def test_distances() -> None:
    assert distance_of("for i in range(3, n): a[i] = a[i - 3] * b[i] + 1.0") == "3"
    assert distance_of("for i in range(n): a[i] = a[i + 1] * 2.0") == "1"
    assert {distance_of("for i in range(n): a[i + k] = a[i] * 2.0")} <= {"k", "-k"}
    assert distance_of("for i in range(n): a[2 * i] = a[i] * 2.0") == "None"


def test_overlap_is_an_assumption() -> None:
    ((_, verdict),) = classify_loops(read(text_of("for i in range(n): a[i] = b[i] + c[i]")))
    assert verdict.kind == "parallel"
    assert [a.names for a in verdict.assumptions] == [("a", "b")]  # c holds other elements
    text = "def f(a: 'f64* restrict', b: 'f64*', n: 'i32'):\n    for i in range(n): a[i] = b[i]\n"
    ((_, verdict),) = classify_loops(read(text))
    assert not verdict.assumptions
