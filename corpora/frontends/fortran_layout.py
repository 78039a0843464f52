"""Fortran of fixed form laid out as free form, row by row.

Contract: `convert_to_free_form(text)` keeps every row in its place, so line numbers stay. Comments
of their own rows stay comments; those behind a statement are dropped. Directives and conditional
lines of OpenMP get the sentinels of free form. A text of free form comes back as it is.

    python -c "from corpora.frontends.fortran_layout import convert_to_free_form; \
        print(convert_to_free_form('C old\\n      X = 1 +\\n     &    2\\n'))"
"""

from __future__ import annotations

from dataclasses import dataclass

from corpora.frontends.fortran_lines import detect_form, find_code_end, split_do, split_fixed_row

__all__ = ["convert_to_free_form"]


@dataclass(slots=True)
class _Open:
    """The statement that a row may continue. row: its last row so far. code: the statement's part
    of that row, which has room for `width` columns. quote: the quote that is open at its end."""

    kind: str
    row: int
    head: str
    code: str
    width: int
    quote: str

    def continued(self) -> str:
        """The row with the mark that another follows. A quote, and a word that reaches the last
        column, go on there without a blank."""
        if self.quote:
            return self.head + self.code.ljust(self.width) + "&"
        if len(self.code) >= self.width:
            return self.head + self.code + "&"
        return f"{self.head}{self.code}".rstrip() + " &"


def convert_to_free_form(text: str) -> str:
    """Return Fortran `text` in free form: converted line by line if it is in fixed form, else
    unchanged. Which form it has is detected. Nothing is raised.
    """
    if detect_form(text) == "free":
        return text
    rows: list[str] = []
    before: _Open | None = None
    for raw in text.removesuffix("\n").split("\n"):
        row = raw.rstrip("\r")
        found = split_fixed_row(row)
        if found.kind == "comment" or row.lstrip()[:1] == "#":
            rows.append(_comment(row))
            continue
        continues = bool(
            found.continues and not found.label and before and before.kind == found.kind
        )
        code = row[found.at : found.end]
        quote = before.quote if continues and before else ""
        end, open_quote = find_code_end(code, 0, quote)
        code = code[:end] if continues else split_do(code[:end])
        sentinel = {"directive": f"!${found.family}", "conditional": "!$"}.get(found.kind, "")
        if continues and before:
            rows[before.row] = before.continued()
            head = f"{sentinel}& " if found.kind == "directive" else f"{sentinel.ljust(5)}&"
        else:
            head = f"{sentinel} " if sentinel else found.label.ljust(6)
        before = _Open(found.kind, len(rows), head, code, found.end - found.at, open_quote)
        rows.append((head + code).rstrip())
    return "\n".join(rows) + "\n"


def _comment(row: str) -> str:
    """A row without a statement; a mark in column 1 becomes that of free form."""
    bare = row.lstrip()
    if not bare or bare[0] in "#!":
        return row.rstrip()
    return "!" + row[1:]
