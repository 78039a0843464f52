"""Requests in words, for pre-trained models: a text file per direction, and verified pairs shown as
examples.

Contract: `<source>_to_<target>.txt` is taken where there is one, else `any.txt`; a user's folder
goes before the package's (`translator/prompts`). Places: $name $signature $source $source_words
$target_words $source_language $target_language $shots. The examples shown for a program are the
known pairs most like it, but never one that it nearly is. A source that no bare kernel can replace
is asked by `<source>_to_cuda_host.txt`.

    python -c "from corpora.dialects import parse_direction; from corpora.records import Program; \\
from translator.prompting.instructions import build_request; print(build_request(Program('cpp', 'f',
'void f() { }'), parse_direction('cpp:cuda')))"
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from corpora.dialects import Dialect, DialectError, Direction, get_dialect
from corpora.emit.c_family import emit_c_family
from corpora.fingerprints import compute_fingerprints, compute_jaccard
from corpora.frontends.c_family import parse_c_family
from corpora.ir import Unsupported, UnsupportedExpression, find
from corpora.records import Program
from corpora.splits import THRESHOLD
from corpora.tokens.canonical import canonicalize, restore
from gpu_runtime.models.templates import fill_template, load_template
from translator.decoding.forced_prefix import find_forced_prefix

PROMPTS = Path(__file__).parents[1] / "prompts"

Pair = tuple[Program, Program]


@dataclass(frozen=True, slots=True)
class PromptWording:
    """How a model is asked in words. folder: path of the folder with the user's prompt files, such
    as `cpp_to_cuda.txt` or `any.txt`; '' for the package's alone. shots: most examples that are
    shown. pairs: verified pairs (source, target) to choose them from.
    """

    folder: str = ""
    shots: int = 0
    pairs: tuple[Pair, ...] = ()


def build_request(
    program: Program, direction: Direction, wording: PromptWording = PromptWording()
) -> str:
    """Return the text that asks a model to translate `program`. wording: the prompt files and
    examples to use. Raises ModelError if a prompt file cannot be used.
    """
    source, target = direction.source.name, direction.target.name
    signature = required_signature(program, direction)
    names = [f"{source}_to_{target}", "any"]
    if direction.target.model == "cuda" and not signature:
        names.insert(0, f"{source}_to_{target}_host")
    made = load_template(PROMPTS, wording.folder, names, frozenset({"source"}))
    shown = [
        _shot(pair, direction, wording) for pair in find_nearest_pairs(program, direction, wording)
    ]
    places = {"signature": signature or program.name, "shots": "".join(shown)}
    return fill_template(made, _make_template_values(program, direction) | places)


def required_signature(program: Program, direction: Direction) -> str:
    """Return the head that a C++ or CUDA answer must have, without its brace, in the source's own
    names. Returns '' if none follows from the source.
    """
    if direction.target.language != "cpp":
        return ""
    source = canonicalize(program.text, direction.source.language, (), program.name)
    words = find_forced_prefix(program, source, direction).split()
    return restore(words[:-1], source.names, "cpp", program.name).strip() if words else ""


def find_nearest_pairs(
    program: Program, direction: Direction, wording: PromptWording
) -> list[Pair]:
    """Return at most `wording.shots` of the pairs (source, target) in `wording.pairs`: those in
    `direction` whose source is most like `program`, the most alike last. Pairs whose source is a
    near-duplicate of `program` are left out.
    """
    pairs = [
        p
        for p in wording.pairs
        if (p[0].dialect, p[1].dialect) == (direction.source.name, direction.target.name)
    ]
    if not wording.shots or not pairs:
        return []
    own = _shingles((program,))[0]
    alike = [compute_jaccard(own, other) for other in _shingles(tuple(p[0] for p in pairs))]
    order = sorted(
        (i for i in range(len(pairs)) if alike[i] < THRESHOLD),
        key=lambda i: (-alike[i], pairs[i][0].id),
    )
    return [pairs[i] for i in order[: wording.shots]][::-1]


@lru_cache(maxsize=8)
def _shingles(programs: tuple[Program, ...]) -> list[frozenset[int]]:
    return [frozenset(s.tolist()) for s in compute_fingerprints(programs).shingles]


def _shot(pair: Pair, direction: Direction, wording: PromptWording) -> str:
    made = load_template(PROMPTS, wording.folder, ("shot",), frozenset({"source", "target"}))
    return fill_template(
        made, _make_template_values(pair[0], direction) | {"target": pair[1].text.strip()}
    )


def _speak(row: Dialect) -> str:
    """The words by which a model is asked for a dialect."""
    if not row.spoken:
        raise DialectError(
            f"dialect '{row.name}' has no words by which a model is asked for it; give its row in "
            f"the table DIALECTS of corpora/dialects.py `spoken`"
        )
    return row.spoken


def _make_template_values(program: Program, direction: Direction) -> dict[str, str]:
    return {
        "name": program.name,
        "source": lay_out(program),
        "source_words": _speak(direction.source),
        "target_words": _speak(direction.target),
        "source_language": direction.source.language,
        "target_language": direction.target.language,
    }


def lay_out(program: Program) -> str:
    """Return the program's text as people write it: a C-family text that is a list of words on one
    line, as token corpora have it, with lines and indents; any other as it is.

    A model that was trained on code answers such a list with another one (`1 . f`), which costs it
    what it knows.
    """
    text = program.text.strip()
    if "\n" in text or get_dialect(program.dialect).language != "cpp" or " ( " not in text:
        return text
    unit = parse_c_family(text, program.dialect)
    if next(find(unit, Unsupported, UnsupportedExpression), None) is not None:
        return text
    return emit_c_family(unit, program.dialect).strip()


def fence_code(program: Program, language: str) -> str:
    """Return a program's text, laid out, as a fenced block of Markdown. language: the word behind
    the opening fence, such as `cpp`.
    """
    return f"```{language}\n{lay_out(program)}\n```"


def reverse_pairs(pairs: Sequence[Pair]) -> tuple[Pair, ...]:
    """Return the pairs (source, target) with their sides exchanged, in order: pairs for the
    opposite direction.
    """
    return tuple((b, a) for a, b in pairs)
