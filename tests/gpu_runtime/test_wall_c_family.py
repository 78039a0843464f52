"""The static wall for the C family reads the tree: hostile texts in every disguise, honest ones."""

from __future__ import annotations

import pytest

from corpora.records import Program
from gpu_runtime.wall.check import check_program
from gpu_runtime.wall.preprocessor import expand_branches

HONEST = {
    "a place in the text that is printed": (
        "#define CHECK(e) check((e), __FILE__, __LINE__)\n"
        "void say(const char *file, int line) { std::cerr << file << ':' << line << '\\n'; }\n"
        "void check(int e, const char *file, int line) { if (e) say(file, line); }\n"
        'void f(int *a) { CHECK(a[0]); if (a[1]) printf("%s\\n", __func__); }'
    ),
    "a lambda for an algorithm": (
        "void f(float *a, int n) { std::transform(a, a + n, a, [](float x) { return "
        "std::max(x, 0.0f); }); std::sort(a, a + n, [=](float x, float y) -> bool { return x < "
        "y; }); }"
    ),
    "an array called like a command": (
        "void f(float *system, int n) { system[0] = n; auto *open = system; open[1] = 2; }"
    ),
    "names called used and cin": (
        "void f(int *a) { int used = 1; float cin = 2; a[0] = used + cin; }"
    ),
    "brackets in comments and strings": (
        'void f(int *a) { // system( {\n /* ) } " */ printf("system( %d ) } \\" ", a[0]); '
        "a[0] = ')'; }"
    ),
    "a line that goes on": (
        "#define ADD(a, b) \\\n ((a) + \\\n (b))\nvoid f(int *a) { a[0] = ADD(1, \\\n 2); }"
    ),
    "nested templates": (
        "template <class T, class U> struct P { T a; U b; };\nvoid f(int *a) { "
        "std::vector<std::vector<P<int, P<float, double>>>> v(3); a[0] = v.size() >> 1; }"
    ),
    "both branches": (
        "#ifdef USE_FLOAT\ntypedef float real;\n#else\ntypedef double real;\n#endif\nvoid "
        "f(real *a) { a[0] = sqrt(a[0]); }"
    ),
    "text that is switched off": (
        "#if 0\nvoid g() { mkstemp(0); }\n#endif\nvoid f(int *a) { a[0] = 1; }"
    ),
    "a macro that calls its argument": (
        "#define APPLY(g, x) g(x)\nint twice(int x) { return 2 * x; }\nvoid f(int *a) { a[0] = "
        "APPLY(twice, a[0]); }"
    ),
    "a class template": (
        "template <class T> struct Max { __device__ T operator()(T a, T b) const { return a > "
        "b ? a : b; } };\n__global__ void f(float *a) { Max<float> op; a[0] = op(a[0], "
        "Max<float>()(a[1], a[2])); }"
    ),
    "a statement that is no C++": "void f(int *a) { if (a[0] < 1 a[0] = 2; }",
    "try": "void f(int *a) { try { a[0] = 1; } catch (...) { a[0] = 2; } }",
    "pointers to constants": (
        'static const char *names[] = {"a", "b"};\nvoid f(int *a) { printf("%s", '
        "names[0]); a[0] = 1; }"
    ),
    "own functions for C": (
        'extern "C" {\nint g(int x) { return x; }\nvoid f(int *a) { a[0] = g(1); }\n}'
    ),
}
HOSTILE = {
    "the line decides": "void f(int *a) { if (__LINE__ > 3) a[0] = 1; }",
    "the line is kept": "void f(int *a) { int line = __LINE__; a[0] = line; }",
    "the file's name is given away": (
        "void g(int *a, const char *s) { h(a, s); }\n"
        "void h(int *a, const char *t) { a[0] = t[0]; }\nvoid f(int *a) { g(a, __FILE__); }"
    ),
    "the line in a stream of shifts": "void f(int *a) { a[0] = 1 << __LINE__; }",
    "a call in a macro": '#define RUN system("ls")\nvoid f(int *a) { RUN; }',
    "a macro of a macro": '#define G(x) x\n#define H G(sys\\\ntem)\nvoid f(int *a) { H("ls"); }',
    "a macro in one branch only": (
        '#ifdef EOF\n#define P system\n#else\n#define P puts\n#endif\nvoid f(int *a) { P("ls"); }'
    ),
    "a macro of another branch": (
        "#define P puts\n#ifdef RAND_MAX\n#undef P\n#define P mkstemp\n#endif\n#ifndef "
        'RAND_MAX\nint k(int x) { return x; }\n#else\nvoid f(int *a) { P("ls"); }\n#endif\n'
    ),
    "a call in a branch that is not read": (
        'void f(int *a) {\n#ifdef RAND_MAX\nmkstemp("ls");\n#endif\n}'
    ),
    "a call in an elif": (
        '#if defined(A)\n#elif defined(RAND_MAX)\nint k = mkstemp("ls");\n#endif\nvoid f(int '
        "*a) { }"
    ),
    "a call in nested branches": (
        '#ifdef A\n#ifdef B\n#else\nvoid g() { mkstemp("ls"); }\n#endif\n#else\nvoid g() { '
        "}\n#endif\nvoid f(int *a) { g(); }"
    ),
    "branches that do not match": "#ifdef A\nvoid f(int *a) { }",
    "pasted by an inner macro": (
        '#define CAT(a, b) a##b\n#define C2(a, b) CAT(a, b)\nvoid f(int *a) { C2(sys, tem)("ls"); }'
    ),
    "pasted by a digraph": '#define CAT(a, b) a%:%:b\nvoid f(int *a) { CAT(sys, tem)("ls"); }',
    "a universal name": 'void f(int *a) { \\u0073ystem("ls"); }',
    "a long universal name": 'void f(int *a) { s\\U00000079stem("ls"); }',
    "standard input": "void f(int *a) { std::cin >> a[0]; }",
    "standard input beside a local": (
        "void f(int *a) { int cin = 1; auto g = [&]() { std::cin >> a[0]; }; g(); a[0] += cin; }"
    ),
    "a trigraph": 'void f(int *a) ??< system("ls"); ??>',
    "a directive by trigraph": "??=include <fstream>\nvoid f(int *a) { }",
    "a directive by digraph": "void f(int *a) { }\n%:include <fstream>\n",
    "digraphs for brackets": "void f(int *a) <% a<:0:> = 1; %>",
    "a byte order mark": "\ufeff#include <fstream>\nvoid f(int *a) { }",
    "builtin": "void f(int *a) { __builtin_trap(); }",
    "builtin of printf": 'void f(int *a) { __builtin_printf("x"); }',
    "asm with qualifiers": 'void f(int *a) { asm volatile goto("nop" : : : : l); l:; }',
    "asm at file scope": 'asm(".globl x");\nvoid f(int *a) { }',
    "asm of a register": 'void f(int *a) { register int r __asm("rax"); a[0] = r; }',
    "asm in a macro": '#define A asm("nop")\nvoid f(int *a) { A; }',
    "asm in an unused macro": '#define A __asm__("nop")\nvoid f(int *a) { }',
    "asm in a lambda": 'void f(int *a) { [] { asm("nop"); }(); }',
    "a destructor attribute": (
        "void g() __attribute__((destructor));\nvoid g() { }\nvoid f(int *a) { }"
    ),
    "an attribute behind a macro": (
        "#define B [\n#define E ]\nB [gnu::constructor]] void g() { }\nvoid f(int *a) { }"
    ),
    "an alias": 'void g() __attribute__((alias("system")));\nvoid f(int *a) { g(); }',
    "a weak reference": (
        'static void g() __attribute__((weakref("system")));\nvoid f(int *a) { g(); }'
    ),
    "cleanup": "void f(int *a) { int k __attribute__((cleanup(free))) = 1; }",
    "include by macro": '#define H "/etc/passwd"\n#include H\nvoid f(int *a) { }',
    "include_next": "#include_next <stdio.h>\nvoid f(int *a) { }",
    "import": "#import <fstream>\nvoid f(int *a) { }",
    "embed": 'void f(char *a) { char b[] = {\n#embed "/etc/passwd"\n}; }',
    "include that goes on": "#inc\\\nlude <fstream>\nvoid f(int *a) { }",
    "pragma operator in a macro": (
        '#define P(x) _Pragma(x)\nP("GCC poison f")\nvoid f(int *a) { }'
    ),
    "a clause that calls": (
        'void f(int *a, int n) {\n#pragma omp parallel for if(mkstemp("x") > 0)\nfor (int i '
        "= 0; i < n; i++) a[i] = i; }"
    ),
    "a clause that goes on": (
        'void f(int *a, int n) {\n#pragma omp parallel for \\\n num_threads(mkstemp("x"))\n'
        "for (int i = 0; i < n; i++) a[i] = i; }"
    ),
    "a raw string": (
        'void f(int *a) { const char *s = R"x()\\\nx" R"y( )x"; mkstemp("ls"); /* )y" */ }'
    ),
    "a lambda that calls": (
        'void f(int *a) { auto g = [](int x) { return mkstemp("x"); }; g(1); }'
    ),
    "a lambda that captures a call": (
        'void f(int *a) { auto g = [k = mkstemp("x")](int x) { return x; }; g(1); }'
    ),
    "a lambda with state": (
        "void f(int *a) { auto g = [](int x) { static int k = 0; return k++; }; a[0] = g(1); }"
    ),
    "a lambda in a lambda": (
        'void f(int *a) { [] { [](auto g) { return g("x"); }(mkstemp); }(); }'
    ),
    "a generic lambda": 'void f(int *a) { auto g = [](auto h) { h("ls"); }; g(mkstemp); }',
    "an algorithm that calls": "void f(int *a, int n) { std::generate(a, a + n, rand); }",
    "a sort that calls": "void f(int *a, int n) { qsort(a, n, 4, mkstemp); }",
    "a function pointer by decltype": "void f(int *a) { decltype(&abs) g = &abs; g(1); }",
    "a function pointer behind an allowed name": "void f(int *a) { auto max = &abs; max(1); }",
    "a function reference": "void f(int *a) { int (&g)(int) = abs; g(1); }",
    "a typedef of a function": (
        'typedef int (*fp)(const char *);\nvoid f(int *a) { fp g = (fp)0x1234; g("ls"); }'
    ),
    "a function type by using": (
        'using F = int(const char *);\nF mkstemp;\nvoid f(int *a) { mkstemp("x"); }'
    ),
    "a field that points to a function": (
        'struct S { int (*g)(const char *); };\nvoid f(int *a) { S s = {mkstemp}; s.g("x"); }'
    ),
    "a table of functions": "void f(int *a) { int (*t[2])(int) = {abs, abs}; a[0] = t[0](1); }",
    "a std function": (
        'void f(int *a) { std::function<int(const char *)> g = mkstemp; a[0] = g("x"); }'
    ),
    "a template value": (
        'template <int (*G)(const char *)> int g() { return G("x"); }\nvoid f(int *a) { a[0] '
        "= g<mkstemp>(); }"
    ),
    "an automatic template value": (
        'template <auto G> int g() { return G("x"); }\nvoid f(int *a) { a[0] = g<mkstemp>(); }'
    ),
    "a conditional callee": "void f(int *a) { a[0] = (a[0] ? abs : mkstemp)(a[1]); }",
    "a comma callee": 'void f(int *a) { (0, mkstemp)("x"); }',
    "a cast callee": "void f(int *a) { reinterpret_cast<void (*)()>(a[0])(); }",
    "the global name behind a namespace": (
        'namespace q { void system(const char *) { } }\nvoid f(int *a) { ::system("ls"); }'
    ),
    "an overload": 'void system(double *) { }\nvoid f(int *a) { system("ls"); }',
    "a call in a default argument": (
        'int g(int k = mkstemp("x")) { return k; }\nvoid f(int *a) { a[0] = g(); }'
    ),
    "a call in an initialiser": 'const int k = mkstemp("x");\nvoid f(int *a) { a[0] = k; }',
    "a call in a member's initialiser": (
        'struct S { int k; S() : k(mkstemp("x")) { } };\nvoid f(int *a) { S s; }'
    ),
    "a call in an array's extent": 'void f(int *a) { int b[mkstemp("x")]; }',
    "a call in a case": 'void f(int *a) { switch (a[0]) { default: mkstemp("x"); } }',
    "a call in a statement expression": 'void f(int *a) { a[0] = ({ mkstemp("x"); }); }',
    "a call in a try": 'void f(int *a) { try { mkstemp("x"); } catch (...) { } }',
    "a call in a throw": 'void f(int *a) { throw mkstemp("x"); }',
    "a call in a broken statement": 'void f(int *a) { if (a[0] < 1 mkstemp("x"); }',
    "a pointer that counts": "static const int *p = 0;\nvoid f(int *a) { p++; a[0] = p != 0; }",
    "a constructor with state": "std::vector<int> v(3);\nvoid f(int *a) { a[0] = v[0]++; }",
    "a state behind the static word": "void f(int *a) { int static k; a[0] = k++; }",
    "a thread by using": (
        "using namespace std;\nvoid g() { }\nvoid f(int *a) { thread t(g); t.join(); }"
    ),
    "a launch of what is not there": "void f(int *a) { mkstemp<<<1, 1>>>(a); }",
    "a variable template": "template <class T> T v;\nvoid f(int *a) { a[0] = v<int>++; }",
    "a file by its parts": 'void f(int *a) { puts("/e" "tc/../etc/passwd"); }',
    "goto a value": "void f(int *a) { void *p = 0; goto *p; }",
}


@pytest.mark.parametrize("name", HONEST)
def test_honest_text_passes(name: str) -> None:
    assert check_program(Program("cuda", "f", HONEST[name])) is None


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_refused(name: str) -> None:
    reason = check_program(Program("cuda", "f", HOSTILE[name]))
    assert reason and "\n" not in reason


def test_what_the_front_end_does_not_know_is_said_with_its_line() -> None:
    reason = check_program(Program("cpp", "f", "\n\ntemplate <class T> T v = 1;\nvoid f() { }"))
    assert "line 3" in (reason or "")


def test_every_branch_stands_in_one_of_the_texts() -> None:
    text = "#if A\n1\n#ifdef B\n2\n#elif C\n3\n#endif\n#else\n4\n#endif\n#ifdef D\n5\n#endif\n6\n"
    found = expand_branches(text)
    assert found is not None and len(found) == 4
    assert [one.split() for one in found] == [
        ["1", "2", "5", "6"],
        ["1", "3", "6"],
        ["1", "5", "6"],
        ["4", "6"],
    ]
    assert all(len(one) == len(text) and one.count("\n") == text.count("\n") for one in found)


def test_texts_without_end_are_refused() -> None:
    nested = "".join(f"#ifdef A{i}\n#elif B{i}\n" for i in range(40)) + "#endif\n" * 40
    assert expand_branches("#if A\n") is None and expand_branches("#endif\n") is None
    assert expand_branches(nested) is None
    assert "conditions" in (check_program(Program("cpp", "f", nested + "void f() { }")) or "")
