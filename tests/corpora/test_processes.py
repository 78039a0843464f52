"""A function of many items in several processes: the same results, in order, and nothing left."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from functools import partial
from itertools import count, islice

import psutil
import pytest

from corpora import processes
from corpora.datasets.loaders import load_corpus, load_pairs
from corpora.processes import map_in_processes


@pytest.fixture
def soon(monkeypatch) -> None:
    """Processes are started after two items, two of them."""
    monkeypatch.setattr(processes, "FIRST_ITEMS", 2)
    monkeypatch.setattr(processes, "CHUNK_ITEMS", 8)
    monkeypatch.setattr(processes, "count_usable_cores", lambda: 2)


def list_children() -> list[psutil.Process]:
    return psutil.Process().children(recursive=True)


def test_results_are_those_of_map_in_order(soon):
    before = list_children()
    assert list(map_in_processes(math.factorial, range(100))) == list(
        map(math.factorial, range(100))
    )
    assert set(map_in_processes(len, [[0]] * 3)) == {1}
    assert list_children() == before


def test_the_work_is_done_elsewhere(soon):
    makers = list(map_in_processes(_name_process, range(100)))
    assert makers[:2] == [os.getpid()] * 2
    assert len(set(makers[2:])) == 2 and os.getpid() not in makers[2:]


def _name_process(item: int) -> int:
    return os.getpid()


def test_items_are_streamed(soon):
    """An endless corpus may be read in part, and nothing stays behind."""
    before, asked = list_children(), count()
    results = map_in_processes(abs, iter(asked))
    assert list(islice(results, 100)) == list(range(100))
    assert next(asked) < 100 + 8 * 2 * 2 + 8
    results.close()
    assert list_children() == before


def test_what_a_function_raises_is_raised_here(soon):
    with pytest.raises(ValueError, match="factorial"):
        list(map_in_processes(math.factorial, [1, 2, 3, 4, -5]))


def test_a_process_that_dies_is_one_clear_line(soon):
    before = list_children()
    with pytest.raises(RuntimeError, match="ended with exit code 3"):
        list(map_in_processes(partial(_leave, os.getpid()), range(9)))
    assert list_children() == before


def _leave(asker: int, item: int) -> int:
    return item if os.getpid() == asker else os._exit(3)


def test_a_script_without_a_guard_may_read_a_corpus(tmp_path):
    """Each process must not run the script again."""
    script = tmp_path / "script.py"
    script.write_text(
        "from corpora import processes\n"
        "processes.FIRST_ITEMS = 1\n"
        "print(sum(processes.map_in_processes(abs, range(-50, 50), processes=2)))\n"
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True)
    assert done.stdout == "2500\n"


@pytest.mark.parametrize("kind", ["jsonl", "tok"])
def test_a_corpus_is_the_same_in_several_processes(soon, kind, tmp_path, monkeypatch):
    lines = [
        f"void f{k} ( float * a , int n ) {{ for ( int i = 0 ; i < n ; i ++ ) a [ i ] = {k} ; }}"
        for k in range(40)
    ]
    lines[7], lines[20] = "not a function", ""
    rows = [f'{{"cpp": "{line}"}}' for line in lines] if kind == "jsonl" else lines
    file = tmp_path / f"corpus.{kind}"
    file.write_text("\n".join(rows) + "\n")
    found = load_corpus(str(file), "cpp")
    assert len(found) == 38
    pairs = load_pairs(str(file), str(file), "cpp:cuda") if kind == "tok" else ()
    monkeypatch.setattr(processes, "count_usable_cores", lambda: 1)
    assert load_corpus(str(file), "cpp") == found
    assert pairs == () or load_pairs(str(file), str(file), "cpp:cuda") == pairs
