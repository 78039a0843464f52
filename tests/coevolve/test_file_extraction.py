"""Functions taken from files that a compiler reads otherwise than they look, and from honest ones,
through the command line.
"""

import json

import pytest

from coevolve.cli.verify import add_parser, run

SOURCE = "void f(float *x, int n) { for (int i = 0; i < n; i++) x[i] = x[i] * 2; }\n"
RIGHT = (
    "void f(float *x, int n) {\n#pragma omp parallel for\n  for (int i = 0; i < n; i++) "
    "x[i] = x[i] * 2;\n}\n"
)
WRONG = RIGHT.replace("* 2", "* 3")
REFUSED = "static int calls;\nint count(int n) { return calls += n; }\n"
"""What is not let through in one piece: the function is cut out of its file."""
KERNEL = (
    "__global__ void f(float *x, int n) { int i = blockIdx.x * blockDim.x + threadIdx.x; "
    "if (i < n) x[i] = x[i] * 2; }\n"
)
HIDES = (
    "float h(float a) { return a * 2; }\nvoid f(float *x, int n) { for (int i = 0; i < n; "
    "i++) x[i] = h(x[i]); }\n"
)


@pytest.fixture(autouse=True)
def place(tmp_path, cache_of_module, monkeypatch):
    monkeypatch.setenv("COEVOLVE_CACHE", str(cache_of_module))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.cpp").write_text(SOURCE)


def asked(*words: str) -> int:
    import argparse

    return run(
        add_parser(argparse.ArgumentParser().add_subparsers()).parse_args(
            [*words, "--backend", "emulated"]
        )
    )


def verdict(tmp_path, capsys, target: str, suffix: str = ".omp.cpp", source: str = "a.cpp") -> dict:
    (tmp_path / f"b{suffix}").write_text(target)
    code = asked(source, f"b{suffix}", "--json", "--function", "f")
    printed = capsys.readouterr()
    if code == 2:  # refused in one line
        assert printed.err.startswith("coevolve verify: ") and printed.err.count("\n") == 1
        return {"equivalent": None, "detail": printed.err.strip()}
    row = json.loads(printed.out.splitlines()[-1])
    assert code == {True: 0, False: 1, None: 3}[row["equivalent"]]
    return row


def switched(condition: str, then: str, otherwise: str) -> str:
    return f"{condition}\n{then}#else\n{otherwise}#endif\n"


WAYS = [
    pytest.param("", id="whole"),
    pytest.param(REFUSED, id="cut", marks=pytest.mark.slow),
]
"""A file is judged in one piece, or the function is cut out of it."""
WRONG_FILES = {
    "if 0": switched("#if 0", RIGHT, WRONG),
    "if 1": switched("#if 1", WRONG, RIGHT),
    "ifdef _OPENMP": switched("#ifdef _OPENMP", WRONG, RIGHT),
    "ifndef _OPENMP": switched("#ifndef _OPENMP", RIGHT, WRONG),
    "version of OpenMP": switched("#if _OPENMP >= 201107", WRONG, RIGHT),
    "ifdef of a header": "#include <limits.h>\n" + switched("#ifdef INT_MAX", WRONG, RIGHT),
    "elif": "#if 0\n" + RIGHT + "#elif 1\n" + WRONG + "#endif\n",
    "nested": "#if 1\n#if 0\n" + RIGHT + "#else\n" + WRONG + "#endif\n#endif\n",
    "macro hides a parameter": "#define n 3\n"
    + RIGHT.replace("int n", "int").replace("void f(float *x, int)", "void f(float *x, int m)"),
    "macro is the type": "#define float double\n" + RIGHT,
    "macro with a parameter": "#define n (n-1)\n" + RIGHT.replace("int n)", "int (n))"),
    "undef too late": "#define i32 char\n"
    + RIGHT.replace("int i", "i32 i")
    + "#undef i32\n#define i32 int\n",
    "macro changes the body": "#define x(i) x[i + 0]\n#define TWICE(a) ((a) * 3)\n"
    + RIGHT.replace("x[i] * 2", "TWICE(x[i])"),
    "redefined in another function": "#define K 3\nvoid g(int *y) {\n#undef K\n#define K 4\n  "
    "y[0] = K;\n}\n" + RIGHT.replace("* 2", "* (K - 1)"),
    "macros open and close": "#define OPEN namespace hidden {\n#define CLOSE }\n#define MAKE "
    "void f(float *x, int n)\nOPEN\n"
    + RIGHT
    + "CLOSE\nMAKE { for (int i = 0; i < n; i++) x[i] *= 3; }\n",
    "renamed by a macro": "#define f g\n"
    + RIGHT
    + "#undef f\n#define MAKE void f\nMAKE(float *x, int n) { x[0] = n; }\n",
    "two namespaces": "namespace a {\n" + RIGHT + "}\nnamespace b {\n" + WRONG + "}\nusing b::f;\n",
    "a helper in two namespaces": "namespace a { float h(float v) { return v * 2; } }\nfloat "
    "h(double v) { return v * 3; }\n" + HIDES.split("\n")[1] + "\n",
    "hidden in a namespace": "namespace old {\n" + RIGHT + "}\n" + WRONG,
    "constructor": RIGHT + "static int set() { return 1; }\nint first = set();\n",
    "constructor attribute": RIGHT
    + "int table[4];\n__attribute__((constructor)) static void set() { table[0] = 1; }\n",
    "object": "struct S { S() { table()[0] = 3; } static int *table() { static int t[3]; return "
    "t; } };\nS s;\n" + RIGHT,
    "incbin": RIGHT + 'asm(".incbin \\"/etc/passwd\\"");\n',
    "assembly": RIGHT + 'asm(".globl g\\ng: ret");\n',
    "assembly in a function": RIGHT + 'void g() { __asm__("nop"); }\n',
    "alias": 'extern "C" void w(float *x, int n) { x[0] = n; }\nvoid f(float *x, int n) '
    '__attribute__((alias("w")));\nnamespace q {\n' + RIGHT + "}\n",
    "weak": "__attribute__((weak)) " + RIGHT,
    "ifunc": RIGHT.replace("void f", "static void r")
    + 'static void w(float *x, int n) { x[0] = n; }\nextern "C" { typedef void F(float *, '
    "int); F *pick() { return w; } }\nvoid f(float *, int) "
    '__attribute__((ifunc("pick")));\n',
    "redefine_extname": "#pragma redefine_extname f w\n" + RIGHT,
    "pragma weak": "#pragma weak f = w\n" + RIGHT,
    "push_macro": '#define K 3\n#pragma push_macro("K")\n#undef K\n#define K 2\n#pragma '
    'pop_macro("K")\n' + RIGHT.replace("* 2", "* K"),
    "another file": '#include "other.h"\n' + RIGHT,
    "a file of the machine": '#include "/etc/passwd"\n' + RIGHT,
    "itself": "#ifndef ONCE\n#define ONCE\n#include __FILE__\n"
    + WRONG
    + "#else\n"
    + RIGHT.replace("void f", "void g")
    + "#endif\n",
    "static_assert": RIGHT + 'static_assert(sizeof(int) == 3, "");\n',
    "error": RIGHT + "#error this is not meant to compile\n",
    "a syntax error behind it": RIGHT + "int broken( {\n",
    "an undeclared name behind it": RIGHT + "int g() { return MISSING; }\n",
    "a function that nothing declares": WRONG.replace("void f", "void g")
    + RIGHT.replace("x[i] * 2", "x[i] * 2 + 0 * missing()"),
    "a function that nothing declares behind it": RIGHT + "void g() { missing(); }\n",
    "a continued comment": "// \\\n" + RIGHT.replace("\n", " ", 1) + "\n" + WRONG,
    "a continuation with a blank": "// old \\ \nvoid f(float *x, int n) { for (int i = 0; i < "
    "n; i++) x[i] = x[i] * 2; }\nvoid\nf(float *x, int n) { x[0] "
    "= n; }\n",
    "a trigraph": "// why ??/\n" + RIGHT.split("\n")[0] + "\n" + WRONG,
    "a raw string": 'const char *text = R"(\n' + RIGHT + ')";\n' + WRONG,
    "a raw string with a marker": 'const char *text = R"(\n# 1 "/usr/include/stdio.h" 1 3\n)";\n'
    "#if 1\n" + WRONG + "#else\n" + RIGHT + "#endif\n",
    "a digraph": switched("%:if 0", RIGHT, WRONG),
    "overloads": RIGHT
    + "void f(float *x, long n) { x[0] = 5; }\nvoid f(float *x, short n) { x[0] = 5; }\n",
    "a specialisation": "template <class T> T h(T v) { return v * 2; }\ntemplate <> float "
    "h<float>(float v) { return v * 3; }\n" + HIDES.split("\n")[1] + "\n",
    "optimised": switched("#ifdef __OPTIMIZE__", WRONG, RIGHT),
    "not optimised": switched("#ifdef __NO_INLINE__", WRONG, RIGHT),
    "sanitized": switched(
        "#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)", RIGHT, WRONG
    ),
    "an operator": "struct V { float v; operator float() const { return v; } };\nfloat "
    "operator*(V a, int b) { return a.v * 3; }\n" + RIGHT.replace("x[i] * 2", "V{x[i]} * 2"),
    "a template operator": "template <class T> struct V { T v; operator T() const { return v; } "
    "};\ntemplate <class T> T operator*(V<T> a, int b) { return a.v * 3; "
    "}\n" + RIGHT.replace("x[i] * 2", "V<float>{x[i]} * 2"),
    "a special type": "template <class T> struct H { static T of(T v) { return v * 2; } };\n"
    "template <> struct H<float> { static float of(float v) { return v * 3; } "
    "};\n" + RIGHT.replace("x[i] * 2", "H<float>::of(x[i])"),
    "an overload of a helper": "static double h(double v) { return v * 2; }\nstatic float "
    "h(float v) { return v * 3; }\n" + RIGHT.replace("x[i] * 2", "h(x[i])"),
    "a header's macro": "#include <limits.h>\n" + RIGHT.replace("* 2", "* (INT_MAX > 5 ? 3 : 2)"),
    "a macro of a macro": "#define A B\n#define B 3\n"
    + RIGHT.replace("* 2", "* A")
    + "#undef B\n#define B 2\n",
    "a macro in a pragma": "#define L x[0]++;\n" + RIGHT.replace("x[i] * 2;", "x[i] * 2; L"),
    "an enumerator in the way": "namespace a { enum { K = 2 }; }\nenum { K = 3 };\n"
    + RIGHT.replace("* 2", "* K"),
    "a local of another function": "void g(int *y) { enum { K = 2 }; y[0] = K; }\nconst int K = "
    "3;\n" + RIGHT.replace("* 2", "* K"),
}


@pytest.mark.parametrize("refused", WAYS)
@pytest.mark.parametrize("name", WRONG_FILES)
def test_a_wrong_file_is_never_equivalent(tmp_path, capsys, name, refused):
    row = verdict(tmp_path, capsys, WRONG_FILES[name] + refused)
    honest = {"weak", "overloads", "undef too late"} if not refused else {"undef too late"}
    if name not in honest or row["equivalent"] is not True:
        assert row["equivalent"] is not True, row
    assert "\n" not in row["detail"]


GUARDED = "#ifndef B_H\n#define B_H\n{}#endif\n"
HONEST = {
    "include of omp.h": "#ifdef _OPENMP\n#include <omp.h>\n#endif\n" + RIGHT,
    "stand-ins without OpenMP": "#ifdef _OPENMP\n#include <omp.h>\n#else\nint "
    "omp_get_max_threads() { return 1; }\n#endif\n" + RIGHT,
    "guard": GUARDED.format(RIGHT),
    "block": "#define BLOCK 256\n#define AT(i) x[i]\n" + RIGHT.replace("x[i] =", "AT(i) ="),
    "namespace": "namespace kernels { float h(float v) { return v * 2; } }\n"
    + RIGHT.replace("x[i] * 2", "kernels::h(x[i])"),
    "helpers": "static float h(float v) { return v * 2; }\n" + RIGHT.replace("x[i] * 2", "h(x[i])"),
    "main": "#include <stdio.h>\n#include <stdlib.h>\n"
    + RIGHT
    + 'int main() { float x[3] = {1, 2, 3}; f(x, 3); printf("%f\\n", x[0]); return 0; }\n',
    "streams": "#include <iostream>\n"
    + RIGHT
    + "int main() { float x[3] = {1, 2, 3}; f(x, 3); std::cout << x[0] << std::endl; }\n",
    "a file that main writes": "#include <stdio.h>\n"
    + RIGHT
    + 'int main() { FILE *o = fopen("out", "w"); fclose(o); return 0; }\n',
    "a timer": "#include <sys/time.h>\n#include <time.h>\nstatic double now() { struct timeval "
    "t; gettimeofday(&t, 0); return t.tv_sec; }\n" + RIGHT,
    "if 0": "#if 0\n" + WRONG + "#endif\n" + RIGHT,
    "state of others": REFUSED + RIGHT,
    "macro used beside state": REFUSED
    + "#define TWICE(a) ((a) * 2)\n"
    + RIGHT.replace("x[i] * 2", "TWICE(x[i])"),
    "M_PI": "#include <math.h>\n#ifndef M_PI\n#define M_PI 3.14159265358979323846\n#endif\n"
    + RIGHT,
    "C linkage": '#ifdef __cplusplus\nextern "C" {\n#endif\n'
    + RIGHT
    + "#ifdef __cplusplus\n}\n#endif\n",
    "continued macro": REFUSED
    + "#define TWICE(a) \\\n  ((a) * 2)\n"
    + RIGHT.replace("x[i] * 2", "TWICE(x[i])"),
}


@pytest.mark.parametrize("name", HONEST)
def test_an_honest_file_is_equivalent(tmp_path, capsys, name):
    row = verdict(tmp_path, capsys, HONEST[name])
    assert row["equivalent"] is True, row
    assert verdict(tmp_path, capsys, HONEST[name].replace("* 2", "* 3"))["equivalent"] is False


def test_separated_functions_are_reported(tmp_path, capsys):
    row = verdict(tmp_path, capsys, REFUSED + RIGHT)
    assert row["cut"] == [
        "target: cut out of its file, of which the rest is refused (the global variable "
        "'calls' keeps state between calls)"
    ]
    assert verdict(tmp_path, capsys, RIGHT)["cut"] == []
    asked("a.cpp", "b.omp.cpp")
    (tmp_path / "c.omp.cpp").write_text(REFUSED + RIGHT)
    asked("a.cpp", "c.omp.cpp", "--function", "f")
    assert "  judged    target: cut out of its file" in capsys.readouterr().out
    told = verdict(tmp_path, capsys, REFUSED + RIGHT + "int g() { return MISSING; }\n")
    assert (
        "does not compile (line 7: 'MISSING' was not declared in this scope)" in told["detail"]
        and told["blame"] == "target"
    )


CUDA_WRONG = {
    "ifdef __CUDACC__": switched("#ifdef __CUDACC__", KERNEL.replace("* 2", "* 3"), KERNEL),
    "ifdef __CUDA_ARCH__": KERNEL.replace(
        "x[i] = x[i] * 2;",
        "{\n#ifdef __CUDA_ARCH__\nx[i] = x[i] * 3;\n#else\nx[i] = x[i] * 2;\n#endif\n}",
    ),
    "__CUDA_ARCH__ on the host": "#ifdef __CUDA_ARCH__\n#define K 2\n#else\n#define K 3\n"
    "#endif\n__constant__ int k = K;\n" + KERNEL.replace("* 2", "* k"),
    "if 0": switched("#if 0", KERNEL, KERNEL.replace("* 2", "* 3")),
}


@pytest.mark.parametrize("refused", WAYS)
@pytest.mark.parametrize("name", CUDA_WRONG)
def test_a_wrong_cuda_file_is_never_equivalent(tmp_path, capsys, name, refused):
    assert verdict(tmp_path, capsys, CUDA_WRONG[name] + refused, ".cu")["equivalent"] is not True


CUDA_HONEST = {
    "ifdef __CUDACC__": "#ifdef __CUDACC__\n#define HD __host__ __device__\n#else\n#define HD\n"
    "#endif\nHD float h(float v) { return v * 2; }\n" + KERNEL.replace("x[i] * 2", "h(x[i])"),
    "an own atomicAdd": "#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ < 600\n__device__ double "
    "atomicAdd(double *a, double v) { return v; }\n#endif\n" + KERNEL,
    "main": "#include <cuda_runtime.h>\n#include <stdio.h>\n"
    + KERNEL
    + "int main() { float *x; cudaMalloc(&x, 12); int n = 3; f<<<(n + 255) / 256, 256>>>(x, "
    'n); cudaFree(x); printf("done\\n"); return 0; }\n',
    "state of others": REFUSED + KERNEL,
}


@pytest.mark.parametrize("name", CUDA_HONEST)
def test_an_honest_cuda_file_is_equivalent(tmp_path, capsys, name):
    row = verdict(tmp_path, capsys, CUDA_HONEST[name], ".cu")
    assert row["equivalent"] is True, row
    assert (
        verdict(tmp_path, capsys, CUDA_HONEST[name].replace("* 2", "* 3"), ".cu")["equivalent"]
        is False
    )


SHARED = (
    "int n = {};\nfloat w[64];\nvoid f(float *x) {{ for (int i = 0; i < n; i++) x[i] = "
    "x[i] * 2 + w[i]; }}\n"
)


@pytest.mark.parametrize(
    ("target", "equivalent"),
    [
        (SHARED.format(8), True),
        (SHARED.format(8).replace("* 2", "* 3"), False),
        (SHARED.format(5), None),
        (SHARED.format(8) + "static int set() { n = 3; return 0; }\nint first = set();\n", None),
        (SHARED.format(8) + "__attribute__((constructor)) void set() { n = 3; }\n", None),
        (SHARED.format(8) + "int broken( {\n", None),
        ("#define n m\nint m;\n#undef n\n" + SHARED.format(8), True),
    ],
)
def test_shared_data_begins_with_the_same_values(tmp_path, capsys, target, equivalent):
    (tmp_path / "s.cpp").write_text(SHARED.format(8))
    row = verdict(tmp_path, capsys, target, source="s.cpp")
    assert row["equivalent"] is equivalent, row


FORTRAN = (
    "subroutine f(x, n)\n  integer, intent(in) :: n\n  real, intent(inout) :: x(n)\n  "
    "integer :: i\n  do i = 1, n\n    x(i) = x(i) * 2\n  end do\nend subroutine\n"
)
KEEPS = (
    "subroutine g(k)\n  integer, intent(out) :: k\n  integer, save :: calls = 0\n  calls = "
    "calls + 1\n  k = calls\nend subroutine\n"
)
BAD = FORTRAN.replace("* 2", "* 3")
FIXED = (
    "      subroutine f(x, n)\n      integer n, i\n      real x(n)\n      do 10 i = 1, n\n"
    "c     {}\n        x(i) = x(i) * 2\n 10   continue\n      end\n"
)


@pytest.mark.parametrize(
    ("target", "suffix", "equivalent"),
    [
        (FORTRAN, ".f90", True),
        (KEEPS + FORTRAN, ".f90", True),
        (KEEPS + BAD, ".f90", False),
        (switched("#if 0", FORTRAN, BAD), ".F90", False),
        (switched("#if 1", FORTRAN, BAD), ".F90", True),
        (switched("#if 0", FORTRAN, BAD), ".f90", None),
        (KEEPS + switched("#if 0", FORTRAN, BAD), ".f90", None),
        ("#define n 3\n" + FORTRAN, ".f90", None),
        (FORTRAN.replace("  do i", "  include 'x.inc'\n  do i"), ".f90", None),
        (KEEPS + FORTRAN + "include 'more.f90'\n", ".f90", None),
        (KEEPS + FORTRAN + "subroutine h\nuse absent\nend subroutine\n", ".f90", None),
        (FIXED.format("x(i) = 0"), ".f", True),
        (FIXED.format("old").replace("c     old", "      x(i) = 0"), ".f", False),
        (KEEPS + FORTRAN + "subroutine h(k)\ninteger k\nk = = 1\nend subroutine\n", ".f90", None),
    ],
)
def test_fortran_is_read_as_its_compiler_reads_it(tmp_path, capsys, target, suffix, equivalent):
    (tmp_path / "a.f90").write_text(FORTRAN)
    row = verdict(tmp_path, capsys, target, suffix, "a.f90")
    assert row["equivalent"] is equivalent, row


def test_a_failing_input_is_in_the_json(tmp_path, capsys):
    row = verdict(tmp_path, capsys, WRONG)
    found = row["failing_input"]
    assert found["place"] == "x[0]" and found["expected"] != found["actual"]
    (tmp_path / "again.txt").write_text(found["test"] + "\n")
    assert asked("a.cpp", "b.omp.cpp", "--suite", "again.txt") == 1
    assert (
        verdict(tmp_path, capsys, RIGHT)["failing_input"] is None
        if not capsys.readouterr().err
        else True
    )


def test_a_batch_reads_as_compilers_do(tmp_path):
    texts = {
        "right": REFUSED + RIGHT,
        "wrong": switched("#if 0", RIGHT, WRONG),
        "hidden": REFUSED + "#define n 3\n" + RIGHT,
    }
    rows = [
        {
            "id": k,
            "source_dialect": "cpp",
            "source": SOURCE,
            "target_dialect": "openmp",
            "target": t,
        }
        for k, t in texts.items()
    ]
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    assert asked("--batch", "rows.jsonl", "--out", "out.jsonl") == 0
    answers = {
        row["id"]: row for row in map(json.loads, (tmp_path / "out.jsonl").read_text().splitlines())
    }
    assert answers["right"]["equivalent"] is True and answers["right"]["cut"][0].startswith(
        "target: cut out"
    )
    assert answers["wrong"]["equivalent"] is False and answers["hidden"]["equivalent"] is None


@pytest.mark.parametrize(
    ("text", "kept", "gone"),
    [
        (switched("#if 0", SOURCE, SOURCE.replace("* 2", "* 3")), "* 3", "* 2"),
        ("#define TWO 2\n" + SOURCE.replace("* 2", "* TWO"), "#define TWO 2", "* 2"),
        ("#define i k\n#define TWO 2\n" + SOURCE.replace("* 2", "* TWO"), "#define i k", "x[k]"),
        (
            "#define TWO 3\n#undef TWO\nconst int TWO = 2;\n" + SOURCE.replace("* 2", "* TWO"),
            "const int TWO = 2;",
            "#define",
        ),
    ],
)
def test_translate_asks_for_what_a_compiler_reads(tmp_path, text, kept, gone):
    from coevolve.verification.cut_out import functions_as_compiled
    from corpora.datasets.loaders import programs_of_text

    found = functions_as_compiled(programs_of_text(text, "cpp"), text, "cpp").programs
    assert [p.name for p in found] == ["f"] and kept in found[0].text and gone not in found[0].text


def test_translate_takes_no_file_that_cannot_be_read_as_its_compiler_would(tmp_path, capsys):
    from coevolve.cli.main import main

    (tmp_path / "c.cpp").write_text(
        "#ifdef A\n#include <absent.h>\n#else\n#error which\n#endif\n" + SOURCE
    )
    assert main(["translate", "c.cpp", "--to", "openmp"]) == 2
    said = capsys.readouterr().err
    assert (
        "'c.cpp': it cannot be read as its compiler would: line 4: #error which" in said
        and len(said.splitlines()) == 1
    )
