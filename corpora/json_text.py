"""JSON from elsewhere: files that people or other programs wrote.

Contract: `parse_json` gives the value, or raises JsonError, one line, for what is no JSON, is
nested too deeply, or holds text that no file can hold (half of a surrogate pair).

    python -c "from corpora.json_text import parse_json; print(parse_json('{\"a\": [1]}'))"
"""

from __future__ import annotations

import json
import re
from typing import Any

DEEPEST = 200
"""Levels of arrays and objects in each other. Python's own reader gives up at about a thousand."""
_HALF_PAIR = re.compile("[\ud800-\udfff]")


class JsonError(ValueError):
    """The text cannot be read as JSON. The message is one line."""


def parse_json(text: str | bytes, deepest: int = DEEPEST) -> Any:
    """Return the value of a JSON text, as lists, dicts, strings, numbers, booleans and None.

    deepest: most levels of nested arrays and objects. Raises JsonError if the text is empty or not
    JSON, nested deeper, or holds half of a surrogate pair.
    """
    if not text.strip():
        raise JsonError("it is empty")
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        place = (
            f"line {error.lineno}, column {error.colno}"
            if error.lineno > 1
            else f"column {error.colno}"
        )
        raise JsonError(f"{error.msg} ({place})") from None
    except UnicodeDecodeError as error:
        raise JsonError(f"it is not UTF-8 text (byte {error.start})") from None
    except RecursionError:
        raise JsonError(f"it is nested more than {deepest} levels deep") from None
    _require_plain(value, deepest)
    return value


def _require_plain(value: object, deepest: int) -> None:
    """Raises JsonError for what is too deep, or text with half of a surrogate pair. Level by level,
    without recursion.
    """
    level, depth = [value], 0
    while level:
        for each in level:
            if isinstance(each, str) and _HALF_PAIR.search(each):
                raise JsonError(
                    "a text in it has half of a surrogate pair (\\ud800 to \\udfff), which is "
                    "no character"
                )
        level = [
            inner
            for each in level
            if isinstance(each, (list, dict))
            for inner in (each if isinstance(each, list) else (*each.keys(), *each.values()))
        ]
        depth += bool(level)
        if depth > deepest:
            raise JsonError(f"it is nested more than {deepest} levels deep")
