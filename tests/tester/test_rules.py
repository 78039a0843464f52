import math

import pytest

from corpora.records import ArrayValue, Program
from corpora.signatures.signature import read_signature
from corpora.suites.unit_tests import format_test
from gpu_runtime.backend import CompileRequest, Variant
from gpu_runtime.call.materialize import get_extents, get_integer_scalars
from gpu_runtime.emulation.backend import EmulatedBackend
from tester.generate.completion import complete_sketches
from tester.generate.extents import Sketch, probe_extents
from tester.generate.rules import MAX_PARTICULAR, NoSuiteError, count_elements, generate_suite
from tester.generate.sketches import ParameterRoles, draw_contents
from tester.generate.source_facts import is_flag, is_pitch
from tester.generate.source_tree import read_source


@pytest.fixture(scope="module")
def backend():
    made = EmulatedBackend()
    yield made
    made.close()


def cpp(text, name="f"):
    return Program("cpp", name, text)


def made_for(backend, program, **options):
    return generate_suite(program, read_signature(program), backend, **options).tests


@pytest.mark.parametrize(
    ("text", "extent"),
    [
        (
            "void f(int n, const float *x, float *y) { for (int i = 0; i < n; ++i) y[i] = x[i]; }",
            lambda s: s["n"],
        ),
        (
            "void f(int n, const float *x, float *y) { for (int i = 0; i < n; ++i) y[i] = x[i + "
            "1] - x[i]; }",
            lambda s: s["n"] + 1,
        ),
        (
            "void f(int n, int s, const float *x, float *y) { for (int i = 0; i < n; ++i) y[i] "
            "= x[i * s]; }",
            lambda s: (s["n"] - 1) * s["s"] + 1,
        ),
        (
            "void f(int n, int m, const float *x, float *y) { for (int i = 0; i < n * m; ++i) "
            "y[i] += x[i]; }",
            lambda s: s["n"] * s["m"],
        ),
        (
            "void f(int n, int k, const int *x, float *y) { *y = -1; for (int i = 0; i < n; "
            "++i) if (x[i] == k) { *y = i; break; } }",
            lambda s: s["n"],
        ),
    ],
)
def test_extents_are_exactly_what_the_program_needs(backend, text, extent):
    """The last case stops early: its array must be as long as an unlucky search needs."""
    tests = [
        t
        for t in made_for(backend, cpp(text))
        if get_integer_scalars(t)["n"] > 0 and get_integer_scalars(t).get("m", 1) > 0
    ]
    assert len(tests) >= 5
    for test in tests:
        expected = extent(get_integer_scalars(test))
        assert get_extents(test)["x"] == max(expected, 1), format_test(test)


def test_indices_stay_inside(backend):
    program = cpp(
        "void f(int n, int m, const int *idx, const float *x, float *y) { for (int i = 0; i < "
        "n; ++i) y[i] = x[idx[i] * m]; }"
    )
    suite = generate_suite(program, read_signature(program), backend)
    assert len(suite.tests) >= 6
    compiled = backend.compile(
        [CompileRequest(program, read_signature(program), Variant.RECORDED)]
    )[0]
    assert compiled.ok
    fills = {a.fill.kind for t in suite.tests for a in t.assignments if a.name == "idx"}
    assert fills <= {"indices", "integers", "sorted", "constant", "permutation"} and len(fills) >= 2


def test_sizes_from_one_to_a_million(backend):
    program = cpp(
        "void f(int n, const float *x, float *y) { for (int i = 0; i < n; ++i) y[i] += x[i]; }"
    )
    tests = made_for(backend, program, big=True)
    sizes = [get_integer_scalars(t)["n"] for t in tests]
    assert 1 in sizes and any(s > 1024 and s % 32 for s in sizes) and max(sizes) >= 1 << 20
    assert [count_elements(t) for t in tests[:-1]] == sorted(count_elements(t) for t in tests[:-1])


def test_same_seed_same_suite(backend):
    program = cpp("void f(int n, float *x) { for (int i = 0; i < n; ++i) x[i] *= 2; }")
    assert made_for(backend, program) == made_for(backend, program)
    assert made_for(backend, program) != made_for(backend, program, seed=7)


def test_rows_are_measured_in_both_directions(backend):
    program = cpp(
        "void f(float **a, float **b, int r, int c) { for (int i = 0; i < r; ++i) for (int j = "
        "0; j < c; ++j) b[j][i] = a[i][j]; }"
    )
    for test in made_for(backend, program):
        scalars = get_integer_scalars(test)
        if min(scalars.values()) > 0:
            extents = {a.name: a.extents for a in test.assignments if isinstance(a, ArrayValue)}
            assert extents == {"a": (scalars["r"], scalars["c"]), "b": (scalars["c"], scalars["r"])}


def test_constant_sizes_are_followed_far(backend):
    program = cpp("void f(float *x) { for (int i = 0; i < 100000; ++i) x[i] += 1; }")
    assert [get_extents(t)["x"] for t in made_for(backend, program)] == [100000] * 2


def test_assumed_shape_arrays_get_several_sizes(backend):
    text = (
        "subroutine f(x, y)\n real, intent(in) :: x(:)\n real, intent(inout) :: y(:)\n y = y "
        "+ 2 * x\nend subroutine"
    )
    sizes = {get_extents(t)["x"] for t in made_for(backend, Program("fortran", "f", text))}
    assert len(sizes) >= 4 and 1 in sizes


def test_bare_kernels_get_a_launch_plan(backend):
    kernel = (
        "__global__ void f(float *x, int n) { int i = blockIdx.x * blockDim.x + "
        "threadIdx.x; if (i < n) x[i] += 1; }"
    )
    program = Program("cuda", "f", kernel)
    suite = generate_suite(program, read_signature(program), backend)
    assert "ceil(n/" in suite.launch and all(
        get_extents(t)["x"] == max(1, get_integer_scalars(t)["n"]) for t in suite.tests
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("void f(int n, float *x) { }", "changes nothing"),
        ("void f(int n, float *x) { x[n] = undeclared; }", "does not compile"),
        ("void f(int n, float *x) { x[-1 - n] = 1; }", "touched|out_of_bounds"),
        ("void f(int n, float *x) { while (n) { x[0] += 1; } }", "timeout"),
    ],
)
def test_why_there_is_no_suite(backend, text, reason):
    with pytest.raises(NoSuiteError, match=reason):
        made_for(backend, cpp(text))


def test_a_probe_names_what_it_saw(backend):
    program = cpp(
        "void f(int n, const int *a, int *b) { for (int i = 2; i < n; ++i) b[i - 2] = a[i]; }"
    )
    compiled = backend.compile(
        [CompileRequest(program, read_signature(program), Variant.RECORDED)]
    )[0]
    fills = draw_contents(read_signature(program), ParameterRoles(), "default", {"n": 9}, 0)
    (found,) = probe_extents(backend, compiled, [Sketch({"n": 9}, fills)])
    assert (
        found.arrays["a"].extents == (9,)
        and found.arrays["a"].read
        and not found.arrays["a"].written
    )
    assert found.arrays["b"].extents == (7,) and found.arrays["b"].written
    (short,) = complete_sketches(backend, compiled, [Sketch({"n": 1}, fills)])
    assert not short.changed and math.prod(get_extents(short.test).values()) >= 1


def source_of(body):
    """The tree of a function with this body, in the language that it shows."""
    if "case (" in body or ".eq." in body:
        return read_source(Program("fortran", "f", f"subroutine f(x)\n{body}\nend subroutine\n"))
    return read_source(cpp(f"void f() {{ {body} }}"))


def test_flags_and_pitches_are_recognised_by_use():
    assert (
        is_flag("t", source_of("if ( t ) x = 1;"))
        and is_flag("t", source_of("y = t ? 1 : 2;"))
        and not is_flag("w", source_of("z = x + 1 < w ? 1 : 2;"))
    )
    assert (
        is_pitch("p", source_of("float *row = (float *)((char *) a + y * p);"))
        and is_pitch("p", source_of("char *all = (char *)a; float *row = (float *)(all + y * p);"))
        and not is_pitch("n", source_of("x = (float) n;"))
        and not is_pitch("pitch", source_of("a[y * pitch + x] = 1;"))
    )


def test_copies_by_the_cuda_runtime_do_not_cut_extents_short(backend):
    text = """__global__ void k(int n, float *x) { int i = blockIdx.x * blockDim.x + threadIdx.x; \
if (i < n) x[i] += 1; }
    void f(int n, float *x) { float *d; cudaMalloc(&d, n * sizeof(float)); cudaMemcpy(d, x, \
n * sizeof(float), cudaMemcpyHostToDevice);
      k<<<(n + 63) / 64, 64>>>(n, d); cudaMemcpy(x, d, n * sizeof(float), cudaMemcpyDeviceToHost); \
cudaFree(d); }"""
    tests = made_for(backend, Program("cuda", "f", text))
    assert all(get_extents(t)["x"] == max(1, get_integer_scalars(t)["n"]) for t in tests)
    assert max(get_integer_scalars(t)["n"] for t in tests) > 1024


def test_comparing_with_a_size_does_not_make_it_a_flag():
    for text in (
        "v = x < h ? a : b;",
        "if (y < h && x < w) z = 1;",
        "b = x >= h ? 1 : 0;",
        "if (x == h || y <= h) z = 1;",
        "c = a & h ? 1 : 0;",
        "/* h ? 1 : 0 */ z = 2; // if (h)\n",
    ):
        assert not is_flag("h", source_of(text)), text
    for text in (
        "return h ? 1 : 2;",
        "if (x && h) z = 1;",
        "if (h && x) z = 1;",
        "g(a, h ? 1 : 2);",
        "z = !h;",
        "if (h == 1) z = 1;",
        "y = a || h ? 1 : 2;",
    ):
        assert is_flag("h", source_of(text)), text


def test_sizes_that_are_compared_are_tested_in_earnest(backend):
    text = """void f(int h, int w, const float *a, float *b) { for (int y = 0; y < h; \
++y) for (int x = 0; x < w; ++x)
      b[y * w + x] = (y + 1 < h ? a[(y + 1) * w + x] : 0) + (x + 1 < w && y < h ? a[y * w + x + 1] \
: 0); }"""
    sizes = [
        (get_integer_scalars(t)["h"], get_integer_scalars(t)["w"])
        for t in made_for(backend, cpp(text))
    ]
    assert sum(h > 2 and w > 2 for h, w in sizes) >= 5


def test_index_arrays_repeat_themselves_in_some_test(backend):
    """A place written from two indices: right in a loop, a race in a kernel."""
    program = cpp(
        "void f(int n, const int *idx, int *y) { for (int i = 0; i + 1 < n; ++i) if (idx[i] + "
        "1 == idx[i + 1]) y[idx[i]] = i; }"
    )
    made = [t for t in made_for(backend, program) if get_integer_scalars(t)["n"] > 8]
    assert any(
        a.fill.kind == "integers" and a.fill.arguments[1] <= 2
        for t in made
        for a in t.assignments
        if a.name == "idx"
    )


def test_no_empty_grid_for_cuda_sources(backend):
    kernel = Program(
        "cuda",
        "f",
        "__global__ void f(int n, float *x) { int i = blockIdx.x * blockDim.x + threadIdx.x; "
        "if (i < n) x[i] += 1; }",
    )
    assert all(get_integer_scalars(t)["n"] > 0 for t in made_for(backend, kernel))
    serial = cpp("void f(int n, float *x) { for (int i = 0; i < n; ++i) x[i] += 1; }")
    assert any(get_integer_scalars(t)["n"] == 0 for t in made_for(backend, serial))


CUBIC = """void shortest(int n, double *d) { for (int k = 0; k < n; k++) for (int i = 0; i < n; \
i++) for (int j = 0; j < n; j++)
 if (i != k && j != k && d[i * n + k] + d[k * n + j] < d[i * n + j]) d[i * n + j] = d[i * n + k] + \
d[k * n + j]; }"""
STEPS = """void settle(int n, int steps, double *a, double *b) { double moved = 1; for (int i = 0; \
i < n; i++) moved += fabs(a[i]) + fabs(b[i]);
 for (int s = 0; s < steps && moved > 1e-6; s++) {
 moved = 0; for (int i = 0; i < n; i++) b[i] = a[i]; for (int i = 1; i < n - 1; \
i++) a[i] = 0.25 * (b[i - 1] + 2 * b[i] + b[i + 1]);
 for (int i = 0; i < n; i++) moved += fabs(a[i] - b[i]); } }"""


@pytest.mark.parametrize(("text", "beyond"), [(CUBIC, 64), (STEPS, 256)])
def test_dear_programs_too_are_run_beyond_a_block(backend, text, beyond):
    """Else a translation that launches a single block is right on every test."""
    program = Program("cpp", text.split("(")[0].split()[1], text)
    suite = generate_suite(program, read_signature(program), backend)
    sizes = [v.value for t in suite.tests for v in t.assignments if v.name == "n"]
    assert max(sizes) > beyond and sum(s > beyond for s in sizes) <= 4


def test_arrays_of_characters_hold_letters_digits_and_blanks(backend):
    """Random bytes are hardly ever between 'a' and 'z': most tests of such programs did nothing."""
    text = (
        "void upper(char *s, int n) { for (int i = 0; i < n; i++) if (s[i] >= 'a' && s[i] <= "
        "'z') s[i] -= 'a' - 'A'; }"
    )
    suite = generate_suite(cpp(text, "upper"), read_signature(cpp(text, "upper")), backend)
    ranges = [
        a.fill.arguments
        for t in suite.tests
        for a in t.assignments
        if isinstance(a, ArrayValue) and a.fill.kind == "integers"
    ]
    assert len(suite.tests) >= 8 and ranges.count((32, 126)) >= 3 and (97, 99) in ranges
    plain = cpp("void f(signed char *s, int n) { for (int i = 0; i < n; i++) s[i] += 1; }")
    assert all(
        (32, 126) != a.fill.arguments
        for t in made_for(backend, plain)
        for a in t.assignments
        if isinstance(a, ArrayValue)
    )


def test_what_is_searched_for_is_there(backend):
    """A search for another number passed twelve tests: none of them held the number."""
    program = cpp(
        "int f(int n, const int *x) { for (int i = 0; i < n; ++i) if (x[i] == 70000) return i; "
        "return -1; }"
    )
    kept = [
        t
        for t in made_for(backend, program)
        for a in t.assignments
        if a.name == "x" and {69999, 70000, 70001} <= set(a.fill.arguments)
    ]
    assert kept and len(kept) < 4


def test_numbers_that_a_type_cannot_hold_are_left_out(backend):
    program = cpp(
        "void f(int n, const unsigned char *x, float *y) { for (int i = 0; i < n; ++i) y[i] = "
        "x[i] < 300 ? y[i] : 0.25f; }"
    )
    assert all(
        not {299, 300, 301} & set(a.fill.arguments)
        for t in made_for(backend, program)
        for a in t.assignments
        if a.name == "x"
    )


def test_sizes_of_millions_are_followed_too(backend):
    """A loop to 3,000,000 had no suite."""
    tests = made_for(
        backend,
        cpp("void f(int n, float a, float *y) { for (int i = 0; i < 3000000; ++i) y[i] += a; }"),
    )
    assert len(tests) == 2 and all(get_extents(t)["y"] == 3000000 for t in tests)


def test_a_size_of_zero_denies_the_elements_that_it_counts(backend):
    """`sum = x[0]` with n = 0: host code that copies n elements cannot know of one, and was called
    wrong for it. A total of nothing stays a test.
    """
    first = cpp(
        "float f(const float *x, int n) { float s = x[0]; for (int i = 1; i < n; ++i) s += "
        "x[i]; return s; }"
    )
    assert all(
        get_integer_scalars(t)["n"] > 0
        for count in (12, 4)
        for t in made_for(backend, first, tests=count)
    )
    total = cpp(
        "void f(const float *x, float *s, int n) { s[0] = 0; for (int i = 0; i < n; ++i) s[0] "
        "+= x[i]; }"
    )
    assert any(get_integer_scalars(t)["n"] == 0 for t in made_for(backend, total))


def test_one_size_is_once_far_beyond_a_few_blocks(backend):
    linear = made_for(
        backend,
        cpp(
            "void f(int n, const float *x, float *y) { for (int i = 0; i < n; ++i) y[i] = 2 * "
            "x[i]; }"
        ),
    )
    assert (
        max(get_integer_scalars(t)["n"] for t in linear) > 16_384
        and 12 <= len(linear) <= 12 + MAX_PARTICULAR
    )
    squared = made_for(
        backend,
        cpp(
            "void f(int n, const float *x, float *y) { for (int i = 0; i < n; ++i) for (int j = "
            "0; j < n; ++j) y[i] += x[j]; }"
        ),
    )
    assert max(get_integer_scalars(t)["n"] for t in squared) == 257  # more is too much
    short = made_for(
        backend,
        cpp(
            "void f(signed char n, const float *x, float *y) { for (int i = 0; i < n; ++i) y[i] "
            "= 2 * x[i]; }"
        ),
    )
    assert max(get_integer_scalars(t)["n"] for t in short) == 127


def test_a_test_that_is_too_long_takes_no_other_with_it(backend):
    sort = (
        "void f(int *a, int n) { for (int i = 1; i < n; i++) { int v = a[i], j = i - 1; "
        "while (j >= 0 && a[j] > v) { a[j + 1] = a[j]; j--; } a[j + 1] = v; } }"
    )
    assert max(get_integer_scalars(t)["n"] for t in made_for(backend, cpp(sort))) == 1500


def test_a_square_is_once_wider_than_a_block_of_256(backend):
    made = made_for(
        backend,
        cpp(
            "void f(int n, const float *a, const float *x, float *y) { for (int i = 0; i < n; "
            "++i) for (int j = 0; j < n; ++j) y[i] += a[i * n + j] * x[j]; }"
        ),
    )
    assert max(get_integer_scalars(t)["n"] for t in made) == 257


def test_an_array_that_a_library_reads_unseen_has_the_product_of_the_sizes(backend):
    text = "#include <string>\nunsigned long f(const char *x, const char *y, int n, int m) "
    tests = made_for(backend, cpp(text + "{ return std::_Hash_bytes(x, n * m, 7); }"))
    large = [t for t in tests if min(get_integer_scalars(t).values()) > 1]
    assert len(large) > 6
    for test in large:
        scalars = get_integer_scalars(test)
        assert get_extents(test)["x"] == scalars["n"] * scalars["m"]


def test_arrays_compared_by_a_library_are_as_long_as_those_of_a_loop(backend):
    head = "#include <cstring>\nint f(const unsigned char *a, const unsigned char *b, int n) "
    loop = "{ for (int i = 0; i < n; i++) if (a[i] != b[i]) return 0; return 1; }"
    for body in ("{ return memcmp(a, b, n) == 0; }", loop):
        tests = made_for(backend, cpp(head + body))
        lengths = [(get_integer_scalars(t)["n"], get_extents(t)["b"]) for t in tests]
        assert all(n <= extent for n, extent in lengths)
        longer = [pair for pair in lengths if 0 < pair[0] < pair[1]]
        assert len(longer) <= 1, longer  # one tests that what follows is left alone
        assert max(get_integer_scalars(t)["n"] for t in tests) > 1000
