"""Everyday families: the engine finds every dialect of their programs equal, and each shows what it is there to teach."""

from __future__ import annotations

import random
import re

import pytest

from corpora.loopnests import LEVELS, digits, everyday, generate, graphs, images, nests, samples, tallies, textual

verification = pytest.importorskip("coevolve.verify")

_FAMILIES = (
    everyday.prologue, everyday.formulas, tallies.tallied, tallies.nested,
    graphs.gathered_sum, graphs.best_edge, graphs.visited, graphs.edge_list, graphs.adjacency, graphs.followed,
    textual.counted_rows, textual.compared_rows, textual.read_rows, textual.searched, textual.exchanged,
    digits.looped, digits.written_out, digits.packed,
    samples.points, samples.pairs, samples.everyone, samples.columns,
    images.colours, images.quantised, images.folded, images.pitched_tables,
)  # fmt: skip


def _items(monkeypatch: pytest.MonkeyPatch, family: object, count: int, seed: int) -> list:
    monkeypatch.setitem(nests.LEVEL_MENUS, "broad", ([family], [1]))
    return list(generate(count, seed, "broad"))


@pytest.mark.parametrize("family", _FAMILIES, ids=lambda f: f.__name__)
def test_engine_calls_every_dialect_equivalent(monkeypatch: pytest.MonkeyPatch, family: object) -> None:
    pairs = [
        verification.Pair(item.programs["cpp"], program, item.suite_text)
        for item in _items(monkeypatch, family, 3, random.Random(family.__name__).randint(0, 999))
        for dialect, program in item.programs.items()
        if dialect != "cpp"
    ]
    verdicts = verification.verify_many(pairs, "emulated", verification.VerifyConfig(mutants=0))
    assert [(p.target.origin, p.target.dialect, v.detail) for p, v in zip(pairs, verdicts) if v.equivalent is not True] == []
    assert len(pairs) >= 4


def test_families_are_in_the_menu_of_the_broad_level_only() -> None:
    for level in LEVELS:
        assert all((family in nests.LEVEL_MENUS[level][0]) == (level == "broad") for family in _FAMILIES)


def test_locals_before_the_loop_stay_before_the_index(monkeypatch: pytest.MonkeyPatch) -> None:
    for item in _items(monkeypatch, everyday.prologue, 60, 8):
        serial, kernel = item.programs["cpp"].text, item.programs["cuda"].text
        made = re.findall(r"(\w+) = ", serial[: re.search(r"\b(for|while) ", serial).start()])
        assert made and all(re.search(rf"\b{word} = ", kernel[: kernel.index("blockIdx")]) for word in made[:1])


def test_copies_have_the_types_of_what_is_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    words = set()
    for item in _items(monkeypatch, tallies.tallied, 200, 8):
        if "cuda" not in item.programs:
            continue
        text = item.programs["cuda"].text
        for word, name in re.findall(r"^    ([\w ]+) \*d_(\w+);", text, re.M):
            words.add(word)
            assert f"sizeof({word}));" in text and re.search(rf"{re.escape(word)} \*?(__restrict__ |const )?{name}\b", text)
    assert {"bool", "unsigned char", "short", "double", "unsigned short"} <= words
