"""Classes with accessors are read as their data; structures keep the fields that are named."""

import subprocess
from dataclasses import replace

import pytest

from coevolve import verify
from coevolve.cli.main import main
from corpora.datasets.loaders import load_corpus
from corpora.extraction.extract import extract_programs
from corpora.extraction.trim_structures import trim_structures
from corpora.projects.plain_classes import make_classes_plain

MESH = """#include <vector>
#include <cstdint>
typedef double Real_t;
typedef int32_t Index_t;
inline float FABS(float v) { return v < 0 ? -v : v; }
inline double FABS(double v) { return v < 0 ? -v : v; }
class Mesh {
 public:
  Mesh(int n) : m_x(n), m_v(n), m_corner(8 * n), m_count(n), m_rows(nullptr), m_most(n) {}
  Real_t &x(Index_t i) { return m_x[i]; }
  Real_t &v(Index_t i) { return m_v[i]; }
  Index_t *corners(Index_t i) { return &m_corner[Index_t(8) * i]; }
  Index_t &count() { return m_count; }
  bool still() { return m_v.empty(); }
  Index_t most() const { return m_most; }
  Index_t length() { return (Index_t)m_x.size(); }
  void grow(int n);
 private:
  std::vector<Real_t> m_x, m_v;
  std::vector<Index_t> m_corner;
  Index_t m_count;
  Index_t **m_rows;
  const Index_t m_most;
};
typedef Real_t &(Mesh::*Mesh_member)(Index_t);
void Mesh::grow(int n) { m_x.resize(n); m_v.resize(n); m_count = n; }
void step(Mesh &mesh, Real_t dt) {
  if (mesh.still()) return;
  for (Index_t i = 0; i < mesh.count(); ++i) {
    mesh.x(i) += FABS(mesh.v(i)) * dt;
  }
}
void gather(Mesh &mesh, const Real_t *field, Real_t *sum) {
  for (Index_t i = 0; i < mesh.count(); ++i) {
    const Index_t *own = mesh.corners(i);
    Real_t total = 0;
    for (Index_t k = 0; k < 8; ++k) total += mesh.x(own[k]) * field[i];
    sum[i] = total;
  }
}
void widen(Mesh &mesh, int n) { mesh.grow(n); }
void measured(Mesh &mesh, int *out) { out[0] = mesh.length(); }
void twice(Mesh &mesh) { widen(mesh, 2 * mesh.count()); }
"""


def test_a_class_becomes_its_data_and_what_needs_more_is_left_out(tmp_path):
    plain = make_classes_plain(MESH)
    assert plain.classes == ("Mesh",)
    assert dict(plain.left_out) == {
        "widen": "calls the method 'grow'",
        "measured": "needs the length of a vector",
        "twice": "calls 'widen', which is left out",
    }
    assert "mesh.m_x[i] += FABS(mesh.m_v[i]) * dt" in plain.text
    assert "mesh.m_v == nullptr" in plain.text and "Mesh::*" not in plain.text
    file = tmp_path / "mesh.cpp"
    file.write_text(plain.text)
    subprocess.run(["g++", "-fsyntax-only", str(file)], check=True)
    loaded = load_corpus(str(file), "cpp")
    assert [p.name for p in loaded.programs if p.name != "FABS"] == ["step", "gather"]
    step = next(p for p in loaded.programs if p.name == "step")
    assert "m_rows" not in step.text and "m_corner" not in step.text


def test_an_argument_with_effects_is_not_moved_into_what_is_returned():
    """`o.square(k++)` became two increments."""
    text = """struct Table {
 private:
  double *d;
 public:
  double square(int i) { return d[i] * d[i]; }
};
void sums(Table &o, int n, double *s) { for (int k = 0; k < n;) *s += o.square(k++); }
void once(Table &o, int n, double *s) { for (int k = 0; k < n; k++) *s += o.square(k); }
"""
    plain = make_classes_plain(text)
    assert plain is not None and "k++ * " not in plain.text and "[k++]" not in plain.text
    assert "o.d[k] * o.d[k]" in plain.text and "o.square(k++)" in plain.text


def test_a_text_without_such_a_class_stays():
    for text in ("struct P { int n; };\nvoid f(P *p) { p->n = 1; }\n", "void f(int n) {}\n", "{"):
        assert make_classes_plain(text).text == text


def test_a_patch_edits_the_users_own_text(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mesh.cpp").write_text(MESH)
    asked = ["translate", "mesh.cpp", "--to", "openmp", "--patch", "--no-timing"]
    main([*asked, "--function", "step", "--out", "mesh.diff"])
    said = capsys.readouterr().err
    assert "class 'Mesh' is read as a structure of its data" in said
    subprocess.run(["patch", "-p1", "-i", "mesh.diff"], check=True, stdout=subprocess.DEVNULL)
    made = (tmp_path / "mesh.cpp").read_text()
    loop = (
        "  #pragma omp parallel for\n  for (Index_t i = 0; i < mesh.count(); ++i) {\n    mesh.x(i)"
    )
    assert loop in made and made.count("#pragma") == 1


WIDE = "struct Wide {{ int n; double *x; {more} double *y; }};\n"
SCALE = "void scale(Wide w, double a) { for (int i = 0; i < w.n; i++) w.x[i] *= a; }\n"


@pytest.mark.parametrize("more", ["FILE *log;", "int **rows;", "std::string name;"])
def test_fields_that_nobody_names_do_not_keep_a_function_out(more):
    (program,) = extract_programs(WIDE.format(more=more) + SCALE, "cpp").programs
    assert program.name == "scale" and more not in program.text
    wrong = replace(program, text=program.text.replace("*= a", "+= a"))
    assert verify(program, program) and not verify(program, wrong)


@pytest.mark.parametrize(
    "more",
    [
        "int size(Wide w) { return sizeof(Wide); }",
        "int size(Wide *w) { return sizeof *w; }",
        "double first(Wide w) { Wide v = {1, w.x}; return v.x[0]; }",
        "template <class T> int bytes(T v) { return sizeof(T); }\n"
        "int size(Wide w) { return bytes<Wide>(w); }",
    ],
)
def test_a_structure_whose_layout_shows_stays(more):
    text = WIDE.format(more="int **rows;") + SCALE + more
    assert trim_structures(text) == text


def test_fields_are_found_behind_arrows_and_in_unknown_parts():
    text = WIDE.format(more="int m;") + "int f(Wide *w) { return w -> n + w->  m; }\n"
    trimmed = trim_structures(text)
    assert "int n;" in trimmed and "int m;" in trimmed and "double" not in trimmed
