"""Generated computations are equal in all dialects: compiled by real compilers and executed on
their own suites.

CUDA runs here under a shim of a few lines (every thread of a grid as an iteration), so that this
test needs nothing but g++ and gfortran; `test_loopnests_engine.py` asks the project's own engine.
"""

from __future__ import annotations

import ctypes
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from corpora import ir
from corpora.dialects import get_dialect
from corpora.generator import LEVELS, Computation, generate, nests
from corpora.generator.core import expressions as ast
from corpora.generator.core.nest import Axis, Nest, Parameter, Region, Style
from corpora.generator.emit.cpp import emit_cpp
from corpora.generator.emit.cuda import emit_cuda
from corpora.records import Program, Signature
from corpora.signatures.signature import read_signature
from corpora.suites.unit_tests import parse_suite
from corpora.tokens.canonical import CanonicalText, canonicalize
from gpu_runtime.call.materialize import materialize_test

_PRELUDE = """
#include <cmath>
#include <cstdlib>
#include <cstddef>
#include <algorithm>
#include <cstring>
using namespace std;
struct Dim { unsigned int x, y, z; };
struct Any { void *p; template <class T> operator T *() const { return (T *)p; } };
static Dim threadIdx, blockIdx, blockDim, gridDim;
#define __global__
#define __shared__
#define __syncthreads()
template <class T, class U> static void atomicAdd(T *p, U v) { *p += v; }
template <class T, class U> static void atomicMax(T *p, U v) { *p = *p < v ? v : *p; }
template <class T, class U> static void atomicMin(T *p, U v) { *p = v < *p ? v : *p; }
"""
_C = {
    "i8": "signed char",
    "i16": "short",
    "u8": "unsigned char",
    "u16": "unsigned short",
    "i32": "int",
    "u32": "unsigned int",
    "i64": "long",
}
_C |= {"bool": "bool", "u64": "unsigned long", "f32": "float", "f64": "double"}
_LAUNCH = """
extern "C" void {symbol}(void **a) {{
    blockDim = {block}; gridDim = {grid};
    for (blockIdx.z = 0; blockIdx.z < gridDim.z; blockIdx.z++) for (blockIdx.y = 0; \
blockIdx.y < gridDim.y; blockIdx.y++)
    for (blockIdx.x = 0; blockIdx.x < gridDim.x; blockIdx.x++) for (threadIdx.z = 0; \
threadIdx.z < blockDim.z; threadIdx.z++)
    for (threadIdx.y = 0; threadIdx.y < blockDim.y; threadIdx.y++) for (threadIdx.x = 0; \
threadIdx.x < blockDim.x; threadIdx.x++)
        {call};
}}
"""


def _geometry(text: str) -> tuple[str, str]:
    """(block, grid) that covers every generated index space; one thread a block where a barrier
    would need more.
    """
    if "__syncthreads" in text:
        return "{1, 1, 1}", "{1100, 1, 1}"
    if "threadIdx.z" in text:
        return "{2, 4, 2}", "{13, 7, 13}"
    if "threadIdx.y" in text:
        return "{8, 4, 1}", "{4, 10, 1}"
    return ("{16, 1, 1}", "{72, 1, 1}") if "blockIdx" in text else ("{16, 1, 1}", "{1, 1, 1}")


def _c_arguments(signature: Signature) -> str:
    parts = []
    for position, p in enumerate(signature.parameters):
        word = _C[p.type]
        if p.kind == "scalar":
            parts.append(f"*({word} *)a[{position}]")
        else:
            parts.append(f"Any{{a[{position}]}}")
    return ", ".join(parts)


def _c_shim(program: Program, symbol: str) -> str:
    signature = read_signature(program)
    call = f"{program.name}({_c_arguments(signature)})"
    if signature.result:
        call = f"*({_C[signature.result]} *)a[{len(signature.parameters)}] = {call}"
    if program.dialect == "cuda":
        block, grid = _geometry(program.text)
        entry = _LAUNCH.format(symbol=symbol, block=block, grid=grid, call=call)
    else:
        entry = f'extern "C" void {symbol}(void **a) {{ {call}; }}\n'
    return f"namespace n_{symbol} {{\n{program.text}\n{entry}}}\n"


def _build(folder: Path, items: list[Computation]) -> tuple[ctypes.CDLL, ctypes.CDLL]:
    """One library of all C-like programs and one of all Fortran programs."""
    c_text, fortran = _PRELUDE, ""
    for number, item in enumerate(items):
        for dialect, program in _without_launches(item).items():
            symbol = f"{dialect.replace('-', '_')}_{number}"
            if "fortran" in dialect:
                fortran += re.sub(rf"\b{program.name}\b", symbol, program.text) + "\n"
            else:
                c_text += _c_shim(program, symbol)
    (folder / "all.cpp").write_text(c_text)
    (folder / "all.f90").write_text(fortran)
    flags = ["-shared", "-fPIC", "-fopenmp", "-ffp-contract=off", "-w"]
    flags_of = {"g++": ["-fpermissive"], "gfortran": []}  # C needs no cast of what malloc gives
    for compiler, source in (("g++", "all.cpp"), ("gfortran", "all.f90")):
        built = subprocess.run(
            [compiler, *flags, *flags_of[compiler], "-O1", source, "-o", source + ".so"],
            cwd=folder,
            capture_output=True,
            text=True,
        )
        assert built.returncode == 0, built.stderr[:3000]
    return ctypes.CDLL(str(folder / "all.cpp.so")), ctypes.CDLL(str(folder / "all.f90.so"))


def _without_launches(item: Computation) -> dict[str, Program]:
    """Host code with launches is left to the engine (`test_loopnests_engine.py`)."""
    return {d: p for d, p in item.programs.items() if "<<<" not in p.text}


def _call(
    library: ctypes.CDLL, symbol: str, dialect: str, signature: Signature, values: tuple
) -> list[np.ndarray]:
    """Run one entry on copies; returns the buffers after the call and the result."""
    copies = [np.ascontiguousarray(v).copy() for v in values]
    result = np.zeros((), np.dtype(_NUMPY[signature.result])) if signature.result else np.zeros(())
    pointers = []
    for parameter, copy in zip(signature.parameters, copies):
        if parameter.kind == "rows":
            pointers.append((ctypes.c_void_p * len(copy))(*[row.ctypes.data for row in copy]))
        else:
            pointers.append(ctypes.c_void_p(copy.ctypes.data))
    if "fortran" in dialect:
        function = getattr(library, symbol + "_")
        if signature.result:
            function.restype = {"f32": ctypes.c_float, "f64": ctypes.c_double, "i32": ctypes.c_int}[
                signature.result
            ]
            result[...] = function(*pointers)
        else:
            function(*pointers)
    else:
        pointers.append(ctypes.c_void_p(result.ctypes.data))
        addresses = [ctypes.cast(p, ctypes.c_void_p).value for p in pointers]
        getattr(library, symbol)((ctypes.c_void_p * len(addresses))(*addresses))
    return [*copies, result]


_NUMPY = {"i8": "i1", "i32": "i4", "f32": "f4", "f64": "f8", "i64": "i8", "u32": "u4"}


def _same(expected: list[np.ndarray], actual: list[np.ndarray]) -> bool:
    for one, other in zip(expected, actual):
        if one.dtype.kind in "iu":
            if not np.array_equal(one, other):
                return False
        elif not np.allclose(
            one, other, rtol=2e-4 if one.dtype == np.float32 else 1e-9, atol=1e-4, equal_nan=True
        ):
            return False
    return True


def _differing(folder: Path, items: list[Computation]) -> tuple[list[str], Counter]:
    """Programs that differ from their serial C++ function, and how many of each dialect
    were run.
    """
    c_library, fortran_library = _build(folder, items)
    wrong, runs = [], Counter()
    for number, item in enumerate(items):
        signature = read_signature(item.programs["cpp"])
        changed = False
        for index, test in enumerate(parse_suite(item.suite_text, signature)):
            values = materialize_test(test, signature).values
            expected = _call(c_library, f"cpp_{number}", "cpp", signature, values)
            changed |= bool(signature.result) or any(
                not np.array_equal(a, b) for a, b in zip(values, expected)
            )
            for dialect in _without_launches(item):
                library = fortran_library if "fortran" in dialect else c_library
                actual = _call(
                    library, f"{dialect.replace('-', '_')}_{number}", dialect, signature, values
                )
                runs[dialect] += 1
                if not _same(expected, actual):
                    wrong.append(f"{item.programs[dialect].origin} {dialect} test {index}")
        if not changed:
            runs["unchanged"] += 1
    return wrong, runs


@pytest.mark.parametrize("level", LEVELS)
def test_all_dialects_compute_the_same(tmp_path: Path, level: str) -> None:
    items = list(generate(40, 11, level))
    wrong, runs = _differing(tmp_path, items)
    assert not wrong
    assert runs["unchanged"] <= 1, "a suite whose source changes nothing shows nothing"
    assert min(runs[d] for d in ("cpp", "cuda", "openmp", "fortran", "openmp-fortran")) > 40


def test_the_comparison_can_fail(tmp_path: Path) -> None:
    assigned = re.compile(r"^ +\w+\[\w+\] = ", re.M)
    item = next(
        c
        for c in generate(50, 11)
        if "cuda" in c.programs and assigned.search(c.programs["cuda"].text)
    )
    kernel = item.programs["cuda"]
    head, body = kernel.text.split("{", 1)
    broken = Program(
        "cuda", kernel.name, head + "{" + re.sub(r"\] (=|\+=|-=|\*=|/=) ", r"] \1 3 + ", body)
    )
    wrong, _ = _differing(
        tmp_path, [Computation({**item.programs, "cuda": broken}, item.suite_text)]
    )
    assert any(" cuda " in line or "cuda test" in line for line in wrong)


def test_spelled_out_atomic_update_keeps_its_value_together() -> None:
    """`t -= a - b` was once written `t = t - a - b`."""
    index, cell = ir.Name("i"), ast.at("out", (ast.ZERO,))
    change = ast.atomic(cell, "-=", ast.sub(ast.at("x", (index,)), ir.Name("s")))
    arrays = [
        Parameter("x", "array", "f32", (ir.Name("n"),)),
        Parameter("out", "array", "f32", (ast.ONE,), written=True),
    ]
    scalars = [Parameter("n", "scalar", "i32"), Parameter("s", "scalar", "f32")]
    types = {p.name: p.type for p in arrays + scalars}
    nest = Nest(
        [Region((Axis("i", ast.ZERO, ir.Name("n")),), (change,))],
        arrays + scalars,
        types=types,
    )
    assert "out[0] = out[0] - (x[i] - s);" in emit_cpp(nest, Style(compound=False))
    assert "atomicAdd(&out[0], -(x[i] - s));" in emit_cuda(nest, Style())


def test_long_fortran_lines_are_continued() -> None:
    for item in generate(300, 8):
        for dialect in ("fortran", "openmp-fortran"):
            if dialect in item.programs:
                assert max(map(len, item.programs[dialect].text.splitlines())) <= 132


def test_half_of_the_items_are_short_and_the_tail_is_long() -> None:
    lengths = sorted(
        len(" ".join(re.findall(r"\w+|[^\w\s]", c.programs["cpp"].text))) for c in generate(800, 4)
    )
    assert 200 < lengths[400] < 340
    assert 900 < lengths[784] < 2600


def test_no_place_is_assigned_to_itself() -> None:
    """`q[i] = q[i]` computes nothing, so no suite can be valid for it."""
    texts = [item.programs["cpp"].text for item in generate(1000, 6)]
    assert not [t for t in texts if re.search(r"^\s*(\S[^=;\n]*\S) = \1;$", t, re.M)]


def test_item_is_named_by_seed_and_index_alone() -> None:
    long = list(generate(30, 5))
    assert long[:7] == list(generate(7, 5))
    assert long[20:] == list(generate(10, 5, start=20))
    assert long[0] != next(generate(1, 6))


def test_unknown_level_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown level 'hard'"):
        next(generate(1, 0, level="hard"))


def test_signatures_are_the_same_in_every_dialect() -> None:
    for item in generate(150, 21):
        signatures = {d: read_signature(p) for d, p in item.programs.items()}
        wanted = [(p.name.lower(), p.type) for p in signatures["cpp"].parameters]
        for dialect, signature in signatures.items():
            assert [(p.name.lower(), p.type) for p in signature.parameters] == wanted, dialect
        parse_suite(item.suite_text, signatures["cpp"])


def test_constructs_of_real_functions_all_occur() -> None:
    items = (*generate(2500, 3), *generate(900, 3, "broad", plain=True))
    text = "\n".join(p.text for item in items for p in item.programs.values())
    wanted = (
        r"\w%|% ",
        r"/= ",
        r"!= ",
        r"\*\*\w",
        r"\]\[",
        r"\w\[\](?!\[)",
        r"unsigned char",
        r"\blong ",
        r"= -\w",
        r"= -\d",
        r"\breturn \w",
        r"continue;",
        r"break;",
        r"while \(",
        r"\bdo \{",
        r"\? ",
        r"&&",
        r"\|\|",
        r"expf?\(",
        r"sqrtf?\(",
        r"atomicAdd\(&",
        r"atomicMax",
        r"__shared__",
        r"gridDim\.x",
        r"threadIdx\.z",
        r"blockIdx\.x \+ blockIdx\.y \* gridDim\.x",
        r"if \(\w+ >= \w+\) return;",
        r"\(float\)",
        r"\w\[\w+\[\w+\]\]",
        r"collapse\(2\)",
        r"reduction\(\+:",
        r"private\(",
        r"schedule\(",
        r"omp atomic",
        r"omp parallel for simd",
        r"for \(int \w+ = \w+ \+ 1;",
        r"--\)",
        r"\+= 2\)",
        r"const int \w+ =",
        r"&\w+\[\w+ \* \w+\]",
        r"merge\(",
        r"end function",
        r">>",
        r"<<",
        r"\^=",
        r"0x",
        r"'a'",
        r"erfc",
        r"<<<",
        r"cudaMemcpy",
        r"where \(",
        r"= sum\(",
        r"= count\(",
        r"omp parallel workshare",
        r"real\(8\) function",
        r"\(\*\)",
        r"dimension\(",
        r"enddo",
        r"\(2:\w+ - 1, 2:\w+ - 1\)",
    )
    assert [w for w in wanted if not re.search(w, text)] == []


def _words(program: Program, names: tuple[str, ...] = ()) -> CanonicalText:
    return canonicalize(program.text, get_dialect(program.dialect).language, names, program.name)


@pytest.mark.parametrize(
    ("source", "target", "plain"),
    [("cpp", "cuda", False), ("cpp", "openmp", False), ("fortran", "cuda", True)],
)
def test_one_source_text_has_one_answer(source: str, target: str, plain: bool) -> None:
    """What a translator cannot see in the source is not left to chance; from Fortran, `+=` and
    number suffixes stay open.
    """
    answers: dict[str, set[str]] = {}
    seen = 0
    for item in generate(2500 if plain else 1500, 6, "easy", plain=plain):
        if source in item.programs and target in item.programs:
            words = _words(item.programs[source])
            seen += words.text in answers
            answers.setdefault(words.text, set()).add(
                _words(item.programs[target], words.names).text
            )
    several = [texts for texts in answers.values() if len(texts) > 1]
    assert seen > 12, "without repeated sources nothing is shown"
    assert len(several) <= (20 if plain else 0), several[:2]


def test_a_constant_of_an_outer_loop_is_not_assigned_to_in_the_inner_one():
    for computation in generate(1500, 31, start=3000):
        text = computation.programs["cpp"].text
        for constant in re.finditer(r"const (?:float|double|int) (\w+) =", text):
            assert not re.search(rf"(?<![\w\]]){constant[1]} [-+*/]?= ", text[constant.end() :]), (
                text
            )


def test_a_row_written_by_a_pointer_is_no_parameter() -> None:
    """`row[j] = ...` inside `for (i = 1; ...) for (j = 0; ...)`: the only axis that begins at 0 is
    the row's; drawing it failed.
    """
    i, j, n = ir.Name("i"), ir.Name("j"), ir.Name("n")
    row = ast.view("f32", "row", "a", ast.mul(i, n))
    body = (row, ir.Assign(ast.at("row", (j,)), "=", ast.ZERO))
    nest = Nest(
        [Region((Axis("i", ast.ONE, n), Axis("j", ast.ZERO, n)), body)],
        [Parameter("a", "array", "f32", (n, n))],
    )
    nests._mark_overwritten(nest)
    assert not nest.parameters[0].overwritten


_DIGEST = """
import hashlib
from corpora.generator import generate
made = [c for plain in (False, True) for c in generate(400, 77, "broad", plain=plain)]
print(hashlib.sha256("".join(c.suite_text + "".join(p.text for _, \
p in sorted(c.programs.items())) for c in made).encode()).hexdigest())
"""


def test_items_do_not_depend_on_how_sets_are_hashed() -> None:
    """In lessons from Fortran what was drawn for a set's members went by the order of the set."""
    runs = [
        subprocess.run(
            [sys.executable, "-c", _DIGEST],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        for seed in "123"
    ]
    assert len({run.stdout for run in runs}) == 1
