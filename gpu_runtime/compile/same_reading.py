"""Whether one text is to the preprocessor what a file is beside its headers.

Contract: `explain_other_reading` runs the preprocessor of the dialect on both, in the sandbox, and
compares what comes out word by word, headers of the system included. Only the values of `__LINE__`
and `__FILE__` may differ, where they are values: which branch is taken may not depend on them.

    python -c "from gpu_runtime.compile.same_reading import explain_other_reading; \\
        from pathlib import Path; \\
        print(explain_other_reading(Path('a.cpp'), {Path('a.cpp'): 'int a;'}, (), (), 'int b;', \\
        'cpp'))"
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from corpora.dialects import get_dialect
from corpora.projects.headers import KNOWN_PRAGMAS
from gpu_runtime.compile.preprocess import describe_error, list_macro_flags, preprocess_files

_PLACE = "987654321"
"""Stands for a line's number, where that may differ."""
_IGNORED = re.compile(
    rf"^[ \t]*#[ \t]*pragma[ \t]+(?!(?:{'|'.join(sorted(KNOWN_PRAGMAS))})\b).*$", re.M
)
"""Pragmas that do nothing once a text is read: `once`, and what the compiler does not know."""
_WORD = re.compile(r'"(?:[^"\\\n]|\\.)*"|\w+|\S')


def explain_other_reading(
    path: Path,
    files: Mapping[Path, str],
    include: Sequence[Path],
    define: Sequence[str],
    text: str,
    dialect_name: str,
) -> str:
    """Return why `text` is not what the compiler of `dialect_name` reads in the file `path`, in one
    line; '' if it is.

    files: texts of `path` and of the headers that it includes. include: folders of headers. define:
        macros as NAME or NAME=TEXT; `text` defines them itself.
    Raises ToolchainError if the compiler is missing, ValueError for an unknown dialect.
    """
    row = get_dialect(dialect_name)
    model = ("-fopenmp",) if row.model in ("openmp", "offload") else list_macro_flags(row.model)
    flags = ("-std=gnu++17", "-x", "c++", "-E", "-P", "-w", *model)
    tree = {f"root{_absolute(file)}": each for file, each in files.items()}
    name = f"root{_absolute(path)}"
    given = [f"-D{each}" for each in define]
    given += [word for folder in include for word in ("-I", f"root{_absolute(folder)}")]

    def read(more: tuple[str, ...]) -> tuple[list[str], list[str], str]:
        last = (*more, "-idirafter", "stubs")
        before, own = preprocess_files((*flags, *given, *last), tree, name)
        after, other = preprocess_files((*flags, *last), {name: text}, name)
        said = "" if not before.code else describe_error(before, name)
        if not said and after.code:
            said = f"with its headers in it: {describe_error(after, name)}"
        return _split(own), _split(other), said

    own, other, problem = read(())
    if problem or own == other:
        return problem
    neutral = read((f"-D__LINE__={_PLACE}", f'-D__FILE__="{_PLACE}"'))
    values = own, other, neutral[0], neutral[1]
    if neutral[0] == neutral[1] and len({len(each) for each in values}) == 1:
        rows = list(zip(*values, strict=True))
        if all(one == two or _PLACE in place for one, two, place, _ in rows):
            return ""
    at = next((i for i, (a, b) in enumerate(zip(own, other, strict=False)) if a != b), 0)
    return (
        f"with its headers in it, it would not be what its compiler reads, near "
        f"'{' '.join(own[at : at + 6])}'; write the headers into it by hand"
    )


def _absolute(path: Path) -> str:
    """The path from the root: folders keep their places to each other."""
    return os.path.abspath(path)


def _split(text: str) -> list[str]:
    return _WORD.findall(_IGNORED.sub("", text))
