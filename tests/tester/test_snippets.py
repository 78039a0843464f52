import pytest

from corpora.records import Program
from corpora.signatures.signature import read_signature
from corpora.suites.unit_tests import format_test
from gpu_runtime.emulation.backend import EmulatedBackend
from tester.generate.snippets import SnippetError, run_snippet

SIGNATURE = read_signature(
    Program("cpp", "add", "void add(const float *a, float *b, int n, bool up) { }")
)


@pytest.fixture(scope="module")
def backend():
    made = EmulatedBackend()
    yield made
    made.close()


def test_calls_become_typed_tests(backend):
    text = """//Input case 1:
float a[] = {1.0, 2.5, -3};
float b[3] = {0};
int n = 3;
wrapper(add, a, b, n, true);

//Input case 2:
float a[] = {7};
float b[] = {8};
wrapper(add, a, b, 1, false);
"""
    found = run_snippet(text, SIGNATURE, backend)
    assert [format_test(t) for t in found.tests] == [
        "a:f32[3]={1.0,2.5,-3.0} b:f32[3]={0.0,0.0,0.0} n:i32=3 up:bool=1",
        "a:f32[1]={7.0} b:f32[1]={8.0} n:i32=1 up:bool=0",
    ]
    assert not found.dropped


def test_what_does_not_fit_is_dropped_with_its_reason(backend):
    text = (
        "double a[] = {1}; float b[] = {2}; float *p = b; wrapper(add, a, b, 1, true); "
        "wrapper(add, b, p, 1, true); wrapper(add, b, b, 1);"
    )
    found = run_snippet(text, SIGNATURE, backend)
    assert not found.tests
    assert [i for i, _ in found.dropped] == [0, 1, 2]
    assert (
        "f64" in found.dropped[0][1]
        and "known extent" in found.dropped[1][1]
        and "3 arguments" in found.dropped[2][1]
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("int n = 3;", "never calls"),
        ("wrapper(add, nope);", "compile"),
        ("for (;;) { } wrapper(add, 1);", "timeout"),
        ("if (0) wrapper(add, 1);", "never reaches"),
    ],
)
def test_snippets_that_are_no_suite(backend, text, reason):
    with pytest.raises(SnippetError, match=reason):
        run_snippet(text, SIGNATURE, backend)


def test_snippets_are_vetted(backend):
    with pytest.raises(SnippetError, match="refused"):
        run_snippet('FILE *f = fopen("/etc/passwd", "r"); wrapper(add, 1);', SIGNATURE, backend)


def test_what_is_declared_without_a_value_is_zero_and_no_rubbish_of_the_stack(backend):
    """Released cases declare their outputs so: `double new_arr1[1024];`."""
    text = (
        "const int N = 3; float a[N] = {1.5}; float b[ N ] ; int n; bool up;\nfor (int i = "
        "0; i < 2; i++) a[i] += 1; struct { int x; } s; wrapper(add, a, b, n, up);"
    )
    found = run_snippet(text, SIGNATURE, backend)
    assert [format_test(t) for t in found.tests] == [
        "a:f32[3]={2.5,1.0,0.0} b:f32[3]={0.0,0.0,0.0} n:i32=0 up:bool=0"
    ]
