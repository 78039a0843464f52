"""The dialect of a port by its suffix and by its directives: a file with OpenMP directives in it
runs in parallel, whatever it is called.

    python -c "from corpora.frontends.dialect_guess import guess_port_dialect as guess; \\
        print(guess('a.cpp', '#pragma omp parallel\\nvoid f() {}').name)"
"""

from __future__ import annotations

from collections.abc import Iterator

from corpora.dialects import Dialect, get_dialect, guess_dialect
from corpora.frontends.c_preprocess import preprocess
from corpora.frontends.c_tokens import join_tokens
from corpora.frontends.fortran_lines import read_lines
from corpora.frontends.pragmas import RawDirective, read_directive


def guess_port_dialect(path: str, text: str) -> Dialect:
    """Return the dialect of a port, a translation to another parallel model. It is that of the
    path's suffix, or where this one is serial and `text` has OpenMP directives, the OpenMP dialect
    of the same language. Directives in comments, strings and branches that are not compiled do not
    count.

    path: the file's name, which is not read. text: its content. Raises ValueError if no suffix
        fits.
    """
    row = guess_dialect(path)
    if row.name == "cpp":
        words = [directive.directive for directive in _read_c(text)]
        if any("target" in each.split() for each in words):
            return get_dialect("openmp-target")
        return get_dialect("openmp") if words else row
    if row.name == "fortran" and any(line.family == "omp" for line in read_lines(text)):
        return get_dialect("openmp-fortran")
    return row


def _read_c(text: str) -> Iterator[RawDirective]:
    """The OpenMP directives of a text of the C family, compiled with OpenMP."""
    for line in preprocess(text, "openmp").directives:
        if line.kind == "pragma":
            found = read_directive(join_tokens(line.tokens))
            if found.family == "omp":
                yield found
