"""Which sides of Fortran's conditions a suite takes: programs that stop when one side of one
condition is taken.

Contract: as `tester.mutation.strength.branch_probes` for C-family programs: IF, ELSE IF and DO
WHILE give two probes each. A probe that does not compile (a condition inside a pure procedure, text
that is a module of its own) is for the caller to leave out.

    python -c "from corpora.records import Program; \\
        from tester.mutation.branches_fortran import make_branch_probes; \
print(make_branch_probes(Program('fortran', 'f', 'subroutine f(n)\\ninteger n\\nif (n > 1) n =
1\\nend'))[0].text)"
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace

from corpora.records import Program
from corpora.syntax.fortran import convert_to_free_form, split_logical_lines

_CONDITION = re.compile(r"^((?:\w+\s*:\s*)?(?:else\s*if|if|do\s+while)\s*)\(")
_ARITHMETIC = re.compile(r"^\s*\d+\s*,\s*\d+\s*,\s*\d+\s*$")
_PROBE = """
logical function probe_taken(condition, side)
  logical, intent(in) :: condition, side
  if (condition .eqv. side) stop 1
  probe_taken = condition
end function
"""


def make_branch_probes(program: Program) -> list[Program]:
    """Two programs for each condition of `program`: one stops when it holds, one when it
    does not.
    """
    text = convert_to_free_form(program.text)
    rows = text.splitlines()
    lines = split_logical_lines(text)
    shared = Counter(line.first for line in lines)
    probes = []
    for line in lines:
        found = _CONDITION.match(line.text)
        end = _find_closing_bracket(line.text, found.end() - 1) if found else 0
        if (
            not found
            or not end
            or shared[line.first] > 1
            or _ARITHMETIC.match(line.text[end + 1 :])
        ):
            continue
        label = re.match(r"^\s*\d+\s+", rows[line.first])
        for side in (".true.", ".false."):
            condition = line.text[found.end() : end]
            changed = (
                f"{label[0] if label else ''}{found[1]}(probe_taken({condition}, "
                f"{side})){line.text[end + 1 :]}"
            )
            whole = [*rows[: line.first], changed, *rows[line.last + 1 :]]
            probes.append(replace(program, text="\n".join(whole) + _PROBE))
    return probes


def _find_closing_bracket(text: str, at: int) -> int:
    """Index of the bracket that closes the one at `at`, 0 where none does; those in character
    constants do not count.
    """
    text = re.sub(r"'[^']*'|\"[^\"]*\"", lambda m: "'" * len(m[0]), text)
    depth = 0
    for i in range(at, len(text)):
        depth += (text[i] == "(") - (text[i] == ")")
        if depth == 0:
            return i
    return 0
