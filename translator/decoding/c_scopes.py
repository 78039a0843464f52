"""The names that are alive at a place of a C-like text, and what their declarations say.

Contract: total. Scopes nest as they are opened and closed; leaving one restores what it hid.

    python -c "from translator.decoding.c_scopes import Scopes, Variable as V; s = Scopes(); \\
        s.enter(); s.bind('V0', V('int')); s.leave(); print(s.alive)"
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from translator.decoding.c_words import VARIABLES


@dataclass(frozen=True, slots=True)
class Variable:
    """What a declaration says about a variable.

    base: `float`, `int`, or `?` where unknown. dims: levels of `*` and `[`. const: its elements, or
        the scalar, are const.
    array: declared with `[`, so that it cannot be assigned to. local: it is no parameter.
    """

    base: str
    dims: int = 0
    const: bool = False
    array: bool = False
    local: bool = False

    @property
    def element(self) -> Variable:
        """What one subscript of the variable gives, as a Variable with one level less."""
        return replace(self, dims=self.dims - 1)


Forgotten = list[tuple[str, Variable | None]]
"""What a scope hid, in order: names with what they meant before."""


_FLOATS = frozenset({"float", "double"})
_WHOLE = frozenset(
    "bool char short int long signed unsigned size_t ssize_t ptrdiff_t int8_t int16_t "
    "int32_t int64_t uint8_t uint16_t uint32_t"
    " uint64_t uint uchar ushort ulong".split()
)


def classify_base_type(type_word: str) -> str:
    """Return `float` for a floating type's word, `int` for an integer's of any width, `?` for
    others.
    """
    return "float" if type_word in _FLOATS else "int" if type_word in _WHOLE else "?"


def is_numbered_name(word: str) -> bool:
    """Return whether a word is a canonical name, `V` and a number."""
    return word[:1] == "V" and word[1:].isdigit()


FUNCTION, FREE = "function", "free"
"""The base of what is no variable: a function of the text, and a name that the text does not
declare.
"""
STRUCTURE = "structure"
"""The base of what is of a type that the text defines."""


@dataclass(slots=True)
class Declaration:
    """The declaration that is being read. depth: how many brackets are open at its type word,
    the file itself counted as one; -1 where nothing is being declared. in_value: behind its `=`.
    base: `float`, `int`, `structure` (a type of the text) or `?`; '' before the type. stars:
    number of `*`. const: its elements are const.
    """

    depth: int = -1
    in_value: bool = False
    base: str = ""
    stars: int = 0
    const: bool = False


@dataclass(slots=True)
class BracketFrame:
    """An open bracket.

    bracket: its character; '' for the file itself. kind: `file`, `block`, `fields` (of a
        structure), `init`, `head` (of a function), `call`, `group`, `index`, `size`, `directive`,
        or the word of a control statement.
    declaration: the one that goes on behind the bracket. callee: the word before the bracket.
    indexed: the variable that an index belongs to; None for other brackets. plain: no cast or sign
        stands before it.
    types_only: only words of types so far. ternaries: open `?`. semicolons, commas: how many so
        far. rvalue: a binary operator came since the last separator, so that what stands here
        cannot be assigned to. case: in a case label.
    chain: of a block, the control statements whose body is being read: (word, names that end with
        it).
    """

    bracket: str
    kind: str
    declaration: Declaration
    """What goes on behind the bracket."""
    callee: str = ""
    """The word before."""
    indexed: Variable | None = None
    plain: bool = True
    types_only: bool = True
    ternaries: int = 0
    semicolons: int = 0
    commas: int = 0
    rvalue: bool = False
    """Whether a binary operator came since the last separator: what stands here cannot be assigned
    to.
    """
    case: bool = False
    chain: list[tuple[str, Forgotten]] = field(default_factory=list)
    """Of a block: control statements whose body is being read, with the names that end with
    each.
    """


class Scopes:
    """The names in scope at one place of a C-like text. alive: name -> Variable. version: grows
    whenever `alive` or `own` change.
    """

    def __init__(self) -> None:
        self.alive: dict[str, Variable] = {}
        self.version = 0
        self._floating: tuple[int, frozenset[str]] = (-1, frozenset())
        self._not_alive: tuple[int, frozenset[str]] = (-1, frozenset())
        self._hidden: list[Forgotten] = [[]]
        self._own: list[set[str]] = [set()]

    @property
    def own(self) -> set[str]:
        """Return the names that the open scope may not declare again."""
        return self._own[-1]

    @property
    def floating(self) -> frozenset[str]:
        """Return the names, among those in scope, of floating-point values and of arrays of
        them.
        """
        if self._floating[0] != self.version:
            self._floating = (
                self.version,
                frozenset(
                    name for name, variable in self.alive.items() if variable.base == "float"
                ),
            )
        return self._floating[1]

    def not_alive(self, outer: frozenset[str]) -> frozenset[str]:
        """Return the canonical names (`V0`, `V1`, ...) that are neither in scope nor in `outer`."""
        if self._not_alive[0] != self.version:
            self._not_alive = self.version, VARIABLES.difference(self.alive, outer)
        return self._not_alive[1]

    def bind(self, name: str, variable: Variable, again: bool = False) -> None:
        """Declare `name` in the open scope, where it hides an earlier variable of that name until
        the scope ends.

        variable: what is known of it. again: the scope may declare it once more; if false, `name`
            joins `own`. Nothing is checked: a name in `own` is accepted as well.
        """
        self._hidden[-1].append((name, self.alive.get(name)))
        self.alive[name] = variable
        if not again:
            self._own[-1].add(name)
        self.version += 1

    def change(self, name: str, variable: Variable) -> None:
        """Replace what is known of `name`, which is in scope, by `variable`."""
        self.alive[name] = variable
        self.version += 1

    def enter(self, taken: frozenset[str] = frozenset()) -> None:
        """Open a scope. taken: names that may not be declared in it, besides those declared there
        already.
        """
        self._hidden.append([])
        self._own.append(set(taken))
        self.version += 1

    def leave(self) -> None:
        """Close the open scope and restore the names that it hid."""
        self.forget(self.part())

    def part(self) -> Forgotten:
        """Close the open scope and return the names that it hid, for a call of `forget`; its own
        names stay visible until that call.

        Returns [] at the outermost scope, which stays open.
        """
        self.version += 1
        if len(self._hidden) == 1:
            return []
        self._own.pop()
        return self._hidden.pop()

    def forget(self, hidden: Forgotten) -> None:
        """Remove the names of a closed scope and restore those that it hid. hidden: what `part`
        returned.
        """
        for name, before in reversed(hidden):
            if before is None:
                self.alive.pop(name, None)
            else:
                self.alive[name] = before
        self.version += 1
