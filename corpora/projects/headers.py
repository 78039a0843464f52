"""A C or C++ file with the project's own headers in the place of their includes.

Contract: headers in quotes are looked for beside the file that includes them and in the folders
given, those in angle brackets in the folders given; where found they are taken in, else the include
stays. The text is the user's own,
comments and macros included, but for the include lines. Conditionals around an include keep their
meaning, as the directives stay in the text.

    python -c "from corpora.projects.headers import inline_headers; \\
        from corpora.projects.sources import Options; from pathlib import Path; \\
        print(len(inline_headers(Path('corpora/builtin/blas1/axpy.cpp'), Options()).text))"
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from corpora.projects.sources import Options, ProjectError

DEEPEST = 40
"""Headers within headers; deeper ones stay includes."""
KNOWN_PRAGMAS = frozenset("omp acc GCC clang pack STDC unroll nounroll ivdep push_macro".split())
"""First words of pragmas that stay; what compilers here do not know, as `scop`, is left out."""
LARGEST = 4_000_000
"""Characters of a text with its headers."""


@dataclass(frozen=True, slots=True)
class InlinedText:
    """A file with its headers. text: of all lines. places: for each line, from the first, the file
    and its line number from 1. missing: headers in quotes that are in no folder, as (name, file,
    line); conditionals may leave them out.
    """

    text: str
    places: tuple[tuple[Path, int], ...]
    missing: tuple[tuple[str, Path, int], ...] = ()

    def place(self, line: int) -> tuple[Path, int]:
        """Return the file and line that line number `line` of the text, from 1, came from."""
        return self.places[min(max(line, 1), len(self.places)) - 1]


@dataclass(slots=True)
class _Builder:
    options: Options
    lines: list[str] = field(default_factory=list)
    places: list[tuple[Path, int]] = field(default_factory=list)
    missing: list[tuple[str, Path, int]] = field(default_factory=list)
    once: set[Path] = field(default_factory=set)
    size: int = 0

    def add(self, line: str, path: Path, number: int) -> None:
        self.lines.append(line)
        self.places.append((path, number))
        self.size += len(line) + 1


def inline_headers(path: Path, options: Options) -> InlinedText:
    """Return the file `path` with the project's headers in it; macros of `options` are defined at
    its top. Raises ProjectError if the file cannot be read or the text would be too large.
    """
    made = _Builder(options)
    for definition in options.define:
        name, equals, value = definition.partition("=")
        made.add(f"#define {name} {value if equals else '1'}", path, 1)
    _add_file(made, path, 0)
    return InlinedText("\n".join(made.lines) + "\n", tuple(made.places), tuple(made.missing))


def _add_file(made: _Builder, path: Path, depth: int) -> None:
    try:
        text = path.read_bytes().decode("utf-8", "replace")
    except OSError as error:
        raise ProjectError(f"cannot read '{path}': {error.strerror}") from None
    for number, line in enumerate(text.splitlines(), 1):
        included = _read_include(line)
        pragma = _read_pragma(line)
        if pragma == "once":
            made.once.add(path)
        if pragma is not None and pragma not in KNOWN_PRAGMAS:
            line = ""  # compilers ignore it
        if included is None:
            made.add(line, path, number)
        else:
            _add_header(made, included, line, path, number, depth)
        if made.size > LARGEST:
            raise ProjectError(f"'{path}' with its headers is longer than {LARGEST} characters")


def _add_header(
    made: _Builder, included: tuple[str, bool], line: str, path: Path, number: int, depth: int
) -> None:
    name, quoted = included
    folders = ((path.parent,) if quoted else ()) + made.options.include
    header = next((f / name for f in folders if (f / name).is_file()), None)
    if header is None and quoted:
        made.missing.append((name, path, number))
    if header is None or depth >= DEEPEST:
        made.add(line, path, number)
    elif header.resolve() not in {p.resolve() for p in made.once}:
        _add_file(made, header, depth + 1)


def _read_pragma(line: str) -> str | None:
    """The first word of a pragma, else None."""
    words = line.strip().removeprefix("#").split()
    is_pragma = line.lstrip().startswith("#") and len(words) > 1 and words[0] == "pragma"
    return words[1] if is_pragma else None


def _read_include(line: str) -> tuple[str, bool] | None:
    """(name, whether in quotes) of an include line, else None."""
    words = line.strip()
    if not words.startswith("#"):
        return None
    words = words[1:].strip()
    if not words.startswith("include"):
        return None
    rest = words.removeprefix("include").strip()
    for begin, end in ('""', "<>"):
        if rest.startswith(begin) and end in rest[1:]:
            return rest[1:].split(end)[0], begin == '"'
    return None
