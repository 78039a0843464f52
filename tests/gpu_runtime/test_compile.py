"""Compiling: units, whose an error is, isolation of neighbours, headers, variants, cache, the
compiler's sandbox.
"""

from __future__ import annotations

import threading
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from corpora.records import Parameter, Program, Signature
from corpora.signatures.signature import read_signature
from gpu_runtime.backend import Arguments, CompileRequest, Status, Variant
from gpu_runtime.call import shims_cpp
from gpu_runtime.compile import compiler as compiling, units
from gpu_runtime.compile.compiler import compile_requests
from gpu_runtime.compile.object_store import ObjectStore
from gpu_runtime.compile.toolchain import find_toolchain
from gpu_runtime.emulation.backend import EmulatedBackend
from gpu_runtime.sandbox.lockdown import CompilerLimits, run_compiler

X, N = Parameter("x", "array", "f32"), Parameter("n", "scalar", "i32", "in")
XN = Signature("f", (X, N))
GOOD = "void f(float *x, int n) { for (int i = 0; i < n; i++) x[i] += 1; }"


def request(text, variant=Variant.PLAIN, dialect="cpp", signature=XN):
    return CompileRequest(Program(dialect, signature.name, text), signature, variant)


def read(text, dialect, name="f", variant=Variant.PLAIN):
    program = Program(dialect, name, text)
    return CompileRequest(program, read_signature(program), variant)


@pytest.fixture(scope="module")
def backend(tmp_path_factory):
    made = EmulatedBackend(tmp_path_factory.mktemp("cache"))
    yield made
    made.close()


@pytest.fixture
def compiler_runs(monkeypatch):
    """How often a compiler was started, as a list that grows."""
    seen, lock = [], threading.Lock()

    def counted(*arguments, **options):
        with lock:
            seen.append(arguments[0])
        return run_compiler(*arguments, **options)

    monkeypatch.setattr(compiling, "run_compiler", counted)
    return seen


def value(backend, compiled, *extra, n=4, variant_threads=1):
    assert compiled.ok, compiled.diagnostics
    arguments = Arguments(
        (np.arange(n, dtype=np.float32), np.array(n, np.int32), *extra), threads=variant_threads
    )
    done = backend.run(compiled, [arguments])[0]
    assert done.status is Status.OK, done.detail
    return done.values[0].tolist()


def test_sixteen_programs_take_one_compiler_run(tmp_path, compiler_runs):
    made = compile_requests([request(GOOD.replace("1;", f"{k};")) for k in range(2, 18)], tmp_path)
    assert (
        all(c.ok for c in made)
        and len({c.artifact for c in made}) == 1
        and len({c.symbol for c in made}) == 16
    )
    assert len(compiler_runs) == 1


def test_errors_belong_to_their_program(tmp_path, compiler_runs, backend):
    texts = [
        GOOD,
        "void f(float *x, int n) {\n  x[0] = missing;\n}",
        GOOD.replace("+=", "-="),
        "void f(float *x) { x[0] = 1; }",
    ]
    made = compile_requests([request(t) for t in texts], tmp_path)
    assert [c.ok for c in made] == [True, False, True, False]
    assert made[1].diagnostics.startswith("program.cpp:2:10: error: 'missing' was not declared")
    assert "call:" in made[3].diagnostics and "ns_cv" not in made[3].diagnostics
    assert len(compiler_runs) == 2
    assert value(backend, made[2]) == [-1, 0, 1, 2]


@pytest.mark.parametrize(
    "bad",
    [
        "void f(float *x, int n) { x[0] = 1; ",
        "void f(float *x, int n) { x[0] = 1; }}",
        "void f(float *x, int n) { /* }",
        "void f(float *x, int n) { } struct s { int a; }",
        "#if 0\nvoid f(float *x, int n) { }",
        'void f(float *x, int n) { } R"(',
        "#define f(a, b) ((a)\nvoid f(float *x, int n) { }",
        "}} void f(float *x, int n) { {{",
        "#define float double\nvoid f(float *x, int n) { y; }",
        "#pragma GCC poison n\nvoid f(float *x, int n) { }",
        "template <int N> void f(float *x, int n) { ",
        "void f(float *x, int n) { } \\",
    ],
)
def test_neighbours_of_a_broken_program_compile(tmp_path, bad, backend):
    made = compile_requests(
        [request(GOOD), request(bad), request(GOOD.replace("+=", "*="))], tmp_path
    )
    assert made[0].ok and made[2].ok, (made[0].diagnostics, made[2].diagnostics)
    assert value(backend, made[0]) == [1, 2, 3, 4]


def test_macros_types_and_globals_stay_in_their_program(tmp_path, backend):
    texts = [
        "#define SCALE 3\ntypedef double real;\nstatic int k = 1;\nvoid f(float *x, int n) { "
        "real s = SCALE; x[0] = s + k; }",
        "#define SCALE 5\ntypedef float real;\nstatic int k = 2;\nvoid f(float *x, int n) { "
        "real s = SCALE; x[0] = s + k; }",
        "void f(float *x, int n) {\n#ifdef SCALE\nx[0] = -1;\n#else\nx[0] = 9;\n#endif\n}",
    ]
    made = compile_requests([request(t) for t in texts], tmp_path)
    assert [value(backend, c)[0] for c in made] == [4, 7, 9]


def test_a_constructor_does_not_run_beside_neighbours(tmp_path, backend):
    evil = (
        "static int run() { for (;;) {} return 1; }\nstatic int now = run();\nvoid f(float "
        "*x, int n) { x[0] = now; }"
    )
    made = compile_requests(
        [request(GOOD), request(evil), request(GOOD.replace("+=", "*="))], tmp_path
    )
    assert (
        made[0].ok and made[2].ok and made[1].artifact not in (made[0].artifact, made[2].artifact)
    )
    assert value(backend, made[0]) == [1, 2, 3, 4]


def test_undefined_function_is_a_compile_error_of_its_program_only(tmp_path):
    made = compile_requests(
        [request(GOOD), request("void g(float *);\nvoid f(float *x, int n) { g(x); }")], tmp_path
    )
    assert made[0].ok and not made[1].ok and "undefined reference" in made[1].diagnostics


@pytest.mark.parametrize(
    "text,expected",
    [
        (
            "#include <vector>\nvoid f(float *x, int n) { std::vector<float> v(n, 2.0f); for "
            "(int i = 0; i < n; i++) x[i] += v[i]; }",
            [2, 3, 4, 5],
        ),
        (
            "#include <math.h>\n#include <stdlib.h>\nvoid f(float *x, int n) { x[1] = "
            "sqrtf(4.0f) + abs(-3); }",
            [0, 5, 2, 3],
        ),
        (
            "#include <algorithm>\nvoid f(float *x, int n) { std::sort(x, x + n, [](float a, "
            "float b) { return a > b; }); }",
            [3, 2, 1, 0],
        ),
        ("void f(float *x, int n) { std::reverse(x, x + n); }", [3, 2, 1, 0]),
        (
            "void f(float *x, int n) { float *t = calloc(n, sizeof(float)); t[0] = 7; x[0] = "
            "t[0]; free(t); }",
            [7, 1, 2, 3],
        ),
        (
            "using namespace std;\nvoid f(float *x, int n) { x[0] = max(x[1], x[2]) + min(1, "
            "2); swap(x[2], x[3]); }",
            [3, 1, 3, 2],
        ),
        (
            "void f ( float * x , int n ) { int i ; for ( i = 0 ; i < n ; i ++ ) x [ i ] = pow "
            "( x [ i ] , 2 ) ; }",
            [0, 1, 4, 9],
        ),
        (
            "void f(float *__restrict__ x, const int n) { uint k = n; x[0] = "
            "std::numeric_limits<float>::max() > FLT_MAX ? 1 : INT_MAX > 0 ? k : 0; }",
            [4, 1, 2, 3],
        ),
        (
            'void f(float *x, int n) { printf("%f\\n", x[0]); std::cout << x[0] << std::endl; '
            "assert(n == 4); x[0] = isnan(NAN) + fabs(-1); }",
            [2, 1, 2, 3],
        ),
    ],
)
def test_what_programs_use_is_there(backend, text, expected):
    assert value(backend, backend.compile([request(text)])[0]) == expected


def test_overloads_have_the_result_types_of_the_standard(backend):
    text = """static_assert(sizeof(sqrt(1.0f)) == 4 && sizeof(sqrt(1)) == 8 && sizeof(pow(1.0f, \
2)) == 8 && sizeof(pow(1.0f, 1.0f)) == 4, "");
static_assert(sizeof(fabs(1.0f)) == 4 && sizeof(abs(1L)) == 8 && sizeof(fmax(1.0f, \
1.0)) == 8 && sizeof(floor(2)) == 8, "");
void f(float *x, int n) { }"""
    made = backend.compile([request(text)])[0]
    assert made.ok, made.diagnostics


def test_precise_keeps_the_layout_and_computes_wider(backend):
    text = (
        "void f(float *x, int n) { float s = 16777216.0f; for (int i = 0; i < n; i++) s += "
        "x[i]; s -= 16777216.0f; x[0] = s; }"
    )
    plain, precise = backend.compile([request(text), request(text, Variant.PRECISE)])
    ones = Arguments((np.ones(8, np.float32), np.array(8, np.int32)))
    assert backend.run(plain, [ones])[0].values[0][0] == 0
    done = backend.run(precise, [ones])[0]
    assert done.values[0][0] == 8 and done.values[0].dtype == np.float32


def test_precise_double_result_scalar_and_reference(backend):
    signature = Signature(
        "f",
        (Parameter("a", "scalar", "f64", "in"), Parameter("r", "scalar", "f64", "out", True)),
        "f64",
    )
    text = "double f(double a, double &r) { r = (a + 1e-18) - a; return ((a + 1e-18) - a) * 1e18; }"
    plain, precise = backend.compile(
        [request(text, v, signature=signature) for v in (Variant.PLAIN, Variant.PRECISE)]
    )
    arguments = [Arguments((np.array(1.0), np.array(0.0)))]
    assert backend.run(plain, arguments)[0].result == 0
    done = backend.run(precise, arguments)[0]
    assert abs(done.result - 1) < 0.1 and 0 < done.values[1] < 2e-18


def test_variants_agree_where_they_must(backend):
    made = backend.compile([request(GOOD, v) for v in Variant])
    assert all(c.ok for c in made), [c.diagnostics for c in made]
    assert len({c.symbol for c in made}) == 1
    assert [value(backend, c) for c in made] == [[1, 2, 3, 4]] * len(made)


def test_reassociated_keeps_nan_and_infinity(backend):
    text = (
        "void f(float *x, int n) { for (int i = 0; i < n; i++) x[i] = isnan(x[i]) ? 1 : "
        "isinf(x[i]) ? 2 : 3; }"
    )
    made = backend.compile([request(text, Variant.REASSOCIATED)])[0]
    done = backend.run(
        made, [Arguments((np.array([np.nan, np.inf, 1], np.float32), np.array(3, np.int32)))]
    )[0]
    assert done.values[0].tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    "text,piece",
    [
        (
            "void f(float *x, int n) { int k = 2147483647; k += n; x[0] = k; }",
            "line 1: signed integer overflow",
        ),
        (
            "void f(float *x, int n) { float *t = new float[n]; x[0] = t[n]; }",
            "heap-buffer-overflow READ of size 4",
        ),
        ("void f(float *x, int n) { float t[4]; x[0] = t[n]; }", "out of bounds"),
        ("void f(float *x, int n) { x[0] = n / (n - 4); }", "division by zero"),
        ("void f(float *x, int n) { x[0] = n << (n + 40); }", "shift exponent"),
        ("void f(float *x, int n) { volatile float t = x[-1]; }", "outside an array"),
    ],
)
def test_sanitizers_see_undefined_behaviour(backend, text, piece):
    done = backend.run(
        backend.compile([request(text, Variant.SANITIZED)])[0],
        [Arguments((np.zeros(4, np.float32), np.array(4, np.int32)))],
    )[0]
    assert done.status is Status.SANITIZER and piece in done.detail, done.detail


def test_recorded_extents(backend):
    text = "void f(float *x, int n) { for (int i = 1; i < n - 1; i++) x[i + 1] = x[i - 1]; }"
    done = backend.run(
        backend.compile([request(text, Variant.RECORDED)])[0],
        [Arguments((np.zeros(10, np.float32), np.array(10, np.int32)))],
    )[0]
    access = done.accesses[0]
    assert (access.first_read, access.last_read, access.first_write, access.last_write) == (
        0,
        7,
        2,
        9,
    )


def test_results_are_cached_failures_too(tmp_path, compiler_runs):
    requests = [request(GOOD), request("void f(float *x, int n) { y; }")]
    first = compile_requests(requests, tmp_path)
    runs = len(compiler_runs)
    again = compile_requests(list(reversed(requests)), tmp_path)
    assert len(compiler_runs) == runs
    assert (
        [c.ok for c in again] == [False, True]
        and again[1].artifact == first[0].artifact
        and again[0].diagnostics == first[1].diagnostics
    )


def test_a_lost_object_is_made_again(tmp_path):
    first = compile_requests([request(GOOD)], tmp_path)[0]
    first.artifact.unlink()
    assert compile_requests([request(GOOD)], tmp_path)[0].artifact.exists()


def test_a_torn_cache_entry_is_ignored(tmp_path):
    compile_requests([request(GOOD)], tmp_path)
    for path in (tmp_path / "results").rglob("*.json"):
        path.write_text('{"ok": tr')
    assert compile_requests([request(GOOD)], tmp_path)[0].ok


def test_equal_requests_are_compiled_once(tmp_path, compiler_runs):
    made = compile_requests([request(GOOD)] * 3, tmp_path)
    assert len(made) == 3 and len({c.artifact for c in made}) == 1 and len(compiler_runs) == 1


def test_time_and_memory_of_a_compiler_are_a_failed_compile(tmp_path, monkeypatch):
    monkeypatch.setattr(compiling, "ALONE_LIMITS", CompilerLimits(wall_s=0.3, cpu_s=2))
    bomb = (
        "constexpr int spin() { long s = 0; for (long i = 0; i < 1L << 20; i++) for (long j "
        "= 0; j < 1L << 20; j++) s += j; return s != 0; }\n"
    )
    many = "".join(
        f"template <int N> struct a{k} {{ enum {{ v = a{k}<N - 1>::v + 1 }}; }};\n"
        for k in range(3)
    )
    made = compile_requests(
        [request(bomb + many + 'static_assert(spin(), "");\nvoid f(float *x, int n) { }')], tmp_path
    )[0]
    assert not made.ok and made.diagnostics


def test_compiler_sees_neither_host_files_nor_network(tmp_path):
    probe = tmp_path / "work"
    probe.mkdir()
    (probe / "t.s").write_text('.data\n.incbin "/etc/passwd"\n')
    run = run_compiler([find_toolchain().gcc, "-c", "t.s", "-o", "t.o"], probe)
    assert run.code != 0 and "/etc/passwd" in run.text and not (probe / "t.o").exists()
    (probe / "t.c").write_text('#include "/etc/passwd"\n')
    run = run_compiler([find_toolchain().gcc, "-E", "t.c"], probe)
    assert run.code != 0 and "root:" not in run.text


def test_compiler_writes_only_in_its_folder(tmp_path):
    probe = tmp_path / "work"
    probe.mkdir()
    (probe / "t.c").write_text("int x;\n")
    run = run_compiler([find_toolchain().gcc, "-c", "t.c", "-o", str(tmp_path / "out.o")], probe)
    assert run.code != 0 and not (tmp_path / "out.o").exists()


def test_compiler_that_hangs_is_killed_with_its_children(tmp_path):
    run = run_compiler(
        ["/bin/sh", "-c", "sleep 31.7 & sleep 31.7"], tmp_path, CompilerLimits(wall_s=0.3)
    )
    assert run.timed_out and run.code < 0
    time.sleep(0.2)
    commands = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
    assert not [command for command in commands if b"31.7" in command]


TOKENS = st.sampled_from(
    [
        "{",
        "}",
        "(",
        ")",
        "[",
        "]",
        "'a'",
        '"}"',
        "// }\n",
        "/* { */",
        "x",
        "1'000",
        "'\\''",
        '"\\""',
        'R"({)"',
        "\n",
    ]
)


@settings(max_examples=200, deadline=None)
@given(st.lists(TOKENS, max_size=20))
def test_balanced_agrees_with_a_count_over_code(parts):
    stack, good = [], True
    for part in parts:
        if part in ("{", "(", "["):
            stack.append(part)
        elif part in ("}", ")", "]"):
            good = good and bool(stack) and stack.pop() == {"}": "{", ")": "(", "]": "["}[part]
    assert shims_cpp.is_balanced(" ".join(parts)) == (good and not stack)


@pytest.mark.parametrize(
    ("text", "shares"),
    [
        ("void f(int *a) { a[0] = 1; } // module, import, asm", True),
        ("void f(int *a) { int module = 1; a[0] = module; }", False),
        ("__attribute__((aligned(16))) int x[4];", True),
        ("__attribute__((aligned(16), constructor)) void f() { }", False),
        ("[[noreturn]] void f() { }", False),
        ("int x[3]; int y = x[ [] { return 1; }() ];", False),
        ('extern "C" void f() { }', False),
        ("#define NULL 3\nvoid f() { }", False),
        ("#pragma omp declare simd\nvoid f() { }", False),
        ("#pragma GCC ivdep\nvoid f() { }", True),
        ("#pragma GCC optimize(3)\nvoid f() { }", False),
        ("void f() { } /* not closed", False),
        ("void f() { } // goes on \\", False),
    ],
)
def test_what_may_stand_in_one_unit_with_others(text, shares):
    found = shims_cpp.can_share_unit(text, units.find_prelude_macros(), units.HARMLESS_ATTRIBUTES)
    assert found is shares


def test_program_text_keeps_its_lines():
    text = "#include <cmath>\n\nvoid f(float *x, int n) {\n  y;\n}"
    assert shims_cpp.blank_includes(text).splitlines()[2] == "void f(float *x, int n) {"
    assert units.find_prelude_macros() >= {"INT_MAX", "NULL", "assert"}


def test_a_program_that_needs_real_headers_costs_its_neighbours_one_compile_only(
    tmp_path, monkeypatch
):
    from gpu_runtime.compile import compiler as under_test

    units_made: list[int] = []
    inner = under_test._Builder._compile

    def counted(self, recipe, jobs, *rest):
        units_made.append(len(jobs))
        return inner(self, recipe, jobs, *rest)

    monkeypatch.setattr(under_test._Builder, "_compile", counted)
    apart = Program(
        "cpp", "f", "void f(int *x, int n) { std::vector<std::string> v(n); x[0] = v.size(); }"
    )
    plain = [Program("cpp", "f", f"void f(int *x, int n) {{ x[0] = n + {k}; }}") for k in range(3)]
    for variant, expected in ((Variant.PLAIN, [4, 1, 3]), (Variant.REASSOCIATED, [1, 3])):
        units_made.clear()
        done = under_test.compile_requests(
            [CompileRequest(p, read_signature(p), variant) for p in (apart, *plain)], tmp_path
        )
        assert all(c.ok for c in done) and units_made == expected


def test_the_reassociated_build_sums_in_another_order(backend):
    """It measures how far another order of summation may lie: a build that keeps the order would
    say that there is none.
    """
    text = (
        "void f(const float *x, int n, float *s) { for (int j = 0; j < 1; j++) { float t = "
        "0; for (int i = 0; i < n; i++) t += x[i] * x[j * n + i]; s[j] = t; } }"
    )
    program = Program("cpp", "f", text)
    x = np.random.default_rng(1).random(1001, np.float32)
    call = Arguments((x, np.array(1001, np.int32), np.zeros(1, np.float32)))
    plain, other = (
        float(
            backend.run(
                backend.compile([CompileRequest(program, read_signature(program), v)])[0], [call]
            )[0].values[2][0]
        )
        for v in (Variant.PLAIN, Variant.REASSOCIATED)
    )
    assert plain != other and abs(plain - other) < 1e-4 * plain


def test_an_object_that_is_there_is_not_exchanged_for_its_like(tmp_path):
    """A sandbox may have been told of the file that is there: in the place of which another one is
    closed to it.
    """
    store, made = ObjectStore(tmp_path), tmp_path / "made"
    made.write_bytes(b"first")
    place = tmp_path / "objects" / store.keep_object(made, "a.so")
    before = place.stat().st_ino
    made.write_bytes(b"again")
    store.keep_object(made, "a.so")
    assert place.stat().st_ino == before and place.read_bytes() == b"first"
    place.write_bytes(b"to")
    store.keep_object(made, "a.so")
    assert place.read_bytes() == b"again" and sorted(p.name for p in place.parent.iterdir()) == [
        "a.so"
    ]
