"""Plain reads of what other threads change atomically, where they are no more than a guess that an atomic operation checks.

Contract: marks tokens in place (`*p` -> `cv_guess(p)`), so that the race detector takes the read for a relaxed atomic one. Only two forms
are marked; any other plain read of such a place stays a race.
* `old = *p;` where a loop behind it does `old = atomicCAS(p, ...)`, and nothing between them looks at `old`: the loop that the CUDA
  programming guide shows, and the variants that leave it where there is nothing to do.
* `if (v > *p) atomicMax(p, v);` (or atomicMin with `<`) without `else`: without the condition it would do the same.

    python -c "from gpu_runtime.cuda_rewrite import rewrite; print(rewrite('void f(int *m, int v) { if (v > *m) atomicMax(m, v); }'))"
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class _Token(Protocol):
    kind: str
    text: str

    @property
    def code(self) -> bool: ...


_LOOPS = ("do", "while", "for")
_ATOMIC_OF = {">": "atomicMax", "<": "atomicMin"}
_TURNED = {">": "<", "<": ">"}


def mark_guesses(tokens: Sequence[_Token]) -> None:
    """Marks what the contract names."""
    code = [t for t in tokens if t.code]
    if not any(t.text in ("atomicCAS", "atomicMax", "atomicMin") for t in code):
        return
    texts = [t.text for t in code]
    for i in range(len(code)):
        if texts[i] == "=" and i and code[i - 1].kind == "name":
            end = _place_end(texts, i + 1)
            if end and texts[end : end + 1] in ([";"], [","]) and _seeds_loop(texts, i - 1, end, _place(texts, i + 1, end)):
                _mark(code, i + 1, end)
        elif texts[i] == "if" and (found := _precheck(texts, i)):
            _mark(code, *found)


def _mark(code: list[_Token], start: int, end: int) -> None:
    code[start].text = "cv_guess(" if code[start].text == "*" else "cv_guess(&" + code[start].text
    code[end - 1].text += ")"


def _place_end(texts: list[str], i: int) -> int:
    """Index behind `*p` or `p[...]` at i, or 0."""
    if texts[i : i + 1] == ["*"] and texts[i + 1 : i + 2] and texts[i + 1].isidentifier():
        return i + 2
    if texts[i + 1 : i + 2] == ["["] and texts[i].isidentifier():
        return _closing(texts, i + 1) + 1
    return 0


def _closing(texts: list[str], i: int) -> int:
    """Index of the bracket that closes the one at i, or -1."""
    depth = 0
    for k in range(i, len(texts)):
        depth += (texts[k] in ("(", "[", "{")) - (texts[k] in (")", "]", "}"))
        if depth == 0:
            return k
    return -1


def _place(texts: list[str], start: int, end: int) -> set[str]:
    """How the address of the place may be written."""
    if texts[start] == "*":
        return {texts[start + 1]}
    name, index = texts[start], "".join(texts[start + 2 : end - 1])
    return {f"&{name}[{index}]", f"{name}+{index}", *([name] if index == "0" else [])}


def _arguments(texts: list[str], i: int) -> list[str]:
    """Arguments of the call whose bracket is at i, without white space."""
    parts, depth = [""], 0
    for text in texts[i + 1 : max(i + 1, _closing(texts, i))]:
        depth += (text in ("(", "[", "{")) - (text in (")", "]", "}"))
        if text == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += text
    return parts


def _seeds_loop(texts: list[str], name_at: int, end: int, place: set[str]) -> bool:
    """Whether the variable set at name_at is next looked at in a loop that sets it to what a compare-and-swap of the place finds."""
    name, pointers = texts[name_at], {p.split("[")[0].split("+")[0].lstrip("&") for p in place}
    depth, k = 0, end
    while k < len(texts) and texts[k] not in _LOOPS:
        depth += (texts[k] == "{") - (texts[k] == "}")
        if depth or texts[k] in (name, "if", "return") or texts[k] in pointers and texts[k + 1] == "=":
            return False
        k += 1
    last = _loop_end(texts, k)
    for i in range(k, last - 3):
        if texts[i : i + 4] == [name, "=", "atomicCAS", "("] and _arguments(texts, i + 3)[0] in place:
            return True
    return False


def _loop_end(texts: list[str], k: int) -> int:
    """Index behind the loop whose keyword is at k: its head, and its body up to the bracket or semicolon that closes it."""
    if k >= len(texts):
        return k
    i = k + 1 if texts[k] == "do" else _closing(texts, k + 1) + 1
    if i < len(texts) and texts[i] == "{":
        i = _closing(texts, i) + 1
        if texts[k] != "do":
            return i
    elif texts[k] == "do" and ";" in texts[i:]:
        i = texts.index(";", i) + 1
    while 0 < i < len(texts) and texts[i] not in (";", "}"):
        i = _closing(texts, i) + 1 if texts[i] in ("(", "[", "{") else i + 1
    return i


def _precheck(texts: list[str], i: int) -> tuple[int, int] | None:
    """First token and end of the place that the condition at i looks at, where it only spares an atomicMax or atomicMin."""
    close = _closing(texts, i + 1) if texts[i + 1 : i + 2] == ["("] else -1
    if close < 0:
        return None
    body, braced = (close + 2, True) if texts[close + 1 : close + 2] == ["{"] else (close + 1, False)
    if texts[body : body + 1] not in (["atomicMax"], ["atomicMin"]) or texts[body + 1] != "(":
        return None
    end = _closing(texts, body + 1) + 1
    after = texts[end : end + 3]
    if after[:1] != [";"] or braced and after[1:2] != ["}"] or "else" in after[1 : 3 if braced else 2]:
        return None
    address, *values = _arguments(texts, body + 1)
    for start, stop in _conjuncts(texts, i + 2, close):
        for k in range(start, stop):
            if texts[k] not in _ATOMIC_OF:
                continue
            for at, value, sign in ((k + 1, texts[start:k], texts[k]), (start, texts[k + 1 : stop], _TURNED[texts[k]])):
                place_end = _place_end(texts, at)
                whole = place_end == (stop if at > k else k)
                if whole and _ATOMIC_OF[sign] == texts[body] and address in _place(texts, at, place_end) and ["".join(value)] == values:
                    return at, place_end
    return None


def _conjuncts(texts: list[str], start: int, end: int) -> list[tuple[int, int]]:
    """Ranges of the parts of a condition that stand between `&&`; none where it has anything that binds weaker."""
    cuts, depth = [start], 0
    for k in range(start, end):
        depth += (texts[k] in ("(", "[", "{")) - (texts[k] in (")", "]", "}"))
        if depth == 0 and texts[k] in ("|", "?", ",", "=", ";") and texts[k - 1] not in ("=", "!") and texts[k + 1] != "=":
            return []
        if depth == 0 and texts[k : k + 2] == ["&", "&"]:
            cuts += [k, k + 2]
    cuts.append(end)
    return list(zip(cuts[::2], cuts[1::2], strict=True))
