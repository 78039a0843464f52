"""The two routines that BLAS and LAPACK procedures expect beside them, written here: LSAME and
XERBLA.

Contract: `add_library_routines(text)` is the text followed by those of them that it names and does
not define, and their names. LSAME compares letters without case, as ASCII; XERBLA stops, so that
tests with arguments that a routine refuses do not count.

    python -c "from corpora.extraction.fortran_library import add_library_routines as add; \\
        print(add('subroutine f(a)\\nif (lsame(a, a)) return\\nend')[1])"
"""

from __future__ import annotations

from corpora.frontends.fortran import parse_fortran
from corpora.frontends.queries import functions_of

_ROUTINES = {
    "lsame": """
logical function lsame(ca, cb)
implicit none
character, intent(in) :: ca, cb
integer :: a, b
a = iachar(ca)
b = iachar(cb)
if (a >= iachar('a') .and. a <= iachar('z')) a = a - 32
if (b >= iachar('a') .and. b <= iachar('z')) b = b - 32
lsame = a == b
end function lsame
""",
    "xerbla": """
subroutine xerbla(srname, info)
implicit none
character(*), intent(in) :: srname
integer, intent(in) :: info
stop 1
end subroutine xerbla
""",
}


def add_library_routines(text: str) -> tuple[str, frozenset[str]]:
    """Return (text, names): free-form Fortran `text` with those of the BLAS routines LSAME and
    XERBLA added at its end that it names and lacks, and the names of the added ones in lower case.
    """
    lowered = text.lower()
    if not any(name in lowered for name in _ROUTINES):
        return text, frozenset()
    defined = {f.name for f in functions_of(parse_fortran(text, "free"))}
    added = [name for name in _ROUTINES if name in lowered and name not in defined]
    return text.rstrip("\n") + "\n" + "".join(_ROUTINES[name] for name in added), frozenset(added)
