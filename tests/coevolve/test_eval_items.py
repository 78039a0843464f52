"""Every form of corpus gives the items that are in it, and says what is not; predictions find their
items.
"""

import json

import evaluation_forms as forms
import pytest

from coevolve.evaluation.items import load_items
from coevolve.evaluation.predictions import read_predictions
from corpora.datasets.loaders import CorpusError


@pytest.fixture
def lines(tmp_path):
    return ",".join(map(str, forms.tokenised(tmp_path)))


def test_lines_are_items_by_number(lines):
    corpus = load_items(lines, "cpp:cuda")
    assert [i.id for i in corpus.items] == ["1", "2", "3"]
    assert [i.source.name for i in corpus.items] == ["scale", "shift", "rows"]
    assert all(i.reference.dialect == "cuda" for i in corpus.items)


def test_builtin_has_kinds_and_references():
    corpus = load_items("builtin", "cpp:cuda")
    kinds = {i.kind for i in corpus.items}
    assert "blas1" in kinds and len(kinds) > 5
    axpy = next(i for i in corpus.items if i.source.name == "axpy")
    assert axpy.reference.name == "axpy" and axpy.reference.dialect == "cuda"
    assert len({i.id for i in corpus.items}) == len(corpus.items)


def test_a_folder_pairs_files_of_one_stem(tmp_path):
    for place in ("a", "b"):
        (tmp_path / place).mkdir()
        (tmp_path / place / "f.cpp").write_text(
            f"void f(int *x, int n) {{ for (int i = 0; i < n; i++) x[i] = {ord(place)}; }}\n"
        )
    (tmp_path / "b" / "f.cu").write_text(
        "__global__ void f(int *x, int n) { if (threadIdx.x < n) x[threadIdx.x] = 98; }\n"
    )
    found = {i.id: i for i in load_items(str(tmp_path), "cpp:cuda").items}
    assert found["b/f.cpp:f"].reference is not None and found["b/f.cpp:f"].kind == "b"
    (tmp_path / "a" / "g.cu").write_text("__global__ void f(int *x, int n) { x[0] = 1; }\n")
    found = {i.id: i for i in load_items(str(tmp_path), "cpp:cuda").items}
    assert found["a/f.cpp:f"].reference is None, (
        "two kernels have the name, and neither lies beside it"
    )


def test_rows_with_a_column_for_each_side(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text(
        "".join(
            json.dumps({"cpp": a, "cuda": b}) + "\n"
            for a, b in zip(forms.CPP_LINES, forms.CUDA_LINES, strict=True)
        )
    )
    corpus = load_items(str(path), "cpp:cuda")
    assert [i.id for i in corpus.items] == ["1", "2", "3"] and all(
        i.reference for i in corpus.items
    )


def test_execution_cases(tmp_path):
    path = str(forms.execution_cases(tmp_path))
    corpus = load_items(path, "cpp:cuda")
    assert [i.id for i in corpus.items] == ["0", "1"] and len(corpus.items[1].snippets) == 3
    back = load_items(path, "cuda:cpp")
    assert back.items[0].source.dialect == "cuda" and "wrapper(scale," in back.items[0].snippets[0]
    with pytest.raises(CorpusError, match="cpp:cuda and cuda:cpp"):
        load_items(path, "cpp:openmp")
    broken = tmp_path / "broken.jsonl"
    broken.write_text(json.dumps({"cpp_code": "x", "cuda_code": 3}) + "\n")
    with pytest.raises(CorpusError, match=r"line 1: 'cuda_code'"):
        load_items(str(broken), "cpp:cuda")


@pytest.mark.parametrize("way", ["cpp:cuda", "cpp:openmp"])
def test_a_pareval_checkout_gives_what_can_be_used_and_names_the_rest(tmp_path, way):
    corpus = load_items(str(forms.pareval(tmp_path)), way)
    assert [(i.id, i.kind) for i in corpus.items] == [
        ("01_reduce_total", "reduce"),
        ("02_transform_halve", "transform"),
    ]
    reasons = {s.name: s.reason for s in corpus.skipped}
    assert set(reasons) == {"03_sort_points", "04_graph_unasked", "05_fft_unnamed", "06_scan_lost"}
    assert "P" in reasons["03_sort_points"] and "no prompt" in reasons["04_graph_unasked"]
    assert (
        "correctUnnamed" in reasons["05_fft_unnamed"] and "no baseline" in reasons["06_scan_lost"]
    )
    for item in corpus.items:
        assert "correct" not in item.source.text and item.oracle.name != item.source.name
        assert "isDouble" not in item.source.text, (
            "the variant for the host, and nothing that it does not need"
        )
    with pytest.raises(CorpusError, match="directions"):
        load_items(str(tmp_path / "checkout"), "cpp:fortran")


def test_a_baseline_with_containers_keeps_its_headers(tmp_path):
    root = forms.pareval(tmp_path)
    path = root / "drivers/cpp/benchmarks/reduce/01_reduce_total/baseline.hpp"
    path.write_text(
        path.read_text()
        .replace("<vector>", "<vector>\n#include <queue>")
        .replace("{ double s", "{ std::queue<int> q; double s")
    )
    texts = {i.id: i.source.text for i in load_items(str(root), "cpp:cuda").items}
    assert (
        "#include <queue>\n" in texts["01_reduce_total"]
        and "#include" not in texts["02_transform_halve"]
    )


def test_unknown_corpora_are_one_line(tmp_path):
    for spec in (str(tmp_path / "nowhere"), f"{tmp_path}/a.tok,{tmp_path}/b.tok", ""):
        with pytest.raises(CorpusError) as caught:
            load_items(spec, "cpp:cuda")
        assert "\n" not in str(caught.value)


def rows_file(tmp_path, *rows):
    path = tmp_path / "answers.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def test_predictions_by_id_and_index_with_several_samples(lines, tmp_path):
    items = load_items(lines, "cpp:cuda").items
    path = rows_file(
        tmp_path, {"id": "3", "text": "a"}, {"index": 0, "text": "b"}, {"id": 3, "text": "c"}
    )
    found = read_predictions(path, items, "cuda")
    assert found.answers == (("b",), ("",), ("a", "c")) and found.missing == 1
    assert read_predictions(path, items, "cuda", 1).answers == (("b",),)


def write_rows(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def test_rows_of_a_corpus_say_their_ids(tmp_path):
    """The id was the number of the line, whatever the row said."""
    texts = list(zip(forms.CPP_LINES, forms.CUDA_LINES, strict=True))
    rows = [
        {"id": name, "cpp": cpp, "cuda": cuda} if name else {"cpp": cpp, "cuda": cuda}
        for name, (cpp, cuda) in zip(("saxpy", None, 70), texts, strict=True)
    ]
    spec = write_rows(tmp_path / "own.jsonl", rows)
    items = load_items(spec, "cpp:cuda").items
    assert [i.id for i in items] == ["saxpy", "2", "70"] and items[2].reference.name == "rows"
    both = load_items(f"{spec}#cpp,{spec}#cuda", "cpp:cuda").items
    assert [i.id for i in both] == ["saxpy", "2", "70"]
    path = rows_file(tmp_path, {"id": 70, "text": "a"}, {"id": "saxpy", "text": "b"})
    assert read_predictions(path, items, "cuda").answers == (("b",), ("",), ("a",))
    lines = tmp_path / "out.txt"  # of lines, whatever the ids are
    lines.write_text("one\ntwo\nthree\n")
    assert read_predictions(str(lines), items, "cuda").answers == (("one",), ("two",), ("three",))
    twice = {**rows[0], "cpp": f"{forms.CPP_LINES[0]} {forms.CPP_LINES[1]}", "cuda": ""}
    named = load_items(write_rows(tmp_path / "two.jsonl", [twice]), "cpp:openmp").items
    assert [i.id for i in named] == ["saxpy", "saxpy#2"], "a row of two functions"


@pytest.mark.parametrize(
    ("ids", "word"),
    [
        (("a", "b", "a"), "line 3: the id 'a' is that of line 1 too; give each item an id of its"),
        ((None, "1", "x"), "line 2: the id '1' is that of line 1 too"),
        (("a", ["b"], "c"), "line 2: 'id' is .*, and must be text or a whole number"),
        (("a", " ", "c"), "line 2: 'id' is"),
    ],
)
def test_ids_that_cannot_be_are_one_line(tmp_path, ids, word):
    columns = zip(ids, forms.CPP_LINES, forms.CUDA_LINES, strict=True)
    rows = [{"id": name, "cpp": cpp, "cuda": cuda} for name, cpp, cuda in columns]
    cases = [{"id": r["id"], "cpp_code": r["cpp"], "cuda_code": r["cuda"]} for r in rows]
    for each in (rows, cases):
        with pytest.raises(CorpusError, match=word) as caught:
            load_items(write_rows(tmp_path / "own.jsonl", each), "cpp:cuda")
        assert "\n" not in str(caught.value)


def test_a_pair_of_rows_may_have_one_id(tmp_path):
    rows = [
        {"id": "scale", "dialect": name, "text": text}
        for name, text in (("cpp", forms.CPP_LINES[0]), ("cuda", forms.CUDA_LINES[0]))
    ]
    (item,) = load_items(write_rows(tmp_path / "own.jsonl", rows), "cpp:cuda").items
    assert item.id == "scale" and item.reference.dialect == "cuda"


def test_answers_in_fences_are_read_as_an_endpoints(lines, tmp_path):
    """Code that stands alone stays as it is, and so do lines of tokens."""
    items = load_items(lines, "cpp:cuda").items
    bare, other = forms.CUDA_LINES[0], forms.CUDA_LINES[1]
    path = rows_file(
        tmp_path,
        {"index": 0, "text": bare + "  "},
        {"index": 1, "text": f"Here you are:\n```cuda\n{other}\n```\nEnjoy!"},
        {"index": 2, "text": f"Sure! Here it is:\n\n{other}\n\nThis uses one thread each."},
    )
    found = read_predictions(path, items, "cuda")
    assert found.answers == ((bare + "  ",), (other + "\n",), (other,)) and found.unwrapped == 2
    text = tmp_path / "out.txt"
    text.write_text(f"``` {bare}\n{bare}\n{bare}\n")
    assert read_predictions(str(text), items, "cuda").unwrapped == 0


@pytest.mark.parametrize(
    ("row", "word"),
    [
        ({"id": "9", "text": "a"}, "no item"),
        ({"index": 3, "text": "a"}, "from 0 to 2"),
        ({"id": "1"}, "'text'"),
        ([1], "not an object"),
    ],
)
def test_predictions_that_do_not_fit(lines, tmp_path, row, word):
    items = load_items(lines, "cpp:cuda").items
    with pytest.raises(CorpusError, match=word) as caught:
        read_predictions(rows_file(tmp_path, row), items, "cuda")
    assert "line 1" in str(caught.value)


def test_predicted_lines_belong_to_lines(lines, tmp_path):
    items = load_items(lines, "cpp:cuda").items
    path = tmp_path / "out.txt"
    path.write_text('one\n\nthree # 1 "x.h"\n')
    assert read_predictions(str(path), items, "cuda").answers == (("one",), ("",), ("three",))
    path.write_text("\n\n\n")
    with pytest.raises(CorpusError, match="no line with an answer"):
        read_predictions(str(path), items, "cuda")
    path.write_text("one\n")
    with pytest.raises(CorpusError, match="goes on to line 3"):
        read_predictions(str(path), items, "cuda")
    with pytest.raises(CorpusError, match="use JSONL"):
        read_predictions(str(path), load_items("builtin", "cpp:cuda").items[:2], "cuda")
