import json

import pytest

from coevolve.questions import VerifyError, entry_names, pair_of, pair_of_files, read_row

CPP = "static int g(int a) { return a; }\nvoid axpy(int n, float *x) { x[0] = g(n); }\nint main() { return 0; }"
CUDA = "__device__ float h(float a) { return a; }\n__global__ void k(float *x) { x[0] = h(1); }\nvoid axpy(int n, float *x) { k<<<1,1>>>(x); }"


def test_entries_that_can_be_called():
    assert entry_names(CPP, "cpp") == ["g", "axpy"]
    assert entry_names(CUDA, "cuda") == ["k", "axpy"]
    assert entry_names("subroutine AXPY(n, x)\ninteger n\nreal x(n)\nend subroutine", "fortran") == ["axpy"]


def test_the_shared_name_is_the_entry_else_the_last():
    pair = pair_of(CPP, "cpp", CUDA, "cuda")
    assert (pair.source.name, pair.target.name) == ("axpy", "axpy")
    pair = pair_of(CPP, "cpp", "__global__ void a(int n, float *x) {}\n__global__ void b(int n, float *x) {}", "cuda")
    assert (pair.source.name, pair.target.name) == ("axpy", "b")
    assert pair_of(CPP, "cpp", "nothing here", "cuda").target.name == "axpy"
    with pytest.raises(VerifyError, match="source defines no"):
        pair_of("int x;", "cpp", CUDA, "cuda")


def test_files(tmp_path):
    (tmp_path / "a.cpp").write_text(CPP)
    (tmp_path / "a.omp.cpp").write_text(CPP)
    (tmp_path / "b.txt").write_bytes(b"\x00\x01")
    pair = pair_of_files(str(tmp_path / "a.cpp"), str(tmp_path / "a.omp.cpp"), None, None, None)
    assert pair.target.dialect == "openmp"
    for path, message in (("none.cpp", "cannot read"), ("b.txt", "zero byte")):
        with pytest.raises(ValueError, match=message):
            pair_of_files(str(tmp_path / path), str(tmp_path / "a.cpp"), "cpp", None, None)
    with pytest.raises(ValueError, match="suffix"):
        pair_of_files(str(tmp_path / "b.txt"), str(tmp_path / "a.cpp"), None, None, None)


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
    row = {"id": 7, "source_dialect": "cpp", "source": CPP, "target_dialect": "cuda", "target": CUDA} | change
    found = read_row(json.dumps(row), 3)
    assert found.pair is None and found.id == 7 and message in found.problem and found.problem.startswith("line 3")
    del row["target"]
    assert "missing" in read_row(json.dumps(row), 1).problem or "not a string" in read_row(json.dumps(row), 1).problem
    assert "not JSON" in read_row("{", 1).problem and "not a JSON object" in read_row("[]", 1).problem
