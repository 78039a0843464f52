"""C that C++ does not know: arrays of variable extent, and names that are words of C++."""

import shutil
import subprocess

import pytest

from coevolve.cli.main import main
from corpora.projects.plain_c import make_c_plain

GRID = """#include <stdlib.h>
void put(int n, int m, double A[n][m], double *);
static double first(int m, const double r[static m]) { return r[0]; }
void smooth(int n, int m, double A[const restrict n][m], double (*restrict B)[m + 1],
            float C[n], int D[][3], double E[n + 1][2 * m][4],
            int new[n][n])
{
    double row[n][m];
    for (int i = 1; i < n - 1; i++)
        for (int j = 1; j < m - 1; j++) {
            row[i][j] = A[i - 1][j] + C[i] + D[i][2] + *A[i];
            B[i][j] = E[i][j][2] + row[i][j] + A[new[i][j]][new[j][i]] + first(m, A[i]);
        }
    put(n, m, A, B[1]);
}
void put(int n, int m, double A[n][m], double *line) { A[n - 1][m - 1] = *line; }
"""
CALLER = """#include <stdio.h>
int main(void) {
    enum { n = 5, m = 6 };
    double A[n][m], B[n][m + 1], E[n + 1][2 * m][4];
    float C[n];
    int D[n][3], new[n][n], k = 0;
    for (int i = 0; i < n; i++) {
        C[i] = i;
        for (int j = 0; j < 3; j++) D[i][j] = k++;
        for (int j = 0; j < m; j++) A[i][j] = k++ * 0.5;
        for (int j = 0; j < n; j++) new[i][j] = (i * j) % n;
        for (int j = 0; j <= m; j++) B[i][j] = 0;
    }
    for (int i = 0; i < (n + 1) * 2 * m * 4; i++) (&E[0][0][0])[i] = i;
    smooth(n, m, A, B, C, D, E, new);
    for (int i = 0; i < n; i++) for (int j = 0; j < m; j++) printf("%g %g\\n", A[i][j], B[i][j]);
}
"""


def run_c(folder, compiler, text, caller):
    (folder / "text").write_text(text + caller)
    subprocess.run([*compiler, "text", "-o", "made"], cwd=folder, check=True)
    return subprocess.run(["./made"], cwd=folder, capture_output=True, text=True, check=True).stdout


def test_it_does_the_same_in_cpp(tmp_path):
    plain = make_c_plain(GRID)
    assert plain.left_out == ()
    assert plain.arrays == ("smooth.A", "smooth.B", "smooth.E", "smooth.new_", "put.A")
    assert "A[new_[i * n + j] * m + new_[j * n + i]]" in plain.text
    assert "E[(i * (2 * m) + j) * 4 + 2]" in plain.text and "int D[][3]" in plain.text
    assert plain.text.count("\n") == GRID.count("\n")
    call = "smooth(n, m, &A[0][0], &B[0][0], C, D, &E[0][0][0], &next[0][0]);"
    in_cpp = CALLER.replace("smooth(n, m, A, B, C, D, E, new);", call).replace("new[", "next[")
    expected = run_c(tmp_path, ["gcc", "-x", "c"], GRID, CALLER)
    restrict = plain.text.replace("restrict", "__restrict__")
    assert run_c(tmp_path, ["g++", "-x", "c++"], restrict, in_cpp) == expected
    assert make_c_plain(plain.text).text == plain.text


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("int *p = *(a + 1);", "counts in the rows of an array of variable extent (a)"),
        ("n = 2; a[0][0] = n;", "changes 'n', which an array's extent names"),
        ("n++; a[0][0] = n;", "changes 'n', which an array's extent names"),
        ("{ int n = 2; a[n][0] = 1; }", "declares 'n' again"),
        ("a[0][0] = sizeof(a[0]);", "asks for the size of a part"),
        ("#pragma omp target map(a[0:n][0:n])\n for (;;) a[0][0]++;", "a section of an array"),
    ],
)
def test_what_cannot_be_flat_is_left_out(body, reason):
    plain = make_c_plain(f"void f(int n, int a[n][n]) {{\n{body}\n}}\nvoid g(int n) {{}}\n")
    assert len(plain.left_out) == 1 and reason in plain.left_out[0][1]
    assert "void f" not in plain.text and "void g" in plain.text


@pytest.mark.parametrize(
    "text",
    [
        "void f(int n, int a[3][4], int *b, int c[]) { a[1][2] = *b; }\n",
        "#ifdef __cplusplus\ntemplate <class T> struct S {};\n#endif\nvoid f(int n) {}\n",
        "int new_, f(int n) { int new = n; return new + new_; }\n",
        "{",
    ],
)
def test_other_texts_stay(text):
    assert make_c_plain(text).text == text


def test_c_is_patched_and_verified(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    text = (
        "#include <stdlib.h>\nstruct opt { double w; int k; };\n"
        "void smooth(int n, int m, double A[n][m], double (*restrict B)[m])\n{\n"
        "    const struct opt o = { .w = 0.25, .k = 1 };\n"
        "    double *new = malloc(sizeof *new);\n    *new = o.w;\n"
        "    for (int i = 1; i < n - 1; i++)\n        for (int j = 1; j < m; j++)\n"
        "            B[i][j] = *new * (A[i - 1][j] + A[i + 1][j]);\n    free(new);\n}\n"
    )
    (tmp_path / "smooth.c").write_text(text)
    asked = ["translate", "smooth.c", "--to", "openmp", "--patch", "--no-timing"]
    assert main([*asked, "--out", "smooth.diff"]) == 0
    assert "array 'A' of smooth is read as a pointer" in capsys.readouterr().err
    shutil.copy("smooth.c", "ported.c")
    subprocess.run(["patch", "ported.c", "smooth.diff"], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["gcc", "-fopenmp", "-fsyntax-only", "-std=c11", "ported.c"], check=True)
    made = (tmp_path / "ported.c").read_text()
    assert [line for line in made.splitlines() if line not in text.splitlines()] == [
        "    #pragma omp parallel for"
    ]
    assert main(["verify", "smooth.c", "ported.c"]) == 0
    (tmp_path / "wrong.c").write_text(made.replace("A[i - 1][j]", "A[i - 1][j - 1]"))
    assert main(["verify", "smooth.c", "wrong.c"]) == 1
