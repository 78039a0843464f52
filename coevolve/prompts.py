"""How a Translator that was exported is asked and read, for those who call the model themselves.

Contract: `write_prompt` gives the text that the model gets and the start of its answer,
`read_answer` makes a program of what it wrote. Nothing is executed: `coevolve.translate` does that
too.

    python -c "from coevolve.prompts import write_prompt; \\
        print(write_prompt('void f(int n, int *x) { x[0] = n; }', 'cpp:cuda'))"
"""

from __future__ import annotations

from corpora.datasets.loaders import load_text
from corpora.dialects import parse_direction
from corpora.records import Program
from translator.prompting.translate import PromptStyle, build_prompt, make_example, parse_answer

__all__ = ["read_answer", "write_conversation", "write_prompt"]


def write_prompt(source: str, direction: str, style: str = "canonical") -> tuple[str, str]:
    """Return what a Translator is asked, and how its answer begins ('' where that is free).

    source: the text of one function. direction: such as `cpp:cuda`. style: `canonical` for models
        trained from nothing (names become F0, V0 and so on, numbers are split), `plain` for others,
        which are asked in words. A model card names the style.
    Raises ValueError for a text without a function, or an unknown direction or style.
    """
    prompt = build_prompt(
        _read_function(source, direction), parse_direction(direction), PromptStyle(style)
    )
    return prompt.text, prompt.prefix


def read_answer(answer: str, source: str, direction: str, style: str = "canonical") -> str:
    """Return the program in a Translator's answer: its own names are put back, or code is cut out
    of the words around it.

    answer: with the start that `write_prompt` gave. source, direction, style: as they were given
        there. Raises ValueError as `write_prompt` does.
    """
    program = _read_function(source, direction)
    return parse_answer(answer, program, parse_direction(direction), PromptStyle(style))


def write_conversation(source: Program, target: Program) -> list[dict[str, str]]:
    """Return a pair as chat messages, from which a model learns `source` -> `target`: what it is
    asked (`user`), as pretrained models are asked here, and what it should answer (`assistant`).

    source, target: programs of two dialects, such as those of a Triplet. Raises ValueError for an
    unknown dialect.
    """
    taught = make_example(source, target, PromptStyle.PLAIN)
    return [
        {"role": "user", "content": taught.prompt},
        {"role": "assistant", "content": taught.answer},
    ]


def _read_function(source: str, direction: str) -> Program:
    dialect = parse_direction(direction).source.name
    programs = load_text(source, dialect).programs
    if not programs:
        raise ValueError(f"the text holds no function in {dialect} that tests can call")
    return programs[0]
