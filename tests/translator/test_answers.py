"""Answers as instruction models write them: the code is found, and what is no function is named
without a compiler.
"""

from __future__ import annotations

import pytest
from hypothesis import given, settings, strategies as st

from corpora.records import Blame, Outcome, Verdict
from translator.prompting.answers import (
    NOT_A_FUNCTION,
    count_rejections,
    explain_rejection,
    extract_code,
    is_whole,
    is_wrapped,
)

KERNEL = "__global__ void f(int n, float *x) {\n  int i = threadIdx.x;\n  if (i < n) x[i] = 1;\n}"
HELPER = "__device__ float g(float a) { return a; }"
OTHER = "int main() { return 0; }"
SUBROUTINE = (
    "subroutine f(n, x)\n  integer, intent(in) :: n\n  real :: x(n)\n  x = 1\nend subroutine f"
)


@pytest.mark.parametrize(
    ("answer", "dialect"),
    [
        (f"Sure! Here it is:\n\n{KERNEL}\n\nEnjoy!", "cuda"),
        (f"Sure!\n{KERNEL}", "cuda"),
        (f"The kernel: {KERNEL}", "cuda"),
        (f"```cuda\n{KERNEL}\n```", "cuda"),
        (f"<think>hm</think>{KERNEL}", "cuda"),
        (f"This is it:\n{SUBROUTINE}\nDone well.", "fortran"),
    ],
)
def test_what_stands_around_code_is_seen(answer, dialect):
    assert is_wrapped(answer, dialect, "f")


@pytest.mark.parametrize(
    ("code", "dialect"),
    [
        (KERNEL, "cuda"),
        (f"// Here it is.\n{HELPER}\n{KERNEL}\n// and this is the end\n", "cuda"),
        (f"EXPORT\n{KERNEL}", "cuda"),
        (f"{HELPER}\nlong f(int n, const float", "cuda"),  # cut off
        (f"{HELPER} }}\n  return a;\n}}\n{KERNEL}", "cuda"),  # a bracket too many
        (KERNEL.replace("= 1;", "= ;"), "cuda"),
        (f"use omp_lib\n{SUBROUTINE}", "fortran"),
        ("I cannot do that.", "cuda"),
        ("", "cuda"),
    ],
)
def test_code_with_or_without_slips_is_code(code, dialect):
    """A text that is no answer in prose must stay as it was written, slips and all."""
    assert not is_wrapped(code, dialect, "f")


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (KERNEL, KERNEL),
        (f"Sure! Here it is:\n\n{KERNEL}\n\nOne thread an element. Enjoy!", KERNEL),
        (f"```cuda\n{KERNEL}\n```", KERNEL + "\n"),
        (f"```\n{KERNEL}", KERNEL),  # the fence never closed
        (
            f"<think>maybe ```cuda\nvoid f() {{}}\n``` no</think>Here:\n```cuda\n{KERNEL}\n```",
            KERNEL + "\n",
        ),
        (
            f"Run it so:\n```bash\nnvcc f.cu\n```\nThe kernel:\n```cuda\n{KERNEL}\n```\nand\n"
            f"```cpp\n{OTHER}\n```",
            KERNEL + "\n",
        ),
        (f"```cpp\n{OTHER}\n```\n```cuda\n{HELPER}\n{KERNEL}\n```", f"{HELPER}\n{KERNEL}\n"),
        (f"Both:\n{HELPER}\n{KERNEL}\nDone.", f"{HELPER}\n{KERNEL}"),
        (
            f"Note this.\n#include <math.h>\n#define N 4\n\nconst int k = 3;\n{KERNEL}\nbye",
            f"#include <math.h>\n#define N 4\n\nconst int k = 3;\n{KERNEL}",
        ),
        ("I cannot do that.", "I cannot do that."),
        (f"Größe ≠ 0: ähnlich\n{KERNEL}\n…", KERNEL),  # characters of several bytes before it
        (f"Don't use foo(x), it's slow:\n{KERNEL}\nThat's it {{ ( it isn't.", KERNEL),
        (f"Here you are: {HELPER} Enjoy!", HELPER),  # in the middle of a line
        (
            "So:\n__global__ void f(int n, char *x) { x[0] = '{'; /* } */ }\nbye }",
            "__global__ void f(int n, char *x) { x[0] = '{'; /* } */ }",
        ),
        ("So:\n__global__ void f(int *x) {\n  x[0] =", "__global__ void f(int *x) {\n  x[0] ="),
    ],
)
def test_code_is_cut_out_and_not_changed(answer: str, code: str) -> None:
    assert extract_code(answer, "cuda", "f") == code


def test_fortran_is_cut_out_too() -> None:
    assert (
        extract_code(
            f"Here you are:\n{SUBROUTINE}\nHope that helps.", "openmp-fortran", "F"
        ).strip()
        == SUBROUTINE
    )
    module = f"module m\ncontains\n{SUBROUTINE}\nend module m\n"
    assert extract_code(f"```fortran\n{module}```", "fortran", "f") == module


SERIAL = "void f(int n, float *x) {\n  for (int i = 0; i < n; i++) x[i] = 1;\n}"
THREADS = SERIAL.replace("  for", "#pragma omp parallel for\n  for")
TARGET = SERIAL.replace(
    "  for", "#pragma omp target teams distribute parallel for map(x[0:n])\n  for"
)
CALLER = KERNEL.replace("= 1", "= g(i)")
LOOP = (
    "subroutine f(n, x)\n  integer :: n, i\n  real :: x(n)\n  do i = 1, n\n    x(i) = 1\n  "
    "end do\nend subroutine f"
)
SHARED = LOOP.replace("  do i", "  !$omp parallel do\n  do i")


def fence(code: str, tag: str = "") -> str:
    return f"```{tag}\n{code}\n```\n"


@pytest.mark.parametrize(
    ("answer", "dialect", "code"),
    [
        (
            f"The serial function:\n{fence(SERIAL, 'cpp')}The kernel:\n{fence(KERNEL, 'cuda')}",
            "cuda",
            KERNEL,
        ),
        (fence(KERNEL) + "which was\n" + fence(SERIAL), "cuda", KERNEL),
        (fence(SERIAL, "cpp") + fence(THREADS, "cpp"), "openmp", THREADS),
        (
            fence(THREADS, "cpp") + "without the directive:" + fence(SERIAL, "cpp"),
            "openmp",
            THREADS,
        ),
        (fence(TARGET, "cpp") + fence(THREADS, "cpp"), "openmp", THREADS),
        (fence(THREADS, "cpp") + fence(TARGET, "cpp"), "openmp-target", TARGET),
        (
            fence(KERNEL, "cuda")
            + fence(SERIAL, "cpp")
            + "The kernel was\n"
            + fence(KERNEL, "cuda"),
            "cpp",
            SERIAL,
        ),
        (fence(LOOP, "fortran") + fence(SHARED, "fortran"), "openmp-fortran", SHARED),
        (
            fence(SHARED, "fortran") + fence(LOOP, "f90") + fence("call f(3, x)", "fortran"),
            "fortran",
            LOOP,
        ),
        (fence(SERIAL, "cpp") + fence(LOOP, "fortran"), "fortran", LOOP),
        (
            fence(SERIAL, "cpp") + fence(SERIAL.replace("= 1", "= 2"), "cuda"),
            "cuda",
            SERIAL.replace("= 1", "= 2"),
        ),
        (
            fence(SERIAL) + fence(SERIAL.replace("= 1", "= 2")),
            "cuda",
            SERIAL.replace("= 1", "= 2"),
        ),  # none looks so: the last
        (
            fence(SERIAL, "cpp") + fence(KERNEL.replace(" f(", " f_kernel("), "cuda"),
            "cuda",
            KERNEL.replace(" f(", " f_kernel("),
        ),
        (
            fence(KERNEL, "cuda")
            + "Whole:\n"
            + fence(f"{KERNEL}\nint main() {{ f<<<1, 4>>>(4, x); }}", "cuda"),
            "cuda",
            KERNEL,
        ),
        (
            fence(KERNEL, "cuda") + fence("void run(float *x) { f<<<1, 4>>>(4, x); }", "cuda"),
            "cuda",
            KERNEL,
        ),
        (f"{KERNEL}\nBuild it:\n{fence('nvcc f.cu', 'bash')}", "cuda", KERNEL),
        (f"```c {SERIAL[:6]}``` becomes\n{fence(KERNEL, 'cuda')}", "cuda", KERNEL),
    ],
)
def test_a_quoted_source_is_not_the_answer(answer: str, dialect: str, code: str) -> None:
    assert extract_code(answer, dialect, "f").strip() == code


@pytest.mark.parametrize(
    "cut",
    [
        "__global__ void f(int n, fl",
        "__global__ void f(int n) {\n  int i",
        KERNEL.replace("{\n", "{\n  int = ;\n"),
    ],
)
def test_a_quoted_source_does_not_stand_in_for_a_broken_answer(cut: str) -> None:
    assert extract_code(f"{fence(SERIAL, 'cpp')}```cuda\n{cut}", "cuda", "f") == cut
    cut = "subroutine f(n, x)\n  !$omp parallel do\n  do i = 1, n"
    assert extract_code(f"{fence(LOOP, 'fortran')}```fortran\n{cut}", "openmp-fortran", "f") == cut


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (f"<think>a draft:\n{fence(KERNEL, 'cuda')} but", ""),
        (f"<think>a draft: {KERNEL}", ""),
        (f"<think>so</think>\n{fence(KERNEL, 'cuda')}<think>or\n{fence(SERIAL, 'cuda')}", KERNEL),
        (
            f"so {fence(SERIAL, 'cuda')}</think>\n{fence(KERNEL, 'cuda')}",
            KERNEL,
        ),  # the template opened it
        (f"<think>x</think><think>{fence(KERNEL, 'cuda')}", ""),
    ],
)
def test_reasoning_that_never_ends_is_no_answer(answer: str, code: str) -> None:
    assert extract_code(answer, "cuda", "f").strip() == code


def test_helpers_of_other_blocks_come_before_the_function() -> None:
    last = "__device__ float h(float a) { return a + 1; }"
    middle = "__device__ float g(float a) { return h(a); }"
    both = f"{HELPER}\n{CALLER}\n"
    assert (
        extract_code(
            f"The kernel:\n{fence(CALLER, 'cuda')}It calls\n{fence(HELPER, 'cuda')}", "cuda", "f"
        )
        == both
    )
    assert (
        extract_code(
            fence(HELPER, "cuda") + fence(CALLER, "cuda") + fence(OTHER, "cpp"), "cuda", "f"
        )
        == both
    )
    assert (
        extract_code(fence(CALLER) + fence(middle) + fence(last), "cuda", "f")
        == f"{last}\n{middle}\n{CALLER}\n"
    )
    serial = f"float g(float a) {{ return a; }}\n{SERIAL.replace('= 1', '= g(i)')}"
    assert (
        extract_code(
            fence(serial, "cpp") + fence(HELPER, "cuda") + fence(CALLER, "cuda"), "cuda", "f"
        )
        == both
    )
    assert (
        extract_code(
            fence(HELPER.replace("__device__ ", ""), "cpp")
            + fence(HELPER, "cuda")
            + fence(CALLER, "cuda"),
            "cuda",
            "f",
        )
        == both
    )
    assert (
        extract_code(fence(f"{HELPER}\n{CALLER}") + fence(HELPER), "cuda", "f") == both
    )  # it has its own
    function = "real function g(a)\n  real :: a\n  g = a\nend function g"
    calls = LOOP.replace("= 1\n", "= G(1.0)\n")
    assert extract_code(fence(calls) + fence(function), "fortran", "F") == f"{function}\n{calls}\n"


@pytest.mark.parametrize(
    ("text", "dialect", "reason"),
    [
        ("", "cuda", "empty"),
        (" \n\t", "fortran", "empty"),
        ("I am sorry, but I cannot.", "cuda", "no function"),
        ("x[i] = 1;", "cpp", "no function"),
        ("__global__ void f(int n, float *x);", "cuda", "no function"),
        (KERNEL[:-1], "cuda", "cut off"),
        (KERNEL + "\nvoid h() { if (1) {", "cuda", "cut off"),
        ("subroutine f(n, x)\n  integer :: n\n  real :: x(n)\n  x = ", "fortran", "cut off"),
        ("print *, 1", "fortran", "no function"),
        (KERNEL, "cuda", ""),
        (SUBROUTINE, "fortran", ""),
        ("void f(char *s) { s[0] = '{'; } // (", "cpp", ""),
        ('void f(char *s) { g("(((("); }', "cpp", ""),
        ("#ifdef A\nvoid f(int a) {\n#else\nvoid f(long a) {\n#endif\n}", "cpp", ""),
        ("void f(int *x) { x[0] = undeclared }", "cpp", ""),  # wrong, and the compiler's to say
    ],
)
def test_what_is_no_function_is_named(text: str, dialect: str, reason: str) -> None:
    assert explain_rejection(text, dialect) == reason


@given(st.text(max_size=200), st.sampled_from(["cuda", "openmp", "fortran"]))
@settings(max_examples=60, deadline=None)
def test_any_text_is_read(text: str, dialect: str) -> None:
    code = extract_code(text, dialect, "f")
    assert code in text or code == ""
    explain_rejection(code, dialect)


PARTS = [
    "<think>",
    "</think>",
    "Here it is:",
    "1. `x`",
    "```",
    "```cuda",
    "```fortran\n",
    "````",
    "\n",
    KERNEL,
    CALLER,
    HELPER,
    OTHER,
    SERIAL,
    THREADS,
    SHARED,
    LOOP,
]


@given(
    st.lists(st.sampled_from(PARTS) | st.text(max_size=12), max_size=10),
    st.sampled_from(["", "\n"]),
    st.integers(0, 60),
    st.sampled_from(["cuda", "openmp", "openmp-target", "cpp", "fortran", "openmp-fortran"]),
    st.sampled_from(["f", "F", "g", ""]),
)
@settings(max_examples=150, deadline=None)
def test_any_mix_is_read_and_nothing_is_made_up(
    parts: list[str], between: str, cut: int, dialect: str, name: str
) -> None:
    answer = between.join(parts)
    answer = answer[: len(answer) - cut] if cut < len(answer) else answer
    code = extract_code(answer, dialect, name)
    assert code in answer or all(line in answer for line in code.split("\n"))
    explain_rejection(code, dialect)


def test_everything_built_in_passes_the_guard() -> None:
    from corpora import builtin

    programs = [p for name in ("cpp", "cuda", "fortran") for p in builtin.programs(name)]
    assert (
        len(programs) > 100
        and [(p.name, why) for p in programs if (why := explain_rejection(p.text, p.dialect))] == []
    )


def test_reasons_are_counted() -> None:
    def verdict(detail: str) -> Verdict:
        return Verdict("s", "t", "u", Outcome.COMPILE_ERROR, Blame.TARGET, detail)

    found = [
        verdict(NOT_A_FUNCTION + "cut off"),
        verdict("error: x"),
        verdict(NOT_A_FUNCTION + "empty"),
        verdict(NOT_A_FUNCTION + "cut off"),
    ]
    assert count_rejections(found) == {"cut off": 2, "empty": 1}


def test_an_answer_is_whole_once_its_translation_is_closed() -> None:
    kernel = "```cpp\n__global__ void f(int n, float *x) { x[0] = n; }\n```"
    quoted = "The source:\n```cpp\nvoid f(int n, float *x) { x[0] = n; }\n```"
    helper = "```cpp\n__device__ float g(float x) { return x; }\n```"
    for text in ("", kernel[:-1], kernel[:-4], quoted, helper, f"{quoted}\n{helper}"):
        assert not is_whole(text, "cuda", "f"), text
    for text in (kernel, f"{quoted}\nbecomes\n{kernel}", f"<think>{quoted}</think>\n{kernel}\n"):
        assert is_whole(text, "cuda", "f"), text
    assert is_whole(
        "```fortran\nsubroutine f(x)\nreal :: x\n!$omp parallel\n!$omp end parallel\nend "
        "subroutine\n```",
        "openmp-fortran",
        "f",
    )
