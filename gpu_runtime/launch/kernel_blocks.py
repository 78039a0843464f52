"""What a kernel's text fixes about its block: constants, shared arrays, and the shapes that follow
from them.

Contract: reading only, of plain text (`gpu_runtime.launch.kernel_facts.strip_comments`); what
cannot be read gives nothing, never an error.

    python -c "from gpu_runtime.launch.kernel_blocks import is_global_index; \\
        print(is_global_index('x', 'i = blockIdx.x * 64 + threadIdx.x;', {}))"
"""

from __future__ import annotations

import re
from collections.abc import Sequence


def find_integer_constants(text: str) -> dict[str, int]:
    """Integer macros and constants of the text."""
    found = {
        m[1]: int(m[2])
        for m in re.finditer(r"#\s*define\s+(\w+)\s+\(?\s*(\d+)\s*\)?\s*$", text, re.M)
    }
    for m in re.finditer(
        r"\b(?:const(?:expr)?\s+(?:unsigned\s+)?(?:int|size_t|unsigned)|enum\s*\{)\s*(\w+)\s*=\s*(\d+)\s*[;,}]",
        text,
    ):
        found[m[1]] = int(m[2])
    return found


def is_global_index(d: str, text: str, constants: dict[str, int]) -> bool:
    """Whether `blockIdx.x * 256 + threadIdx.x` occurs, in any order and under other names: the
    constant is the block's size.
    """
    for m in re.finditer(r"\b(\w+)\s*=\s*((?:thread|block)Idx\.[xyz])\s*[;,]", text):
        text = re.sub(rf"(?<![.\w]){m[1]}\b(?!\s*=)", m[2], text)
    block, thread = rf"\bblockIdx\.{d}\b", rf"\(?\s*\bthreadIdx\.{d}\b"
    product = rf"(?<![*/%]\s)(?<![*/%])(?:{block}\s*\*\s*(\w+)\b|\b(\w+)\s*\*\s*{block})"
    found = re.finditer(
        rf"{product}\s*\)?\s*\+\s*{thread}(?!\s*[*/%])|{thread}\s*\+\s*\(?\s*{product}(?!\s*[*/%])",
        text,
    )
    sizes = (_constant(name, constants) for m in found for name in m.groups() if name)
    return any(size is not None and 1 < size <= 1024 for size in sizes)


def find_shared_arrays(
    text: str, constants: dict[str, int]
) -> tuple[tuple[tuple[int, ...], ...], tuple[str, ...]]:
    """Extents of static __shared__ arrays that are known, and element types of dynamic ones."""
    static, dynamic = [], []
    for m in re.finditer(r"([^;{}]*)\b__shared__\b([^;{}]*)", text):
        words = [
            w
            for w in re.findall(r"\w+", m[2])
            if w not in ("volatile", "unsigned", "const", "__align__")
        ]
        if "extern" in m[1].split():
            dynamic += words[:1]
            continue
        for group in re.findall(r"\w+\s*((?:\[[^\]]+\]\s*)+)", m[2]):
            extents = [_constant(e, constants) for e in re.findall(r"\[([^\]]+)\]", group)]
            if all(extents):
                static.append(tuple(int(e) for e in extents if e))
    return tuple(static), tuple(dynamic)


def _constant(expression: str, constants: dict[str, int]) -> int | None:
    text = re.sub(r"\b[A-Za-z_]\w*\b", lambda m: str(constants.get(m[0], m[0])), expression)
    first = re.match(r"\s*(\d+)", text)  # TILE + 1 is padding: the tile is what matters
    return int(first[1]) if first and re.fullmatch(r"[\d\s+\-*/()]+", text) else None


def find_block_hints(
    text: str, static: Sequence[tuple[int, ...]], constants: dict[str, int], flat: bool
) -> tuple[tuple[int, int, int], ...]:
    """Block shapes (x, y, z) from `blockIdx.x * 256 + threadIdx.x`, tile extents, `s[256]`, and
    constants called BLOCK or TILE.

    static: extents of shared arrays; flat: the threads of a block are counted along x alone.
    """
    hints: list[tuple[int, int, int]] = []
    literal = {}
    for m in re.finditer(
        r"\bblockIdx\s*\.\s*([xyz])\s*\*\s*(\w+)(?!\s*[\w*])|\b(\w+)\s*\*\s*blockIdx\s*\.\s*([xyz])(?!\s*\*)",
        text,
    ):
        value = _constant(m[2] or m[3], constants)
        if value and 1 < value <= 1024:
            literal[m[1] or m[4]] = value
    if literal:
        size = [literal.get(d, 1) for d in "xyz"]
        hints.append((size[0], size[1], size[2]))
    for extents in static:
        if len(extents) == 1 and flat and 1 < extents[0] <= 1024:
            hints.append((extents[0], 1, 1))
        elif len(extents) == 1 and 1 < extents[0] <= 1024:
            side = int(extents[0] ** 0.5)
            hints += [(side, side, 1)] if side * side == extents[0] else []
        elif len(extents) == 2 and extents[0] * extents[1] <= 1024:
            hints.append((extents[1], extents[0], 1) if not flat else (extents[0], 1, 1))
        elif len(extents) == 2 and flat and 1 < extents[0] <= 1024:
            hints.append((extents[0], 1, 1))
        elif len(extents) == 1 and flat and extents[0] > 1024:
            hints.append((64, 1, 1))
    for name, value in constants.items():
        if re.search(r"block|tile|thread|bdim|^bs$", name, re.I) and 1 < value <= 1024:
            hints.append((value, 1, 1) if flat else (value, value, 1))
    return tuple(h for h in dict.fromkeys(hints) if h[0] * h[1] * h[2] <= 1024)
