import json

import pytest

from coevolve.verification.entry_functions import find_entry_names, find_entry_pairs
from coevolve.verification.requests import (
    VerifyError,
    make_request,
    make_request_from_files,
    make_single_pair,
    read_row,
)
from corpora.projects.sources import Options

CPP = (
    "static int g(int a) { return a; }\nvoid axpy(int n, float *x) { x[0] = g(n); }\nint "
    "main() { return 0; }"
)
CUDA = (
    "__device__ float h(float a) { return a; }\n__global__ void k(float *x) { x[0] = h(1); "
    "}\nvoid axpy(int n, float *x) { k<<<1,1>>>(x); }"
)


def test_entries_that_can_be_called():
    assert find_entry_names(CPP, "cpp") == ["g", "axpy"]
    assert find_entry_names(CUDA, "cuda") == ["k", "axpy"]
    assert find_entry_names(
        "subroutine AXPY(n, x)\ninteger n\nreal x(n)\nend subroutine", "fortran"
    ) == ["axpy"]


def test_the_shared_name_is_the_entry_else_the_last():
    pair = make_single_pair(CPP, "cpp", CUDA, "cuda")
    assert (pair.source.name, pair.target.name) == ("axpy", "axpy")
    pair = make_single_pair(
        CPP,
        "cpp",
        "__global__ void a(int n, float *x) {}\n__global__ void b(int n, float *x) {}",
        "cuda",
    )
    assert (pair.source.name, pair.target.name) == ("axpy", "b")
    assert make_single_pair(CPP, "cpp", "nothing here", "cuda").target.name == "axpy"
    with pytest.raises(VerifyError, match="source defines no"):
        make_single_pair("int x;", "cpp", CUDA, "cuda")


KERNEL = (
    "__global__ void axpy(int n, float *x) { int i = blockIdx.x * blockDim.x + "
    "threadIdx.x; if (i < n) x[i] *= 2; }\n"
)
COPYING = (
    "{ float *d; cudaMalloc(&d, 4 * n); cudaMemcpy(d, x, 4 * n, cudaMemcpyHostToDevice); "
    "axpy<<<n, 1>>>(n, d); cudaFree(d); }"
)


@pytest.mark.parametrize(
    ("host", "asked"),
    [
        ("void run_axpy(int n, float *x) " + COPYING, "run_axpy"),  # it forgets to copy back
        ("void run_axpy(int n, float *d_x) { axpy<<<n, 1>>>(n, d_x); }", "axpy"),
        ("void run_axpy(int n, float *x, double *seconds) " + COPYING, "axpy"),
        ("void a(int n, float *x) " + COPYING + "\nvoid b(int n, float *x) " + COPYING, "axpy"),
    ],
)
def test_of_a_kernel_and_the_host_function_that_copies_for_it_the_latter_is_asked(host, asked):
    assert make_single_pair(CPP, "cpp", KERNEL + host, "cuda").target.name == asked


def test_files(tmp_path):
    (tmp_path / "a.cpp").write_text(CPP)
    (tmp_path / "a.omp.cpp").write_text(CPP)
    (tmp_path / "b.txt").write_bytes(b"\x00\x01")
    pair = make_request_from_files(
        str(tmp_path / "a.cpp"), str(tmp_path / "a.omp.cpp"), None, None, None
    ).pairs[0]
    assert pair.target.dialect == "openmp"
    for path, message in (("none.cpp", "cannot read"), ("b.txt", "zero byte")):
        with pytest.raises(ValueError, match=message):
            make_request_from_files(
                str(tmp_path / path), str(tmp_path / "a.cpp"), "cpp", None, None
            )
    with pytest.raises(ValueError, match="suffix"):
        make_request_from_files(str(tmp_path / "b.txt"), str(tmp_path / "a.cpp"), None, None, None)


def test_macros_are_never_lost_in_silence(tmp_path):
    for name in ("a.f90", "b.F90", "c.omp.f90"):
        (tmp_path / name).write_text("subroutine f(n)\n integer :: n\n n = 1\nend subroutine\n")
    (tmp_path / "d.cpp").write_text("void f(int *n) { *n = 1; }\n")
    options = Options(define=("N=2",))

    def ask(source, target):
        files = (str(tmp_path / source), str(tmp_path / target))
        return make_request_from_files(*files, None, None, None, options=options)

    with pytest.raises(VerifyError, match="-I and -D are for files of C or C"):
        ask("a.f90", "c.omp.f90")
    with pytest.raises(VerifyError, match="write #define lines into it"):
        ask("b.F90", "d.cpp")
    assert ask("a.f90", "d.cpp").pairs[0].target.text.startswith("#define N 2\n")


TWO = (
    "static int g(int a) { return a; }\nvoid up(int n, int *x) { for (int i = 0; i < n; "
    "i++) x[i] += g(i); }\nvoid down(int n, int *x) { for (int i = 0; i < n; i++) x[i]--; }"
)


def test_every_function_that_nothing_calls_is_asked_for():
    """The last one alone would leave the others unjudged under the word equivalent."""
    assert find_entry_pairs(TWO, "cpp", TWO, "cpp").names == (("up", "up"), ("down", "down"))
    assert find_entry_pairs(TWO, "cpp", TWO.replace("down", "other"), "cpp").missing == ("down",)
    assert [
        p.source.name for p in make_request(TWO, "cpp", TWO, "openmp", "n=1 x[n]=constant(1)").pairs
    ] == ["down"]  # a suite is written for one
    assert [
        p.source.name for p in make_request(TWO, "cpp", TWO, "openmp", function="UP").pairs
    ] == ["up"]
    with pytest.raises(VerifyError, match="the target has no function 'up'; it has axpy"):
        make_request(TWO, "cpp", "void axpy(int n, float *x) { x[0] = n; }", "cpp", function="up")
    hidden = (
        "double dot(int n, double *x) { return x[0]; }\nvoid f(int n, double *x) { double "
        "dot = 1; x[0] = dot; }"
    )
    assert (
        len(find_entry_pairs(hidden, "cpp", hidden, "cpp").names) == 2
    )  # a variable of that name is no call
    fortran = (
        "subroutine a(n, x)\ninteger n, x(n)\nx = h(n)\ncontains\ninteger function h(k)\n"
        "integer k\nh = k\nend function\nend subroutine\n"
    )
    assert find_entry_pairs(
        fortran + fortran.replace(" a(", " b("), "fortran", fortran, "openmp-fortran"
    ).names == (("a", "a"),)


def test_what_is_a_template_or_a_member_is_named():
    """Its absence would pass for equivalence."""
    odd = (
        "template <class T> T total(int n, const T *x) { return x[n]; }\nstruct P { int a; "
        "int twice() { return 2 * a; } };\n"
    )
    assert make_request(odd + TWO, "cpp", TWO, "cpp").not_compared == (
        "total: is a template",
        "twice: is a class member",
    )
    assert make_request(
        odd + TWO.replace("x[i]--", "x[i] = total<int>(n, x)"), "cpp", TWO, "cpp"
    ).not_compared == ("twice: is a class member",)
    assert make_request(odd + TWO, "cpp", TWO, "cpp", function="up").not_compared == ()


def test_what_tests_cannot_see_does_not_decide_and_what_they_cannot_call_does():
    told = (
        "#include <stdio.h>\nvoid tell(int n, const int *x) { for (int i = 0; i < n; i++) "
        'printf("%d", x[i]); }\n'
    )
    asked = make_request(told + TWO, "cpp", told + TWO, "openmp")
    assert [p.source.name for p in asked.pairs] == ["up", "down"] and asked.not_compared == (
        "tell: has no result and changes no parameter, so tests cannot see what it does",
    )
    held = "#include <vector>\nvoid held(std::vector<int> &v) { v[0] = 1; }\n"
    assert [p.source.name for p in make_request(held + TWO, "cpp", held + TWO, "openmp").pairs] == [
        "held",
        "up",
        "down",
    ]


def test_what_another_function_keeps_is_not_its_fault():
    state = "static int calls;\nint count(int n) { return calls += n; }\n#include <fstream>\n"
    pairs = make_request(state + TWO, "cpp", state + TWO, "openmp").pairs
    assert [p.source.name for p in pairs] == ["count", "up", "down"]
    assert all(
        "static" not in p.source.text.replace("static int g", "") and "fstream" not in p.target.text
        for p in pairs
    )
    assert all(len(p.cut) == 2 and not p.problem for p in pairs)


def test_a_header_that_is_not_there_may_hold_anything():
    pairs = make_request("#include <absent.h>\n" + TWO, "cpp", TWO, "openmp").pairs
    assert all(
        "does not compile (line 1: absent.h: No such file or directory)" in p.problem for p in pairs
    )


def test_files_as_old_editors_wrote_them(tmp_path):
    (tmp_path / "a.cpp").write_bytes(b"\xef\xbb\xbf" + TWO.replace("\n", "\r\n").encode())
    (tmp_path / "b.cpp").write_bytes(("// J\u00f6rg\n" + TWO).encode("latin-1"))
    pair = make_request_from_files(
        str(tmp_path / "a.cpp"), str(tmp_path / "b.cpp"), None, None, None
    ).pairs[0]
    assert pair.source.text.startswith("static") and "J\u00f6rg" in pair.target.text


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"source": None}, "'source' is not a string"),
        ({"target_dialect": "cdua"}, "did you mean 'cuda'"),
        ({"suite": 3}, "'suite' is not a string"),
        ({"source": "int x;"}, "defines no cpp function"),
    ],
)
def test_bad_rows_say_what(change, message):
    row = {
        "id": 7,
        "source_dialect": "cpp",
        "source": CPP,
        "target_dialect": "cuda",
        "target": CUDA,
    } | change
    found = read_row(json.dumps(row), 3)
    assert (
        not found.pairs
        and found.id == 7
        and message in found.problem
        and found.problem.startswith("line 3")
    )
    del row["target"]
    assert (
        "missing" in read_row(json.dumps(row), 1).problem
        or "not a string" in read_row(json.dumps(row), 1).problem
    )
    assert (
        "not JSON" in read_row("{", 1).problem and "not a JSON object" in read_row("[]", 1).problem
    )
