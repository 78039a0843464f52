"""Records survive the disk to the last bit, and no failure leaves a torn file."""

import contextlib
import errno
import json
import math
import os
import shutil
import struct
import subprocess
import sys
import tracemalloc
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from corpora import store
from corpora.files import DiskFullError, remove_partial_files, write_atomically, write_folder
from corpora.records import (
    ArrayValue,
    Blame,
    Fill,
    Outcome,
    Parameter,
    Program,
    ScalarValue,
    Signature,
    Triplet,
    UnitTest,
    UnitTestSuite,
    Verdict,
)
from corpora.store import (
    StoreError,
    count_jsonl,
    format_line,
    from_json,
    list_shards,
    locate_jsonl,
    read_grouped_triplets,
    read_jsonl,
    read_jsonl_at,
    read_triplets,
    to_json,
    write_jsonl,
    write_shards,
    write_triplets,
)


def make_triplet(text="void f(float *x, int n) {}", value=0.1):
    source, target = (
        Program("cpp", "f", text, "here, line 1"),
        Program("cuda", "f", "__global__ " + text),
    )
    test = UnitTest(
        (
            ScalarValue("n", "i32", 3),
            ArrayValue("x", "f32", (3,), values=(value, -0.0, 1e-45)),
            ArrayValue("y", "f64", (4,), fill=Fill("uniform", (-1.0, 1), 3)),
        ),
        (("x", "y"),),
    )
    suite = UnitTestSuite(source.id, (test,), strength=0.75)
    verdict = Verdict(
        source.id,
        target.id,
        suite.id,
        Outcome.EQUIVALENT,
        Blame.NOBODY,
        backend="emulated",
        suite_strength=0.75,
    )
    return Triplet(source, target, suite, "cpp:cuda", verdict)


def same_bits(a, b):
    if isinstance(a, float) and isinstance(b, float):
        return struct.pack("<d", a) == struct.pack("<d", b) or (math.isnan(a) and math.isnan(b))
    if isinstance(a, tuple) and isinstance(b, tuple):
        return len(a) == len(b) and all(same_bits(x, y) for x, y in zip(a, b, strict=True))
    return type(a) is type(b) and a == b


numbers = st.one_of(st.floats(), st.integers(-(2**63), 2**64))


@settings(max_examples=150, deadline=None)
@given(st.lists(numbers, max_size=6), numbers, st.text(max_size=20))
def test_values_survive_to_the_last_bit(values, scalar, name):
    test = UnitTest(
        (
            ArrayValue(name, "f64", (len(values),), values=tuple(values)),
            ScalarValue("s", "f64", scalar),
        )
    )
    back = from_json(UnitTest, json.loads(json.dumps(to_json(test), allow_nan=False)))
    assert same_bits(back.assignments[0].values, test.assignments[0].values)
    assert same_bits(back.assignments[1].value, scalar)
    assert type(back.assignments[0]) is ArrayValue and type(back.assignments[1]) is ScalarValue
    assert back.id == test.id


def test_every_kind_of_record_comes_back_equal():
    triplet = make_triplet()
    signature = Signature(
        "f",
        (Parameter("a", "array", "f32", inner_extents=(3, 4), shape=("n", "0:m")),),
        None,
        "kernel",
    )
    complex_value = ScalarValue("z", "c64", (1.5, -0.0))
    flag = ScalarValue("b", "bool", True)
    for record in (
        triplet,
        triplet.source,
        triplet.suite,
        triplet.verdict,
        signature,
        complex_value,
        flag,
    ):
        assert from_json(type(record), json.loads(json.dumps(to_json(record)))) == record
    assert from_json(Triplet, to_json(triplet)).verdict.outcome is Outcome.EQUIVALENT


def test_jsonl_round_trip_and_same_bytes(tmp_path):
    triplets = [make_triplet(), make_triplet("void f() { /* über \u2028 */ }", math.inf)]
    assert write_jsonl(tmp_path / "a.jsonl", triplets) == 2
    write_jsonl(tmp_path / "b.jsonl", triplets)
    assert list(read_jsonl(tmp_path / "a.jsonl", Triplet)) == triplets
    assert (tmp_path / "a.jsonl").read_bytes() == (tmp_path / "b.jsonl").read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.jsonl", "b.jsonl"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"schema_version": 99}, ["schema_version is 99", "reads 1"]),
        ({"dialekt": "cpp"}, ["unknown field 'dialekt'", "dialect"]),
        ({"text": 3}, ["Program.text", "expected str"]),
        ({"name": None}, ["Program.name"]),
    ],
)
def test_wrong_lines_say_where_and_what(tmp_path, change, words):
    good = to_json(Program("cpp", "f", "x"))
    (tmp_path / "p.jsonl").write_text(json.dumps(good) + "\n" + json.dumps(good | change) + "\n")
    with pytest.raises(StoreError) as caught:
        list(read_jsonl(tmp_path / "p.jsonl", Program))
    message = str(caught.value)
    assert "line 2" in message and "\n" not in message
    assert all(word in message for word in words), message


def change_each_value(value):
    """Copies of a JSON value, each with one value inside changed to another."""
    if isinstance(value, dict):
        for key, inside in value.items():
            yield {k: v for k, v in value.items() if k != key}
            yield from ({**value, key: changed} for changed in change_each_value(inside))
        yield {**value, "unknown": 1}
    elif isinstance(value, list):
        for k, inside in enumerate(value):
            changes = change_each_value(inside)
            yield from ([*value[:k], changed, *value[k + 1 :]] for changed in changes)
        yield [*value, 1]
    yield from (3, 2.5, "nan", "f32", "tested", None, True, [], [1, 2], [0.5, "inf"], {})


def read_either(read, value):
    try:
        return read(value)
    except StoreError as error:
        return str(error)


def test_the_quick_way_of_reading_is_the_careful_one():
    """Whatever a line holds: the same record, of the same types, or the same message."""
    whole = to_json(make_triplet())
    del whole["schema_version"]
    store._converter(Triplet)(whole)  # the usual values do not need the careful way
    seen = set()
    for value in change_each_value(whole):
        quick = read_either(lambda v: from_json(Triplet, {"schema_version": 1, **v})
                            if isinstance(v, dict) else "", value)  # fmt: skip
        careful = read_either(lambda v: store._record(Triplet, v, "Triplet")
                              if isinstance(v, dict) else "", value)  # fmt: skip
        assert repr(quick) == repr(careful)
        seen.add(type(quick))
    assert seen == {Triplet, str}


def test_missing_field_and_torn_line(tmp_path):
    (tmp_path / "p.jsonl").write_text('{"schema_version": 1, "dialect": "cpp", "name": "f"}\n')
    with pytest.raises(StoreError, match="'text' is missing"):
        list(read_jsonl(tmp_path / "p.jsonl", Program))
    (tmp_path / "p.jsonl").write_text('{"schema_version": 1, "dial')
    with pytest.raises(StoreError, match="line 1: not JSON"):
        list(read_jsonl(tmp_path / "p.jsonl", Program))


def test_failure_while_writing_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.jsonl"
    write_jsonl(path, [make_triplet()])
    before = path.read_bytes()

    def broken():
        yield make_triplet()
        raise RuntimeError("the maker of records failed")

    with pytest.raises(RuntimeError):
        write_jsonl(path, broken())
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["a.jsonl"]


def test_full_disk_is_one_clear_error_and_nothing_is_lost(tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")

    def full(file):
        file.write(b"x" * 10)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(DiskFullError, match="no space left to write"):
        write_atomically(path, full)
    assert path.read_bytes() == b"old" and len(list(tmp_path.iterdir())) == 1


def test_folders_are_whole_or_absent(tmp_path):
    path = tmp_path / "folder"
    write_folder(path, lambda part: (part / "deep").mkdir() or (part / "deep/a").write_text("1"))
    assert (path / "deep/a").read_text() == "1"

    def broken(part):
        (part / "b").write_text("2")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_folder(path, broken)
    assert [p.name for p in tmp_path.iterdir()] == ["folder"] and (path / "deep/a").exists()
    write_folder(path, lambda part: (part / "c").write_text("3"))
    assert [p.name for p in path.iterdir()] == ["c"] and [p.name for p in tmp_path.iterdir()] == [
        "folder"
    ]


@pytest.mark.parametrize(
    "error",
    [
        shutil.Error([("a", "b", "[Errno 28] No space left on device: 'b'")]),
        RuntimeError("Error while serializing: I/O error: os error 28"),
    ],
)
def test_a_full_disk_is_known_in_the_words_of_libraries(tmp_path, error):
    def full(part):
        raise error

    with pytest.raises(DiskFullError, match="no space left to write"):
        write_folder(tmp_path / "folder", full)
    assert not list(tmp_path.iterdir())


def test_leftovers_of_killed_processes_are_cleared(tmp_path):
    code = (
        "import os, sys; from corpora.files import *\nwrite_%s(sys.argv[1], lambda part: "
        "os._exit(9))"
    )
    (tmp_path / "round-1").mkdir()
    for kind, name in (("folder", "translator"), ("atomically", "verdicts.jsonl")):
        subprocess.run(
            [sys.executable, "-c", code % kind, str(tmp_path / "round-1" / name)], check=False
        )
    assert len(list((tmp_path / "round-1").iterdir())) == 2
    remove_partial_files(tmp_path)
    assert list((tmp_path / "round-1").iterdir()) == []


def test_really_full_file_system(tmp_path):
    """A tmpfs of 64 KiB in a mount namespace of its own; skipped where the machine forbids that."""
    script = (
        "import sys; from pathlib import Path; from corpora.files import *\n"
        "p = Path(sys.argv[1]) / 'a.bin'; write_atomically(p, lambda f: f.write(b'o' * 1000) "
        "and None)\n"
        "try: write_atomically(p, lambda f: f.write(b'x' * 1000000) and None)\n"
        "except DiskFullError as e: print('FULL', e)\n"
        "print([x.name for x in p.parent.iterdir()], p.stat().st_size)\n"
    )
    shell = (
        f'mount -t tmpfs -o size=64k none {tmp_path} && {sys.executable} -c "$SCRIPT" {tmp_path}'
    )
    unshare = ["unshare", "--mount", "--user", "--map-root-user", "sh", "-c", shell]
    try:
        done = subprocess.run(
            unshare,
            env={**os.environ, "SCRIPT": script},
            capture_output=True,
            text=True,
            timeout=60,
        )
    except FileNotFoundError:
        pytest.skip("no unshare")
    if "mount" in done.stderr or "unshare" in done.stderr:
        pytest.skip("this machine does not let us mount a tmpfs")
    assert "FULL" in done.stdout, done.stderr
    assert "['a.bin'] 1000" in done.stdout


def test_triplets_as_parquet(tmp_path):
    import pyarrow.parquet as pq

    triplets = [make_triplet(), make_triplet("int f(){}", math.nan)]
    path = tmp_path / "pairs.parquet"
    assert write_triplets(path, triplets) == 2
    back = read_triplets(path)
    assert back[0] == triplets[0] and back[1].id == triplets[1].id
    row = pq.read_table(path).to_pylist()[0]
    assert (
        row["outcome"] == "EQUIVALENT"
        and row["backend"] == "emulated"
        and row["direction"] == "cpp:cuda"
    )
    assert (
        row["suite"].startswith("n:i32=3 x:f32[3]={0.1,-0.0,1e-45}")
        and "alias(x,y)" in row["suite"]
    )
    assert row["source_text"] == triplets[0].source.text and row["suite_strength"] == 0.75
    write_triplets(tmp_path / "none.parquet", [])
    assert read_triplets(tmp_path / "none.parquet") == []


def test_pairs_alike_on_either_side_are_one_group(tmp_path):
    """A split by `group` parts no near-duplicates, whatever the order of the rows."""
    import pyarrow.parquet as pq

    loop = "void f(int n, float *x) { for (int i = 0; i < n; i++) x[i] = x[i] * 2 + n; }"
    renamed = "void g(int m, float *a) {\n  for (int k = 0; k < m; k++) {a[k] = a[k] * 2 + m;}\n}"
    sides = [
        (loop, "__global__ void f(float *x) { x[threadIdx.x] = 1; }"),
        (renamed, "__global__ void g(float *x) { x[blockIdx.x] += x[0] - 7; }"),
        (
            "int h(int a, int b) { return a / b; }",
            "__global__ void g(float *z) { z[blockIdx.x] += z[0] - 7; }",
        ),
        ("int k(int *a) { return a[0] ? 3 : a[1] - a[2]; }", "__global__ void k(int *a) { ++*a; }"),
    ]
    made = make_triplet()
    triplets = [
        replace(made, source=Program("cpp", "f", a), target=Program("cuda", "f", b))
        for a, b in sides
    ]
    found = []
    for order in (triplets, triplets[::-1]):
        write_triplets(tmp_path / "pairs.parquet", order)
        rows = pq.read_table(tmp_path / "pairs.parquet").to_pylist()
        found.append({row["id"]: row["group"] for row in rows})
        again = read_grouped_triplets(tmp_path / "pairs.parquet")
        assert [group for group, _ in again] == [row["group"] for row in rows]
    assert found[0] == found[1]
    groups = [found[0][t.id] for t in triplets]
    assert groups[0] == groups[1] == groups[2] != groups[3]
    assert all(len(group) == 16 and int(group, 16) for group in groups)


def test_foreign_parquet_is_named(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"a": [1]}), tmp_path / "x.parquet")
    for record in ("{", "null"):
        table = pa.table({"record": [record]})
        pq.write_table(table, tmp_path / "bad.parquet")
        with pytest.raises(StoreError, match="'record' holds no pair"):
            read_grouped_triplets(tmp_path / "bad.parquet")
    with pytest.raises(StoreError, match="no column 'record'"):
        read_triplets(tmp_path / "x.parquet")
    (tmp_path / "y.parquet").write_text("no table")
    with pytest.raises(StoreError, match="is not a Parquet file"):
        read_triplets(tmp_path / "y.parquet")


def programs(count: int) -> list[Program]:
    return [
        Program("cpp", f"f{k}", f"void f{k}() {{ /* ü {'x' * (k % 7)} */ }}") for k in range(count)
    ]


def test_shards_are_one_file_to_every_reader(tmp_path):
    path, made = tmp_path / "a.b.jsonl", programs(50)
    assert write_shards(path, made, shard_bytes=500) == 50
    shards = list_shards(path)
    assert len(shards) > 5 and shards[1].name == "a.b.00001.jsonl"
    assert all(store.find_first_shard(shard) == path for shard in shards)
    assert store.find_first_shard("x/a.2024.jsonl") == Path("x/a.2024.jsonl")
    assert list(read_jsonl(path, Program)) == made and count_jsonl(path) == 50
    places = [place for place, _ in locate_jsonl(path, Program)]
    assert [read_jsonl_at(path, place, Program) for place in places] == made
    with pytest.raises(StoreError, match="ends before"):
        read_jsonl_at(path, 10**6, Program)
    assert b"".join(s.read_bytes() for s in shards) == b"".join(map(format_line, made))


def test_records_are_written_one_by_one(tmp_path):
    """Four shards were in memory at once, the first of them to the end."""
    text = "x" * 1000
    made = (Program("cpp", f"f{k}", text) for k in range(2000))
    tracemalloc.start()
    try:
        assert write_shards(tmp_path / "a.jsonl", made, shard_bytes=500_000) == 2000
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(list_shards(tmp_path / "a.jsonl")) == 5
    assert peak < 200_000, peak


@pytest.mark.parametrize("count", [0, 1, 7, 49])
def test_fewer_shards_replace_more(tmp_path, count):
    path = tmp_path / "a.jsonl"
    write_shards(path, programs(50), shard_bytes=500)
    write_shards(path, programs(count), shard_bytes=500)
    assert list(read_jsonl(path, Program)) == programs(count)
    assert sorted(tmp_path.iterdir()) == sorted(list_shards(path))


def test_a_killed_writing_of_shards_leaves_no_file_or_a_whole_one(tmp_path, monkeypatch):
    """A stop at each rename and removal: `path` exists only with all of its shards."""
    path, whole = tmp_path / "a.jsonl", programs(50)
    moves = 0

    class Killed(BaseException):
        pass

    def dying(real):
        def move(*arguments, **given):
            nonlocal moves
            moves -= 1
            if moves < 0:
                raise Killed  # and nothing after it happens either: so it is with a kill
            return real(*arguments, **given)

        return move

    for after in range(60):
        for stale in tmp_path.iterdir():
            stale.unlink()
        write_shards(path, whole, shard_bytes=500)
        moves = after
        with monkeypatch.context() as changed, contextlib.suppress(Killed):
            changed.setattr(os, "replace", dying(os.replace))
            changed.setattr(Path, "unlink", dying(Path.unlink))
            write_shards(path, programs(30), shard_bytes=500)
        if path.exists():
            assert list(read_jsonl(path, Program)) in (whole, programs(30))
        write_shards(path, programs(20), shard_bytes=500)
        assert list(read_jsonl(path, Program)) == programs(20)
    assert moves > 0  # the last ones were not stopped
