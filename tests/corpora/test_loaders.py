"""Every form of corpus gives the same programs, and every bad one a single clear line."""

import json
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from corpora.datasets.loaders import (
    CorpusError,
    find_dialects,
    load_corpus,
    load_pairs,
)
from corpora.dialects import DIALECTS
from corpora.signatures.signature import read_signature
from corpora.store import write_jsonl

SHARED = Path(os.environ.get("COEVOLVE_SHARED", Path(__file__).parents[3] / "shared"))
ADD = "void add(float *a, const float *b, int n) { for (int i = 0; i < n; i++) a[i] += b[i]; }"
SCALE = "void scale(float *a, float s, int n) { for (int i = 0; i < n; i++) a[i] *= s; }"
FORTRAN = "subroutine add(a, b, n)\n  integer n\n  real a(n), b(n)\n  a = a + b\nend subroutine\n"
TOKENISED = (
    "void first ( int * a , int n ) { int i ; #pragma omp parallel for ENDCOM for ( i = 0 "
    "; i < n ; i ++ ) a [ i ] = i ; }\n"
    '# 16 " / some / where / data _ 12<unk> 11273 . c " void second ( float * x ) { x [ 0 '
    "] = 1 ; }\n"
    "void cross<unk> entropy ( float * x ) { x [ 0 ] = 2 ; }\n"
    "void * pointer ( float * x ) { return x ; }\n"
    "\n"
    "no function here\n"
)


def names(loaded):
    return [p.name for p in loaded.programs]


def test_tokenised_lines(tmp_path):
    (tmp_path / "c.tok").write_text(TOKENISED)
    loaded = load_corpus(str(tmp_path / "c.tok"), "cpp")
    assert names(loaded) == ["first", "second", "cross_unk_entropy"]
    texts = [p.text for p in loaded.programs]
    assert not any(mark in text for text in texts for mark in ("ENDCOM", "#", "<unk>", "lustre"))
    assert loaded.programs[1].origin == "c.tok, line 2"
    assert [(s.where, s.name) for s in loaded.skipped] == [
        ("c.tok, line 4", "pointer"),
        ("c.tok, line 6", ""),
    ]
    openmp = load_corpus(str(tmp_path / "c.tok"), "openmp").programs[0].text
    assert "\n#pragma omp parallel for\n" in openmp


def test_pairs_keep_their_lines(tmp_path):
    (tmp_path / "a.tok").write_text(
        TOKENISED.replace("no function here", "void last ( int n ) { }")
    )
    (tmp_path / "b.tok").write_text(
        "".join(f"__global__ void k{i} ( float * x ) {{ x [ 0 ] = {i} ; }}\n" for i in range(6))
    )
    pairs = load_pairs(str(tmp_path / "a.tok"), str(tmp_path / "b.tok"), "cpp:cuda")
    assert [(a.name, b.name) for a, b in pairs] == [
        ("first", "k0"),
        ("second", "k1"),
        ("cross_unk_entropy", "k2"),
        ("pointer", "k3"),
        ("last", "k5"),
    ]
    (tmp_path / "b.tok").write_text("__global__ void k ( float * x ) { }\n")
    with pytest.raises(CorpusError, match="6 entries and .* 1"):
        load_pairs(str(tmp_path / "a.tok"), str(tmp_path / "b.tok"), "cpp:cuda")


def test_pairs_survive_blank_rows_and_odd_separators(tmp_path):
    """What a line or row lacks on one side costs that pair and shifts no other."""
    kernels = [f"__global__ void k{i} ( float * x ) {{ x [ 0 ] = {i} ; }}" for i in range(4)]
    serial = [
        "void a ( float * x ) { x [ 0 ] = 0 ; }",
        "",
        "void c ( char * x ) { x [ 0 ] = '\x0c' ; }",
        "void d ( float * x ) { x [ 0 ] = 3 ; }",
    ]
    (tmp_path / "a.tok").write_text("\n".join(serial) + "\n\n")
    (tmp_path / "b.tok").write_text("\n".join(["", *kernels[1:]]) + "\n")
    found = load_pairs(str(tmp_path / "a.tok"), str(tmp_path / "b.tok"), "cpp:cuda")
    assert [(a.name, b.name) for a, b in found] == [("c", "k2"), ("d", "k3")] and len(
        found.skipped
    ) == 2
    table = pa.table({"cpp": [s or None for s in serial], "cuda": [None, *kernels[1:]]})
    pq.write_table(table, tmp_path / "t.parquet")
    (tmp_path / "t.jsonl").write_text("".join(json.dumps(row) + "\n" for row in table.to_pylist()))
    for name in ("t.parquet", "t.jsonl"):
        found = load_pairs(str(tmp_path / name), str(tmp_path / name), "cpp:cuda")
        assert [(a.name, b.name) for a, b in found] == [("c", "k2"), ("d", "k3")]
        assert names(load_corpus(str(tmp_path / name), "cpp")) == ["a", "c", "d"]


def test_generated_corpora_know_their_translations():
    pairs = load_pairs("generated:12:3", "generated:12:3", "cpp:cuda")
    assert len(pairs) > 3 and all(a.origin == b.origin for a, b in pairs)
    assert [b for _, b in pairs] == list(load_corpus("generated:12:3", "cuda").programs)


def test_file_and_folder(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "a.cpp").write_text(ADD + "\n" + SCALE)
    (tmp_path / "deep/b.C").write_text(SCALE.replace("scale", "deeper"))
    (tmp_path / "deep/old.f").write_bytes(
        b"C     \xe9t\xe9\n" + FORTRAN.replace("subroutine add", "      subroutine add").encode()
    )
    (tmp_path / "k.omp.cpp").write_text("void p(int *x) {\n#pragma omp parallel\nx[0] = 1;\n}")
    (tmp_path / "notes.md").write_text("# nothing")
    assert names(load_corpus(str(tmp_path), "cpp")) == ["add", "scale", "deeper"]
    assert names(load_corpus(str(tmp_path), "openmp")) == ["p"]
    assert names(load_corpus(str(tmp_path / "a.cpp"), "cpp")) == ["add", "scale"]
    assert load_corpus(str(tmp_path), "cpp").programs[2].origin == "deep/b.C"


def test_jsonl_of_texts_and_of_records(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text(
        json.dumps({"id": 1, "code": ADD}) + "\n\n" + json.dumps({"id": 2, "code": SCALE}) + "\n"
    )
    loaded = load_corpus(str(path), "cpp")
    assert names(loaded) == ["add", "scale"] and loaded.programs[1].origin == "a.jsonl, line 3"
    assert names(load_corpus(f"{path}#code", "cpp")) == ["add", "scale"]
    records = load_corpus(str(path), "cpp").programs
    write_jsonl(tmp_path / "records.jsonl", records)
    assert [
        p.text.strip() for p in load_corpus(str(tmp_path / "records.jsonl"), "cpp").programs
    ] == [p.text.strip() for p in records]


def test_parquet_with_newlines_as_text(tmp_path):
    path = tmp_path / "p.parquet"
    rows = {
        "cpp": [ADD, None],
        "fortran": [FORTRAN.replace("\n", "\\n"), "subroutine t(x)\\nMYTYPE x(_PB_N)\\nend\\n"],
    }
    pq.write_table(pa.table({**rows, "number": [1, 2]}), path)
    assert names(load_corpus(str(path), "cpp")) == ["add"]
    loaded = load_corpus(f"{path}#fortran?MYTYPE=real(8)&_PB_*=*", "fortran")
    assert names(loaded) == ["add", "t"]
    assert read_signature(loaded.programs[1]).parameters[0].shape == ("n",)
    pairs = load_pairs(f"{path}", f"{path}#cpp", "fortran:cpp") if rows["cpp"][1] else None
    assert pairs is None
    pq.write_table(
        pa.table(
            {
                "cpp": [ADD, ADD + SCALE],
                "fortran": [rows["fortran"][0], FORTRAN + FORTRAN.replace("add", "SCALE_")],
            }
        ),
        path,
    )
    assert [(a.name, b.name) for a, b in load_pairs(str(path), str(path), "fortran:cpp")] == [
        ("add", "add"),
        ("add", "add"),
        ("scale_", "scale"),
    ]


def test_ready_made_corpora():
    assert len(load_corpus("builtin", "cpp").programs) > 20
    assert len(load_pairs("builtin", "builtin", "cpp:cuda")) > 5


def test_generated_corpus():
    pytest.importorskip("corpora.generator", reason="generator not here")
    import corpora.generator

    if not hasattr(corpora.generator, "generate"):
        pytest.skip("generator not here")
    first = load_corpus("generated:20:3", "cuda").programs
    assert first and first == load_corpus("generated:20:3", "cuda").programs
    easy = load_corpus("generated:20:3:easy", "cuda").programs
    assert easy != first and load_corpus("generated:20:3:mixed", "cuda").programs == first
    held = load_corpus("generated:20:3:easy:structures", "cuda").programs
    assert (
        sum("struct" in p.text for p in held) > 9
        and len(load_corpus("generated:20:3:structures", "fortran").programs) < 10
    )


def test_hugging_face_data_set(tmp_path):
    folder = tmp_path / "set"
    folder.mkdir()
    pq.write_table(pa.table({"code": [ADD, SCALE]}), folder / "train.parquet")
    assert names(load_corpus(f"hf:{folder}", "cpp")) == ["add", "scale"]
    with pytest.raises(CorpusError, match="'kode'.*did you mean 'code'"):
        load_corpus(f"hf:{folder}#kode", "cpp")


BAD = [
    ("absent.tok", "does not exist"),
    ("a.cp", "did you mean '.*a.cpp'"),
    (
        "a.cpp#code",
        "'#code' names a column, and '.*a.cpp' has none; only .jsonl, .parquet and hf: have "
        "columns",
    ),
    ("binary.cpp", "binary file"),
    ("empty.cpp", "holds no cpp function"),
    ("empty.tok", "holds no cpp function"),
    ("words.cpp", "holds no cpp function.*main program"),
    ("t.parquet#code", "no column 'code'; did you mean 'kode'"),
    ("t.parquet", "Add #COLUMN"),
    ("broken.parquet", "not a Parquet file"),
    ("broken.jsonl", "line 2 is not JSON"),
    ("list.jsonl", "not an object"),
    ("nothing", "holds no cpp file"),
    ("a.cpp?X", "NAME=VALUE"),
]


def test_what_does_not_exist_is_named_as_it_was_given(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scale.cpp").write_text(SCALE)
    for spec, said in (
        ("nope.cpp", ""),
        ("scales.cpp", " (did you mean 'scale.cpp'?)"),
        ("builtn", " (did you mean 'builtin'?)"),
    ):
        with pytest.raises(CorpusError) as caught:
            load_corpus(spec, "cpp")
        assert str(caught.value) == f"'{spec}' does not exist{said}"


@pytest.mark.parametrize(("spec", "message"), BAD)
def test_bad_input_is_one_clear_line(tmp_path, spec, message):
    (tmp_path / "a.cpp").write_text(ADD)
    (tmp_path / "binary.cpp").write_bytes(bytes(range(256)) * 4)
    (tmp_path / "empty.cpp").write_text("")
    (tmp_path / "empty.tok").write_text("\n\n")
    (tmp_path / "words.cpp").write_text("int main() { return 0; }")
    pq.write_table(pa.table({"kode": [ADD], "n": [1]}), tmp_path / "t.parquet")
    (tmp_path / "broken.parquet").write_text("PAR1")
    (tmp_path / "broken.jsonl").write_text(json.dumps({"text": ADD}) + "\n{oops\n")
    (tmp_path / "list.jsonl").write_text("[1]\n")
    (tmp_path / "nothing").mkdir()
    with pytest.raises(CorpusError, match=message) as caught:
        load_corpus(str(tmp_path / spec), "cpp")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "spec",
    [
        "",
        "generated:5",
        "generated:a:b",
        "generated:5:1:hard",
        "generated:5:structures",
        "generated:5:1:structures:easy",
        "?A=b",
    ],
)
def test_bad_specs(spec):
    with pytest.raises(CorpusError):
        load_corpus(spec, "cpp")
    with pytest.raises(ValueError, match="unknown dialect"):
        load_corpus("builtin", "c++")


@pytest.mark.skipif(not (SHARED / "data/babeltower").is_dir(), reason="shared data not here")
def test_real_lines():
    cpp, cuda = (str(SHARED / f"data/babeltower/{side}.para.valid.tok") for side in ("cpp", "cuda"))
    assert (
        len(load_corpus(cpp, "cpp").programs) == 184
        and len(load_corpus(cuda, "cuda").programs) == 183
    )
    pairs = load_pairs(cpp, cuda, "cpp:cuda")
    assert len(pairs) == 184 and not any(
        mark in p.text for pair in pairs for p in pair for mark in ("<unk>", "ENDCOM", "lustre")
    )


def test_escapes_inside_literals_are_the_programs_own():
    from corpora.datasets.tables import restore_newlines

    assert (
        restore_newlines("void f() {\\n  printf(\"a\\n\");\\n  g('\\n');\\n}")
        == "void f() {\n  printf(\"a\\n\");\n  g('\\n');\n}"
    )
    assert restore_newlines('// 5" wide\\nint x;\\nint y;') == '// 5" wide\nint x;\nint y;'
    assert restore_newlines('printf ( "%d\\n" , x ) ;') == 'printf ( "%d\\n" , x ) ;'


@pytest.mark.parametrize("spec", ["builtin#code", "development#x", "generated:10:1#x"])
def test_a_column_of_what_has_none_is_a_mistake(spec):
    with pytest.raises(CorpusError, match="names a column"):
        load_corpus(spec, "cpp")


def test_a_data_set_without_a_name():
    with pytest.raises(CorpusError, match="'hf:' names no data set"):
        load_corpus("hf:", "cpp")


def test_a_corpus_says_its_dialects(tmp_path):
    """By suffixes, by rows, by columns; lines and unnamed columns say nothing."""
    folder = tmp_path / "folder"
    (folder / ".git").mkdir(parents=True)
    for name in ("a.cpp", "b.c", "a.omp.cpp", "a.f90", "notes.txt", "LICENSE", ".git/x.y"):
        (folder / name).write_text("")
    told = find_dialects(str(folder))
    assert told.counts == (("cpp", 2), ("openmp", 1), ("fortran", 1)) and told.unit == "file"
    assert told.unread == ((".txt", 1), ("LICENSE", 1))
    rows = tmp_path / "rows.jsonl"
    rows.write_text('{"dialect": "cuda", "text": ""}\n{"dialect": "hip", "text": ""}\n')
    told = find_dialects(f"{rows}#text")
    assert (told.names, told.unit, told.unread) == (("cuda",), "row", (("hip", 1),))
    rows.write_text('{"cpp": "", "openmp": ""}\n{"cpp": ""}\n')
    assert find_dialects(str(rows)).counts == (("cpp", 2), ("openmp", 1))
    assert find_dialects(f"{rows}#cpp").names == find_dialects("hf:me/x").names == ()
    pq.write_table(pa.table({"fortran": ["a"], "n": [1]}), tmp_path / "t.parquet")
    assert find_dialects(str(tmp_path / "t.parquet")).names == ("fortran",)
    (tmp_path / "lines.tok").write_text("void f ( ) { }\n")
    for silent in (tmp_path / "lines.tok", tmp_path / "none", "https://x.y/z.jsonl"):
        assert find_dialects(str(silent)).counts == ()
    assert find_dialects(str(folder / "a.f90")).names == ("fortran",)
    assert set(find_dialects("builtin").names) == set(DIALECTS)
    rows.write_text("[1]\n")
    with pytest.raises(CorpusError, match="line 1 is a list"):
        find_dialects(str(rows))
