"""How C texts spell parameters that are fields of structures: where they stand, how they are handed
over, and to kernels.

Contract: `find_member_places` and `list_parameters` of a nest without structures give nothing and
the parameters as they are.

    python -c "from corpora.generator import generate; \\
        print(next(generate(1, 3, structures=1.0)).programs['cpp'].text)"
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from corpora import ir
from corpora.generator.core.nest import Nest, Parameter, Structure, Style


def find_member_places(structures: Sequence[Structure]) -> dict[str, tuple[ir.Expression, str]]:
    """Map each parameter that is a field of one of the structures, by name, to (what its subscript
    follows, the field behind the subscript). These are `p` and `x` for `p[i].x`, and `m->data` and
    '' for `m->data[i]`.
    """
    found = {}
    for each in structures:
        owner = ir.Name(each.owner)
        for field, parameter in each.fields:
            member = ir.Member(owner, field, each.passing == "pointer")
            found[parameter] = (owner, field) if each.passing == "array" else (member, "")
    return found


def list_parameters(nest: Nest) -> Sequence[Parameter | Structure]:
    """Return what the C function of a nest takes, in order. A structure comes where its first field
    would, in place of its fields, and a size that a vector knows is left out.
    """
    if not nest.structures and nest.length is None:
        return nest.parameters
    owner = {parameter: each for each in nest.structures for _, parameter in each.fields}
    taken = {
        (owner[p.name].owner if p.name in owner else p.name): owner.get(p.name, p)
        for p in nest.parameters
    }
    return [each for word, each in taken.items() if nest.length is None or word != nest.length[0]]


def emit_structure_parameter(structure: Structure, style: Style) -> str:
    """Return the C declaration of a structure's parameter, such as `const Params &p`. style: says
    where `const` and `restrict` stand.
    """
    word, owner = structure.type, structure.owner
    const = "const " if structure.constant else ""
    if structure.passing in ("value", "copy"):
        return (
            f"{'const ' if style.const_scalars and structure.passing == 'value' else ''}{word} "
            f"{owner}"
        )
    if structure.passing == "array":
        restrict = "__restrict__ " if style.restrict else "const " if style.const_pointers else ""
        return f"{const if style.const_arrays else ''}{word} *{restrict}{owner}"
    return f"{const}{word} {'&' if structure.passing == 'reference' else '*'}{owner}"


def prepare_for_kernel(nest: Nest, launched: bool = False) -> Nest:
    """Return the nest with its structures in forms that a kernel can take: by value or as device
    pointers, never by reference. It is the same object if nothing changes, else a copy.

    launched: host code launches the kernel and has the structures itself, so that none is handed
        over by a pointer to one.
    """
    made = tuple(
        replace(s, passing="copy")
        if s.passing == "reference" or s.passing == "pointer" and (s.points or launched)
        else s
        for s in nest.structures
    )
    return nest if made == nest.structures else replace(nest, structures=made)


def emit_definitions(nest: Nest, cuda: bool = False) -> str:
    """Return the C definitions of the nest's structures, each once, in order; '' for none. cuda:
    leave out CUDA's own types, such as `float4`, which need none.
    """
    return "".join(dict.fromkeys(s.definition for s in nest.structures if not (cuda and s.builtin)))


def convert_vectors_to_pointers(nest: Nest) -> Nest:
    """Return the nest with pointers and sizes in place of its vectors, as CUDA takes them: a copy,
    or the same object if it has no vectors.
    """
    return replace(nest, vectors=frozenset(), length=None) if nest.vectors else nest


def map_test_names(nest: Nest) -> dict[str, str]:
    """Map each parameter that is a field of a structure, by name, to its name in tests, such as
    `p__x` for the field x of `p`. Others are left out.
    """
    return {
        parameter: f"{each.owner}__{field}"
        for each in nest.structures
        for field, parameter in each.fields
    }
