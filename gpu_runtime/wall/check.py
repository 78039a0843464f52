"""The static wall: what no candidate may use, reported in one line before any compiler sees it.

Contract: `check_program(program)` gives None or the reason for REFUSED. It walks the tree of the
text (`corpora.ir`), whatever the layout. Calls go by a list of what is allowed, because a list of
what is forbidden is never complete. It is the first wall; the sandbox holds by itself. Honest code
must pass: a name that is missing from the list is a bug here.

    python -c "from corpora.records import Program; \
        from gpu_runtime.wall.check import check_program; \
        print(check_program(Program('cpp', 'f', 'void f(int *a) { system(\"ls\"); }')))"
"""

from __future__ import annotations

from corpora.dialects import get_dialect
from corpora.frontends.c_tokens import tokenize
from corpora.records import Program
from gpu_runtime.openmp import offload
from gpu_runtime.wall.c_family import check_c_family
from gpu_runtime.wall.preprocessor import check_directives, split_directives
from gpu_runtime.wall.words import check_attributes

_REACHES_BEYOND = frozenset("asm __asm __asm__ _asm _Pragma __pragma import".split())


def check_program(program: Program) -> str | None:
    """Return why a program is refused before compiling, in one line, or None if it is not. Raises
    ValueError for an unknown dialect.
    """
    row = get_dialect(program.dialect)
    reason = _check_fortran(program) if row.language == "fortran" else check_c_family(program)
    if reason is None and row.model == "offload":
        reason = offload.explain_refusal(program.text)
    if reason is None and row.model in ("openmp", "offload") and "private" in program.text.lower():
        from gpu_runtime.launch.thresholds import parse_text  # late: it takes Fortran's front end
        from gpu_runtime.openmp.private_values import find_unset_private

        unset = find_unset_private(parse_text(program.text, program.dialect))
        reason = unset and unset.describe()
    return reason


def check_file(program: Program) -> str | None:
    """Return what in the program's text reaches beyond its function, such as assembly or linker
    pragmas, in one line. Returns None if nothing does, so that a function may be judged without the
    rest. Raises ValueError for an unknown dialect.
    """
    if get_dialect(program.dialect).language == "fortran":
        from gpu_runtime.wall.fortran import check_fortran_lines  # late: most programs are C++

        return check_fortran_lines(program.text)
    lines, code = split_directives(tokenize(program.text))
    words = _REACHES_BEYOND & {t.text for t in code}
    if words:
        return f"'{min(words)}' reaches beyond the function that it stands in"
    pragmas = [line for line in lines if [t.text for t in line[1:2]] == ["pragma"]]
    return check_directives(program.text, pragmas) or check_attributes(code)


def _check_fortran(program: Program) -> str | None:
    from gpu_runtime.wall.fortran import check_fortran  # late: most programs are C++

    return check_fortran(program.text, program.dialect)
