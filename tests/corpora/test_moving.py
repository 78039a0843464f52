"""Pointers and positions that move, totals in memory, overlaps: what is carried stays with one
thread, its twins are parallel.
"""

from __future__ import annotations

import re

import pytest

from corpora.generator import LEVELS, generate, nests
from corpora.generator.families.moving_pointers import moving_blocks, moving_index, moving_places

verification = pytest.importorskip("coevolve.verification.engine")

_ALONE = (
    moving_blocks.moved_on,
    moving_index.parts_in_turn,
    moving_index.both_ends,
    moving_places.overlapping,
    moving_places.swept,
)
_PARALLEL = (
    moving_blocks.found_again,
    moving_blocks.moved_once,
    moving_index.parts_placed,
    moving_index.marched,
    moving_index.together,
    moving_index.row_ends,
    moving_places.totals,
    moving_places.apart,
)


def _items(monkeypatch: pytest.MonkeyPatch, families: tuple, count: int, seed: int) -> list:
    monkeypatch.setitem(nests.LEVEL_MENUS, "broad", (list(families), [1] * len(families)))
    return list(generate(count, seed, "broad"))


@pytest.mark.parametrize(
    ("families", "seed"), [(_ALONE, 11), pytest.param(_PARALLEL, 12, marks=pytest.mark.slow)]
)
def test_engine_calls_them_equivalent(
    monkeypatch: pytest.MonkeyPatch, families: tuple, seed: int
) -> None:
    items = _items(monkeypatch, families, 3 * len(families), seed)
    pairs = [
        verification.Pair(i.programs["cpp"], p, i.suite_text)
        for i in items
        for name, p in i.programs.items()
        if name != "cpp"
    ]
    verdicts = verification.verify_many(pairs, "emulated", verification.VerifyConfig(mutants=0))
    wrong = [
        (p.source.text, p.target.dialect, str(v.outcome), v.detail)
        for p, v in zip(pairs, verdicts)
        if v.equivalent is not True
    ]
    assert [w for w in wrong if w[2] != "INVALID_SUITE"] == []
    assert len(wrong) <= 0.04 * len(pairs)


def test_what_is_carried_is_done_by_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    for item in _items(monkeypatch, _ALONE, 200, 5):
        assert not {"openmp", "openmp-fortran"} & set(item.programs)
        kernel = item.programs["cuda"].text
        assert len(re.findall(r"threadIdx\.x", kernel)) == 1 and re.search(
            r"if \(.*threadIdx.* [!=]= 0\)", kernel
        )


def test_twins_are_parallel_and_need_no_atomics(monkeypatch: pytest.MonkeyPatch) -> None:
    for item in _items(monkeypatch, _PARALLEL, 300, 6):
        assert {"cuda", "openmp"} <= set(item.programs)
        assert "atomic" not in item.programs["cuda"].text


def _moved(text: str) -> list[str]:
    """Pointer parameters that the text moves on."""
    head, body = text.split("{", 1)
    return [
        w
        for w in re.findall(r"(\w+)(?:\[\])?[,)]", head)
        if re.search(rf"(?<![\w\]\[])\*?{w}(\+\+| \+= | = {w} \+ )", body)
    ]


def test_a_parameter_that_moves_in_the_loop_shows_in_the_serial_text(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for item in _items(monkeypatch, (moving_blocks.moved_on,), 150, 7):
        text = item.programs["cpp"].text
        moved = _moved(text)
        assert moved, text
        assert not any(re.search(rf"\*const {word}\b", text) for word in moved)
    assert not any(
        _moved(item.programs["cpp"].text)
        for item in _items(monkeypatch, (moving_blocks.found_again,), 150, 7)
    )


@pytest.mark.parametrize(
    ("family", "forms"),
    [
        (
            moving_blocks.moved_on,
            (
                r"\+= \d+ \* \w+;",
                r"\*\w+\+\+",
                r"\) \{\n +\w+ \+= ",
                r"\+\+, \w+ \+= ",
                r"unsigned",
            ),
        ),
        (moving_index.parts_in_turn, (r"\[\w+\+\+\]", r"if \(\w+\)", r"\w+\+\+;")),
        (moving_index.marched, (r"\+\+\w+, \w+ \+= \w+ \* \w+\)", r"unsigned int \w+;", r"= 0")),
        (moving_index.together, (r"= 0, \w+ = \w+; ", r"int \w+ = 0, \w+ = ")),
        (moving_index.row_ends, (r"\+\+, \w+--\)",)),
        (moving_places.totals, (r"\[\w+\] \+= \w+\[", r"\[\w+\] \*= ", r"if \(")),
    ],
    ids=lambda x: getattr(x, "__name__", ""),
)
def test_family_shows_what_it_is_there_for(
    monkeypatch: pytest.MonkeyPatch, family: object, forms: tuple[str, ...]
) -> None:
    texts = "".join(item.programs["cpp"].text for item in _items(monkeypatch, (family,), 200, 3))
    assert [form for form in forms if not re.search(form, texts)] == []


def test_families_are_in_the_menu_of_the_broad_level_only() -> None:
    for level in LEVELS:
        assert all(
            (family in nests.LEVEL_MENUS[level][0]) == (level == "broad")
            for family in (*_ALONE, *_PARALLEL)
        )


def test_texts_seldom_repeat(monkeypatch: pytest.MonkeyPatch) -> None:
    def bare(text: str) -> str:
        words: dict[str, str] = {}
        return re.sub(
            r"\b[A-Za-z_]\w*\b",
            lambda m: words.setdefault(m[0], f"v{len(words)}"),
            text.split("{", 1)[1],
        )

    for families in (_ALONE, _PARALLEL):
        assert (
            len({bare(item.programs["cpp"].text) for item in _items(monkeypatch, families, 400, 3)})
            > 0.8 * 400
        )
