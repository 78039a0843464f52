"""`coevolve decontaminate` on folders and on the project's own pairs: every dialect is looked at,
what is not is named, and pairs keep their columns.
"""

import json
import shutil
from collections import Counter
from pathlib import Path

import evaluation_forms as forms
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from coevolve.cli.main import main
from coevolve.evaluation.decontamination import load_evaluation
from corpora.datasets.loaders import load_corpus
from corpora.records import Blame, Outcome, Program, Triplet, UnitTestSuite, Verdict
from corpora.store import read_triplets, write_triplets

BUILTIN = Path(__file__).parents[2] / "corpora" / "builtin"
OWN = (
    "void own(int *x, int n) { for (int i = 1; i < n; i++) if (x[i] > x[i - 1]) x[i] = x[i - 1]; }"
)
LOOP = "void twice(int n, float *x) { for (int i = 0; i < n; i++) { x[i] = x[i] * 2 + n; } }"
RENAMED = "void g(int m, float *a) {\n  for (int k = 0; k < m; k++)\n    a[k] = a[k] * 2 + m;\n}\n"
KERNEL = (
    "__global__ void twice(int n, float *x) {\n  int i = blockIdx.x * blockDim.x + threadIdx.x;\n"
    "  if (i < n) x[i] = x[i] * 2 + n;\n}\n"
)


def called(capsys, *words) -> str:
    assert main(["decontaminate", *map(str, words)]) == 0
    return capsys.readouterr().out


def refused(capsys, *words) -> str:
    assert main(["decontaminate", *map(str, words)]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    return said


def pair(source: str, target: str, name: str, number: int) -> Triplet:
    left, right = Program("cpp", name, source, "mine"), Program("cuda", name, target)
    suite = UnitTestSuite(left.id, (), launch=f"grid={number}")
    verdict = Verdict(left.id, right.id, suite.id, Outcome.EQUIVALENT, Blame.NOBODY)
    return Triplet(left, right, suite, "cpp:cuda", verdict)


@pytest.fixture
def pairs(tmp_path) -> Path:
    """Pairs: two of one source that is like no item, one with an item as its source, one with an
    item as its target.
    """
    other = KERNEL.replace("* 2 + n", "- 7").replace("twice", "own")
    made = [
        pair(OWN, other, "own", 1),
        pair(LOOP, other, "twice", 2),
        pair(OWN, other, "own", 3),
        pair(OWN, KERNEL, "own", 4),
    ]
    write_triplets(tmp_path / "pairs.parquet", made)
    return tmp_path / "pairs.parquet"


def test_pairs_leave_whole_and_keep_their_columns(tmp_path, capsys, pairs):
    items, clean = tmp_path / "items", tmp_path / "clean.parquet"
    items.mkdir()
    (items / "g.cpp").write_text(RENAMED)
    (items / "g.cu").write_text(f"// A copy.\n{KERNEL}")
    table = pq.read_table(pairs)
    marked = table.append_column("mark", pa.array([10, 20, 30, 40]))
    pq.write_table(marked.replace_schema_metadata({"who": "me"}), pairs)
    said = called(capsys, pairs, "--against", items, "--out", clean)
    assert said.startswith("4 pairs of ") and "2 must not be trained on" in said
    assert "equal tokens, 1.00: row 2, source cpp twice (mine) is like g (g.cpp)" in said
    assert "equal text, 1.00: row 4, target cuda own (pairs.parquet, row 4) is like twice" in said
    kept = pq.read_table(clean)
    assert kept.schema.equals(pq.read_table(pairs).schema, check_metadata=True)
    assert kept["mark"].to_pylist() == [10, 30]
    assert read_triplets(clean) == [read_triplets(pairs)[i] for i in (0, 2)]
    told = json.loads(called(capsys, pairs, "--against", items, "--json"))
    assert (told["n_pairs"], told["n_held_back"]) == (4, 2)
    assert [(r["row"], r["side"]) for r in told["held_back"]] == [(2, "source"), (4, "target")]
    assert told["held_back"][0]["id"] == read_triplets(pairs)[1].id
    said = called(capsys, clean, "--against", pairs)
    assert "2 pairs of" in said and "2 must not be trained on" in said


def test_pairs_go_to_parquet_and_programs_to_jsonl(tmp_path, capsys, pairs):
    said = refused(capsys, pairs, "--against", "builtin", "--out", tmp_path / "x.jsonl")
    assert "must end with .parquet" in said
    said = refused(capsys, "development", "--against", "builtin", "--out", tmp_path / "x.parquet")
    assert "must end with .jsonl" in said
    none = tmp_path / "none.parquet"
    assert "4 must not" in called(capsys, pairs, "--against", pairs, "--out", none)
    assert pq.read_table(none).num_rows == 0
    write_triplets(pairs, [])
    assert "0 pairs" in called(
        capsys, pairs, "--against", "builtin", "--out", pairs.parent / "c.parquet"
    )
    assert pq.read_table(pairs.parent / "c.parquet").num_rows == 0


def test_every_dialect_of_a_folder_is_looked_at(tmp_path, capsys):
    """Copies, byte by byte, in three dialects; a file that is no program is named."""
    folder, clean = tmp_path / "mine", tmp_path / "clean.jsonl"
    folder.mkdir()
    for name in ("axpy.cpp", "axpy.omp.cpp", "axpy.f90"):
        shutil.copy(BUILTIN / "blas1" / name, folder)
    for name in ("own.cpp", "again.cpp"):
        (folder / name).write_text(OWN + "\n")
    (folder / "notes.txt").write_text("hello\n")
    said = called(capsys, folder, "--against", "builtin", "--out", clean)
    assert "5 programs (cpp 3, openmp 1, fortran 1)" in said and "3 must not be trained on" in said
    assert "equal text      3" in said
    assert f"not compared: 1 file of '{folder}' in no dialect that is read: .txt 1" in said
    rows = [json.loads(line) for line in clean.read_text().splitlines()]
    assert [row["origin"] for row in rows] == ["again.cpp", "own.cpp"]  # equal texts are two rows
    assert "2 programs (cpp 2)" in called(capsys, clean, "--against", folder)
    said = called(capsys, folder, "--against", "builtin", "--direction", "cpp:cuda")
    assert "in no dialect that is read: openmp 1, fortran 1, .txt 1" in said


def test_functions_that_tests_cannot_call_are_named(tmp_path, capsys):
    (tmp_path / "a.cpp").write_text(OWN + "\nvoid odd(int n, ...) { }\n")
    said = called(capsys, tmp_path, "--against", "builtin")
    assert "not compared: 1 cpp functions of" in said and "odd at a.cpp" in said


def test_every_form_of_items_is_read_without_a_direction(tmp_path, capsys):
    """Lines, cases, a checkout, and two sides whose files say their dialects."""
    cpp, cuda = forms.tokenised(tmp_path)
    (tmp_path / "mine.cpp").write_text(OWN + "\n")
    (tmp_path / "mine.f90").write_text(
        "subroutine own(n, x)\ninteger, intent(in) :: n\nreal, intent(inout) :: x(n)\nx = x * 2\n"
        "end subroutine\n"
    )
    two = f"{tmp_path / 'mine.cpp'},{tmp_path / 'mine.f90'}"
    expected = {
        f"{cpp},{cuda}": {"cpp": 3, "cuda": 3},
        str(forms.execution_cases(tmp_path)): {"cpp": 2, "cuda": 2},
        str(forms.pareval(tmp_path)): {"cpp": 4},  # as asked for CUDA and for OpenMP
        two: {"cpp": 1, "fortran": 1},
    }
    for spec, counts in expected.items():
        assert Counter(p.dialect for p in load_evaluation(spec).programs) == counts, spec
    said = called(capsys, two, "--against", f"{cpp},{cuda}")
    assert "2 programs (cpp 1, fortran 1)" in said and "0 must not be trained on" in said


@pytest.mark.slow
def test_every_built_in_file_is_equal_text(tmp_path, capsys):
    said = called(capsys, BUILTIN, "--against", "builtin", "--json")
    held = json.loads(said)["held_back"]
    names = {(row["dialect"], row["name"]) for row in held if row["kind"] == "equal text"}
    for dialect in ("cpp", "cuda", "openmp", "fortran"):
        own = {p.name for p in load_corpus("builtin", dialect)}
        missing = [name for name in own if (dialect, name) not in names]
        assert not missing, (dialect, missing)
