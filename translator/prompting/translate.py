"""What the Translator is asked and how its answer is read: programs in, candidates out; verified
pairs in, examples out.

Contract: nothing a model writes is repaired; what it wrote becomes a Candidate, whatever it is. In
the canonical style a prompt is a direction tag and the source with canonical names, and the answer
begins with the signature that follows from the source; in the plain style (pre-trained instruction
models) it is a request in words with fenced code.

    python -c "from corpora.dialects import direction; from corpora.records import Program; \\
from translator.prompting.translate import ask; print(ask(Program('cpp', 'f', 'void f(int n, float
*x) { }'), direction('cpp:cuda')))"
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from enum import StrEnum
from functools import partial

from corpora.dialects import DIALECTS, Direction, dialect
from corpora.extraction.c_family import with_definitions, without_definitions
from corpora.records import Candidate, Program
from corpora.tokens.canonical import Canonical, canonicalise, restore
from gpu_runtime.models.protocol import (
    ConstraintState,
    Example,
    LanguageModel,
    Preference,
    Prompt,
    Sampling,
)
from translator.decoding.c_scopes import is_v
from translator.decoding.constraints import CONSTRAINTS, Level, annotation_constraint
from translator.decoding.forced_prefix import forced_prefix, host_head
from translator.normalize.expand_macros import written_out
from translator.normalize.fortran.fortran_in_cpp import in_cpp
from translator.outline.cpp_blocks import tidied
from translator.prompting.answers import code_of, is_whole
from translator.prompting.instructions import Wording, fenced, request

DIRECTION_TAGS = tuple(f"<{a}:{b}>" for a in DIALECTS for b in DIALECTS if a != b)
"""First word of every canonical prompt; a scratch model's vocabulary holds them whole."""


LONGEST_TIMES, LONGEST_PLUS, LONGEST_LAUNCH = 2, 100, 400
"""A constrained answer of more words than these times and plus the source's goes round in circles;
host code with launches is longer.
"""


class PromptStyle(StrEnum):
    CANONICAL = "canonical"
    PLAIN = "plain"


def canonical(program: Program, names: Sequence[str] = ()) -> Canonical:
    """The program's words; `names` are the other side's where the program is one side of a pair."""
    return canonicalise(program.text, dialect(program.dialect).language, names, program.name)


def spelled_question(program: Program, direction: Direction) -> tuple[Program, Direction]:
    """What a small model is asked in place of `program` in `direction`, since it reads one way of
    writing better than many: Fortran whose port is C-like is spelled in C++ by rule, and C++ that
    becomes CUDA has its variables declared where they are set, where that can be done. (Under
    OpenMP the port keeps the source's own words.) Macros, constants and small helpers are written
    out for both. The port is judged against `program`.
    """
    if (
        direction.source.model != "serial"
        or direction.target.language != "cpp"
        or direction.target.model == "serial"
    ):
        return program, direction
    if direction.source.language == "fortran":
        asked = in_cpp(program)
    else:
        asked = (tidied(program) if direction.target.model == "cuda" else None) or written_out(
            program
        )
    return (
        (program, direction)
        if asked is None
        else (asked, Direction(dialect(asked.dialect), direction.target))
    )


def ask(
    program: Program,
    direction: Direction,
    style: PromptStyle = PromptStyle.CANONICAL,
    constrained: Level | str = Level.FULL,
    wording: Wording = Wording(),
) -> Prompt:
    """The prompt that asks for `program` (which must be in the direction's source dialect) in its
    target dialect.
    """
    if program.dialect != direction.source.name:
        raise ValueError(
            f"program {program.id} is {program.dialect}, but the direction is {direction}"
        )
    if style is PromptStyle.PLAIN:
        ended = partial(is_whole, dialect_name=direction.target.name, name=program.name)
        return Prompt(request(program, direction, wording), ended=ended)
    source = canonical(program)
    prefix = forced_prefix(program, source, direction)
    constraint, most = None, None
    if Level(constrained) is not Level.NONE:
        constraint = _constraint(source, prefix.split(), direction, Level(constrained))
        most = LONGEST_TIMES * len(source.tokens) + LONGEST_PLUS
        if not prefix and direction.target.model == "cuda":
            most += LONGEST_LAUNCH
    return Prompt(f"<{direction}> {source.text}", prefix, constraint, most)


def _constraint(
    source: Canonical, prefix: Sequence[str], direction: Direction, level: Level
) -> Callable[[], ConstraintState]:
    same, language = (
        direction.source.language == direction.target.language,
        direction.target.language,
    )
    made = None
    if same and (direction.source.model, direction.target.model) == ("serial", "openmp"):
        made = annotation_constraint(language, source.tokens, prefix, level)
    head = () if prefix else host_head(source, direction).split()
    return made or CONSTRAINTS[language](
        source.tokens, prefix, len(source.names), level, same, direction.target.model, head
    )


def read_answer(
    answer: str, program: Program, direction: Direction, style: PromptStyle = PromptStyle.CANONICAL
) -> str:
    """Program text of a model's answer: names restored, or the code in it (see
    `translator.prompting.answers.code_of`), with the definitions of its source that it names and
    does not repeat.
    """
    if style is PromptStyle.PLAIN:
        text = code_of(answer, direction.target.name, program.name)
    else:
        words = copy_kinds(answer.split()) if direction.target.model == "cuda" else answer.split()
        text = restore(words, canonical(program).names, direction.target.language, program.name)
    return (
        with_definitions(text, program.text)
        if direction.source.language == direction.target.language == "cpp"
        else text
    )


def copy_kinds(words: Sequence[str]) -> list[str]:
    """`cudaMemcpyHostToDevice` and the like, which are names as any other in the canonical form,
    spelled: a name that only stands last in calls of cudaMemcpy is one of them, and what is copied
    whither says which.
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
        if end and words[end - 1] == ")" and words[end - 3] == "," and is_v(words[end - 2]):
            both = words[k + 2] in device and words[k + 3] == "," and words[k + 4] in device
            to_device = "cudaMemcpyDeviceToDevice" if both else "cudaMemcpyHostToDevice"
            spelled[end - 2] = to_device if words[k + 2] in device else "cudaMemcpyDeviceToHost"
    return spelled


def example_of(
    source: Program,
    target: Program,
    style: PromptStyle = PromptStyle.CANONICAL,
    weight: float = 1.0,
    wording: Wording = Wording(),
) -> Example:
    """Teach source -> target, in the direction that their dialects give."""
    direction = Direction(dialect(source.dialect), dialect(target.dialect))
    if style is PromptStyle.PLAIN:
        return Example(request(source, direction, wording), answer_of(target, style), weight)
    words = canonical(source)
    return Example(
        f"<{direction}> {words.text}", answer_of(_alone(target, source), style, words.names), weight
    )


def _alone(target: Program, source: Program) -> Program:
    """A target without the structures that its source defines, which a small model need not write
    again: answers are given what they lack of them.
    """
    if not dialect(source.dialect).language == dialect(target.dialect).language == "cpp":
        return target
    return replace(target, text=without_definitions(target.text, source.text))


def answer_of(target: Program, style: PromptStyle, names: Sequence[str] = ()) -> str:
    """`target` as an answer. names: the source's, in the canonical style."""
    return (
        fenced(target, dialect(target.dialect).language)
        if style is PromptStyle.PLAIN
        else canonical(target, names).text
    )


class Translator:
    """A language model asked for translations. One model serves every direction; the tag tells them
    apart.
    """

    def __init__(
        self,
        model: LanguageModel,
        style: PromptStyle = PromptStyle.CANONICAL,
        constrained: Level | str = Level.FULL,
        wording: Wording = Wording(),
        spell: bool = False,
    ) -> None:
        """spell: ask in the canonical style what `spelled_question` says, and teach verified pairs
        as they are asked.
        """
        self.model = model
        self._style = style
        self._constrained = constrained
        self._wording = wording
        self._spell = spell and style is PromptStyle.CANONICAL

    def question(self, program: Program, direction: Direction) -> tuple[Program, Direction]:
        """What the model is asked in place of `program` in `direction`."""
        return spelled_question(program, direction) if self._spell else (program, direction)

    def as_written(self) -> Translator:
        """The same, with every text as it is written."""
        return Translator(self.model, self._style, self._constrained, self._wording)

    def lessons_for(self, direction: Direction) -> tuple[Direction, ...]:
        """Directions whose pairs teach what is asked in `direction`: those of C++ too where Fortran
        is asked in it.
        """
        in_cpp_too = (
            self._spell
            and direction.source.name == "fortran"
            and direction.target.language == "cpp"
            and direction.target.model != "serial"
        )
        return (
            (Direction(dialect("cpp"), direction.target), direction) if in_cpp_too else (direction,)
        )

    def propose(
        self, programs: Sequence[Program], direction: Direction, sampling: Sampling
    ) -> list[Candidate]:
        """`sampling.n` candidates per program, in the programs' order; equal texts are not
        merged.
        """
        answers = self.model.generate(
            self.prompts([(program, direction) for program in programs]), sampling
        )
        return [
            Candidate(
                program.id,
                str(direction),
                read_answer(text, *self.question(program, direction), self._style),
                sample=sample,
            )
            for program, texts in zip(programs, answers)
            for sample, text in enumerate(texts)
        ]

    def prompts(self, questions: Sequence[tuple[Program, Direction]]) -> list[Prompt]:
        """What the model is asked, in order."""
        return [
            ask(*self.question(*asked), self._style, self._constrained, self._wording)
            for asked in questions
        ]

    def _example(self, source: Program, target: Program, weight: float) -> Example:
        asked, _ = self.question(
            source, Direction(dialect(source.dialect), dialect(target.dialect))
        )
        return example_of(asked, target, self._style, weight, self._wording)

    def candidate(self, answer: str, program: Program, direction: Direction) -> Candidate:
        """One answer as a candidate."""
        return Candidate(
            program.id,
            str(direction),
            read_answer(answer, *self.question(program, direction), self._style),
        )

    def preference(
        self, program: Program, direction: Direction, right: str, wrong: str
    ) -> Preference:
        """Two translations as the answers that they are read from."""
        source, way = self.question(program, direction)
        asked = ask(source, way, self._style, self._constrained, self._wording)
        names = canonical(source).names if self._style is PromptStyle.CANONICAL else ()
        texts = [Program(way.target.name, program.name, text) for text in (right, wrong)]
        answers = (answer_of(_alone(t, source) if names else t, self._style, names) for t in texts)
        return Preference(asked.text, *answers)

    def examples(
        self,
        pairs: Sequence[tuple[Program, Program]],
        learn: str = "back",
        weights: Sequence[float] | None = None,
    ) -> list[Example]:
        """Examples from verified pairs (real program, program that the Translator made of it).

        `forward` teaches real -> generated, the direction in which the pair was found. `back`
        teaches generated -> real: the input is the generated program and the label is the real one,
        so the model never learns to imitate its own output (the choice of QiMeng-MuPa). It trains
        the *reverse* direction: pairs found by cpp:cuda teach cuda:cpp, and pairs found by cuda:cpp
        from real kernels teach cpp:cuda. `both` gives the two, `back` first. Since one model serves
        all directions by tag, a round over both mono corpora trains both directions on real labels.
        weights: of each pair's loss; all 1 where none are given. Raises ValueError for another
        `learn`.
        """
        if learn not in ("back", "forward", "both"):
            raise ValueError(f"learn = '{learn}': known are back, forward, both")
        found: list[Example] = []
        for (real, generated), weight in zip(pairs, weights or [1.0] * len(pairs), strict=True):
            if learn != "forward":
                found.append(self._example(generated, real, weight))
            if learn != "back":
                found.append(self._example(real, generated, weight))
        return found
