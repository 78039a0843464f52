"""Launch plans: their text, their arithmetic, and what is read off kernels."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from corpora.records import Program, UnitTestSuite
from corpora.signatures.signature import SignatureError, read_signature
from corpora.suites.unit_tests import parse_suite
from gpu_runtime.backend import Geometry
from gpu_runtime.launch.kernel_facts import read_kernel_facts
from gpu_runtime.launch.plans import (
    MAX_PLANS,
    LaunchPlan,
    LaunchTooLargeError,
    evaluate_expression,
    list_candidate_plans,
    parse_plan,
)

X = "blockIdx.x * blockDim.x + threadIdx.x"
Y = "blockIdx.y * blockDim.y + threadIdx.y"


def plans(parameters: str, body: str, before: str = "") -> list[str]:
    program = Program("cuda", "k", f"{before}\n__global__ void k({parameters}) {{ {body} }}")
    return [str(p) for p in list_candidate_plans(program, read_signature(program))]


def test_a_plan_is_text_and_geometry() -> None:
    plan = parse_plan("grid=ceil(n/64),1,1 block=64,1,1 shared=4*64")
    assert plan == LaunchPlan(("ceil(n/64)", "1", "1"), ("64", "1", "1"), "4*64")
    assert plan.geometry({"n": 65}, {}) == Geometry((2, 1, 1), (64, 1, 1), 256)
    assert plan.geometry({"n": 0}, {}) == Geometry((1, 1, 1), (64, 1, 1), 256)


expressions = st.recursive(
    st.sampled_from(["n", "m", "from", "lambda", "1", "7", "64", "len(a)", "len(in)"]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*"), inner).map(lambda t: f"({t[0]}{t[1]}{t[2]})"),
        inner.map(lambda e: f"ceil({e}/64)"),
        st.tuples(st.sampled_from(["min", "max", "gcd"]), inner, inner).map(
            lambda t: f"{t[0]}({t[1]},{t[2]})"
        ),
    ),
    max_leaves=6,
)


@given(
    st.tuples(expressions, expressions, expressions),
    st.tuples(expressions, expressions, expressions),
    expressions,
)
def test_text_and_plan_are_each_others_inverse(grid: tuple, block: tuple, shared: str) -> None:
    plan = LaunchPlan(grid, block, shared)
    assert parse_plan(str(plan)) == plan
    assert parse_plan(str(plan).replace(",", " , ").replace("*", " * ")) == plan


@given(st.integers(0, 10**6), st.integers(1, 2048))
def test_ceil_is_exact(a: int, b: int) -> None:
    assert evaluate_expression("ceil(a/b)", {"a": a, "b": b}, {}) == (a + b - 1) // b
    assert evaluate_expression("a/b*b+(a-a/b*b)", {"a": a, "b": b}, {}) == a


@pytest.mark.parametrize(
    "text",
    [
        "",
        "grid=1",
        "block=1",
        "grid=1,1,1,1 block=1",
        "grid=n; block=1",
        "grid=__import__('os') block=1",
        "grid=(1).real block=1",
        "grid=1.5 block=1",
        "grid=[1] block=1",
        "grid=ceil(n) block=1",
        "grid=ceil(n/0) block=1",
        "grid=2**9 block=1",
        "grid=1 2 block=1",
        "grid=n if n else 1 block=1",
    ],
)
def test_what_is_no_plan_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_plan(text)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("grid=m block=64", "'m'"),
        ("grid=len(b) block=64", "'b'"),
        ("grid=1 block=n", "block"),
        ("grid=n*n,n block=64", "grid"),
        ("grid=1,n*14 block=64", "70000 blocks along y"),
        ("grid=n*n*n block=1", "along x"),
    ],
)
def test_a_geometry_that_cannot_be_is_an_error_that_says_why(text: str, what: str) -> None:
    with pytest.raises(ValueError, match=what):
        parse_plan(text).geometry({"n": 5000}, {"a": 5000})


@pytest.mark.parametrize(
    ("parameters", "body", "first"),
    [
        (
            "float *a, int n",
            f"int i = {X}; if (i < n) a[i] = 0;",
            "grid=ceil(n/64),1,1 block=64,1,1",
        ),
        (
            "float *a, int n",
            f"int i = {X}; if (i >= n) return; a[i] = 0;",
            "grid=ceil(n/64),1,1 block=64,1,1",
        ),
        (
            "float *a, int n",
            f"int i = {X}; if (n > i && a[i] > 3) a[i] = 0;",
            "grid=ceil(n/64),1,1 block=64,1,1",
        ),
        (
            "float *a, int w, int h",
            f"int x = {X}, y = {Y}; if (x < w && y < h) a[y * w + x] = 0;",
            "grid=ceil(w/16),ceil(h/8),1 block=16,8,1",
        ),
        (
            "float *a, int w, int h",
            f"int size = w * h; int i = {X}; if (i < size) a[i] = 0;",
            "grid=ceil(w*h/64),1,1 block=64,1,1",
        ),
        (
            "float *a, int n",
            f"for (int i = {X}; i < n; i += blockDim.x * gridDim.x) a[i] = 0;",
            "grid=min(3,ceil(n/64)),1,1 block=64,1,1",
        ),
        (
            "float *a, int n",
            "for (int i = threadIdx.x; i < n; i += blockDim.x) a[i] = 0;",
            "grid=1,1,1 block=64,1,1",
        ),
        (
            "float *a, int n",
            "if (threadIdx.x < n) a[threadIdx.x] = 0;",
            "grid=1,1,1 block=min(1024,32*ceil(n/32)),1,1",
        ),
        ("float *a, int n", "a[blockIdx.x] = 0;", "grid=n,1,1 block=1,1,1"),
        ("float *a, int n", f"a[{X}] = 0;", "grid=n/gcd(n,64),1,1 block=gcd(n,64),1,1"),
        ("float *a", f"a[{X}] = 0;", "grid=len(a)/gcd(len(a),64),1,1 block=gcd(len(a),64),1,1"),
        ("float *a, int n", "a[0] = n;", "grid=1,1,1 block=1,1,1"),
        (
            "float *a, int n",
            f"__shared__ float s[128]; int i = {X}; s[threadIdx.x] = i < n ? a[i] : 0; if (i < "
            f"n) a[i] = s[threadIdx.x];",
            "grid=ceil(n/128),1,1 block=128,1,1",
        ),
        (
            "float *a, int n",
            f"extern __shared__ float s[]; int i = {X}; if (i < n) s[threadIdx.x] = a[i];",
            "grid=ceil(n/64),1,1 block=64,1,1 shared=4*64",
        ),
        (
            "float *a, int n",
            f"int i = {X}; float v = i < n ? a[i] : 0; atomicAdd(a, v);",
            "grid=ceil(n/64),1,1 block=64,1,1",
        ),
    ],
)
def test_the_likely_plan_comes_first(parameters: str, body: str, first: str) -> None:
    assert plans(parameters, body)[0] == first
    spaced = " ".join(
        body.replace("(", " ( ").replace(")", " ) ").replace(".", " . ").replace("[", " [ ").split()
    )
    assert plans(parameters, spaced)[0] == first, "the whitespace-tokenised text must read the same"


def test_block_sizes_that_the_text_fixes_are_used() -> None:
    tile = (
        "__shared__ float t[TILE][TILE + 1]; int x = blockIdx.x * TILE + threadIdx.x, y = "
        "blockIdx.y * TILE + threadIdx.y; if (x < w && y < h) t[threadIdx.y][threadIdx.x] = "
        "a[y * w + x];"
    )
    assert (
        plans("float *a, int w, int h", tile, "#define TILE 16")[0]
        == "grid=ceil(w/16),ceil(h/16),1 block=16,16,1"
    )
    assert (
        plans("float *a, int n", "int i = blockIdx.x * 256 + threadIdx.x; if (i < n) a[i] = 0;")[0]
        == "grid=ceil(n/256),1,1 block=256,1,1"
    )


def test_scalars_that_only_the_tests_have_are_counted() -> None:
    program = Program("cuda", "k", f"__global__ void k(float *a) {{ a[{X}] = 0; }}")
    signature = read_signature(program)
    plain = list_candidate_plans(program, signature)
    assert all("count" not in str(p) for p in plain)
    assert read_kernel_facts(program).dimensions[0].guarded is False


def test_plans_are_few_and_differ() -> None:
    program = Program(
        "cuda",
        "k",
        f"__global__ void k(float *a, float *b, int n, int m, int l) {{ int x = {X}, y = {Y}, "
        f"z = blockIdx.z; a[x + y + z] = b[x]; }}",
    )
    found = list_candidate_plans(program, read_signature(program))
    assert 1 < len(found) <= MAX_PLANS
    assert len({str(p) for p in found}) == len(found)


def test_equal_launches_on_a_suite_are_tried_once() -> None:
    program = Program("cuda", "k", f"__global__ void k(float *a, float *b) {{ a[{X}] = b[{X}]; }}")
    suite = UnitTestSuite(program.id, parse_suite("a:f32[8]=constant(0) b:f32[8]=constant(0)"))
    assert len(list_candidate_plans(program, read_signature(program), suite)) == 1
    assert len(list_candidate_plans(program, read_signature(program))) == 2


def test_a_bound_on_a_neighbour_is_no_guard() -> None:
    """Threads beyond the row would write: only an exact cover fits."""
    body = (
        f"int x = {X}; float s = 0; for (int k = -r; k <= r; k++) {{ int d = x + k; if (d >= "
        f"0 && d < w) s += a[d]; }} b[x] = s;"
    )
    assert (
        plans("const float *a, float *b, int w, int r", body)[0]
        == "grid=w/gcd(w,64),1,1 block=gcd(w,64),1,1"
    )
    guarded = body.replace("b[x] = s;", "if (x < w) b[x] = s;")
    assert (
        plans("const float *a, float *b, int w, int r", guarded)[0]
        == "grid=ceil(w/64),1,1 block=64,1,1"
    )


def test_locals_called_x_and_y_are_not_the_x_and_y_of_threadIdx() -> None:
    """`y` from threadIdx.x and `x` from threadIdx.y: each keeps its own guard."""
    body = (
        f"int y = {X}; int x = {Y}; int wide = cols; if ((y >= rows) || (x >= wide)) return;"
        " for (int q = 0; q < 2; ++q) { int yy = y * s + q; if (yy < h && a[yy * w + x] > 0) "
        "b[y * cols + x] = 1; }"
    )
    assert (
        plans("int w, int s, int *a, int h, int *b, int rows, int cols", body)[0]
        == "grid=ceil(rows/16),ceil(cols/8),1 block=16,8,1"
    )


@given(
    st.lists(
        st.sampled_from(["(", ")", "n", "kernelSize", "from", "/ 2", "+ 1", "*", "[i]", "- i"]),
        max_size=9,
    ).map(" ".join)
)
def test_whatever_a_guard_says_every_plan_can_be_read(bound: str) -> None:
    """Texts of models; `((kernelSize)` once gave a plan with a bracket too many, which
    ended a run.
    """
    try:
        found = plans(
            "float *y, int n, int kernelSize, int from", f"int i = {X}; if (i < {bound}) y[i] = 0;"
        )
    except SignatureError:
        return
    for plan in found:
        parse_plan(plan)


def test_a_statement_that_is_no_c_says_nothing() -> None:
    """Its brackets were once balanced and a guard read off them: no compiler reads it so."""
    body = f"int i = {X}; if (i < ((kernelSize) && i > 0) y[i] = 0;"
    assert (
        plans("float *y, int kernelSize", body)[0]
        == "grid=kernelSize/gcd(kernelSize,64),1,1 block=gcd(kernelSize,64),1,1"
    )


@pytest.mark.parametrize(
    ("guard", "bound"),
    [
        ("if (i <= n - 1) y[i] = 0;", "n"),
        ("if (i <= n) y[i] = 0;", "(n+1)"),
        ("if (n >= i) y[i] = 0;", "(n+1)"),
        ("if (i > n - 1) return; y[i] = 0;", "n"),
        ("if (n - 1 < i) return; y[i] = 0;", "n"),
        ("if (i >= n) return; y[i] = 0;", "n"),
        ("if (n <= i) return; y[i] = 0;", "n"),
        ("if (n > i) y[i] = 0;", "n"),
        ("if (i <= n * m - 1) y[i] = 0;", "n*m"),
    ],
)
def test_a_guard_that_holds_at_its_bound_asks_for_one_thread_more(guard: str, bound: str) -> None:
    """One thread was missing where the bound was a multiple of the block's size: a right kernel was
    called different.
    """
    assert (
        plans("float *y, int n, int m", f"int i = {X}; {guard}")[0]
        == f"grid=ceil({bound}/64),1,1 block=64,1,1"
    )


def test_a_launch_that_only_we_do_not_try_is_told_from_one_that_no_device_takes() -> None:
    plan = parse_plan("grid=n block=128")
    assert plan.geometry({"n": 1 << 19}, {}).grid == (1 << 19, 1, 1)
    with pytest.raises(LaunchTooLargeError):
        plan.geometry({"n": (1 << 20) + 3}, {})
    with pytest.raises(ValueError) as found:
        plan.geometry({"n": 1 << 31}, {})
    assert not isinstance(found.value, LaunchTooLargeError)
