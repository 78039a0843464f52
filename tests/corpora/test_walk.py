"""What `walk` remembers of whole texts and functions is what it would find."""

from __future__ import annotations

from corpora.frontends.c_family import parse_c_family
from corpora.frontends.queries import functions_of
from corpora.ir import Name, find, walk
from corpora.ir.walk import MOST_LISTS, _lists, _walk

TEXT = "int f(int n) { int s = 0; for (int i = 0; i < n; i++) s += i % 3; return s; }"


def test_a_remembered_walk_gives_every_node_in_order_each_time():
    unit = parse_c_family(TEXT, "cpp")
    whole = list(_walk(unit))
    assert len(whole) > 20
    for _ in range(2):
        assert all(a is b for a, b in zip(walk(unit), whole, strict=True))
    assert next(find(unit, Name)) is next(n for n in whole if isinstance(n, Name))


def test_no_more_than_so_many_texts_are_kept_and_none_is_mixed_up():
    for k in range(3 * MOST_LISTS):
        unit = parse_c_family(TEXT.replace("% 3", f"% {k + 2}"), "cpp")
        function = functions_of(unit)[0]
        assert list(map(id, walk(function))) == list(map(id, _walk(function)))
        del unit, function
    assert len(_lists) <= MOST_LISTS
