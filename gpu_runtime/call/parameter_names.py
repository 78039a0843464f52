"""What the names of parameters say across dialects: which are the same, and which is another one's
length.

python -c "from gpu_runtime.call.parameter_names import strip_memory_space; \\
    print(strip_memory_space('d_X_'))"
"""

from __future__ import annotations

_BEFORE = ("h", "d", "dev", "device", "host", "gpu", "cpu", "g")
_BEHIND = ("h", "d", "dev", "device", "host", "gpu", "cpu")
_ROLES = {"dst": "output", "out": "output", "dest": "output", "src": "input", "in": "input"}
_LENGTHS = ("n", "len", "length", "size", "num", "count")


def normalize_name(name: str) -> str:
    """Return `name` in lower case, without trailing underscores."""
    return name.lower().rstrip("_")


def strip_memory_space(name: str) -> str:
    """Return `name` normalized, without prefixes and suffixes for host and device memory, as in
    `h_x`, `d_x` and `x_dev`.

    A name that is then `dst`, `dest` or `out` becomes `output`; `src` or `in` becomes `input`.
    """
    whole = bare = normalize_name(name)
    first, mark, rest = bare.partition("_")
    if mark and first in _BEFORE:
        bare = rest.lstrip("_")
    rest, mark, last = bare.rpartition("_")
    if mark and last in _BEHIND:
        bare = rest.rstrip("_")
    bare = bare or whole
    return _ROLES.get(bare, bare)


def is_length_of(name: str, array: str) -> bool:
    """Return whether `name` is that of the length of `array`, as `nd`, `d_len` or `len_d` for
    `d`.
    """
    name, of = normalize_name(name), normalize_name(array)
    rests = []
    if name.endswith(of):
        rests.append(name.removesuffix(of).removesuffix("_"))
    if name.startswith(of):
        rests.append(name.removeprefix(of).removeprefix("_"))
    return any(rest in _LENGTHS for rest in rests)
