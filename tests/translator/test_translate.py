"""What the Translator is asked, how answers are read, what verified pairs teach, and what a
constraint forbids.
"""

from __future__ import annotations

import pytest

from corpora.dialects import parse_direction
from corpora.generator import generate
from corpora.records import Program
from gpu_runtime.models.protocol import Prompt, Sampling
from gpu_runtime.models.scripted import ScriptedModel
from translator.decoding.c_words import END
from translator.decoding.constraints import CONSTRAINTS, ConstraintLevel
from translator.decoding.forced_prefix import find_forced_prefix
from translator.prompting.translate import (
    PromptStyle,
    Translator,
    build_prompt,
    canonicalize_program,
    make_example,
    parse_answer,
)

SOURCE = Program(
    "cpp",
    "axpy_cpu",
    "void axpy_cpu(int n, float a, const float *x, float *y) { for (int i = 0; i < n; i++) "
    "y[i] += a * x[i]; }",
)
KERNEL = Program(
    "cuda",
    "axpy_kernel",
    "__global__ void axpy_kernel(int n, float a, const float *x, float *y) { int t = "
    "threadIdx.x; if (t < n) y[t] += a * x[t]; }",
)
CUDA = parse_direction("cpp:cuda")


def prefix_of(program: Program, way: str) -> str:
    return find_forced_prefix(program, canonicalize_program(program), parse_direction(way))


def test_a_prompt_is_tag_and_canonical_source_and_the_signature_is_forced() -> None:
    prompt = build_prompt(SOURCE, CUDA)
    assert prompt.text.startswith(
        "<cpp:cuda> void F0 ( int V0 , float V1 , const float * V2 , float * V3 ) { for ("
    )
    assert (
        prompt.prefix
        == "__global__ void F0 ( int V0 , float V1 , const float * V2 , float * V3 ) {"
    )
    with pytest.raises(ValueError, match="is cpp, but the direction is cuda:cpp"):
        build_prompt(SOURCE, parse_direction("cuda:cpp"))


@pytest.mark.parametrize(
    ("dialect", "text", "way", "prefix"),
    [
        (
            "cuda",
            KERNEL.text.replace("axpy_kernel", "f").replace("*x", "*__restrict__ x"),
            "cuda:cpp",
            "void F0 ( int V0 , float V1 , const float * V2 , float * V3 ) {",
        ),
        (
            "cpp",
            "static inline float f(const float *x, int n) { return x[n]; }",
            "cpp:openmp",
            "float F0 ( const float * V0 , int V1 ) {",
        ),
        ("cpp", "float f(const float *x, int n) { return x[n]; }", "cpp:cuda", ""),
        (
            "cpp",
            "void *f(float *x, int n) { x[n] = 0; return NULL; }",
            "cpp:cuda",
            "__global__ void F0 ( float * V0 , int V1 ) {",
        ),
        ("cpp", "int g(int a) { return a; } void f(int *x) { x[0] = g(1); }", "cpp:cuda", ""),
        ("cpp", "void f(std::vector<int> &x) { x[0] = 1; }", "cpp:cuda", ""),
        ("cpp", "no function at all", "cpp:cuda", ""),
        (
            "fortran",
            "subroutine f(n, x)\nimplicit none\ninteger, intent(in) :: n\nreal :: x(n)\ninteger "
            ":: i\ndo i = 1, n\nx(i) = 0\nend do\nend",
            "fortran:openmp-fortran",
            "subroutine F0 ( V0 , V1 ) <nl> implicit none <nl> integer , intent ( in ) :: V0 "
            "<nl> real :: V1 ( V0 ) <nl> integer :: V2 <nl>",
        ),
        (
            "fortran",
            "subroutine f(n, x)\nimplicit none\ninteger, intent(in) :: n\nreal(8), intent(in) "
            ":: x(n)\nend",
            "fortran:cuda",
            "__global__ void F0 ( int V0 , const double * V1 ) {",
        ),
    ],
)
def test_a_signature_is_forced_where_it_follows(
    dialect: str, text: str, way: str, prefix: str
) -> None:
    assert prefix_of(Program(dialect, "f", text), way) == prefix


def test_answers_become_candidates_with_the_sources_names() -> None:
    right = (
        "__global__ void F0 ( int V0 , float V1 , const float * V2 , float * V3 ) { int V4 "
        "= threadIdx . x ; if ( V4 < V0 ) V3 [ V4 ] += V1 * V2 [ V4 ] ; }"
    )
    translator = Translator(ScriptedModel(lambda prompt, k: [right, "} nonsense V9"][k]))
    good, bad = translator.propose([SOURCE], CUDA, Sampling(n=2))
    assert "__global__ void axpy_cpu(int n, float a, const float * x, float * y) {" in good.text
    assert "y[i] += a * x[i];" in good.text
    assert (good.source_id, good.direction, good.sample, bad.sample) == (
        SOURCE.id,
        "cpp:cuda",
        0,
        1,
    )
    assert bad.text.split() == ["}", "nonsense", "v9"]  # nothing is repaired


def test_plain_style_reads_the_first_fenced_block() -> None:
    prompts: list[Prompt] = []
    answer = "Sure:\n```cuda\n__global__ void axpy_cpu() {}\n```\nand\n```\nother\n```"
    translator = Translator(
        ScriptedModel(lambda p, k: prompts.append(p) or answer), PromptStyle.PLAIN
    )
    (candidate,) = translator.propose([SOURCE], CUDA, Sampling())
    assert candidate.text == "__global__ void axpy_cpu() {}\n"
    assert SOURCE.text in prompts[0].text and "CUDA" in prompts[0].text and prompts[0].prefix == ""
    assert parse_answer("no fence", SOURCE, CUDA, PromptStyle.PLAIN) == "no fence"
    assert parse_answer("```cpp\ncut off", SOURCE, CUDA, PromptStyle.PLAIN) == "cut off"
    example = make_example(SOURCE, KERNEL, PromptStyle.PLAIN)
    assert parse_answer(example.answer, SOURCE, CUDA, PromptStyle.PLAIN).strip() == KERNEL.text


def test_back_teaches_the_reverse_direction_with_the_real_program_as_label() -> None:
    translator = Translator(ScriptedModel(lambda p, k: ""))
    (back,) = translator.examples([(SOURCE, KERNEL)], "back")
    assert back.prompt.startswith("<cuda:cpp> __global__") and back.answer.startswith("void F0 (")
    (forward,) = translator.examples([(SOURCE, KERNEL)], "forward")
    assert forward.prompt.startswith("<cpp:cuda> void F0") and forward.answer.startswith(
        "__global__"
    )
    assert translator.examples([(SOURCE, KERNEL)], "both") == [back, forward]
    onward = {"learn": "asked", "directions": ["cpp:cuda"]}
    assert translator.examples([(SOURCE, KERNEL)], **onward) == [forward]
    assert translator.examples([(KERNEL, SOURCE)], **onward) == [forward]
    with pytest.raises(ValueError, match="back, forward, both"):
        translator.examples([], "bakc")


def first_forbidden(source: Program, target: Program) -> str:
    """The first word of the target that the constraint would have forbidden, with what stood before
    it.
    """
    words = make_example(source, target).answer.split()
    names = canonicalize_program(source)
    way = parse_direction(f"{source.dialect}:{target.dialect}")
    state = CONSTRAINTS[way.target.language](
        names.tokens, (), len(names.names), ConstraintLevel.TYPES, source.dialect != "fortran"
    )()
    for place, word in enumerate([*words, END]):
        if word in state.forbidden():
            return " ".join(words[max(0, place - 10) : place + 1]) + f" ({word})"
        state.advance(word)
    return ""


def test_a_conversion_that_begins_a_bracket_declares_nothing() -> None:
    """`(double(i) * a * 3.5)` was read as a pointer's declaration, so that the second `*` was
    forbidden.
    """
    text = "void f(int n, double a, double *y) {{\n{} for (int i = 0; i < n; i++)\n {} }}\n"
    body = "y[i] = y[i] * (double(i) * a * 3.5);"
    source = Program("cpp", "f", text.format("", body), "")
    target = Program("openmp", "f", text.format("#pragma omp parallel for\n", body), "")
    assert first_forbidden(source, target) == ""


@pytest.mark.parametrize("target", ["cuda", "openmp", "fortran", "openmp-fortran"])
def test_a_constraint_forbids_nothing_that_is_right(target: str) -> None:
    wrong, tried = [], 0
    for item in generate(150, 5):
        if target in item.programs:
            tried += 1
            if found := first_forbidden(item.programs["cpp"], item.programs[target]):
                wrong.append(found)
    assert tried > 100 and wrong == []


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        ("int V4 = V5", "V5"),  # never declared
        ("V4", "V4"),  # a source local, not declared here
        ("int V6", "V6"),  # V5 comes first
        ("if ( V0 ) { int V4 = 0 ; } V4", "V4"),  # out of scope
        ("int V4 ; int V4", "V4"),  # twice in one block
        ("int V0", "V0"),  # a parameter again
        ("V0 [", "["),  # an index to a scalar
        ("V3 [ V0 )", ")"),
        ("V3 [ V0 ;", ";"),
        ("V3 [ 0 ] = V1 ; ]", "]"),
        ("if ( V0 ) { }" + f" {END}", END),  # the function's block is open
    ],
)
def test_a_constraint_forbids_what_cannot_compile(answer: str, word: str) -> None:
    prompt = build_prompt(SOURCE, CUDA)
    state = prompt.constraint()
    words = answer.split()
    for before in words[:-1]:
        assert before not in state.forbidden(), before
        state.advance(before)
    assert words[-1] == word and word in state.forbidden()


def test_a_loop_variable_may_be_declared_again_and_a_constant_pointer_indexed() -> None:
    state = build_prompt(SOURCE, CUDA).constraint()
    indexed = "float * const V5 = V3 ; V5 [ 0 ] = 1 ; int V6 [ 8 ] ; V6 [ 0 ] = 1 ;"
    for word in (
        indexed.split()
        + "for ( int V4 = 0 ; V4 < V0 ; V4 ++ ) { int V7 = V4 ; } for ( int V4 = 0 ; V4 < V0 ; "
        "++ V4 ) { } }".split()
        + [END]
    ):
        assert word not in state.forbidden(), word
        state.advance(word)


def test_kinds_of_copies_are_read_from_what_is_copied() -> None:
    source = next(
        i for i in generate(200, 5) if "<<<" in i.programs.get("cuda", i.programs["cpp"]).text
    )
    kernel = source.programs["cuda"]
    answer = make_example(source.programs["cpp"], kernel).answer
    text = parse_answer(answer, source.programs["cpp"], CUDA)
    for kind in ("cudaMemcpyHostToDevice", "cudaMemcpyDeviceToHost"):
        assert text.count(kind) == kernel.text.count(kind) > 0
