"""The files of a project and the options they are compiled with.

Contract: options come from the caller (`-I`, `-D`) or from a compilation database
(clang.llvm.org/docs/JSONCompilationDatabase.html). Nothing is compiled or run.

    python -c "from corpora.projects.sources import find_sources, Options; \\
        print(find_sources('corpora/builtin', Options())[:1])"
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

LANGUAGES = {
    **dict.fromkeys((".c",), "c"),
    **dict.fromkeys((".cpp", ".cc", ".cxx", ".C", ".c++"), "cpp"),
    **dict.fromkeys((".f", ".for", ".f77", ".f90", ".f95", ".f03", ".f08"), "fortran"),
    **dict.fromkeys((".F", ".FOR", ".F77", ".F90", ".F95", ".F03", ".F08"), "fortran"),
}
"""Language of a file by its suffix: `c`, `cpp` or `fortran`."""
SKIPPED_FOLDERS = frozenset({".git", "build", "CMakeFiles", "node_modules", ".venv"})


class ProjectError(ValueError):
    """A project that cannot be read. The message is one line for the user."""


@dataclass(frozen=True, slots=True)
class Options:
    """How files of a project are compiled. include: folders of headers, in order. define: macros as
    NAME or NAME=TEXT.
    """

    include: tuple[Path, ...] = ()
    define: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file of a project. path: of the file. language: `c`, `cpp` or `fortran`. options: how it
    is compiled.
    """

    path: Path
    language: str
    options: Options


def find_sources(
    place: Path | str, options: Options, database: Path | str | None = None
) -> list[SourceFile]:
    """Return the source files at `place`, a file or a folder, sorted by path.

    options: added to those of the database. database: a compile_commands.json, or its folder; only
        the files that it names are returned, and None means all files with a known suffix.
    Raises ProjectError if the place or the database does not exist, is damaged, or has no source.
    """
    root = Path(place)
    if not root.exists():
        raise ProjectError(
            f"'{root}' does not exist; name a source file or the folder of a project"
        )
    if database is not None:
        found = [
            replace(each, options=_joined(options, each.options))
            for each in _read_database(Path(database))
            if each.path.resolve().is_relative_to(root.resolve())
        ]
        if not found:
            raise ProjectError(f"'{database}' names no source file in '{root}'")
        return found
    files = [root] if root.is_file() else _walk(root)
    made = [SourceFile(f, LANGUAGES[f.suffix], options) for f in files if f.suffix in LANGUAGES]
    if not made:
        raise ProjectError(
            f"'{root}' holds no source file; known suffixes are {' '.join(sorted(LANGUAGES))}"
        )
    return made


def _walk(root: Path) -> list[Path]:
    return sorted(
        file
        for file in root.rglob("*")
        if file.is_file() and not SKIPPED_FOLDERS & set(file.relative_to(root).parts[:-1])
    )


def _joined(first: Options, second: Options) -> Options:
    return Options((*first.include, *second.include), (*first.define, *second.define))


def _read_database(path: Path) -> list[SourceFile]:
    file = path / "compile_commands.json" if path.is_dir() else path
    try:
        rows = json.loads(file.read_text(encoding="utf-8"))
        found = {}
        for row in rows:
            folder = Path(row["directory"])
            source = folder / row["file"]
            words = row.get("arguments") or shlex.split(row["command"])
            if source.suffix in LANGUAGES:
                found[source] = SourceFile(
                    source, LANGUAGES[source.suffix], _options(words, folder)
                )
    except OSError as error:
        raise ProjectError(f"cannot read '{file}': {error.strerror}") from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ProjectError(f"'{file}' is no compilation database: {error!r}") from None
    return [found[source] for source in sorted(found)]


def _options(words: Sequence[str], folder: Path) -> Options:
    """The options of a compiler call that decide what its file means."""
    include = [folder / name for name in _values(words, ("-I", "-isystem", "-iquote"))]
    return Options(tuple(include), tuple(_values(words, ("-D",))))


def _values(words: Sequence[str], flags: Iterable[str]) -> list[str]:
    """The values of options, in order, whether they stand apart or not."""
    found = []
    for i, word in enumerate(words):
        for flag in flags:
            if word == flag and i + 1 < len(words):
                found.append(words[i + 1])
            elif word.startswith(flag) and len(word) > len(flag):
                found.append(word[len(flag) :].removeprefix("="))
    return found
