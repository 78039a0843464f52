"""Generated lessons with structures: as many as asked for, and only what a source shows."""

from __future__ import annotations

from coevolve.config.schema import parse
from coevolve.loop.generated import generate_pairs
from corpora.splits import EvaluationGuard


def pairs(share: float, **cold: object) -> list[tuple[str, str, str, str]]:
    beside = cold.pop("beside", 1 / 3)
    settings = {"cold_start.structures": share, "cold_start.beside": beside}
    config = parse({"cold_start": {"level": "easy", **cold}, "settings": settings}, "t")
    made = generate_pairs(config, 60, 0, EvaluationGuard([]), config.directions)
    return [(a.dialect, b.dialect, a.text, b.text) for a, b in made]


def is_dressed(pair: tuple[str, str, str, str]) -> bool:
    return any(
        word in text
        for text in pair[2:]
        for word in ("struct ", "std::vector", "float3 *", "int3 *")
    )


def test_lessons_have_the_share_of_structures_that_is_asked_for() -> None:
    none, half = pairs(0.0), pairs(0.5)
    assert (
        len(none) == len(half)
        and not any(map(is_dressed, none))
        and 20 <= sum(map(is_dressed, half)) <= 40
    )
    assert [p for p in half if not is_dressed(p)] == [
        p for p, q in zip(none, half) if not is_dressed(q)
    ]


def test_lessons_beside_hold_what_their_source_tells() -> None:
    every = pairs(1.0, directions=["cuda:cpp", "fortran:cuda", "cpp:openmp"], beside=3.0)
    back = [p for p in every if p[:2] == ("cuda", "cpp")]
    assert any(map(is_dressed, back)) and not [
        p for p in back if "std::vector" in p[3] or "(const P &" in p[3]
    ]
    assert not any(map(is_dressed, [p for p in every if p[0] == "fortran"])) and any(
        p[0] == "fortran" for p in every
    )
    assert any("std::vector" in p[2] for p in every if p[1] == "openmp")
