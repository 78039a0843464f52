"""What the Translator is asked and how its answer is read: programs in, candidates out; verified
pairs in, examples out.

Contract: nothing a model writes is repaired; what it wrote becomes a Candidate, whatever it is. In
the canonical style a prompt is a direction tag and the source with canonical names, and the answer
begins with the signature that follows from the source; in the plain style (pre-trained instruction
models) it is a request in words with fenced code.

    python -c "from corpora.dialects import parse_direction; from corpora.records import Program; \\
from translator.prompting.translate import build_prompt; print(build_prompt(Program('cpp', 'f',
'void f(int n, float *x) { }'), parse_direction('cpp:cuda')))"
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from enum import StrEnum
from functools import partial

from corpora.dialects import DIALECTS, Direction, get_dialect
from corpora.extraction.c_family import add_definitions, drop_definitions
from corpora.records import Candidate, Program
from corpora.tokens.canonical import CanonicalText, canonicalize, restore
from gpu_runtime.models.protocol import (
    AnsweringModel,
    ConstraintState,
    Example,
    Preference,
    Prompt,
    Sampling,
)
from translator.decoding.c_scopes import is_numbered_name
from translator.decoding.constraints import CONSTRAINTS, ConstraintLevel, make_annotation_constraint
from translator.decoding.forced_prefix import find_forced_prefix, find_host_head
from translator.normalize.expand_macros import expand_program
from translator.normalize.fortran.convert import convert_to_cpp
from translator.outline.parse_cpp import normalize
from translator.prompting.answers import extract_code, is_whole
from translator.prompting.instructions import PromptWording, build_request, fence_code

DIRECTION_TAGS = tuple(f"<{a}:{b}>" for a in DIALECTS for b in DIALECTS if a != b)
"""First word of every canonical prompt; a scratch model's vocabulary holds them whole."""


LONGEST_TIMES, LONGEST_PLUS, LONGEST_LAUNCH = 2, 100, 400
"""A constrained answer of more words than these times and plus the source's goes round in circles;
host code with launches is longer.
"""


class PromptStyle(StrEnum):
    """How a model is asked. CANONICAL: a direction tag and canonical words, for models trained
    here. PLAIN: a request in words with fenced code.
    """

    CANONICAL = "canonical"
    PLAIN = "plain"


def canonicalize_program(program: Program, names: Sequence[str] = ()) -> CanonicalText:
    """Return the program's tokens with its own names replaced by V0, V1 and so on.

    names: spellings that are numbered first, such as those of the other side of a pair. Raises
        ValueError for an unknown dialect.
    """
    return canonicalize(program.text, get_dialect(program.dialect).language, names, program.name)


def normalize_source(program: Program, direction: Direction) -> tuple[Program, Direction]:
    """Return (program, direction) to ask a small model in place of the given ones; the given ones
    if no rule applies.

    For a C-like parallel target, Fortran is converted to C++. C++ for CUDA gets its variables
    declared where they are set. Macros, constants and small helpers are expanded. The port is still
    judged against `program`.
    """
    if (
        direction.source.model != "serial"
        or direction.target.language != "cpp"
        or direction.target.model == "serial"
    ):
        return program, direction
    if direction.source.language == "fortran":
        asked = convert_to_cpp(program)
    else:
        asked = (
            normalize(program) if direction.target.model == "cuda" else None
        ) or expand_program(program)
    return (
        (program, direction)
        if asked is None
        else (asked, Direction(get_dialect(asked.dialect), direction.target))
    )


def build_prompt(
    program: Program,
    direction: Direction,
    style: PromptStyle = PromptStyle.CANONICAL,
    constrained: ConstraintLevel | str = ConstraintLevel.FULL,
    wording: PromptWording = PromptWording(),
) -> Prompt:
    """Return the prompt that asks for a translation of `program`.

    constrained: how much decoding forbids, in the canonical style. wording: prompt files and
        examples, for the plain style. Raises ValueError if the program is not of the direction's
        source dialect or the level is unknown, ModelError if a prompt file cannot be used.
    """
    if program.dialect != direction.source.name:
        raise ValueError(
            f"program {program.id} is {program.dialect}, but the direction is {direction}"
        )
    if style is PromptStyle.PLAIN:
        ended = partial(is_whole, dialect_name=direction.target.name, name=program.name)
        return Prompt(build_request(program, direction, wording), ended=ended)
    source = canonicalize_program(program)
    prefix = find_forced_prefix(program, source, direction)
    constraint, most = None, None
    if ConstraintLevel(constrained) is not ConstraintLevel.NONE:
        constraint = _constraint(source, prefix.split(), direction, ConstraintLevel(constrained))
        most = LONGEST_TIMES * len(source.tokens) + LONGEST_PLUS
        if not prefix and direction.target.model == "cuda":
            most += LONGEST_LAUNCH
    return Prompt(f"<{direction}> {source.text}", prefix, constraint, most)


def _constraint(
    source: CanonicalText, prefix: Sequence[str], direction: Direction, level: ConstraintLevel
) -> Callable[[], ConstraintState]:
    same, language = (
        direction.source.language == direction.target.language,
        direction.target.language,
    )
    made = None
    if same and (direction.source.model, direction.target.model) == ("serial", "openmp"):
        made = make_annotation_constraint(language, source.tokens, prefix, level)
    head = () if prefix else find_host_head(source, direction).split()
    return made or CONSTRAINTS[language](
        source.tokens, prefix, len(source.names), level, same, direction.target.model, head
    )


def parse_answer(
    answer: str, program: Program, direction: Direction, style: PromptStyle = PromptStyle.CANONICAL
) -> str:
    """Return the program text of a model's answer. Canonical names are restored or, in the plain
    style, the code is extracted. Definitions of a C++ source that this text needs and does not
    repeat are added.

    answer: as the model gave it: canonical words, or text with fenced code in the plain style.
        program, direction: what the model was asked. Raises ValueError for an unknown dialect.
    """
    if style is PromptStyle.PLAIN:
        text = extract_code(answer, direction.target.name, program.name)
    else:
        words = (
            restore_copy_kinds(answer.split())
            if direction.target.model == "cuda"
            else answer.split()
        )
        text = restore(
            words, canonicalize_program(program).names, direction.target.language, program.name
        )
    return (
        add_definitions(text, program.text)
        if direction.source.language == direction.target.language == "cpp"
        else text
    )


def restore_copy_kinds(words: Sequence[str]) -> list[str]:
    """Return canonical words with the last argument of each `cudaMemcpy` call, where it is a
    canonical name, replaced by the kind of the copy, such as `cudaMemcpyHostToDevice`. The kind
    follows from which arrays are copied where: those of `cudaMalloc` are on the device.
    """
    device = {
        words[k + 3]
        for k in range(len(words) - 3)
        if list(words[k : k + 3]) == ["cudaMalloc", "(", "&"]
    }
    spelled = list(words)
    for k, word in enumerate(words):
        if word != "cudaMemcpy" or words[k + 1 : k + 2] != ["("]:
            continue
        end = next((j for j in range(k, len(words)) if words[j] == ";"), 0)
        if (
            end
            and words[end - 1] == ")"
            and words[end - 3] == ","
            and is_numbered_name(words[end - 2])
        ):
            both = words[k + 2] in device and words[k + 3] == "," and words[k + 4] in device
            to_device = "cudaMemcpyDeviceToDevice" if both else "cudaMemcpyHostToDevice"
            spelled[end - 2] = to_device if words[k + 2] in device else "cudaMemcpyDeviceToHost"
    return spelled


def make_example(
    source: Program,
    target: Program,
    style: PromptStyle = PromptStyle.CANONICAL,
    weight: float = 1.0,
    wording: PromptWording = PromptWording(),
) -> Example:
    """Return an example that teaches `source` -> `target`, in the direction of their dialects.
    weight: factor of its loss. wording: prompt files and examples, for the plain style. Raises
        ValueError for an unknown dialect, ModelError if a prompt file cannot be used.
    """
    direction = Direction(get_dialect(source.dialect), get_dialect(target.dialect))
    if style is PromptStyle.PLAIN:
        return Example(
            build_request(source, direction, wording), format_answer(target, style), weight
        )
    words = canonicalize_program(source)
    return Example(
        f"<{direction}> {words.text}",
        format_answer(_drop_shared_structures(target, source), style, words.names),
        weight,
    )


def _drop_shared_structures(target: Program, source: Program) -> Program:
    """A target without the structures that its source defines, which a small model need not write
    again: answers are given what they lack of them.
    """
    if not get_dialect(source.dialect).language == get_dialect(target.dialect).language == "cpp":
        return target
    return replace(target, text=drop_definitions(target.text, source.text))


def format_answer(target: Program, style: PromptStyle, names: Sequence[str] = ()) -> str:
    """Return a program as a model would answer it. names: spellings of the source's names, which
    the canonical style numbers first. Raises ValueError for an unknown dialect.
    """
    return (
        fence_code(target, get_dialect(target.dialect).language)
        if style is PromptStyle.PLAIN
        else canonicalize_program(target, names).text
    )


class Translator:
    """Asks a language model for translations. One model serves every direction.

    model: answers prompts. constrained: how much decoding forbids, in the canonical style. wording:
        prompt files and examples, for the plain style. spell: in the canonical style ask for each
        program as `normalize_source` returns it, and teach pairs in that form.
    """

    def __init__(
        self,
        model: AnsweringModel,
        style: PromptStyle = PromptStyle.CANONICAL,
        constrained: ConstraintLevel | str = ConstraintLevel.FULL,
        wording: PromptWording = PromptWording(),
        spell: bool = False,
    ) -> None:
        """spell: ask in the canonical style what `normalize_source` says, and teach verified pairs
        as they are asked.
        """
        self.model = model
        self._style = style
        self._constrained = constrained
        self._wording = wording
        self._spell = spell and style is PromptStyle.CANONICAL

    def normalize_question(
        self, program: Program, direction: Direction
    ) -> tuple[Program, Direction]:
        """Return (program, direction) to ask the model in place of the given ones, as from
        `normalize_source`. Without `spell`, or in the plain style, the given ones come back.
        """
        return normalize_source(program, direction) if self._spell else (program, direction)

    def as_written(self) -> Translator:
        """Return a Translator with the same model and settings, but without `spell`: it asks for
        programs as they are written.
        """
        return Translator(self.model, self._style, self._constrained, self._wording)

    def lessons_for(self, direction: Direction) -> tuple[Direction, ...]:
        """Return the directions whose verified pairs are good training examples for translating in
        `direction`, which is the last of them.

        Where Fortran is converted to C++ before the model sees it, the direction from C++ is one of
        them.
        """
        in_cpp_too = (
            self._spell
            and direction.source.name == "fortran"
            and direction.target.language == "cpp"
            and direction.target.model != "serial"
        )
        return (
            (Direction(get_dialect("cpp"), direction.target), direction)
            if in_cpp_too
            else (direction,)
        )

    def propose(
        self, programs: Sequence[Program], direction: Direction, sampling: Sampling
    ) -> list[Candidate]:
        """Ask the model to translate each program. Returns one flat list with `sampling.n`
        candidates per program, in the programs' order; equal texts are kept. Raises ModelError if
        the model fails or a prompt file cannot be used, ValueError if a program is not of the
        direction's source dialect.
        """
        answers = self.model.generate(
            self.prompts([(program, direction) for program in programs]), sampling
        )
        return [
            Candidate(
                program.id,
                str(direction),
                parse_answer(text, *self.normalize_question(program, direction), self._style),
                sample=sample,
            )
            for program, texts in zip(programs, answers)
            for sample, text in enumerate(texts)
        ]

    def prompts(self, questions: Sequence[tuple[Program, Direction]]) -> list[Prompt]:
        """Return the prompt for each of `questions`, pairs (program, direction), in order. Raises
        ValueError if a program is not of its direction's source dialect, ModelError if a prompt
        file cannot be used.
        """
        return [
            build_prompt(
                *self.normalize_question(*asked), self._style, self._constrained, self._wording
            )
            for asked in questions
        ]

    def _example(self, source: Program, target: Program, weight: float) -> Example:
        asked, _ = self.normalize_question(
            source, Direction(get_dialect(source.dialect), get_dialect(target.dialect))
        )
        return make_example(asked, target, self._style, weight, self._wording)

    def candidate(self, answer: str, program: Program, direction: Direction) -> Candidate:
        """Return a Candidate whose text is the program in `answer`, a model's answer for
        `program`.
        """
        return Candidate(
            program.id,
            str(direction),
            parse_answer(answer, *self.normalize_question(program, direction), self._style),
        )

    def preference(
        self, program: Program, direction: Direction, right: str, wrong: str
    ) -> Preference:
        """Return a preference, to train on, of the translation `right` over `wrong`, both as
        answers to the prompt for `program`. right, wrong: texts of programs in the direction's
        target dialect. Raises ValueError if the program is not of the direction's source dialect,
        ModelError if a prompt file cannot be used.
        """
        source, asked_direction = self.normalize_question(program, direction)
        asked = build_prompt(source, asked_direction, self._style, self._constrained, self._wording)
        names = canonicalize_program(source).names if self._style is PromptStyle.CANONICAL else ()
        texts = [
            Program(asked_direction.target.name, program.name, text) for text in (right, wrong)
        ]
        answers = (
            format_answer(_drop_shared_structures(t, source) if names else t, self._style, names)
            for t in texts
        )
        return Preference(asked.text, *answers)

    def examples(
        self,
        pairs: Sequence[tuple[Program, Program]],
        learn: str = "back",
        weights: Sequence[float] | None = None,
        directions: Collection[str] = (),
    ) -> list[Example]:
        """Return examples from verified pairs (real program, program that the Translator made of
        it).

        learn: `forward` teaches real -> generated. `back` teaches generated -> real, which is the
            reverse direction, so that labels are real programs. `both` gives the two, `back` first.
            `asked` gives those of the two that lie in `directions`.
        weights: of each pair's loss; None: all 1. directions: such as `cpp:cuda`, for `asked`.
            Raises ValueError for another `learn` or another number of weights than of pairs,
            ModelError if a prompt file cannot be used.
        """
        if learn not in ("back", "forward", "both", "asked"):
            raise ValueError(f"learn = '{learn}': known are back, forward, both, asked")
        found: list[Example] = []
        for (real, generated), weight in zip(pairs, weights or [1.0] * len(pairs), strict=True):
            ways = {"back": (generated, real), "forward": (real, generated)}
            for way, (source, target) in ways.items():
                asked = f"{source.dialect}:{target.dialect}" in directions
                if learn in (way, "both") or (learn == "asked" and asked):
                    found.append(self._example(source, target, weight))
        return found
