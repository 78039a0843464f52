"""Hands parameters of a finished nest over as structures and vectors, as real functions do: sizes
and constants in one, arrays of records, arrays with their extents, CUDA's vector types,
`std::vector`.

Contract: `group_parameters` changes how texts take and name parameters, never what is computed; a
nest in which nothing can be handed over so stays as it is. What kernels take follows from what the
serial text shows: references become values, pointers to numbers stay, vectors are pointers and
sizes.

    python -c "from corpora.generator import generate; \\
        [print(c.programs['cpp'].text) for c in generate(3, 1, structures=1.0)]"
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from corpora import ir
from corpora.generator.core import expressions as ast, names
from corpora.generator.core.nest import Nest, Parameter, Structure, Style
from corpora.generator.core.shapes import walk_nest, walk_nodes
from corpora.tokens.lexers import CPP_TYPES

_AGAIN = 0.2
"""How often what is left over is looked at once more."""
_COMPLEX = frozenset("r re real i im imag".split())
"""A pair of fields so called is a complex number to the engine."""
_VECTOR_TYPES = {
    "f32": "float", "f64": "double", "i32": "int", "u32": "uint", "u8": "uchar", "i16": "short",
    "u16": "ushort", "i8": "char",
}  # fmt: skip


def group_parameters(nest: Nest, style: Style, rng: random.Random) -> None:
    """Group parameters of a finished nest into structures and vectors, at random and in place.

    style: how the nest is written; vectors change where its `const` stands. rng: draws what is
        grouped. A nest where nothing fits stays unchanged.
    """
    ways, weights = (list(part) for part in zip(*_WAYS))
    while ways:
        way = rng.choices(ways, weights)[0]
        if way(_Wardrobe(nest, style, rng)):
            break
        weights.pop(ways.index(way))
        ways.remove(way)
    if ways and rng.random() < _AGAIN:
        _constants(_Wardrobe(nest, style, rng))
    _put_together(nest)


class _Wardrobe:
    """A nest with what may be handed over in another way: scalars that keep their values, and
    arrays that are only indexed.
    """

    def __init__(self, nest: Nest, style: Style, rng: random.Random) -> None:
        self.nest, self.style, self.rng = nest, style, rng
        uses = _uses(nest)
        held = {parameter for each in nest.structures for _, parameter in each.fields}
        held |= nest.vectors | set(nest.length or ())
        free = [p for p in nest.parameters if p.name not in held]
        self.scalars = [p for p in free if p.kind == "scalar" and p.name not in uses.assigned]
        self.arrays = [p for p in free if p.kind == "array" and p.name not in uses.named]
        self.read = uses.named
        self.viewed = uses.viewed

    def name(self, wanted: Sequence[str]) -> str:
        """A free name, case ignored, that is then taken."""
        taken = {word.lower() for word in self.nest.types or {}}
        start = self.rng.choice(wanted)
        words = (start, *wanted, *(f"{start}{n}" for n in range(2, 99)))
        word = next(w for w in words if w.lower() not in taken)
        self.nest.types = {**(self.nest.types or {}), word: "i32"}
        return word

    def add(
        self,
        type_: _Type,
        owner: str,
        passing: str,
        fields: Sequence[tuple[str, Parameter]],
        constant: bool,
    ) -> None:
        pairs = tuple((field, p.name) for field, p in fields)
        points = passing != "array" and any(p.kind == "array" for _, p in fields)
        spelled = f"struct {type_.name}" if type_.is_tagged else type_.name
        made = (spelled, owner, passing, pairs, type_.definition, points, constant, type_.builtin)
        self.nest.structures += (Structure(*made),)

    def some(self, of: list[Parameter], likely: float, least: int = 1) -> list[Parameter]:
        """All of these parameters, or some of them in any order."""
        if self.rng.random() < likely:
            return of
        return self.rng.sample(of, self.rng.randint(least, len(of)))

    def word(self, parameter: Parameter) -> str:
        """The C type of a field."""
        word = self.style.words[parameter.type]
        if parameter.kind != "array":
            return word
        const = self.style.const_arrays and not parameter.written
        return f"{'const ' if const else ''}{word} *"


@dataclass(frozen=True, slots=True)
class _Type:
    """is_tagged: C's `struct name` is how it is called."""

    name: str
    definition: str
    builtin: bool = False
    is_tagged: bool = False


@dataclass(frozen=True, slots=True)
class _Uses:
    """Names that are assigned to, names that stand in expressions (an array without a subscript
    among them), arrays that pointers lead into.
    """

    assigned: frozenset[str]
    named: frozenset[str]
    viewed: frozenset[str]


def _uses(nest: Nest) -> _Uses:
    statements = list(walk_nest(nest))
    more = [e for r in nest.regions for a in r.axes for e in (a.start, a.stop, a.shown)]
    more += [nest.repeated[1]] if nest.repeated else []
    nodes = [*walk_nodes(statements), *(n for e in more if e is not None for n in ast.walk(e))]
    moved = (a for s in statements if type(s) is ir.For for a in s.step)
    assigns = (s for s in (*statements, *moved) if type(s) is ir.Assign)
    targets = [t for s in assigns for t in ast.read_chain(s)[0]]
    targets += [n.target for n in nodes if type(n) is ir.Increment]
    assigned = {t.id for t in targets if type(t) is ir.Name}
    viewed = {ast.read_view(s)[0] for s in statements if ast.is_view(s)}
    copied = {word for r in nest.regions for word in r.copied or ()}
    return _Uses(
        frozenset(assigned),
        frozenset(n.id for n in nodes if type(n) is ir.Name),
        frozenset(viewed | copied),
    )


def _put_together(nest: Nest) -> None:
    """Fields of one structure become neighbours, in its order, where the first of them stood."""
    by_name = {p.name: p for p in nest.parameters}
    groups = {
        word: [w for _, w in each.fields] for each in nest.structures for _, word in each.fields
    }
    order = dict.fromkeys(w for p in nest.parameters for w in groups.get(p.name, [p.name]))
    nest.parameters = [by_name[word] for word in order]


# ------------------------------------------------------------------------------------------- ways


def _constants(w: _Wardrobe) -> bool:
    """Two or more scalars: `struct Params { int n; float alpha; };`."""
    if len(w.scalars) < 2 or not any(p.name in w.read for p in w.scalars):
        return False
    chosen = w.some(w.scalars, 0.7, 2)
    if not any(p.name in w.read for p in chosen):
        chosen = w.scalars
    fields = [(_field(p), p) for p in chosen]
    if {field for field, _ in fields} <= _COMPLEX:
        return False
    words = [(f, w.style.words[p.type]) for f, p in fields]
    type_ = _format_definition(w, w.name(names.PARAMETER_TYPES), words)
    passing = w.rng.choices(("value", "reference", "pointer"), (50, 25, 25))[0]
    w.add(type_, w.name(names.PARAMETER_OWNERS), passing, fields, True)
    return True


def _records(w: _Wardrobe) -> bool:
    """Arrays of one length as an array of structures: `x[i]` is `p[i].x`."""
    chosen = _of_one_length(w, 2, 6)
    if not chosen:
        return False
    alike = len({p.type for p in chosen}) == 1 and len(chosen) <= 4
    named = alike and w.rng.random() < 0.7
    fields = w.rng.choice(names.RECORD_FIELDS) if named else [_field(p) for p in chosen]
    pairs = list(zip(fields, chosen))
    if {field for field, _ in pairs} <= _COMPLEX:
        return False
    words = [(f, w.style.words[p.type]) for f, p in pairs]
    type_ = _format_definition(w, w.name(names.RECORD_TYPES), words)
    owner = w.name(names.RECORD_OWNERS)
    w.add(type_, owner, "array", pairs, not any(p.written for p in chosen))
    return True


def _vector_types(w: _Wardrobe) -> bool:
    """The same of one of CUDA's vector types, which the serial text defines; those of two reals are
    complex numbers to the engine.
    """
    chosen = _of_one_length(w, 2, 4, alike=True)
    known = chosen and chosen[0].type in _VECTOR_TYPES
    word = f"{_VECTOR_TYPES[chosen[0].type]}{len(chosen)}" if known else ""
    if word in ("", "float2", "double2"):
        return False
    fields, kind = "xyzw"[: len(chosen)], w.style.words[chosen[0].type]
    type_ = _Type(word, f"struct {word} {{ {kind} {', '.join(fields)}; }};\n", builtin=True)
    constant = not any(p.written for p in chosen)
    w.add(type_, w.name(names.RECORD_OWNERS), "array", list(zip(fields, chosen)), constant)
    return True


def _field(parameter: Parameter) -> str:
    """A field under its parameter's own name, but for names of types (`half`)."""
    return f"{parameter.name}_size" if parameter.name in CPP_TYPES else parameter.name


def _of_one_length(w: _Wardrobe, least: int, most: int, alike: bool = False) -> list[Parameter]:
    """Some of the largest group of arrays of one length, all of one type where they are to be
    alike.
    """
    groups: dict[tuple, list[Parameter]] = {}
    for p in w.arrays:
        if p.extents and p.extents != (ast.ONE,) and p.name not in w.viewed:
            groups.setdefault((p.extents, p.type if alike else ""), []).append(p)
    largest = max(groups.values(), key=len, default=[])
    if len(largest) < least:
        return []
    count = min(most, len(largest))
    count = count if w.rng.random() < 0.7 else w.rng.randint(least, count)
    if count == len(largest):
        return largest
    return sorted(w.rng.sample(largest, count), key=largest.index)


def _matrices(w: _Wardrobe) -> bool:
    """Arrays with their extents: `struct Matrix { float *data; int rows; int cols; };`."""
    named = {ir.Name(p.name) for p in w.scalars}
    fitting = [p for p in w.arrays if 0 < len(p.extents) <= 3 and named.issuperset(p.extents)]
    fitting = [p for p in fitting if len(set(p.extents)) == len(p.extents)]
    if not fitting:
        return False
    first = w.rng.choice(fitting)
    alike = [p for p in fitting if (p.type, len(p.extents)) == (first.type, len(first.extents))]
    if len({p.type for p in w.scalars if any(ir.Name(p.name) in a.extents for a in alike)}) > 1:
        return False
    chosen = [first] if len(alike) == 1 or w.rng.random() < 0.3 else alike
    types, words = (
        (names.ROW_TYPES, names.ROW_SIZES),
        (names.MATRIX_TYPES, names.MATRIX_SIZES),
        (names.VOLUME_TYPES, names.VOLUME_SIZES),
    )[len(first.extents) - 1]
    _add_matrices(w, chosen, w.name(types), w.rng.choice(words))
    return True


def _add_matrices(
    w: _Wardrobe, chosen: Sequence[Parameter], word: str, sizes: Sequence[str]
) -> None:
    """One structure an array; a size that an earlier one has is a number of its own that repeats
    it.
    """
    content = w.rng.choice(names.CONTENTS)
    order = [content, *sizes] if w.rng.random() < 0.5 else [*sizes, content]
    by_name = {p.name: p for p in w.nest.parameters}
    size_word = w.style.words[by_name[chosen[0].extents[0].id].type]
    pointer = w.word(next((p for p in chosen if p.written), chosen[0]))
    words = [(f, pointer if f == content else size_word) for f in order]
    type_ = _format_definition(w, word, words)
    passing = w.rng.choices(("value", "reference", "pointer"), (55, 22, 23))[0]
    constant, taken = w.rng.random() < 0.6, set()
    for array in chosen:
        fields = {content: array}
        for field, extent in zip(sizes, array.extents):
            fields[field] = by_name[extent.id]
            if extent.id in taken:
                name = f"{array.name}__{field}"
                fields[field] = _count_repeated(w.nest, name, by_name[extent.id])
            taken.add(extent.id)
        array.extents = tuple(ir.Name(fields[field].name) for field in sizes)
        w.add(type_, array.name, passing, [(field, fields[field]) for field in order], constant)


def _count_repeated(nest: Nest, word: str, of: Parameter) -> Parameter:
    made = Parameter(word, "scalar", of.type, values=of.values, same=of.name)
    nest.parameters.append(made)
    nest.types = {**(nest.types or {}), word: of.type}
    return made


def _bundle(w: _Wardrobe) -> bool:
    """Arrays and scalars of any kind in one, under their own names: `args->x[i]`."""
    if not w.arrays or not w.scalars:
        return False
    arrays, scalars = w.some(w.arrays, 0.6), w.some(w.scalars, 0.6)
    chosen = [*scalars, *arrays] if w.rng.random() < 0.5 else [*arrays, *scalars]
    words = [(_field(p), w.word(p)) for p in chosen]
    type_ = _format_definition(w, w.name(names.BUNDLE_TYPES), words)
    passing = w.rng.choices(("value", "reference", "pointer"), (30, 20, 50))[0]
    owner, constant = w.name(names.BUNDLE_OWNERS), w.rng.random() < 0.5
    w.add(type_, owner, passing, [(_field(p), p) for p in chosen], constant)
    return True


def _standard(w: _Wardrobe) -> bool:
    """`std::vector<T> &` for arrays, whose size need not be handed over where all have it."""
    fitting = [p for p in w.arrays if p.extents != (ast.ONE,) and p.name not in w.viewed]
    fitting = [p for p in fitting if p.type != "bool"]
    if not fitting or w.nest.buffers or w.style.guard in ("while", "thread"):
        return False  # which of the two tells whether arrays are const
    w.nest.vectors = frozenset(p.name for p in fitting)
    w.style.const_arrays, w.style.restrict = True, False
    w.style.const_pointers = w.style.pointers = False
    for p in w.nest.parameters:
        p.unsized = False
    longest = fitting[0].extents
    alone = all(p.extents in (longest, (ast.ONE,)) for p in w.nest.parameters if p.kind != "scalar")
    size = next((p for p in w.scalars if longest == (ir.Name(p.name),) and p.name in w.read), None)
    if size is not None and alone and w.rng.random() < 0.7:
        w.nest.length = (size.name, fitting[0].name)
        w.nest.parameters = [*(p for p in w.nest.parameters if p is not size), size]
    return True


_WAYS = (
    (_constants, 30), (_records, 26), (_vector_types, 8), (_matrices, 20), (_bundle, 10),
    (_standard, 14),
)  # fmt: skip
"""How often each is tried first."""


def _format_definition(w: _Wardrobe, name: str, fields: Sequence[tuple[str, str]]) -> _Type:
    """A definition as its author writes it: one line or several, types named once or for each
    field, `struct` or `typedef`.
    """
    groups: list[list[str]] = []
    together = w.rng.random() < 0.4
    for field, word in fields:
        spelled = f"{word}{field}" if word.endswith("*") else f"{word} {field}"
        if together and groups and groups[-1][0] == word and not word.endswith("*"):
            groups[-1].append(field)
        else:
            groups.append([word, spelled])
    lines = [f"{', '.join(group[1:])};" for group in groups]
    body = "{\n" + "".join(f"    {line}\n" for line in lines) + "}"
    body = f"{{ {' '.join(lines)} }}" if w.rng.random() < 0.35 else body
    form = w.rng.choices(("struct", "typedef", "both", "tag"), (58, 24, 8, 10))[0]
    if form in ("struct", "tag"):
        return _Type(name, f"struct {name} {body};\n", is_tagged=form == "tag")
    return _Type(name, f"typedef struct {f'{name} ' if form == 'both' else ''}{body} {name};\n")
