"""What counts as an access when extents are learnt: clears and copies of whole arrays, declared
extents, contents that depend on length.
"""

import pytest

from corpora.records import Parameter, Program
from corpora.signatures.signature import read_signature
from gpu_runtime.call.materialize import get_extents, get_integer_scalars
from gpu_runtime.emulation.backend import EmulatedBackend
from tester.generate.extents import read_declared_extent
from tester.generate.rules import generate_suite


@pytest.fixture(scope="module")
def backend():
    made = EmulatedBackend()
    yield made
    made.close()


def made_for(backend, program):
    tests = generate_suite(program, read_signature(program), backend, tests=6).tests
    assert len(tests) >= 3
    return tests


@pytest.mark.parametrize(
    ("dialect", "text", "extents"),
    [
        (
            "cpp",
            "#include <cstring>\nvoid f(float *x, int n) { memset(x, 0, 1024); x[0] = n; }",
            {"x": 256},
        ),
        (
            "cpp",
            "#include <cstring>\nvoid f(float *x, const float *y, int n) { std::memcpy(x, y, 64 "
            "* sizeof(float)); x[0] += n; }",
            {"x": 64, "y": 64},
        ),
        (
            "cpp",
            "struct B { int a[300]; };\nvoid f(int *x, int *y, int n) { *(B *)x = *(B *)y; x[0] "
            "= n; }",
            {"x": 300, "y": 300},
        ),
        (
            "fortran",
            "subroutine f(b, n)\n integer, intent(out) :: b(256)\n integer, intent(in) :: n\n b "
            "= 0\n b(1) = n\nend subroutine",
            {"b": 256},
        ),
        (
            "fortran",
            "subroutine f(b, c, n)\n integer, intent(in) :: n\n integer, intent(out) :: b(33)\n "
            "integer, intent(in) :: c(33)\n b = c\n b(1) = n\nend subroutine",
            {"b": 33, "c": 33},
        ),
    ],
)
def test_whole_arrays_at_once_count(backend, dialect, text, extents):
    """The compiler expands these in place, where its instrumentation does not see them."""
    for test in made_for(backend, Program(dialect, "f", text)):
        assert get_extents(test) == extents


def test_a_clear_grows_with_its_size(backend):
    text = (
        "#include <cstring>\nvoid f(float *x, int n) { memset(x, 0, n * sizeof(float)); if "
        "(n) x[0] = 1; }"
    )
    for test in made_for(backend, Program("cpp", "f", text)):
        assert get_extents(test)["x"] == max(1, get_integer_scalars(test)["n"])


def test_fortran_promises_what_it_declares(backend):
    text = (
        "subroutine f(a, n)\n integer, intent(in) :: n\n real, intent(inout) :: a(0:n, 2)\n "
        "a(0:n/2, 1) = 1\nend subroutine"
    )
    for test in made_for(backend, Program("fortran", "f", text)):
        n = get_integer_scalars(test)["n"]
        assert get_extents(test)["a"] == max(2 * (n + 1), 1)


@pytest.mark.parametrize(
    ("shape", "elements"),
    [
        (("n", "m"), 12),
        (("0:n",), 4),
        (("-1:m/2",), 4),
        (("max(n,m)",), 4),
        (("n", "*"), 0),
        ((":",), 0),
        (("size(b)",), 0),
        (("100000",), 0),
        (("0",), 0),
        ((), 0),
    ],
)
def test_declared_elements(shape, elements):
    assert (
        read_declared_extent(Parameter("a", "array", "f32", shape=shape), {"n": 3, "M": 4})
        == elements
    )


def test_arrays_reached_through_sorted_indices_are_long_enough(backend):
    """The first elements of a longer sorted array are not those of a shorter one; a copy by the
    CUDA run-time does not complain.
    """
    text = """__global__ void k(int n, const int *s, const float *v, float *o) { \
int i = blockIdx.x; if (i < n) o[i] = v[s[i]]; }
    void f(int n, const int *s, const float *v, float *o) { int most = 0; for (int i = 0; i < n; \
i++) if (s[i] >= most) most = s[i] + 1;
      int *ds; float *dv, *dst; cudaMalloc(&ds, n * 4); cudaMalloc(&dv, most * 4); \
cudaMalloc(&dst, n * 4);
      cudaMemcpy(ds, s, n * 4, cudaMemcpyHostToDevice); cudaMemcpy(dv, v, most * 4, \
cudaMemcpyHostToDevice);
      k<<<n, 1>>>(n, ds, dv, dst); cudaMemcpy(o, dst, n * 4, cudaMemcpyDeviceToHost); \
cudaFree(ds); cudaFree(dv); cudaFree(dst); }"""
    from gpu_runtime.call.materialize import materialize_test

    program = Program("cuda", "f", text)
    tests = generate_suite(program, read_signature(program), backend).tests
    assert any(a.fill.kind == "sorted" for t in tests for a in t.assignments if a.name == "s")
    for test in tests:
        indices = materialize_test(test, read_signature(program)).values[1][
            : get_integer_scalars(test)["n"]
        ]
        assert get_extents(test)["v"] > indices.max(initial=0)
