"""Small CUDA texts, right and wrong, with what nvcc 13.0 (V13.0.88, g++ 12, no options) says of
each and the verdict that the engine must give: y[i] = 2 * x[i], as a kernel or as host code.

Where nvcc takes a text that is refused here, a device would do something else: a launch beyond a
limit, memory of the other side, a host function that is dropped from device code. Where nvcc
refuses a text that passes here, its header is missing or an older nvcc took it.
"""

from __future__ import annotations

from dataclasses import dataclass

SOURCE = "void f(int n, const float *x, float *y) { for (int i = 0; i < n; i++) y[i] = 2 * x[i]; }"
SUITE = "\n".join(
    f"n={n} x[n]=uniform(-1,1)@{n} y[n]=uniform(-1,1)@{n + 1}" for n in (1, 5, 300, 1000)
)


@dataclass(frozen=True, slots=True)
class RuleText:
    """One text. nvcc: whether nvcc takes it. outcome: the engine's."""

    name: str
    nvcc: bool
    outcome: str
    text: str


TEXTS: dict[str, RuleText] = {}


def add(name: str, nvcc: bool, outcome: str, text: str) -> None:
    TEXTS[name] = RuleText(name, nvcc, outcome, text)


def kernel(body: str, before: str = "") -> str:
    return (
        f"{before}\n__global__ void f(int n, const float *x, float *y) "
        f"{{ int i = blockIdx.x * blockDim.x + threadIdx.x; {body} }}\n"
    )


PLAIN = "if (i < n) y[i] = 2 * x[i];"
LAUNCHED = kernel(PLAIN).replace("void f(", "void k(")
L = "k<<<(n + 255) / 256, 256>>>(n, a, b);"


def host(body: str, kernel: str = LAUNCHED, before: str = "") -> str:
    return f"""{before}
{kernel}
void f(int n, const float *x, float *y) {{
  float *a, *b;
  cudaMalloc(&a, n * sizeof(float)); cudaMalloc(&b, n * sizeof(float));
  cudaMemcpy(a, x, n * sizeof(float), cudaMemcpyHostToDevice);
  cudaMemcpy(b, y, n * sizeof(float), cudaMemcpyHostToDevice);
  {body}
  cudaMemcpy(y, b, n * sizeof(float), cudaMemcpyDeviceToHost);
  cudaFree(a); cudaFree(b);
}}
"""


add("plain kernel", True, "EQUIVALENT", kernel(PLAIN))
add(
    "unmarked helper",
    False,
    "COMPILE_ERROR",
    kernel("if (i < n) y[i] = twice(x[i]);", "float twice(float v) { return 2 * v; }"),
)
add(
    "device helper",
    True,
    "EQUIVALENT",
    kernel("if (i < n) y[i] = twice(x[i]);", "__device__ float twice(float v) { return 2 * v; }"),
)
add(
    "host helper in kernel",
    False,
    "COMPILE_ERROR",
    kernel("if (i < n) y[i] = twice(x[i]);", "__host__ float twice(float v) { return 2 * v; }"),
)
add(
    "both helper",
    True,
    "EQUIVALENT",
    kernel(
        "if (i < n) y[i] = twice(x[i]);",
        "__host__ __device__ float twice(float v) { return 2 * v; }",
    ),
)
add(
    "inline unmarked helper",
    False,
    "COMPILE_ERROR",
    kernel(
        "if (i < n) y[i] = twice(x[i]);", "static inline float twice(float v) { return 2 * v; }"
    ),
)
add(
    "constexpr helper",
    False,
    "COMPILE_ERROR",
    kernel("if (i < n) y[i] = twice(x[i]);", "constexpr float twice(float v) { return 2 * v; }"),
)
add(
    "constexpr helper folded",
    False,
    "COMPILE_ERROR",
    kernel(
        "constexpr int two = twice(1); if (i < n) y[i] = two * x[i];",
        "constexpr int twice(int v) { return 2 * v; }",
    ),
)
add(
    "constexpr in array bound",
    False,
    "COMPILE_ERROR",
    kernel(
        (
            "__shared__ float s[twice(128)]; s[threadIdx.x % 256] = 0; __syncthreads(); if (i "
            "< n) y[i] = 2 * x[i];"
        ),
        "constexpr int twice(int v) { return 2 * v; }",
    ),
)
add(
    "template unmarked helper",
    False,
    "COMPILE_ERROR",
    kernel("if (i < n) y[i] = twice(x[i]);", "template <class T> T twice(T v) { return 2 * v; }"),
)
add(
    "template device helper",
    True,
    "EQUIVALENT",
    kernel(
        "if (i < n) y[i] = twice(x[i]);",
        "template <class T> __device__ T twice(T v) { return 2 * v; }",
    ),
)
add(
    "helper through macro",
    False,
    "COMPILE_ERROR",
    kernel(
        "if (i < n) y[i] = TWICE(x[i]);",
        ("float twice(float v) { return 2 * v; }\n#define TWICE(v) twice(v)"),
    ),
)
add(
    "helper marked by macro",
    True,
    "EQUIVALENT",
    kernel(
        "if (i < n) y[i] = twice(x[i]);",
        ("#define HD __host__ __device__\nHD float twice(float v) { return 2 * v; }"),
    ),
)
add(
    "helper two deep",
    False,
    "COMPILE_ERROR",
    kernel(
        "if (i < n) y[i] = twice(x[i]);",
        (
            "float add(float a, float b) { return a + b; }\n"
            "__device__ float twice(float v) { return add(v, v); }"
        ),
    ),
)
add(
    "both calls unmarked, from kernel",
    True,
    "COMPILE_ERROR",
    kernel(
        "if (i < n) y[i] = twice(x[i]);",
        (
            "float add(float a, float b) { return a + b; }\n"
            "__host__ __device__ float twice(float v) { return add(v, v); }"
        ),
    ),
)
add(
    "device fn on host",
    False,
    "COMPILE_ERROR",
    host("if (twice(1.0f) > 1) " + L, before="__device__ float twice(float v) { return 2 * v; }"),
)
add(
    "both fn on host",
    True,
    "EQUIVALENT",
    host(
        "if (twice(1.0f) > 1) " + L,
        before="__host__ __device__ float twice(float v) { return 2 * v; }",
    ),
)
add("kernel called plainly", False, "COMPILE_ERROR", host("k(n, a, b);"))
add(
    "launch of a device fn",
    False,
    "COMPILE_ERROR",
    host(
        "k<<<1, 1>>>(n, a, b);",
        kernel=(
            "__device__ void k(int n, const float *x, float *y) { for (int i = 0; i < n; i++) "
            "y[i] = 2 * x[i]; }"
        ),
    ),
)
add(
    "launch of a host fn",
    False,
    "COMPILE_ERROR",
    host(
        "k<<<1, 1>>>(n, a, b);",
        kernel=(
            "void k(int n, const float *x, float *y) { for (int i = 0; i < n; i++) y[i] = 2 * "
            "x[i]; }"
        ),
    ),
)
add(
    "kernel that returns",
    False,
    "COMPILE_ERROR",
    (
        "__global__ int f(int n, const float *x, float *y) { int i = blockIdx.x * "
        "blockDim.x + threadIdx.x; if (i < n) y[i] = 2 * x[i]; return 0; }"
    ),
)
add(
    "prototype device, definition plain",
    True,
    "EQUIVALENT",
    kernel(
        "if (i < n) y[i] = twice(x[i]);",
        ("__device__ float twice(float v);\nfloat twice(float v) { return 2 * v; }"),
    ),
)
add(
    "overload by side",
    True,
    "EQUIVALENT",
    kernel(
        "if (i < n) y[i] = twice(x[i]);",
        (
            "__device__ float twice(float v) { return 2 * v; }\n"
            "float twice(double v) { return 2 * v; }"
        ),
    ),
)
add(
    "overload wrong side",
    False,
    "COMPILE_ERROR",
    kernel(
        "if (i < n) y[i] = twice(x[i]);",
        (
            "float twice(float v) { return 2 * v; }\n"
            "__device__ float twice(double v) { return 2 * v; }"
        ),
    ),
)
add(
    "struct method unmarked",
    False,
    "COMPILE_ERROR",
    kernel(
        "P p{x[i % n]}; if (i < n) y[i] = p.twice();",
        "struct P { float v; float twice() const { return 2 * v; } };",
    ),
)
add(
    "struct method device",
    True,
    "EQUIVALENT",
    kernel(
        "if (i < n) { P p{x[i]}; y[i] = p.twice(); }",
        "struct P { float v; __device__ float twice() const { return 2 * v; } };",
    ),
)
add(
    "struct constructor unmarked",
    False,
    "COMPILE_ERROR",
    kernel(
        "if (i < n) { P p(x[i]); y[i] = 2 * p.v; }", "struct P { float v; P(float w) : v(w) {} };"
    ),
)
add(
    "struct constructor device",
    True,
    "EQUIVALENT",
    kernel(
        "if (i < n) { P p(x[i]); y[i] = 2 * p.v; }",
        "struct P { float v; __device__ P(float w) : v(w) {} };",
    ),
)
add(
    "struct without constructor",
    True,
    "EQUIVALENT",
    kernel("if (i < n) { P p; p.v = x[i]; y[i] = 2 * p.v; }", "struct P { float v; };"),
)
add(
    "operator unmarked",
    False,
    "COMPILE_ERROR",
    kernel(
        "if (i < n) { P p; p.v = x[i]; y[i] = (p + p).v; }",
        ("struct P { float v; };\nP operator+(P a, P b) { return P{a.v + b.v}; }"),
    ),
)
add(
    "operator device",
    True,
    "EQUIVALENT",
    kernel(
        "if (i < n) { P p; p.v = x[i]; y[i] = (p + p).v; }",
        ("struct P { float v; };\n__device__ P operator+(P a, P b) { return P{a.v + b.v}; }"),
    ),
)
add(
    "functor unmarked",
    False,
    "COMPILE_ERROR",
    kernel(
        "if (i < n) y[i] = Twice()(x[i]);",
        "struct Twice { float operator()(float v) const { return 2 * v; } };",
    ),
)
add(
    "lambda in kernel",
    True,
    "EQUIVALENT",
    kernel("auto twice = [](float v) { return 2 * v; }; if (i < n) y[i] = twice(x[i]);"),
)
add(
    "macro as helper",
    True,
    "EQUIVALENT",
    kernel("if (i < n) y[i] = TWICE(x[i]);", "#define TWICE(v) (2 * (v))"),
)
add(
    "std::min",
    False,
    "COMPILE_ERROR",
    kernel("int m = std::min(i, n); if (m < n) y[m] = 2 * x[m];", "#include <algorithm>"),
)
add("min", True, "EQUIVALENT", kernel("int m = min(i, n); if (m < n) y[m] = 2 * x[m];"))
add(
    "std::swap",
    False,
    "COMPILE_ERROR",
    kernel(
        "if (i < n) { float a = x[i], b = 0; std::swap(a, b); y[i] = 2 * b; }", "#include <utility>"
    ),
)
add(
    "std::sort",
    False,
    "COMPILE_ERROR",
    kernel(
        "if (i < n) { float a[2] = {x[i], x[i]}; std::sort(a, a + 2); y[i] = a[0] + a[1]; }",
        "#include <algorithm>",
    ),
)
add(
    "std::fill",
    False,
    "COMPILE_ERROR",
    kernel(
        "if (i < n) { float a[2]; std::fill(a, a + 2, x[i]); y[i] = a[0] + a[1]; }",
        "#include <algorithm>",
    ),
)
add(
    "std::vector in kernel",
    False,
    "COMPILE_ERROR",
    kernel(
        "if (i < n) { std::vector<float> a(2, x[i]); y[i] = a[0] + a[1]; }", "#include <vector>"
    ),
)
add(
    "std::array in kernel",
    False,
    "COMPILE_ERROR",
    kernel(
        ("if (i < n) { std::array<float, 2> a; a[0] = x[i]; a[1] = x[i]; y[i] = a[0] + a[1]; }"),
        "#include <array>",
    ),
)
add(
    "std::vector on host",
    True,
    "EQUIVALENT",
    host("std::vector<float> v(n); " + L, before="#include <vector>"),
)
add(
    "std::min on host",
    True,
    "EQUIVALENT",
    host(
        "int m = std::min(n, n + 1); k<<<(m + 255) / 256, 256>>>(m, a, b);",
        before="#include <algorithm>",
    ),
)
add(
    "std::sqrt",
    True,
    "EQUIVALENT",
    kernel("if (i < n) y[i] = std::sqrt(4.0f) * x[i];", "#include <cmath>"),
)
add(
    "std::abs float",
    True,
    "EQUIVALENT",
    kernel("if (i < n) y[i] = std::abs(-2.0f) * x[i];", "#include <cmath>"),
)
add(
    "numeric_limits",
    False,
    "COMPILE_ERROR",
    kernel(
        "if (i < n && i < std::numeric_limits<int>::max()) y[i] = 2 * x[i];", "#include <limits>"
    ),
)
add(
    "std::pair",
    False,
    "COMPILE_ERROR",
    kernel(
        "if (i < n) { std::pair<float, float> p; p.first = x[i]; y[i] = 2 * p.first; }",
        "#include <utility>",
    ),
)
add(
    "std::make_pair",
    False,
    "COMPILE_ERROR",
    kernel(
        "if (i < n) { auto p = std::make_pair(x[i], 1); y[i] = 2 * p.first; }", "#include <utility>"
    ),
)
add(
    "std::move",
    True,
    "EQUIVALENT",
    kernel(
        "if (i < n) { float a = x[i]; float b = std::move(a); y[i] = 2 * b; }", "#include <utility>"
    ),
)
add(
    "std::complex in kernel",
    False,
    "COMPILE_ERROR",
    kernel(
        "if (i < n) { std::complex<float> c(x[i], 0); y[i] = 2 * c.real(); }", "#include <complex>"
    ),
)
add(
    "using namespace std max",
    True,
    "EQUIVALENT",
    kernel(
        "int m = max(i, 0); if (m < n) y[m] = 2 * x[m];",
        ("#include <algorithm>\nusing namespace std;"),
    ),
)
add(
    "fill under using",
    False,
    "COMPILE_ERROR",
    kernel(
        "if (i < n) { float a[2]; fill(a, a + 2, x[i]); y[i] = a[0] + a[1]; }",
        ("#include <algorithm>\nusing namespace std;"),
    ),
)
add(
    "malloc in kernel",
    True,
    "EQUIVALENT",
    kernel("if (i < n) { float *a = (float *)malloc(4); a[0] = x[i]; y[i] = 2 * a[0]; free(a); }"),
)
add(
    "memcpy in kernel",
    True,
    "EQUIVALENT",
    kernel("if (i < n) { float a; memcpy(&a, x + i, 4); y[i] = 2 * a; }", "#include <cstring>"),
)
add(
    "memmove in kernel",
    False,
    "COMPILE_ERROR",
    kernel("if (i < n) { float a; memmove(&a, x + i, 4); y[i] = 2 * a; }", "#include <cstring>"),
)
add(
    "printf in kernel",
    True,
    "EQUIVALENT",
    kernel('if (i < n) { y[i] = 2 * x[i]; if (x[i] > 1e30f) printf("big"); }', "#include <cstdio>"),
)
add(
    "exit in kernel",
    False,
    "COMPILE_ERROR",
    kernel("if (n < 0) exit(1); if (i < n) y[i] = 2 * x[i];", "#include <cstdlib>"),
)
add(
    "assert in kernel",
    True,
    "EQUIVALENT",
    kernel("assert(n >= 0); if (i < n) y[i] = 2 * x[i];", "#include <cassert>"),
)
add(
    "throw in kernel",
    False,
    "COMPILE_ERROR",
    kernel("if (n < 0) throw 1; if (i < n) y[i] = 2 * x[i];"),
)
add(
    "try in kernel",
    False,
    "COMPILE_ERROR",
    kernel("try { if (i < n) y[i] = 2 * x[i]; } catch (...) {}"),
)
add(
    "new in kernel",
    True,
    "EQUIVALENT",
    kernel("if (i < n) { float *a = new float[1]; a[0] = x[i]; y[i] = 2 * a[0]; delete[] a; }"),
)
add(
    "cudaMalloc in kernel",
    True,
    "EQUIVALENT",
    kernel("if (i < n) { float *a; cudaMalloc(&a, 4); y[i] = 2 * x[i]; }"),
)
add(
    "cudaMemcpy in kernel",
    False,
    "COMPILE_ERROR",
    kernel(
        "if (i < n) { cudaMemcpy(y + i, x + i, 4, cudaMemcpyDeviceToDevice); y[i] = 2 * x[i]; }"
    ),
)
add("syncthreads on host", False, "COMPILE_ERROR", host(L + " __syncthreads();"))
add("atomicAdd on host", False, "COMPILE_ERROR", host(L + " int c = 0; atomicAdd(&c, 1);"))
add("__expf on host", False, "COMPILE_ERROR", host("if (__expf(1.0f) > 0) " + L))
add("shared on host", False, "COMPILE_ERROR", host("__shared__ float s[4]; s[0] = 1; " + L))
add("__clz on host", False, "COMPILE_ERROR", host("if (__clz(1) > 0) " + L))
add(
    "vla in kernel",
    False,
    "COMPILE_ERROR",
    kernel("if (i < n) { float a[n]; a[0] = x[i]; y[i] = 2 * a[0]; }"),
)
add(
    "vla in device fn",
    False,
    "COMPILE_ERROR",
    kernel(
        "if (i < n) y[i] = twice(x[i], n);",
        "__device__ float twice(float v, int n) { float a[n]; a[0] = v; return 2 * a[0]; }",
    ),
)
add(
    "shared vla",
    False,
    "COMPILE_ERROR",
    kernel("__shared__ float a[blockDim.x]; a[threadIdx.x] = 0; if (i < n) y[i] = 2 * x[i];"),
)
add(
    "shared vla parameter",
    False,
    "COMPILE_ERROR",
    kernel("__shared__ float a[n]; a[0] = 0; if (i < n) y[i] = 2 * x[i];"),
)
add(
    "const int bound",
    True,
    "EQUIVALENT",
    kernel("const int m = 4; float a[m]; a[0] = 2; if (i < n) y[i] = a[0] * x[i];"),
)
add(
    "int bound",
    False,
    "COMPILE_ERROR",
    kernel("int m = 4; float a[m]; a[0] = 2; if (i < n) y[i] = a[0] * x[i];"),
)
add("vla on host", True, "EQUIVALENT", host("float v[n + 1]; v[0] = 1; if (v[0] > 0) " + L))
add(
    "48 KB shared",
    True,
    "EQUIVALENT",
    kernel(
        "__shared__ float s[12288]; s[threadIdx.x] = 0; if (i < n) y[i] = 2 * x[i] + "
        "s[threadIdx.x];"
    ),
)
add(
    "64 KB shared",
    False,
    "COMPILE_ERROR",
    kernel(
        "__shared__ float s[16384]; s[threadIdx.x] = 0; if (i < n) y[i] = 2 * x[i] + "
        "s[threadIdx.x];"
    ),
)
add(
    "two shared beyond 48",
    False,
    "COMPILE_ERROR",
    kernel(
        "__shared__ float s[8192]; __shared__ float t[8192]; s[threadIdx.x] = 0; "
        "t[threadIdx.x] = s[threadIdx.x]; if (i < n) y[i] = 2 * x[i] + t[threadIdx.x];"
    ),
)
add(
    "shared unused 64 KB",
    True,
    "EQUIVALENT",
    kernel("__shared__ float s[16384]; if (i < n) y[i] = 2 * x[i];"),
)
add(
    "global shared declared",
    True,
    "EQUIVALENT",
    kernel(
        "s[threadIdx.x] = 0; if (i < n) y[i] = 2 * x[i] + s[threadIdx.x];",
        "__shared__ float s[256];",
    ),
)
add(
    "64 KB constant",
    True,
    "EQUIVALENT",
    kernel("if (i < n) y[i] = (2 + c[i % 16384]) * x[i];", "__constant__ float c[16384];"),
)
add(
    "more constant",
    False,
    "COMPILE_ERROR",
    kernel("if (i < n) y[i] = (2 + c[i % 16385]) * x[i];", "__constant__ float c[16385];"),
)
add(
    "two constants beyond",
    False,
    "COMPILE_ERROR",
    kernel(
        "if (i < n) y[i] = (2 + c[i % 8192] + d[i % 8192]) * x[i];",
        "__constant__ float c[8193], d[8192];",
    ),
)
add(
    "shared with initial value",
    False,
    "COMPILE_ERROR",
    kernel("__shared__ float s = 2; if (i < n) y[i] = s * x[i];"),
)
add(
    "constant written in kernel",
    False,
    "COMPILE_ERROR",
    kernel("if (i < n) { c = 2; y[i] = c * x[i]; }", "__constant__ float c;"),
)
add(
    "device var const in kernel",
    True,
    "EQUIVALENT",
    kernel("if (i < n) y[i] = two * x[i];", "const float two = 2.0f;"),
)
add(
    "constexpr float",
    True,
    "EQUIVALENT",
    kernel("if (i < n) y[i] = two * x[i];", "constexpr float two = 2.0f;"),
)
add(
    "const array in kernel",
    False,
    "COMPILE_ERROR",
    kernel("if (i < n) y[i] = two[i % 2] * x[i];", "const float two[2] = {2, 2};"),
)
add(
    "constexpr array dynamic index",
    False,
    "COMPILE_ERROR",
    kernel("if (i < n) y[i] = two[i % 2] * x[i];", "constexpr float two[2] = {2, 2};"),
)
add(
    "constexpr array constant index",
    False,
    "COMPILE_ERROR",
    kernel("if (i < n) y[i] = two[1] * x[i];", "constexpr float two[2] = {2, 2};"),
)
add(
    "host global in kernel",
    False,
    "REFUSED",
    kernel("if (i < n) y[i] = two * x[i];", "float two = 2;"),
)
add(
    "const address in kernel",
    False,
    "COMPILE_ERROR",
    kernel("const float *p = &two; if (i < n) y[i] = *p * x[i];", "const float two = 2;"),
)
add(
    "static const local in kernel",
    True,
    "EQUIVALENT",
    kernel("static const float t[2] = {2, 2}; if (i < n) y[i] = t[i % 2] * x[i];"),
)
add(
    "device var read by host",
    True,
    "MEMORY_ERROR",
    host("if (two > 1) " + L, before="__device__ float two = 2;"),
)
add(
    "device var written by host",
    True,
    "MEMORY_ERROR",
    host(
        "two = 2; " + L,
        kernel=(
            "__device__ float two;\n"
            "__global__ void k(int n, const float *x, float *y) { int i = blockIdx.x * "
            "blockDim.x + threadIdx.x; if (i < n) y[i] = two * x[i]; }"
        ),
    ),
)
add(
    "constant written by host",
    True,
    "MEMORY_ERROR",
    host(
        "two[0] = 2; " + L,
        kernel=(
            "__constant__ float two[1];\n"
            "__global__ void k(int n, const float *x, float *y) { int i = blockIdx.x * "
            "blockDim.x + threadIdx.x; if (i < n) y[i] = two[0] * x[i]; }"
        ),
    ),
)
add(
    "memcpy to symbol",
    True,
    "EQUIVALENT",
    host(
        "float t = 2; cudaMemcpyToSymbol(two, &t, sizeof t); " + L,
        kernel=(
            "__constant__ float two;\n"
            "__global__ void k(int n, const float *x, float *y) { int i = blockIdx.x * "
            "blockDim.x + threadIdx.x; if (i < n) y[i] = two * x[i]; }"
        ),
    ),
)
add(
    "cudaMemcpy to symbol",
    True,
    "MEMORY_ERROR",
    host(
        "float t = 2; cudaMemcpy(&two, &t, sizeof t, cudaMemcpyHostToDevice); " + L,
        kernel=(
            "__device__ float two;\n"
            "__global__ void k(int n, const float *x, float *y) { int i = blockIdx.x * "
            "blockDim.x + threadIdx.x; if (i < n) y[i] = two * x[i]; }"
        ),
    ),
)
add(
    "symbol as argument",
    True,
    "MEMORY_ERROR",
    host(
        "k<<<(n + 255) / 256, 256>>>(n, a, b, two);",
        kernel=(
            "__device__ float two[1] = {2};\n"
            "__global__ void k(int n, const float *x, float *y, const float *t) { int i = "
            "blockIdx.x * blockDim.x + threadIdx.x; if (i < n) y[i] = t[0] * x[i]; }"
        ),
    ),
)
add(
    "symbol address",
    True,
    "EQUIVALENT",
    host(
        (
            "float *p; cudaGetSymbolAddress((void **)&p, two); k<<<(n + 255) / 256, 256>>>(n, "
            "a, b, p);"
        ),
        kernel=(
            "__device__ float two[1] = {2};\n"
            "__global__ void k(int n, const float *x, float *y, const float *t) { int i = "
            "blockIdx.x * blockDim.x + threadIdx.x; if (i < n) y[i] = t[0] * x[i]; }"
        ),
    ),
)
add(
    "managed on host",
    True,
    "EQUIVALENT",
    host(
        "two = 2; " + L,
        kernel=(
            "__managed__ float two;\n"
            "__global__ void k(int n, const float *x, float *y) { int i = blockIdx.x * "
            "blockDim.x + threadIdx.x; if (i < n) y[i] = two * x[i]; }"
        ),
    ),
)
add(
    "constant sizeof on host",
    True,
    "EQUIVALENT",
    host(
        "float t[2] = {2, 2}; cudaMemcpyToSymbol(two, t, sizeof(two)); " + L,
        kernel=(
            "__constant__ float two[2];\n"
            "__global__ void k(int n, const float *x, float *y) { int i = blockIdx.x * "
            "blockDim.x + threadIdx.x; if (i < n) y[i] = two[0] * x[i]; }"
        ),
    ),
)
add("too few arguments", False, "COMPILE_ERROR", host("k<<<1, 256>>>(n, a);"))
add("too many arguments", False, "COMPILE_ERROR", host("k<<<1, 256>>>(n, a, b, n);"))
add("2048 threads", True, "MISMATCH", host("k<<<(n + 2047) / 2048, 2048>>>(n, a, b);"))
add("1024 threads", True, "EQUIVALENT", host("k<<<(n + 1023) / 1024, 1024>>>(n, a, b);"))
add(
    "block z 128",
    True,
    "MISMATCH",
    host(
        "k<<<n, dim3(1, 1, 128)>>>(n, a, b);",
        kernel=(
            "__global__ void k(int n, const float *x, float *y) { int i = blockIdx.x; if (i < "
            "n && threadIdx.z == 0) y[i] = 2 * x[i]; }"
        ),
    ),
)
add(
    "grid y 70000",
    True,
    "MISMATCH",
    host(
        "k<<<dim3(1, 70000), 256>>>(n, a, b);",
        kernel=(
            "__global__ void k(int n, const float *x, float *y) { int i = blockIdx.y * "
            "blockDim.x + threadIdx.x; if (i < n) y[i] = 2 * x[i]; }"
        ),
    ),
)
add(
    "dynamic shared 64 KB",
    True,
    "MISMATCH",
    host(
        "k<<<(n + 255) / 256, 256, 65536>>>(n, a, b);",
        kernel=(
            "__global__ void k(int n, const float *x, float *y) { extern __shared__ float s[]; "
            "int i = blockIdx.x * blockDim.x + threadIdx.x; s[threadIdx.x] = i < n ? x[i] : 0; "
            "if (i < n) y[i] = 2 * s[threadIdx.x]; }"
        ),
    ),
)
add(
    "dynamic shared 64 KB opted",
    True,
    "EQUIVALENT",
    host(
        (
            "cudaFuncSetAttribute(k, cudaFuncAttributeMaxDynamicSharedMemorySize, 65536); "
            "k<<<(n + 255) / 256, 256, 65536>>>(n, a, b);"
        ),
        kernel=(
            "__global__ void k(int n, const float *x, float *y) { extern __shared__ float s[]; "
            "int i = blockIdx.x * blockDim.x + threadIdx.x; s[threadIdx.x] = i < n ? x[i] : 0; "
            "if (i < n) y[i] = 2 * s[threadIdx.x]; }"
        ),
    ),
)
add(
    "opted for too little",
    True,
    "MISMATCH",
    TEXTS["dynamic shared 64 KB opted"].text.replace("Size, 65536", "Size, 50000"),
)
add(
    "static and dynamic beyond 48",
    True,
    "MISMATCH",
    host(
        "k<<<(n + 255) / 256, 256, 32768>>>(n, a, b);",
        kernel=(
            "__global__ void k(int n, const float *x, float *y) { extern __shared__ float s[]; "
            "__shared__ float t[8192]; int i = blockIdx.x * blockDim.x + threadIdx.x; "
            "t[threadIdx.x] = 0; s[threadIdx.x] = i < n ? x[i] : 0; if (i < n) y[i] = 2 * "
            "s[threadIdx.x] + t[threadIdx.x]; }"
        ),
    ),
)
add(
    "launch in kernel",
    False,
    "COMPILE_ERROR",
    kernel(
        "if (i == 0) k<<<1, 256>>>(n, x, y);",
        (
            "__global__ void k(int n, const float *x, float *y) { for (int i = threadIdx.x; i "
            "< n; i += 256) y[i] = 2 * x[i]; }"
        ),
    ),
)
add(
    "reference parameter",
    True,
    "MEMORY_ERROR",
    host(
        "k<<<(n + 255) / 256, 256>>>(n, a, b);",
        kernel=(
            "__global__ void k(int &n, const float *x, float *y) { int i = blockIdx.x * "
            "blockDim.x + threadIdx.x; if (i < n) y[i] = 2 * x[i]; }"
        ),
    ),
)
add(
    "variadic kernel",
    False,
    "COMPILE_ERROR",
    host(
        "k<<<1, 1>>>(n, a, b);",
        kernel=(
            "__global__ void k(int n, const float *x, float *y, ...) { for (int i = 0; i < n; "
            "i++) y[i] = 2 * x[i]; }"
        ),
    ),
)
add(
    "template kernel",
    True,
    "EQUIVALENT",
    host(
        "k<256><<<(n + 255) / 256, 256>>>(n, a, b);",
        kernel=(
            "template <int B> __global__ void k(int n, const float *x, float *y) { __shared__ "
            "float s[B]; int i = blockIdx.x * B + threadIdx.x; s[threadIdx.x] = i < n ? x[i] : "
            "0; if (i < n) y[i] = 2 * s[threadIdx.x]; }"
        ),
    ),
)
add(
    "template kernel too much shared",
    False,
    "COMPILE_ERROR",
    TEXTS["template kernel"]
    .text.replace("k<256>", "k<16384>")
    .replace("blockIdx.x * B", "blockIdx.x * 256"),
)
add(
    "kernel in a class",
    False,
    "COMPILE_ERROR",
    host(
        "P::k<<<(n + 255) / 256, 256>>>(n, a, b);",
        kernel=(
            "struct P { static __global__ void k(int n, const float *x, float *y) { int i = "
            "blockIdx.x * blockDim.x + threadIdx.x; if (i < n) y[i] = 2 * x[i]; } };"
        ),
    ),
)
add(
    "launch bounds broken",
    True,
    "MISMATCH",
    host(
        "k<<<(n + 511) / 512, 512>>>(n, a, b);",
        kernel=(
            "__global__ void __launch_bounds__(256) k(int n, const float *x, float *y) { int i "
            "= blockIdx.x * blockDim.x + threadIdx.x; if (i < n) y[i] = 2 * x[i]; }"
        ),
    ),
)
add(
    "removed shfl",
    False,
    "EQUIVALENT",
    kernel("float v = __shfl_down(i < n ? x[i] : 0, 0); if (i < n) y[i] = 2 * v;"),
)
add(
    "atomicAdd size_t",
    False,
    "COMPILE_ERROR",
    kernel(
        "__shared__ size_t s; if (threadIdx.x == 0) s = 0; __syncthreads(); atomicAdd(&s, "
        "1); if (i < n) y[i] = 2 * x[i];"
    ),
)
add(
    "atomicAdd ull",
    True,
    "EQUIVALENT",
    kernel(
        "__shared__ unsigned long long s; if (threadIdx.x == 0) s = 0; __syncthreads(); "
        "atomicAdd(&s, 1ULL); if (i < n) y[i] = 2 * x[i];"
    ),
)
add("main beside", True, "EQUIVALENT", kernel(PLAIN) + "int main() { return 0; }\n")
add(
    "long double in kernel",
    True,
    "EQUIVALENT",
    kernel("long double t = 2; if (i < n) y[i] = (float)t * x[i];"),
)
add(
    "virtual",
    True,
    "EQUIVALENT",
    kernel(
        "if (i < n) { P p; y[i] = p.twice(x[i]); }",
        "struct P { __device__ virtual float twice(float v) { return 2 * v; } };",
    ),
)
add(
    "recursion",
    True,
    "EQUIVALENT",
    kernel(
        "if (i < n) y[i] = up(x[i], 2);",
        "__device__ float up(float v, int k) { return k == 0 ? 0 : v + up(v, k - 1); }",
    ),
)
add(
    "cin",
    False,
    "COMPILE_ERROR",
    kernel("if (i < n) y[i] = 2 * x[i]; std::cout << i;", "#include <iostream>"),
)
add("uchar without header", False, "EQUIVALENT", kernel("uchar q = 2; if (i < n) y[i] = q * x[i];"))
add(
    "FLT_MAX without header",
    False,
    "EQUIVALENT",
    kernel("if (i < n) y[i] = 2 * x[i] < FLT_MAX ? 2 * x[i] : FLT_MAX;"),
)
add(
    "std::min without header",
    False,
    "COMPILE_ERROR",
    kernel("if (i < n) y[i] = std::min(2, 3) * x[i];"),
)
add(
    "sqrt of int",
    False,
    "COMPILE_ERROR",
    kernel("if (i < n) y[i] = sqrt(4) * x[i] + (sqrt(n) < 0);"),
)
add(
    "sqrt of float cast",
    True,
    "EQUIVALENT",
    kernel("if (i < n) y[i] = sqrt((float)4) * x[i] + (sqrt(1.0 * n) < 0);"),
)
add(
    "fmax of float and int",
    False,
    "COMPILE_ERROR",
    kernel("if (i < n) y[i] = fmax(2.0f, 1) * x[i];"),
)
add(
    "fmaxf of float and int", True, "EQUIVALENT", kernel("if (i < n) y[i] = fmaxf(2.0f, 1) * x[i];")
)
add("pow of ints", True, "EQUIVALENT", kernel("if (i < n) y[i] = pow(2, 1) * x[i];"))
add("abs of int", True, "EQUIVALENT", kernel("if (i < n) y[i] = abs(-2) * x[i];"))
add(
    "floor of a quotient",
    False,
    "COMPILE_ERROR",
    kernel("int m = floor(n / 2); if (i < n && m >= 0) y[i] = 2 * x[i];"),
)
add(
    "floorf of a quotient",
    True,
    "EQUIVALENT",
    kernel("int m = floorf(n / 2); if (i < n && m >= 0) y[i] = 2 * x[i];"),
)
add(
    "cos with pi",
    True,
    "EQUIVALENT",
    kernel("if (i < n) y[i] = (1 + cos(2 * 3.14159265358979 * 0 / n)) * x[i];"),
)
add(
    "template parameter operator",
    True,
    "EQUIVALENT",
    host(
        "k<<<(n + 255) / 256, 256>>>(n, a, b, Twice());",
        kernel=(
            "struct Twice { __device__ float operator()(float v) const { return 2 * v; } };\n"
            "template <class Op> __global__ void k(int n, const float *x, float *y, Op op) { "
            "int i = blockIdx.x * blockDim.x + threadIdx.x; if (i < n) y[i] = op(x[i]); }"
        ),
    ),
)
add(
    "template parameter host operator",
    False,
    "COMPILE_ERROR",
    TEXTS["template parameter operator"].text.replace(
        "__device__ float operator", "float operator"
    ),
)
add(
    "defaulted constructor",
    True,
    "EQUIVALENT",
    kernel(
        "if (i < n) { P p; p.v = x[i]; y[i] = 2 * p.v; }", "struct P { float v; P() = default; };"
    ),
)
add(
    "static method",
    True,
    "EQUIVALENT",
    kernel(
        "if (i < n) y[i] = P::twice(x[i]);",
        "struct P { static __device__ float twice(float v) { return 2 * v; } };",
    ),
)
add(
    "method defined outside",
    True,
    "EQUIVALENT",
    kernel(
        "if (i < n) { P p{x[i]}; y[i] = p.twice(); }",
        (
            "struct P { float v; __device__ float twice(); };\n"
            "__device__ float P::twice() { return 2 * v; }"
        ),
    ),
)
add(
    "constructor for the host only",
    True,
    "EQUIVALENT",
    host(
        "P p(2); k<<<(n + 255) / 256, 256>>>(n, a, b, p);",
        kernel=(
            "struct P { float v; P(float w) : v(w) {} };\n"
            "__global__ void k(int n, const float *x, float *y, P p) { int i = blockIdx.x * "
            "blockDim.x + threadIdx.x; if (i < n) y[i] = p.v * x[i]; }"
        ),
    ),
)
add(
    "constructor default member",
    True,
    "EQUIVALENT",
    kernel("if (i < n) { P p; y[i] = p.v * x[i]; }", "struct P { float v = 2; };"),
)
add(
    "namespace",
    True,
    "EQUIVALENT",
    kernel(
        "if (i < n) y[i] = ns::twice(x[i]);",
        "namespace ns { __device__ float twice(float v) { return 2 * v; } }",
    ),
)
add(
    "prototype before",
    True,
    "EQUIVALENT",
    "__device__ float twice(float v);\n"
    + kernel("if (i < n) y[i] = twice(x[i]);")
    + "__device__ float twice(float v) { return 2 * v; }\n",
)
add(
    "shadowed device function",
    True,
    "EQUIVALENT",
    host(
        "int twice = 2; if (twice == 2) " + L,
        before="__device__ float twice(float v) { return 2 * v; }",
    ),
)
add(
    "shadowed device variable",
    True,
    "EQUIVALENT",
    host(
        "float two = 2; two += 1; if (two > 1) " + L,
        kernel=(
            "__device__ float two = 2;\n"
            "__global__ void k(int n, const float *x, float *y) { int i = blockIdx.x * "
            "blockDim.x + threadIdx.x; if (i < n) y[i] = two * x[i]; }"
        ),
    ),
)
add(
    "own max template of ints",
    True,
    "EQUIVALENT",
    kernel(
        "int m = max(i, 0); if (m < n) y[m] = 2 * x[m];",
        "template <class T> T max(T a, T b) { return a < b ? b : a; }",
    ),
)
add(
    "own max template of floats",
    True,
    "EQUIVALENT",
    kernel(
        "if (i < n) y[i] = max(2.0f, 1.0f) * x[i];",
        "template <class T> T max(T a, T b) { return a < b ? b : a; }",
    ),
)
add(
    "own max of ints",
    False,
    "COMPILE_ERROR",
    kernel(
        "int m = max(i, 0); if (m < n) y[m] = 2 * x[m];",
        "int max(int a, int b) { return a < b ? b : a; }",
    ),
)
add(
    "host with lambda",
    True,
    "EQUIVALENT",
    host("auto blocks = [](int m) { return (m + 255) / 256; }; k<<<blocks(n), 256>>>(n, a, b);"),
)
add(
    "host std::transform",
    True,
    "EQUIVALENT",
    host(
        (
            "std::vector<float> v(n); std::transform(x, x + n, v.begin(), [](float q) { return "
            "q; }); "
        )
        + L,
        before=("#include <vector>\n#include <algorithm>"),
    ),
)
add(
    "both unused on the device",
    True,
    "EQUIVALENT",
    host(
        L + " if (twice(1) < 0) return;",
        before=(
            "float add(float a, float b) { return a + b; }\n"
            "__host__ __device__ float twice(float v) { return add(v, v); }"
        ),
    ),
)
add(
    "enum bound",
    True,
    "EQUIVALENT",
    kernel("float a[M]; a[0] = 2; if (i < n) y[i] = a[0] * x[i];", "enum { M = 4 };"),
)
add(
    "macro bound",
    True,
    "EQUIVALENT",
    kernel("float a[M * 2]; a[0] = 2; if (i < n) y[i] = a[0] * x[i];", "#define M 4"),
)
add(
    "template bound",
    True,
    "EQUIVALENT",
    host(
        "k<4><<<(n + 255) / 256, 256>>>(n, a, b);",
        kernel=(
            "template <int M> __global__ void k(int n, const float *x, float *y) { float t[M + "
            "1]; t[0] = 2; int i = blockIdx.x * blockDim.x + threadIdx.x; if (i < n) y[i] = "
            "t[0] * x[i]; }"
        ),
    ),
)
add(
    "sizeof bound",
    True,
    "EQUIVALENT",
    kernel("float q = 0; float a[sizeof(q)]; a[0] = 2; if (i < n) y[i] = a[0] * x[i] + q;"),
)
add(
    "sizeof parameter bound",
    True,
    "EQUIVALENT",
    kernel("float a[sizeof(n)]; a[0] = 2; if (i < n) y[i] = a[0] * x[i];"),
)
add(
    "constexpr bound",
    True,
    "EQUIVALENT",
    kernel("constexpr int m = 2 * 2; float a[m]; a[0] = 2; if (i < n) y[i] = a[0] * x[i];"),
)
add(
    "const of const bound",
    True,
    "EQUIVALENT",
    kernel(
        "const int q = 2; const int m = q + 2; float a[m][q]; a[0][0] = 2; if (i < n) y[i] "
        "= a[0][0] * x[i];"
    ),
)
add(
    "const of parameter bound",
    False,
    "COMPILE_ERROR",
    kernel("const int m = n; float a[m]; a[0] = 2; if (i < n) y[i] = a[0] * x[i];"),
)
add(
    "file const bound",
    True,
    "EQUIVALENT",
    kernel("float a[M]; a[0] = 2; if (i < n) y[i] = a[0] * x[i];", "static const int M = 4;"),
)
add(
    "file int bound",
    True,
    "EQUIVALENT",
    kernel(
        "__shared__ float a[M]; a[0] = 2; if (i < n) y[i] = 2 * x[i];",
        ("#define M (BLOCK + 1)\n#define BLOCK 256"),
    ),
)
add(
    "static constexpr member",
    True,
    "EQUIVALENT",
    kernel("if (i < n) y[i] = P::two * x[i];", "struct P { static constexpr float two = 2; };"),
)
add(
    "float2 operator",
    True,
    "EQUIVALENT",
    kernel(
        "if (i < n) { float2 a = make_float2(x[i], 0), b = a + a; y[i] = b.x; }",
        (
            "__device__ float2 operator+(float2 a, float2 b) { return make_float2(a.x + b.x, "
            "a.y + b.y); }"
        ),
    ),
)
add(
    "float2 host operator",
    False,
    "COMPILE_ERROR",
    kernel(
        "if (i < n) { float2 a = make_float2(x[i], 0), b = a + a; y[i] = b.x; }",
        "float2 operator+(float2 a, float2 b) { return make_float2(a.x + b.x, a.y + b.y); }",
    ),
)
add(
    "forceinline",
    True,
    "EQUIVALENT",
    kernel(
        "if (i < n) y[i] = twice(x[i]);",
        "static __forceinline__ __device__ float twice(float v) { return 2 * v; }",
    ),
)
add(
    "static kernel",
    True,
    "EQUIVALENT",
    host(
        L,
        kernel=(
            "static __global__ void k(int n, const float *x, float *y) { int i = blockIdx.x * "
            "blockDim.x + threadIdx.x; if (i < n) y[i] = 2 * x[i]; }"
        ),
    ),
)
add(
    "const table in device memory",
    True,
    "EQUIVALENT",
    kernel("if (i < n) y[i] = two[i % 2] * x[i];", "__device__ const float two[2] = {2, 2};"),
)
add(
    "const table in constant memory",
    True,
    "EQUIVALENT",
    kernel("if (i < n) y[i] = two[i % 2] * x[i];", "__constant__ float two[2] = {2, 2};"),
)
add(
    "host template runs kernel",
    True,
    "EQUIVALENT",
    (
        "template <int B> __global__ void k(int n, const float *x, float *y) { int i = "
        "blockIdx.x * B + threadIdx.x; if (i < n) y[i] = 2 * x[i]; }\n"
        "template <int B> void run(int n, const float *a, float *b) { k<B><<<(n + B - 1) / "
        "B, B>>>(n, a, b); }\n"
    )
    + host("run<128>(n, a, b);", kernel=""),
)
add(
    "launch by macro",
    True,
    "EQUIVALENT",
    host(
        "RUN(k, n, a, b);",
        before="#define RUN(kernel, n, ...) kernel<<<((n) + 255) / 256, 256>>>(n, __VA_ARGS__)",
    ),
)
add(
    "launch by macro, shared",
    True,
    "MISMATCH",
    TEXTS["dynamic shared 64 KB"]
    .text.replace("k<<<(n + 255) / 256, 256, 65536>>>(n, a, b);", "RUN(k, n, a, b);")
    .replace(
        "__global__",
        (
            "#define RUN(kernel, n, ...) kernel<<<((n) + 255) / 256, 256, 65536>>>(n, "
            "__VA_ARGS__)\n"
            "__global__"
        ),
        1,
    ),
)
add(
    "launch by macro, opted",
    True,
    "EQUIVALENT",
    TEXTS["launch by macro, shared"].text.replace(
        "RUN(k, n, a, b);",
        (
            "cudaFuncSetAttribute(k, cudaFuncAttributeMaxDynamicSharedMemorySize, 65536); "
            "RUN(k, n, a, b);"
        ),
    ),
)
add(
    "opted by address",
    True,
    "EQUIVALENT",
    TEXTS["dynamic shared 64 KB opted"].text.replace(
        "cudaFuncSetAttribute(k,", "cudaFuncSetAttribute((const void *)k,"
    ),
)
add(
    "opted another kernel",
    True,
    "MISMATCH",
    TEXTS["dynamic shared 64 KB opted"]
    .text.replace("cudaFuncSetAttribute(k,", "cudaFuncSetAttribute(other,")
    .replace(
        "__global__",
        (
            "__global__ void other(float *q) { extern __shared__ float s[]; q[0] = s[0] = 1; "
            "}\n"
            "__global__"
        ),
        1,
    ),
)
add(
    "opted for too much",
    True,
    "MISMATCH",
    TEXTS["dynamic shared 64 KB opted"].text.replace("65536", "300000"),
)
add(
    "opted template",
    True,
    "EQUIVALENT",
    host(
        (
            "cudaFuncSetAttribute(k<1>, cudaFuncAttributeMaxDynamicSharedMemorySize, 65536); "
            "k<1><<<(n + 255) / 256, 256, 65536>>>(n, a, b);"
        ),
        kernel=(
            "template <int Q> __global__ void k(int n, const float *x, float *y) { extern "
            "__shared__ float s[]; int i = blockIdx.x * blockDim.x + threadIdx.x; "
            "s[threadIdx.x] = i < n ? x[i] : 0; if (i < n) y[i] = 2 * s[threadIdx.x]; }"
        ),
    ),
)
add(
    "dynamic shared 48 KB",
    True,
    "EQUIVALENT",
    TEXTS["dynamic shared 64 KB"].text.replace("65536", "49152"),
)
add(
    "grid by n",
    True,
    "MISMATCH",
    host(
        "k<<<dim3(1, n * 66), 1>>>(n, a, b);",
        kernel=(
            "__global__ void k(int n, const float *x, float *y) { int i = blockIdx.y; if (i < "
            "n) y[i] = 2 * x[i]; }"
        ),
    ),
)
add(
    "launch bounds kept",
    True,
    "EQUIVALENT",
    TEXTS["launch bounds broken"].text.replace("512", "256").replace("511", "255"),
)
add(
    "address by symbol, host reads",
    True,
    "MEMORY_ERROR",
    host(
        "float *p; cudaGetSymbolAddress((void **)&p, two); if (p[0] > 1) " + L,
        before="__device__ float two[1] = {2};",
    ),
)
add(
    "symbol copied back",
    True,
    "EQUIVALENT",
    host(
        (
            "k<<<(n + 255) / 256, 256>>>(n, a, b); int c = 0; cudaMemcpyFromSymbol(&c, count, "
            "sizeof(c)); if (c < 0) y[0] = 0;"
        ),
        kernel=(
            "__device__ int count;\n"
            "__global__ void k(int n, const float *x, float *y) { int i = blockIdx.x * "
            "blockDim.x + threadIdx.x; if (i < n) { y[i] = 2 * x[i]; atomicAdd(&count, 1); } }"
        ),
    ),
)
add(
    "unused host helper of another side",
    True,
    "EQUIVALENT",
    kernel(PLAIN) + "void unused(float *a) { a[0] = 1; }\n",
)
add(
    "unused bad host helper",
    False,
    "COMPILE_ERROR",
    kernel(PLAIN, "__device__ float twice(float v) { return 2 * v; }")
    + "void unused(float *a) { a[0] = twice(1); }\n",
)
add(
    "64-bit atomicMin",
    True,
    "EQUIVALENT",
    kernel(
        "__shared__ long long s; if (threadIdx.x == 0) s = 0; __syncthreads(); "
        "atomicMin(&s, 1LL); if (i < n) y[i] = 2 * x[i];"
    ),
)
add("constant unused", False, "COMPILE_ERROR", kernel(PLAIN, "__constant__ float c[20000];"))
add(
    "constant and kernel parameters",
    True,
    "EQUIVALENT",
    kernel("if (i < n) y[i] = (2 + c[i % 16000]) * x[i];", "__constant__ float c[16000];"),
)
add(
    "std::size_t",
    True,
    "EQUIVALENT",
    kernel("std::size_t q = i; if (q < (std::size_t)n) y[q] = 2 * x[q];", "#include <cstddef>"),
)
add(
    "std::isnan",
    True,
    "EQUIVALENT",
    kernel("if (i < n) y[i] = std::isnan(x[i]) ? 0 : 2 * x[i];", "#include <cmath>"),
)
add(
    "using std::max",
    False,
    "COMPILE_ERROR",
    kernel(
        "using std::max; int m = max(i, 0); if (m < n) y[m] = 2 * x[m];", "#include <algorithm>"
    ),
)
add(
    "using std::swap",
    False,
    "COMPILE_ERROR",
    kernel(
        "using std::swap; float a = 2, b = 0; swap(a, b); if (i < n) y[i] = b * x[i];",
        "#include <utility>",
    ),
)
add(
    "numeric_limits digits",
    True,
    "EQUIVALENT",
    kernel(
        "if (i < n && std::numeric_limits<int>::digits == 31) y[i] = 2 * x[i];", "#include <limits>"
    ),
)
add(
    "default device argument",
    True,
    "EQUIVALENT",
    kernel(
        "if (i < n) y[i] = scaled(x[i]);",
        "__device__ float scaled(float v, float by = 2) { return by * v; }",
    ),
)
add(
    "constexpr device",
    True,
    "EQUIVALENT",
    kernel(
        "constexpr int two = twice(1); if (i < n) y[i] = two * x[i];",
        "__host__ __device__ constexpr int twice(int v) { return 2 * v; }",
    ),
)
add(
    "typedef struct",
    True,
    "EQUIVALENT",
    kernel(
        "if (i < n) { P p = {x[i], 2}; y[i] = p.a * p.b; }", "typedef struct { float a, b; } P;"
    ),
)
add(
    "destructor",
    False,
    "COMPILE_ERROR",
    kernel(
        "if (i < n) { P p; p.v = x[i]; y[i] = 2 * p.v; }", "struct P { float v; ~P() { v = 0; } };"
    ),
)
add(
    "atomic on managed",
    True,
    "EQUIVALENT",
    host(
        (
            "count = 0; k<<<(n + 255) / 256, 256>>>(n, a, b); cudaDeviceSynchronize(); if "
            "(count != n) y[0] = 7;"
        ),
        kernel=(
            "__device__ __managed__ int count;\n"
            "__global__ void k(int n, const float *x, float *y) { int i = blockIdx.x * "
            "blockDim.x + threadIdx.x; if (i < n) { y[i] = 2 * x[i]; atomicAdd(&count, 1); } }"
        ),
    ),
)
add(
    "__shfl_down_sync",
    True,
    "EQUIVALENT",
    kernel(
        "float v = __shfl_down_sync(0xffffffffu, i < n ? x[i] : 0, 0); if (i < n) y[i] = 2 * v;"
    ),
)
