"""Whether two terms have the same value: the same operations on the same values.

Integers and conditions are compared by what they mean, with the solver. Floating-point values are
compared by how they are computed. Loops are compared part by part: their variables are equal at the
first head, and one pass keeps them equal, so that they are equal at every head.

    python -c "from coevolve.verification.proof.same import Comparison; help(Comparison)"
"""

from __future__ import annotations

from coevolve.verification.proof import terms as t
from coevolve.verification.proof.errors import NotModelled
from coevolve.verification.proof.solver import Solver
from coevolve.verification.proof.terms import Term


class Comparison:
    """Compares symbolic terms for equality. solver: holds the facts that may be used. why: the
    first two terms found different, as (ours, theirs); None as long as there are none.
    """

    def __init__(self, solver: Solver) -> None:
        self.solver = solver
        self.known: dict[tuple[Term, Term, Term], bool] = {}
        self.why: tuple[Term, Term] | None = None

    def require(self, ours: Term, theirs: Term, path: Term, what: str) -> None:
        """Check that the terms `ours` and `theirs` are equal wherever the condition `path` holds.
        Raises NotModelled if that is not shown.

        what: the words that the message begins with.
        """
        if not self.same(ours, theirs, path):
            assert self.why is not None
            a, b = (t.show(w) for w in self.why)
            raise NotModelled(f"{what}: {_short(a)} against {_short(b)}")

    def same(self, ours: Term, theirs: Term, path: Term) -> bool:
        """Return whether two terms are shown to be equal wherever the condition `path` holds.

        Integers and conditions are compared by meaning, floating-point values by how they are
        computed.
        """
        if ours is theirs:
            return True
        key = (ours, theirs, path)
        if key not in self.known:
            self.known[key] = self._same(ours, theirs, path)
            if not self.known[key] and self.why is None:
                self.why = (ours, theirs)
        return self.known[key]

    def _same(self, ours: Term, theirs: Term, path: Term) -> bool:
        if ours.type != theirs.type:
            return False
        if ours.type == "bool":
            forth = self.solver.implies(t.both(path, ours), theirs)
            return forth and self.solver.implies(t.both(path, theirs), ours)
        alike = ours.op == theirs.op and ours.data == theirs.data
        if alike and ours.op not in ("symbol", "memory", "poly", "const", "fconst"):
            if len(ours.args) == len(theirs.args) and self._parts(ours, theirs, path):
                return True
        if ours.type == "int":
            return self.solver.implies(path, t.equal(ours, theirs))
        return False

    def _parts(self, ours: Term, theirs: Term, path: Term) -> bool:
        pairs = list(zip(ours.args, theirs.args, strict=True))
        why = self.why
        if ours.op == "store":
            (before, test, *rest) = pairs
            inside = t.both(path, test[0])
            found = self.same(*before, path) and self.same(*test, path)
            return found and all(self.same(a, b, inside) for a, b in rest)
        if ours.op == "select":
            test, then, otherwise = pairs
            return (
                self.same(*test, path)
                and self.same(*then, t.both(path, test[0]))
                and self.same(*otherwise, t.both(path, t.deny(test[0])))
            )
        if ours.op == "out":
            return self._loops(pairs, path)
        found = all(self.same(a, b, path) for a, b in pairs)
        if not found and ours.type == "int":
            self.why = why  # the solver may still find them equal
        return found

    def _loops(self, pairs: list[tuple[Term, Term]], path: Term) -> bool:
        test, *slots = pairs
        if not self.same(*test, t.TRUE):
            return False
        for head, first, later in zip(slots[::3], slots[1::3], slots[2::3], strict=True):
            if head[0] is not head[1]:
                return False
            if not self.same(*first, path) or not self.same(*later, test[0]):
                return False
        return True


def _short(text: str) -> str:
    return text if len(text) <= 80 else text[:77] + "..."
