"""Every loop of a C or C++ file, as clang's own parser sees it (libclang).

Contract: `for`, `while`, `do` and range loops of functions that the project's files define, member
functions and templates among them; loops in system headers are not the project's. What keeps clang
from reading the file, such as a missing header, is listed with its place. Nothing is run.

    python -c "from corpora.projects.clang_loops import read_loops; \\
        from corpora.projects.sources import Options, SourceFile; from pathlib import Path; \\
        print(read_loops(SourceFile(Path('corpora/builtin/blas1/axpy.cpp'), 'cpp', Options())))"
"""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from corpora.projects.sources import SourceFile

STANDARDS = {"c": "-std=gnu17", "cpp": "-std=gnu++17"}
_KINDS = {
    "FOR_STMT": "for",
    "WHILE_STMT": "while",
    "DO_STMT": "do",
    "CXX_FOR_RANGE_STMT": "range for",
}
_FUNCTIONS = ("FUNCTION_DECL", "CXX_METHOD", "CONSTRUCTOR", "DESTRUCTOR", "FUNCTION_TEMPLATE")


@dataclass(frozen=True, slots=True)
class ClangLoop:
    """One loop of a C or C++ file, as clang sees it.

    path, line, column: where it begins, from 1; a loop out of a macro stands where the macro is
        used. kind: `for`, `while`, `do` or `range for`. function: that it stands in, with its
        class, as `C::f`; '' for none.
    """

    path: Path
    line: int
    column: int
    kind: str
    function: str


@dataclass(frozen=True, slots=True)
class ClangFile:
    """What clang reads of a C or C++ file. loops: in the order of the text, headers' loops where
    they are included. errors: clang's complaints, one line each, with file and line; () for none.
    """

    loops: tuple[ClangLoop, ...]
    errors: tuple[str, ...] = ()


def read_loops(source: SourceFile) -> ClangFile:
    """Return every loop of a C or C++ file and of the headers of its project, system headers left
    out, and clang's errors. A file that clang cannot read gives no loop and one error. Raises
    RuntimeError if libclang is not installed.
    """
    cindex = _load()
    words = ["-x", "c" if source.language == "c" else "c++", STANDARDS[source.language], "-w"]
    words += [f"-I{folder}" for folder in (source.path.parent, *source.options.include)]
    words += [f"-D{name}" for name in source.options.define]
    words += [f"-isystem{folder}" for folder in find_system_folders(source.language)]
    try:
        unit = cindex.Index.create().parse(str(source.path), args=words)
    except cindex.TranslationUnitLoadError:
        return ClangFile((), (f"{source.path}: clang cannot read it",))
    errors = [
        f"{d.location.file}:{d.location.line}: {d.spelling}"
        for d in unit.diagnostics
        if d.severity >= cindex.Diagnostic.Error
    ]
    loops: list[ClangLoop] = []
    _collect(unit.cursor, "", _system_headers(unit), loops)
    return ClangFile(tuple(loops), tuple(errors))


def _collect(cursor: Any, function: str, system: frozenset[str], loops: list[ClangLoop]) -> None:
    """Adds the loops below `cursor`."""
    for child in cursor.get_children():
        place = child.location
        if not function and (place.file is None or place.file.name in system):
            continue
        kind = child.kind.name
        inside = function
        if kind in _FUNCTIONS:
            owner = child.semantic_parent
            named = owner is not None and owner.kind.name in ("CLASS_DECL", "STRUCT_DECL")
            inside = f"{owner.spelling}::{child.spelling}" if named else child.spelling
        elif kind in _KINDS:
            begin = child.extent.start
            where = (Path(begin.file.name), begin.line, begin.column)
            loops.append(ClangLoop(*where, _KINDS[kind], function))
        _collect(child, inside, system, loops)


def _system_headers(unit: Any) -> frozenset[str]:
    """Names of the files that are headers of the system."""
    folders = tuple({str(f) for lang in STANDARDS for f in find_system_folders(lang)})
    return frozenset(
        each.include.name for each in unit.get_includes() if each.include.name.startswith(folders)
    )


@cache
def find_system_folders(language: str) -> tuple[Path, ...]:
    """Return the folders in which g++ or gcc looks for system headers, in its order; () without a
    compiler. libclang's wheel has none of its own. language: `cpp` for g++, `c` for gcc.
    """
    compiler = shutil.which("g++" if language == "cpp" else "gcc")
    if compiler is None:
        return ()
    words = [compiler, "-E", "-v", "-x", "c++" if language == "cpp" else "c", "/dev/null"]
    said = subprocess.run(words, capture_output=True, text=True, check=False).stderr
    after = said.partition("#include <...> search starts here:")[2].partition("End of search")[0]
    return tuple(Path(line.strip()) for line in after.splitlines() if line.strip())


def _load() -> Any:
    try:
        from clang import cindex
    except ImportError as error:
        raise RuntimeError(f"libclang cannot be loaded ({error}); pip install libclang") from error
    return cindex
