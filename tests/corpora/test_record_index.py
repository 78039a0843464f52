"""Records that stay on disk are those that reading all of them gives, and little is in memory."""

from __future__ import annotations

import pickle
import tracemalloc
from dataclasses import replace
from operator import attrgetter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from corpora.record_index import (
    RecordIndex,
    as_records,
    join_records,
    read_records,
)
from corpora.records import Program, UnitTestSuite
from corpora.store import StoreError, list_shards, read_jsonl, write_jsonl, write_shards

TEXTS = st.text(max_size=30)
NAMES = st.text("abcß", max_size=4)
PROGRAMS = st.lists(st.builds(Program, st.just("cpp"), NAMES, TEXTS, TEXTS), max_size=20)
SHARDS = st.sampled_from([60, 200, 1 << 20])
SAME_FOLDER = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def by_id(path: Path):
    return read_records([path], Program, attrgetter("id"))


@SAME_FOLDER
@given(made=PROGRAMS, shard_bytes=SHARDS, numbers=st.lists(st.integers(0, 19)), data=st.data())
def test_a_list_is_what_reading_all_gives(made, shard_bytes, numbers, data, tmp_path):
    path = tmp_path / "p.jsonl"
    write_shards(path, made, shard_bytes)
    for records in (by_id(path), as_records(made, Program, attrgetter("id"))):
        assert list(records) == made == list(read_jsonl(path, Program))
        assert [records[k] for k in range(-len(made), len(made))] == made + made
        assert list(records.keys) == [p.id for p in made] and len(records) == len(made)
        cut = slice(*data.draw(st.tuples(st.integers(-9, 9), st.integers(-9, 9))))
        assert list(records[cut]) == made[cut] and list(records[::-2]) == made[::-2]
        taken = [k for k in numbers if k < len(made)]
        assert list(records.take(taken)) == [made[k] for k in taken]
        known = {p.id for p in made[::2]}
        assert list(records.keep(known)) == [p for p in made if p.id in known]
        assert list(records.unique()) == list({p.id: p for p in made}.values())
        again = pickle.loads(pickle.dumps(records))
        assert again == records and hash(again) == hash(records)
        with pytest.raises(IndexError):
            records[len(made)]


@SAME_FOLDER
@given(made=PROGRAMS, shard_bytes=SHARDS)
def test_an_index_is_the_dict_of_all_records(made, shard_bytes, tmp_path):
    path = tmp_path / "p.jsonl"
    write_shards(path, made, shard_bytes)
    for key in (attrgetter("id"), attrgetter("name")):  # names repeat: the last one counts
        index = RecordIndex(read_records([path], Program, key))
        wanted = {key(p): p for p in made}
        assert list(index) == list(wanted) and len(index) == len(wanted)
        assert dict(index) == wanted and list(index.values()) == list(wanted.values())
        assert all(k in index and index[k] == p for k, p in wanted.items())
        assert list(index.select(reversed(wanted))) == list(reversed(wanted.values()))
        for strange in ("zz", "a" * 17, "a\0", "\ud800", 3):
            assert strange not in index and index.get(strange) is None
        with pytest.raises(KeyError):
            index["zz"]
        with pytest.raises(KeyError, match="zz"):
            index.select(["zz"])
    names = [f"{k}" for k in range(len(made))]
    index = RecordIndex(by_id(path), names)
    assert dict(index) == dict(zip(names, made, strict=True))
    with pytest.raises(ValueError, match="keys for"):
        RecordIndex(by_id(path), [*names, "more"])


@SAME_FOLDER
@given(parts=st.lists(PROGRAMS, max_size=4))
def test_lists_of_several_files_and_of_memory_join(parts, tmp_path):
    lists = []
    for k, made in enumerate(parts):
        write_shards(tmp_path / f"{k}.jsonl", made, 100)
        lists += [by_id(tmp_path / f"{k}.jsonl"), as_records(made, Program, attrgetter("id"))]
    joined = join_records(lists, Program)
    assert list(joined) == [p for made in parts for p in (*made, *made)]
    files = [tmp_path / f"{k}.jsonl" for k in range(len(parts))]
    whole = read_records(files, Program, attrgetter("id"))
    assert list(whole) == [p for made in parts for p in made]
    assert list(join_records([whole, *lists], Program).unique()) == list(whole.unique())
    assert as_records(whole, Program, attrgetter("id")) is whole
    assert whole != list(whole) and whole == join_records([whole], Program)


def make_programs(count: int) -> list[Program]:
    return [Program("cpp", f"f{k}", f"void f{k}() {{}} // {'x' * 500}") for k in range(count)]


def test_a_damaged_shard_is_named_as_reading_all_names_it(tmp_path):
    path = tmp_path / "p.jsonl"
    write_shards(path, make_programs(20), 3000)
    index = RecordIndex(by_id(path))
    ids = list(index)
    shard = list_shards(path)[2]
    good = shard.read_bytes()
    for damage in (
        lambda b: b[:-9] + b" " * 8 + b"\n",
        lambda b: b.replace(b'"text"', b'"txet"', 1),
    ):
        shard.write_bytes(damage(good))
        with pytest.raises(StoreError) as whole:
            list(read_jsonl(path, Program))
        with pytest.raises(StoreError) as listed:
            by_id(path)
        assert str(listed.value) == str(whole.value) and f"{shard}, line " in str(whole.value)
        found = []
        for key in ids:  # one that was indexed before: the others are still read
            try:
                assert index[key].id == key
            except StoreError as error:
                found.append(str(error))
        assert len(found) == 1 and found[0].startswith(f"{shard}, byte ")
    shard.unlink()
    with pytest.raises(StoreError, match="ends before the record that was asked for"):
        index[ids[-1]]
    for gone in list_shards(path):
        gone.unlink()
    for read in (lambda: index[ids[0]], lambda: by_id(path), lambda: list(index.values())):
        with pytest.raises(FileNotFoundError):
            read()


def test_a_key_that_is_no_id_is_named(tmp_path):
    path = tmp_path / "s.jsonl"
    for key in ("a" * 17, "a\0"):
        write_jsonl(path, [UnitTestSuite(key, ())])
        with pytest.raises(StoreError, match="s.jsonl: 'a.* is no id of a record"):
            read_records([path], UnitTestSuite, attrgetter("program_id"))
        with pytest.raises(StoreError, match="^'a.* is no id"):
            as_records([UnitTestSuite(key, ())], UnitTestSuite, attrgetter("program_id"))


def test_a_relative_file_is_read_from_anywhere(tmp_path, monkeypatch):
    made = make_programs(3)
    write_jsonl(tmp_path / "p.jsonl", made)
    monkeypatch.chdir(tmp_path)
    records = by_id(Path("p.jsonl"))
    monkeypatch.chdir("/")
    assert list(records) == made


def test_a_list_and_its_slices_hold_no_records(tmp_path):
    count = 3000
    made = (replace(p, text=p.text * 10) for p in make_programs(count))
    write_shards(tmp_path / "p.jsonl", made, 2_000_000)  # 15 MB in all
    tracemalloc.start()
    try:
        records = by_id(tmp_path / "p.jsonl")
        index = RecordIndex(records)
        held = [records[k : k + 16] for k in range(0, count, 16)]
        assert sum(p.id in index for part in held for p in part) == count
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 7_000_000, peak  # of which Program.id keeps 5 MB
    assert records.rows.dtype.itemsize == 28
