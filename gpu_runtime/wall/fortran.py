"""The static wall for Fortran: statements and names that no candidate may use.

Contract: as gpu_runtime.wall.check. Works on statements (comments and character constants taken
out, continuations joined), free and fixed form alike. State between calls (save, common,
initialised variables) is refused, because it could count tests.

    python -c "from gpu_runtime.wall.fortran import check_fortran; \\
        print(check_fortran('subroutine f\\ncall system(\"ls\")\\nend'))"
"""

from __future__ import annotations

import re

_STATEMENTS = {
    "open": "it uses files",
    "read": "it reads input",
    "inquire": "it asks about files",
    "close": "it uses files",
    "rewind": "it uses files",
    "backspace": "it uses files",
    "endfile": "it uses files",
    "include": "it includes a file",
    "common": "it keeps state",
    "save": "it keeps state",
    "equivalence": "storage is renamed",
    "namelist": "it uses input or output",
}
_NAMES = {
    "execute_command_line": "it starts processes",
    "get_environment_variable": "it reads the environment",
    "get_command": "it reads the environment",
    "get_command_argument": "it reads the environment",
    "getenv": "it reads the environment",
    "getarg": "it reads the environment",
    "system_clock": "it reads a clock",
    "cpu_time": "it reads a clock",
    "date_and_time": "it reads a clock",
    "etime": "it reads a clock",
    "dtime": "it reads a clock",
    "secnds": "it reads a clock",
    "mclock": "it reads a clock",
    "itime": "it reads a clock",
    "idate": "it reads a clock",
    "random_number": "it draws random numbers",
    "random_seed": "it draws random numbers",
    "irand": "it draws random numbers",
    "c_f_pointer": "it makes pointers from addresses",
    "c_f_procpointer": "it makes pointers from addresses",
    "c_funloc": "it takes code addresses",
    "c_funptr": "it takes code addresses",
    "loc": "it takes addresses",
    "transfer": "",
    "getpid": "it asks about the process",
    "getcwd": "it uses files",
    "chdir": "it uses files",
    "unlink": "it uses files",
    "rename": "it uses files",
    "chmod": "it uses files",
    "hostnm": "it asks about the machine",
    "signal": "it handles signals",
    "kill": "it ends processes",
    "fork": "it starts processes",
    "fputc": "it uses files",
    "fgetc": "it uses files",
}
_CALLABLE = frozenset(
    "mvbits move_alloc omp_set_num_threads omp_set_dynamic omp_set_nested omp_set_schedule "
    "omp_init_lock omp_set_lock "
    "omp_unset_lock omp_destroy_lock omp_set_max_active_levels atomic_add atomic_define "
    "atomic_ref".split()
)
_MODULES = frozenset(
    "iso_fortran_env iso_c_binding omp_lib ieee_arithmetic ieee_exceptions ieee_features".split()
)


def split_statements(text: str) -> list[str]:
    """Lower-case statements without comments, labels and character constants; continuations joined,
    both source forms.
    """
    joined: list[str] = []
    continues = False
    fixed = bool(re.search(r"^[cC*][^\n]*$", text, re.M)) and not re.search(r"&\s*$", text, re.M)
    for line in text.splitlines():
        if fixed and line[:1] in ("c", "C", "*"):
            continue
        if re.match(r"\s*!\s*(gcc|dec|dir|ibm)\$", line, re.I):
            joined.append("!directive")
            continue
        plain = re.sub(r"'(?:[^'\n]|'')*'|\"(?:[^\"\n]|\"\")*\"", "''", line)
        plain = plain.split("!")[0].rstrip()
        marked = fixed and len(plain) > 5 and plain[:5].strip() == "" and plain[5] not in " 0"
        body = plain[6:] if marked else plain.strip().removeprefix("&")
        if (continues or marked) and joined:
            joined[-1] += " " + body.rstrip("&")
        elif body.strip():
            joined.append(body.rstrip("&"))
        if plain.strip():
            continues = plain.endswith("&")
    parts = [
        re.sub(r"^\s*\d+\s+", "", p).strip().lower() for line in joined for p in line.split(";")
    ]
    return [p for p in parts if p]


def check_fortran(text: str) -> str | None:
    """Why the program is refused, or None."""
    if "\0" in text:
        return "the text holds a NUL character"
    if re.search(r"^\s*#", text, re.M):
        return "preprocessor directives are not allowed in Fortran"
    lines = split_statements(text)
    defined = {
        m[1]
        for s in lines
        if (m := re.search(r"\b(?:subroutine|function|module|interface|entry)\s+(\w+)", s))
        and not s.startswith("end")
    }
    in_interface = False
    arrays: set[str] = set()
    for s in lines:
        if re.search(r"\b(subroutine|function|program|module)\s+\w+", s) and "::" not in s:
            arrays = set()  # a name is an array in its own procedure only
        arrays |= _declared_arrays(s)
        in_interface = (
            not s.startswith("end")
            if re.match(r"(end\s*)?(abstract\s+)?interface\b", s)
            else in_interface
        )
        if reason := _statement(s, defined | arrays, in_interface):
            return reason
    return None


_OLD_DECLARATION = re.compile(
    r"(?:dimension|(?:integer|real|double\s*precision|logical|complex)(?:\s*\*\s*\d+|\s*\([^()]*\))?)\s+(?!.*\bfunction\b)(?P<names>[a-z][^=]*)"
)


def _declared_arrays(s: str) -> set[str]:
    """Names that this declaration makes arrays: elsewhere in the procedure they are no intrinsic
    functions.
    """
    head, colons, names = s.partition("::")
    if not colons:
        old = _OLD_DECLARATION.fullmatch(s)
        head, names = "", old["names"] if old else ""
    while (flat := re.sub(r"\((?:[^()]|\(\))+\)", "()", names)) != names:
        names = flat
    entities = [m.groups() for m in re.finditer(r"(\w+)\s*(\(\))?[^,]*", names)]
    return {name for name, shape in entities if shape or re.search(r"\bdimension\s*\(", head)}


def _statement(s: str, defined: set[str], in_interface: bool) -> str | None:
    if s == "!directive":
        return "compiler directives are not allowed"
    conditional = re.match(r"if\s*\(", s)
    action = s[_close(s, s.index("(")) + 1 :].strip() if conditional else s
    word = re.match(r"\w+", action)
    if word and word[0] in _STATEMENTS and not re.match(r"\w+\s*(\([^=]*\))?\s*(%|=[^=])", action):
        return f"'{word[0]}' is not allowed in a program ({_STATEMENTS[word[0]]})"
    if re.match(r"write\s*\((?!\s*(unit\s*=\s*)?(\*|6)\s*[,)])", action):
        return (
            "'write' to anything but the standard output is not allowed in a program (it "
            "uses files)"
        )
    if (m := re.match(r"call\s+(\w+)", action)) and m[1] not in defined and m[1] not in _CALLABLE:
        return f"'{m[1]}' is called but not defined in the text"
    named = (
        None
        if re.match(r"\w+\s*(\([^=]*\))?\s*=[^=>]", s)
        else re.match(r"use\s*(?:,\s*\w+\s*)?(?:::)?\s*(\w+)", s)
    )
    if (m := named) and m[1] not in _MODULES and m[1] not in defined:
        return f"the module '{m[1]}' is used but not defined in the text"
    if re.search(r"\bbind\s*\(\s*c\b[^)]*\bname\b", s) or (
        in_interface and re.search(r"\bbind\s*\(", s)
    ):
        return "bind(c) reaches functions outside the program"
    if (
        re.match(r"(external|intrinsic)\b", s)
        and not set(re.findall(r"\w+", s)[1:]) <= defined
        and s.startswith("external")
    ):
        return "'external' names what the text does not define"
    for name in re.findall(
        r"\b([a-z]\w*)\s*\(|,\s*only\s*:.*?\b(c_f_pointer|c_f_procpointer|c_funloc)\b", s
    ):
        hit = name[0] or name[1]
        if _NAMES.get(hit) and hit not in defined:
            return f"'{hit}' is not allowed in a program ({_NAMES[hit]})"
    return _state(s)


def _state(s: str) -> str | None:
    if re.search(r"^[\w\s(),=*:%]*,\s*save\b.*::", s):
        return "'save' keeps state between calls"
    if (
        "::" in s
        and "parameter" not in s.split("::")[0]
        and not s.startswith(("type ", "class ", "procedure", "use", "generic"))
    ):
        declared = s.split("::", 1)[1]
        while (flat := re.sub(r"\([^()]*\)", "", declared)) != declared:
            declared = flat
        if m := re.search(r"(\w+)\s*=(?![=>])", declared):
            return f"the initialised variable '{m[1]}' keeps its value between calls"
    return None


def _close(s: str, i: int) -> int:
    depth = 0
    for j in range(i, len(s)):
        depth += (s[j] == "(") - (s[j] == ")")
        if depth == 0:
            return j
    return len(s) - 1
