"""What a program's entry function takes and gives: `read_signature(program)` for every dialect.

Contract: a signature is returned only when every parameter can be held by a typed test (scalar,
contiguous array, or table of rows, of an entry of ELEMENT_TYPES); anything else is a SignatureError
that names the parameter and why. Text may be laid out in any way, whitespace-tokenised text
included.

    python -c "from corpora.records import Program; \
        from corpora.signatures.signature import read_signature; \
        print(read_signature(Program('cpp', 'f', 'float f(float *x, int n) { return x[n]; }')))"
"""

from __future__ import annotations

from functools import lru_cache

from corpora.dialects import get_dialect
from corpora.records import Program, Signature
from corpora.signatures.errors import SignatureError

__all__ = ["MAX_PARAMETERS", "SignatureError", "read_signature"]


MAX_PARAMETERS = 128
"""The most arguments that a call of the engine has room for (native/abi.h: CV_MAX_BUFFERS)."""


@lru_cache(maxsize=8192)
def read_signature(program: Program) -> Signature:
    """Return the signature of the function `program.name` in `program.text`, in the dialect of the
    program. Raises SignatureError if there is none, a parameter cannot be held by a typed test, or
    there are more than 128; ValueError for an unknown dialect.
    """
    found = _READERS[get_dialect(program.dialect).language](program)
    if len(found.parameters) > MAX_PARAMETERS:
        raise SignatureError(
            f"{program.dialect} function '{program.name}': has {len(found.parameters)} "
            f"parameters; tests hold at most {MAX_PARAMETERS}"
        )
    return found


def _read_cpp(program: Program) -> Signature:
    from corpora.signatures.c_family import (
        read_c_family_signature,
    )  # late: it imports SignatureError from here

    return read_c_family_signature(program)


def _read_fortran(program: Program) -> Signature:
    from corpora.signatures.fortran import read_fortran_signature  # late, as above

    return read_fortran_signature(program)


_READERS = {"cpp": _read_cpp, "fortran": _read_fortran}
