"""Device compiles without a device: real kernels, attribution of errors, hostile text, the
cache.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from corpora import builtin
from corpora.datasets.loaders import load_corpus
from corpora.records import Parameter, Program, Signature
from corpora.signatures.signature import read_signature
from gpu_runtime.backend import CompileRequest, Variant
from gpu_runtime.cuda import compile as cuda_compile
from gpu_runtime.cuda.compile import compile_for_device, load_bundle
from gpu_runtime.cuda.nvrtc import DeviceCompiler, NvrtcMissingError, is_available

KERNELS = (
    Path(os.environ.get("COEVOLVE_DATA", Path(__file__).parents[3] / "shared" / "data"))
    / "babeltower"
    / "cuda.para.valid.tok"
)
GOOD = "__global__ void good{0}(int *a, int n) {{ int i = threadIdx.x; if (i < n) a[i] = {0}; }}"


@pytest.fixture(scope="module")
def compiler():
    if not is_available():
        pytest.skip("NVRTC is not installed (pip install -e '.[cuda]')")
    made = DeviceCompiler()
    try:
        yield made.ready()
    except NvrtcMissingError as error:
        pytest.skip(str(error))
    made.close()


def request(text: str, name: str, variant: Variant = Variant.PLAIN) -> CompileRequest:
    program = Program("cuda", name, text)
    return CompileRequest(program, read_signature(program), variant)


@pytest.mark.skipif(
    not KERNELS.exists(), reason="the BabelTower data is not here (COEVOLVE_DATA names its folder)"
)
def test_real_kernels_compile_in_batches(compiler, tmp_path):
    programs = load_corpus(str(KERNELS), "cuda").programs
    requests = [CompileRequest(p, read_signature(p)) for p in programs]
    made = compile_for_device(requests, compiler, cache_dir=tmp_path)
    failed = [(c.request.program.name, c.diagnostics) for c in made if not c.ok]
    assert len(made) >= 180 and len(failed) <= 0.01 * len(made), failed


def test_built_in_references_compile_with_their_host_parts(compiler):
    programs = [
        p
        for p in builtin.programs("cuda")
        if p.name in ("axpy", "gemv", "gemm", "spmv", "jacobi", "cg")
    ]
    assert len(programs) == 6
    for one in compile_for_device(
        [
            CompileRequest(p, read_signature(p), v)
            for p in programs
            for v in (Variant.PLAIN, Variant.TIMED)
        ],
        compiler,
    ):
        assert one.ok, (one.request.program.name, one.diagnostics)
        bundle, cubin = load_bundle(one.artifact)
        assert (
            bundle.kind == "host"
            and bundle.names
            and all(bundle.names.values())
            and cubin.read_bytes()[:4] == b"\x7fELF"
        )
        assert all(symbol.encode() in cubin.read_bytes() for symbol in bundle.names.values())


def test_errors_cost_only_the_program_they_are_in(compiler, tmp_path):
    texts = [(GOOD.format(k), f"good{k}") for k in range(5)]
    texts.insert(2, ("__global__ void bad(int *a) {\n  a[0] = missing;\n}", "bad"))
    texts.insert(4, ("__global__ void worse(int *a) { a[0] = 1 +; }", "worse"))
    made = compile_for_device([request(*t) for t in texts], compiler, cache_dir=tmp_path)
    assert [c.ok for c in made] == [True, True, False, True, False, True, True]
    assert (
        made[2].diagnostics.startswith("program.cu:2: error") and "missing" in made[2].diagnostics
    )
    assert "missing" not in made[4].diagnostics
    assert len({load_bundle(c.artifact)[1] for c in made if c.ok}) == 1, (
        "the good ones share one unit"
    )


def test_an_error_without_a_place_is_found_by_halving(compiler, tmp_path, monkeypatch):
    monkeypatch.setattr(cuda_compile, "_OWNED", __import__("re").compile("never matches"))
    made = compile_for_device(
        [
            request(GOOD.format(1), "good1"),
            request("__global__ void b(int *a) { a = x; }", "b"),
            request(GOOD.format(2), "good2"),
        ],
        compiler,
        cache_dir=tmp_path,
    )
    assert [c.ok for c in made] == [True, False, True] and "identifier" in made[1].diagnostics


HOST_THINGS = [
    "void helper(int);",
    "static int block = 256;",
    "int arr[3] = {1, 2, 3}, other;",
    "static float *d_buf = nullptr;",
    "dim3 grid(1, 2);",
    "inline int div_up(int a, int b) { return (a + b - 1) / b; }",
    "template <class T> T half(T x) { return x / 2; }",
    "constexpr int sq(int x) { return x * x; }",
    "struct P { int a; P() : a(0) {} int get() { return a; } };",
    "namespace q { int z; void host() { } }",
    "const int table[2] = {1, 2};",
    "enum { A, B };",
    "typedef struct { int a; } S;",
    "extern int far;",
]


@pytest.mark.parametrize("thing", HOST_THINGS)
def test_what_is_beside_a_kernel_does_not_stop_it(compiler, tmp_path, thing):
    text = (
        f"{thing}\n__global__ void k(int *a) {{ a[0] = 1; }}\nvoid f(int *a) {{ k<<<1, 1>>>(a); }}"
    )
    made = compile_for_device([request(text, "f")], compiler, cache_dir=tmp_path)[0]
    assert made.ok, made.diagnostics


@pytest.mark.parametrize("use", ["", "std::vector<int> copy(a, a + 1); "])
def test_a_host_part_may_use_the_standard_library(compiler, tmp_path, use):
    """<vector> was refused, used or not."""
    text = (
        f"#include <vector>\n#include <cuda_runtime.h>\n#include <chrono>\n__global__ void "
        f"k(int *a) {{ a[0] = 1; }}\nvoid f(int *a) {{ {use}k<<<1, 1>>>(a); }}"
    )
    made = compile_for_device([request(text, "f")], compiler, cache_dir=tmp_path)[0]
    assert made.ok, made.diagnostics


def test_a_macro_does_not_reach_the_next_program(compiler, tmp_path):
    first = request("#define n 5\n__global__ void f(int *a) { a[0] = n; }", "f")
    assert [
        c.ok
        for c in compile_for_device(
            [first, request(GOOD.format(1), "good1")], compiler, cache_dir=tmp_path
        )
    ] == [True, True]


@pytest.mark.parametrize(
    "text,says",
    [
        ('#include "/etc/passwd"\n__global__ void f(int *a) { }', "may not be included"),
        (
            '#define H "/etc/passwd"\n#include H\n__global__ void f(int *a) { }',
            "may not be included",
        ),
        ("__global__ void f(int *a) { } }", "do not match"),
        ("static void host(int *a) { a[0] = 1; }\n__global__ void f(int *a) { host(a); }", "error"),
        ("static int step = 2;\n__global__ void f(int *a) { a[0] = step; }", "error"),
    ],
)
def test_what_is_turned_away(compiler, tmp_path, text, says):
    made = compile_for_device([request(text, "f")], compiler, cache_dir=tmp_path)[0]
    assert not made.ok and says in made.diagnostics


def test_the_compiler_itself_cannot_open_files(compiler):
    built = compiler.compile('#include "/etc/passwd"\n__global__ void f(int *a) { }', ["f"])
    assert not built.ok and "root:" not in built.log and "cannot open" in built.log


def test_a_compiler_that_does_not_end_is_replaced(compiler):
    doubled = "".join(f"#define A{k + 1} A{k} A{k}\n" for k in range(27))
    bomb = f"#define A0 + 1\n{doubled}__global__ void f(int *a) {{ a[0] = 0 A27; }}"
    built = compiler.compile(bomb, ["f"], wall_s=1.0)
    assert not built.ok and built.ended and "did not finish in 1 s" in built.log
    assert compiler.compile("__global__ void f(int *a) { a[0] = 1; }", ["f"]).ok


def test_results_and_failures_come_from_the_cache(compiler, tmp_path):
    requests = [
        request(GOOD.format(1), "good1"),
        request("__global__ void b(int *a) { a = x; }", "b"),
    ]
    first = compile_for_device(requests, compiler, cache_dir=tmp_path)
    cold = DeviceCompiler()
    cold.compile = None  # type: ignore[method-assign,assignment] - must not be called
    assert compile_for_device(requests, cold, cache_dir=tmp_path) == first
    load_bundle(first[0].artifact)[1].unlink()
    assert (
        compile_for_device(requests, compiler, cache_dir=tmp_path) == first
        and load_bundle(first[0].artifact)[1].exists()
    )


def test_architectures_and_device_functions(compiler, tmp_path):
    program = Program(
        "cuda", "d", "__device__ float d(float x, const float *y) { return x + y[0]; }"
    )
    signature = Signature(
        "d", (Parameter("x", "scalar", "f32"), Parameter("y", "array", "f32")), "f32"
    )
    for architecture in ("sm_75", "sm_90"):
        made = compile_for_device(
            [CompileRequest(program, signature)], compiler, architecture, tmp_path
        )[0]
        assert made.ok, made.diagnostics
        assert load_bundle(made.artifact)[0].entry.endswith("_entry")


def test_no_contraction_in_what_verdicts_are_about(compiler, tmp_path):
    text = "__global__ void f(float *a) { a[0] = a[1] * a[2] + a[3]; }"
    plain, timed = compile_for_device(
        [request(text, "f"), request(text, "f", Variant.TIMED)], compiler, cache_dir=tmp_path
    )
    assert (
        load_bundle(plain.artifact)[1].read_bytes() != load_bundle(timed.artifact)[1].read_bytes()
    )


def test_complex_numbers_of_cudas_header_are_known_to_the_device(compiler, tmp_path):
    text = (
        "#include <cuComplex.h>\n__global__ void k(cuDoubleComplex *a) { a[0] = "
        "cuCdiv(cuCmul(a[0], cuConj(a[1])), make_cuDoubleComplex(cuCabs(a[0]), 1)); }"
    )
    (made,) = compile_for_device([request(text, "k")], compiler, cache_dir=tmp_path)
    assert made.ok, made.diagnostics
