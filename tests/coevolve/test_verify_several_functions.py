import json

import pytest

from coevolve.cli.verify import add_parser, run

UP = "void up(int n, int *x) { for (int i = 0; i < n; i++) x[i] += 2; }\n"
DOWN = "void down(int n, int *x) { for (int i = 0; i < n; i++) x[i] -= 2; }\n"
LAST = "void last(int n, int *x) { x[0] = n; }\n"
BROKEN = "void broken(int n, int *x) { x[0] = MISSING; }\n"


def asked(*words: str) -> int:
    import argparse

    return run(
        add_parser(argparse.ArgumentParser().add_subparsers()).parse_args(
            [*words, "--backend", "emulated"]
        )
    )


@pytest.fixture(autouse=True)
def place(tmp_path, own_cache, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.cpp").write_text(UP + DOWN + LAST)


@pytest.mark.parametrize(
    ("target", "code", "line"),
    [
        (UP + DOWN, 0, "equivalent: 2 of 2 functions are equivalent"),
        (
            UP.replace("2", "3") + DOWN,
            1,
            "not equivalent: other values: 1 of 2 functions are equivalent; not so: up",
        ),
        (
            UP + DOWN.replace("2", "3"),
            1,
            "not equivalent: other values: 1 of 2 functions are equivalent; not so: down",
        ),
    ],
)
def test_every_function_of_two_files_is_judged(tmp_path, capsys, target, code, line):
    (tmp_path / "b.omp.cpp").write_text(target)
    assert asked("a.cpp", "b.omp.cpp") == code
    printed = capsys.readouterr()
    assert (
        line in printed.out.splitlines()
        and printed.err == "not compared: last: the target has no function of that name\n"
    )
    assert asked("a.cpp", "b.omp.cpp", "--function", "down") == (code if "-= 3" in target else 0)


@pytest.mark.parametrize("side", ["a.cpp", "b.omp.cpp"])
def test_nothing_is_equivalent_in_a_file_that_does_not_compile(tmp_path, capsys, side):
    (tmp_path / "a.cpp").write_text(UP + DOWN + BROKEN * (side == "a.cpp"))
    (tmp_path / "b.omp.cpp").write_text(UP + DOWN + BROKEN * (side != "a.cpp"))
    assert asked("a.cpp", "b.omp.cpp") == (3 if side == "a.cpp" else 1)
    printed = capsys.readouterr().out
    assert "'MISSING' was not declared in this scope" in printed
    said = (
        "undecided: the source cannot be tested"
        if side == "a.cpp"
        else "not equivalent: the target does not compile"
    )
    assert printed.splitlines()[-1] == (
        f"{said}: 0 of 2 functions are equivalent; not so: up, down"
    )


def test_a_row_of_a_batch_is_answered_for_all_of_its_functions(tmp_path):
    rows = [("r", UP + DOWN), ("w", UP.replace("2", "3") + DOWN)]
    lines = [
        json.dumps(
            {
                "id": i,
                "source_dialect": "cpp",
                "source": UP + DOWN,
                "target_dialect": "openmp",
                "target": text,
            }
        )
        for i, text in rows
    ]
    (tmp_path / "rows.jsonl").write_text("\n".join(lines))
    assert asked("--batch", "rows.jsonl", "--out", "out.jsonl") == 0
    right, wrong = (json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines())
    assert (
        right["equivalent"] is True
        and right["detail"].startswith("2 functions: up passed")
        and right["suite_strength"] is not None
    )
    assert wrong["equivalent"] is False and wrong["detail"].startswith("up: ")


STAT = "struct Stat { double sum; int count; };\n"
POSITIVE = (
    STAT
    + """Stat positive(int n, const double *x) {
  Stat s = {0, 0};
  for (int i = 0; i < n; i++) if (x[i] > 0) { s.sum += x[i]; s.count++; }
  return s;
}
"""
)
REDUCED = (
    STAT
    + """Stat positive(int n, const double *x) {
  double sum = 0;
  int count = 0;
  #pragma omp parallel for reduction(+ : sum, count)
  for (int i = 0; i < n; i++) if (x[i] @ 0) { sum += x[i]; count++; }
  return Stat{sum, count};
}
"""
)


def test_a_returned_structure_is_compared_field_by_field(tmp_path, capsys) -> None:
    (tmp_path / "s.cpp").write_text(POSITIVE)
    (tmp_path / "right.omp.cpp").write_text(REDUCED.replace("@", ">"))
    (tmp_path / "wrong.omp.cpp").write_text(REDUCED.replace("@", ">="))
    assert asked("s.cpp", "right.omp.cpp", "--function", "positive") == 0
    assert asked("s.cpp", "wrong.omp.cpp") == 1
    assert "result__count[0]" in capsys.readouterr().out


def test_a_target_without_the_function_is_told(tmp_path, capsys) -> None:
    """Its last function is asked, as names may differ: where that cannot be called, the name is
    what its author must look at."""
    (tmp_path / "a.cpp").write_text(LAST)
    (tmp_path / "b.omp.cpp").write_text("void bins(int n, int *x, int nb) { x[nb] = n; }\n")
    assert asked("a.cpp", "b.omp.cpp") == 1
    assert capsys.readouterr().out.startswith(
        "not equivalent: the target cannot be called like the source: the target has no function "
        "'last', and its 'bins' is no such function: parameter 'nb' (i32)"
    )
    (tmp_path / "b.omp.cpp").write_text("void final(int n, int *x) { x[0] = n; }\n")
    assert asked("a.cpp", "b.omp.cpp") == 0
