"""The text of a user's file with the headers of its project, as its compiler reads it.

Contract: `read_project_file` takes the user's own headers into a C or C++ file
(`corpora.projects.headers`) and asks the preprocessor whether the text still means the same: what
it makes of the file beside its headers it must make of the one text. Headers of the system stay
includes. `place` tells where a line of the text came from. A file that includes no header of its
own comes back as it is.

    coevolve verify src/flow.cpp src/flow.omp.cpp -I include
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from corpora.dialects import get_dialect
from corpora.projects.headers import InlinedText, inline_headers, read_project_text
from corpora.projects.sources import Options, ProjectError
from gpu_runtime.compile.headers import CUDA, GENERATED, STANDARD, UNREAD
from gpu_runtime.compile.same_reading import explain_other_reading


@dataclass(frozen=True, slots=True)
class ProjectText:
    """A file of the C family with its project's headers.

    inlined: the text with headers, and the file and line that each of its lines came from. changed:
        whether it is another text than the file's own: a header was taken in, or a macro defined.
    missing: a line for each header in quotes that was not found and is none of the system's, as
        `FILE:LINE: header 'NAME' is not found; ...`; conditionals may leave them out.
    """

    inlined: InlinedText
    changed: bool
    missing: tuple[str, ...] = ()


def takes_headers(dialect_name: str) -> bool:
    """Return whether texts of a dialect can include headers, which those of the C family can and
    Fortran cannot. Raises ValueError for an unknown dialect.
    """
    return get_dialect(dialect_name).language == "cpp"


def explain_system_text(text: str) -> str:
    """Return why a text that holds the C++ library's own headers, as `g++ -E` writes them, is not
    read; '' for others. They are ten thousand lines of what no front end but the compiler's reads.
    """
    found = _LIBRARY.search(text)
    line = text.count("\n", 0, found.start()) + 1 if found else 0
    return (
        f"it holds the C++ library's own headers (line {line}), as g++ -E writes them; give the "
        f"file itself, -I names the folder of its headers"
        if found
        else ""
    )


_LIBRARY = re.compile(r"^[ \t]*namespace[ \t]+__gnu_cxx\b", re.M)


def read_project_file(path: Path, dialect_name: str, options: Options) -> ProjectText:
    """Return the file `path`, of the C family, with the headers of its project. options: folders of
    headers and macros. Raises ProjectError if it cannot be read, or if the text with headers is not
    what the compiler of `dialect_name` reads; ValueError for an unknown dialect.
    """
    whole = inline_headers(path, options)
    known = STANDARD | CUDA | GENERATED | set(UNREAD)
    missing = tuple(
        f"{file}:{line}: header '{name}' is not found; -I names its folder"
        for name, file, line in dict.fromkeys(whole.missing)
        if name not in known
    )
    changed = bool(whole.headers or options.define)
    if changed:
        files = {each: read_project_text(each) for each in (path, *whole.headers)}
        problem = explain_other_reading(
            path, files, options.include, options.define, whole.text, dialect_name
        )
        if problem and not missing:  # what is missing stays an include, and is refused as one
            raise ProjectError(f"'{path}': {problem}")
    return ProjectText(whole, changed, missing)
