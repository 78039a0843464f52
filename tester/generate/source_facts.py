"""What a program's text says of its parameters: truth values, lengths of rows, letters, row bounds,
numbers that it compares with.

Contract: read by patterns; what is not said plainly is not recognised, and nothing rests on it but
which tests are tried.

    python -c "from tester.generate.source_facts import find_compared_numbers; \\
        print(find_compared_numbers('if (x[i] == 7 || t > 100.0) y[i] = 0;'))"
"""

from __future__ import annotations

import re

from corpora.dialects import get_dialect
from corpora.records import Program, Signature
from corpora.signatures.enumerations import find_enumerations

# What stands before it must begin an operand: `x < h ? a : b` and `y < h && ...` compare h, they do
# not ask whether it is set.
_BEGINS = r"(?:[(!?:,;{]|(?<![<>=!])=|&&|\|\||\breturn\b)"
_ASKED = tuple(
    re.compile(p)
    for p in (
        r"\bif\s*\(\s*!?\s*\x01\s*\)",
        rf"{_BEGINS}\s*\x01\s*(?:\?|&&|\|\|)",
        r"!\s*\x01(?!\s*[=%*/+<>\[(.-])",
        r"(?:&&|\|\|)\s*\x01\s*(?:\)|&&|\|\|)",
        rf"{_BEGINS}\s*\x01\s*==\s*[01]\b",
    )
)
"""Where a scalar is a truth value; \x01 stands for its name, so that the patterns are compiled
once.
"""


def is_flag(name: str, text: str) -> bool:
    """Whether the text uses the scalar as a truth value."""
    marked = re.sub(rf"\b{re.escape(name)}\b", "\x01", text)
    return any(p.search(marked) for p in _ASKED)


def is_pitch(name: str, text: str) -> bool:
    """Whether the scalar is the length of a row in bytes: rows must then hold whole elements and
    not overlap.
    """
    n = re.escape(name)
    return bool(
        re.search(r"pitch|stride_bytes", name, re.IGNORECASE)
        or re.search(rf"\(\s*(?:unsigned\s+)?char\s*\*\s*\)[^;,]*\b{n}\b", text)
    )


def is_leading_dimension(name: str, text: str) -> bool:
    """Whether a scalar is the distance of a matrix's rows or columns: called as BLAS calls it or a
    structure its own, or a factor in the place of an element that is set (`a[y * name + x] = ...`;
    what is added to may overlap) that nothing is compared with or divided by.
    """
    n = re.escape(name)
    if re.fullmatch(r"ld[a-z]?\d?|\w+__(?:stride|pitch|ld)", name, re.IGNORECASE):
        return True
    product = rf"(?:(?:\w+|\([^()]*\))\s*\*\s*{n}|{n}\s*\*\s*(?:\w+|\([^()]*\)))"
    is_set = re.search(rf"\w\s*\[\s*{product}\s*\+[^\[\];=]*\]\s*=(?!=)", text)
    return bool(is_set) and not re.search(
        rf"(?:[<>]=?|[=!]=|[%/])\s*\(?\s*{n}\b|\b{n}\s*(?:[<>]=?|[=!]=)", text
    )


def find_equal_sizes(signature: Signature, text: str) -> tuple[tuple[str, str], ...]:
    """Sizes of a structure that the text reads in methods and helpers alone (`b(i, j) = ...`), each
    behind the one of the same name of another structure of that type: two fields that are gone
    through together are equally wide, and nothing in the text says how far either may be.
    """
    sizes = [
        p
        for p in signature.parameters
        if p.member and p.member.assembled and p.kind == "scalar" and p.type[0] in "iu"
    ]
    named = {
        p.name for p in sizes if len(re.findall(rf"\b{re.escape(p.name)}\b", text)) > 1
    }  # once where it is declared
    found = []
    for p in sizes:
        if (
            p.name in named
            or not p.member
            or len(re.findall(rf"\b{re.escape(p.member.path)}\b", text)) < 2
        ):
            continue
        same = [
            q
            for q in sizes
            if q.member
            and (q.member.assembled, q.member.path) == (p.member.assembled, p.member.path)
        ]
        first = next((q for q in same if q.name in named), same[0])
        found += [(first.name, p.name)] if first is not p else []
    return tuple(found)


_EXTREME = re.compile(
    r"\b(?:[ad]?max[01]?|[ad]?min[01]?|(?:max|min)(?:val|loc))\s*\(|reduction\s*\(\s*(?:max|min)\s*:",
    re.IGNORECASE,
)


def has_unspecified_nan(program: Program) -> bool:
    """Whether it asks for Fortran's largest or smallest value: what that is beside one that is no
    number, the standard leaves open.
    """
    return get_dialect(program.dialect).language == "fortran" and bool(
        _EXTREME.search(program.text)
    )


def find_loop_steps(signature: Signature, text: str) -> frozenset[str]:
    """Scalars by which a loop's head steps: never zero, or the loop would not end for any size but
    none.
    """
    # `for (...; i += s)`, and the third number of `do i = a, b, s`.
    steps = [
        step
        for head in HEADS.findall(text)
        for step in re.findall(r"[-+]=\s*(\w+)\s*\)$|=[^,]*,[^,]*,\s*(\w+)\s*$", head)
    ]
    named = {word.lower() for pair in steps for word in pair if word}
    return frozenset(
        p.name
        for p in signature.parameters
        if p.kind == "scalar" and p.type[0] in "iu" and p.name.lower() in named
    )


_TIMES = re.compile(
    r"\bfor\s*\([^;()]*;\s*\w+\s*(?:<=?|!=)\s*(\w+)\s*;[^()]*\)|\bfor\s*\([^;()]*=\s*(\w+)\s*;\s*\w+\s*>=?\s*\d+\s*;[^()]*\)|\bwhile\s*\(\s*(\w+)\s*--[^()]*\)"
    r"|\bwhile\s*\(\s*\w+\s*<=?\s*(\w+)\s*(?:&&[^()]*)?\)|^[ "
    r"\t]*do\s+\w+\s*=\s*1\s*,\s*(\w+)[ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)
"""Heads of loops that go on as often as one number says."""


def find_repeat_counts(signature: Signature, text: str) -> frozenset[str]:
    """Scalars of which the text asks for nothing but how often a loop round other loops goes on
    (steps of time), or whether they are odd.
    """
    text = re.sub(r"//[^\n]*|/\*.*?\*/", " ", text, flags=re.DOTALL)
    found = {
        name.lower()
        for m in _TIMES.finditer(text)
        for name in m.groups()
        if name and _round_others(text, m.end(), m[0])
    }
    counted = re.compile(
        r"[-+*/%&|^,\[]\s*\x01|\x01\s*(?:[-+*/^,\])]|[%&|](?!\s*[12]\b))", re.IGNORECASE
    )
    plain = _TIMES.sub(" ", _PARAMETERS.sub(" ", text))
    whole = [
        p.name
        for p in signature.parameters
        if p.kind == "scalar" and p.type[0] in "iu" and p.name.lower() in found
    ]
    return frozenset(
        n
        for n in whole
        if not counted.search(re.sub(rf"\b{re.escape(n)}\b", "\x01", plain, flags=re.IGNORECASE))
    )


_PARAMETERS = re.compile(
    r"\b\w+\s*\((?:[^(){};]|\([^()]*\))*\)\s*(?=\{)|^[ \t]*(?:subroutine|\w*[ "
    r"\t]*function|integer|real|logical)\b[^\n]*",
    re.IGNORECASE | re.MULTILINE,
)
"""Heads of functions and Fortran's declarations."""


def _round_others(text: str, start: int, head: str) -> bool:
    """Whether the loop whose head ends at `start` has another inside."""
    if head.lstrip()[:2].lower() == "do":
        depth = 1
        for line in text[start:].split("\n"):
            depth += bool(re.match(r"\s*do\b", line, re.IGNORECASE)) - bool(
                re.match(r"\s*end\s*do\b", line, re.IGNORECASE)
            )
            if depth != 1:
                return depth > 1
        return False
    body, depth = text[start:].lstrip(), 0
    if not body.startswith("{"):
        return bool(re.match(r"(?:#[^\n]*\s*)*(?:for|while|do)\b", body))
    for i, letter in enumerate(body):
        depth += (letter == "{") - (letter == "}")
        if not depth:
            return bool(re.search(r"\b(?:for|while)\s*\(", body[:i]))
    return False


def find_shift_amounts(signature: Signature, text: str) -> frozenset[str]:
    """Scalars by which the text shifts: below the bits of a number."""
    names = [p.name for p in signature.parameters if p.kind == "scalar" and p.type[0] in "iu"]
    return frozenset(
        n
        for n in names
        if re.search(
            rf"(?:<<|>>)=?\s*\(*\s*{re.escape(n)}\b|\b(?:ishft|shift[lra])\s*\([^()]*,\s*{re.escape(n)}\s*\)",
            text,
            re.IGNORECASE,
        )
    )


ROUNDED = re.compile(
    r"\b(?:l?l?r(?:int|ound)[fl]?|nearbyintf?|a?nint|__float2int_rn)\s*\(|\+\s*0?\.5(?:[fFdD]0?)?\b(?!\s*\*)",
    re.IGNORECASE,
)
"""What makes a whole number of one that lies between two."""


_RETURNING = re.compile(r"\bif\s*\(((?:[^()]|\([^()]*\))*)\)\s*(?:\{\s*)?return\b", re.IGNORECASE)
_BOUND = re.compile(
    r"\b([A-Za-z_]\w*)\s*(<=?|>=?|[=!/]=|\.(?:lt|le|gt|ge|eq|ne)\.)\s*(-?\d+)\b(?!\.)",
    re.IGNORECASE,
)


def find_guards(text: str) -> dict[str, tuple[int, ...]]:
    """Scalars that a condition before an early return compares with whole numbers, and the first
    two of those (`k < 1 || k > 16`).
    """
    found: dict[str, tuple[int, ...]] = {}
    for condition in _RETURNING.findall(text):
        for name, _, number in _BOUND.findall(condition):
            known = found.get(name.lower(), ())
            found[name.lower()] = (
                known if int(number) in known or len(known) > 1 else (*known, int(number))
            )
    return found


def find_modes(signature: Signature, text: str) -> dict[str, tuple[int, ...]]:
    """Scalars by whose value the text chooses between more than two ways (`switch`, `select case`,
    `name == 3`), and the values.
    """
    found = {}
    for p in signature.parameters:
        if p.kind != "scalar" or p.type[0] not in "iu":
            continue
        n = re.escape(p.name)
        values = [
            int(k) for k in re.findall(rf"\b{n}\s*(?:==|\.eq\.)\s*(-?\d+)\b", text, re.IGNORECASE)
        ]
        if re.search(rf"\b(?:switch|select\s+case)\s*\(\s*{n}\s*\)", text, re.IGNORECASE):
            values += [int(k) for k in re.findall(r"\bcase\s*\(?\s*(-?\d+)", text, re.IGNORECASE)]
        if len(set(values)) > 1:
            found[p.name] = tuple(dict.fromkeys(values))
    return found


_BY_TURNS = re.compile(
    r"(?:&&|\|\||\.and\.|\.or\.)[^;{}\n]*[\[(]|\bcontinue\b|\bcycle\b", re.IGNORECASE
)


def has_conditional_reads(text: str) -> bool:
    """Whether an element may only be read where others were as asked for (`x[i] > lo && y[i] <
    hi`): few contents read all.
    """
    return bool(_BY_TURNS.search(text))


_CHARACTER = re.compile(r"'(?:\\.|[^'\\\n])'")


def find_text_arrays(signature: Signature, text: str) -> frozenset[str]:
    """The arrays of `char` in a program whose text has character constants: letters mean something
    there.
    """
    return (
        frozenset(p.name for p in signature.parameters if p.kind != "scalar" and p.type == "i8")
        if _CHARACTER.search(text)
        else frozenset()
    )


def find_option_letters(signature: Signature, text: str) -> dict[str, tuple[int, ...]]:
    """The characters that each one-byte scalar is compared with on its line (BLAS's `uplo == 'U'`,
    `lsame(uplo, 'U')`) or by the cases of a choice, and one other.
    """
    found = {}
    for p in signature.parameters:
        if p.kind == "scalar" and p.type in ("i8", "u8"):
            lines = re.findall(
                rf"^[^\n]*\b{re.escape(p.name)}\b[^\n]*$", text, re.IGNORECASE | re.MULTILINE
            )
            if re.search(
                rf"\b(?:switch|select\s+case)\s*\(\s*{re.escape(p.name)}\s*\)", text, re.IGNORECASE
            ):
                lines += re.findall(r"\bcase\b[^\n:]*", text, re.IGNORECASE)
            letters = dict.fromkeys(
                ord(c)
                for line in lines
                for c in re.findall(r"'([ -~])'|\"([ -~])\"", line)
                for c in c
                if c
            )
            if letters:
                found[p.name] = (*letters, ord("#"))
    return found | _enumerators_of(signature, text)


def _enumerators_of(signature: Signature, text: str) -> dict[str, tuple[int, ...]]:
    """The values that fields of an enumeration's type may have."""
    found = {}
    for name, listed in find_enumerations(text).items():
        fields = re.findall(rf"\b{re.escape(name)}\s+(\w[^;(){{}}]*);", text)
        declared = {
            word
            for group in fields
            for part in group.split(",")
            for word in re.findall(r"^\s*(\w+)", part)
        }
        for p in signature.parameters:
            if (
                p.kind == "scalar"
                and p.member
                and p.member.path.rpartition(".")[2] in declared
                and p.type == listed.type
                and listed.values
            ):
                found[p.name] = listed.values
    return found


HEADS = re.compile(
    r"\b(?:for|while)\s*\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)|^\s*(?:\d+\s+)?do\s+(?:\d+\s+)?\w+\s*=[^\n]*",
    re.IGNORECASE | re.MULTILINE,
)


def find_row_offsets(indices: frozenset[str], text: str) -> frozenset[str]:
    """Those arrays of indices of which the text reads a place and the next one, and loops from one
    to the other.
    """
    heads, found = " ".join(HEADS.findall(text)), set()
    for name in indices:
        element = rf"\b{re.escape(name)}\s*[\[(]"
        places = {
            re.sub(r"\s", "", place).lower()
            for place in re.findall(
                rf"{element}\s*(\w+(?:\s*[-+]\s*\w+)?)\s*[\])]", text, re.IGNORECASE
            )
        }
        neighbours = any(
            f"{place}+1" in places or (place.endswith("-1") and place[:-2] in places)
            for place in places
        )
        ends = [
            element,
            *(
                rf"\b{scalar}\b"
                for scalar in re.findall(rf"(\w+)\s*=\s*{element}", text, re.IGNORECASE)
            ),
        ]
        if neighbours and any(re.search(end, heads, re.IGNORECASE) for end in ends):
            found.add(name)
    return frozenset(found)


_NUMBER = r"(-?(?:\d+\.?\d*|\.\d+)(?:[eEdD][-+]?\d+)?)"
_COMPARED = tuple(
    re.compile(p, re.IGNORECASE)
    for p in (
        rf"(?:[=!/]=|(?<![<>-])[<>]=?(?![<>])|\bcase\b\s*\(?|\.(?:eq|ne|lt|le|gt|ge)\.)\s*{_NUMBER}",
        rf"(?<![\w.]){_NUMBER}[fFlLuU]*\s*(?:[=!/]=|[<>]=?(?![<>])|\.(?:eq|ne|lt|le|gt|ge)\.)",
        rf"\b(?:const|constexpr|parameter)\b[^;=\n]*=\s*{_NUMBER}",
    )
)
_LOOP_HEAD = re.compile(r"\b(?:for|while)\s*\([^)]*\)")
USUAL = 2
"""Whole numbers up to here occur in every suite (`tester.generate.sketches`)."""
MAX_MARKS = 3


def find_compared_numbers(text: str) -> tuple[float, ...]:
    """The numbers that a text compares something with (its loops aside), first ones first: a search
    for 7 wants a test with a 7.
    """
    text = _LOOP_HEAD.sub(" ", text)
    found = sorted(
        (m.start(1), m.group(1)) for pattern in _COMPARED for m in pattern.finditer(text)
    )
    numbers = dict.fromkeys(float(number.lower().replace("d", "e")) for _, number in found)
    return tuple(n for n in numbers if n % 1 or abs(n) > USUAL)[:MAX_MARKS]
