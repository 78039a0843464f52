"""CUDA text taken apart for two compilers: line numbers, stubs, names of instantiations."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings, strategies as st

from corpora import builtin
from corpora.records import Parameter, Program, Signature
from corpora.signatures.signature import read_signature
from gpu_runtime.cuda.source import (
    classify_entry,
    extract_device_text,
    extract_host_text,
    find_foreign_include,
    find_used_symbols,
    parse_name_expression,
    read_kernel_names,
)

TEXT = """#include <cuda_runtime.h>
#define N 4
__constant__ float w[N];
struct S { int a; int get() const; };
enum Kind { A, B };
static const int table[2] = {1, 2};
template <class T> __device__ T twice(T x) { return 2 * x; }
template <class T, int M> __global__ void k(T *a, const T alpha, int n)
{
    if (n) { a[0] = twice(a[0]) * alpha; }
}
__global__ void __launch_bounds__(64) plain(float a[], int n) { a[0] = n; }
namespace inner { __global__ void third() { } void host_one() { } }
static struct S make(int n) { struct S s = {n}; return s; }
void f(float *x, int n) { plain<<<1, 1>>>(x, n); }
"""


def test_device_text_has_no_host_function_and_the_same_lines():
    text = extract_device_text(Program("cuda", "f", TEXT))
    assert text.count("\n") == TEXT.count("\n")
    assert all(
        word in text for word in ("twice", "plain", "third", "table", "struct S", "enum Kind")
    )
    assert not re.search(r"<<<|make|host_one|include", text)
    assert text.split("\n")[11].startswith("__global__ void __launch_bounds__(64) plain")


def test_host_text_has_stubs_for_kernels_and_everything_else():
    text = extract_host_text(TEXT)
    assert text.count("\n") == TEXT.count("\n")
    assert (
        "CV_STUB(__PRETTY_FUNCTION__, a, alpha, n);" in text
        and "CV_STUB(__PRETTY_FUNCTION__);" in text
    )
    assert "a[0] = n" not in text and "plain<<<1, 1>>>(x, n)" in text and "return 2 * x" in text


def test_macros_say_on_which_side_a_function_is():
    text = (
        "#define KERNEL __global__ void\n#define BOTH(n) __device__ int n(int a) { return a; }\n"
        "BOTH(g)\nKERNEL k(int *a) { a[0] = g('}'); /* } */ }\n"
        'extern "C" void h(int *a) { k<<<1, 1>>>(a); }\nint counter;\n'
    )
    device = extract_device_text(Program("cuda", "h", text))
    assert "BOTH(g)" in device and "a[0] = g('}')" in device and device.endswith('"C" ;\n\n')
    host = extract_host_text(text)
    assert "KERNEL k(int *a) { CV_STUB(__PRETTY_FUNCTION__, a); }" in host
    assert "k<<<1, 1>>>(a)" in host and "int counter;" in host


@pytest.mark.parametrize(
    "pretty,expression",
    [
        ("void ns_cv_0a::{anonymous}::k(int*, float)", "N::k"),
        ("void ns_cv_0a::{anonymous}::k(T*, T, int) [with T = float; int N = 3]", "N::k<float, 3>"),
        ("void ns_cv_0a::{anonymous}::k(T*) [with T = {anonymous}::S]", "N::k<S>"),
        (
            "void ns_cv_0a::{anonymous}::k(T*, size_t) [with T = float; size_t = long unsigned "
            "int]",
            "N::k<float>",
        ),
        ("void ns_cv_0a::{anonymous}::inner::k(pair<int, int>*)", "N::inner::k"),
        ("int main()", ""),
    ],
)
def test_name_expressions(pretty, expression):
    assert parse_name_expression(pretty, "N") == expression


def test_pretty_names_are_read_from_an_artifact():
    data = (
        b"\0void ns_cv_1::{anonymous}::k(int*, int)\0junk\0void ns_cv_1::{anonymous}::t(T*) "
        b"[with T = float; int N = 3]\0void ns_cv_2::{anonymous}::o()\0"
    )
    assert read_kernel_names(data, "cv_1") == [
        "void ns_cv_1::{anonymous}::k(int*, int)",
        "void ns_cv_1::{anonymous}::t(T*) [with T = float; int N = 3]",
    ]


@pytest.mark.parametrize(
    "text,name",
    [
        ("#include <cuda_runtime.h>\n", ""),
        ('#include "/etc/passwd"', "/etc/passwd"),
        ("#define H <x>\n#include H", "#include H"),
        ("#include_next <math.h>", "math.h"),
    ],
)
def test_includes_that_no_prelude_stands_for(text, name):
    assert find_foreign_include(text) == name


def test_symbols_that_host_code_copies_to():
    assert find_used_symbols(
        "#define PUT(s) cudaMemcpyToSymbol(s, h, 4)\nvoid f() { "
        "cudaMemcpyToSymbol(w, h, 4); CHECK(cudaMemcpyFromSymbol ( h , & ns :: v , 4 )); "
        "cudaGetSymbolAddress((void **)&p, q); /* cudaMemcpyToSymbol(z */ PUT(u); }"
    ) == ["w", "v", "q", "u"]


def test_kinds_of_built_in_programs():
    kinds = {classify_entry(p, read_signature(p)) for p in builtin.programs("cuda")}
    assert kinds <= {"host", "kernel"} and "host" in kinds
    device = Program("cuda", "d", "__device__ float d(float x) { return x; }")
    assert (
        classify_entry(device, Signature("d", (Parameter("x", "scalar", "f32"),), "f32"))
        == "device"
    )


@given(
    st.lists(
        st.sampled_from(
            "{ } ( ) ; = , < > __global__ void k f int * a \n [ ] namespace struct \" ' /* */ "
            "// #".split(" ")
        ),
        max_size=30,
    )
)
@settings(max_examples=150, deadline=None)
def test_any_text_keeps_its_lines(words):
    text = " ".join(words)
    assert (
        extract_host_text(text).count("\n")
        == text.count("\n")
        == extract_device_text(Program("cuda", "k", text)).count("\n")
    )
