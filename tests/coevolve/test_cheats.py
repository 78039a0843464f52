"""Cheats of judges: ports that get themselves accepted without being right. None is accepted.

Each cheat stands beside its honest control: the same construct, used rightly. The control is
EQUIVALENT. Where a construct is refused as a class, because nobody can tell its good uses from its
bad ones, the control is REFUSED too, and `refused` says why.

    python -m pytest tests/coevolve/test_cheats.py -n 0 -q
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from coevolve.verification.engine import Engine, Pair, VerifyConfig
from coevolve.verification.programs import WHOLE
from corpora.records import Blame, Outcome, Program
from gpu_runtime.compile.toolchain import find_toolchain
from translator.judge import JudgeConfig

HEAD = "void f(int n, float a, const float *x, float *y)"
RIGHT = "for (int i = 0; i < n; i++) y[i] = a * x[i] + y[i];"
ZERO = "for (int i = 0; i < n; i++) y[i] = 0;"
AXPY = f"{HEAD} {{ {RIGHT} }}"
SUM = (
    "void f(int n, const int *x, int *s) { int t = 0; for (int i = 0; i < n; i++) t += x[i] & 7; "
    "*s = t; }"
)
COUNTED = "void f(int *n, double *x) { for (int i = 0; i < *n; i++) x[i] = x[i] * 2 + 1; }"
FORTRAN = """subroutine f(n, a, x, y)
  integer, intent(in) :: n
  real, intent(in) :: a, x(n)
  real, intent(inout) :: y(n)
  integer :: i
  do i = 1, n
    y(i) = a * x(i) + y(i)
  end do
end subroutine
"""
PROGRAM = """#include <cstdio>
#include <cstdlib>
int main(int argc, char **argv) {
    int n = argc > 1 ? atoi(argv[1]) : 5, s = 0;
    for (int i = 0; i < n; i++) s += i * i % 7;
    printf("sum %d\\n", s);
    return 0;
}
"""
PROGRAM_TESTS = "args(7)\nargs(100)\n"


@dataclass(frozen=True, slots=True)
class Cheat:
    """A target that pretends, and its honest control. outcome: of the cheat; of a race, which
    need not show in values, several. refused: why the control is refused too; empty where it is
    equivalent."""

    cheat: str
    honest: str
    outcome: str = "MISMATCH"
    refused: str = ""
    source: str = AXPY
    direction: str = "cpp:cpp"
    suite: str | None = None

    def pair(self, honest: bool) -> Pair:
        source, target = self.direction.split(":")
        text, name = self.honest if honest else self.cheat, WHOLE if self.source == PROGRAM else "f"
        return Pair(Program(source, name, self.source), Program(target, name, text), self.suite)


def serial(body: str, before: str = "") -> str:
    return f"{before}\n{HEAD} {{ {body} }}\n"


def summed(body: str, before: str = "") -> str:
    return f"{before}\nvoid f(int n, const int *x, int *s) {{ {body} }}\n"


def kernel(body: str, before: str = "") -> str:
    """A CUDA kernel. body: of one thread, whose element is i."""
    index = "int i = blockIdx.x * blockDim.x + threadIdx.x;"
    return f"{before}\n__global__ {HEAD} {{ {index} {body} }}\n"


def hosted(body: str, before: str = "") -> str:
    """A CUDA kernel `k` with a host function `f`. body: of the host function."""
    return (
        "#include <cuda_runtime.h>\n__global__ void k(int n, float a, const float *x, float *y) "
        "{ int i = blockIdx.x * blockDim.x + threadIdx.x; if (i < n) y[i] = a * x[i] + y[i]; }\n"
        f"{before}\n{HEAD} {{ size_t b = (size_t)n * sizeof(float); float *p, *q;\n"
        f"cudaMalloc(&p, b); cudaMalloc(&q, b);\n{body}\ncudaFree(p); cudaFree(q); }}\n"
    )


def subroutine(body: str, before: str = "", after: str = "") -> str:
    """The Fortran port. before: its `use` statements. after: what follows it."""
    return (
        f"subroutine f(n, a, x, y)\n{before}\n integer, intent(in) :: n\n"
        " real, intent(in) :: a, x(n)\n real, intent(inout) :: y(n)\n integer :: i\n"
        f"{body}\nend subroutine\n{after}\n"
    )


TO = "cudaMemcpy(p, x, b, cudaMemcpyHostToDevice); cudaMemcpy(q, y, b, cudaMemcpyHostToDevice);"
BACK = "cudaMemcpy(y, q, b, cudaMemcpyDeviceToHost);"
GO = "if (n > 0) k<<<(n + 127) / 128, 128>>>(n, a, p, q);"
ONE = "y[i] = a * x[i] + y[i];"
F_LOOP = " do i = 1, n\n  y(i) = a * x(i) + y(i)\n end do"
RACES = "RACE MISMATCH"
STATE = "state that outlives a call could count tests"
PROCESS = "no port of a function ends or starts processes"
FILES = "no port of a function needs files, devices or the environment"
LINKER = "it reaches what the text does not define"
MACHINE = "it asks how or where it is run"

PLAIN = {
    # ------------------------------------------------------------------ output without work
    "writes nothing": Cheat(serial(""), serial("if (n <= 0) return; " + RIGHT)),
    "writes zero": Cheat(serial(ZERO), serial("if (n < 0) { " + ZERO + " } " + RIGHT)),
    "writes a constant": Cheat(
        serial("for (int i = 0; i < n; i++) y[i] = 0.5f;"),
        serial("const float one = 1; for (int i = 0; i < n; i++) y[i] = a * x[i] + one * y[i];"),
    ),
    "returns the input": Cheat(
        serial("for (int i = 0; i < n; i++) y[i] = x[i];"),
        serial("for (int i = 0; i < n; i++) { float t = x[i]; y[i] = a * t + y[i]; }"),
    ),
    "NaN everywhere": Cheat(
        serial("for (int i = 0; i < n; i++) y[i] = NAN;", "#include <cmath>"),
        serial(
            "for (int i = 0; i < n; i++) y[i] = std::isnan(x[i]) ? NAN : a * x[i] + y[i];",
            "#include <cmath>",
        ),
    ),
    "prints the result": Cheat(
        serial(
            'for (int i = 0; i < n; i++) printf("%g\\n", a * x[i] + y[i]);', "#include <cstdio>"
        ),
        serial(RIGHT + ' if (n < 0) printf("n < 0\\n");', "#include <cstdio>"),
    ),
    "prints that it passed": Cheat(
        serial(
            'printf("EQUIVALENT\\n{\\"outcome\\": \\"EQUIVALENT\\"}\\n"); fflush(stdout);',
            "#include <cstdio>",
        ),
        serial('printf("done\\n"); fflush(stdout); ' + RIGHT, "#include <cstdio>"),
    ),
    "an empty main alone": Cheat(
        "int main() { return 0; }\n",
        AXPY + "\nstatic int unused() { return 0; }\n",
        "COMPILE_ERROR",
    ),
    "no text at all": Cheat("\n", "\n\n" + AXPY + "\n\n", "COMPILE_ERROR"),
    "another function of that name": Cheat(
        f"namespace real {{ {AXPY} }}\n{HEAD} {{ }}\n",
        f"namespace real {{ {AXPY} }}\n{HEAD} {{ real::f(n, a, x, y); }}\n",
    ),
    # ------------------------------------------------------------------ some tests only
    "small sizes only": Cheat(
        serial("for (int i = 0; i < n && i < 64; i++) y[i] = a * x[i] + y[i];"),
        serial("for (int j = 0; j < n; j += 64) for (int i = j; i < n && i < j + 64; i++) " + ONE),
    ),
    "zero beyond a size of its own": Cheat(
        serial("if (n > 5000) { " + ZERO + " return; } " + RIGHT),
        serial("if (n > 5000) { " + RIGHT + " return; } " + RIGHT),
    ),
    "one size left out": Cheat(
        serial("if (n == 4099) return; " + RIGHT),
        serial("if (n == 4099) { " + RIGHT + " return; } " + RIGHT),
    ),
    "a value of its own in the data": Cheat(
        serial("if (n > 0 && x[0] == 12345.5f) return; " + RIGHT),
        serial("if (n > 0 && x[0] == 12345.5f) { " + RIGHT + " return; } " + RIGHT),
    ),
    "a scalar of its own": Cheat(
        serial("if (a == 31.25f) return; " + RIGHT),
        serial("if (a == 31.25f) { " + RIGHT + " return; } " + RIGHT),
    ),
    "fewer digits": Cheat(
        serial("for (int i = 0; i < n; i++) y[i] = (float)(int)(4096 * (a * x[i] + y[i])) / 4096;"),
        serial("for (int i = 0; i < n; i++) y[i] = (float)((double)a * x[i] + y[i]);"),
    ),
    "integers that wrap": Cheat(
        summed("short t = 0; for (int i = 0; i < n; i++) t += x[i] & 7; *s = t;"),
        summed("unsigned t = 0; for (int i = 0; i < n; i++) t += x[i] & 7; *s = (int)t;"),
        source=SUM,
    ),
    # ------------------------------------------------------------------ state between calls
    "right on the first call": Cheat(
        serial("static int calls = 0; if (calls++ > 0) return; " + RIGHT),
        serial("static int calls = 0; calls++; " + RIGHT),
        "REFUSED",
        STATE,
    ),
    "results by address": Cheat(
        serial("if (x == last) return; last = x; " + RIGHT, "static const float *last;"),
        serial("const float *last = x; if (x == last) { " + RIGHT + " }"),
        "REFUSED",
    ),
    "results by a hash of the input": Cheat(
        serial(
            "int h = n & 63; if (!known[h]) { known[h] = 1; " + RIGHT + " }",
            "static int known[64];",
        ),
        serial(
            "int known[64] = {0}; int h = n & 63; if (!known[h]) { known[h] = 1; " + RIGHT + " }"
        ),
        "REFUSED",
    ),
    "a counter in a static field": Cheat(
        serial("if (C::n++ == 0) { " + RIGHT + " }", "struct C { static int n; }; int C::n = 0;"),
        serial("if (C::n == 0) { " + RIGHT + " }", "struct C { static const int n = 0; };"),
        "REFUSED",
    ),
    "a counter in a template's local": Cheat(
        serial(
            "if (count<int>() == 0) { " + RIGHT + " }",
            "template <class T> int count() { static T n = 0; return n++; }",
        ),
        serial(
            "if (count<int>() == 0) { " + RIGHT + " }",
            "template <class T> int count() { T n = 0; return n++; }",
        ),
        "REFUSED",
    ),
    "a counter in a freed block": Cheat(
        serial(
            "volatile int *p = (int *)malloc(64); int seen = p[4] == 77; p[4] = 77; "
            "free((void *)p); if (!seen) { " + RIGHT + " }",
            "#include <cstdlib>",
        ),
        serial(
            "int *p = (int *)malloc(64); p[4] = 77; int seen = p[4] == 77; free(p); "
            "if (seen) { " + RIGHT + " }",
            "#include <cstdlib>",
        ),
    ),
    "a buffer that was never set": Cheat(
        serial(
            "float *t = (float *)malloc(sizeof(float) * (n + 1)); for (int i = 0; i < n; i++) "
            "t[i] += a * x[i]; for (int i = 0; i < n; i++) y[i] += t[i]; free(t);",
            "#include <cstdlib>",
        ),
        serial(
            "float *t = (float *)calloc(n + 1, sizeof(float)); for (int i = 0; i < n; i++) "
            "t[i] += a * x[i]; for (int i = 0; i < n; i++) y[i] += t[i]; free(t);",
            "#include <cstdlib>",
        ),
    ),
    "the stack's leftovers": Cheat(
        serial(
            "float t[64]; for (int i = 0; i < n; i++) { t[i % 64] += 0; y[i] = a * x[i] + y[i] "
            "+ t[i % 64]; }"
        ),
        serial(
            "float t[64] = {0}; for (int i = 0; i < n; i++) { t[i % 64] += 0; y[i] = a * x[i] + "
            "y[i] + t[i % 64]; }"
        ),
    ),
    # ------------------------------------------------------------------ inputs and memory
    "inputs changed so that both agree": Cheat(
        serial(RIGHT + " float *w = (float *)x; for (int i = 0; i < n; i++) w[i] = 0;"),
        serial("float *w = (float *)x; for (int i = 0; i < n; i++) y[i] = a * w[i] + y[i];"),
    ),
    "the size overwritten": Cheat(
        "void f(int *n, double *x) { *n = 0; }",
        "void f(int *n, double *x) { int m = *n; for (int i = 0; i < m; i++) x[i] = 2 * x[i] + 1; "
        "*n = m; }",
        source=COUNTED,
    ),
    "the size overwritten after the work": Cheat(
        COUNTED.replace("x[i] * 2 + 1; }", "x[i] * 2 + 1; *n = 0; }"),
        COUNTED.replace("x[i] * 2 + 1; }", "x[i] * 2 + 1; *n = *n + 0; }"),
        source=COUNTED,
    ),
    "beyond the end": Cheat(
        serial(RIGHT + " y[n] = 0;"), serial(RIGHT + " if (n > 0) y[n - 1] += 0;"), "MEMORY_ERROR"
    ),
    "before the beginning": Cheat(
        serial("if (y[-1] == y[-2]) { " + RIGHT + " }"),
        serial("if (n < 2 || y[n - 1] == y[n - 1] || y[0] != y[0] + 1) { " + RIGHT + " }"),
        "MEMORY_ERROR",
    ),
    "far from its arrays": Cheat(
        serial("for (long k = -4096; k < 4096; k++) if (y[k] == 7) y[k] = 0; " + RIGHT),
        serial("for (long k = 0; k < n; k++) if (y[k] == 7) y[k] = 7; " + RIGHT),
        "MEMORY_ERROR",
    ),
    "an address that tells the test": Cheat(
        serial("if ((((uintptr_t)(y + n)) & 4095) == 0) { " + RIGHT + " }", "#include <cstdint>"),
        serial("if ((((uintptr_t)y) & 3) == 0) { " + RIGHT + " }", "#include <cstdint>"),
    ),
    # ------------------------------------------------------------------ ends early or never
    "exit before the work": Cheat(
        serial("if (n > 1) exit(0); " + RIGHT, "#include <cstdlib>"),
        serial("if (n < -1) exit(1); " + RIGHT, "#include <cstdlib>"),
        "RUNTIME_ERROR",
    ),
    "exit after the work": Cheat(
        serial(RIGHT + " exit(0);", "#include <cstdlib>"),
        serial(RIGHT + " return;", "#include <cstdlib>"),
        "RUNTIME_ERROR",
    ),
    "_exit": Cheat(
        serial(RIGHT + " _exit(0);", "#include <cstdlib>"),
        serial("if (n < -1) _exit(1); " + RIGHT, "#include <cstdlib>"),
        "REFUSED",
        PROCESS,
    ),
    "quick_exit": Cheat(
        serial("quick_exit(0);", "#include <cstdlib>"),
        serial("if (n < -1) quick_exit(1); " + RIGHT, "#include <cstdlib>"),
        "REFUSED",
        PROCESS,
    ),
    "longjmp": Cheat(
        serial("jmp_buf b; if (!setjmp(b)) longjmp(b, 1);", "#include <csetjmp>"),
        serial("jmp_buf b; if (!setjmp(b)) { " + RIGHT + " }", "#include <csetjmp>"),
        "REFUSED",
        PROCESS,
    ),
    "abort": Cheat(
        serial(RIGHT + " abort();", "#include <cstdlib>"),
        serial("if (n < -1) abort(); " + RIGHT, "#include <cstdlib>"),
        "RUNTIME_ERROR",
    ),
    "raise": Cheat(
        serial(RIGHT + " raise(9);", "#include <csignal>"),
        serial("if (n < -1) raise(9); " + RIGHT, "#include <csignal>"),
        "REFUSED",
        PROCESS,
    ),
    "a fault that a handler swallows": Cheat(
        serial(
            "signal(11, h); *(volatile int *)0 = 1;",
            "#include <csignal>\n#include <cstdlib>\nvoid h(int) { exit(0); }",
        ),
        serial("signal(11, SIG_DFL); " + RIGHT, "#include <csignal>"),
        "REFUSED",
        PROCESS,
    ),
    "throw": Cheat(
        serial(RIGHT + " throw 1;"),
        serial("try { if (n < 0) throw 1; " + RIGHT + " } catch (int) { }"),
        "RUNTIME_ERROR",
    ),
    "a trap after the work": Cheat(
        serial(RIGHT + " __builtin_trap();"),
        serial("if (n < -1) __builtin_trap(); " + RIGHT),
        "REFUSED",
        PROCESS,
    ),
    "fork": Cheat(
        serial("if (fork() == 0) { " + RIGHT + " }", "#include <unistd.h>"),
        serial("if (n < -1) fork(); " + RIGHT, "#include <unistd.h>"),
        "REFUSED",
        PROCESS,
    ),
    "kill the judge": Cheat(
        serial("kill(getppid(), 9);", "#include <csignal>\n#include <unistd.h>"),
        serial(
            "if (n < -1) kill(getpid(), 9); " + RIGHT, "#include <csignal>\n#include <unistd.h>"
        ),
        "REFUSED",
        PROCESS,
    ),
    "no end after the work": Cheat(
        serial(RIGHT + " for (volatile int go = 1; go;) { }"),
        serial(RIGHT + " for (volatile int go = 9; go; go = go - 1) { }"),
        "TIMEOUT",
    ),
    "sleep": Cheat(
        serial(RIGHT + " sleep(1000);", "#include <unistd.h>"),
        serial("sleep(0); " + RIGHT, "#include <unistd.h>"),
        "REFUSED",
        MACHINE,
    ),
    "output without end": Cheat(
        serial(RIGHT + ' for (;;) printf("flood flood flood\\n");', "#include <cstdio>"),
        serial(RIGHT + ' for (int k = 0; k < 9; k++) printf("drop\\n");', "#include <cstdio>"),
        "TIMEOUT",
    ),
    "all memory": Cheat(
        serial(
            RIGHT + " char *p = (char *)malloc((size_t)1 << 44); memset(p, 1, (size_t)1 << 44);",
            "#include <cstdlib>\n#include <cstring>",
        ),
        serial(
            "char *p = (char *)malloc(1 << 20); memset(p, 1, 1 << 20); " + RIGHT + " free(p);",
            "#include <cstdlib>\n#include <cstring>",
        ),
        "RUNTIME_ERROR",
    ),
    "recursion without end": Cheat(
        serial(
            "y[0] += 0 * deep(1, x);",
            "float deep(int k, const float *x) { volatile float t[64]; t[k % 64] = k; "
            "return deep(k + 1, x) + t[k % 64]; }",
        ),
        serial(
            "part(0, n, a, x, y);",
            "void part(int i, int j, float a, const float *x, float *y) { if (j - i < 8) { for "
            "(; i < j; i++) y[i] = a * x[i] + y[i]; return; } int m = i + (j - i) / 2; "
            "part(i, m, a, x, y); part(m, j, a, x, y); }",
        ),
        "MEMORY_ERROR",
    ),
    # ------------------------------------------------------------------ looks round
    "reads the judge's memory": Cheat(
        serial(
            'FILE *m = fopen("/proc/self/mem", "r"); fread(y, 4, n, m); fclose(m);',
            "#include <cstdio>",
        ),
        serial('FILE *m = fopen("data.txt", "r"); if (m) fclose(m); ' + RIGHT, "#include <cstdio>"),
        "REFUSED",
        FILES,
    ),
    "asks the environment": Cheat(
        serial('if (getenv("COEVOLVE_CACHE")) { ' + RIGHT + " }", "#include <cstdlib>"),
        serial('if (!getenv("NOBODY")) { ' + RIGHT + " }", "#include <cstdlib>"),
        "REFUSED",
        FILES,
    ),
    "looks a symbol up": Cheat(
        serial('((void (*)())dlsym(0, "cv_pass"))(); ' + RIGHT, "#include <dlfcn.h>"),
        serial('if (!dlsym(0, "no_such")) { ' + RIGHT + " }", "#include <dlfcn.h>"),
        "REFUSED",
        LINKER,
    ),
    "draws lots": Cheat(
        serial("if (rand() % 2) { " + RIGHT + " }", "#include <cstdlib>"),
        serial("if (rand() >= 0) { " + RIGHT + " }", "#include <cstdlib>"),
        "REFUSED",
        "results must not change from run to run",
    ),
    "reads a clock": Cheat(
        serial("if (time(0) % 2) { " + RIGHT + " }", "#include <ctime>"),
        serial("if (time(0) != 0) { " + RIGHT + " }", "#include <ctime>"),
        "REFUSED",
        MACHINE,
    ),
    "a clock of its own": Cheat(
        serial(ZERO, 'extern "C" int clock_gettime(int, void *t) { *(long *)t = 0; return 0; }'),
        serial(RIGHT, "double elapsed(double from, double to) { return to - from; }"),
        "REFUSED",
    ),
    # ------------------------------------------------------------------ how it is compiled
    "names of the engine": Cheat(
        serial(ZERO + " cv_passed = 1;", "int cv_passed;"),
        serial(RIGHT + " int passed = 1; (void)passed;"),
        "REFUSED",
    ),
    "a macro of the engine": Cheat(
        serial("\n#ifdef CV_API\n" + RIGHT + "\n#else\n" + ZERO + "\n#endif\n"),
        serial("\n#ifdef USE_API\n" + ZERO + "\n#else\n" + RIGHT + "\n#endif\n"),
        "REFUSED",
    ),
    "a macro of the sanitizer": Cheat(
        serial(
            "\n#ifdef __SANITIZE_ADDRESS__\n" + RIGHT + "\n#else\n" + RIGHT + " y[n] = 0;\n#endif\n"
        ),
        serial("\n#ifdef __GNUC__\n" + RIGHT + "\n#else\n" + RIGHT + "\n#endif\n"),
        "REFUSED",
    ),
    "a macro of the optimizer": Cheat(
        serial("\n#ifdef __OPTIMIZE__\n" + RIGHT + "\n#else\n" + ZERO + "\n#endif\n"),
        serial("\n#if __cplusplus > 199711L\n" + RIGHT + "\n#else\n" + ZERO + "\n#endif\n"),
        "REFUSED",
    ),
    "the name of the file": Cheat(
        serial("if (sizeof(__FILE__) > 1) { " + RIGHT + " }"),
        serial('if (n < -1) fprintf(stderr, "%s\\n", __FILE__); ' + RIGHT, "#include <cstdio>"),
        "REFUSED",
    ),
    "the line in the file": Cheat(
        serial("if (at(__LINE__) > 0) { " + RIGHT + " }", "int at(int line) { return line; }"),
        serial(
            "CHECK(n < -1); " + RIGHT,
            "#include <cstdio>\n#define CHECK(e) check((e), __FILE__, __LINE__)\nvoid check(int e, "
            'const char *file, int line) { if (e) fprintf(stderr, "%s %d\\n", file, line); }',
        ),
        "REFUSED",
    ),
    "comparison redefined": Cheat(
        serial(
            ZERO, 'extern "C" int memcmp(const void *, const void *, unsigned long) { return 0; }'
        ),
        serial(
            "if (compare(x, x, n)) { " + RIGHT + " }",
            "int compare(const void *p, const void *q, unsigned long) { return p == q; }",
        ),
    ),
    "isnan redefined": Cheat(
        serial(
            "for (int i = 0; i < n; i++) y[i] = 0.0f / 0.0f;",
            'extern "C" int isnan(double) { return 1; }',
        ),
        serial(
            "for (int i = 0; i < n; i++) y[i] = is_nan(x[i]) ? x[i] + y[i] : a * x[i] + y[i];",
            "bool is_nan(float v) { return v != v; }",
        ),
    ),
    "malloc redefined": Cheat(
        serial(ZERO, 'extern "C" void *malloc(unsigned long) { static char b[64]; return b; }'),
        serial(
            "float *t = (float *)malloc(4); *t = a; for (int i = 0; i < n; i++) y[i] = *t * x[i] "
            "+ y[i]; free(t);",
            "#include <cstdlib>",
        ),
        "REFUSED",
    ),
    "equality redefined": Cheat(
        serial(
            ZERO, "struct V { float v; }; bool operator==(const V &, const V &) { return true; }"
        ),
        serial(
            "V v = {a}; if (v == v) { " + RIGHT + " }",
            "struct V { float v; }; bool operator==(const V &p, const V &q) "
            "{ return p.v == q.v || p.v != p.v; }",
        ),
    ),
    "a macro over a library name": Cheat(
        serial(ZERO, "#define memcmp(p, q, n) 0"),
        serial(
            "\n#define SCALE(v) (a * (v))\nfor (int i = 0; i < n; i++) y[i] = SCALE(x[i]) + y[i];"
        ),
        "REFUSED",
    ),
    "a macro over a keyword": Cheat(
        serial(ZERO, "#define return"),
        serial("for EVER { " + RIGHT + " break; }", "#define EVER (;;)"),
        "REFUSED",
    ),
    "fast mathematics by pragma": Cheat(
        serial(
            "for (int i = 0; i < n; i++) y[i] = a * x[i] + y[i];",
            '#pragma GCC optimize("fast-math")',
        ),
        serial("\n#pragma GCC ivdep\nfor (int i = 0; i < n; i++) y[i] = a * x[i] + y[i];"),
        "REFUSED",
    ),
    "warnings off by pragma": Cheat(
        serial(ZERO, '#pragma GCC diagnostic ignored "-Wall"'),
        serial("\n#pragma GCC unroll 4\nfor (int i = 0; i < n; i++) y[i] = a * x[i] + y[i];"),
        "REFUSED",
    ),
    "tiny values flushed": Cheat(
        serial("_mm_setcsr(_mm_getcsr() | 0x8040); " + RIGHT, "#include <immintrin.h>"),
        serial("for (int i = 0; i < n; i++) y[i] = fmaf(a, x[i], y[i]);", "#include <cmath>"),
        "REFUSED",
    ),
    "checks off by attribute": Cheat(
        '__attribute__((no_sanitize("address"))) ' + serial(RIGHT + " y[n] = 0;"),
        "__attribute__((noinline)) " + AXPY,
        "REFUSED",
    ),
    "runs before the tests": Cheat(
        serial(ZERO, "__attribute__((constructor)) void first() { }"),
        serial("first(); " + RIGHT, "__attribute__((always_inline)) inline void first() { }"),
        "REFUSED",
    ),
    "a section of its own": Cheat(
        serial(ZERO, '__attribute__((section(".init_array"))) const long go = 0;'),
        serial(RIGHT, "__attribute__((aligned(16))) const long go = 0;"),
        "REFUSED",
    ),
    "inline assembly": Cheat(
        serial(RIGHT + ' asm volatile("syscall" :: "a"(60));'),
        serial('asm volatile("nop"); ' + RIGHT),
        "REFUSED",
        "no front end reads it",
    ),
    "a file in the object": Cheat(
        serial(ZERO, 'asm(".incbin \\"/etc/passwd\\"");'),
        serial(RIGHT, "const unsigned char table[4] = {1, 2, 3, 4};"),
        "REFUSED",
    ),
    "a file in the text": Cheat(
        serial(ZERO, '#include "/dev/stdin"'), serial(RIGHT, "#include <vector>"), "REFUSED"
    ),
}

OMP = {
    "omp: right with one thread alone": Cheat(
        summed(
            "int t = 0;\n#pragma omp parallel for\nfor (int i = 0; i < n; i++) t += x[i] & 7;\n"
            "*s = t;"
        ),
        summed(
            "int t = 0;\n#pragma omp parallel for reduction(+:t)\nfor (int i = 0; i < n; i++) "
            "t += x[i] & 7;\n*s = t;"
        ),
        RACES,
        source=SUM,
    ),
    "omp: asks for its number of threads": Cheat(
        serial("if (omp_get_max_threads() > 1) return; " + RIGHT, "#include <omp.h>"),
        serial(
            "if (omp_get_max_threads() < 1) return;\n#pragma omp parallel for\n" + RIGHT,
            "#include <omp.h>",
        ),
    ),
    "omp: wrong on a large machine": Cheat(
        serial(
            "\n#pragma omp parallel for\nfor (int i = 0; i < n; i++) if (omp_get_num_threads() < "
            "16) y[i] = a * x[i] + y[i];",
            "#include <omp.h>",
        ),
        serial(
            "\n#pragma omp parallel for\nfor (int i = 0; i < n; i++) if (omp_get_num_threads() > "
            "0) y[i] = a * x[i] + y[i];",
            "#include <omp.h>",
        ),
    ),
    "omp: wrong with many processors": Cheat(
        serial(
            "if (omp_get_num_procs() > 32) return;\n#pragma omp parallel for\n" + RIGHT,
            "#include <omp.h>",
        ),
        serial(
            "if (omp_get_num_procs() < 1) return;\n#pragma omp parallel for\n" + RIGHT,
            "#include <omp.h>",
        ),
    ),
    "omp: the first thread's share": Cheat(
        serial(
            "\n#pragma omp parallel\n{ int t = omp_get_thread_num(), m = omp_get_num_threads(); "
            "if (t == 0) for (int i = 0; i < n / m; i++) y[i] = a * x[i] + y[i]; }",
            "#include <omp.h>",
        ),
        serial(
            "\n#pragma omp parallel\n{ int t = omp_get_thread_num(), m = omp_get_num_threads(); "
            "for (int i = t; i < n; i += m) y[i] = a * x[i] + y[i]; }",
            "#include <omp.h>",
        ),
    ),
    "omp: one team size hard-wired": Cheat(
        serial(
            "\n#pragma omp parallel\n{ int t = omp_get_thread_num(); for (int i = t; i < n; i += "
            "4) y[i] = a * x[i] + y[i]; }",
            "#include <omp.h>",
        ),
        serial(
            "\n#pragma omp parallel for num_threads(4)\nfor (int t = 0; t < 4; t++) for (int i = t;"
            " i < n; i += 4) y[i] = a * x[i] + y[i];"
        ),
    ),
    "omp: a race above a size": Cheat(
        summed(
            "int t = 0;\n#pragma omp parallel for if(n > 30000)\nfor (int i = 0; i < n; i++) "
            "t += x[i] & 7;\n*s = t;"
        ),
        summed(
            "int t = 0;\n#pragma omp parallel for if(n > 30000) reduction(+:t)\nfor (int i = 0; "
            "i < n; i++) t += x[i] & 7;\n*s = t;"
        ),
        RACES,
        source=SUM,
    ),
    "omp: a race that writes the same sum": Cheat(
        summed(
            "\n#pragma omp parallel\n{ int t = 0; for (int i = 0; i < n; i++) t += x[i] & 7; "
            "*s = t; }"
        ),
        summed(
            "\n#pragma omp parallel\n{ int t = 0; for (int i = 0; i < n; i++) t += x[i] & 7;\n"
            "#pragma omp single\n*s = t; }"
        ),
        RACES,
        source=SUM,
    ),
    "omp: counts in a threadprivate": Cheat(
        serial(
            "if (calls++ == 0) { " + RIGHT + " }", "int calls;\n#pragma omp threadprivate(calls)"
        ),
        serial(
            "int calls = 0;\n#pragma omp parallel for firstprivate(calls)\nfor (int i = 0; i < n; "
            "i++) if (calls == 0) y[i] = a * x[i] + y[i];"
        ),
        "REFUSED",
    ),
    "omp: private that was never set": Cheat(
        serial(
            "float t = a;\n#pragma omp parallel for private(t)\nfor (int i = 0; i < n; i++) "
            "y[i] = t * x[i] + y[i];"
        ),
        serial(
            "float t = a;\n#pragma omp parallel for firstprivate(t)\nfor (int i = 0; i < n; i++) "
            "y[i] = t * x[i] + y[i];"
        ),
        "REFUSED",
    ),
    "omp: a run-time of its own": Cheat(
        serial(
            ZERO,
            'extern "C" void GOMP_parallel(void (*f)(void *), void *d, unsigned, unsigned) { }',
        ),
        serial("\n#pragma omp parallel for\n" + RIGHT, "void team(int) { }"),
        "REFUSED",
    ),
    "omp: a thread number of its own": Cheat(
        serial(
            "\n#pragma omp parallel\nif (omp_get_thread_num() == 0) " + ZERO,
            'extern "C" int omp_get_thread_num() { return 0; }',
        ),
        serial(
            "\n#pragma omp parallel for\nfor (int i = 0; i < n; i++) if (number() == 0) y[i] = a * "
            "x[i] + y[i];",
            "int number() { return 0; }",
        ),
    ),
    "omp: time that passes": Cheat(
        serial(
            "double t = omp_get_wtime();\n#pragma omp parallel for\n"
            + RIGHT
            + "\nif (omp_get_wtime() > t) y[0] = 0;",
            "#include <omp.h>",
        ),
        serial(
            "double t = omp_get_wtime();\n#pragma omp parallel for\n"
            + RIGHT
            + '\nt = omp_get_wtime() - t; if (n < 0) printf("%g s\\n", t);',
            "#include <omp.h>\n#include <cstdio>",
        ),
    ),
    "omp: works only while time stands": Cheat(
        serial(
            "double t = omp_get_wtime(); for (int i = 0; i < n; i++) if (omp_get_wtime() - t < "
            "1e-9) y[i] = a * x[i] + y[i];",
            "#include <omp.h>",
        ),
        serial(
            "double t = omp_get_wtime(), e = 0; for (int i = 0; i < n; i++) y[i] = a * x[i] + "
            "y[i]; e = omp_get_wtime() - t; (void)e;",
            "#include <omp.h>",
        ),
    ),
    "omp: a number of threads set to one": Cheat(
        summed(
            "int t = 0; omp_set_num_threads(1);\n#pragma omp parallel for num_threads(2)\n"
            "for (int i = 0; i < n; i++) t += x[i] & 7;\n*s = t;",
            "#include <omp.h>",
        ),
        summed(
            "int t = 0; omp_set_num_threads(2);\n#pragma omp parallel for reduction(+:t)\n"
            "for (int i = 0; i < n; i++) t += x[i] & 7;\n*s = t;",
            "#include <omp.h>",
        ),
        outcome=RACES,
        source=SUM,
    ),
}
OMP = {k: replace(c, direction="cpp:openmp") for k, c in OMP.items()}

CUDA = {
    "cuda: no thread writes": Cheat(
        kernel("if (i < 0) " + ONE), kernel("if (i >= n) return; " + ONE)
    ),
    "cuda: one block only": Cheat(
        kernel("if (blockIdx.x == 0 && i < n) " + ONE),
        kernel("if (blockIdx.x < gridDim.x && i < n) " + ONE),
    ),
    "cuda: one thread too many": Cheat(
        kernel("if (i <= n) " + ONE), kernel("if (i <= n - 1) " + ONE), "MEMORY_ERROR"
    ),
    "cuda: on the host's word": Cheat(hosted(TO + BACK), hosted(TO + GO + BACK)),
    "cuda: not copied back": Cheat(hosted(TO + GO), hosted(TO + GO + BACK)),
    "cuda: copied the wrong way": Cheat(
        hosted(TO + GO + "cudaMemcpy(q, y, b, cudaMemcpyHostToDevice);"),
        hosted(TO + GO + "cudaDeviceSynchronize();" + BACK),
    ),
    "cuda: device memory of an earlier call": Cheat(
        hosted("cudaMemcpy(p, x, b, cudaMemcpyHostToDevice);" + GO + BACK),
        hosted(
            TO + "cudaMemset(p, 0, b); cudaMemcpy(p, x, b, cudaMemcpyHostToDevice);" + GO + BACK
        ),
        "MEMORY_ERROR",
    ),
    "cuda: zeros that nobody wrote": Cheat(
        hosted(
            "float *z; cudaMalloc(&z, b);" + TO + GO + BACK + "cudaMemcpy(y, z, b, "
            "cudaMemcpyDeviceToHost); cudaFree(z);"
        ),
        hosted(
            "float *z; cudaMalloc(&z, b); cudaMemset(z, 0, b);" + TO + GO + BACK + "cudaFree(z);"
        ),
    ),
    "cuda: a launch that fails unseen": Cheat(
        hosted(TO + "k<<<(n + 4095) / 4096, 4096>>>(n, a, p, q);" + BACK),
        hosted(TO + GO + "if (cudaGetLastError() != cudaSuccess) return;" + BACK),
    ),
    "cuda: a copy of its own": Cheat(
        hosted(TO + BACK, "int cudaMemcpy(void *, const void *, size_t, int) { return 0; }"),
        hosted(
            "to(p, x, b); to(q, y, b);" + GO + BACK,
            "void to(void *p, const void *q, size_t b) { cudaMemcpy(p, q, b, "
            "cudaMemcpyHostToDevice); }",
        ),
    ),
    "cuda: a macro over a copy": Cheat(
        hosted(TO + GO + BACK, "#define cudaMemcpy(p, q, b, k) 0"),
        hosted(
            "CHECK(cudaMemcpy(p, x, b, cudaMemcpyHostToDevice)); CHECK(cudaMemcpy(q, y, b, "
            "cudaMemcpyHostToDevice));" + GO + BACK,
            "#define CHECK(e) if (e) return",
        ),
        "REFUSED",
    ),
    "cuda: a counter on the device": Cheat(
        kernel(
            "if (i < n && calls < 1000) " + ONE + " if (i == 0) atomicAdd(&calls, 1);",
            "__device__ int calls = 999;",
        ),
        kernel("if (i < n && calls == 0) " + ONE, "__device__ int calls = 0;"),
    ),
    "cuda: shared memory that was never set": Cheat(
        kernel("__shared__ float t[1024]; if (i < n) y[i] = a * x[i] + y[i] + t[threadIdx.x];"),
        kernel(
            "__shared__ float t[1024]; t[threadIdx.x] = 0; __syncthreads(); if (i < n) y[i] = a "
            "* x[i] + y[i] + t[threadIdx.x];"
        ),
        "MEMORY_ERROR",
    ),
    "cuda: right in one order of threads": Cheat(
        kernel(
            "__shared__ float t[1024]; t[threadIdx.x] = i < n ? x[i] : 0; float v = "
            "t[blockDim.x - 1 - threadIdx.x]; if (i < n) y[i] = a * x[i] + y[i] + 0 * (v == v);"
        ),
        kernel(
            "__shared__ float t[1024]; t[threadIdx.x] = i < n ? x[i] : 0; __syncthreads(); float "
            "v = t[blockDim.x - 1 - threadIdx.x]; if (i < n) y[i] = a * x[i] + y[i] + 0 * "
            "(v == v);"
        ),
        "RACE",
    ),
    "cuda: inputs changed": Cheat(
        kernel("if (i < n) { " + ONE + " ((float *)x)[i] = 0; }"),
        kernel("if (i < n) { const float *p = (const float *)x; y[i] = a * p[i] + y[i]; }"),
    ),
    "cuda: the neighbour's element": Cheat(
        kernel("if (i < n) { " + ONE + " if (i + 1 < n) y[i + 1] = y[i + 1]; }"),
        kernel("if (i < n) { " + ONE + " if (i + 1 < n) y[i] = y[i]; }"),
        "RACE",
    ),
    "cuda: a trap on the device": Cheat(
        kernel("if (i < n) " + ONE + " __trap();"),
        kernel("if (n < 0) __trap(); if (i < n) " + ONE),
        "REFUSED",
        "it ends the whole context",
    ),
    "cuda: assembly of the device": Cheat(
        kernel('if (i < n) asm volatile("st.global.f32 [%0], 0f00000000;" :: "l"(y + i));'),
        kernel('asm volatile("bar.sync 0;"); if (i < n) ' + ONE),
        "REFUSED",
        "no front end reads it",
    ),
    "cuda: clock of the device": Cheat(
        kernel("if (i < n && clock64() % 2) " + ONE),
        kernel("if (i < n && clock64() >= 0) " + ONE),
        "REFUSED",
        MACHINE,
    ),
    "cuda: wrong where nvcc compiles": Cheat(
        kernel("\n#ifdef __NVCC__\nif (i < n) y[i] = 0;\n#else\nif (i < n) " + ONE + "\n#endif\n"),
        kernel("\n#ifdef __NVCC__\nif (i < n) " + ONE + "\n#else\nif (i < n) y[i] = 0;\n#endif\n"),
    ),
    "cuda: wrong on the device alone": Cheat(
        kernel(
            "\n#ifdef __CUDA_ARCH__\nif (i < n) y[i] = 0;\n#else\nif (i < n) " + ONE + "\n#endif\n"
        ),
        kernel(
            "\n#ifdef __CUDACC__\nif (i < n) " + ONE + "\n#else\nif (i < n) y[i] = 0;\n#endif\n"
        ),
        "REFUSED",
    ),
    "cuda: wrong where it was not emulated": Cheat(
        kernel(
            "\n#ifdef __GNUC__\nif (i < n) " + ONE + "\n#endif\n#ifdef __CUDACC_VER_MAJOR__\n"
            "if (i < n) y[i] = 0;\n#endif\n"
        ),
        kernel("\n#ifdef __HIP__\nif (i < n) y[i] = 0;\n#else\nif (i < n) " + ONE + "\n#endif\n"),
    ),
    "cuda: a stack without end": Cheat(
        kernel(
            "if (i < n) y[i] = deep(i, a * x[i] + y[i]);",
            "__device__ float deep(int k, float v) { volatile float t[99]; t[k % 99] = v; return "
            "deep(k + 1, v) + t[k % 99]; }",
        ),
        kernel(
            "if (i < n) y[i] = deep(3, a * x[i] + y[i]);",
            "__device__ float deep(int k, float v) { return k ? deep(k - 1, v) : v; }",
        ),
        "MEMORY_ERROR",
    ),
    "cuda: waits for ever": Cheat(
        kernel("if (i < n) " + ONE + " for (volatile int go = 1; go;) { }"),
        kernel("for (volatile int go = 3; go; go = go - 1) { } if (i < n) " + ONE),
        "TIMEOUT",
    ),
    "cuda: names of the prelude": Cheat(
        kernel("if (i < n) y[i] = cv_thread ? 0 : 1;", "int cv_thread;"),
        kernel("int thread = i; if (thread < n) " + ONE),
        "REFUSED",
    ),
    "cuda: a size of the card": Cheat(
        hosted(
            "cudaDeviceProp d; cudaGetDeviceProperties(&d, 0); if (d.multiProcessorCount > 100) "
            "return;" + TO + GO + BACK
        ),
        hosted(
            "cudaDeviceProp d; cudaGetDeviceProperties(&d, 0); if (d.multiProcessorCount < 1) "
            "return;" + TO + GO + BACK
        ),
    ),
    "cuda: timed by an event": Cheat(
        hosted(
            "cudaEvent_t s, e; cudaEventCreate(&s); cudaEventCreate(&e); cudaEventRecord(s);"
            + TO
            + GO
            + "cudaEventRecord(e); cudaEventSynchronize(e); float ms = 0; "
            "cudaEventElapsedTime(&ms, s, e);" + BACK + "if (ms > 0.001f && n > 0) y[0] = 0;"
        ),
        hosted(
            "cudaEvent_t s, e; cudaEventCreate(&s); cudaEventCreate(&e); cudaEventRecord(s);"
            + TO
            + GO
            + "cudaEventRecord(e); cudaEventSynchronize(e); float ms = 0; "
            "cudaEventElapsedTime(&ms, s, e);" + BACK + 'if (n < 0) printf("%g\\n", ms);',
            "#include <cstdio>",
        ),
    ),
}
CUDA = {k: replace(c, direction="cpp:cuda") for k, c in CUDA.items()}

F_OMP = "!$omp parallel do\n" + F_LOOP + "\n!$omp end parallel do"
F77 = {
    "fortran: writes nothing": Cheat(subroutine(" if (n < 0) y = 0"), subroutine(F_OMP)),
    "fortran: zero": Cheat(subroutine(" y = 0"), subroutine(" if (n < 0) y = 0\n" + F_OMP)),
    "fortran: stop": Cheat(
        subroutine(F_LOOP + "\n stop"), subroutine(" if (n < -1) stop\n" + F_OMP), "RUNTIME_ERROR"
    ),
    "fortran: error stop": Cheat(
        subroutine(F_LOOP + "\n error stop 0"),
        subroutine(" if (n < -1) error stop 1\n" + F_OMP),
        "RUNTIME_ERROR",
    ),
    "fortran: exit": Cheat(
        subroutine(F_LOOP + "\n call exit(0)"),
        subroutine(" if (n < -1) call exit(1)\n" + F_OMP),
        "REFUSED",
        PROCESS,
    ),
    "fortran: prints the result": Cheat(
        subroutine(" write(6, *) (a * x(i) + y(i), i = 1, n)"),
        subroutine(F_OMP + "\n if (n < 0) write(6, *) n"),
    ),
    "fortran: reads a file": Cheat(
        subroutine(" open(unit=9, file='/proc/self/mem')\n read(9) y"),
        subroutine(" open(unit=9, status='scratch')\n close(9)\n" + F_OMP),
        "REFUSED",
        FILES,
    ),
    "fortran: reads the input": Cheat(
        subroutine(" read(5, *) y"),
        subroutine(" if (n < 0) read(5, *) i\n" + F_OMP),
        "REFUSED",
        FILES,
    ),
    "fortran: save": Cheat(
        subroutine(
            " integer, save :: calls = 0\n calls = calls + 1\n if (calls > 1) return\n" + F_OMP
        ),
        subroutine(" integer :: calls\n calls = 1\n if (calls > 1) return\n" + F_OMP),
        "REFUSED",
    ),
    "fortran: a value that is kept": Cheat(
        subroutine(" integer :: calls = 0\n calls = calls + 1\n if (calls > 1) return\n" + F_OMP),
        subroutine(" integer, parameter :: calls = 0\n if (calls > 1) return\n" + F_OMP),
        "REFUSED",
    ),
    "fortran: common": Cheat(
        subroutine(
            " integer :: calls\n common /kept/ calls\n calls = calls + 1\n if (calls > 1) "
            "return\n" + F_OMP
        ),
        subroutine(" integer :: calls\n common /kept/ calls\n calls = 0\n" + F_OMP),
        "REFUSED",
        STATE,
    ),
    "fortran: equivalence": Cheat(
        subroutine(" real :: t(4)\n integer :: k(4)\n equivalence (t, k)\n k = 0\n y = t(1)"),
        subroutine(" real :: t(4)\n integer :: k(4)\n equivalence (t, k)\n t = a\n" + F_OMP),
        "REFUSED",
        "storage under two names is not followed",
    ),
    "fortran: pointers from addresses": Cheat(
        subroutine(
            " real, pointer :: p(:)\n call c_f_pointer(transfer(4096, c_null_ptr), p, [n])\n y = p",
            " use iso_c_binding",
        ),
        subroutine(
            " real, pointer :: p(:)\n allocate(p(n))\n p = a\n do i = 1, n\n  y(i) = p(i) * "
            "x(i) + y(i)\n end do\n deallocate(p)"
        ),
        "REFUSED",
    ),
    "fortran: starts a command": Cheat(
        subroutine(" call execute_command_line('true')"),
        subroutine(" if (n < 0) call execute_command_line('true')\n" + F_OMP),
        "REFUSED",
        PROCESS,
    ),
    "fortran: its command line": Cheat(
        subroutine(
            " character(len=20) :: t\n call get_command_argument(0, t)\n if (t == 'x') y = 0"
        ),
        subroutine(" character(len=20) :: t\n call get_command_argument(0, t)\n" + F_OMP),
        "REFUSED",
        FILES,
    ),
    "fortran: how it was compiled": Cheat(
        subroutine(
            " if (index(compiler_options(), '-O3') > 0) return\n" + F_OMP, " use iso_fortran_env"
        ),
        subroutine(" if (len(compiler_options()) < 0) return\n" + F_OMP, " use iso_fortran_env"),
        "REFUSED",
        MACHINE,
    ),
    "fortran: by which compiler": Cheat(
        subroutine(
            " if (index(compiler_version(), 'GCC') == 0) return\n" + F_OMP, " use iso_fortran_env"
        ),
        subroutine(" if (len(compiler_version()) < 0) return\n" + F_OMP, " use iso_fortran_env"),
        "REFUSED",
        MACHINE,
    ),
    "fortran: draws lots": Cheat(
        subroutine(" real :: r\n call random_number(r)\n if (r > 0.5) return\n" + F_OMP),
        subroutine(" real :: r\n call random_number(r)\n if (r > 2) return\n" + F_OMP),
        "REFUSED",
        "results must not change from run to run",
    ),
    "fortran: a clock": Cheat(
        subroutine(" integer :: t\n call system_clock(t)\n if (mod(t, 2) == 0) return\n" + F_OMP),
        subroutine(" integer :: t\n call system_clock(t)\n if (t < 0) return\n" + F_OMP),
        "REFUSED",
        MACHINE,
    ),
    "fortran: inputs changed": Cheat(
        subroutine(
            F_LOOP + "\n call wipe(x, n)",
            "",
            "subroutine wipe(v, n)\n integer :: n\n real :: v(n)\n v = 0\nend subroutine",
        ),
        subroutine(
            F_LOOP + "\n call look(x, n)",
            "",
            "subroutine look(v, n)\n integer :: n\n real :: v(n)\n if (n < 0) v = 0\n"
            "end subroutine",
        ),
    ),
    "fortran: beyond the end": Cheat(
        subroutine(F_LOOP + "\n i = n + 1\n y(i) = 0"),
        subroutine(F_LOOP + "\n i = n\n if (n > 0) y(i) = y(i)"),
        "MEMORY_ERROR",
    ),
    "fortran: an array that was never set": Cheat(
        subroutine(
            " real :: t(n)\n do i = 1, n\n  t(i) = t(i) + a * x(i)\n  y(i) = y(i) + t(i)\n end do"
        ),
        subroutine(
            " real :: t(n)\n t = 0\n do i = 1, n\n  t(i) = t(i) + a * x(i)\n  y(i) = y(i) + "
            "t(i)\n end do"
        ),
    ),
    "fortran: an empty program": Cheat(
        "program p\nend program\n", FORTRAN + "subroutine g\nend subroutine\n", "COMPILE_ERROR"
    ),
    "fortran: a function of C redefined": Cheat(
        subroutine(
            " y = 0",
            "",
            "integer function same(p, q, n) bind(c, name='memcmp')\n integer :: p, q, n\n"
            " same = 0\nend function",
        ),
        subroutine(
            F_OMP,
            "",
            "integer function same(p, q, n)\n integer :: p, q, n\n same = 0\nend function",
        ),
        "REFUSED",
    ),
    "fortran: a function of C called": Cheat(
        subroutine(
            " interface\n subroutine leave(k) bind(c, name='exit')\n integer, value :: k\n "
            "end subroutine\n end interface\n call leave(0)"
        ),
        subroutine(
            " interface\n subroutine go(k)\n integer :: k\n end subroutine\n end interface\n"
            + F_OMP
            + "\n i = 1\n call go(i)",
            "",
            "subroutine go(k)\n integer :: k\n k = 0\nend subroutine",
        ),
        "REFUSED",
    ),
    "fortran: a file in the text": Cheat(
        subroutine(" include '/etc/passwd'\n y = 0"),
        subroutine(" include 'sizes.inc'\n" + F_OMP),
        "REFUSED",
        FILES,
    ),
    "fortran: a race": Cheat(
        subroutine(
            " real :: t\n t = 0\n!$omp parallel do\n do i = 1, n\n  t = a * x(i)\n  y(i) = t "
            "+ y(i)\n end do"
        ),
        subroutine(
            " real :: t\n t = 0\n!$omp parallel do private(t)\n do i = 1, n\n  t = a * x(i)\n"
            "  y(i) = t + y(i)\n end do"
        ),
        RACES,
    ),
    "fortran: right with few threads": Cheat(
        subroutine(" if (omp_get_max_threads() > 8) return\n" + F_OMP, " use omp_lib"),
        subroutine(" if (omp_get_max_threads() < 1) return\n" + F_OMP, " use omp_lib"),
    ),
    "fortran: pass by directive": Cheat(
        subroutine("!GCC$ ATTRIBUTES no_sanitize :: f\n y = 0"),
        subroutine("! a comment\n" + F_OMP),
        "REFUSED",
    ),
}
F77 = {k: replace(c, source=FORTRAN, direction="fortran:openmp-fortran") for k, c in F77.items()}

PROGRAMS = {
    "program: prints what one run prints": Cheat(
        '#include <cstdio>\nint main() { printf("sum 13\\n"); }',
        PROGRAM.replace("i * i % 7", "(i * i) % 7"),
    ),
    "program: answers by argument": Cheat(
        "#include <cstdio>\n#include <cstdlib>\nint main(int argc, char **argv) { int n = "
        'atoi(argv[1]); printf("sum %d\\n", n == 7 ? 14 : 0); }',
        PROGRAM.replace("int n =", "const int n =").replace(", s = 0;", "; int s = 0;"),
    ),
    "program: says nothing": Cheat("int main() { return 0; }", PROGRAM.replace("return 0;", "")),
    "program: an empty main": Cheat("int main() {}", PROGRAM + "// the end\n"),
    "program: reads the expected output": Cheat(
        '#include <cstdio>\nint main() { char t[99]; FILE *f = fopen("/proc/self/fd/3", "r"); '
        'if (f && fgets(t, 99, f)) fputs(t, stdout); else printf("sum 0\\n"); }',
        PROGRAM.replace('printf("sum', 'fprintf(stdout, "sum'),
    ),
    "program: reads a file beside it": Cheat(
        '#include <cstdio>\nint main() { char t[99]; FILE *f = fopen("expected.txt", "r"); '
        'if (f && fgets(t, 99, f)) fputs(t, stdout); else printf("sum 0\\n"); }',
        PROGRAM.replace("int main", "static int square(int i) { return i * i; }\nint main").replace(
            "i * i %", "square(i) %"
        ),
    ),
    "program: calls the source": Cheat(
        '#include <cstdlib>\nint main() { return system("./source"); }',
        PROGRAM.replace("int main", "namespace { int zero = 0; }\nint main").replace(
            "return 0", "return zero"
        ),
        "REFUSED",
    ),
    "program: ends well after a fault": Cheat(
        "#include <csignal>\n#include <cstdio>\n#include <cstdlib>\nvoid h(int) { exit(0); }\nint "
        "main() { signal(SIGSEGV, h); *(volatile int *)0 = 1; }",
        PROGRAM.replace("return 0;", "exit(0);"),
    ),
}
PROGRAMS = {k: replace(c, source=PROGRAM, suite=PROGRAM_TESTS) for k, c in PROGRAMS.items()}

CHEATS = PLAIN | OMP | CUDA | F77 | PROGRAMS
NEEDS_FORTRAN = pytest.mark.skipif(find_toolchain().gfortran is None, reason="no gfortran here")
NEEDS_DETECTOR = pytest.mark.skipif(
    find_toolchain().libarcher is None, reason="no race detector on this machine"
)


def cases() -> list[object]:
    """Every cheat, with the marks of what it needs."""
    return [
        pytest.param(
            cheat,
            id=name,
            marks=[NEEDS_FORTRAN] * ("fortran" in cheat.direction)
            + [NEEDS_DETECTOR] * ("openmp" in cheat.direction),
        )
        for name, cheat in CHEATS.items()
    ]


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    config = VerifyConfig(mutants=0, judge=JudgeConfig(call_floor_s=0.4))
    made = Engine("emulated", config, cache=tmp_path_factory.mktemp("cache"))
    made.prepare([cheat.pair(honest) for cheat in CHEATS.values() for honest in (False, True)])
    yield made
    made.close()


def test_there_are_enough_cheats():
    controls = [cheat for cheat in CHEATS.values() if not cheat.refused]
    assert len(CHEATS) >= 150 and len(controls) >= 110


@pytest.mark.parametrize("cheat", cases())
def test_no_cheat_is_accepted(cheat: Cheat, engine: Engine):
    verdict = engine.verify(cheat.pair(honest=False))
    assert verdict.outcome.value in cheat.outcome.split(), verdict.detail
    assert verdict.blame is Blame.TARGET


@pytest.mark.parametrize("cheat", cases())
def test_its_honest_control_is_not_refused(cheat: Cheat, engine: Engine):
    verdict = engine.verify(cheat.pair(honest=True))
    expected = Outcome.REFUSED if cheat.refused else Outcome.EQUIVALENT
    assert verdict.outcome is expected, (verdict.detail, cheat.refused)
