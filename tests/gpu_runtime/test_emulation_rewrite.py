"""The rewriting of CUDA's own grammar: what it makes, what it leaves alone, and that it never loses
a line.
"""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from gpu_runtime.call.shims_cuda import find_side, has_uninitialized
from gpu_runtime.emulation.cuda_rewrite import rewrite_cuda


def flat(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            "k<<<g, b>>>(x, 1);",
            "cv_call(cv_config( g, b).of(CV_NAME(k)), [](auto... cv_a) { k(cv_a...); }, x, 1);",
        ),
        (
            "k<<<1,2,3,s>>>();",
            "cv_call(cv_config(1,2,3,s).of(CV_NAME(k)), [](auto... cv_a) { k(cv_a...); });",
        ),
        (
            "ns::k<float, 3><<<1,2>>>(x);",
            "cv_call(cv_config(1,2).of(CV_NAME(k)), [](auto... cv_a) { "
            "ns::k<float,3>(cv_a...); },x);",
        ),
        (
            "if (n) k <<< dim3 ( n ) , 2 >>> ( f ( x ) , y ) ; else g ( ) ;",
            "cv_call(cv_config( dim3 ( n ) , 2 ).of(CV_NAME(k)), [](auto... cv_a) { "
            "k(cv_a...); }, f ( x ) , y "
            ") ; else g ( ) ;",
        ),
        (
            "#define RUN(k, n, ...) \\\n k<<<n, 64>>>(__VA_ARGS__)\nint a;",
            "#define RUN(k, n, ...) \\ cv_call(cv_config( n, 64).of(CV_NAME(k)), "
            "[](auto... cv_a) { k(cv_a...); },##__VA_ARGS__) int a;",
        ),
        ("#define SHIFT(a) (a <<< 2)", "#define SHIFT(a) (a <<< 2)"),
        ("#pragma launch k<<<1, 2>>>(x)", "#pragma launch k<<<1, 2>>>(x)"),
        ("extern __shared__ float s[];", " float *const s = (float *)cv_dynamic_shared;"),
        (
            "extern __shared__ unsigned char s [ ] ;",
            " unsigned char *const s = (unsigned char *)cv_dynamic_shared;",
        ),
        (
            "extern volatile __shared__ double t[][16];",
            " volatile double (*const t)[16] = (volatile double (*)[16])cv_dynamic_shared;",
        ),
        (
            "extern __shared__ __align__(16) char s[];",
            " char *const s = (char *)cv_dynamic_shared;",
        ),
        ("__shared__ int s[4];", "__shared__ int s[4]; CV_GAP(0)"),
        (
            "template <int N> void f() { __shared__ volatile T s[N][N + 1], t; }",
            "struct cv_box_0 { volatile T s[N][N + 1], t; }; static unsigned long cv_slot_0[2]; "
            "cv_box_0 &cv_at_0 = *(cv_box_0 *)cv_placed(cv_slot_0, sizeof(cv_box_0)); auto &s = "
            "cv_at_0.s; auto &t = cv_at_0.t; }",
        ),
        ("__device__ int n = 3;", "CV_DEVICE_VARIABLE int n = 3;"),
        (
            "void f() { k<unsigned int><<<1, 2>>>(x); }",
            "void f() { cv_call(cv_config(1, 2).of(CV_NAME(k)), [](auto... cv_a) { "
            "k<unsigned int>(cv_a...); }, "
            "x); }",
        ),
        (
            "void f() { CHECK(ns::k<V<int>><<<1, 2>>>(x)); }",
            "void f() { CHECK(cv_call(cv_config(1, 2).of(CV_NAME(k)), [](auto... cv_a) { "
            "ns::k<V<int>>(cv_a...); }, x)); }",
        ),
        (
            "#define T float\nextern __shared__ T s[][4];",
            "float (*const s)[4] = (float (*)[4])cv_dynamic_shared;",
        ),
        (
            "struct S { template <int N> __device__ void m() { __shared__ int z[N]; } };",
            "struct cv_box_0 { int z[N]; }; static unsigned long cv_slot_0[2]; "
            "cv_box_0 &cv_at_0 = *(cv_box_0 *)cv_placed(cv_slot_0, sizeof(cv_box_0)); auto &z = "
            "cv_at_0.z; } };",
        ),
        (
            "#define TILE(T, n) __shared__ T tile[n]\nvoid f() { TILE(int, 4); }",
            "void f() { TILE(int, 4); CV_GAP(0) }",
        ),
        (
            "#define TILE(T, n) __shared__ T tile[n]\n"
            "template <int N> void f() { TILE(int, 2 * N); }",
            "struct cv_box_0 { int tile[2 * N]; }; static unsigned long cv_slot_0[2]; "
            "cv_box_0 &cv_at_0 = *(cv_box_0 *)cv_placed(cv_slot_0, sizeof(cv_box_0)); auto &tile = "
            "cv_at_0.tile; }",
        ),
        (
            "__global__ void __launch_bounds__(64) k() { __shared__ int s[8]; s[0] = 1; }\n"
            "void f() { k<<<1, 2>>>(); }",
            "cv_call(cv_config(1, 2).of(CV_NAME(k), 32, 64), [](auto... cv_a) { k(cv_a...); }); }",
        ),
        (
            "__global__ void k() {}\nvoid f() { cudaFuncSetAttribute((const void *)k, a, 9); }",
            'cv_set_attribute("k", (const void *)k, a, 9); }',
        ),
        (
            "void f(P q) { cudaFuncSetAttribute(q, a, 9); }",
            "cv_set_attribute(nullptr, q, a, 9); }",
        ),
        ("__constant__ const int c[2] = {1, 2};", "static const int c[2] = {1, 2};"),
        (
            "static __device__ float w[3] = {1, 2, 3};",
            " CV_DEVICE_VARIABLE float w[3] = {1, 2, 3};",
        ),
    ],
)
def test_rewritten(text: str, wanted: str) -> None:
    found = flat(rewrite_cuda(text)).replace(" ", "")
    assert found.endswith(flat(wanted).replace(" ", "")), rewrite_cuda(text)


@pytest.mark.parametrize(
    "text",
    [
        "__device__ float f(float x) { return x; }",
        "__device__ float f(float x);",
        "__device__ __forceinline__ int g() { return 1 << 3 >> 1; }",
        "__global__ void k(int *a) { a[0] = a[1] < a[2] ? 1 << 2 : 3 >> 1; }",
        '// k<<<1,2>>>(x)\n/* __shared__ int a; */ const char *s = "k<<<1,2>>>(x)";',
        "template <class T> struct S { T v; };",
        "void f() { vector<vector<vector<int>>> v; }",
        'const char *s = "__shared__ int a[4];"; // __device__ int b;',
    ],
)
def test_left_alone(text: str) -> None:
    assert rewrite_cuda(text) == text


def test_includes_that_the_preludes_stand_for_are_dropped() -> None:
    assert (
        rewrite_cuda(
            "#include <cuda_runtime.h>\n#include <cmath>\n#include <vector>\n#include <own.h>\n"
            "int x;"
        )
        == "\n\n\n#include <own.h>\nint x;"
    )


@given(st.text(alphabet='k<>(){}[];,=x1 \n"\\#/*_', max_size=60))
def test_any_text_keeps_its_lines_and_never_raises(text: str) -> None:
    assert rewrite_cuda(text).count("\n") == text.count("\n")
    assert rewrite_cuda("extern __shared__ " + text).count("\n") == text.count("\n")


@pytest.mark.parametrize(
    ("text", "unset"),
    [
        ("void f() { int i; i = 1; }", True),
        ("void f() { unsigned a = *(volatile unsigned *)p, b; }", True),
        ("#define LOCAL(t) t tmp\nvoid f() { LOCAL(float); }", True),
        ("void f() { for (int i; ; ) { } }", True),
        ("int g; struct S { int x; }; void f() { int i = 0; dim3 d(1); }", False),
        ("void f() { static int i; __shared__ float s[4]; extern __shared__ int t[]; }", False),
        ("void f() { // int i;\n /* int j; */ }", False),
        ("void f() { auto g = [&]() { int i; }; }", True),
    ],
)
def test_a_local_without_a_value_is_found_in_code_alone(text: str, unset: bool) -> None:
    assert has_uninitialized(text) is unset


@pytest.mark.parametrize(
    ("text", "side"),
    [
        ("__global__ void f(int *a) { }", "kernel"),
        ("__device__ int f(int a) { return a; }", "device"),
        ("__host__ __device__ int f(int a) { return a; }", "host"),
        ("__device__ int g(int a) { return a; } int f(int a) { return a; }", "host"),
        ("#define DEV __device__ __forceinline__\nDEV int f(int a) { return a; }", "device"),
        ("__device__ int f(int); int f(int a) { return a; }", "device"),
        ("// __device__ int f(int)\nint f(int a) { return a; }", "host"),
    ],
)
def test_the_side_on_which_a_function_runs(text: str, side: str) -> None:
    assert find_side(text, "f") == side
