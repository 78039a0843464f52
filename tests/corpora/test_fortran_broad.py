"""Lessons from Fortran: the values of both texts are the same at every point, only subscripts
differ.
"""

from __future__ import annotations

import re
from collections import Counter

import pytest

from corpora import ir
from corpora.dialects import parse_direction
from corpora.generator import generate, nests
from corpora.generator.core import expressions as ast
from corpora.generator.core.nest import Nest, Region, Style
from corpora.generator.emit.fortran import FortranEmitter
from corpora.generator.emit.fortran_counts import _Counts
from corpora.generator.emit.fortran_forms import FortranForm
from corpora.generator.emit.fortran_layout import (
    use_dotted_operators,
    use_kind_suffixes,
)
from corpora.generator.patterns import read_families
from translator.decoding.forced_prefix import find_forced_prefix
from translator.prompting.translate import canonicalize_program

verification = pytest.importorskip("coevolve.verification.engine")


def told(count: int, seed: int) -> list:
    return [c for c in generate(count, seed, "broad", plain=True) if "fortran" in c.programs]


@pytest.mark.parametrize("dialect", ["openmp", pytest.param("cuda", marks=pytest.mark.slow)])
def test_engine_calls_translations_from_fortran_equivalent(dialect: str) -> None:
    pairs = [
        verification.Pair(c.programs["cpp"], c.programs[d], c.suite_text)
        for c in told(12, 77)
        for d in ("fortran", dialect)
        if d in c.programs
    ]
    verdicts = verification.verify_many(pairs, "emulated", verification.VerifyConfig(mutants=0))
    wrong = [
        (p.target.origin, str(v.outcome), v.detail)
        for p, v in zip(pairs, verdicts)
        if v.equivalent is not True
    ]
    assert len(pairs) > 10
    assert [w for w in wrong if w[1] != "INVALID_SUITE"] == [] and len(wrong) <= 2


def test_loops_run_over_the_same_values_in_both_languages() -> None:
    """What a Fortran loop starts from is what the C loop starts from."""
    seen: Counter = Counter()
    for c in told(150, 9):
        starts = {
            m[1]: m[2] for m in re.finditer(r"\bdo (\w+) = (\d+),", c.programs["fortran"].text)
        }
        for variable, start in starts.items():
            found = set(
                re.findall(rf"for \((?:int|long long) {variable} = (\d+);", c.programs["cpp"].text)
            )
            if len(found) == 1:
                seen[start in found] += 1
    assert (
        seen[True] > 80 and seen[False] <= seen[True] / 40
    )  # a name may have loops of several starts


def test_a_position_is_one_more_and_a_test_of_it_too() -> None:
    i, n = ir.Name("i"), ir.Name("n")
    counts = _Counts({"i"}, set(), {"i": "i32", "n": "i32"}, False)
    assert counts.of(ast.compare(i, "<", ast.sub(n, 1))) == ast.compare(i, "<", n)
    assert counts.of(ast.compare(i, ">", ast.ZERO)) == ast.compare(i, ">", ast.ONE)
    assert counts.of(ast.add(i, 1)) == i
    assert counts.more(ir.Binary("%", i, n), 1) == ast.add(ir.Binary("%", ast.sub(i, 1), n), 1)


def test_constants_need_no_word_that_fortran_lacks() -> None:
    assert not any(re.search(r"^ +const ", c.programs["cpp"].text, re.M) for c in told(120, 4))


def loop_of(body: str, form: FortranForm) -> list[str]:
    """The lines of a loop of Fortran round a body of C."""
    words = {"i": "i32", "j": "i32", "n": "i32", "m": "i32", "x": "i32", "a": "i32"}
    nest = Nest([Region((), ast.code(body))], sequential=True, types=words)
    emitter = FortranEmitter(nest, Style(fortran=form), False)
    loop = ast.loop("i", ast.ZERO, "<", ir.Name("n"), nest.regions[0].body)
    emitter.say.one_based |= {"i", "j"}
    return emitter.block((loop,), 0)


def test_labels_say_what_the_words_said() -> None:
    inner = """for (int j = 0; j < m; j++) { if (x < 0) continue; if (x > 9) break; a = a + x; }"""
    form = FortranForm(labels="statement", one_line=True)
    assert loop_of(inner, form) == [
        "do 10 i = 1, n",
        "    do 20 j = 1, m",
        "        if (x < 0) go to 20",
        "        if (x > 9) go to 21",
        "        a = a + x",
        "20   continue",
        "21   continue",
        "10  continue",
    ]
    assert loop_of("a = a + x;", form) == ["do 10 i = 1, n", "10  a = a + x"]
    assert loop_of("while (x > 0) { x = x - 1; break; }", form)[2:4] == [
        "        x = x - 1",
        "        exit",
    ]
    assert (
        use_dotted_operators("if (a <= b .and. c /= d) then") == "if (a .le. b .and. c .ne. d) then"
    )
    assert use_kind_suffixes("x = 1.5d0 * y + 2.0d0") == "x = 1.5_8 * y + 2.0_8"


def test_engine_calls_what_fortran_programs_hold_equivalent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    families = read_families("fortran")
    menu = (families, [f.weight for f in families])
    monkeypatch.setattr(nests, "FORTRAN_MENU", menu)
    monkeypatch.setitem(nests.LEVEL_MENUS, "broad", menu)
    made = list(generate(14, 13, "broad", plain=True))
    assert sum("fortran" in c.programs for c in made) > 11
    pairs = [
        verification.Pair(c.programs["cpp"], c.programs[d], c.suite_text)
        for c in made
        for d in ("fortran", "cuda")
        if d in c.programs
    ]
    verdicts = verification.verify_many(pairs, "emulated", verification.VerifyConfig(mutants=0))
    wrong = [
        (p.target.origin, str(v.outcome), v.detail)
        for p, v in zip(pairs, verdicts)
        if v.equivalent is not True
    ]
    assert [w for w in wrong if w[1] != "INVALID_SUITE"] == [] and len(wrong) <= 2


def test_totals_are_intrinsics_where_array_syntax_is_liked() -> None:
    texts = " ".join(c.programs["fortran"].text for c in told(900, 21))
    for words in (
        "sum(",
        "maxval(",
        "minval(",
        "count(",
        "dot_product(",
        ", dim=",
        "huge(",
        "go to ",
        "(:, ",
    ):
        assert words in texts, words


@pytest.mark.parametrize("dialect", ["cpp", "cuda"])
def test_what_is_forced_on_an_answer_is_what_lessons_begin_with(dialect: str) -> None:
    way = parse_direction(f"fortran:{dialect}")
    for c in told(120, 3):
        if dialect in c.programs:
            source = canonicalize_program(c.programs["fortran"])
            words = " ".join(canonicalize_program(c.programs[dialect], source.names).tokens)
            assert words.startswith(find_forced_prefix(c.programs["fortran"], source, way)), (
                c.programs["fortran"].text
            )
