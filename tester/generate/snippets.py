"""Tests written as C++: `float a[] = {1, 2}; int n = 2; wrapper(f, a, n);` become typed tests.

The form is the one of the co-evolution paper's released prompts: declare, then call `wrapper(f,
...)`, any number of times. A whole suite costs one compile: `wrapper` is a recording template that
learns element types and extents from the arguments' types and writes the values into a buffer,
which is read back here.

Contract: every recorded call whose arguments fit the signature becomes a UnitTest of literal
values; a call that does not fit is left out with its reason. The snippet runs in the sandbox like
any candidate. Raises SnippetError.

    python -c "from tester.generate.snippets import run_snippet; help(run_snippet)"
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from corpora.frontends.c_family import parse_c_family
from corpora.ir import (
    ArrayType,
    Declaration,
    RangeFor,
    ScalarType,
    StructDefinition,
    Type,
    children,
)
from corpora.ir.edits import Edit, apply_edits
from corpora.records import ArrayValue, Parameter, Program, ScalarValue, Signature, UnitTest
from corpora.suites.unit_tests import INTEGER_RANGES
from gpu_runtime.backend import Arguments, CompileRequest, ExecutionBackend, Limits, Status
from gpu_runtime.call.materialize import DTYPES

CAPACITY = 1 << 20
"""Bytes that one suite may record."""
_CODES = ("bool", "i8", "u8", "i16", "u16", "i32", "u32", "i64", "u64", "f32", "f64")

_RECORDER = """
static unsigned char *out_ = 0; static long at_ = 0, room_ = 0;
static void put_(const void *p, long n) {
  if (at_ + n > room_) { at_ = -1; room_ = -1; return; }
  if (room_ < 0) return;
  for (long i = 0; i < n; ++i) out_[at_ + i] = ((const unsigned char *)p)[i];
  at_ += n;
}
template <class T> struct code_ { static const int v = -1; };
template <class T> struct code_<const T> { static const int v = code_<T>::v; };
#define CODE_(T, N) template <> struct code_<T> { static const int v = N; };
CODE_(bool, 0) CODE_(char, 1) CODE_(signed char, 1) CODE_(unsigned char, 2) CODE_(short, \
3) CODE_(unsigned short, 4)
CODE_(int, 5) CODE_(unsigned int, 6) CODE_(long, 7) CODE_(long long, 7) CODE_(unsigned long, \
8) CODE_(unsigned long long, 8)
CODE_(float, 9) CODE_(double, 10)
template <class T> static void head_(int rank, long rows, long columns) {
  int h[2] = {code_<T>::v, rank}; long e[2] = {rows, columns};
  put_(h, sizeof h); put_(e, sizeof e);
}
template <class T> static void one_(const T &x) { head_<T>(code_<T>::v < 0 ? -1 : 0, 1, 1); \
if (code_<T>::v >= 0) put_(&x, sizeof x); }
template <class T, unsigned long N> static void one_(T (&x)[N]) { head_<T>(1, N, 1); put_(x, \
sizeof x); }
template <class T, unsigned long N, unsigned long M> static void one_(T (&x)[N][M]) { head_<T>(2, \
N, M); put_(x, sizeof x); }
template <class F, class... A> static void wrapper(F, A &&...a) {
  int n = sizeof...(A); put_(&n, sizeof n);
  int each[] = {0, (one_(a), 0)...}; (void)each;
}
"""


class SnippetError(ValueError):
    """The snippet is no suite: it does not compile, does not end, or records nothing."""


@dataclass(frozen=True, slots=True)
class SnippetTests:
    """The tests that a C++ snippet recorded by its calls `wrapper(f, arguments...)`. tests: in the
    order of these calls. dropped: (index of a call, from 0, why it gave no test).
    """

    tests: tuple[UnitTest, ...]
    dropped: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class _Recorded:
    code: int
    rank: int
    extents: tuple[int, int]
    values: np.ndarray


def run_snippet(text: str, signature: Signature, backend: ExecutionBackend) -> SnippetTests:
    """Run a C++ snippet in the sandbox and return a test for each call `wrapper(f, arguments...)`
    that it reaches and that fits the signature. text: the snippet. signature: of the function `f`
    that is tested. Raises SnippetError if it is refused, does not compile, does not end, or records
    nothing.
    """
    if "wrapper" not in text:
        raise SnippetError("the snippet never calls wrapper(f, ...)")
    program = _recorder(text, signature.name)
    from gpu_runtime.wall.check import check_program

    if reason := check_program(
        Program("cpp", "record", f"void record() {{\n{_strip_wrapper_calls(text)}\n}}")
    ):
        raise SnippetError(f"the snippet is refused: {reason}")
    entry = Signature(
        "record",
        (
            Parameter("out", "array", "u8"),
            Parameter("used", "array", "i64"),
            Parameter("room", "scalar", "i64", "in"),
        ),
    )
    compiled = backend.compile([CompileRequest(program, entry)])[0]
    if not compiled.ok:
        raise SnippetError(
            f"the snippet does not compile: {compiled.diagnostics.strip().splitlines()[:1]}"
        )
    values = (np.zeros(CAPACITY, np.uint8), np.zeros(1, np.int64), np.array(CAPACITY, np.int64))
    execution = backend.run(compiled, [Arguments(values)], Limits(wall_s=2.0, cpu_s=2))[0]
    if execution.status is not Status.OK:
        raise SnippetError(f"the snippet gives {execution.status.value}: {execution.detail}")
    used = int(execution.values[1][0])
    if used < 0:
        raise SnippetError(f"the snippet records more than {CAPACITY} bytes")
    calls = _read(execution.values[0][:used].tobytes())
    if not calls:
        raise SnippetError("the snippet never reaches a wrapper call")
    return _convert_records(calls, signature)


def _recorder(text: str, name: str) -> Program:
    body = _set_to_zero(re.sub(r"^\s*#.*$", "", text, flags=re.MULTILINE))
    whole = (
        f"{_RECORDER}\nstatic const int {name} = 0;\nvoid record(unsigned char *o_, long "
        f"*u_, long r_) {{\nout_ = o_; room_ = r_; at_ = 0;\n{{\n"
    )
    blocks = re.split(
        r"(?<=;)\s*(?=//)|\n\s*\n", body
    )  # each case in a block of its own: names are declared again and again
    # A blank line may also stand inside a case; then names are missing and the whole is taken as
    # one block.
    cases = [b for b in blocks if b.strip()]
    if len(cases) > 1 and all(re.search(r"\bwrapper\s*\(", re.sub(r"//.*", "", c)) for c in cases):
        body = "\n".join(f"{{\n{case}\n}}" for case in cases)
    return Program("cpp", "record", f"{whole}{body}\n}}\n*u_ = at_;\n}}\n")


def _set_to_zero(body: str) -> str:
    """The statements with every number, and array of numbers, that they declare without a value set
    to zero: what lies on the stack would become the test's input.
    """
    head = "void record() {\n"
    unit = parse_c_family(f"{head}{body}\n}}", "cpp")
    edits = [
        Edit(declared.span.end - len(head), declared.span.end - len(head), " = {}")
        for declared in _iterate_variables(unit.items)
        if declared.value is None
        and declared.arguments is None
        and "extern" not in declared.storage
        and declared.span is not None
        and not declared.span.expanded
        and _is_number(declared.type)
    ]
    return apply_edits(body, edits)


def _iterate_variables(node: Any) -> Iterator[Declaration]:
    """Declarations below a node, but for fields and the variables of range loops."""
    for below in children(node):
        if isinstance(below, Declaration) and not isinstance(node, RangeFor):
            yield below
        elif not isinstance(below, StructDefinition):
            yield from _iterate_variables(below)


def _is_number(type_: Type) -> bool:
    while isinstance(type_, ArrayType):
        type_ = type_.of
    return isinstance(type_, ScalarType)


def _strip_wrapper_calls(text: str) -> str:
    return re.sub(r"\bwrapper\s*\(", "(", re.sub(r"^\s*#.*$", "", text, flags=re.MULTILINE))


def _read(data: bytes) -> list[list[_Recorded]]:
    calls, at = [], 0
    while at < len(data):
        (count,) = struct.unpack_from("<i", data, at)
        at += 4
        call = []
        for _ in range(count):
            code, rank, rows, columns = struct.unpack_from("<iiqq", data, at)
            at += 24
            values = np.empty(0)
            if rank >= 0 and code >= 0:
                dtype = DTYPES[_CODES[code]]
                values = np.frombuffer(data, dtype, rows * columns, at)
                at += values.nbytes
            call.append(_Recorded(code, rank, (rows, columns), values))
        calls.append(call)
    return calls


def _convert_records(calls: list[list[_Recorded]], signature: Signature) -> SnippetTests:
    tests, dropped = [], []
    for i, call in enumerate(calls):
        try:
            tests.append(_test(call, signature))
        except ValueError as error:
            dropped.append((i, str(error)))
    return SnippetTests(tuple(tests), tuple(dropped))


def _test(call: list[_Recorded], signature: Signature) -> UnitTest:
    if len(call) != len(signature.parameters):
        raise ValueError(f"{len(call)} arguments for {len(signature.parameters)} parameters")
    return UnitTest(
        tuple(_convert_assignment(p, r) for p, r in zip(signature.parameters, call, strict=True))
    )


def _convert_assignment(parameter: Parameter, recorded: _Recorded) -> ScalarValue | ArrayValue:
    if recorded.rank < 0 or recorded.code < 0:
        raise ValueError(
            f"the argument for '{parameter.name}' is neither a number nor an array of known extent"
        )
    own = _CODES[recorded.code]
    if parameter.kind == "scalar":
        if recorded.rank != 0:
            raise ValueError(f"'{parameter.name}' is a scalar, the argument an array")
        return ScalarValue(parameter.name, parameter.type, _number(recorded.values[0], parameter))
    if recorded.rank == 0:
        if recorded.values.size != 1 or own != parameter.type:
            raise ValueError(f"'{parameter.name}' is an array, the argument a number")
        return ArrayValue(
            parameter.name, parameter.type, (1,), values=(_number(recorded.values[0], parameter),)
        )
    if own != parameter.type:
        raise ValueError(
            f"'{parameter.name}' has elements of {parameter.type}, the argument of {own}"
        )
    if (recorded.rank == 2) != (parameter.kind == "rows") and parameter.kind == "rows":
        raise ValueError(f"'{parameter.name}' is a table of rows, the argument is not")
    extents = recorded.extents if parameter.kind == "rows" else (recorded.values.size,)
    return ArrayValue(
        parameter.name,
        parameter.type,
        extents,
        values=tuple(_number(v, parameter) for v in recorded.values),
    )


def _number(value: np.generic, parameter: Parameter) -> int | float | bool:
    if parameter.type == "bool":
        return bool(value)
    if parameter.type not in INTEGER_RANGES:
        return float(value)
    low, high = INTEGER_RANGES[parameter.type]
    if not np.isfinite(value) or not low <= int(value) <= high:
        raise ValueError(f"{value} does not fit '{parameter.name}' ({parameter.type})")
    return int(value)
