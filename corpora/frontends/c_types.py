"""Scalar types of C and C++ by name: the words of a type to an element type, and back.

    python -c "from corpora.frontends.c_types import scalar_of_words; \
        print(scalar_of_words(['unsigned', 'long']))"
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = [
    "COMPLEX_WORDS", "NAMED_SCALARS", "SINGLE_WORDS", "SPELLED", "TYPE_WORDS", "WRITTEN",
    "scalar_of_words",
]  # fmt: skip

TYPE_WORDS = frozenset(
    "char short int long signed unsigned float double bool _Bool _Complex void __int64 __int128"
    " auto wchar_t".split()
)
"""Keywords that name a type or a part of one."""

NAMED_SCALARS: dict[str, str] = {
    **{f"{p}int{w}_t": f"i{w}" for w in (8, 16, 32, 64) for p in ("", "std::")},
    **{f"{p}uint{w}_t": f"u{w}" for w in (8, 16, 32, 64) for p in ("", "std::")},
    **{f"{p}int_fast{w}_t": f"i{v}" for w, v in ((8, 8), (16, 64), (32, 64), (64, 64))
       for p in ("", "std::")},
    **{f"{p}int_least{w}_t": f"i{w}" for w in (8, 16, 32, 64) for p in ("", "std::")},
    **{f"{p}uint_least{w}_t": f"u{w}" for w in (8, 16, 32, 64) for p in ("", "std::")},
    **{f"u_int{w}_t": f"u{w}" for w in (8, 16, 32, 64)},
    "size_t": "u64", "std::size_t": "u64", "ssize_t": "i64", "off_t": "i64",
    "ptrdiff_t": "i64", "std::ptrdiff_t": "i64", "intptr_t": "i64", "uintptr_t": "u64",
    "std::intptr_t": "i64", "std::uintptr_t": "u64", "intmax_t": "i64", "uintmax_t": "u64",
    "uint": "u32", "ulong": "u64", "ushort": "u16", "uchar": "u8",
    "u_char": "u8", "u_short": "u16", "u_int": "u32", "u_long": "u64",
    "__int64": "i64", "_Bool": "bool",
    "std::complex<float>": "c64", "std::complex<double>": "c128",
    "complex<float>": "c64", "complex<double>": "c128",
    "__complex_float": "c64", "__complex_double": "c128",
    "thrust::complex<float>": "c64", "thrust::complex<double>": "c128",
    "cuda::std::complex<float>": "c64", "cuda::std::complex<double>": "c128",
}  # fmt: skip
"""Names of standard headers (and their usual short forms) that stand for a scalar type."""

COMPLEX_WORDS = {
    ("float", "_Complex"): "__complex_float", ("double", "_Complex"): "__complex_double",
}  # fmt: skip
"""C's complex types, and the one word that stands for each while a text is parsed."""

SPELLED = {joined: " ".join(words) for words, joined in COMPLEX_WORDS.items()}
"""How a text spells those."""

WRITTEN: dict[str, str] = {
    "bool": "bool", "char": "char", "void": "void", "auto": "auto", "f80": "long double",
    "i8": "signed char", "u8": "unsigned char", "i16": "short", "u16": "unsigned short",
    "i32": "int", "u32": "unsigned int", "i64": "long long", "u64": "unsigned long long",
    "f32": "float", "f64": "double", "c64": "std::complex<float>", "c128": "std::complex<double>",
}  # fmt: skip
"""How C++ writes each scalar type."""

SINGLE_WORDS: dict[str, str] = {
    **WRITTEN, **{f"i{w}": f"int{w}_t" for w in (8, 16, 64)},
    **{f"u{w}": f"uint{w}_t" for w in (8, 16, 32, 64)},
}  # fmt: skip
"""The same in one word each, as `T(x)` needs it. `long double` has none."""

_SIZES = {"char": 8, "short": 16, "int": 32, "long": 64}


def scalar_of_words(words: Sequence[str]) -> str:
    """Return the type, as a name of ScalarType, of C's type keywords in any order: `long unsigned
    int` gives `u64`, `long double` gives `f80`, `void` gives `void`. Returns '' if they form no
    type. words: one keyword each.
    """
    if len(words) == 1:
        return _SINGLE.get(words[0], "")
    bag = sorted(w for w in words if w not in ("signed", "unsigned"))
    if bag in (["_Complex", "float"], ["_Complex", "double"]):
        return {"float": "c64", "double": "c128"}[bag[1]]
    if bag == ["double", "long"]:
        return "f80"
    sizes = [w for w in bag if w != "int"] or ["int"]
    if sizes == ["char"] and "int" in bag:
        return ""
    if sizes in (["char"], ["short"], ["int"], ["long"], ["long", "long"]):
        return f"{'u' if 'unsigned' in words else 'i'}{_SIZES[sizes[0]]}"
    return ""


_SINGLE = {
    "char": "char", "short": "i16", "int": "i32", "long": "i64", "signed": "i32",
    "unsigned": "u32", "float": "f32", "double": "f64", "bool": "bool", "_Bool": "bool",
    "void": "void", "auto": "auto", "__int64": "i64",
}  # fmt: skip
