"""Answers as instruction models write them: the code is found, and what is no function is named without a compiler."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpora.records import Blame, Outcome, Verdict
from translator.answers import NOT_A_FUNCTION, code_of, counted, why_not

KERNEL = "__global__ void f(int n, float *x) {\n  int i = threadIdx.x;\n  if (i < n) x[i] = 1;\n}"
HELPER = "__device__ float g(float a) { return a; }"
OTHER = "int main() { return 0; }"
SUBROUTINE = "subroutine f(n, x)\n  integer, intent(in) :: n\n  real :: x(n)\n  x = 1\nend subroutine f"


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (KERNEL, KERNEL),
        (f"Sure! Here it is:\n\n{KERNEL}\n\nOne thread an element. Enjoy!", KERNEL),
        (f"```cuda\n{KERNEL}\n```", KERNEL + "\n"),
        (f"```\n{KERNEL}", KERNEL),  # the fence never closed
        (f"<think>maybe ```cuda\nvoid f() {{}}\n``` no</think>Here:\n```cuda\n{KERNEL}\n```", KERNEL + "\n"),
        (f"Run it so:\n```bash\nnvcc f.cu\n```\nThe kernel:\n```cuda\n{KERNEL}\n```\nand\n```cpp\n{OTHER}\n```", KERNEL + "\n"),
        (f"```cpp\n{OTHER}\n```\n```cuda\n{HELPER}\n{KERNEL}\n```", f"{HELPER}\n{KERNEL}\n"),
        (f"Both:\n{HELPER}\n{KERNEL}\nDone.", f"{HELPER}\n{KERNEL}"),
        (f"Note this.\n#include <math.h>\n#define N 4\n\nconst int k = 3;\n{KERNEL}\nbye", f"#include <math.h>\n#define N 4\n\nconst int k = 3;\n{KERNEL}"),
        ("I cannot do that.", "I cannot do that."),
        (f"Größe ≠ 0: ähnlich\n{KERNEL}\n…", KERNEL),  # characters of several bytes before it
    ],
)  # fmt: skip
def test_code_is_cut_out_and_not_changed(answer: str, code: str) -> None:
    assert code_of(answer, "cuda", "f") == code


def test_fortran_is_cut_out_too() -> None:
    assert code_of(f"Here you are:\n{SUBROUTINE}\nHope that helps.", "openmp-fortran", "F").strip() == SUBROUTINE
    module = f"module m\ncontains\n{SUBROUTINE}\nend module m\n"
    assert code_of(f"```fortran\n{module}```", "fortran", "f") == module


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
)  # fmt: skip
def test_what_is_no_function_is_named(text: str, dialect: str, reason: str) -> None:
    assert why_not(text, dialect) == reason


@given(st.text(max_size=200), st.sampled_from(["cuda", "openmp", "fortran"]))
@settings(max_examples=60, deadline=None)
def test_any_text_is_read(text: str, dialect: str) -> None:
    code = code_of(text, dialect, "f")
    assert code in text or code == ""
    why_not(code, dialect)


def test_everything_built_in_passes_the_guard() -> None:
    from corpora import builtin

    programs = [p for name in ("cpp", "cuda", "fortran") for p in builtin.programs(name)]
    assert len(programs) > 100 and [(p.name, why) for p in programs if (why := why_not(p.text, p.dialect))] == []


def test_reasons_are_counted() -> None:
    def verdict(detail: str) -> Verdict:
        return Verdict("s", "t", "u", Outcome.COMPILE_ERROR, Blame.TARGET, detail)

    found = [verdict(NOT_A_FUNCTION + "cut off"), verdict("error: x"), verdict(NOT_A_FUNCTION + "empty"), verdict(NOT_A_FUNCTION + "cut off")]
    assert counted(found) == {"cut off": 2, "empty": 1}
