"""Code before and around parallel loops is equal in every dialect."""

from __future__ import annotations

import random
import re

import pytest

from corpora import ir
from corpora.dialects import get_dialect
from corpora.generator import generate, nests
from corpora.generator.core import expressions as ast, heads
from corpora.generator.core.builder import Builder
from corpora.generator.core.nest import Axis, Nest, Parameter, Region, Style
from corpora.generator.emit.cpp import emit_cpp
from corpora.generator.emit.cuda import emit_cuda
from corpora.tokens.canonical import canonicalize

verification = pytest.importorskip("coevolve.verification.engine")


@pytest.fixture
def always_dressed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every change at once, on the families that were there before."""
    monkeypatch.setattr(heads, "_ALL", tuple((change, 0.6) for change, _ in heads._ALL))
    monkeypatch.setitem(nests.LEVEL_MENUS, "broad", nests.LEVEL_MENUS["mixed"])


def _wrong(count: int, seed: int, every: int = 1) -> list:
    pairs = []
    for number, item in enumerate(generate(count, seed, "broad")):
        others = ("openmp", "fortran", "openmp-fortran")
        for wanted in ("cuda", *(others if number % every == 0 else ())):
            if wanted in item.programs:
                pairs.append(
                    verification.Pair(item.programs["cpp"], item.programs[wanted], item.suite_text)
                )
    verdicts = verification.verify_many(pairs, "emulated", verification.VerifyConfig(mutants=0))
    assert len(pairs) > count
    named = [
        (p.target.origin, p.target.dialect, str(v.outcome), v.detail)
        for p, v in zip(pairs, verdicts)
        if v.equivalent is not True
    ]
    return [line for line in named if "no test changes an output" not in line[3]]


def test_engine_finds_nests_with_varied_heads_equivalent(always_dressed: None) -> None:
    assert _wrong(14, 8, every=4) == []


def test_vary_heads_writes_its_forms(always_dressed: None) -> None:
    text = "\n".join(item.programs["cpp"].text for item in generate(900, 4, "broad"))
    wanted = (
        r"< \d+ \* \d+;",
        r"/ sizeof\(int\);",
        r"<= \w+ - 1;",
        r"\w+ \+ 1 < \w+;",
        r"< \(int\)\w+;",
        r"< \w+ / 2;",
        r"= 1; \w+ <",
        r"const int \w+ = \d+;",
        r"float \w+ = \d*\.\d+f?;\n",
        r"long \w+ = ",
        r"int \w+ = \w+;\n    for",
    )
    assert [w for w in wanted if not re.search(w, text)] == []


def test_one_source_text_has_one_answer(always_dressed: None) -> None:
    answers: dict[str, set[str]] = {}
    for item in generate(700, 6, "broad"):
        if "cuda" not in item.programs:
            continue
        words = {d: item.programs[d] for d in ("cpp", "cuda")}
        source = canonicalize(words["cpp"].text, get_dialect("cpp").language, (), words["cpp"].name)
        answers.setdefault(source.text, set()).add(
            canonicalize(
                words["cuda"].text, get_dialect("cuda").language, source.names, words["cuda"].name
            ).text
        )
    assert [texts for texts in answers.values() if len(texts) > 1] == []


def _line(body: tuple, **more: object) -> Nest:
    arrays = [
        Parameter(w, "array", "f32", (ir.Name("n"),), written=w == "out") for w in ("x", "out")
    ]
    types = {"x": "f32", "out": "f32", "n": "i32", "i": "i32"}
    return Nest(
        [Region((Axis("i", ast.ZERO, ir.Name("n")),), body)],
        [*arrays, Parameter("n", "scalar", "i32")],
        types=types,
        **more,
    )


def test_a_chain_is_not_made_of_a_place_that_depends_on_the_first() -> None:
    """`k = 0; out[k] = 0;` is not `k = out[k] = 0`."""
    k, place = ir.Name("k"), ast.at("out", (ir.Name("k"),))
    types = {"k": "f32", "out": "f32"}
    block = (ir.Assign(k, "=", ast.ZERO), ir.Assign(place, "=", ast.ZERO))
    assert heads._chains(block, types) == block
    assert (
        len(
            heads._chains(
                block[:1] + (ir.Assign(ast.at("out", (ir.Name("i"),)), "=", ast.ZERO),), types
            )
        )
        == 1
    )


def test_a_store_before_the_loop_is_done_by_one_thread() -> None:
    i = ir.Name("i")
    nest = _line(
        (ir.Assign(ast.at("out", (i,)), "=", ast.at("x", (i,))),),
        first=(ir.Assign(ast.at("out", (ast.ZERO,)), "=", ast.ZERO),),
    )
    assert emit_cpp(nest, Style()).index("out[0] = 0;") < emit_cpp(nest, Style()).index("for (")
    assert (
        "if (blockIdx.x * blockDim.x + threadIdx.x == 0) {\n        out[0] = 0;\n    }\n"
        in emit_cuda(nest, Style())
    )


def test_aliases_reach_flattened_positions() -> None:
    """The width that subscripts are flattened with comes from the arrays' extents, not from the
    body.
    """
    nest = _line((ir.Assign(ast.at("out", (ir.Name("i"), ast.ZERO)), "=", ast.ONE),))
    nest.parameters[1].extents = (ir.Name("n"), ir.Name("n"))
    b = Builder(random.Random(1), "f32", False)
    b.types |= nest.types
    b.used |= {w.lower() for w in nest.types}
    heads._aliased(nest, b)
    text = emit_cpp(nest, Style())
    assert re.search(r"int (\w+) = n;", text) and len(re.findall(r"\bn\b", text)) == 2, text


def test_a_size_that_is_counted_down_gets_no_alias() -> None:
    """The alias may be constant."""
    loop = ast.loop("j", ast.ZERO, "<", ir.Name("n"), (ir.Assign(ir.Name("n"), "-=", ast.ONE),))
    nest = _line((loop,))
    b = Builder(random.Random(1), "f32", False)
    b.types |= nest.types
    heads._aliased(nest, b)
    assert nest.before == ()


def test_the_other_levels_vary_no_heads(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("dressed")

    monkeypatch.setattr(heads, "vary_heads", refuse)
    for level in ("easy", "mixed"):
        assert len(list(generate(20, 3, level))) == 20
    with pytest.raises(AssertionError, match="dressed"):
        list(generate(20, 3, "broad"))
