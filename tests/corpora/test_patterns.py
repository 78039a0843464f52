"""Families that are written as texts: each is equal in every dialect, and only what carries
something is left to one thread.
"""

from __future__ import annotations

import random
import re

import pytest
from families import items_of, nest_of

from corpora import ir
from corpora.generator import nests
from corpora.generator.core import expressions as ast
from corpora.generator.core.builder import FLOATS, Builder
from corpora.generator.core.nest import Nest
from corpora.generator.core.shapes import _independent
from corpora.generator.patterns import Pattern, read_families
from corpora.generator.patterns.choices import draw_text, parse_choices
from corpora.generator.patterns.families import Declared
from corpora.generator.patterns.trees import PatternError
from corpora.signatures.signature import read_signature
from corpora.suites.unit_tests import parse_suite

verification = pytest.importorskip("coevolve.verification.engine")

GROUPS = (*nests.BROAD_SHARES, "fortran")
DIALECTS = ("cuda", "openmp", "fortran", "openmp-fortran")
ALL = [family for group in GROUPS for family in read_families(group)]


def make(body: str, parameters: tuple = (), options: str = "") -> Pattern:
    parts = parse_choices(body)
    return Pattern("made", "none", 1, frozenset(options.split()), parameters, parts)


def array(name: str, mark: str = "") -> Declared:
    return Declared(name, ("n",), mark, "T", "")


def wrong_of(monkeypatch: pytest.MonkeyPatch, families: list, each: int, seed: int) -> list:
    """What the engine does not call equivalent; suites whose inputs happen to change nothing are
    not counted."""
    items = [c for f in families for c in items_of(monkeypatch, [f], each, seed)]
    pairs = [
        verification.Pair(c.programs["cpp"], c.programs[d], c.suite_text)
        for c in items
        for d in DIALECTS
        if d in c.programs
    ]
    assert len(pairs) > len(items)
    verdicts = verification.verify_many(pairs, "emulated", verification.VerifyConfig(mutants=0))
    wrong = [
        (p.source.text, p.target.dialect, str(v.outcome), v.detail)
        for p, v in zip(pairs, verdicts, strict=True)
        if v.equivalent is not True
    ]
    idle = [w for w in wrong if w[3] == "no test changes an output"]
    assert len(idle) <= 0.1 * len(pairs)
    return [w for w in wrong if w not in idle]


@pytest.mark.slow
@pytest.mark.parametrize("group", GROUPS)
def test_engine_calls_every_family_equivalent(group: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert wrong_of(monkeypatch, list(read_families(group)), 3, 19) == []


@pytest.mark.slow
def test_engine_calls_some_of_every_group_equivalent(monkeypatch: pytest.MonkeyPatch) -> None:
    some = [f for group in GROUPS for f in random.Random(group).sample(read_families(group), 3)]
    assert wrong_of(monkeypatch, some, 1, 23) == []


@pytest.mark.slow
def test_every_family_gives_texts_with_valid_signatures_and_suites(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for family in ALL:
        for item in items_of(monkeypatch, [family], 12, 3):
            signatures = {d: read_signature(p) for d, p in item.programs.items()}
            wanted = [(p.name.lower(), p.type) for p in signatures["cpp"].parameters]
            for dialect, signature in signatures.items():
                if not signature.result:
                    found = [(p.name.lower(), p.type) for p in signature.parameters]
                    assert found == wanted, (family.name, dialect)
            parse_suite(item.suite_text, signatures["cpp"])


def test_parallel_families_exist_in_parallel_dialects(monkeypatch: pytest.MonkeyPatch) -> None:
    for family in ALL:
        item = items_of(monkeypatch, [family], 1, 5)[0]
        assert ("openmp" in item.programs) == bool(family.parallel), family.name


def test_a_kernel_of_one_thread_is_right_under_any_launch(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    alone = [f for f in ALL if not f.parallel]
    for item in items_of(monkeypatch, alone, 200, 2):
        text = item.programs["cuda"].text
        assert len(re.findall(r"threadIdx", text)) == 1
        assert re.search(r"blockIdx\.x.*(==|!=) 0\)", text)


def _carries(nest: Nest) -> bool:
    """Whether some loop is told from a parallel one, or there are several phases, or places that
    data give."""
    body = nest.regions[0].body
    loops = [s for s in body if type(s) in (ir.For, ir.While)]
    if len(loops) != 1 or not ast.is_count(loops[0]):
        return True
    every = list(ast.walk_statements(body))
    held = {s.name for s in every if ast.is_local(s) and type(s.value) is ir.Access}
    stores = [s.target for s in every if type(s) is ir.Assign and type(s.target) is ir.Access]
    by_data = any(
        type(n) is ir.Access or type(n) is ir.Name and n.id in held
        for place in stores
        for e in place.indices
        for n in ast.walk(e)
    )
    return by_data or not _independent(nest, ast.read_count(loops[0]), set())


def test_no_independent_loop_is_given_to_one_thread() -> None:
    for family in ALL:
        if not family.parallel:
            for seed in range(60):
                assert _carries(nest_of(family, seed)), (family.name, seed)


def test_the_judge_of_parallel_loops_knows_one() -> None:
    copy = make("for (int i = 0; i < n; i++) y[i] = x[i];", (array("x"), array("y", "!")))
    seeds = [s for s in range(60) if ast.is_count(nest_of(copy, s).regions[0].body[0])]
    assert not any(_carries(nest_of(copy, seed)) for seed in seeds) and len(seeds) > 40


def test_threads_store_at_places_that_their_index_gives() -> None:
    """Every subscript of a parallel store names the loops' variables, or the store is atomic."""
    for family in ALL:
        for seed in range(40 if family.parallel else 0):
            nest = nest_of(family, seed)
            for region in nest.regions:
                body = list(ast.walk_statements(region.body))
                held = {s.name: s.value for s in body if ast.is_local(s)}
                for s in body:
                    moved = [a.target for a in (s.step[1:] if ast.is_count(s) else ())]
                    held |= {t.id: ir.Name(region.axes[0].variable) for t in moved}
                views = {ast.read_view(s)[0] for s in body if ast.is_view(s)}
                written = [s for s in body if type(s) is ir.Assign and type(s.target) is ir.Access]
                for s in written:
                    if s.pragmas or s.target.base.id not in {p.name for p in nest.parameters}:
                        continue
                    names = {
                        n.id for e in s.target.indices for n in ast.walk(e) if type(n) is ir.Name
                    }
                    for name in tuple(names):
                        value = held.get(name)
                        if value is not None:
                            names |= {n.id for n in ast.walk(value) if type(n) is ir.Name}
                    axes = {a.variable for a in region.axes}
                    assert axes & names or views, (family.name, seed)


def test_whole_totals_add_whole_numbers() -> None:
    """`long n; n += x[i];` with a real x cuts each sum off: threads would give another total."""
    seen = 0
    for family in ALL:
        for seed in range(40 if family.parallel else 0):
            nest = nest_of(family, seed)
            for region in nest.regions:
                word = region.reduction[1] if region.reduction else ""
                for s in ast.walk_statements(region.body):
                    if type(s) is ir.Assign and s.target == ir.Name(word):
                        kinds = [ast.infer_type(e, nest.types) for e in (s.target, s.value)]
                        assert kinds[0] in FLOATS or kinds[1] not in FLOATS, (family.name, seed)
                        seen += 1
    assert seen > 100


def test_texts_seldom_repeat(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names aside, few of many texts of `broad` are the same."""

    def bare(text: str) -> str:
        body = text.split("{", 1)[1]
        words: dict[str, str] = {}
        return re.sub(r"\b[A-Za-z_]\w*\b", lambda m: words.setdefault(m[0], f"v{len(words)}"), body)

    texts = {bare(c.programs["cpp"].text) for c in items_of(monkeypatch, ALL, 600, 3)}
    assert len(texts) > 0.8 * 600


def test_choices_are_drawn_and_stand_inside_each_other() -> None:
    parts = parse_choices("a [: b :: c [: d :: e :] :] f")
    drawn = {draw_text(parts, random.Random(seed)).split()[1] for seed in range(40)}
    assert drawn == {"b", "c"}
    assert {draw_text(parts, random.Random(s)) for s in range(60)} == {
        "a  b  f", "a  c  d   f", "a  c  e   f",
    }  # fmt: skip


@pytest.mark.parametrize("text", ["a [: b", "a :] b", "[: a :: [: b :]"])
def test_marks_that_do_not_match_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="choice"):
        parse_choices(text)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("y[i] = 0;", "the name i, which nothing declares"),
        ("for (int i = 0; i < n; i++) y[i] = foo(i);", "the function foo"),
        ("for (int i = 0; i < n; i++) { goto there; there: ; }", "cannot hold"),
        ("T *p = y + 1;", "cannot hold"),
    ],
)
def test_what_a_pattern_may_not_hold_is_refused(body: str, message: str) -> None:
    with pytest.raises(PatternError, match=f"made: .*{message}"):
        make(body, (array("y", "!"),))(Builder(random.Random(1), "f32", False))


def test_additions_to_a_shared_place_are_atomic() -> None:
    family = make(
        "for (int i = 0; i < n; i++) { y[k[i]] += 1; x[i] += 1; }",
        (array("x", "!"), array("y", "!"), Declared("k", ("n",), "", "i32", "integers(0,n-1)")),
        "par",
    )
    assert [bool(s.pragmas) for s in nest_of(family, 3).regions[0].body] == [True, False]


def test_unused_parameters_are_left_out_and_sizes_are_found() -> None:
    family = make("for (int i = 0; i < n; i++) y[i] = 1;", (array("x"), array("y", "!")), "par")
    kinds = [p.kind for p in nest_of(family, 3).parameters]
    assert sorted(kinds) == ["array", "scalar"]


def test_a_loop_that_its_body_moves_has_no_fortran_text() -> None:
    family = make("for (int i = 0; i < n; i++) { y[i] = 1; i++; }", (array("y", "!"),))
    assert any(nest_of(family, seed).c_only for seed in range(20))


def test_a_value_that_is_given_back_early_has_no_fortran_text() -> None:
    """The Fortran function set its result and went on: it gave 1 where C++ gave 0."""
    body = "for (int i = 0; i < n; i++) if (x[i] > 0) return 0; return 1;"
    assert nest_of(make(body, (array("x"),)), 1).c_only
    assert not nest_of(make("int s = 0; return s;", ()), 1).c_only
