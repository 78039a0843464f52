"""The built-in corpus: counts, one contract per name over all dialects, and samples that real
compilers build and run.
"""

import ctypes
import shutil
import subprocess

import numpy as np
import pytest

from corpora.builtin import names, pairs, programs
from corpora.dialects import DIALECTS
from corpora.signatures.signature import read_signature

NAMED = ("axpy", "gemv", "gemm", "spmv", "jacobi", "cg")
C_INCLUDES = ["-include", "math.h", "-include", "stdint.h", "-include", "stdlib.h"]
COMPILERS = {
    "cpp": ["g++", "-x", "c++", *C_INCLUDES],
    "openmp": ["g++", "-fopenmp", "-x", "c++", *C_INCLUDES],
    "fortran": ["gfortran"],
    "openmp-fortran": ["gfortran", "-fopenmp"],
}


def by_name(dialect):
    return {program.name: program for program in programs(dialect)}


def test_there_are_as_many_as_promised():
    assert len(programs("cpp")) >= 150
    assert len(programs("fortran")) >= 150
    assert len(pairs("cpp:cuda")) >= 60
    assert len(pairs("cpp:openmp")) >= 60
    assert len(pairs("fortran:openmp-fortran")) >= 60


def test_the_named_ones_are_in_every_dialect():
    for dialect in DIALECTS:
        assert set(NAMED) <= set(by_name(dialect)), dialect


def test_every_name_is_there_in_both_serial_dialects_and_in_one_family():
    assert set(by_name("cpp")) == set(by_name("fortran")) == set(names())
    assert names() == sorted(set(names()))
    assert len({p.origin for d in DIALECTS for p in programs(d)}) == len(names())


def test_programs_are_sorted_and_distinct():
    for dialect in DIALECTS:
        listed = programs(dialect)
        assert [p.origin for p in listed] == sorted(p.origin for p in listed)
        assert all(p.dialect == dialect and p.origin.startswith("builtin/") for p in listed)
        assert len({p.id for p in listed}) == len(listed)


def test_pairs_are_two_dialects_of_one_computation():
    found = pairs("cuda:cpp")
    assert all(
        s.origin == t.origin and s.dialect == "cuda" and t.dialect == "cpp" for s, t in found
    )
    assert [(t, s) for s, t in found] == pairs("cpp:cuda")


def test_unknown_dialects_and_directions_are_refused():
    with pytest.raises(ValueError, match="did you mean 'fortran'"):
        programs("fortan")
    with pytest.raises(ValueError, match="source:target"):
        pairs("cpp")


def shape_of(program):
    """Parameter kinds and types by position, and the result; unsigned bytes count as bytes, as
    Fortran has only those.
    """
    signature = read_signature(program)
    assert signature.name == program.name and signature.style == "function"
    plain = {"u8": "i8", "u16": "i16", "u32": "i32"}
    kinds = [(p.kind, plain.get(p.type, p.type)) for p in signature.parameters]
    return kinds, signature.result


@pytest.mark.parametrize("dialect", [d for d in DIALECTS if d != "cpp"])
def test_every_dialect_has_the_signature_of_the_cpp_version(dialect):
    wrong = [t.origin for s, t in pairs(f"cpp:{dialect}") if shape_of(s) != shape_of(t)]
    assert wrong == []


@pytest.mark.parametrize("dialect", [d for d in DIALECTS if d != "cpp"])
def test_parameters_have_the_same_names_in_the_same_order(dialect):
    for source, target in pairs(f"cpp:{dialect}"):
        both = zip(
            read_signature(source).parameters, read_signature(target).parameters, strict=True
        )
        wrong = [
            (a.name, b.name)
            for a, b in both
            if a.name.lower() != b.name.lower() and "unnamed_" not in a.name + b.name
        ]
        assert wrong == [], target.origin


@pytest.mark.parametrize("dialect", ["openmp", "openmp-fortran"])
def test_openmp_versions_really_are_parallel(dialect):
    for program in programs(dialect):
        text = program.text.lower()
        assert "omp parallel" in text, program.origin


def test_cuda_versions_are_host_functions_that_launch_and_free():
    for program in programs("cuda"):
        text = program.text
        assert "__global__" in text and "<<<" in text, program.origin
        assert text.count("cudaMalloc") == text.count("cudaFree"), program.origin


@pytest.mark.parametrize("dialect", COMPILERS)
def test_a_sample_compiles(dialect, tmp_path):
    sample = programs(dialect)[::6]
    suffix = DIALECTS[dialect].suffixes[0]
    files = []
    for program in sample:
        files.append(tmp_path / (program.name + suffix))
        files[-1].write_text(program.text)
    unused = ["-Wno-unused-dummy-argument"] if "fortran" in dialect else []
    command = [*COMPILERS[dialect], "-fsyntax-only", "-Wall", *unused, *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    assert "warning" not in done.stderr.lower(), done.stderr


@pytest.mark.skipif(shutil.which("nvcc") is None, reason="needs nvcc")
def test_every_cuda_version_compiles_with_nvcc(tmp_path):
    macros = {
        line.split()[1]
        for p in programs("cuda")
        for line in p.text.splitlines()
        if line.startswith("#define")
    }
    forget = "".join(f"#undef {macro.split('(')[0]}\n" for macro in sorted(macros))
    unit = "".join(
        f"namespace n{i} {{\n{p.text}\n}}\n{forget}" for i, p in enumerate(programs("cuda"))
    )
    (tmp_path / "all.cu").write_text(unit)
    command = [
        "nvcc",
        "-cubin",
        "-arch=sm_80",
        "-o",
        str(tmp_path / "all.cubin"),
        str(tmp_path / "all.cu"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stderr


def case(name, n):
    """Arguments of one of the NAMED functions, in order; arrays are changed in place by a call."""
    rng = np.random.default_rng(n)
    f32, f64 = (
        (lambda *s: rng.uniform(-1, 1, s).astype(np.float32)),
        (lambda *s: rng.uniform(-1, 1, s)),
    )
    row_ptr = np.sort(rng.integers(0, 3 * n + 1, n + 1)).astype(np.int32)
    row_ptr[0], row_ptr[-1] = 0, 3 * n
    columns = rng.integers(0, n + 1, 3 * n).astype(np.int32)
    return {
        "axpy": [n, np.float32(1.5), f32(n), f32(n)],
        "gemv": [n, n + 2, 1.25, f64(n, n + 2), f64(n + 2), 0.5, f64(n)],
        "gemm": [
            n,
            n + 1,
            n + 2,
            np.float32(0.5),
            f32(n, n + 2),
            f32(n + 2, n + 1),
            np.float32(2),
            f32(n, n + 1),
        ],
        "spmv": [n, row_ptr, columns, f64(3 * n), f64(n + 1), f64(n)],
        "jacobi": [n, n + 3, 4, 0.01, f64(n, n + 3), f64(n, n + 3), f64(n, n + 3)],
        "cg": [n, 30, f64(n), f64(n), f64(n)],
    }[name]


def answer(name, n):
    """What numpy says about the last array changed; `index` is its place in the argument list."""
    a = case(name, n)
    if name == "axpy":
        return 3, a[1] * a[2] + a[3]
    if name == "gemv":
        return 6, a[2] * a[3] @ a[4] + a[5] * a[6]
    if name == "gemm":
        return 7, a[3] * a[4] @ a[5] + a[6] * a[7]
    if name == "spmv":
        rows = [a[3][s:e] @ a[4][a[2][s:e]] for s, e in zip(a[1][:-1], a[1][1:], strict=True)]
        return 5, np.array(rows)
    if name == "jacobi":
        u = a[5]
        for _ in range(a[2]):
            old = np.pad(u, 1)
            u = 0.25 * (
                old[:-2, 1:-1] + old[2:, 1:-1] + old[1:-1, :-2] + old[1:-1, 2:] + a[3] * a[4]
            )
        return 5, u
    matrix = np.diag(2 + a[2] ** 2) - np.eye(n, k=1) - np.eye(n, k=-1)
    return 4, np.linalg.solve(matrix, a[3])


def library(program, folder):
    """The program as a shared object, its entry with C linkage; Fortran takes every argument by
    reference.
    """
    native = program.text if "fortran" in program.dialect else f'extern "C" {{\n{program.text}\n}}'
    source = folder / (program.name + DIALECTS[program.dialect].suffixes[0])
    source.write_text(native)
    target = folder / f"{program.name}-{program.dialect}.so"
    subprocess.run(
        [*COMPILERS[program.dialect], "-O1", "-shared", "-fPIC", str(source), "-o", str(target)],
        check=True,
    )
    loaded = ctypes.CDLL(str(target))
    return getattr(loaded, program.name + ("_" if "fortran" in program.dialect else ""))


@pytest.mark.parametrize("dialect", COMPILERS)
@pytest.mark.parametrize("name", NAMED)
def test_the_named_ones_compute_what_they_say(name, dialect, tmp_path):
    function = library(by_name(dialect)[name], tmp_path)
    types = {int: ctypes.c_int, float: ctypes.c_double, np.float32: ctypes.c_float}
    for n in (1, 5, 12):
        arguments = case(name, n)
        passed = [
            a.ctypes.data_as(ctypes.c_void_p) if isinstance(a, np.ndarray) else types[type(a)](a)
            for a in arguments
        ]
        if "fortran" in dialect:
            passed = [p if isinstance(p, ctypes.c_void_p) else ctypes.byref(p) for p in passed]
        function(*passed)
        index, expected = answer(name, n)
        tolerance = 1e-5 if expected.dtype == np.float32 else 1e-10
        np.testing.assert_allclose(arguments[index], expected, rtol=tolerance, atol=tolerance)
