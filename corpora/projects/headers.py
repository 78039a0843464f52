"""A C or C++ file with the project's own headers in the place of their includes.

Contract: headers in quotes are looked for beside the file that includes them and in the folders
given, those in angle brackets in the folders given; where found they are taken in, else the include
stays. The text is the user's own, comments and macros included, but for the include lines.
Conditionals around an include keep their meaning, as the directives stay in the text; a header with
`#pragma once` that a conditional may leave out gets a guard. What is left to the caller is to ask a
compiler whether the two are the same (coevolve.verification.project_text).

    python -c "from corpora.projects.headers import inline_headers; \\
        from corpora.projects.sources import Options; from pathlib import Path; \\
        print(len(inline_headers(Path('corpora/builtin/blas1/axpy.cpp'), Options()).text))"
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from corpora.datasets.tables import decode_source
from corpora.frontends.c_directives import DirectiveLine, directive_lines, included_path
from corpora.projects.sources import Options, ProjectError

DEEPEST = 40
"""Headers within headers; deeper ones stay includes."""
KNOWN_PRAGMAS = frozenset(
    "omp acc GCC clang pack STDC unroll nounroll ivdep push_macro pop_macro weak "
    "redefine_extname scalar_storage_order".split()
)
"""First words of pragmas that stay; what compilers here do not know, as `scop`, is left out."""
MOST = 5000
"""Times that headers are taken in; more are of headers that include each other without a guard."""
LARGEST = 4_000_000
"""Characters of a text with its headers."""


@dataclass(frozen=True, slots=True)
class InlinedText:
    """A C or C++ file with its headers in it.

    text: of all lines. places: for each line, from the first, the file and its line number from 1.
        missing: headers in quotes that are in no folder, as (name, file, line); conditionals may
        leave them out. headers: those that were taken in, each once.
    """

    text: str
    places: tuple[tuple[Path, int], ...]
    missing: tuple[tuple[str, Path, int], ...] = ()
    headers: tuple[Path, ...] = ()

    def place(self, line: int) -> tuple[Path, int]:
        """Return the file and line number, from 1, that line number `line` of the text with
        headers, from 1, came from. A number outside the text counts as its first or last line.
        """
        return self.places[min(max(line, 1), len(self.places)) - 1]


@dataclass(slots=True)
class _Builder:
    """What is made of a file. sure: headers that need not be taken in again, as they were where no
    conditional can leave them out. macros: of headers with `#pragma once` that were not. within:
    headers that are being taken in. texts: what was read, with its directives.
    """

    options: Options
    lines: list[str] = field(default_factory=list)
    places: list[tuple[Path, int]] = field(default_factory=list)
    missing: list[tuple[str, Path, int]] = field(default_factory=list)
    headers: dict[Path, None] = field(default_factory=dict)
    sure: set[Path] = field(default_factory=set)
    macros: dict[Path, str] = field(default_factory=dict)
    within: list[Path] = field(default_factory=list)
    texts: dict[Path, tuple[str, list[DirectiveLine]]] = field(default_factory=dict)
    size: int = 0
    taken: int = 0

    def add(self, line: str, path: Path, number: int) -> None:
        self.lines.append(line)
        self.places.append((path, number))
        self.size += len(line) + 1

    def read(self, path: Path) -> tuple[str, list[DirectiveLine]]:
        """The text of a file and its directives."""
        if path not in self.texts:
            text = read_project_text(path)
            self.texts[path] = text, directive_lines(text)
        return self.texts[path]


def inline_headers(path: Path, options: Options) -> InlinedText:
    """Return the C or C++ file `path` with the project's headers in it; macros of `options` are
    defined at its top.

    options: `include` has the folders in which headers are looked for, `define` the macros. Headers
    that are not found are in the result's `missing`. Raises ProjectError if the file cannot be read
    or the text would be too large.
    """
    made = _Builder(options)
    for definition in options.define:
        name, equals, value = definition.partition("=")
        made.add(f"#define {name} {value if equals else '1'}", path, 1)
    _add_file(made, path, False)
    return InlinedText(
        "\n".join(made.lines) + "\n",
        tuple(made.places),
        tuple(made.missing),
        tuple(made.headers),
    )


def read_project_text(path: Path) -> str:
    """Return the text of a source file or header: UTF-8, else Latin-1. Raises ProjectError if it
    cannot be read.
    """
    try:
        return decode_source(path.read_bytes()).replace("\r\n", "\n")
    except OSError as error:
        raise ProjectError(f"cannot read '{path}': {error.strerror}") from None


def _add_file(made: _Builder, path: Path, conditional: bool) -> None:
    """conditional: whether something around the include may leave the file out."""
    text, directives = made.read(path)
    guard = _find_guard(directives)
    begins = _line_starts(text)
    by_line = {bisect_right(begins, each.start): each for each in directives}
    until, dropped, depth = 0, False, 0
    for number, line in enumerate(text.removesuffix("\n").split("\n"), 1):
        directive = by_line.get(number)
        if directive is not None:
            until = bisect_right(begins, max(directive.start, directive.end - 1))
            word = directive.word
            dropped = word == "pragma" and directive.name not in KNOWN_PRAGMAS
            if directive is not guard:
                depth += _count_opened(directive)
            if word == "include" and until == number:
                name = included_path(directive, text)
                quoted = directive.tokens[:1] and directive.tokens[0].kind == "string"
                if name:
                    inside = conditional or depth > 0
                    _add_header(made, (name, bool(quoted)), line, path, number, inside)
                    continue
        made.add("" if dropped and number <= until else line, path, number)
        if made.size > LARGEST:
            raise ProjectError(f"'{path}' with its headers is longer than {LARGEST} characters")


def _add_header(
    made: _Builder,
    included: tuple[str, bool],
    line: str,
    path: Path,
    number: int,
    conditional: bool,
) -> None:
    name, quoted = included
    folders = ((path.parent,) if quoted else ()) + made.options.include
    header = next((f / name for f in folders if (f / name).is_file()), None)
    if header is None and quoted:
        made.missing.append((name, path, number))
    if header is None or len(made.within) >= DEEPEST:
        made.add(line, path, number)
        return
    made.headers[header] = None
    key = header.resolve()
    _, directives = made.read(header)
    once = any(each.word == "pragma" and each.name == "once" for each in directives)
    if key in made.sure or once and key in made.within:
        return
    if not conditional and (once or _find_guard(directives) is not None):
        made.sure.add(key)
    wrapped = once and (conditional or key in made.macros)
    if wrapped:
        macro = made.macros.setdefault(key, f"COEVOLVE_ONCE_{len(made.macros)}")
        made.add(f"#ifndef {macro}", path, number)
        made.add(f"#define {macro}", path, number)
    made.taken += 1
    if made.taken > MOST:
        raise ProjectError(
            f"'{header}' and others are included more than {MOST} times; give each a guard, such "
            f"as #pragma once"
        )
    made.within.append(key)
    _add_file(made, header, conditional)
    made.within.pop()
    if wrapped:
        made.add("#endif", path, number)


def _find_guard(directives: Sequence[DirectiveLine]) -> DirectiveLine | None:
    """The `#ifndef` that keeps a header from being read twice, from its first directive to its
    last; None where there is none.
    """
    kept = [each for each in directives if each.word != "pragma"]
    if (
        [each.word for each in kept[:2]] != ["ifndef", "define"]
        or kept[0].name != kept[1].name
        or not kept[0].name
    ):
        return None
    depth = 0
    for each in kept:
        depth += _count_opened(each)
        if depth == 1 and each.word in ("else", "elif") or depth == 0 and each is not kept[-1]:
            return None
    return kept[0] if depth == 0 else None


def _count_opened(directive: DirectiveLine) -> int:
    """1 where a conditional begins, -1 where one ends, else 0."""
    return (directive.word in ("if", "ifdef", "ifndef")) - (directive.word == "endif")


def _line_starts(text: str) -> list[int]:
    """The character offset at which each line of a text begins."""
    return [0, *(i + 1 for i, character in enumerate(text) if character == "\n")]
