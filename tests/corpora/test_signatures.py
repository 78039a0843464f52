"""Signatures of C-family functions: every layout, every element type, and a clear line where tests
cannot call.
"""

import os
import re
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from corpora.records import Parameter, Program
from corpora.signatures.signature import SignatureError, read_signature

SHARED = Path(os.environ.get("COEVOLVE_SHARED", Path(__file__).parents[3] / "shared"))


def sign(text, name="f", dialect="cpp"):
    return read_signature(Program(dialect, name, text))


def parameter(declaration):
    return sign(f"void f({declaration}) {{}}").parameters[0]


@pytest.mark.parametrize(
    ("declaration", "expected"),
    [
        ("float * * h_in", Parameter("h_in", "rows", "f32")),
        (
            "const std :: vector < unsigned int > & v",
            Parameter("v", "array", "u32", "in", True, shape=(":",)),
        ),
        ("std::vector<double>& v", Parameter("v", "array", "f64", "inout", True, shape=(":",))),
        ("std::vector<float> v", Parameter("v", "array", "f32", "in", True, shape=(":",))),
        ("std::array<int, 4 * 2> &a", Parameter("a", "array", "i32", "inout", True, shape=("8",))),
        ("const unsigned int * const vals", Parameter("vals", "array", "u32", "in")),
        ("double *__restrict__ x", Parameter("x", "array", "f64")),
        ("long int n", Parameter("n", "scalar", "i64", "in")),
        ("long const int * q", Parameter("q", "array", "i64", "in")),
        ("float a [ ]", Parameter("a", "array", "f32")),
        ("int A [ ] [ 10000 ]", Parameter("A", "array", "i32", inner_extents=(10000,))),
        ("const double A[3][4][5]", Parameter("A", "array", "f64", "in", inner_extents=(4, 5))),
        ("int (*m)[4][2]", Parameter("m", "array", "i32", inner_extents=(4, 2))),
        ("float &x", Parameter("x", "scalar", "f32", "inout", True)),
        ("const double &c", Parameter("c", "scalar", "f64", "in", True)),
        ("unsigned k = 3", Parameter("k", "scalar", "u32", "in")),
        ("const char *s", Parameter("s", "array", "i8", "in")),
        ("unsigned char c", Parameter("c", "scalar", "u8", "in")),
        ("float const *const *rows", Parameter("rows", "rows", "f32", "in")),
        ("float *const *rows", Parameter("rows", "rows", "f32")),
        ("int *a[]", Parameter("a", "rows", "i32")),
        ("long long unsigned int n", Parameter("n", "scalar", "u64", "in")),
        ("std::size_t n", Parameter("n", "scalar", "u64", "in")),
        ("std :: complex < double > * z", Parameter("z", "array", "c128")),
        ("float _Complex z", Parameter("z", "scalar", "c64", "in")),
        ("bool flag", Parameter("flag", "scalar", "bool", "in")),
        ("uint8_t *image", Parameter("image", "array", "u8")),
        ("double x[restrict static 8]", Parameter("x", "array", "f64")),
        ("int", Parameter("unnamed_1", "scalar", "i32", "in")),
    ],
)
def test_declarations(declaration, expected):
    assert parameter(declaration) == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("void f(std::vector<std::vector<int>> &v) {}", ["'v'", "vector"]),
        ("void f(std::vector<bool> &v) {}", ["'v'", "vector"]),
        ("void f(std::vector<int> *v) {}", ["'v'", "vector"]),
        ("void f(std::vector<int> &&v) {}", ["'v'", "vector"]),
        ("void f(float3 *p) {}", ["'p'", "float3"]),
        ("void f(float4 p) {}", ["float4"]),
        ("void f(void *p) {}", ["'p'", "void pointer"]),
        ("void *f(int n) {}", ["returns a pointer"]),
        ("void *f(float *a) { return a; }", ["returns a pointer"]),
        ("void *f(float *a) { if (a) return NULL; return a; }", ["returns a pointer"]),
        ("float *f(float *a) { return NULL; }", ["returns a pointer"]),
        ("float &f(float *a) {}", ["returns a pointer or reference"]),
        ("auto f(int n) { return n; }", ["auto"]),
        ("template <typename T> void f(T *a) {}", ["template"]),
        ("struct S { int *a; }; void f(S *s) {}", ["'s'", "pointer"]),
        ("__global__ void f(float &a) {}", ["reference"]),
        ("struct S { int *a; }; __global__ void f(S *s) { s->a[0] = 1; }", ["'s'", "pointer"]),
        ("struct S { int a; }; void f(S **s) {}", ["'s'", "levels of pointers"]),
        ("void f(struct S *s) {}", ["'s'", "'S'"]),
        ("class C { void f(int a) {} };", ["class member"]),
        ("void f(int n, float A[n][n]) {}", ["'A'", "'n'"]),
        ("void f(void (*callback)(int)) {}", ["function pointer"]),
        ("void f(float ***x) {}", ["levels of pointers"]),
        ("void f(float *&x) {}", ["reference"]),
        ("void f(long double *x) {}", ["long double"]),
        ("void f(int n, ...) {}", ["variable number"]),
        ("void f(int a, int a) {}", ["same name"]),
        ("void g(int a) {}", ["no definition", "g"]),
        ("void f(int a);", ["no definition", "none"]),
        ("", ["no definition"]),
        ("__device__ float f(float a) { return a; }", ["__device__"]),
        ("__global__ int f(int *a) { return 1; }", ["must return void"]),
    ],
)
def test_what_tests_cannot_call_is_one_clear_line(text, words):
    with pytest.raises(SignatureError) as caught:
        sign(text, dialect="cuda" if "__" in text else "cpp")
    message = str(caught.value)
    assert "\n" not in message and "'f'" in message
    assert all(word in message for word in words), message


@pytest.mark.parametrize(
    "null", ["(void *)0", "NULL", "nullptr", "0", "((void*) NULL)", "( void * ) 0"]
)
def test_a_threads_function_that_returns_null_returns_nothing(null):
    text = (
        f"void *f(float *a, int start, int end) {{ if (end < start) return {null}; for (int "
        f"i = start; i < end; i++) a[i] = 0; return {null}; }}"
    )
    assert sign(text).result is None


def test_names_of_the_text_are_followed():
    text = """
    #define N 10
    #define REAL float
    typedef unsigned char pixel; typedef float *vector_t; using big = long long;
    static const int M = N * 2 + 1; constexpr size_t W = 0x10u; enum { A, B = 5, C };
    extern "C" __forceinline__ REAL f(const REAL a[N][M], pixel *p, const vector_t q, big t, \
int N2, REAL m[][C], int w[][W / 2])
    { return a[0][0]; }
    """
    found = sign(text)
    assert found.result == "f32"
    assert [(p.name, p.kind, p.type, p.intent, p.inner_extents) for p in found.parameters] == [
        ("a", "array", "f32", "in", (21,)),
        ("p", "array", "u8", "inout", ()),
        (
            "q",
            "array",
            "f32",
            "inout",
            (),
        ),  # const binds to the pointer, so what it points to may be written
        ("t", "scalar", "i64", "in", ()),
        ("N2", "scalar", "i32", "in", ()),
        ("m", "array", "f32", "inout", (6,)),
        ("w", "array", "i32", "inout", (8,)),
    ]


@pytest.mark.parametrize(
    "name", ["C", "Ccols", "T", "A", "restrict_", "size", "x1", "global", "complex", "byte"]
)
def test_any_name_is_a_name(name):
    """A parameter called C was once taken for the C of extern "C"."""
    found = sign(f'extern "C" void f(const float *{name}, int n, double (*m)[3]) {{}}').parameters
    assert [p.name for p in found] == [name, "n", "m"] and found[0].intent == "in"


def test_a_parameter_called_like_a_macro_keeps_its_name():
    assert [
        p.name for p in sign("#define n 3\n#define K 4\nvoid f(int *x, int K2) {}").parameters
    ] == ["x", "K2"]


def test_kernels_helpers_and_linkage():
    text = (
        "static __device__ __forceinline__ float g(float a) { return a; }\n"
        'extern "C" __global__ void __launch_bounds__(256) f(float *x, int n) { x[0] = g(x[0]); }\n'
        "void host(float *x) { f<<<1, 2>>>(x, 3); }\n"
    )
    assert sign(text, dialect="cuda").style == "kernel"
    assert sign(text, "host", "cuda").style == "function"
    assert (
        sign("__host__ __device__ inline int f(int a) { return a; }", dialect="cuda").result
        == "i32"
    )
    assert sign("namespace n { double f(int a) { return a; } }").result == "f64"
    assert sign("int f(void) { return 1; }").parameters == ()
    assert (
        sign(
            "static inline __attribute__((always_inline)) unsigned long long f() { return 1; }"
        ).result
        == "u64"
    )


def test_the_last_definition_wins():
    assert (
        sign("int f(int a);\nint f(int a) { return a; }\nfloat f(float *b) { return *b; }").result
        == "f32"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "void f(const std::vector<std::complex<float>>&v) {}",
            [Parameter("v", "array", "c64", "in", True, shape=(":",))],
        ),
        (
            "void f(std::array<double, (3 > 2) + (8 >> 1)> &v, int n) {}",
            "is not a positive constant",
        ),
        (
            "void f(int /* ( , [ */ n, // ) {\n const float *x /* ] */) { g(\"} ) {\", '('); }",
            [Parameter("n", "scalar", "i32", "in"), Parameter("x", "array", "f32", "in")],
        ),
        (
            "#define ARGS(T) (const T *x, T *y, int n)\nvoid f ARGS(float) { y[0] = x[n]; }",
            [
                Parameter("x", "array", "f32", "in"),
                Parameter("y", "array", "f32"),
                Parameter("n", "scalar", "i32", "in"),
            ],
        ),
        (
            "#define RESTRICT __restrict__\n#define IN(T, x) const T *RESTRICT x\n"
            "void f(IN(double, a)) {}",
            [Parameter("a", "array", "f64", "in")],
        ),
        (
            "void f(float *x, int n) {\n#if defined(FAST)\n x[0] = 1; }\n"
            "#else\n x[n] = 2; }\n#endif\n",
            [Parameter("x", "array", "f32"), Parameter("n", "scalar", "i32", "in")],
        ),
        (
            "#ifdef DOUBLE\nvoid f(double *x) {}\n#else\nvoid f(float *x) {}\n#endif\n",
            [Parameter("x", "array", "f32")],
        ),
        ("void f(int n, int m, double A[n][m]) {}", "extent 'm', which is not a positive constant"),
        (
            "const int m = 4;\nvoid f(int n, int m, double A[n][m]) {}",
            "extent 'm', which is not a positive constant",
        ),
        (
            "const int m = 4;\nvoid f(int n, double A[n][m]) {}",
            [
                Parameter("n", "scalar", "i32", "in"),
                Parameter("A", "array", "f64", inner_extents=(4,)),
            ],
        ),
        (
            "void f(int n, double A[n]) {}",
            [Parameter("n", "scalar", "i32", "in"), Parameter("A", "array", "f64")],
        ),
        (
            "typedef float block[4]; void f(block *b, block c) {}",
            [
                Parameter("b", "array", "f32", inner_extents=(4,)),
                Parameter("c", "array", "f32"),
            ],
        ),
        (
            "typedef struct { double im, re; } pair;\nvoid f(::size_t n, pair *p) { p->im = n; }",
            ["n", "p__im", "p__re"],
        ),
        (
            "typedef struct cplx { float re; float im; } cplx;\nvoid f(struct cplx *z, cplx w) {}",
            [Parameter("z", "array", "c64"), Parameter("w", "scalar", "c64", "in")],
        ),
        (
            "struct alignas(32) S { float x; } __attribute__((aligned(64)));\nvoid f(S *s) {}",
            ["s__x"],
        ),
        ("void f(void *p) { g((float *)p); h((int *)p); }", "void pointer"),
        (
            "void f(const void *p) { auto q = static_cast<const double *>(p); }",
            [Parameter("p", "array", "f64", "in")],
        ),
        ("auto f(int n) -> double { return n; }", [Parameter("n", "scalar", "i32", "in")]),
    ],
)
def test_what_only_a_tree_can_tell(text, expected):
    if isinstance(expected, str):
        with pytest.raises(SignatureError, match=re.escape(expected)):
            sign(text)
    elif isinstance(expected[0], str):
        assert [p.name for p in sign(text).parameters] == expected
    else:
        assert list(sign(text).parameters) == expected


def test_a_text_that_cannot_be_read_names_the_line():
    with pytest.raises(SignatureError, match="line 2 cannot be read"):
        sign("int g(int a) { return a; }\nvoid f(int ]) { ( }\n")


WORDS = {
    "bool": ["bool"],
    "i8": ["char", "signed char", "int8_t"],
    "u8": ["unsigned char"],
    "i16": ["short", "short int"],
    "u16": ["unsigned short", "short unsigned int"],
    "i32": ["int", "signed", "signed int"],
    "u32": ["unsigned", "int unsigned", "uint"],
    "i64": ["long", "long long", "long long int", "int64_t"],
    "u64": ["unsigned long", "size_t"],
    "f32": ["float"],
    "f64": ["double"],
    "c64": ["std::complex<float>"],
    "c128": ["complex<double>"],
}
one_parameter = st.tuples(
    st.sampled_from([(t, w) for t, words in WORDS.items() for w in words]),
    st.sampled_from(["", "*", "**", "&"]),
    st.booleans(),
)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(one_parameter, max_size=6),
    st.sampled_from([" ", "\n", "  ", " /* , ( */ "]),
    st.booleans(),
)
def test_any_list_in_any_layout(parameters, gap, east):
    pieces = []
    for i, ((_, words), shape, const) in enumerate(parameters):
        typed = f"{words} const" if const and east else f"const {words}" if const else words
        pieces.append(f"{typed} {shape} p{i}")
    text = gap.join(re.findall(r"::|\w+|\S", f"void f ( {' , '.join(pieces)} ) {{ }}"))
    found = sign(text).parameters
    assert [p.name for p in found] == [f"p{i}" for i in range(len(parameters))]
    for got, ((element, _), shape, const) in zip(found, parameters, strict=True):
        assert got.type == element
        assert got.kind == {"": "scalar", "*": "array", "**": "rows", "&": "scalar"}[shape]
        assert got.by_reference == (shape == "&")
        assert got.intent == ("in" if const or shape == "" else "inout")


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="voidfltan*&()[]{}<>,;=#\"'\\ \n1x:", max_size=80))
def test_garbage_is_refused_not_crashed_on(text):
    for dialect in ("cpp", "fortran"):
        try:
            sign(text, dialect=dialect)
        except SignatureError as error:
            assert "\n" not in str(error)


@pytest.mark.skipif(not (SHARED / "data/babeltower").is_dir(), reason="shared data not here")
@pytest.mark.parametrize(("side", "least"), [("cpp", 183), ("cuda", 182)])
def test_real_functions(side, least):
    lines = (SHARED / f"data/babeltower/{side}.para.valid.tok").read_text().splitlines()
    readable = 0
    for line in lines:
        try:
            found = sign(line, re.search(r"(\w+) \(", line)[1], side)
        except SignatureError:
            continue
        readable += 1
        written = re.search(r"\w+ \((.*?)\) \{", line)[1]
        assert [p.name for p in found.parameters] == [
            re.findall(r"\w+", part)[-1] if "[" not in part else part.split("[")[0].split()[-1]
            for part in written.split(",")
        ]
        assert found.style == ("kernel" if side == "cuda" else "function")
    assert readable >= least
