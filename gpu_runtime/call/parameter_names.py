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
    """Without case and trailing underscores."""
    return name.lower().rstrip("_")


def strip_memory_space(name: str) -> str:
    """Without the marks of host and device that translations add (`h_x`, `d_x`, `x_dev`); src, dst,
    in and out as words.
    """
    bare = _SIDE.sub("", normalize_name(name)) or normalize_name(name)
    return _ROLES.get(bare, bare)


def is_length_of(name: str, array: str) -> bool:
    """Whether a name is that of an array's length: `nd`, `d_len` and `len_d` for d."""
    of = re.escape(normalize_name(array))
    return re.fullmatch(rf"{_LENGTH}_?{of}|{of}_?{_LENGTH}", normalize_name(name)) is not None
