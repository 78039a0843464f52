"""Functions that return values, hold buffers or take the bounds of their loop: equal in all
dialects, and shaped as said.
"""

from __future__ import annotations

import re

import pytest

from corpora.generator import LEVELS, Computation, generate, nests
from corpora.generator.families.host_wrappers import (
    hosted,
    hosted_buffers,
    hosted_spans,
    hosted_sums,
    hosted_totals,
)

verification = pytest.importorskip("coevolve.verification.engine")

_ONE_THREAD = tuple(family for menu in (hosted.MENU, hosted_sums.MENU) for family, _ in menu)
_TOTALS = tuple(family for family, _ in hosted_totals.MENU)
_BUFFERS = tuple(family for family, _ in hosted_buffers.MENU)
_SPANS = tuple(family for family, _ in hosted_spans.MENU)


def _items(
    monkeypatch: pytest.MonkeyPatch, families: tuple, count: int, seed: int
) -> list[Computation]:
    monkeypatch.setitem(nests.LEVEL_MENUS, "broad", (list(families), [1] * len(families)))
    return list(generate(count, seed, "broad"))


def _wrong(items: list[Computation]) -> list[tuple]:
    pairs = [
        verification.Pair(c.programs["cpp"], p, c.suite_text)
        for c in items
        for d, p in c.programs.items()
        if d != "cpp"
    ]
    verdicts = verification.verify_many(pairs, "emulated", verification.VerifyConfig(mutants=0))
    return [
        (p.target.origin, p.target.dialect, str(v.outcome), v.detail)
        for p, v in zip(pairs, verdicts)
        if v.equivalent is not True
    ]


@pytest.mark.parametrize(
    ("families", "count"), [(_ONE_THREAD, 6), (_TOTALS, 4), (_BUFFERS, 4), (_SPANS, 4)]
)
def test_engine_calls_the_families_equivalent(
    monkeypatch: pytest.MonkeyPatch, families: tuple, count: int
) -> None:
    assert _wrong(_items(monkeypatch, families, count, 3)) == []


def _returned(text: str, name: str) -> str:
    """Type of what the function of this name returns."""
    return re.search(rf"^([\w ]+?) {name}\(", text, re.M)[1]


def test_host_function_and_cell_have_the_type_that_the_serial_function_returns(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen = set()
    for item in _items(monkeypatch, _ONE_THREAD, 150, 4):
        serial, kernel = item.programs["cpp"], item.programs["cuda"]
        word = _returned(serial.text, serial.name)
        assert _returned(kernel.text, kernel.name) == word
        assert re.search(rf"^    {word} (\w+);$[\s\S]*return \1;", kernel.text, re.M)
        assert "<<<1, 1>>>" in kernel.text and "openmp" not in item.programs
        seen.add(word)
    assert {"int", "long", "float", "double", "bool", "unsigned int"} <= seen


def test_totals_are_shared_out_by_atomic_additions(monkeypatch: pytest.MonkeyPatch) -> None:
    items = [c for c in _items(monkeypatch, _TOTALS, 120, 6) if "cuda" in c.programs]
    assert len(items) > 100 and all("openmp" in c.programs for c in items)
    for item in items:
        serial, kernel = item.programs["cpp"].text, item.programs["cuda"].text
        assert (
            kernel.count("atomicAdd(d_") == kernel.count("atomicAdd(") >= 1
            and "<<<1, 1>>>" not in kernel
        )
        assert serial[serial.rindex("return ") :] == kernel[kernel.rindex("return ") :]
    texts = "".join(c.programs["cuda"].text for c in items)
    assert all(word in texts for word in ("log(", " /= -", "? ", "sqrt(")) and re.search(
        r"^ +return;$", texts, re.M
    )


def test_what_is_allocated_is_freed_and_copied_on_the_device(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    words = set()
    for item in _items(monkeypatch, _BUFFERS, 150, 7):
        serial, kernel = item.programs["cpp"].text, item.programs["cuda"].text
        (buffer,) = re.findall(r"\*(\w+) = (?:\([\w ]+ \*\))?(?:calloc|malloc|new)\b", serial)
        assert f"free({buffer});" in serial or f"delete[] {buffer};" in serial
        assert f"cudaMalloc(&{buffer}, " in kernel and f"cudaFree({buffer});" in kernel
        assert kernel.count("__global__") == kernel.count("<<<") in (1, 2)
        assert ("memcpy(" in serial) == ("cudaMemcpyDeviceToDevice" in kernel)
        assert ("calloc(" in serial) == (f"cudaMemset({buffer}, 0" in kernel)
        words.update(re.findall(r"memcpy|calloc|malloc|delete|= malloc|forward|% ", serial))
    assert {"memcpy", "calloc", "malloc", "delete", "= malloc", "forward", "% "} <= words


def test_workers_are_kernels_whose_index_begins_at_the_lower_bound(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    nulls: dict[str, int] = {}
    for item in _items(monkeypatch, _SPANS, 150, 9):
        serial, kernel = item.programs["cpp"].text, item.programs["cuda"].text
        start = re.search(
            r"(?:for \((?:\w+ )*\w+|^    (?:\w+ )?\w+) = (\w+);(?: \w+ <|\n    while)", serial, re.M
        )[1]
        assert re.search(rf"\+ {start};|< {start}\b", kernel) and kernel.startswith(
            "__global__ void "
        )
        null = re.search(r"return ([^;\n]+);\n}\n$", serial)
        assert (
            serial.startswith("void *") == bool(null)
            and "return 0" not in kernel
            and "NULL" not in kernel
        )
        if null:
            nulls[null[1]] = nulls.get(null[1], 0) + 1
    assert {"(void *)0", "NULL", "nullptr", "0"} == set(nulls) and 40 < sum(nulls.values()) < 80


def test_families_are_in_the_menu_of_the_broad_level_only() -> None:
    for level in LEVELS:
        for family in (*_ONE_THREAD, *_TOTALS, *_BUFFERS, *_SPANS):
            assert (family in nests.LEVEL_MENUS[level][0]) == (level == "broad")
