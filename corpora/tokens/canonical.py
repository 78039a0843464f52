"""Canonical names: a text as a stream of words in which every identifier of the program's own is
V0, V1, ... .

Contract: `canonicalize` renames identifiers in order of first use (those of `names` first, so that
a pair shares its names), and strings that C hands over, keeps what belongs to the language, drops
comments and splits numbers into characters; `restore` makes text that a compiler takes.
`restore(canonicalise(x))` lexes to the tokens of x. A word never holds white space.

    python -c "from corpora.tokens.canonical import canonicalize; \\
        print(canonicalize('x[i] = 10 * y;', 'cpp').text)"
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from corpora.tokens import lexers
from corpora.tokens.lexers import NEWLINE, Token, lex
from corpora.tokens.printing import print_words

ENTRY = "F0"
"""Stands for the entry function's own name."""

DIGIT = "_"
"""Marks the second and later characters of a number: `100` is `1 _0 _0`, which a small model can
copy.
"""

CORE_WORDS = (
    *(f"V{k}" for k in range(64)),
    ENTRY,
    NEWLINE,
    *"0123456789",
    *(DIGIT + c for c in "0123456789.efxuldULF+-abcABCDE"),
    *"+-*/%=<>!&|^~?:;,.()[]{}@",
    *"++ -- += -= *= /= %= == != <= >= && || << >> -> :: ** .and. .or. .not. <<< >>> &= |= "
    "^= <<= >>= #pragma !$omp".split(),
)
"""Words that a model's vocabulary should hold whole whatever its training texts show."""


@dataclass(frozen=True, slots=True)
class CanonicalText:
    """A program's text with its own names replaced by V0, V1 and so on. tokens: its words, in
    order. names[k]: the spelling behind the word `Vk`.
    """

    tokens: tuple[str, ...]
    names: tuple[str, ...]

    @property
    def text(self) -> str:
        """Return the words of the canonical text, separated by single blanks."""
        return " ".join(self.tokens)


class _Names:
    """Spellings in order of first use; a language without case finds them without case."""

    def __init__(self, names: Iterable[str], fold: bool) -> None:
        self._fold = fold
        self.spellings: list[str] = []
        self._index: dict[str, int] = {}
        for name in names:
            self.spellings.append(name)
            self._index.setdefault(self._key(name), len(self.spellings) - 1)

    def _key(self, name: str) -> str:
        return name.lower() if self._fold else name

    def __contains__(self, name: str) -> bool:
        return self._key(name) in self._index

    def word(self, name: str) -> str:
        key = self._key(name)
        if key not in self._index:
            self._index[key] = len(self.spellings)
            self.spellings.append(name)
        return f"V{self._index[key]}"


def canonicalize(
    text: str, language: str, names: Sequence[str] = (), entry: str = "", fold: bool = False
) -> CanonicalText:
    """Return `text` as words in which the program's own names are V0, V1 and so on, by first use.
    Comments are dropped; numbers are split into characters (`12` is `1 _2`).

    language: `cpp` (CUDA too), `fortran` or `suite`; another raises KeyError. names: spellings that
        are numbered first, in order, such as those of the source.
    entry: the entry function's name, which becomes F0; '' for none. fold: ignore case in names, as
        always in Fortran.
    """
    tokens = lex(text, language)
    table = _Names(names, fold or language == "fortran")
    fold = language == "fortran"
    keeps = _KEEPERS[language](tokens, table)
    words: list[str] = []
    for position, (kind, spelling) in enumerate(tokens):
        if kind == "number":
            words.append(spelling[0])
            words.extend(DIGIT + character for character in spelling[1:])
        elif kind == "literal":
            words.append(
                table.word(spelling)
                if language == "cpp" and _is_message(tokens, position)
                else _encode(spelling)
            )
        elif kind != "name":
            words.append(spelling)
        elif entry and (spelling.lower() == entry.lower() if fold else spelling == entry):
            words.append(ENTRY)
        elif keeps(position):
            words.append(spelling.lower() if fold else spelling)
        else:
            words.append(table.word(spelling))
    return CanonicalText(tuple(words), tuple(table.spellings))


def _is_message(tokens: Sequence[Token], position: int) -> bool:
    """A C string that is handed to something (`printf("...", x)`): copied, never read, so it is
    numbered like a name.
    """
    return (
        tokens[position].text[0] == '"' and position > 0 and tokens[position - 1].text in ("(", ",")
    )


def restore(tokens: Sequence[str], names: Sequence[str], language: str, entry: str = "f0") -> str:
    """Return canonical words, as `canonicalize` gives them, as source text, one statement per line.

    names[k]: the spelling for `Vk`; a further number gets a new name. language: `cpp`, `fortran` or
        `suite`; another raises KeyError. entry: the name for F0.
    A name that the language reserves or that is taken gets a trailing underscore.
    """
    spell = _Spelling(names, language, entry)
    words: list[str] = []
    is_number = False
    for token in tokens:
        if is_number and len(token) == 2 and token[0] == DIGIT:
            words[-1] += token[1]
            continue
        is_number = token[:1].isdigit() or token == "."
        words.append(_decode(token) if _is_literal(token) else spell(token))
    return print_words(words, language)


class _Spelling:
    def __init__(self, names: Sequence[str], language: str, entry: str) -> None:
        self._fold = language == "fortran"
        reserved = lexers.CPP_TYPES | lexers.CPP_KEYWORDS if language == "cpp" else frozenset()
        reserved = lexers.FORTRAN_FIXED if self._fold else reserved
        self._entry = entry
        self._taken = set(reserved) | {self._key(entry)}
        self._given: list[str] = []
        for name in names:
            self._given.append(
                self._claim(f"v{name}" if self._fold and name.startswith("_") else name)
            )
        self._fresh: dict[str, str] = {}

    def _key(self, name: str) -> str:
        return name.lower() if self._fold else name

    def _claim(self, name: str) -> str:
        while self._key(name) in self._taken:
            name += "_"
        self._taken.add(self._key(name))
        return name

    def __call__(self, word: str) -> str:
        if word == ENTRY:
            return self._entry
        if word[:1] != "V" or not word[1:].isdigit():
            return word
        number = int(word[1:])
        if number < len(self._given):
            return self._given[number]
        if word not in self._fresh:
            self._fresh[word] = self._claim(f"v{number}")
        return self._fresh[word]


def _encode(literal: str) -> str:
    """White space and `%` as `%20`, or `%u2003` beyond Latin-1."""
    return "".join(
        (f"%{ord(c):02x}" if ord(c) < 256 else f"%u{ord(c):04x}") if c.isspace() or c == "%" else c
        for c in literal
    )


def _is_literal(word: str) -> bool:
    """Literals hold a quote (perhaps after a prefix: L"", u8""); the name of a header begins with
    `<`.
    """
    return "%" in word and ('"' in word or "'" in word or word[0] == "<")


_CODE = re.compile(r"%(?:u([0-9a-f]{4})|([0-9a-f]{2}))")


def _decode(word: str) -> str:
    """What `_encode` wrote, and nothing else: a model may write any number."""

    def character(found: re.Match[str]) -> str:
        meant = chr(int(found[1] or found[2], 16))
        return meant if meant.isspace() or meant == "%" else found[0]

    return _CODE.sub(character, word)


def _cpp_keeper(tokens: list[Token], table: _Names):
    """Which identifiers of a C-like text belong to the language.

    A library function's name that is also used without a call (`float max = ...`) is the program's
    own everywhere.
    """
    texts = [t.text for t in tokens]
    follower = [*texts[1:], ""]
    own = {
        t
        for t, f in zip(texts, follower)
        if t in lexers.CPP_FUNCTIONS and f not in ("(", "<", "<<<")
    }
    pragma_depth: list[int | None] = []
    depth: int | None = None
    for kind, text in tokens:
        if kind == "directive":
            depth = 0 if text == "#pragma" else None
        elif kind == "newline":
            depth = None
        elif depth is not None:
            depth += (text == "(") - (text == ")")
        pragma_depth.append(depth)

    def keeps(position: int) -> bool:
        text = texts[position]
        if position and texts[position - 1] in (".", "->"):
            return (
                text in lexers.CPP_MEMBERS
                or text in lexers.CPP_TYPES
                or text in lexers.CPP_KEYWORDS
            )
        in_pragma = pragma_depth[position]
        if in_pragma is not None and text in lexers.OMP_WORDS:
            return in_pragma == 0 or text not in table or follower[position] == ":"
        if text in lexers.CPP_FUNCTIONS:
            return text not in own
        return text in lexers.CPP_TYPES or text in lexers.CPP_KEYWORDS

    return keeps


def _fortran_keeper(tokens: list[Token], table: _Names):
    """Fortran reserves nothing: a keyword or intrinsic is the program's own where the text declares
    it.
    """
    declared = _find_fortran_declared(tokens)
    by_place = _keyword_places(tokens) if declared & lexers.FORTRAN_KEYWORDS else frozenset()
    in_directive: list[bool] = []
    inside = False
    for kind, _ in tokens:
        inside = kind == "directive" or (inside and kind != "newline")
        in_directive.append(inside)

    def keeps(position: int) -> bool:
        text = tokens[position].text.lower()
        if text in lexers.FORTRAN_FIXED:
            return True
        if in_directive[position] and text in lexers.OMP_WORDS:
            return text not in declared
        if text in lexers.FORTRAN_KEYWORDS and position in by_place:
            return True
        return (
            text in lexers.FORTRAN_KEYWORDS or text in lexers.FORTRAN_FUNCTIONS
        ) and text not in declared

    return keeps


def _fortran_lines(tokens: list[Token]) -> Iterator[tuple[int, list[Token]]]:
    """Statements, each with the position of its first token."""
    first = 0
    for position, token in enumerate((*tokens, Token("newline", NEWLINE))):
        if token.text == NEWLINE:
            yield first, tokens[first:position]
            first = position + 1


def _find_fortran_declared(tokens: list[Token]) -> set[str]:
    return {name for _, line in _fortran_lines(tokens) for name in _declared_on(line)}


def _keyword_places(tokens: list[Token]) -> frozenset[int]:
    """Where a word is a keyword whatever the program declares: attributes before `::`, `intent(in)`
    and its like, `kind=` of a type, `only:` and `result(...)`.
    """
    return frozenset(
        first + place
        for first, line in _fortran_lines(tokens)
        for place in _keywords_on([text.lower() for _, text in line])
    )


def _keywords_on(texts: list[str]) -> Iterator[int]:
    colons = texts.index("::") if "::" in texts else 0
    depth = 0
    for place, (text, after) in enumerate(zip(texts, [*texts[1:], ""])):
        depth += (text in "([") - (text in ")]") if len(text) == 1 else 0
        before = texts[max(place - 3, 0) : place]
        ways = before[-2:] == ["intent", "("] or before == ["intent", "(", "in"]
        attribute = depth == 0 and place < colons
        parameter = depth == 1 and place < colons and after == "=" and text in ("kind", "len")
        word = (text, after) == ("only", ":") or (text, after) == ("intent", "(") and not place
        result = (text, after) == ("result", "(") and "function" in texts[:place]
        if ways or attribute or parameter or word or result:
            yield place


_TYPE_WORDS = frozenset("integer real double precision complex logical character".split())


def _declared_on(line: list[Token]) -> set[str]:
    """Names that a line declares: those after `::`, or after a type without it (`real(8) a, b`,
    `integer*8 n`).
    """
    texts = [text.lower() for _, text in line]
    modern = "::" in texts
    if (
        not line
        or texts[0] == "use"
        or not modern
        and (texts[0] not in _TYPE_WORDS or "function" in texts)
    ):
        return set()
    start = (
        texts.index("::") + 1
        if modern
        else next((i for i, text in enumerate(texts) if text not in _TYPE_WORDS), len(texts))
    )
    declared: set[str] = set()
    depth, expected = 0, True  # a name is expected first and after every comma outside brackets
    for kind, text in line[start:]:
        depth += (text in "([") - (text in ")]") if kind == "symbol" else 0
        if depth == 0 and kind == "name" and expected:
            declared.add(text.lower())
            expected = False
        elif depth == 0 and text == ",":
            expected = True
    return declared


def _suite_keeper(tokens: list[Token], table: _Names):
    """A word of the suite form is a name where an assignment begins, inside an extent, and where a
    source has it.
    """
    depth, square = 0, []
    for _, text in tokens:
        depth += (text == "[") - (text == "]")
        square.append(depth > 0)

    def keeps(position: int) -> bool:
        text = tokens[position].text
        following = tokens[position + 1].text if position + 1 < len(tokens) else ""
        previous = tokens[position - 1].text if position else NEWLINE
        if text not in lexers.SUITE_WORDS or square[position]:
            return False
        if previous == ":" or following == "(":
            return True
        return (
            previous == "="
            and text not in table
            or previous in ("-", ",", "{", "(")
            and text not in table
        )

    return keeps


_KEEPERS = {"cpp": _cpp_keeper, "fortran": _fortran_keeper, "suite": _suite_keeper}
