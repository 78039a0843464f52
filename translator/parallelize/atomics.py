"""Changes of memory that several threads reach, as CUDA's atomic operations.

Contract: only the way of changing is another; whether the order of changes matters is for execution
to say. Types of which CUDA has no such operation give None. Larger and smaller floating-point
values are kept by a loop around atomicCAS (CUDA C++ Programming Guide, atomic functions), whose
first value is read by an atomicCAS too: a plain read beside atomic writes is a race.

    python -c "from translator.parallelize.atomics import make_atomic; \\
        from translator.normalize.c_blocks import Block; \\
        print(make_atomic(Block(['h[b[i]] += w;']), {'h': 'float'}, ['i'], True))"
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from translator.normalize.c_blocks import Block, Item, rewrite_block
from translator.parallelize.reductions import match_constant_assignment, match_update

_ADDED = {"int", "unsigned int", "unsigned", "float", "double", "unsigned long long"}
_WIDE = {
    "long",
    "long long",
    "unsigned long",
    "long int",
    "long long int",
    "unsigned long int",
    "size_t",
}
"""Whole numbers of 64 bits, which CUDA adds to as unsigned ones."""
_WHOLE = {"int", "unsigned int", "unsigned", "unsigned long long", "long long"}
_BITS = {"&": "And", "|": "Or", "^": "Xor"}
_KEEPERS = {
    "float": ("int", "__int_as_float", "__float_as_int"),
    "double": ("unsigned long long", "__longlong_as_double", "__double_as_longlong"),
}
_KEEPER = """__device__ void keep_{word}(T *place, T value) {{
    BITS *bits = (BITS *)place;
    BITS old = atomicCAS(bits, 0, 0);
    while ({test}) {{
        BITS seen = atomicCAS(bits, old, (BITS)TO(value));
        if (seen == old) {{
            break;
        }}
        old = seen;
    }}
}}
"""


def make_atomic(
    block: Block, pointers: Mapping[str, str], variables: Sequence[str], every: bool
) -> Block | None:
    """The block with atomic changes of what is behind `pointers` (names and the types of their
    elements): of places in which none of `variables` stands, or of all (`every`). A number given to
    a place of the first kind is a change too. None where one has no atomic form.
    """
    impossible = False

    def change(item: Item) -> list[Item] | None:
        nonlocal impossible
        found = match_update(item)
        name, _, index = found[0].partition("[")
        if not name:
            found = match_constant_assignment(item)
            name, _, index = found[0].partition("[")
        decided = any(re.search(rf"\b{each}\b", index) for each in variables)
        if name not in pointers or (decided and not (every and found[1])):
            return None
        place, operator, value = found
        text = _operation(place, _map_nan_ignoring(item, operator), value, pointers[name])
        impossible = impossible or not text
        return [text]

    made = rewrite_block(block, change) or block
    return None if impossible else made


def _operation(place: str, operator: str, value: str, type: str) -> str:
    """One statement; '' where there is none."""
    at = f"&{place}"
    if operator in ("+", "-") and type in _ADDED | _WIDE:
        value = f"-({value})" if operator == "-" else value
        return (
            f"atomicAdd({at}, {value});"
            if type in _ADDED
            else f"atomicAdd((unsigned long long *){at}, (unsigned long long)({value}));"
        )
    if operator.removeprefix("f") in ("max", "min"):
        if type in _WHOLE:
            return f"atomic{operator.removeprefix('f').title()}({at}, {value});"
        return f"keep_{operator}_{type}({at}, {value});" if type in _KEEPERS else ""
    if operator in _BITS and type in _WHOLE:
        return f"atomic{_BITS[operator]}({at}, {value});"
    if not operator and type in _ADDED - {"double"}:
        return f"atomicExch({at}, {value});"
    return ""


def _map_nan_ignoring(item: Item, operator: str) -> str:
    """`fmax` and `fmin` for what passes over values that are no numbers, as these functions do and
    comparisons do not.
    """
    return (
        f"f{operator}"
        if operator in ("max", "min")
        and isinstance(item, str)
        and re.search(rf"= (?:std::)?f{operator}f?\(", item)
        else operator
    )


def add_device_helpers(text: str, name: str) -> str:
    """`text` with the device functions that it calls before it, called after `name`, so that
    kernels that are put together have each their own.
    """
    made = ""
    for operator, type in dict.fromkeys(
        re.findall(r"\bkeep_(f?(?:max|min))_(float|double)\(", text)
    ):
        bits, back, to = _KEEPERS[type]
        words = {"T": type, "BITS": bits, "FROM": back, "TO": to}
        test = f"value {'>' if operator.endswith('max') else '<'} FROM(old)"
        test += " || (FROM(old) != FROM(old) && value == value)" * operator.startswith("f")
        body = _KEEPER.format(word=f"{operator}_{type}", test=test)
        made += (
            re.sub(r"\b(?:T|BITS|FROM|TO)\b", lambda found, words=words: words[found[0]], body)
            + "\n"
        )
    return re.sub(r"\bkeep_(?=f?(?:max|min)_(?:float|double)\()", f"{name}_keep_", made + text)
