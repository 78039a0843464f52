"""Which functions of two texts are compared with each other.

Contract: `find_entry_pairs(source, target)` gives the pairs of names that a verdict on two texts
rests on: the functions that both define and that nothing else in the source calls (what they call
is run with them), one pair a function. Where the texts share no name it is the last function of
each, since helpers come first. What of the source the target lacks is named. `find_host_caller`
gives for a kernel the host function of its text that copies what it needs to the device, launches
it and copies back: where the text has one, that is what its author wants called.

    python -c "from coevolve.verification.entry_functions import find_entry_names; \\
        print(find_entry_names('int g(int a){return a;} void f(int*x){}', 'cpp'))"
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from corpora.dialects import get_dialect
from corpora.frontends.c_family import parse_c_family
from corpora.frontends.c_tokens import tokenize
from corpora.frontends.fortran import parse_fortran
from corpora.frontends.queries import free_functions, functions_of, undeclared_names
from corpora.ir import (
    Call,
    Declaration,
    Function,
    Member,
    Name,
    Parameter,
    Unsupported,
    UnsupportedExpression,
    find,
    names_in,
)
from corpora.records import Program
from corpora.signatures.signature import SignatureError, read_signature
from gpu_runtime.call.binding import BindingError, bind_parameters
from gpu_runtime.call.parameter_names import normalize_name
from gpu_runtime.launch.launch_from_host import find_launching_functions
from gpu_runtime.launch.thresholds import parse_text


@dataclass(frozen=True, slots=True)
class EntryPairs:
    """The functions of two texts that are compared with each other.

    names: pairs of (name in the source, name in the target).
    missing: functions of the source that nothing there calls and that the target does not define.
    """

    names: tuple[tuple[str, str], ...]
    missing: tuple[str, ...] = ()


def find_entry_pairs(
    source: str, source_dialect: str, target: str, target_dialect: str
) -> EntryPairs:
    """Return which functions of two texts to compare.

    source, target: texts in the named dialects. Functions are compared that both texts define and
        that nothing else in the source calls. Where they share no name, the last function of each
        is compared. There are no pairs if the source has no function.
    Raises ValueError for an unknown dialect, RecursionError if the source is nested too deeply to
    read.
    """
    sources, targets = (
        find_function_words(source, source_dialect),
        find_entry_names(target, target_dialect),
    )
    shared = {normalize_name(name): name for name in targets}
    common = [name for name in sources if normalize_name(name) in shared]
    uncalled = [
        name
        for name in sources
        if not any(name in words for other, words in sources.items() if other != name)
    ]
    if not common:
        last = next(reversed(sources), "")
        return EntryPairs(((last, targets[-1] if targets else last),) if last else ())
    asked = [name for name in uncalled if name in common] or common[-1:]
    return EntryPairs(
        tuple((name, shared[normalize_name(name)]) for name in asked),
        tuple(name for name in uncalled if name not in common),
    )


def find_host_caller(source: Program, target: Program) -> Program:
    """Return the host function that launches the kernel `target`, as a Program, or `target` itself.

    The host function must be the only one of its text that launches the kernel and copies device
    memory. It must also take what `source` takes. Otherwise `target` comes back. Raises
    SignatureError if the signature of `source` cannot be read.
    """
    if target.dialect != "cuda" or "<<<" not in target.text:
        return target
    hosts = find_launching_functions(target.text, target.name)
    copying = [name for name, f in hosts.items() if "cudaMemcpy" in names_in(f.body)]
    if len(copying) != 1:
        return target
    caller = Program(target.dialect, copying[0], target.text)
    try:
        bind_parameters(read_signature(source), read_signature(caller))
    except (SignatureError, BindingError):
        return target
    return caller


def find_entry_names(text: str, dialect_name: str) -> list[str]:
    """Return the names of the functions in `text` that a caller outside could call, in textual
    order. The list is empty if the text is nested too deeply to read. Raises ValueError for an
    unknown dialect.
    """
    try:
        return list(find_function_words(text, dialect_name))
    except RecursionError:
        return []


def find_function_words(text: str, dialect_name: str) -> Mapping[str, frozenset[str]]:
    """Map each function that can be called from outside to the names that it uses, in textual
    order. They show which other functions it may call. Raises ValueError for an unknown dialect,
    RecursionError if the text is nested too deeply for the front end.
    """
    unread = find(parse_text(text, dialect_name).items, Unsupported, UnsupportedExpression)
    if any(node.kind.startswith("nesting") for node in unread):
        raise RecursionError("the text is nested too deeply")
    if get_dialect(dialect_name).language == "fortran":
        return _fortran_words(text, dialect_name)
    return _c_words(text, dialect_name)


def find_untestable_functions(text: str, dialect_name: str) -> tuple[str, ...]:
    """List the functions of a text that no test can call and that no other function calls, each
    with the reason: `kinetic: is a template`. The list is empty for Fortran.

    dialect_name: such as `cpp`. Raises ValueError for an unknown dialect.
    """
    if get_dialect(dialect_name).language != "cpp":
        return ()
    functions = functions_of(parse_c_family(text, dialect_name))
    free = {id(f) for f in free_functions(parse_c_family(text, dialect_name))}
    words = [(f.name, _mentioned(f)) for f in functions]
    odd = {
        f.name: "is a class member" if id(f) not in free else "is a template"
        for f in functions
        if id(f) not in free or f.template
    }
    return tuple(
        f"{name}: {why}"
        for name, why in odd.items()
        if not any(name.rpartition("::")[2] in said for other, said in words if other != name)
    )


def _c_words(text: str, dialect_name: str) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for function in free_functions(parse_c_family(text, dialect_name)):
        callable_ = "__device__" not in function.qualifiers or "__host__" in function.qualifiers
        if callable_ and not function.template and function.name != "main":
            used = undeclared_names(function) | _unread_words(function)
            found[function.name] = found.get(function.name, frozenset()) | used
    return found


def _mentioned(function: Function) -> frozenset[str]:
    """Names and members that a function uses, wherever they are declared."""
    names = {n.id.rpartition("::")[2] for n in find(function.body or (), Name)}
    members = {n.field for n in find(function.body or (), Member)}
    return frozenset(names | members) | _unread_words(function)


def _unread_words(function: Function) -> frozenset[str]:
    """Words in what of a function the front end does not know, a lambda for instance."""
    unread = find(function.body or (), Unsupported, UnsupportedExpression)
    return frozenset(t.text for node in unread for t in tokenize(node.text) if t.kind == "word")


def _fortran_words(text: str, dialect_name: str) -> dict[str, frozenset[str]]:
    """Names that each procedure uses: those that it calls, and those that it hands on without
    declaring them as variables.
    """
    found: dict[str, frozenset[str]] = {}
    for function in free_functions(parse_fortran(text, dialect=dialect_name)):
        inside = (function.body or (), function.contains)
        called = {c.function.id for c in find(inside, Call) if isinstance(c.function, Name)}
        variables = {d.name for d in find(inside, Declaration, Parameter) if not _is_procedure(d)}
        words = called | (names_in(inside) - variables) | _unread_words(function)
        found[function.name] = frozenset(words)
    return found


def _is_procedure(declared: Declaration | Parameter) -> bool:
    return isinstance(declared, Declaration) and "external" in declared.storage
