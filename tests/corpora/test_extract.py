"""Functions cut out of files stand alone: they compile without the rest of the file."""

import subprocess

import pytest

from corpora.extraction.c_family import add_definitions, drop_definitions, extract_functions
from corpora.extraction.extract import MAIN_PROGRAM, extract_programs

CUDA = """#include <cmath>
#include <vector>
#include "mine.h"
#define TILE 16
#define SQ(x) ((x)*(x))
#define UNUSED 3
typedef float real;
struct P { float x, y; };
const int K = TILE * 2;
static int counter = 0;
__constant__ float coef[8];
enum { A, B = 5 };
template <typename T> __device__ T add(T a, T b) { return a + b; }
namespace ns {
static __device__ __forceinline__ real helper(real a) { return SQ(a) + B; }
__global__ void kern(real *x, int n) { int i = threadIdx.x + blockIdx.x * blockDim.x; \
if (i < n) x[i] = add(helper(x[i]), 1.0f); }
__global__ void constant_user(real *x) { x[0] = coef[0]; }
}
extern "C" void host(float *h, int n) { float *d; cudaMalloc(&d, n * 4); \
ns::kern<<<(n + K - 1) / K, K>>>(d, n); cudaFree(d); }
void uses_global(int *x) { counter++; x[0] = counter; }
void shadows(int *x) { int counter = 1; x[0] = counter; }
class C { public: void member(int *a) {} };
void C::other() {}
void takes_struct(P *p) {}
void with_vector(float *x, int n) { std::vector<float> t(n); x[0] = t[0]; }
int later(int a);
int caller(int a) { return later(a); }
int later(int a) { return a + K; }
int missing(int a);
int calls_missing(int a) { return missing(a); }
void silent(const int *x, int n) {}
template <typename T> void generic(T *x) {}
int main() { return 0; }
"""


def by_name(found):
    return {p.name: p.text for p in found.programs}, {s.name: s.reason for s in found.skipped}


def test_serial_functions_of_a_mixed_file(tmp_path):
    programs, skipped = by_name(extract_programs(CUDA, "cpp", "mixed.cu"))
    assert sorted(programs) == [
        "caller",
        "later",
        "shadows",
        "takes_struct",
        "uses_global",
        "with_vector",
    ]
    assert "int &counter" in programs["uses_global"]
    assert "'missing'" in skipped["calls_missing"]
    assert (
        "cannot see" in skipped["silent"]
        and "template" in skipped["generic"]
        and "main" in skipped["main"]
    )
    assert "class member" in skipped["member"] and "CUDA" in skipped["host"]
    assert "#include <vector>" in programs["with_vector"] and "#include" not in programs["caller"]
    for name, text in programs.items():
        assert "UNUSED" not in text and "mine.h" not in text
        (tmp_path / f"{name}.cpp").write_text(text)
        done = subprocess.run(
            ["g++", "-fsyntax-only", tmp_path / f"{name}.cpp"], capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr


def test_kernels_and_hosts_take_what_they_need():
    programs, skipped = by_name(extract_programs(CUDA, "cuda"))
    assert sorted(programs) == ["host", "kern"]
    for needed in (
        "SQ(x)",
        "typedef float real;",
        "enum { A, B = 5 };",
        "T add(T a, T b)",
        "helper(real a)",
    ):
        assert needed in programs["kern"]
        assert needed in programs["host"]
    assert (
        "const int K" in programs["host"]
        and "#define TILE 16" in programs["host"]
        and "const int K" not in programs["kern"]
    )
    assert "kern<<<" in programs["host"] and "ns::" not in programs["host"]
    assert (
        programs["host"].index("#define TILE")
        < programs["host"].index("helper")
        < programs["host"].index("void host")
    )
    assert (
        "device variable 'coef'" in skipped["constant_user"]
        and "not parallel" in skipped["shadows"]
    )


def test_openmp_functions_only():
    text = (
        "void a(int *x, int n) {\n#pragma omp parallel for\nfor (int i = 0; i < n; i++) x[i] "
        "= i;\n}\nvoid b(int *x) { x[0] = 1; }\n"
    )
    programs, skipped = by_name(extract_programs(text, "openmp"))
    assert list(programs) == ["a"] and "not parallel" in skipped["b"]


MODULE = """module m
  use iso_fortran_env, only: dp => real64
  use params
  implicit none
  integer, parameter :: n0 = 4, wp = dp
  real(wp) :: state(3)
contains
  subroutine axpy(n, a, x, y)
    integer, intent(in) :: n
    real(wp), intent(in) :: a, x(n)
    real(wp), intent(inout) :: y(n)
    integer :: i
    do i = 1, n
      y(i) = twice(a) * x(i) + y(i) * big + inner(n0)
    end do
  contains
    integer function inner(k)
      integer, intent(in) :: k
      inner = k
    end function
  end subroutine axpy
  pure real(wp) function twice(a)
    real(wp), intent(in) :: a
    twice = 2 * a
  end function
  subroutine stateful(x)
    real(wp) x(3)
    x = state
  end subroutine
end module
module params
 integer, parameter :: big = 10
end module
subroutine elsewhere(x)
  use other_file
  real x(3)
end subroutine
subroutine shares(x)
  real x(3), c
  common /block/ c
  x = c
end subroutine
program p
 real :: factor
contains
 subroutine q(x)
  real x
  x = factor * x
 end subroutine
end program
"""


def test_module_procedures_stand_alone(tmp_path):
    programs, skipped = by_name(extract_programs(MODULE, "fortran"))
    assert sorted(programs) == ["axpy", "q", "shares", "stateful", "twice"]
    assert "subroutine q(x, factor)" in programs["q"]  # as in a module
    assert (
        "subroutine stateful(x, state)" in programs["stateful"]
        and "subroutine shares(x, c)" in programs["shares"]
    )
    assert "'other_file'" in skipped["elsewhere"]
    assert skipped["p"] == MAIN_PROGRAM
    for name, text in programs.items():
        (tmp_path / f"{name}.f90").write_text(text)
        done = subprocess.run(
            ["gfortran", "-fsyntax-only", tmp_path / f"{name}.f90"], capture_output=True, text=True
        )
        assert done.returncode == 0, text + done.stderr


def test_fixed_form_with_a_helper_becomes_free_form(tmp_path):
    text = (
        "      SUBROUTINE F(N,\n     $  X)\nC     comment\n      DOUBLE PRECISION G, X(N)\n    "
        "  DO 10 I = 1, N\n   10 X(I) = G(X(I))\n"
        "      END\n      DOUBLE PRECISION FUNCTION G(A)\n      DOUBLE PRECISION A\n      G = "
        "A + 1\n      END\n"
    )
    programs, _ = by_name(extract_programs(text, "fortran"))
    assert (
        sorted(programs) == ["f", "g"]
        and "FUNCTION G" in programs["f"]
        and "SUBROUTINE" not in programs["g"]
    )
    (tmp_path / "f.f90").write_text(programs["f"])
    assert (
        subprocess.run(
            ["gfortran", "-fsyntax-only", tmp_path / "f.f90"], capture_output=True
        ).returncode
        == 0
    )


@pytest.mark.parametrize("dialect", ["cpp", "cuda", "openmp", "fortran", "openmp-fortran"])
@pytest.mark.parametrize(
    "text",
    [
        "",
        "}}}",
        "void f(",
        "subroutine",
        "end end end",
        "\0",
        "#if 0\n",
        "namespace {",
        "function f(x",
    ],
)
def test_broken_text_gives_nothing_and_no_error(dialect, text):
    assert extract_programs(text, dialect).programs == ()


@pytest.mark.parametrize("dialect", ["cpp", "cuda", "openmp", "fortran", "openmp-fortran"])
def test_every_built_in_function_is_found(dialect):
    from corpora.builtin import programs

    for program in programs(dialect)[::5]:
        assert program.name in [p.name for p in extract_programs(program.text, dialect).programs], (
            program.origin
        )


def test_headers_of_c_stay_beside_those_of_the_library():
    """With a real header nothing stands in for the others."""
    text = (
        "#include <cmath>\n#include <vector>\n#include <iostream>\nvoid f(int n, double *x) "
        "{ for (int i = 0; i < n; i++) x[i] = std::sqrt(x[i]); }\n"
    )
    assert (
        extract_programs(text, "cpp")
        .programs[0]
        .text.startswith("#include <cmath>\n#include <vector>\nvoid f")
    )
    assert "include" not in extract_programs(text.replace("std::", ""), "cpp").programs[0].text


def test_another_function_of_the_same_name_is_left_behind():
    """Two of one name in a text would leave open which one is called; one that is called stays."""
    text = (
        "double g(double x) { return x; }\nfloat g(float x) { return 2 * x; }\nvoid h(float "
        "*x) { x[0] = g(x[1]); }\n"
    )
    assert [p.text.count("g(") for p in extract_programs(text, "cpp").programs] == [1, 1, 3]


LENDING = (
    "#define N 4\nstruct V { float x; };\nstruct B { V p; int k[N]; };\nstatic const int "
    "M = N * 2;\nfloat h(float a) { return a; }\nvoid f(B *b) { b->k[0] = M; }\n"
)


@pytest.mark.parametrize(
    ("text", "lent"),
    [
        (
            "void f(B *b) { b->k[0] = M; }",
            ["#define N 4", "struct V", "struct B", "static const int M"],
        ),
        ("void f(V *b) { }", ["struct V"]),
        ("struct B { int q; };\nvoid f(B *b) { int N = 1; }", []),  # its own, and a local variable
        (
            "float f(float a) { return h(a); }",
            [],
        ),  # how a function becomes parallel is not its caller's to say
    ],
)
def test_definitions_that_an_answer_lacks_come_before_it(text, lent):
    found = add_definitions(text, LENDING)
    assert (
        found.endswith(text)
        and [
            line
            for line in found.removesuffix(text).splitlines()
            if not any(line.startswith(word) for word in lent)
        ]
        == []
    )
    assert all(word in found for word in lent) and len(
        found.removesuffix(text).splitlines()
    ) == len(lent)


def test_names_of_the_standard_library_stay_known():
    both = (
        "#include <vector>\n%s\nvoid f(vector<int> &v) { v[0] = 1; }\nvoid g(float *x) { "
        "x[0] = sqrt(x[1]); }"
    )
    for using in ("using namespace std;", "using std::vector;"):
        texts = {p.name: p.text for p in extract_functions(both % using)}
        assert using in texts["f"] and "using" not in texts["g"]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (
            "struct V {\n  float x;\n};\n__global__ void f(V *b) { }\n",
            "__global__ void f(V *b) { }\n",
        ),
        (
            "struct V { float y; };\nvoid f(V *b) { }\n",
            "struct V { float y; };\nvoid f(V *b) { }\n",
        ),  # another one
        ("#define N 4\nvoid f(V *b) { }\n", "#define N 4\nvoid f(V *b) { }\n"),
    ],
)
def test_structures_that_a_source_has_need_not_be_written_again(text, left):
    assert drop_definitions(text, LENDING) == left
    assert add_definitions(left, LENDING).split() == text.split() or "N 4" in text


def test_names_in_comments_strings_and_other_branches_are_not_needed():
    text = (
        "static int counter;\n#define N 4\n#define TWICE(x) ((x) * N)\ntypedef float real;\n"
        "#ifdef WIDE\ntypedef double real;\n#endif\n"
        'void f(real *x) { /* counter++ */ puts("counter N ns::x"); x[0] = TWICE(2);\n'
        "#if defined(WIDE)\n x[1] = 1;\n#endif\n}\n"
        "namespace ns { void g(int *x) { x[0] = 1; } }\n"
        'void h(int *x) { ns /* ns:: */ :: g(x); puts("ns::g"); }\n'
    )
    programs, _ = by_name(extract_programs(text, "cpp"))
    assert "counter;" not in programs["f"] and '"counter N ns::x"' in programs["f"]
    assert "#define N 4" in programs["f"] and "#define TWICE" in programs["f"]
    assert "typedef float real;" in programs["f"] and "double" not in programs["f"]
    assert "#if defined(WIDE)" in programs["f"]
    assert "{ g(x);" in programs["h"] and '"ns::g"' in programs["h"]


def test_a_function_that_cannot_be_read_is_named():
    _, skipped = by_name(
        extract_programs("int g(int a) { return a; }\nvoid f(int ]) { ( }\n", "cpp")
    )
    assert skipped["f"] == "cannot be read: syntax error, line 2"


def test_a_macro_that_calls_cannot_hand_on_globals():
    text = (
        "static int n;\nstatic int get(int k) { return n + k; }\n#define GET get(1)\n"
        "void f(int *x) { x[0] = GET; }\nvoid g(int *x) { x[0] = get(1); }\n"
    )
    programs, skipped = by_name(extract_programs(text, "cpp"))
    assert "macro" in skipped["f"]
    assert "void g(int *x, int n) { x[0] = get(1, n); }" in programs["g"]


SPECIAL = """
template <class T> T h(T v) { return v; }
template <> float h<float>(float v) { return v * 3; }
template <class T> struct S { static T of(T v); T v; };
template <class T> T S<T>::of(T v) { return v; }
template <> float S<float>::of(float v) { return v * 5; }
template <class T> struct P { T v; };
template <> struct P<int> { int v = 7; };
struct A { int v; };
struct B { int v; };
int operator+(A a, B b) { return 11; }
void f(float *x) { x[0] = h(x[0]); }
void g(float *x) { x[0] = S<float>::of(x[0]); }
void k(int *x) { x[0] = P<int>().v; }
void l(A *x, int *y) { auto b = [](auto p) { return p; }; y[0] = x[0].v; }
void m(int *x) { x[0] = 1; }
"""


@pytest.mark.parametrize(
    ("name", "holds", "lacks"),
    [
        ("f", ["T h(T v)", "h<float>"], ["struct"]),
        ("g", ["struct S", "S<T>::of", "S<float>::of"], ["h<float>", "struct P"]),
        ("k", ["struct P {", "struct P<int>"], ["struct S"]),
        ("l", ["struct A", "struct B", "operator+"], ["template"]),
        ("m", [], ["template", "struct"]),
    ],
)
def test_what_changes_the_meaning_of_a_name_is_cut_along(name, holds, lacks):
    programs, _ = by_name(extract_programs(SPECIAL, "cpp"))
    assert all(word in programs[name] for word in holds), programs[name]
    assert not any(word in programs[name] for word in lacks), programs[name]


def test_a_text_without_a_tree_is_cut_along_with_what_it_may_define():
    text = (
        "int h(double v) { return 1; }\nint h(float ]v) { return 2; }\n"
        "void f(float *x) { x[0] = h(x[0]); }\nvoid g(float *x) { x[0] = 1; }\n"
    )
    programs, _ = by_name(extract_programs(text, "cpp"))
    assert "h(float ]v)" in programs["f"] and "h(" not in programs["g"]


def test_data_of_a_structure_without_a_name():
    text = (
        "struct { int x; } s;\nconst struct { int x; } t = {2};\n"
        "void f(int *a) { a[0] = s.x; }\nvoid g(int *a) { a[0] = t.x; }\n"
        "void h(int *a) { struct { int x; } s; s.x = 1; a[0] = s.x; }\n"
    )
    programs, skipped = by_name(extract_programs(text, "cpp"))
    assert skipped["f"] == "uses the global variable 's', which tests cannot set"
    assert "t = {2};" in programs["g"] and "= {2}" not in programs["h"]


def test_fortran_keeps_directives_behind_declarations_and_kinds_of_numbers(tmp_path):
    """New declarations stood behind a directive, and `1.0_dp` did not count as a use of `dp`."""
    text = (
        "module m\n use iso_fortran_env, only: dp => real64\n integer, parameter :: q = 8\n"
        " real(q) :: shared\ncontains\n subroutine f(x)\n !$omp parallel\n"
        " x = 1.0_q * shared\n !$omp end parallel\n end subroutine\n"
        " real(q) function g(y)\n use iso_fortran_env, only: w => real64\n real(w) :: y\n"
        " g = y\n end function\nend module\n"
    )
    programs, skipped = by_name(extract_programs(text, "fortran"))
    assert not skipped
    assert programs["f"].index("intent(in) :: shared") < programs["f"].index("!$omp")
    assert "parameter :: q = 8" in programs["f"] and "w => real64" in programs["g"]
    for name, text in programs.items():
        (tmp_path / f"{name}.f90").write_text(text)
        done = subprocess.run(
            ["gfortran", "-fopenmp", "-fsyntax-only", tmp_path / f"{name}.f90"],
            capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, f"{text}\n{done.stderr}"


def test_fortran_that_cannot_be_cut_out_says_why():
    text = (
        "subroutine a(x, *)\nreal x\nreturn 1\nend\nsubmodule (m) s\ncontains\n"
        "module procedure b\nx = 1\nend procedure\nend submodule\nmodule n\ninterface\n"
        "module subroutine c(x)\nreal x\nend subroutine\nend interface\nend module\n"
        "submodule (n) t\ncontains\nmodule procedure c\nx = 1\nend procedure\nend submodule\n"
        "subroutine d(x)\nreal x\nx = 1\n"
    )
    _, skipped = by_name(extract_programs(text, "fortran"))
    assert "alternate returns" in skipped["a"]
    assert "module procedure, line 7" in skipped["b"]
    assert "module procedure" in skipped["c"] and skipped["d"] == "has no END"


def test_members_of_common_keep_their_place(tmp_path):
    """Their extents were declared before the constants that these name."""
    text = (
        "      SUBROUTINE C(X)\n      PARAMETER (N=4)\n      COMMON /B/ A(N,2),\n     & D\n"
        "      COMMON // E\n      X = A(1,1) + D + E\n      D = 2\n      END\n"
    )
    programs, skipped = by_name(extract_programs(text, "fortran"))
    assert not skipped and "SUBROUTINE C(X, a, d, e)" in programs["c"]
    assert "dimension :: a(n, 2)" in programs["c"] and "COMMON" not in programs["c"]
    (tmp_path / "c.f90").write_text(programs["c"])
    command = ["gfortran", "-fsyntax-only", tmp_path / "c.f90"]
    assert subprocess.run(command, capture_output=True).returncode == 0
