"""The benchmark on real Fortran: what it counts as decided, and the configuration that trains on
the same data.
"""

import json
import sys
from pathlib import Path

import fortran_pairs
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from coevolve.cli.main import main as coevolve
from gpu_runtime.compile.toolchain import find_toolchain

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(
    find_toolchain().gfortran is None, reason="gfortran is not installed"
)

FILL = (
    "void init_array(int n,\nDATA_TYPE POLYBENCH_2D(A,N,N,n,n))\n{\nint i, j;\nfor (i = 0; "
    "i < n; i++)\nfor (j = 0; j < n; j++)\nA[i][j] = ((DATA_TYPE) i*j) / n;\n}",
    "subroutine init_array(n, a)\nimplicit none\nDATA_TYPE, dimension(n, n) :: a\ninteger "
    ":: n, i, j\ndo i = 1, n\ndo j = 1, n\na(j, i) = (DBLE(i - 1) * DBLE(j - 1)) / "
    "DBLE(n)\nend do\nend do\nend subroutine",
)
WRONG = (FILL[0], FILL[1].replace("DBLE(j - 1)", "DBLE(j)"))
COUNT = (
    "void count(int *x) { x[0] = itmax + missing(x); }",
    "subroutine count(x)\nuse lu_data\nimplicit none\ninteger x\nx = itmax\nend",
)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    for name, rows in (("Polybench", [FILL, WRONG]), ("NPB", [COUNT])):
        columns = {
            side: [row[i].replace("\n", "\\n") for row in rows]
            for i, side in enumerate(("cpp", "fortran"))
        }
        pq.write_table(pa.table(columns), folder / f"{name}_train.parquet")
    return folder


def test_decided_and_undecided_rows(data, tmp_path, monkeypatch, capsys):
    out = tmp_path / "rows.json"
    monkeypatch.setattr(
        sys,
        "argv",
        [
            "fortran_pairs.py",
            str(data),
            "--direction",
            "fortran:cpp",
            "--mutants",
            "3",
            "--json",
            str(out),
        ],
    )
    assert fortran_pairs.main() == 0
    rows = {(r["set"], r["row"]): r for r in json.loads(out.read_text())}
    assert (rows["polybench", 0]["outcome"], rows["polybench", 0]["decisive"]) == (
        "EQUIVALENT",
        True,
    )
    assert rows["polybench", 0]["killed"] == rows["polybench", 0]["mutants"] == 3
    assert (rows["polybench", 1]["outcome"], rows["polybench", 1]["decisive"]) == ("MISMATCH", True)
    assert (
        not rows["nas", 0]["decisive"] and "missing" in rows["nas", 0]["reason"]
    )  # its row lacks it: nobody's fault
    shown = capsys.readouterr().out
    assert (
        "| polybench | fortran:cpp | 2 | 2 (100%) | 1 |" in shown
        and "| nas | 0 | fortran:cpp | count |" in shown
    )
    monkeypatch.setattr(sys, "argv", ["fortran_pairs.py", str(tmp_path)])
    assert fortran_pairs.main() == 2


@pytest.mark.parametrize(
    "direction",
    ["fortran:cuda", "fortran:openmp-fortran", '["fortran:openmp-fortran", "fortran:cuda"]'],
)
def test_the_configuration_is_dry_run(tmp_path, direction, capsys):
    bodies = (
        "a(j, i) = a(j, i) + 1",
        "a(j, i) = DBLE(i) / DBLE(j)",
        "if (i > j) a(j, i) = sqrt(a(i, j))",
        "a(j, i) = max(a(j, i), a(1, 1)) * DBLE(n)",
    )
    texts = [
        FILL[1].replace("a(j, i) = (DBLE(i - 1) * DBLE(j - 1)) / DBLE(n)", body) for body in bodies
    ]
    pq.write_table(
        pa.table({"fortran": [t.replace("\n", "\\n") for t in texts]}), tmp_path / "p.parquet"
    )
    source = f"{tmp_path / 'p.parquet'}#fortran?shim=polybench"
    here = [
        "--set",
        f"corpus.source={source}",
        "--set",
        f"direction={direction}",
        "--set",
        f"run_dir={tmp_path / 'run'}",
    ]
    assert coevolve(["run", str(ROOT / "configs" / "fortran.toml"), "--dry-run", *here]) == 0
    assert f"{direction.strip('[]').replace(chr(34), '')}," in capsys.readouterr().out


def test_the_configuration_mixes_polybench_and_the_built_in_functions(capsys):
    rows = ROOT.parent / "shared/data/fortran_cpp/Polybench_train.parquet"
    if not rows.is_file():
        pytest.skip("PolyBench is not here")
    here = [
        "--set",
        f'corpus.source=["{rows}#fortran?shim=polybench", "builtin"]',
        "--set",
        'direction=["fortran:openmp-fortran", "fortran:cuda"]',
    ]
    assert coevolve(["run", str(ROOT / "configs" / "fortran.toml"), "--dry-run", *here]) == 0
    assert "fortran:openmp-fortran, fortran:cuda, 1" in capsys.readouterr().out
