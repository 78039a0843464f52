"""Draws how an author writes: spelling, braces, declarations; and from these, how the parallel
texts are written.

Contract: what is random shows in the serial C++ text; what a kernel or a directive looks like
follows from it (one text, one answer).

    python -c "from corpora.generator import generate; \\
        print(next(generate(1, 2)).programs['cuda'].text)"
"""

from __future__ import annotations

import random

from corpora import ir
from corpora.generator.core import expressions as ast, names
from corpora.generator.core.nest import Nest, Style
from corpora.generator.core.shapes import find_accesses
from corpora.generator.emit.c_statements import WORDS
from corpora.generator.emit.fortran_forms import draw_form


def draw_style(nest: Nest, rng: random.Random, plain: bool = False) -> Style:
    """Draw how the author of a finished nest writes. plain: draw only the names and the look of the
    Fortran text; C-like texts are in one style, so that they follow from it.
    """

    def chance(probability: float) -> bool:
        return rng.random() < probability

    style = Style(words=dict(WORDS))
    style.words["i64"] = rng.choice(("long", "long", "long", "long long", "long int"))
    style.words["u32"] = rng.choice(("unsigned int", "unsigned int", "unsigned int", "unsigned"))
    style.words["u64"] = rng.choice(("size_t", "unsigned long", "unsigned long long"))
    style.words["i8"] = rng.choice(("char", "char", "signed char"))
    shares = (73, 20, 25 if _may_share(nest) else 7)
    style.increment = rng.choices(("i++", "++i", "i += 1"), shares)[0]
    style.early = chance(0.28) if nest.early is None else nest.early
    turned = chance(0.03) and len(nest.regions) == 1 and not nest.sequential
    style.serial_loop = "while" if turned else "for"
    style.braces = chance(0.72) or style.serial_loop == "while"
    style.flatten = rng.choices(("i*m+j", "j+i*m", "m*i+j", "horner"), (64, 16, 8, 12))[0]
    style.deref, style.pointers = chance(0.4), chance(0.035)
    style.const_scalars, style.const_arrays = chance(0.08), chance(0.22)
    style.parens, style.compound = chance(0.3), chance(0.93)
    style.restrict, style.functional_cast = chance(0.03), chance(0.1)
    style.const_pointers = chance(0.015)
    hoisted = chance(0.5 if style.early else 0.12) if nest.hoist is None else nest.hoist
    style.hoist = hoisted and _may_hoist(nest)
    style.apart = nest.apart
    style.merge = chance(0.4)
    style.order = rng.randint(1, 999) if chance(0.5) else 0
    style.names = _function_names(nest, rng)
    style.fortran_flat, style.fortran = chance(0.2), draw_form(rng)
    if plain:
        style = Style(
            words=dict(WORDS) | {"i64": "long long"},
            names=style.names,
            fortran_flat=style.fortran_flat,
            fortran=style.fortran,
        )
    _parallel_style(nest, style)
    return style


def _may_hoist(nest: Nest) -> bool:
    """Hoisted locals need one region, no constants and no two locals of one name."""
    seen: set[str] = set()
    for region in nest.regions:
        for statement in ast.walk_statements(region.body):
            if ast.is_local(statement):
                if statement.type.const or statement.name in seen:
                    return False
                seen.add(statement.name)
    return len(nest.regions) == 1


def _function_names(nest: Nest, rng: random.Random) -> tuple[str, str]:
    verb, noun = rng.choice(names.VERBS), rng.choice(names.NOUNS)
    base = f"{verb}_{noun}" if rng.random() < 0.4 else verb + noun.title().replace("_", "")
    return base + rng.choice(names.SERIAL_ENDS), base + rng.choice(names.KERNEL_ENDS)


_INDEX_OF = {("i++", False): 0, ("i++", True): 2, ("++i", False): 1, ("++i", True): 5}
"""(increment, loop variables declared early) → how the kernel's index is spelled."""


def _parallel_style(nest: Nest, style: Style) -> None:
    """How the parallel texts are written, by what the serial text shows: a model that translates
    need not guess.

    `i += 1` marks what is rare: loops of a grid's or a block's stride, one index taken apart, sums
    in shared memory, schedules.
    """
    axes, rare = nest.regions[0].axes, style.increment == "i += 1"
    style.index = 3 if rare else _INDEX_OF[style.increment, style.early]
    style.swap_xy = style.index != 1
    style.guard = "return" if style.index == 1 else "if"
    style.guard_parens = style.increment == "++i"
    if nest.sequential:
        style.index %= 5  # one thread of a grid of one dimension
    elif len(nest.regions) > 1:
        style.guard, style.hoist = "if", False
    elif rare:
        _rare_parallel_style(nest, style)
    if style.index == 5 and len(axes) > 1:
        style.index = 4


def _rare_parallel_style(nest: Nest, style: Style) -> None:
    axes = nest.regions[0].axes
    jumps = ast.has_continue(nest.regions[0].body)
    style.schedule = "guided" if style.early else "static, 16" if style.braces else "dynamic, 8"
    style.simd = style.braces and not style.early
    if style.simd:
        style.schedule = ""
    style.split_pragma = style.early and not style.braces
    if len(axes) > 1:
        plain = all(a.start == ast.ZERO and a.step == 1 and not a.inclusive for a in axes)
        style.linear = plain and (len(axes) > 2 or style.early)
        style.block_rows = len(axes) == 2 and not style.linear and not style.braces
        style.guard = "if" if style.linear else "stride"
        return
    style.guard = "stride" if style.early or jumps else "while"
    if style.braces and not style.early:
        style.guard = "stride-named"
    if style.guard == "while" and style.const_arrays and _may_repeat(nest):
        style.guard = "thread"
    if _may_share(nest):
        style.shared_sum, style.guard = True, "if"
        style.early = style.hoist = False


def _may_repeat(nest: Nest) -> bool:
    """Whether doing an iteration twice gives the same: plain assignments to arrays that are not
    read.
    """
    written = {p.name for p in nest.parameters if p.written}
    statements = [s for r in nest.regions for s in ast.walk_statements(r.body)]
    stores = [s for s in statements if type(s) is ir.Assign and type(s.target) is ir.Access]
    if any(s.op != "=" for s in stores):
        return False
    reads = sum(len(find_accesses(nest, array)) for array in written)
    return reads == len(stores)


def _may_share(nest: Nest) -> bool:
    """One atomic sum into one cell, at the end of a straight body."""
    if nest.sequential:
        return False
    last = nest.regions[0].body[-1]
    shared = type(last) is ir.Assign and last.pragmas and last.op == "+="
    if not shared or last.target.indices != (ast.ZERO,) or nest.regions[0].axes[0].step != 1:
        return False
    array = next(p for p in nest.parameters if p.name == last.target.base.id)
    return array.extents == (ast.ONE,) and nest.types[array.name] in ("f32", "f64", "i32")
