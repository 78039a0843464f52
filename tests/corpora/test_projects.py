"""Projects as compilers read them: headers, macros, classes, and every loop with a verdict."""

import json

import pytest
from hypothesis import given, strategies as st

from coevolve.cli.main import main
from corpora.projects.clang_loops import read_loops
from corpora.projects.headers import inline_headers
from corpora.projects.sources import Options, ProjectError, SourceFile, find_sources
from corpora.projects.survey import NOT_READ, survey

HEADER = """#ifndef MESH_H
#define MESH_H
typedef double Real;
#define EACH(i, n) for (int i = 0; i < (n); i++)
class Mesh {
public:
    Real &x(int i) { return m_x[i]; }
    int size() const { return m_size; }
private:
    Real *m_x;
    int m_size;
};
inline float SQRT(float v) { return sqrtf(v); }
inline double SQRT(double v) { return sqrt(v); }
#endif
"""
SOURCE = """#include <math.h>
#include "mesh.h"
#pragma scop
void scale(Mesh &mesh, Real a) {
    int n = mesh.size();
    for (int i = 0; i < n; i++) mesh.x(i) = a * SQRT(mesh.x(i));
}
Real total(const Real *x, int n) {
    Real sum = 0;
    EACH(i, n) sum += x[i];
    return sum;
}
void running(Real *x, int n) {
    for (int i = 1; i < n; i++) x[i] = x[i] + x[i - 1];
    int k = 0;
    do { k++; } while (k < n);
    while (k > 0) k--;
}
template <typename T> void fill(T *x, int n) {
    for (int i = 0; i < n; i++) x[i] = T(1);
}
"""
FORTRAN = """module steps
contains
  subroutine advance(n, u, v)
    integer, intent(in) :: n
    real, intent(inout) :: u(n), v(n)
    integer :: i
    do i = 1, n
      u(i) = u(i) + v(i)
    end do
    do i = 2, n
      v(i) = v(i - 1) * 2.0
    end do
  end subroutine
end module
"""


@pytest.fixture
def project(tmp_path):
    """A small project: a header in a folder of its own, C++ and Fortran."""
    (tmp_path / "include").mkdir()
    (tmp_path / "src").mkdir()
    (tmp_path / "include" / "mesh.h").write_text(HEADER)
    (tmp_path / "src" / "mesh.cc").write_text(SOURCE)
    (tmp_path / "src" / "steps.f90").write_text(FORTRAN)
    return tmp_path


def options(project) -> Options:
    return Options((project / "include",))


def test_every_loop_has_a_verdict(project):
    found = survey(find_sources(project, options(project)))
    kinds = {(row.path.rsplit("/", 1)[1], row.function, row.line): row.kind for row in found.rows}
    assert kinds == {
        ("mesh.cc", "scale", 6): "parallel",
        ("mesh.cc", "total", 10): "reduction",
        ("mesh.cc", "running", 14): "carried",
        ("mesh.cc", "running", 16): "unsupported",
        ("mesh.cc", "running", 17): "parallel",
        ("mesh.cc", "fill", 20): "parallel",
        ("steps.f90", "advance", 7): "parallel",
        ("steps.f90", "advance", 10): "scan",
    }
    assert not found.errors and (found.functions, found.read) == (5, 5)
    assert sum(found.count().values()) == len(found.rows) == 8


def test_what_clang_sees_and_we_do_not_read_is_listed(project):
    odd = project / "src" / "odd.cc"
    odd.write_text(
        "void f(int *a, int n) {\n"
        "    auto g = [&](int k) { for (int i = 0; i < k; i++) a[i] = i; };\n"
        "    g(n);\n    for (int i = 0; i < n; i++) a[i] = i;\n}\n"
    )
    found = survey(find_sources(odd, Options()))
    assert [(r.line, r.kind) for r in found.rows] == [(2, "unsupported"), (4, "parallel")]
    assert found.rows[0].why.startswith(NOT_READ) and (found.functions, found.read) == (1, 0)
    seen = read_loops(SourceFile(project / "src" / "mesh.cc", "cpp", options(project)))
    assert len(seen.loops) == 6 and not seen.errors


def test_two_loops_out_of_one_macro_are_two_rows(tmp_path):
    source = tmp_path / "grid.c"
    source.write_text(
        "#define GRID(n) for (int i = 0; i < n; i++) for (int j = 0; j < n; j++)\n"
        "void f(int n, double *a) { GRID(n) a[i * n + j] = 0; }\n"
        "void g(int n, double *a) { for (int i = 0; i < n; i++) a[i] = 1; }\n"
    )
    found = survey(find_sources(source, Options()))
    assert [(row.function, row.line) for row in found.rows] == [("f", 2), ("f", 2), ("g", 3)]


def test_a_missing_header_is_named(project, capsys):
    assert main(["survey", str(project / "src" / "mesh.cc")]) == 3
    told = capsys.readouterr()
    assert "mesh.cc:2: 'mesh.h' file not found" in told.err
    missing = inline_headers(project / "src" / "mesh.cc", Options()).missing
    assert [(name, line) for name, _, line in missing] == [("mesh.h", 2)]


def test_headers_stand_in_the_place_of_their_includes(project):
    given = Options((project / "include",), ("A=2", "B"))
    text = inline_headers(project / "src" / "mesh.cc", given)
    lines = text.text.splitlines()
    assert lines[:3] == ["#define A 2", "#define B 1", "#include <math.h>"]
    at = lines.index("class Mesh {") + 1
    assert text.place(at) == (project / "include" / "mesh.h", 5)
    assert text.place(lines.index("void scale(Mesh &mesh, Real a) {") + 1)[1] == 4
    assert "#pragma scop" not in lines and len(lines) == len(text.places)


def test_a_header_in_a_comment_stays_there(tmp_path):
    (tmp_path / "h.h").write_text("/* h */ int h;\n")
    text = '/*\n#include "h.h"\n*/\n#pragma odd \\\n  more\nint a;\n'
    (tmp_path / "a.cpp").write_text(text)
    lines = inline_headers(tmp_path / "a.cpp", Options()).text.split("\n")
    assert lines == ["/*", '#include "h.h"', "*/", "", "", "int a;", ""]


def test_headers_that_include_each_other_are_taken_in_once(tmp_path):
    names = ["a", "b", "c"]
    for name in names:
        others = "".join(f'#include "{other}.h"\n' for other in names)
        guard = f"#ifndef {name}_H\n#define {name}_H\n"
        (tmp_path / f"{name}.h").write_text(f"{guard}{others}int {name};\n#endif\n")
    (tmp_path / "m.cpp").write_text('#include "a.h"\n#include "b.h"\n')
    text = inline_headers(tmp_path / "m.cpp", Options()).text
    assert [text.count(f"int {name};") for name in names] == [1, 1, 1]


def test_headers_without_guards_that_include_each_other_are_an_error(tmp_path):
    for name, other in ("ab", "bc", "ca"):
        (tmp_path / f"{name}.h").write_text(f'#include "{other}.h"\n#include "a.h"\n')
    (tmp_path / "m.cpp").write_text('#include "a.h"\n')
    with pytest.raises(ProjectError, match="give each a guard"):
        inline_headers(tmp_path / "m.cpp", Options())


@given(st.lists(st.sampled_from(["int a;", '#include "h.h"', "#pragma once", "#if 0", "#endif"])))
def test_a_place_for_every_line(tmp_path_factory, lines):
    folder = tmp_path_factory.mktemp("lines")
    (folder / "h.h").write_text("#pragma once\nint h;\n")
    file = folder / "a.cpp"
    file.write_text("\n".join(lines) + "\n")
    text = inline_headers(file, Options())
    shown = text.text.splitlines()
    assert len(shown) == len(text.places)
    for i, line in enumerate(shown, 1):
        path, number = text.place(i)
        original = path.read_text().splitlines()[number - 1]
        assert line == original or not line or "COEVOLVE_ONCE" in line or line == "#endif"


def test_a_compilation_database_decides_files_and_options(project):
    rows = [
        {
            "directory": str(project),
            "file": "src/mesh.cc",
            "command": "c++ -Iinclude -DA=1 -c src/mesh.cc",
        }
    ]
    (project / "compile_commands.json").write_text(json.dumps(rows))
    (one,) = find_sources(project, Options(), project)
    assert one.path == project / "src/mesh.cc" and one.options.define == ("A=1",)
    assert not survey([one]).errors
    for text in ("[{}]", "{", "3"):
        (project / "compile_commands.json").write_text(text)
        with pytest.raises(ProjectError, match="no compilation database"):
            find_sources(project, Options(), project)
    with pytest.raises(ProjectError, match="cannot read"):
        find_sources(project, Options(), project / "none.json")


def test_wrong_places_are_one_line(tmp_path, capsys):
    assert main(["survey", str(tmp_path / "none")]) == 2
    assert "does not exist" in capsys.readouterr().err
    assert main(["survey", str(tmp_path)]) == 2
    assert "holds no source file" in capsys.readouterr().err


def test_json_and_html(project, capsys):
    page = project / "loops.html"
    words = ["survey", str(project), "-I", str(project / "include"), "--json", "--html", str(page)]
    assert main(words) == 0
    told = json.loads(capsys.readouterr().out)
    assert len(told["rows"]) == 8 and told["counts"]["parallel"] == 4
    assert all(not row["why"].startswith(NOT_READ) for row in told["rows"])
    assert page.read_text().count("<tr data-kind=") == 8


def test_a_function_of_a_project_is_ported_with_its_headers(tmp_path, capsys):
    (tmp_path / "inc").mkdir()
    (tmp_path / "inc" / "types.h").write_text("#define REAL double\n#define N(i) (i)\n")
    source = tmp_path / "scale.cpp"
    source.write_text(
        "#include <types.h>\n// scaled\nvoid scale(REAL *x, REAL a, int n) {\n#pragma scop\n"
        "    for (int i = 0; i < N(n); i++) x[i] = a * x[i];\n#pragma endscop\n}\n"
    )
    words = ["translate", str(source), "--to", "openmp", "--patch", "--no-timing"]
    assert main([*words, "-I", str(tmp_path / "inc")]) == 0
    diff = capsys.readouterr().out
    added = [line for line in diff.splitlines() if line.startswith("+") and "+++" not in line]
    assert [line.strip("+ ") for line in added] == ["#pragma omp parallel for"]
    assert main([*words, "--from", "fortran", "-I", "inc"]) == 2
