"""Everyday families: the engine finds every dialect of their programs equal, and each shows what it
is there to teach.
"""

from __future__ import annotations

import random
import re

import pytest

from corpora.generator import LEVELS, generate, nests
from corpora.generator.families import (
    choices,
    digits,
    everyday,
    graphs,
    graphs_edges,
    images,
    images_rows,
    samples,
    samples_against,
    tallies,
    textual,
    textual_lines,
)

verification = pytest.importorskip("coevolve.verification.engine")

_FAMILIES = (
    everyday.prologue,
    everyday.formulas,
    tallies.tallied,
    tallies.nested,
    graphs.gathered_sum,
    graphs.best_edge,
    graphs.visited,
    graphs_edges.edge_list,
    graphs_edges.adjacency,
    graphs.followed,
    textual.counted_rows,
    textual.compared_rows,
    textual.read_rows,
    textual_lines.searched,
    textual_lines.exchanged,
    digits.looped,
    digits.written_out,
    digits.packed,
    samples.points,
    samples_against.pairs,
    samples_against.everyone,
    samples.columns,
    images.colours,
    images.quantised,
    images.folded,
    images_rows.pitched_tables,
    images_rows.mirrored_rows,
    choices.switched,
)


def _items(monkeypatch: pytest.MonkeyPatch, family: object, count: int, seed: int) -> list:
    monkeypatch.setitem(nests.LEVEL_MENUS, "broad", ([family], [1]))
    return list(generate(count, seed, "broad"))


def test_engine_calls_every_family_equivalent(monkeypatch: pytest.MonkeyPatch) -> None:
    """In one dialect each: all dialects come in turn."""
    pairs = []
    for turn, family in enumerate(_FAMILIES):
        for item in _items(monkeypatch, family, 1, random.Random(family.__name__).randint(0, 999)):
            others = [dialect for dialect in item.programs if dialect != "cpp"]
            pairs.append(
                verification.Pair(
                    item.programs["cpp"], item.programs[others[turn % len(others)]], item.suite_text
                )
            )
    verdicts = verification.verify_many(pairs, "emulated", verification.VerifyConfig(mutants=0))
    assert [
        (p.target.origin, p.target.dialect, v.detail)
        for p, v in zip(pairs, verdicts)
        if v.equivalent is not True
    ] == []
    assert len(pairs) == len(_FAMILIES) and len({p.target.dialect for p in pairs}) > 2


@pytest.mark.parametrize(
    ("family", "words"),
    [
        (choices.switched, ("switch (", "case '", "default:")),
        (digits.looped, (" /= ", "for (; ", " <= ")),
        (graphs_edges.edge_list, ("atomicMin(", "atomicAdd(")),
        (textual_lines.searched, ("break;", " <= n")),
        (tallies.nested, ("atomicMax(", "cudaMemcpyHostToDevice")),
        (everyday.formulas, ("erfc", "log", "exp(")),
    ],
    ids=lambda x: getattr(x, "__name__", ""),
)
def test_family_shows_what_it_is_there_for(
    monkeypatch: pytest.MonkeyPatch, family: object, words: tuple[str, ...]
) -> None:
    texts = "".join(
        item.programs["cuda"].text
        for item in _items(monkeypatch, family, 150, 3)
        if "cuda" in item.programs
    )
    assert [word for word in words if word not in texts] == []


def test_serial_text_compares_where_the_kernel_takes_the_atomic_minimum(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compared = 0
    for item in _items(monkeypatch, graphs_edges.edge_list, 120, 5):
        serial, kernel = item.programs["cpp"].text, item.programs["cuda"].text
        if "atomicMin(" in kernel or "atomicMax(" in kernel:
            assert re.search(r"if \(.* [<>] .*\)", serial) or "min(" in serial
            assert not re.search(
                r"^ *if \(.*[<>].*\[.*\].*\)$", kernel, re.M
            )  # no look at what others are writing
            compared += 1
    assert compared > 10


def test_families_are_in_the_menu_of_the_broad_level_only() -> None:
    for level in LEVELS:
        assert all(
            (family in nests.LEVEL_MENUS[level][0]) == (level == "broad") for family in _FAMILIES
        )


def test_locals_before_the_loop_stay_before_the_index(monkeypatch: pytest.MonkeyPatch) -> None:
    for item in _items(monkeypatch, everyday.prologue, 60, 8):
        serial, kernel = item.programs["cpp"].text, item.programs["cuda"].text
        made = re.findall(r"(\w+) = ", serial[: re.search(r"\b(for|while) ", serial).start()])
        assert made and all(
            re.search(rf"\b{word} = ", kernel[: kernel.index("blockIdx")]) for word in made[:1]
        )


def test_copies_have_the_types_of_what_is_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    words = set()
    for item in _items(monkeypatch, tallies.tallied, 200, 8):
        if "cuda" not in item.programs:
            continue
        text = item.programs["cuda"].text
        for word, name in re.findall(r"^    ([\w ]+) \*d_(\w+);", text, re.M):
            words.add(word)
            assert f"sizeof({word}));" in text and re.search(
                rf"{re.escape(word)} \*?(__restrict__ |const )?{name}\b", text
            )
    assert {"bool", "unsigned char", "short", "double", "unsigned short"} <= words
