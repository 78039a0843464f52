"""The static wall for Fortran: statements and names that no candidate may use.

Contract: as `gpu_runtime.wall.check`. It walks the tree of the text, free and fixed form alike.
Calls go by a list of what is allowed: procedures of the text, intrinsic functions, `omp_*`. State
between calls (save, common, initialised variables, `data` of what the procedure may change) is
refused: it could count tests. What the front end does not know is refused with its line, unless
its words are harmless.

    python -c "from gpu_runtime.wall.fortran import check_fortran; \
        print(check_fortran('subroutine f\\ncall system(\"ls\")\\nend', 'fortran'))"
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from corpora.frontends.fortran import parse_fortran
from corpora.frontends.fortran_expressions import TYPE_WORDS
from corpora.frontends.fortran_layout import convert_to_free_form
from corpora.frontends.fortran_lines import Line, detect_form, read_lines
from corpora.frontends.fortran_uses import read_use
from corpora.frontends.queries import functions_of
from corpora.ir import (
    STATEMENT_FUNCTION,
    Assign,
    Bounds,
    Call,
    Declaration,
    ExpressionStatement,
    Function,
    Include,
    Interface,
    Literal,
    Module,
    Name,
    Parameter,
    Pragma,
    Section,
    Specification,
    StructDefinition,
    TranslationUnit,
    Unsupported,
    UnsupportedExpression,
    children,
    find,
    names_in,
    walk,
)
from gpu_runtime.wall.names import ENGINE_PREFIXES, OPENMP_ROUTINES

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
    "pause": "it waits for input",
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
} | {
    name: reason
    for reason, names in {
        "it starts processes": "system alarm",
        "it ends processes": "abort exit",
        "it reads the environment": "command_argument_count iargc getlog",
        "it uses files": "access fget fput fseek ftell fnum fstat lstat stat link symlnk umask "
        "ttynam isatty",
        "it asks how the program is compiled": "compiler_version compiler_options",
        "it asks about the process": "getgid getuid getppid ierrno gerror perror",
        "it reads a clock": "ctime time time8 ltime gmtime second fdate",
        "it waits": "sleep",
        "it draws random numbers": "rand ran srand",
        "it makes pointers from addresses": "malloc free",
    }.items()
    for name in names.split()
}
"""Procedures of the standard and of GNU Fortran by name, and why they are refused."""
_CALLABLE = frozenset(
    "mvbits move_alloc omp_set_num_threads omp_set_dynamic omp_set_nested omp_set_schedule "
    "omp_init_lock omp_set_lock "
    "omp_unset_lock omp_destroy_lock omp_set_max_active_levels atomic_add atomic_define "
    "atomic_ref".split()
)
"""Subroutines that every program may call."""
_INTRINSICS = frozenset(
    """abs achar acos acosh adjustl adjustr aimag aint all allocated anint any asin asinh associated
    atan atan2 atanh bessel_j0 bessel_j1 bessel_jn bessel_y0 bessel_y1 bessel_yn bge bgt ble blt
    bit_size btest ceiling char cmplx conjg cos cosh count cshift dble digits dim dot_product dprod
    dshiftl dshiftr eoshift epsilon erf erfc erfc_scaled exp exponent extends_type_of findloc floor
    fraction gamma huge hypot iachar iall iand iany ibclr ibits ibset ichar ieor image_index index
    int ior iparity is_contiguous is_iostat_end ishft ishftc kind lbound leadz len len_trim lge lgt
    lle llt log log_gamma log10 logical maskl maskr matmul max maxexponent maxloc maxval merge
    merge_bits min minexponent minloc minval mod modulo nearest new_line nint norm2 not null
    num_images pack parity popcnt poppar precision present product radix range real repeat reshape
    rrspacing same_type_as scale scan selected_char_kind selected_int_kind selected_real_kind
    set_exponent shape shifta shiftl shiftr sign sin sinh size spacing spread sqrt storage_size sum
    tan tanh this_image tiny trailz transfer transpose trim ubound unpack verify
    alog alog10 amax0 amax1 amin0 amin1 amod cabs ccos cexp clog csin csqrt dabs dacos dasin datan
    datan2 dacosh dasinh datanh dcos dcosh ddim dexp dint dlog dlog10 dmax1 dmin1 dmod dnint dsign
    dsin dsinh dsqrt dtan dtanh float iabs idim idint idnint ifix isign max0 max1 min0 min1 sngl
    dcmplx dconjg dimag dreal dfloat cdabs cdexp cdsqrt cdlog cdsin cdcos zabs zexp zsqrt zlog zsin
    zcos imag imagpart realpart derf derfc dgamma dlgama algama erfcx isnan and or xor lshift rshift
    complex qsqrt qabs lnblnk sizeof sind cosd tand asind acosd atand
    c_loc c_sizeof c_associated
    ieee_is_nan ieee_is_finite ieee_is_normal ieee_is_negative ieee_value ieee_class
    ieee_copy_sign ieee_logb ieee_next_after ieee_rem ieee_rint ieee_scalb ieee_unordered
    ieee_selected_real_kind ieee_support_nan ieee_support_inf ieee_support_datatype
    ieee_support_denormal ieee_support_halting ieee_support_rounding""".split()
)
"""Functions that every program may use: those of the standard, and older names for them."""
_IO_STATEMENTS = frozenset("allocate deallocate nullify print write flush wait".split())
"""Statements that the tree shows as calls, and that are allowed (`write` to standard output)."""
_MODULES = frozenset(
    "iso_fortran_env iso_c_binding omp_lib ieee_arithmetic ieee_exceptions ieee_features".split()
)
_SPECIFICATIONS = frozenset(
    """implicit private public import sequence protected format contiguous volatile asynchronous
    value optional pointer allocatable target dimension intent parameter codimension contains
    external intrinsic save data bind""".split()
)
_BY_WORDS = frozenset(
    (
        "syntax error",
        "missing end",
        "associate",
        "named construct",
        "select type",
        "typed index",
        "critical",
        "assignment to no variable",
        "enum",
        "derived type with procedures",
        "entry",
        "directive argument",
    )
)
"""Constructs without a node in the tree that harm nothing where all their words are harmless."""
_DIRECTIVES = ("gcc$", "dir$", "dec$", "ibm$")


def check_fortran(text: str, dialect: str = "openmp-fortran") -> str | None:
    """Return why the Fortran program `text` is refused, in one line, or None if it is not. dialect:
    `fortran` or `openmp-fortran`.
    """
    if "\0" in text:
        return "the text holds a NUL character"
    if reason := check_fortran_lines(text):
        return reason
    form = detect_form(text)
    reason = _Check(parse_fortran(text, form, dialect), form).run()
    if reason or form == "free":
        return reason
    free = convert_to_free_form(text)  # what is compiled of a function
    return _Check(parse_fortran(free, "free", dialect), "free").run()


def check_fortran_lines(text: str) -> str | None:
    """Return why a preprocessor or compiler directive in the text is refused, in one line, or None
    if none is.
    """
    for row in text.splitlines():
        bare = row.lstrip()
        if bare[:1] == "#":
            return "preprocessor directives are not allowed in Fortran"
        marked = bare[:1] == "!" or row[:1] in ("c", "C", "*")
        if marked and bare[1:5].lower() in _DIRECTIVES:
            return "compiler directives are not allowed"
    return None


class _Check:
    """One reading of a text. form: `free` or `fixed`."""

    def __init__(self, unit: TranslationUnit, form: str) -> None:
        self.unit, self.form = unit, form
        self.defined = set(_defined_names(unit))
        self.known = self.defined | _INTRINSICS | OPENMP_ROUTINES | set(_unread_names(unit))
        self.known |= set(_statement_functions(unit))
        self.constant_data = {
            id(node)
            for function in functions_of(unit)
            for node in function.body or ()
            if isinstance(node, Specification) and node.keyword == "data"
            if not set(_data_objects(node)) & set(_changed_names(function, self.defined))
        }

    def run(self) -> str | None:
        for node, place in _walk_with_place(self.unit.items):
            if reason := self.node(node, place):
                return reason
        return None

    def node(self, node: Any, place: str) -> str | None:
        """Why `node` is refused. place: what holds it: `unit`, `interface` or `type`."""
        match node:
            case Include():
                return f"'include' is not allowed in a program ({_STATEMENTS['include']})"
            case Unsupported() | UnsupportedExpression():
                return self.unsupported(node)
            case Function():
                return self.function(node, place) or self.uses(node.uses)
            case Module(parent=parent):
                parents = (parent.partition(":")[0],) if parent else ()
                return self.uses((*parents, *node.uses))
            case Specification():
                return self.specification(node)
            case Declaration() if place != "type":
                return self.declaration(node)
            case ExpressionStatement(expression=Call() as call):
                return self.statement(node, call)
            case Call(function=Name(id=name)):
                return self.call(node, name)
        return None

    def function(self, node: Function, place: str) -> str | None:
        linkage = node.language_linkage
        if linkage and (place == "interface" or "name" in linkage.lower()):
            return "bind(c) reaches functions outside the program"
        if linkage and node.name.startswith(ENGINE_PREFIXES):
            return f"'{node.name}' is a name of the engine or its run-time"
        return None

    def uses(self, uses: Sequence[str]) -> str | None:
        for use in uses:
            found = read_use(use)
            if found.module not in _MODULES and found.module not in self.defined:
                return f"the module '{found.module}' is used but not defined in the text"
            names = {*(found.only or ()), *(name for pair in found.renamed for name in pair)}
            for hit in sorted(names & _NAMES.keys() - self.defined):
                if _NAMES[hit]:
                    return f"'{hit}' is not allowed in a program ({_NAMES[hit]})"
        return None

    def specification(self, node: Specification) -> str | None:
        words = {t.text for line in read_lines(node.text, "free") for t in line.tokens}
        names = {w for w in words if w[:1].isalpha()}
        if node.keyword == "save":
            return f"'save' is not allowed in a program ({_STATEMENTS['save']})"
        if node.keyword == "data":
            constant = id(node) in self.constant_data
            return None if constant else "'data' keeps state between calls"
        if node.keyword == "bind":
            return "bind(c) reaches functions outside the program"
        if node.keyword == "external" and not names <= self.defined:
            return "'external' names what the text does not define"
        if node.keyword == "intrinsic" and not names <= self.known | _CALLABLE:
            return f"'{min(names - self.known)}' is not among the functions that a program may use"
        if node.keyword == "module procedure" or node.keyword in _SPECIFICATIONS:
            return None
        return self.refuse(node, node.keyword)

    def declaration(self, node: Declaration) -> str | None:
        if "save" in node.storage:
            return "'save' keeps state between calls"
        if any(word.startswith("bind") for word in node.storage):
            return "bind(c) reaches functions outside the program"
        if "external" in node.storage and node.name not in self.defined:
            return "'external' names what the text does not define"
        if node.value is not None and "parameter" not in node.storage:
            return (
                f"'{node.name}' has a value in its declaration, which saves it between calls "
                "(implicit save), so a program could count its tests; set it by a statement, or "
                "make it a parameter"
            )
        return None

    def statement(self, node: ExpressionStatement, call: Call) -> str | None:
        """A `call`, or a statement that the tree shows as one: `open(9)`."""
        inner = call
        while isinstance(inner.function, Call):
            inner = inner.function
        if not isinstance(inner.function, Name):
            return "a procedure of a type is called"
        name, start = inner.function.id, node.span.start if node.span else 0
        if self.unit.text[start : start + 4].lower() == "call":
            if name in self.defined or name in _CALLABLE:
                return None
            if _NAMES.get(name):
                return f"'{name}' is not allowed in a program ({_NAMES[name]})"
            return f"'{name}' is called but not defined in the text"
        if name in _STATEMENTS:
            return f"'{name}' is not allowed in a program ({_STATEMENTS[name]})"
        if name == "write" and not _is_standard_output(inner):
            return (
                "'write' to anything but the standard output is not allowed in a program "
                "(it uses files)"
            )
        if name not in _IO_STATEMENTS:
            return f"'{name}' is called but not defined in the text"
        return None

    def call(self, node: Call, name: str) -> str | None:
        if _NAMES.get(name) and name not in self.defined:
            return f"'{name}' is not allowed in a program ({_NAMES[name]})"
        if name in self.known or name in _CALLABLE or name in _IO_STATEMENTS or name == "read":
            return None
        if any(isinstance(a, Section) for a in node.arguments):
            return None  # part of a character variable
        return f"'{name}' is called but not defined in the text"

    def unsupported(self, node: Unsupported | UnsupportedExpression) -> str | None:
        if node.kind in _STATEMENTS:
            return f"'{node.kind}' is not allowed in a program ({_STATEMENTS[node.kind]})"
        if node.kind not in _BY_WORDS or node.kind == "syntax error" and self.form == "fixed":
            return self.refuse(node, node.kind)
        for line in read_lines(node.text, "free", openmp=True):
            if self.words(line) is not None:
                return self.words(line)
        return None

    def words(self, line: Line) -> str | None:
        """Why the words of a statement without a node are refused."""
        words = [t.text for t in line.tokens]
        if _keeps_value(words):
            return "a value in a declaration keeps the variable between calls (implicit save)"
        for before, token, rest in zip(
            ["", *words], line.tokens, (words[k:] for k in range(1, len(words) + 1)), strict=False
        ):
            if token.kind == "bad":
                return f"line {token.line}: '{token.text}' is no Fortran"
            if token.kind == "id":
                if reason := self.word(before, token.text, rest):
                    return reason
        return None

    def word(self, before: str, name: str, rest: list[str]) -> str | None:
        """Why a name or keyword is refused. before, rest: the words around it."""
        following = rest[0] if rest else ""
        begins = before in ("", ")") and following not in ("=", "=>", "%")
        if begins and name in _STATEMENTS:
            return f"'{name}' is not allowed in a program ({_STATEMENTS[name]})"
        if following == "(" and name in ("read", "open", "close", "inquire", "bind"):
            return f"'{name}' is not allowed in a program"
        if begins and name == "write" and not (rest[1:2] in (["*"], ["6"]) and rest[2] in ",)"):
            return "'write' to anything but the standard output is not allowed in a program"
        if begins and name == "exit" and following != "(":
            return None  # the statement
        if _NAMES.get(name) and name not in self.defined:
            return f"'{name}' is not allowed in a program ({_NAMES[name]})"
        if before == "call" and name not in self.defined | _CALLABLE:
            return f"'{name}' is called but not defined in the text"
        return None

    def refuse(self, node: Any, construct: str) -> str:
        line = f" in line {node.span.line}" if node.span else ""
        if construct == "syntax error":
            return f"a statement{line} cannot be read"
        return f"'{construct}'{line} is not among the constructs that a program may have"


def _defined_names(unit: TranslationUnit) -> Iterator[str]:
    """Names of procedures, modules, types and generic interfaces that the text defines."""
    yield from (f.name for f in functions_of(unit) if STATEMENT_FUNCTION not in f.qualifiers)
    dummies = {p.name for p in find(unit.items, Parameter)}
    for node in walk(unit.items):
        if isinstance(node, (Module, StructDefinition)):
            yield node.name
        elif isinstance(node, Interface):
            yield node.name
            yield from (i.name for i in find(node.items, Function) if i.name in dummies)
        elif isinstance(node, Unsupported) and node.kind in (
            "entry",
            "derived type with procedures",
        ):
            tokens = read_lines(node.text, "free")[0].tokens
            yield from (t.text for t in tokens if t.kind == "id")


def _keeps_value(words: list[str]) -> bool:
    """Whether a statement gives a variable a value that it keeps between calls."""
    if words[:1] == ["data"]:
        return True
    if words[:1] == [] or words[0] not in TYPE_WORDS or "parameter" in words:
        return False
    depth = 0
    for word in words:
        depth += (word in ("(", "[")) - (word in (")", "]"))
        if depth == 0 and word in ("=", "=>", "/", "save"):
            return True
    return False


def _statement_functions(unit: TranslationUnit) -> Iterator[str]:
    """Names of statement functions, which no `call` reaches, and which no intrinsic has."""
    for node in functions_of(unit):
        if STATEMENT_FUNCTION in node.qualifiers and node.name not in _NAMES:
            yield node.name


def _words_of(text: str) -> Iterator[str]:
    """Names that stand in a text of Fortran, keywords among them."""
    return (t.text for line in read_lines(text, "free") for t in line.tokens if t.kind == "id")


def _data_objects(node: Specification) -> Iterator[str]:
    """Names that a `data` statement may give values to: those outside its values and subscripts,
    the indices of implied loops left out.
    """
    tokens = [t for line in read_lines(node.text, "free") for t in line.tokens]
    values, subscripts = False, 0
    for before, token, after in zip([None, *tokens], tokens, [*tokens[1:], None], strict=False):
        if token.text == "/" and not subscripts:
            values = not values
        elif token.text == "(" and (subscripts or before is not None and before.kind == "id"):
            subscripts += 1
        elif token.text == ")" and subscripts:
            subscripts -= 1
        elif token.kind == "id" and not values and not subscripts:
            if after is None or after.text != "=":
                yield token.text


def _changed_names(function: Function, defined: set[str]) -> Iterator[str]:
    """Names that the procedure, or one inside it, may change. defined: names of the text's own
    procedures, which may change their arguments; so may what cannot be read.
    """
    for node in walk(function):
        match node:
            case Assign(target=target, op=op, value=value):
                yield from names_in(target)
                yield from names_in(value) if op == "=>" else ()
            case Bounds(variable=variable):
                yield variable
            case Pragma(clauses=clauses):
                yield from (n for c in clauses if c.name not in _READ_CLAUSES for n in names_in(c))
            case Call(function=Name(id=name)) if name in _READING - defined:
                pass
            case Call():
                yield from names_in(node)
            case Unsupported(text=text) | UnsupportedExpression(text=text):
                yield from _words_of(text)


_READING = _INTRINSICS - {"c_loc"} | {"print"}
"""What changes none of its arguments."""
_READ_CLAUSES = frozenset("shared firstprivate if num_threads num_teams".split())


def _unread_names(unit: TranslationUnit) -> Iterator[str]:
    """Names of declarations that are no Fortran: the compiler says better what is wrong there."""
    for error in unit.errors:
        tokens = [t for line in read_lines(error.text, "free") for t in line.tokens]
        colons = next((k for k, t in enumerate(tokens) if t.text == "::"), len(tokens))
        yield from (t.text for t in tokens[colons:] if t.kind == "id" and t.text not in _NAMES)


def _walk_with_place(items: tuple[Any, ...]) -> Iterator[tuple[Any, str]]:
    """Every node, with what holds it: `unit`, `interface` or `type`."""
    stack: list[tuple[Any, str]] = [(item, "unit") for item in reversed(items)]
    while stack:
        node, place = stack.pop()
        yield node, place
        if isinstance(node, Interface):
            place = "interface"
        elif isinstance(node, StructDefinition):
            place = "type"
        elif isinstance(node, Function) and place == "type":
            place = "unit"
        stack.extend((child, place) for child in reversed(list(children(node))))


def _is_standard_output(call: Call) -> bool:
    """Whether `write(...)` names `*` or 6 as its unit."""
    unit = next((v for k, v in call.keywords if k == "unit"), (*call.arguments, None)[0])
    return (
        isinstance(unit, Name) and unit.id == "*" or isinstance(unit, Literal) and unit.text == "6"
    )
