"""The static wall refuses what no candidate may use, and never honest code."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import corpora.builtin
from corpora.dialects import DIALECTS
from corpora.records import Program
from gpu_runtime.compile.headers import UNREAD
from gpu_runtime.wall.check import check_program

SHARED = Path(os.environ.get("COEVOLVE_SHARED") or Path(__file__).parents[3] / "shared")

REFUSED = {
    "a call behind a comparison": "void f(int *a) { int vector = 1, T = 2; a[0] = vector < T > "
    "fork(); }",
    "a call behind a comparison with a cast": "void f(int *a) { int vector = 1; a[0] = vector < "
    "double(1) > fork(); }",
    "a call behind a comparison with a type's name": "void f(int *a) { int vector = 1, size_t = "
    "2; a[0] = vector < size_t > fork(); }",
    "a call behind a comparison in std": "namespace std { int vector, size_t; }\nvoid f(int *a) "
    "{ using std::size_t; a[0] = std::vector < size_t > "
    "fork(); }",
    "a call behind a shift": "void f(int *a) { int vector = 1; a[0] = vector < 4 >> fork(); }",
    "a removed file": 'void f(int *a) { a[0] = std::remove("x"); }',
    "an include that is indented": 'void f(int *a) {\n    #include "/etc/passwd"\n    a[0] = 1; }',
    "an include behind a comment": 'void f(int *a) {\n /* */ #include "/etc/passwd"\n a[0] = 1; }',
    "an include behind a form feed": 'void f(int *a) {\n\f#include "/etc/passwd"\n a[0] = 1; }',
    "a pragma that is indented": 'void f(int *a) {\n    #pragma GCC optimize("Ofast")\n    a[0] '
    "= 1; }",
    "a call behind launch bounds": 'void f(int *a) { __launch_bounds__(1) system("ls"); }',
    "a call behind other brackets": 'void f(int *a) { if (a[0]) system("ls"); { a[0] = 1; } }',
    "a statement in launch bounds' place": "__global__ void f(int *a) { if "
    '(__launch_bounds__(1) system("ls")) { a[0] = 1; } }',
    "call": 'void f(int *a) { system("ls"); }',
    "prototype": 'int system(const char *); void f(int *a) { system("ls"); }',
    "qualified": 'void f(int *a) { std::system("ls"); }',
    "hidden by a macro": '#define S system\nvoid f() { S("ls"); }',
    "macro calls its argument": '#define C(g, x) g(x)\nvoid f() { C(system, "ls"); }',
    "pasted": '#define A(x) x##tem\nvoid f() { A(sys)("ls"); }',
    "assembly": 'void f() { asm("nop"); }',
    "assembly with another name": 'void f() { __asm__ volatile("nop"); }',
    "static counter": "void f(int *a) { static int c = 0; a[0] = c++; }",
    "global counter": "int c;\nvoid f(int *a) { a[0] = c++; }",
    "global array": "int c[4] = {0};\nvoid f(int *a) { a[0] = c[0]++; }",
    "a place in a raw string of several lines": 'const char *t = R"(\n# 1 "/usr/x"\t\x1b\n)";\n'
    "void f(int *a) { a[0] = 1; }",
    "static struct without a name": "void f(int *a) { static struct { int x; } s; a[0] = s.x++; }",
    "global struct without a name": "struct { int x; } s[2];\nvoid f(int *a) { a[0] = s[1].x++; }",
    "what a constant pointer points to": "void f(int *a) { static int *const p = new int(0); "
    "a[0] = (*p)++; }",
    "mutable field of a constant": "static const struct { mutable int c; } s = {0};\n"
    "void f(int *a) { a[0] = s.c++; }",
    "mutable field of a constant of a deduced type": "struct C { mutable int c; };\n"
    "void f(int *a) { static const auto s = C{1}; a[0] = s.c++; }",
    "mutable field within a constant": "struct C { mutable int c; }; struct S { C c; };\n"
    "void f(int *a) { static constexpr S s[1] = {}; a[0] = s[0].c.c++; }",
    "call in a struct without a name": "void f(int *a) { struct { int g() { return "
    'system("ls"); } } s; a[0] = s.g(); }',
    "global struct": "struct S { int a; } s;\nvoid f(int *a) { a[0] = s.a++; }",
    "global template": "template <int> int v = 0;\nvoid f(int *a) { a[0] = v<1>++; }",
    "inline variable": "inline int k = 0;\nvoid f(int *a) { a[0] = k++; }",
    "in a namespace": "namespace q { int k; }\nvoid f(int *a) { a[0] = q::k++; }",
    "static member": "struct S { static int k; };\nvoid f(int *a) {}",
    "thread local": "thread_local int k;\nvoid f(int *a) { a[0] = k++; }",
    "extern C block": 'extern "C" { int getpid(); }\nvoid f(int *a) { a[0] = getpid(); }',
    "extern C of the loader": 'extern "C" void _init() { }\nvoid f(int *a) { a[0] = 1; }',
    "extern C then a declaration": 'extern "C" void g(int *a), h(int *b);\nvoid f(int *a) { '
    "a[0] = 1; }",
    "extern C": 'extern "C" int getpid();\nvoid f(int *a) { a[0] = getpid(); }',
    "address called": "void f(int *a) { ((void (*)())0x1234)(); }",
    "function pointer": "void f(int *a) { int (*p)(int) = 0; (*p)(3); }",
    "a call in brackets": 'void f(int *a) { (system)("ls"); }',
    "a call of an address": 'void f(int *a) { (&std::system)("ls"); }',
    "function pointer by auto": "void f(int *a) { auto g = &abs; g(2); }",
    "function pointer parameter": "void g(float (*op)(float), float *a) { a[0] = op(1); }\nvoid "
    "f(float *a) {}",
    "include of a file": '#include "/etc/passwd"\nvoid f() {}',
    "include of a macro": "#define H <fstream>\n#include H\nvoid f() {}",
    "a header for a stream of text": "#include <sstream>\nvoid f(int *a) { std::stringstream s; "
    "a[0] = 1; }",
    "a header for a stream in a macro": "#include <sstream>\n#define S std::stringstream s\n"
    "void f(int *a) { S; a[0] = 1; }",
    "a function that a template is given": "template <class F> void g(F op, float *a) { struct "
    "Q { int operator()() { return 1; } }; op(a); }\n"
    "void f(float *a) { g(mkstemp, a); }",
    "its address": "template <class F> void g(F op, float *a) { struct Q { int operator()() { "
    "return 1; } }; op(a); }\nvoid f(float *a) { g(&mkstemp, a); }",
    "a function kept before": "template <class F> void g(F op, float *a) { struct Q { int "
    "operator()() { return 1; } }; op(a); }\nvoid f(float *a) { auto "
    "h = mkstemp; g(h, a); }",
    "file stream": "#include <fstream>\nvoid f() {}",
    "file": 'void f(float *a) { FILE *p = fopen("x", "r"); }',
    "constructor": "__attribute__((constructor)) void g() {}\nvoid f() {}",
    "section": 'void g() __attribute__((section(".init"))); void g() {} void f() {}',
    "alias": '[[gnu::alias("x")]] void g();\nvoid f() {}',
    "computed goto": "void f() { goto *(void *)0; }",
    "pragma": '#pragma GCC optimize("O0")\nvoid f() {}',
    "pragma operator": '_Pragma("omp parallel") void f() {}',
    "threadprivate": "#pragma omp threadprivate(x)\nvoid f() {}",
    "line": '#line 5 "x"\nvoid f() {}',
    "has include": '#if __has_include("/etc/passwd")\n#endif\nvoid f() {}',
    "digraph": '%:include "/etc/passwd"\nvoid f() {}',
    "keyword redefined": "#define if while\nvoid f() {}",
    "engine name": "void cv_stop();\nvoid f() { cv_stop(); }",
    "hook": "extern void __tsan_read4(void *); void f() {}",
    "clock": "void f(int *a) { a[0] = clock(); }",
    "device clock": "__global__ void f(long long *a) { a[0] = clock64(); }",
    "random": "void f(int *a) { a[0] = rand(); }",
    "environment": 'void f(char *a) { a[0] = getenv("X")[0]; }',
    "thread": "void f() { std::thread t; }",
    "builtin": "void f(int *a) { __builtin_return_address(0); }",
    "place on the machine": 'void f(int *a) { const char *p = "/proc/self/maps"; }',
    "nul": "void f() {}\0",
}
ALLOWED = {
    "structs without a name": "void f(int *a) { struct { int x; } s; s.x = 2; const struct { "
    "struct { int u; } in; } t[1] = {{{1}}}; a[0] = s.x + t[0].in.u; }",
    "mutable field of a local": "struct S { mutable int c; };\n"
    "void f(int *a) { const S s = {1}; s.c = 2; a[0] = s.c; }",
    "a kernel handed to a macro": "#define LAUNCH(kernel, ...) kernel<<<1, 32>>>(__VA_ARGS__)\n"
    "__global__ void k(int *a) { a[0] = 1; }\nvoid f(int *a) { LAUNCH(k, a); }",
    "headers without need": "".join(f"#include <{name}>\n" for name in UNREAD)
    + "void f(int *a) { a[0] = 1; }",
    "standard algorithms": "#include <numeric>\nint f(const int *x, int n) { return "
    "*std::find(x, x + n, 3) + std::reduce(x, x + n, 0) + std::count(x, "
    "x + n, 1); }",
    "a queue": "#include <queue>\nint f(int n) { std::queue<int> q; q.push(n); int v = "
    "q.front(); q.pop(); return v; }",
    "vectors made with a length": "void f(double *a, int n) { std::vector<double> sums(n), "
    "squares(n + 1), c(1); std::vector<unsigned int> k(n, 1); "
    "std::vector<size_t> at(n); std::vector<std::vector<double>> "
    "m(n, sums); a[0] = m[0][0]; }",
    "device variable": "__device__ int c;\n__global__ void f(int *a) { a[0] = atomicAdd(&c, 1); }",
    "constants": "#define N 3\nconst int M = 3; static const float w[2] = {1, 2}; constexpr "
    "double Q = 1.0; enum { A = 3 };\nvoid f(int *a) { a[0] = N + M; }",
    "launch bounds": "__global__ void __launch_bounds__(64, (2)) k(int *a) { a[0] = 1; }\nvoid "
    "f(int *a) { k<<<1, 64>>>(a); }",
    "struct": "struct P { int x; float y; }; typedef struct { int k; } T;\nvoid f(int *a) { P p "
    "= {1, 2}; T t; t.k = p.x; a[0] = t.k; }",
    "class with a constructor": "struct C { float r, i; C(float a, float b) : r(a), i(b) {} C "
    "operator+(const C &o) const { return C(r + o.r, i + o.i); } "
    "};\n"
    "void f(float *a) { C c(1, 2); C d = c + C(2, 3); a[0] = d.r; }",
    "helpers": "static inline float g(float x) { return x; }\nvoid f(float *a) { a[0] = g(a[0]); }",
    "template": "template <typename T> __device__ T sq(T x) { return x * x; }\n__global__ void "
    "f(float *a) { extern __shared__ float s[]; s[0] = sq<float>(a[0]); }",
    "checked calls": "#define CHECK(x) do { cudaError_t e = (x); if (e != cudaSuccess) { "
    'printf("%s %d\\n", __FILE__, __LINE__); exit(1); } } while (0)\n'
    "__global__ void k(float *a) { a[0] = 1; }\nvoid f(float *a) { float *d; "
    "CHECK(cudaMalloc(&d, 4)); k<<<dim3(1), dim3(1)>>>(d); cudaFree(d); }",
    "lambda and casts": "void f(float *a, int n) { auto sq = [](float x) { return x * x; }; "
    "a[0] = sq((float)(n)); float x(0); int (*t)[4] = (int (*)[4])a; a[1] = "
    "x; }",
    "function objects": "struct Add { __device__ float operator()(float a, float b) const { "
    "return a + b; } };\ntemplate <typename Op> __device__ float fold(float "
    "v, const Op &op, float id)"
    " { int lane = threadIdx.x, w = lane; return op(v, op(id, Op()(v, w))); }\n__global__ "
    "void f(float *a) { Add add; a[0] = fold(a[0], add, add(0, 1)); }",
    "a lambda that a template is given": "template <class F> __global__ void k(float *a, F f) { "
    "a[0] = f(a[0]); }\n"
    "void f(float *a, float s) { k<<<1, 1>>>(a, [=] __device__ (float v) { return v * s; }); }",
    "dimensions": "__global__ void k() {}\nvoid f(int n) { dim3 grid((n + 255) / 256), "
    "block(256); k<<<grid, block>>>(); }",
    "macro functions": "#define IDX(i, j) ((i) * n + (j))\nvoid f(float *a, int n) { a[IDX(0, "
    "1)] = 2; }",
    "cooperative groups": "namespace cg = cooperative_groups;\n__global__ void f(int *a) { "
    "cg::thread_block b = cg::this_thread_block(); b.sync(); }",
    "openmp": "#include <omp.h>\nvoid f(double *a, int n) {\n#pragma omp parallel for "
    "reduction(+ : a[0]) schedule(static)\nfor (int i = 0; i < n; i++) a[i] = "
    "omp_get_thread_num(); }",
    "ordinary names": "void f(int *time, int *read, int system) { time[0] = read[0] + system; }",
    "variable time and call of max": "void f(int *a, int clock) { a[0] = std::max(a[0], clock); }",
}
FORTRAN_REFUSED = {
    "call": "subroutine f(x)\n real x\n call execute_command_line('ls')\nend",
    "open": "subroutine f(x)\n real x\n open(unit=9, file='x')\nend",
    "read": "subroutine f(x)\n real x\n if (x > 0) read(*,*) x\nend",
    "write to a unit": "subroutine f(x)\n real x\n write(9,*) x\nend",
    "save": "subroutine f(x)\n integer, save :: k\n real x\nend",
    "initialised": "subroutine f(x)\n integer :: k = 0\n real x\n k = k + 1\nend",
    "common": "subroutine f(x)\n common /c/ k\n real x\nend",
    "clock": "subroutine f(x)\n real x\n call cpu_time(x)\nend",
    "environment": "subroutine f(x)\n real x\n character(9) s\n call "
    "get_environment_variable('X', s)\nend",
    "unknown": "subroutine f(x)\n real x\n call exit(0)\nend",
    "pointer": "subroutine f(x)\n use iso_c_binding, only: c_f_pointer\n real x\nend",
    "c function": "subroutine f(x)\n interface\n function getpid() bind(c)\n integer getpid\n "
    "end function\n end interface\n real x\nend",
    "continued": "subroutine f(x)\n real x\n call &\n  system('ls')\nend",
    "second statement": "subroutine f(x)\n real x\n x = 1; call system('ls')\nend",
    "fixed form": "      SUBROUTINE F(X)\nC comment\n      REAL X\n      CALL\n     1 "
    "SYSTEM('LS')\n      END",
    "include": "subroutine f(x)\n include 'x.inc'\n real x\nend",
}
FORTRAN_ALLOWED = {
    "parameter": "subroutine f(n, x)\n integer, parameter :: k = 3\n integer, intent(in) :: n\n "
    "real, intent(inout) :: x(n)\n x(1) = x(1) * k\nend",
    "own procedure": "subroutine f(x)\n real x\n call g(x)\ncontains\n subroutine g(y)\n real "
    "y\n y = 1\n end subroutine\nend",
    "names like statements": "subroutine f(read, open)\n real read(3), open\n read(1) = open\n "
    "open = 2\nend",
    "variables that begin with use": "subroutine f(n, x)\n integer n, used, use_it(3)\n real "
    "x(n)\n used = 1\n used = used + 1\n use_it(2) = used\n "
    "x(1) = use_it(2)\nend",
    "openmp": "subroutine f(n, x)\n use omp_lib\n integer n, i\n real x(n)\n!$omp parallel do\n "
    "do i = 1, n\n x(i) = omp_get_thread_num()\n end do\nend",
    "text in a print": "subroutine f(x)\n real x\n print *, 'call system'\nend",
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    reason = check_program(Program("cuda", "f", REFUSED[name]))
    assert reason and reason.isprintable()


@pytest.mark.parametrize("name", ALLOWED)
def test_allowed(name: str) -> None:
    assert check_program(Program("cuda", "f", ALLOWED[name])) is None


@pytest.mark.parametrize("name", FORTRAN_REFUSED)
def test_fortran_refused(name: str) -> None:
    reason = check_program(Program("fortran", "f", FORTRAN_REFUSED[name]))
    assert reason and "\n" not in reason


@pytest.mark.parametrize("name", FORTRAN_ALLOWED)
def test_fortran_allowed(name: str) -> None:
    assert check_program(Program("openmp-fortran", "f", FORTRAN_ALLOWED[name])) is None


@pytest.mark.parametrize("dialect", DIALECTS)
def test_nothing_of_the_built_in_corpus_is_refused(dialect: str) -> None:
    refused = {
        p.name: reason for p in corpora.builtin.programs(dialect) if (reason := check_program(p))
    }
    assert not refused


@pytest.mark.parametrize(
    ("file", "dialect"), [("cpp.para.valid.tok", "cpp"), ("cuda.para.valid.tok", "cuda")]
)
def test_nothing_of_babeltower_is_refused(file: str, dialect: str) -> None:
    path = SHARED / "data" / "babeltower" / file
    if not path.exists():
        pytest.skip("the BabelTower split is not here")
    refused = {
        i: reason
        for i, line in enumerate(path.read_text().splitlines())
        if (reason := check_program(Program(dialect, "f", line)))
    }
    assert not refused


SIGNAL = (
    "subroutine f(n, signal)\n integer, intent(in) :: n\n {}\n signal(1) = signal(n) * 2\n"
    "end subroutine\n"
)


@pytest.mark.parametrize(
    "declared",
    [
        "real, intent(inout) :: signal(n)",
        "real signal(n)",
        "real*8 x, signal(0:max(1,n))",
        "real, dimension(:), intent(inout) :: signal",
    ],
)
def test_an_array_may_be_called_like_an_intrinsic(declared: str) -> None:
    assert check_program(Program("fortran", "f", SIGNAL.format(declared))) is None


def test_an_array_elsewhere_does_not_allow_the_intrinsic() -> None:
    other = (
        SIGNAL.format("real, intent(inout) :: signal(n)")
        + "subroutine g(n)\n integer, intent(inout) :: n\n n = signal(2, n)\nend subroutine\n"
    )
    assert "signal" in (check_program(Program("fortran", "f", other)) or "")
    assert "kill" in (
        check_program(
            Program(
                "fortran",
                "f",
                "subroutine f(n)\n integer :: n, kill\n n = kill(1, n)\nend subroutine",
            )
        )
        or ""
    )


@pytest.mark.parametrize(
    "directive", ["#pragma omp atomic", "# pragma omp atomic update", "#pragma omp critical"]
)
def test_a_statement_after_a_directive_is_no_call(directive: str) -> None:
    text = (
        f"void f(int n, int *x) {{\n#pragma omp parallel for\nfor (int i = 0; i < n; i++) "
        f"{{\n{directive}\n(*x)++;\n}} }}"
    )
    assert check_program(Program("openmp", "f", text)) is None


@pytest.mark.parametrize(
    ("dialect", "text"),
    [
        (
            "openmp",
            "void f(int n, double *a) {\n#pragma omp parallel for ordered(1)\nfor (int i = 1; i "
            "< n; i++) {\n# pragma omp ordered depend( sink : i - 1)\na[i] += a[i - 1];\n}\n}",
        ),
        (
            "openmp",
            "void f(int n, double *a) {\n#pragma omp parallel for ordered\nfor (int i = 1; i < "
            "n; i++)\n#pragma omp ordered\na[i] += a[i - 1];\n}",
        ),
        (
            "openmp-fortran",
            "subroutine f(n, a)\ninteger :: n\nreal :: a(n)\n!$omp parallel do ordered(1)\ndo i "
            "= 2, n\n!$omp ordered depend(sink: i - 1)\na(i) = a(i - 1)\n"
            "!$omp ordered depend(source)\nend do\nend subroutine",
        ),
    ],
)
def test_iterations_that_wait_for_each_other_are_judged(dialect: str, text: str) -> None:
    assert check_program(Program(dialect, "f", text)) is None
