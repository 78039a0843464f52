"""Makes CUDA C++ into C++ that g++ takes with native/prelude_cuda.h: what only nvcc's grammar knows
is rewritten.

Contract: text to text, line numbers kept, one token or a thousand lines alike (whitespace-tokenised
text is fine). Text that is not CUDA comes back unchanged; text that is broken comes back broken in
the same place, for the compiler to complain about. Launches are found among the tokens of the front
end, because they also stand in the bodies and the arguments of macros. Declarations are found in
the tree; one that comes out of a macro is left to the prelude.

* `k<<<g, b, s>>>(args)`         -> `cv_call(cv_config(g, b, s).of("k"), [](auto... cv_a) {
  k(cv_a...); }, args)`, with the kernel's static shared memory and launch bounds where it has any
* the same in the body of a macro
* `cudaFuncSetAttribute(k, ...)` -> `cv_set_attribute("k", k, ...)`
* `extern __shared__ T x[];`     -> `T *const x = (T *)cv_dynamic_shared;`
* `__shared__ T x[N];`           -> the same, and a gap of known bytes behind it (an access to the
  gap is out of bounds)
* the same inside a template     -> a place in memory that the runner watches
  (gpu_runtime.emulation.shared_memory)
* `__device__ T x;` (a variable) -> goes to a section that is put back before every call
* `cudaLaunchCooperativeKernel((void *)k, ...)` loses the cast
* includes that the preludes stand for are dropped

    python -c "from gpu_runtime.emulation.cuda_rewrite import rewrite_cuda; \\
        print(rewrite_cuda('void f(){ k<<<1,2>>>(x); }'))"
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from corpora.analysis.cuda_index import launch_bounds
from corpora.analysis.cuda_sides import plain_name, read_sides, template_values
from corpora.frontends.c_directives import blank, directive_lines, included_path
from corpora.frontends.c_family import parse_c_family
from corpora.frontends.c_tokens import Token, join_tokens, tokenize
from corpora.ir import Call, Declaration, Function, Name, Span, StructDefinition, children, find
from corpora.ir.edits import Edit, apply_edits
from gpu_runtime.compile.headers import COMPLEX, PASSED_OVER_IN_CUDA
from gpu_runtime.emulation.shared_memory import emit_dynamic_shared, emit_static_shared

_MEMORY = frozenset({"__shared__", "__device__", "__constant__", "__managed__"})
_BY_POINTER = frozenset({"cudaLaunchKernel", "cudaLaunchCooperativeKernel"})
_OPEN, _CLOSE = ("(", "[", "{"), (")", "]", "}")


def rewrite_cuda(text: str) -> str:
    """Return CUDA text rewritten as C++ for g++, to be run by the emulation: launches, shared
    memory and CUDA's own words are replaced, line by line. What cannot be read stays for the
    compiler; nothing is raised.
    """
    tokens = tokenize(text)
    words = {token.text for token in tokens}
    edits = list(blank_includes(text))
    if words & _BY_POINTER:
        edits += _drop_casts(text, tokens)
    if "<<<" in words:
        edits += _rewrite_launches(text, tokens)
    if "cudaFuncSetAttribute" in words:
        edits += _name_kernels_of_attributes(text)
    if words & _MEMORY:
        launches = [(edit.start, edit.end) for edit in edits]
        for group in _rewrite_declarations(text):
            if not any(a < e.end and e.start < b for a, b in launches for e in group):
                edits += group
    return apply_edits(text, edits)


def blank_includes(text: str) -> Iterator[Edit]:
    """Yield edits that blank the lines of a CUDA text which include headers of CUDA or the standard
    library, since other text stands in for those. The header of complex numbers becomes a `using
    namespace`. Lines stay.
    """
    for line in directive_lines(text) if "#" in text else ():
        path = included_path(line, text) if line.word == "include" else ""
        if path in PASSED_OVER_IN_CUDA:
            opened = "using namespace cv_complex;" if path == COMPLEX else ""
            yield Edit(line.start, line.end, opened + blank(text[line.start : line.end]))


# ---- launches


def _drop_casts(text: str, tokens: Sequence[Token]) -> Iterator[Edit]:
    """`cudaLaunchKernel((void *)k, ...)`: without the cast the type of the kernel is known."""
    for i, token in enumerate(tokens):
        following = [t.text for t in tokens[i + 1 : i + 8] if t.text != "const"]
        if token.text not in _BY_POINTER or following[:1] != ["("]:
            continue
        if following[1:5] in (["(", "void", "*", ")"], ["reinterpret_cast", "<", "void", "*"]):
            end = next(j for j in range(i + 2, len(tokens)) if tokens[j].text in (")", ">")) + 1
            yield from (_edit(text, t, "") for t in tokens[i + 2 : end])


def _rewrite_launches(text: str, tokens: Sequence[Token]) -> Iterator[Edit]:
    """Those of the code, and those in the bodies of macros: `#define RUN(k, n) k<<<n, 64>>>(n)`."""
    code, at = [], 0
    limits = _find_limits(text, tokens)
    for line in directive_lines(text, tokens):
        code += tokens[at : line.first]
        at = line.last
        if line.word == "define":
            yield from _launches(text, line.tokens, limits)
    yield from _launches(text, [*code, *tokens[at:]], limits)


def _find_limits(text: str, tokens: Sequence[Token]) -> dict[str, tuple[int, int]]:
    """Bytes of static shared memory and most threads of a block (0: not said) of the kernels that
    have either.
    """
    if not {"__shared__", "__launch_bounds__"} & {token.text for token in tokens}:
        return {}
    sides = read_sides(text)
    launches = [launch for _, launch in sides.launches()]
    found = {}
    for kernel in sides.defined:
        if sides.is_kernel(kernel):
            values = template_values(kernel, launches)
            taken = max((sides.static_shared_bytes(kernel, v) for v in values), default=0)
            most = (launch_bounds(kernel) or (0,))[0] or 0
            found[kernel.name] = (taken, most)
    return {name: limits for name, limits in found.items() if any(limits)}


def _name_kernels_of_attributes(text: str) -> Iterator[Edit]:
    sides = read_sides(text)
    for call in find(sides.unit.items, Call):
        named = isinstance(call.function, Name) and call.function.id == "cudaFuncSetAttribute"
        if not named or not call.arguments:
            continue
        place, first = call.function.span, getattr(call.arguments[0], "span", None)
        if place is None or first is None or place.expanded or first.expanded:
            continue
        of = next(find(call.arguments[0], Name), None)
        kernels = sides.free_functions(of.id) if of is not None else ()
        known = any(sides.is_kernel(f) for f in kernels)
        name = f'"{plain_name(of.id)}"' if known and of is not None else "nullptr"
        yield Edit(place.start, place.end, "cv_set_attribute")
        yield Edit(first.start, first.start, f"{name}, ")


def _launches(
    text: str, tokens: Sequence[Token], limits: dict[str, tuple[int, int]]
) -> Iterator[Edit]:
    """A launch that ends where no other began; one inside another's arguments is left as it is."""
    done = 0
    for i, token in enumerate(tokens):
        if token.text != "<<<" or i < done:
            continue
        start = _callee_start(tokens, i)
        end = next((j for j in range(i, len(tokens)) if tokens[j].text in (">>>", ";")), -1)
        opening = end + 1 if end >= 0 and tokens[end].text == ">>>" else len(tokens)
        if start < done or opening >= len(tokens) or tokens[opening].text != "(":
            continue
        closing = find_closing_bracket(tokens, opening)
        if closing < 0:
            continue
        done = opening + 1
        kernel = join_tokens(tokens[start:i]).strip()
        arguments = [t.text for t in tokens[opening + 1 : closing]]
        written = plain_name(kernel)
        said = "".join(f", {number}" for number in limits.get(written, ()))
        of = f").of(CV_NAME({written}){said})"
        call = f"{of}, [](auto... cv_a) {{ {kernel}(cv_a...); }}" + ("," if arguments else "")
        # the arguments of a macro may be nothing at all
        handed_on = "##" if arguments == ["__VA_ARGS__"] else ""
        yield from (_edit(text, t, "") for t in tokens[start:i])
        yield _edit(text, token, "cv_call(cv_config(")
        yield _edit(text, tokens[end], call)
        yield _edit(text, tokens[opening], handed_on)


def _edit(text: str, token: Token, new: str) -> Edit:
    """Another text in the place of a token; the lines that it spans by backslashes stay."""
    lines = text.count("\n", token.start, token.end)
    return Edit(token.start, token.end, new + "\\\n" * lines)


def find_closing_bracket(tokens: Sequence[Token], i: int) -> int:
    """Return the index of the token that closes the bracket `tokens[i]`; -1 if none does."""
    depth = 0
    for j in range(i, len(tokens)):
        depth += (tokens[j].text in _OPEN) - (tokens[j].text in _CLOSE)
        if depth == 0:
            return j
    return -1


def _callee_start(tokens: Sequence[Token], i: int) -> int:
    """Index of the first token of the kernel name that ends before i: `k`, `ns::k` or `k<T>`; -1
    when there is none.
    """
    j = i - 1
    if j >= 0 and tokens[j].text in (">", ">>"):
        depth = 0
        while j >= 0 and tokens[j].text not in (";", "{", "}"):
            text = tokens[j].text
            depth += text.count(">") * (text in (">", ">>")) - (text == "<")
            if depth <= 0:
                break
            j -= 1
        j -= 1
    while j >= 0 and tokens[j].kind == "word":
        if j == 0 or tokens[j - 1].text != "::":
            return j
        if j == 1 or tokens[j - 2].kind != "word":
            return j - 1
        j -= 2
    return -1


# ---- declarations


def _rewrite_declarations(text: str) -> Iterator[list[Edit]]:
    """Edits for each statement that declares __shared__, __device__ or __constant__ variables."""
    gaps = 0
    for group, declared, in_template in _declared(text):
        tokens = tokenize(text[group.start : group.end])
        storage = set(declared[0].storage)
        if group.expanded or not tokens or tokens[-1].text != ";" or _holds_directive(tokens):
            continue
        if "__shared__" in storage and "extern" in storage:
            new = emit_dynamic_shared(declared)
            yield [_replace(text, group, new)] if new else []
        elif "__shared__" in storage:
            boxed = in_template and emit_static_shared(tokens, declared, gaps)
            if boxed:
                yield [_replace(text, group, boxed)]
            else:
                gap = Edit(group.end - 1, group.end, f"; CV_GAP({gaps})")
                yield [*_without(group, tokens, "static", "__device__"), gap]
            gaps += 1
        else:
            yield _place_variable(group, tokens, storage)


def _declared(text: str) -> Iterator[tuple[Span, list[Declaration], bool]]:
    """Every statement that declares variables in memory of the device: its span, what it declares,
    and whether it stands in a template. In the order of the text.
    """
    found: dict[tuple[int, int], tuple[Span, list[Declaration], bool]] = {}
    waiting = [(item, False) for item in parse_c_family(text, "cuda").items]
    while waiting:
        node, inside = waiting.pop()
        if isinstance(node, Declaration) and _MEMORY & set(node.storage) and node.group:
            key = (node.group.start, node.group.end)
            found.setdefault(key, (node.group, [], inside))[1].append(node)
        if isinstance(node, (Function, StructDefinition)):
            inside = inside or bool(node.template)
        waiting += [(child, inside) for child in children(node)]
    for key in sorted(found):
        group, declared, inside = found[key]
        yield group, sorted(declared, key=lambda d: d.span.start if d.span else 0), inside


def _holds_directive(tokens: Sequence[Token]) -> bool:
    return any(token.text == "#" for token in tokens)


def _place_variable(group: Span, tokens: Sequence[Token], storage: set[str]) -> list[Edit]:
    """A variable at the top level goes to the section of what device memory holds."""
    words = {token.text for token in tokens}
    if storage & {"__constant__", "__managed__"}:
        if "const" not in words:
            return list(_without(group, tokens, "static", "__device__"))
        word = next(t for t in tokens if t.text in ("__constant__", "__managed__"))
        others = [t for t in tokens if t is not word]
        edits = list(_without(group, others, "static", "__device__", "__constant__"))
        return [*edits, Edit(group.start + word.start, group.start + word.end, "static")]
    if words & {"const", "constexpr", "extern"}:
        return []
    word = next((t for t in tokens if t.text == "__device__"), None)
    if word is None:  # a macro says it
        return []
    place = Edit(group.start + word.start, group.start + word.end, "CV_DEVICE_VARIABLE")
    return [*_without(group, tokens, "static"), place]


def _without(group: Span, tokens: Sequence[Token], *words: str) -> Iterator[Edit]:
    for token in tokens:
        if token.text in words:
            yield Edit(group.start + token.start, group.start + token.end, "")


def _replace(text: str, group: Span, new: str) -> Edit:
    return Edit(group.start, group.end, new + blank(text[group.start : group.end]))
