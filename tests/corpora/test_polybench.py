"""PolyBench's macros written out: both sides compile, are called alike, and a spec asks for it."""

import subprocess

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from corpora.datasets.loaders import CorpusError, load_corpus, load_pairs
from corpora.datasets.polybench import expand_macros
from corpora.records import Program
from corpora.signatures.signature import read_signature

KERNEL = r"""void kernel_smooth(int tsteps, int n, int m,
DATA_TYPE *alpha,
DATA_TYPE POLYBENCH_2D(A,N,M+1,n,m+1),
DATA_TYPE POLYBENCH_3D(B,N,N,M,n,n,m),
DATA_TYPE POLYBENCH_1D(c,N,n))
{
int i, j;
#pragma scop
for (i = 0; i < _PB_N; i++)
for (j = 0; j < M; j++)
A[i][j + 1] = ((DATA_TYPE) A[i][A[0][0] > 0 ? j : 0] + B[i][N-1][j] + c[i]) * *alpha;
#pragma endscop
}"""
KERNEL_F = """subroutine kernel_smooth(tsteps, n, m, alpha, a, b, c)
implicit none
DATA_TYPE, dimension(m + 1, n) :: a
DATA_TYPE, dimension(m, n, n) :: b
DATA_TYPE, dimension(n) :: c
DATA_TYPE :: alpha
integer :: n, m, tsteps, i, j
!$pragma scop
do i = 1, _PB_N
do j = 1, _PB_M
a(j + 1, i) = (a(merge(j, 1, a(1, 1) > 0), i) + b(j, n, i) + c(i)) * alpha
end do
end do
!$pragma endscop
end subroutine"""
PRINT = (
    "void print_array(int n,\nDATA_TYPE POLYBENCH_1D(x,N,n))\n{\nint i;\nfor (i = 0; i < "
    "n; i++) {\nfprintf (stderr, DATA_PRINTF_MODIFIER, x[i]);\nif (i % 20 == 0) fprintf "
    '(stderr, "\\n");\n}\n}'
)
PRINT_F = """subroutine print_array(n, x)
implicit none

DATA_TYPE, dimension(n) :: x
integer :: n
integer :: i
do i = 1, n
write(0, DATA_PRINTF_MODIFIER) x(i)
if (mod((i - 1), 20) == 0) then
write(0, *)
end if
end do
end subroutine"""


def parameters(text, dialect, name):
    return [
        (p.name, p.kind, p.type) for p in read_signature(Program(dialect, name, text)).parameters
    ]


def test_arrays_are_flat_and_sizes_are_those_at_run_time(tmp_path):
    cpp, fortran = expand_macros(KERNEL, "cpp"), expand_macros(KERNEL_F, "fortran")
    assert (
        "A[i*(m+1)+(j+1)]=((double)A[i*(m+1)+(A[0*(m+1)+0]>0?j:0)]+"
        "B[(i*n+(n-1))*m+j]+c[i])" in "".join(cpp.split())
    )
    assert (
        "_PB_" not in cpp + fortran
        and "scop" not in cpp + fortran
        and "DATA_TYPE" not in cpp + fortran
    )
    assert parameters(cpp, "cpp", "kernel_smooth")[4:] == [
        ("A", "array", "f64"),
        ("B", "array", "f64"),
        ("c", "array", "f64"),
    ]
    assert [n for n, _, _ in parameters(fortran, "fortran", "kernel_smooth")] == [
        "tsteps",
        "n",
        "m",
        "alpha",
        "a",
        "b",
        "c",
    ]
    (tmp_path / "a.cpp").write_text(cpp)
    (tmp_path / "a.f90").write_text(fortran)
    for command in (["g++", "a.cpp"], ["gfortran", "a.f90"]):
        done = subprocess.run(
            [*command, "-fsyntax-only"], cwd=tmp_path, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr


def test_what_is_printed_is_an_output():
    cpp, fortran = expand_macros(PRINT, "cpp"), expand_macros(PRINT_F, "fortran")
    assert (
        parameters(cpp, "cpp", "print_array")[-1]
        == parameters(fortran, "fortran", "print_array")[-1]
        == ("printed", "array", "f64")
    )
    assert "printed[printed_count++] = x[i];" in cpp and "fprintf" not in cpp
    assert "printed(printed_count) = x(i)" in fortran and "write" not in fortran


def test_constructs_are_read_and_not_lines():
    """A line of the text is neither a statement nor a pair of brackets."""
    split = PRINT_F.replace("if (mod((i - 1), 20) == 0) then", "if (mod((i - 1), 20) &\n== 0) then")
    fortran = expand_macros(split, "fortran")
    assert "if" not in fortran.lower().split() and "== 0" not in fortran
    nested = PRINT.replace("x[i])", "x[max(i, (0, i))])").replace(
        "if (i % 20 == 0)", "if (f(f(f(i))))\n{"
    )
    cpp = expand_macros(nested.replace('"\\n");', '"\\n"); }'), "cpp")
    assert "fprintf" not in cpp and "f(f(" not in cpp
    kept = PRINT.replace('"\\n"', '"%d"')
    assert 'fprintf (stderr, "%d")' in expand_macros(kept, "cpp")


def test_names_of_constants_in_comments_and_strings_stay():
    text = KERNEL.replace("int i, j;", 'int i, j; /* M _PB_N */ const char *s = "M DATA_TYPE";')
    cpp = expand_macros(text, "cpp")
    assert "/* M _PB_N */" in cpp and '"M DATA_TYPE"' in cpp and "j < m" in cpp


def test_other_text_stays():
    for language, text in (
        ("cpp", "void f(int *x) { x[0] = 1; }"),
        ("fortran", "subroutine f(x)\nreal x\nx = 1\nend\n"),
    ):
        assert expand_macros(text, language) == text


def test_a_spec_asks_for_the_shim(tmp_path):
    rows = {"cpp": [KERNEL, PRINT], "fortran": [KERNEL_F, PRINT_F]}
    stored = {
        side: [t.replace("\\n", "\n").replace("\n", "\\n") for t in texts]
        for side, texts in rows.items()
    }
    pq.write_table(pa.table(stored), tmp_path / "p.parquet")
    spec = f"{tmp_path / 'p.parquet'}#fortran?shim=polybench"
    assert [p.name for p in load_corpus(spec, "fortran").programs] == [
        "kernel_smooth",
        "print_array",
    ]
    assert len(load_pairs(spec, spec.replace("#fortran", "#cpp"), "fortran:cpp")) == 2
    with pytest.raises(CorpusError, match="no shim 'polybnch'"):
        load_corpus(spec.replace("polybench", "polybnch"), "fortran")
