"""What the Tester is asked and how its answer is read: programs in, tests out; programs with good
suites in, examples out.

Contract: an answer is read test by test, so that one bad test costs that test; a test that does not
parse is data. In the canonical style the model writes no types (the signature has them) and the
answer is forced to begin with the first parameter.

    python -c "from corpora.records import Program; \\
        from tester.generate.propose import build_prompt; \\
print(build_prompt(Program('cpp', 'f', 'void f(int n, float *x) { x[n-1] = 0; }'), 3))"
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from enum import StrEnum
from pathlib import Path

from corpora.dialects import DIALECTS, get_dialect
from corpora.records import (
    ELEMENT_TYPES,
    ArrayValue,
    Program,
    ScalarValue,
    Signature,
    UnitTest,
    UnitTestSuite,
)
from corpora.signatures.signature import SignatureError, read_signature
from corpora.suites.unit_tests import SuiteError, format_assignment, parse_test
from corpora.tokens.canonical import CanonicalText, canonicalize, restore
from corpora.tokens.lexers import NEWLINE
from gpu_runtime.models.code_blocks import find_fenced_blocks, find_text_outside, strip_thoughts
from gpu_runtime.models.protocol import Example, LanguageModel, Prompt, Sampling
from gpu_runtime.models.templates import fill_template, load_template

SUITE_TAGS = tuple(f"<{name}:suite>" for name in DIALECTS)
"""First word of every canonical prompt; a scratch model's vocabulary holds them whole."""

PROMPTS = Path(__file__).parents[1] / "prompts"
_MARK = re.compile(r"[\s>*•+-]*(?:(?:test|case)?\s*\(?#?\d+\s*[.):]+)?[\s>*•-]*", re.I)
"""What lists put before a line: bullets, numbers, `Test 1:`."""
_ATTEMPT = re.compile(r"\w+\s*(?::\s*\w+\s*)?(?:\[[^\]\n]*\]\s*)*=")
"""How a test begins, right or wrong, and prose does not."""


class SuiteStyle(StrEnum):
    """How a model is asked for tests. CANONICAL: canonical words, for models trained here. PLAIN: a
    request in words with the program's text.
    """

    CANONICAL = "canonical"
    PLAIN = "plain"


def build_prompt(
    program: Program, tests: int, style: SuiteStyle = SuiteStyle.CANONICAL, folder: str = ""
) -> Prompt:
    """Return the prompt that asks for about `tests` tests of `program`. folder: path of the user's
    prompt files for the plain style; '' for none. Raises SignatureError if the program cannot be
    tested, ModelError if a prompt file cannot be used.
    """
    signature = read_signature(program)
    if style is SuiteStyle.PLAIN:
        return Prompt(_format_plain_request(program, signature, tests, folder))
    source = _source(program)
    prefix = ""
    if signature.parameters:
        first = signature.parameters[0]
        name = _suite_words(first.name, program, source.names)[0]
        prefix = f"{name} {'=' if first.kind == 'scalar' else '['}"
    return Prompt(f"<{program.dialect}:suite> {source.text}", prefix)


def _source(program: Program) -> CanonicalText:
    return canonicalize(program.text, get_dialect(program.dialect).language, entry=program.name)


def _suite_words(text: str, program: Program, names: Sequence[str]) -> tuple[str, ...]:
    return canonicalize(
        text, "suite", names, fold=get_dialect(program.dialect).language == "fortran"
    ).tokens


def _parameter_spellings(program: Program, signature: Signature) -> list[str]:
    """The program's name table, parameters as the signature spells them (Fortran's are in lower
    case there).
    """
    folded = {p.name.lower(): p.name for p in signature.parameters}
    names = _source(program).names
    if get_dialect(program.dialect).language != "fortran":
        return list(names)
    return [folded.get(name.lower(), name) for name in names]


def _format_plain_request(program: Program, signature: Signature, tests: int, folder: str) -> str:
    """The request in words: `tester/prompts/<dialect>.txt` or `any.txt`, a user's folder before the
    package's.
    """
    made = load_template(PROMPTS, folder, (program.dialect, "any"), frozenset({"source"}))
    places = {
        "tests": str(tests),
        "name": program.name,
        "parameters": ", ".join(f"{p.name} ({p.kind} of {p.type})" for p in signature.parameters),
        "language": get_dialect(program.dialect).language,
        "source": program.text.strip(),
    }
    return fill_template(made, places)


def parse_answer(
    answer: str, program: Program, style: SuiteStyle = SuiteStyle.CANONICAL
) -> list[UnitTest | SuiteError]:
    """Return the tests of a model's answer about `program`, in order, each as a UnitTest or as the
    error in its text, which is returned and not raised. In the plain style they come from the
    fenced block, or the text outside of blocks, with most readable tests. Raises SignatureError if
    the program cannot be tested.
    """
    signature = read_signature(program)
    if style is SuiteStyle.PLAIN:
        return _most_tests(strip_thoughts(answer), signature)
    return _tests(
        restore(answer.split(), _parameter_spellings(program, signature), "suite", program.name),
        signature,
    )


def _tests(text: str, signature: Signature) -> list[UnitTest | SuiteError]:
    """The tests of a text, one a line."""
    found: list[UnitTest | SuiteError] = []
    for line in _lines(text):
        try:
            found.append(parse_test(line, signature))
        except SuiteError as error:
            found.append(error)
    return found


def _lines(text: str) -> list[str]:
    return [line for line in re.split(r"[\n;]", text) if line.split("#")[0].strip()]


def _most_tests(text: str, signature: Signature) -> list[UnitTest | SuiteError]:
    """The tests of the place where most are: models quote the program and think aloud before them,
    so of equal places the last.
    """
    fenced = [
        _tests(_strip_list_marks(block.text, signature), signature)
        for block in find_fenced_blocks(text)
    ]
    lines = _lines(_strip_list_marks("\n".join(find_text_outside(text)), signature))
    attempts = [line for line in lines if _ATTEMPT.match(line)]
    bare = _tests("\n".join(attempts or lines), signature)
    best = max(
        [*reversed(fenced), bare],
        key=lambda found: sum(isinstance(test, UnitTest) for test in found),
    )
    return best if any(isinstance(test, UnitTest) for test in best) else (fenced or [bare])[-1]


def _strip_list_marks(text: str, signature: Signature) -> str:
    """The lines of a text without the bullets, numbers and backticks of a list; a line that is a
    test stays as it is.
    """
    kept = []
    for line in _lines(text):
        item = line[_MARK.match(line).end() :]  # type: ignore[union-attr]
        item = item.lstrip("`").split("`")[0] if item.startswith("`") else item
        item = item.strip("`* \t\r")
        try:
            parse_test(line, signature)
        except SuiteError:
            line = item or line
        kept.append(line)
    return "\n".join(kept)


def make_example(
    program: Program,
    suite: str | Sequence[UnitTest],
    style: SuiteStyle = SuiteStyle.CANONICAL,
    weight: float = 1.0,
    folder: str = "",
) -> Example:
    """Return an example that teaches `program` -> `suite`. suite: text with one test per line, or
    tests whose extents become expressions. weight: factor of the loss. folder: path of the user's
    prompt files for the plain style; '' for none. In the plain style, raises SignatureError if the
    program cannot be tested, ModelError if a prompt file cannot be used.
    """
    text = suite if isinstance(suite, str) else format_symbolic_suite(suite)
    if style is SuiteStyle.PLAIN:
        lines = [line for line in text.splitlines() if line.split("#")[0].strip()]
        return Example(
            _format_plain_request(program, read_signature(program), len(lines), folder),
            "```\n" + "\n".join(lines) + "\n```",
            weight,
        )
    source = _source(program)
    words = _strip_types(_suite_words(text, program, source.names))
    return Example(f"<{program.dialect}:suite> {source.text}", " ".join(words), weight)


def _strip_types(words: Sequence[str]) -> list[str]:
    """Drop `: type`: the signature knows it, and a word that need not be written cannot be
    wrong.
    """
    kept: list[str] = []
    for word in words:
        if kept and kept[-1] == ":" and word in ELEMENT_TYPES:
            kept.pop()
        else:
            kept.append(word)
    while kept and kept[-1] == NEWLINE:
        kept.pop()
    return kept


def format_symbolic_suite(tests: Sequence[UnitTest]) -> str:
    """Return the tests of one program as text, one per line, in which extents are the simplest
    expressions over integer scalars, such as `n*m`, that hold in every test. An extent without such
    an expression, or that is the same in every test, stays a number.
    """
    expressions = {
        (a.name, axis): _expression(tests, a.name, axis)
        for a in (tests[0].assignments if tests else ())
        if isinstance(a, ArrayValue) and a.fill is not None
        for axis in range(len(a.extents))
    }
    lines = []
    for test in tests:
        parts = [_symbolic(a, expressions) for a in test.assignments]
        lines.append(" ".join(parts + [f"alias({a},{b})" for a, b in test.aliases]))
    return "\n".join(lines) + "\n"


def _symbolic(assignment: ScalarValue | ArrayValue, expressions: dict[tuple[str, int], str]) -> str:
    text = format_assignment(assignment)
    if not isinstance(assignment, ArrayValue) or assignment.fill is None:
        return text
    if assignment.is_null:
        return text
    numbers = "".join(f"[{extent}]" for extent in assignment.extents)
    found = [
        expressions.get((assignment.name, axis)) or str(extent)
        for axis, extent in enumerate(assignment.extents)
    ]
    return text.replace(numbers + "=", "".join(f"[{e}]" for e in found) + "=", 1)


def _expression(tests: Sequence[UnitTest], array: str, axis: int) -> str:
    wanted, scalars = [], []
    for test in tests:
        values = {a.name: a for a in test.assignments}
        if not isinstance(values.get(array), ArrayValue) or axis >= len(values[array].extents):
            return ""
        if values[array].is_null:
            continue
        wanted.append(values[array].extents[axis])
        scalars.append(
            {
                n: int(a.value)
                for n, a in values.items()
                if isinstance(a, ScalarValue) and a.type[0] in "iu"
            }
        )
    if len(set(wanted)) < 2:
        return ""
    for text, value in _candidates(list(scalars[0])):
        if all(value(env) == extent for env, extent in zip(scalars, wanted)):
            return text
    return ""


def _candidates(names: Sequence[str]) -> Iterator[tuple[str, object]]:
    """Expressions in order of simplicity: n, n+c, c*n, n*m, n*m*k, (n-1)*m+1, n+m."""
    for n in names:
        yield n, lambda env, n=n: env[n]
    for n, c in itertools.product(names, (1, -1, 2, -2)):
        yield f"{n}{c:+d}", lambda env, n=n, c=c: env[n] + c
    for n, c in itertools.product(names, (2, 3, 4, 8, 16)):
        yield f"{n}*{c}", lambda env, n=n, c=c: env[n] * c
    for n, m in itertools.combinations_with_replacement(names, 2):
        yield f"{n}*{m}", lambda env, n=n, m=m: env[n] * env[m]
    for n, m, k in itertools.combinations_with_replacement(names, 3):
        yield f"{n}*{m}*{k}", lambda env, n=n, m=m, k=k: env[n] * env[m] * env[k]
    for n, m in itertools.permutations(names, 2):
        yield f"({n}-1)*{m}+1", lambda env, n=n, m=m: (env[n] - 1) * env[m] + 1
    for n, m in itertools.combinations(names, 2):
        yield f"{n}+{m}", lambda env, n=n, m=m: env[n] + env[m]


class Tester:
    """Asks a language model for unit tests of programs. model: answers the prompts. style: how it
    is asked. folder: path of the user's prompt files for the plain style; '' for none.
    """

    def __init__(
        self, model: LanguageModel, style: SuiteStyle = SuiteStyle.CANONICAL, folder: str = ""
    ) -> None:
        self.model = model
        self._style = style
        self._folder = folder

    def answers(
        self, programs: Sequence[Program], sampling: Sampling, tests: int = 4
    ) -> list[list[tuple[tuple[UnitTest, ...], int]]]:
        """Ask the model for about `tests` tests of each program. Returns per program, in order, per
        answer: (readable tests, number of tests written, readable or not). A program that cannot be
        tested gets an empty list. sampling: says how many answers per program are drawn. Raises
        ModelError if the model fails or a prompt file cannot be used.
        """
        found: list[list[tuple[tuple[UnitTest, ...], int]]] = [[] for _ in programs]
        asked = []
        for index, program in enumerate(programs):
            try:
                asked.append((index, build_prompt(program, tests, self._style, self._folder)))
            except SignatureError:
                continue
        for (index, _), texts in zip(
            asked, self.model.generate([prompt for _, prompt in asked], sampling), strict=True
        ):
            for text in texts:
                read = parse_answer(text, programs[index], self._style)
                found[index].append((tuple(t for t in read if isinstance(t, UnitTest)), len(read)))
        return found

    def examples(self, suites: Sequence[tuple[Program, UnitTestSuite | str]]) -> list[Example]:
        """Return examples to train on from pairs (program, its suite, or the suite's text), in
        order. A suite without tests gives no example. In the plain style, raises SignatureError if
        a program cannot be tested, ModelError if a prompt file cannot be used.
        """
        found = []
        for program, suite in suites:
            tests = suite if isinstance(suite, str) else suite.tests
            if tests:
                found.append(make_example(program, tests, self._style, folder=self._folder))
        return found
