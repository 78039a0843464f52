"""What the names of parameters say across dialects: which are the same, and which is another one's
length.

python -c "from gpu_runtime.call.parameter_names import strip_memory_space; \\
    print(strip_memory_space('d_X_'))"
"""

from __future__ import annotations

import re

_SIDE = re.compile(r"^(?:h|d|dev|device|host|gpu|cpu|g)_+|_+(?:h|d|dev|device|host|gpu|cpu)$")
_ROLES = {"dst": "output", "out": "output", "dest": "output", "src": "input", "in": "input"}
_LENGTH = r"(?:n|len|length|size|num|count)"


def normalize_name(name: str) -> str:
    """Return `name` in lower case, without trailing underscores."""
    return name.lower().rstrip("_")


def strip_memory_space(name: str) -> str:
    """Return `name` normalized, without marks of host and device (`h_x`, `d_x`, `x_dev`). Short
    forms of source, destination, in and out become one word.
    """
    bare = _SIDE.sub("", normalize_name(name)) or normalize_name(name)
    return _ROLES.get(bare, bare)


def is_length_of(name: str, array: str) -> bool:
    """Return whether `name` is that of the length of `array`, as `nd`, `d_len` or `len_d` for
    `d`.
    """
    of = re.escape(normalize_name(array))
    return re.fullmatch(rf"{_LENGTH}_?{of}|{of}_?{_LENGTH}", normalize_name(name)) is not None
