"""What the Tester is asked, how its answers are read, and that every generated suite survives the
way there and back.
"""

from __future__ import annotations

import pytest
from hypothesis import given, settings, strategies as st

from corpora.generator import generate
from corpora.records import ArrayValue, Program, UnitTest, UnitTestSuite
from corpora.signatures.signature import read_signature
from corpora.suites.unit_tests import SuiteError, parse_suite
from gpu_runtime.models.protocol import Sampling
from gpu_runtime.models.scripted import ScriptedModel
from tester.generate.propose import (
    SuiteStyle,
    Tester,
    build_prompt,
    format_symbolic_suite,
    make_example,
    parse_answer,
)

PROGRAM = Program(
    "cpp",
    "f",
    "void f(int n, float a, const int *idx, float *x) { for (int i = 0; i < n; i++) "
    "x[idx[i]] += a; }",
)
GOOD = "V0 = 8 V1 = 1 _. _5 V2 [ V0 ] = indices ( V0 ) @ 5 V3 [ V0 * 2 ] = uniform ( - 1 , 1 )"


def test_a_prompt_names_the_dialect_and_forces_the_first_parameter() -> None:
    prompt = build_prompt(PROGRAM, 3)
    assert (
        prompt.text.startswith("<cpp:suite> void F0 ( int V0 , float V1 ,")
        and prompt.prefix == "V0 ="
    )
    assert build_prompt(Program("cpp", "g", "void g(float *y) { y[0] = 1; }"), 3).prefix == "V0 ["


def test_one_bad_test_costs_that_test() -> None:
    bad = "V0 = 8 V1 = 1 V2 [ V0 ] = indices ( V0 )"
    answer = f"{GOOD} <nl> {bad} <nl> {GOOD} <nl> V0 = 3 V9 = <nl> {GOOD.replace('8', '5')}"
    first, second = Tester(ScriptedModel(lambda p, k: answer)).answers(
        [PROGRAM, PROGRAM], Sampling()
    )
    assert first == second and len(first) == 1
    tests, written = first[0]
    assert written == 5 and len(tests) == 3
    assert [a.name for a in tests[0].assignments] == ["n", "a", "idx", "x"] and tests[
        0
    ].assignments[3].extents == (16,)
    reasons = [str(t) for t in parse_answer(answer, PROGRAM) if isinstance(t, SuiteError)]
    assert len(reasons) == 2 and any("lacks x" in reason for reason in reasons)


def test_a_program_without_signature_gets_no_answer() -> None:
    broken = Program("cpp", "f", "struct S; void f(S *s) {}")
    found = Tester(ScriptedModel(lambda p, k: GOOD)).answers([broken, PROGRAM], Sampling())
    assert found[0] == [] and [len(tests) for tests, _ in found[1]] == [1]


def test_every_answer_is_told_apart_and_the_sampling_is_the_callers() -> None:
    asked: list[Sampling] = []

    class Watched(ScriptedModel):
        def generate(self, prompts, sampling):
            asked.append(sampling)
            return super().generate(prompts, sampling)

    model = Watched(
        lambda p, k: (
            "nonsense" if k else " <nl> ".join(GOOD.replace("8", str(d)) for d in range(1, 9))
        )
    )
    wanted = Sampling(n=2, seed=9)
    (answers,) = Tester(model).answers([PROGRAM], wanted)
    assert [(len(tests), written) for tests, written in answers] == [(8, 8), (0, 1)]
    assert asked == [wanted]


def test_generated_suites_survive_the_way_to_the_model_and_back() -> None:
    dialects = ("cpp", "cuda", "fortran")
    for item in generate(60, 11):
        for program in (item.programs[d] for d in dialects if d in item.programs):
            example = make_example(program, item.suite_text)
            assert example.answer.startswith(build_prompt(program, 3).prefix)
            read = parse_answer(example.answer, program)
            if program.dialect == "fortran":  # its signature spells names in lower case
                assert len(read) == item.suite_text.count("\n") and not any(
                    isinstance(t, SuiteError) for t in read
                )
            else:
                assert read == list(parse_suite(item.suite_text, read_signature(program)))


def test_extents_become_expressions_again() -> None:
    signature = read_signature(PROGRAM)
    text = "\n".join(f"n={n} a=1 idx[n]=indices(n) x[n*2]=uniform(-1,1)@{n}" for n in (3, 8, 11))
    tests = parse_suite(text, signature)
    symbolic = format_symbolic_suite(tests)
    assert "idx:i32[n]=" in symbolic and "x:f32[n*2]=" in symbolic
    assert parse_suite(symbolic, signature) == tests
    fixed = parse_suite(text.replace("n*2", "32"), signature)
    assert "x:f32[32]=" in format_symbolic_suite(fixed)  # an extent that never changes is a number
    odd = parse_suite(text.replace("n*2", "n*n*n*n*n+7"), signature)
    assert parse_suite(format_symbolic_suite(odd), signature) == odd


def test_examples_come_from_suites_and_texts() -> None:
    tests = parse_suite(
        "n=3 a=1 idx[n]=indices(n) x[n]=special()\nn=5 a=1 idx[n]=indices(n) x[n]={1,2,3,4,5}",
        read_signature(PROGRAM),
    )
    tester = Tester(ScriptedModel(lambda p, k: ""))
    examples = tester.examples(
        [(PROGRAM, UnitTestSuite(PROGRAM.id, tests)), (PROGRAM, UnitTestSuite(PROGRAM.id, ()))]
    )
    assert len(examples) == 1 and parse_answer(examples[0].answer, PROGRAM) == list(tests)
    assert (
        isinstance(tests[0].assignments[2], ArrayValue)
        and "V2 [ V0 ] = indices" in examples[0].answer
    )


def test_plain_style_asks_in_words_and_reads_a_fenced_block() -> None:
    prompt = build_prompt(PROGRAM, 4, SuiteStyle.PLAIN)
    assert "Write 4 unit tests" in prompt.text and "idx (array of i32)" in prompt.text
    answer = "Here:\n```\nn=8 a=1 idx[n]=indices(n) x[n]=uniform(-1,1)\n# a comment\nn=1\n```\nrest"
    good, bad = parse_answer(answer, PROGRAM, SuiteStyle.PLAIN)
    assert good.assignments[0].value == 8 and "lacks" in str(bad)
    example = make_example(PROGRAM, [good], SuiteStyle.PLAIN)
    assert parse_answer(example.answer, PROGRAM, SuiteStyle.PLAIN) == [good]


PLAIN = "n=8 a=1 idx[n]=indices(n) x[n]=uniform(-1,1)"
SECOND = PLAIN.replace("8", "5", 1)
QUOTED = f"The function:\n```cpp\n{PROGRAM.text}\nint n;\n```\n"


@pytest.mark.parametrize(
    ("answer", "sizes"),
    [
        (f"{QUOTED}The tests:\n```\n{PLAIN}\n{SECOND}\n```", [8, 5]),
        (f"{QUOTED}The tests:\n{PLAIN}\n{SECOND}", [8, 5]),
        (f"```\n{PLAIN}\n{SECOND}\n```\nwhich call\n```cpp\n{PROGRAM.text}\n```", [8, 5]),
        (f"<think>perhaps\n```\n{PLAIN}\n{PLAIN}\n```</think>\n```\n{SECOND}\n```", [5]),
        (f"<think>perhaps {PLAIN}\n</think>{SECOND}", [5]),
        (f"<think>perhaps\n```\n{PLAIN}\n```", []),
        (f"n has to be small; I choose two sizes.\nSo: these.\n\n{PLAIN}\n{SECOND}\nDone.", [8, 5]),
        (f"1. {PLAIN}\n2) {SECOND}", [8, 5]),
        (f"- {PLAIN}\n* {SECOND}", [8, 5]),
        (f"```text\n1. {PLAIN}\n2. {SECOND}\n```", [8, 5]),
        (f"- `{PLAIN}`\n- `{SECOND}`: an odd size", [8, 5]),
        (f"**Test 1:** `{PLAIN}`\nTest 2: {SECOND}\n```{PLAIN}```", [8, 5, 8]),
        (f"For instance {PLAIN}\n```\n{SECOND}\n```", [5]),
        (f"{PLAIN}\nCorrected:\n```\n{SECOND}\n```", [5]),  # as many in both: the block
        (f"```\n{PLAIN}\n```\nCorrected:\n```\n{SECOND}\n```", [5]),
    ],
)
def test_plain_tests_are_found_where_models_write_them(answer: str, sizes: list[int]) -> None:
    read = parse_answer(answer, PROGRAM, SuiteStyle.PLAIN)
    assert [t.assignments[0].value for t in read if isinstance(t, UnitTest)] == sizes and len(
        read
    ) == len(sizes)


def test_a_bad_plain_test_is_still_counted() -> None:
    read = parse_answer(f"Two tests:\n1. {PLAIN}\n2. n=3 a=\nEnjoy!", PROGRAM, SuiteStyle.PLAIN)
    assert [isinstance(t, SuiteError) for t in read] == [False, True]
    assert len(parse_answer("I cannot do that.", PROGRAM, SuiteStyle.PLAIN)) == 1


PARTS = [
    "<think>",
    "</think>",
    "Here:",
    "- ",
    "2. ",
    "`",
    "```",
    "```text\n",
    "\n",
    ";",
    "#",
    PLAIN,
    SECOND,
    QUOTED,
    PROGRAM.text,
]


@given(st.lists(st.sampled_from(PARTS) | st.text(max_size=12), max_size=10), st.integers(0, 60))
@settings(max_examples=150, deadline=None)
def test_any_mix_is_read_and_no_test_is_made_up(parts: list[str], cut: int) -> None:
    answer = "".join(parts)
    answer = answer[: len(answer) - cut] if cut < len(answer) else answer
    tests = [t for t in parse_answer(answer, PROGRAM, SuiteStyle.PLAIN) if isinstance(t, UnitTest)]
    assert len(tests) <= answer.count(PLAIN[1:-1].split("=", 2)[2])
