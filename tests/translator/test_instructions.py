"""Requests in words: files per direction that a user may replace, and examples that reveal
nothing.
"""

from __future__ import annotations

import hashlib
import json
import re
from datetime import date
from pathlib import Path

import pytest

from corpora.dialects import parse_direction
from corpora.records import Program
from gpu_runtime.models.protocol import ModelError
from translator.prompting.instructions import (
    PROMPTS,
    PromptWording,
    build_request,
    fence_code,
    find_nearest_pairs,
    lay_out,
    required_signature,
    reverse_pairs,
)
from translator.prompting.translate import PromptStyle, build_prompt, make_example, parse_answer

SOURCE = Program(
    "cpp", "f", "void f(int n, float a, float *x) { for (int i = 0; i < n; i++) x[i] = a * x[i]; }"
)
CUDA, BACK = parse_direction("cpp:cuda"), parse_direction("cuda:cpp")


def pair(name: str, body: str) -> tuple[Program, Program]:
    text = f"void {name}(int n, float a, float *x) {{ {body} }}"
    return Program("cpp", name, text), Program("cuda", name, f"__global__ {text}")


SCALE = pair("scale", "for (int i = 0; i < n; i++) x[i] = a * x[i] + 1;")
SUM = pair(
    "sum",
    "float s = 0; for (int i = n - 1; i > 0; i -= 2) { s += x[i] / a; if (s > 3) break; } "
    "x[0] = s;",
)
SAME = pair("same", "for (int i = 0; i < n; i++) x[i] = a * x[i];")


def test_each_direction_has_its_words_and_others_the_general_ones() -> None:
    text = build_request(SOURCE, CUDA)
    assert SOURCE.text in text and "`f`" in text and "__global__ void" in text and "$" not in text
    assert "without anything of CUDA" in build_request(
        Program("cuda", "f", "__global__ void f(int *x) { }"), BACK
    )
    general = build_request(SOURCE, parse_direction("cpp:openmp-fortran"))
    assert "from serial C++ to Fortran with OpenMP" in general
    assert "!$omp" in build_request(
        Program("fortran", "f", "subroutine f\nend"), parse_direction("fortran:openmp-fortran")
    )


@pytest.mark.parametrize("file", sorted(PROMPTS.glob("*.txt")), ids=lambda f: f.stem)
def test_every_file_shows_the_source_and_is_for_a_direction_that_exists(file: Path) -> None:
    assert "$source\n" in file.read_text()
    if match := re.fullmatch(r"(.+)_to_(.+?)(_host)?", file.stem):
        parse_direction(f"{match[1]}:{match[2]}")
    else:
        assert file.stem in ("any", "shot")


def test_a_users_files_go_first_and_mistakes_in_them_are_one_line(tmp_path: Path) -> None:
    (tmp_path / "any.txt").write_text("Mine costs 3 $$: $source")
    assert (
        build_request(SOURCE, parse_direction("cpp:fortran"), PromptWording(str(tmp_path)))
        == f"Mine costs 3 $: {SOURCE.text}"
    )
    for text, message in (
        ("no source", "place \\$source is missing"),
        ("$source $sorce", "\\$sorce, which does not exist"),
        ("$source $ 3", "names no place"),
    ):
        folder = tmp_path / str(len(text))
        folder.mkdir()
        (folder / "cpp_to_cuda.txt").write_text(text)
        with pytest.raises(ModelError, match=message):
            build_request(SOURCE, CUDA, PromptWording(str(folder)))
    with pytest.raises(ModelError, match="is no folder"):
        build_request(SOURCE, CUDA, PromptWording(str(tmp_path / "nowhere")))


def test_a_kernel_prompt_primes_no_construct_that_few_kernels_need() -> None:
    """A sentence about atomic operations made a model of 1.5 B write one into almost every
    kernel.
    """
    for file in PROMPTS.glob("*_to_cuda*.txt"):
        assert "atomic" not in file.read_text().lower(), file.name


def test_a_source_that_no_bare_kernel_replaces_is_asked_for_a_host_function() -> None:
    total = Program("cpp", "g", "float g(int n, const float *x) { float s = 0; return s; }")
    assert required_signature(SOURCE, CUDA) == "__global__ void f(int n, float a, float * x)"
    assert required_signature(total, CUDA) == ""
    assert "host function `g`" in build_request(
        total, CUDA
    ) and "host function" not in build_request(SOURCE, CUDA)
    fortran = Program("fortran", "f", "subroutine f(n, x)\ninteger :: n\nreal :: x(n)\nx = 1\nend")
    assert (
        required_signature(fortran, parse_direction("fortran:cuda"))
        == "__global__ void f(int n, float * x)"
    )
    assert required_signature(fortran, parse_direction("fortran:openmp-fortran")) == ""


def test_every_figure_belongs_to_a_prompt_as_it_is_now() -> None:
    """A text that changes needs a new figure: `sha256` is of the file that was measured."""
    rows = json.loads((PROMPTS / "figures.json").read_text())
    assert rows
    for row in rows:
        text = (PROMPTS / f"{row['prompt']}.txt").read_bytes()
        assert row["sha256"] == hashlib.sha256(text).hexdigest(), row["prompt"]
        assert row["model"] and row["corpus"] and date.fromisoformat(row["date"])
        assert 0 <= row["passed"] <= row["n"]
        assert row["pass_at_1"] == round(100 * row["passed"] / row["n"], 1)


def test_the_pairs_most_like_it_are_shown_and_itself_never() -> None:
    wording = PromptWording(shots=2, pairs=(SUM, SAME, SCALE, *reverse_pairs([SCALE])))
    assert find_nearest_pairs(SOURCE, CUDA, wording) == [
        SUM,
        SCALE,
    ]  # the most alike last; SAME is SOURCE under another name
    text = build_request(SOURCE, CUDA, wording)
    assert SCALE[1].text in text and SUM[1].text in text and SAME[1].text not in text
    assert text.index(SUM[0].text) < text.index(SCALE[0].text) < text.index(SOURCE.text)
    assert find_nearest_pairs(SCALE[1], BACK, wording) == []  # the pair's own source
    assert find_nearest_pairs(SOURCE, CUDA, PromptWording(shots=0, pairs=(SUM,))) == []


def test_what_is_taught_is_what_will_be_asked() -> None:
    wording = PromptWording(shots=1, pairs=(SCALE,))
    example = make_example(SOURCE, SAME[1], PromptStyle.PLAIN, wording=wording)
    assert example.prompt == build_prompt(SOURCE, CUDA, PromptStyle.PLAIN, wording=wording).text
    assert parse_answer(example.answer, SOURCE, CUDA, PromptStyle.PLAIN).strip() == SAME[1].text


def test_an_answer_without_the_definitions_of_its_source_gets_them():
    source = Program(
        "cpp",
        "f",
        "struct P { float x; };\nvoid f(P *p, int n) { for (int i = 0; i < n; i++) p[i].x = 0; }\n",
    )
    answer = (
        "```cpp\nvoid f(P *p, int n) {\n#pragma omp parallel for\nfor (int i = 0; i < n; "
        "i++) p[i].x = 0; }\n```"
    )
    assert parse_answer(
        answer, source, parse_direction("cpp:openmp"), PromptStyle.PLAIN
    ).startswith("struct P { float x; };\nvoid f")


def test_a_list_of_words_is_shown_as_code_is_written():
    """Fine-tuned on such lists a model wrote `1 . f` and `x ++`: pass@1 fell by 8 points."""
    words = (
        "void scale ( int n , float * x ) { for ( int i = 0 ; i < n ; i ++ ) { x [ i ] *= 2.f ; } }"
    )
    program = Program("cpp", "scale", words)
    shown = fence_code(program, "cpp")
    assert shown == (
        "```cpp\nvoid scale(int n, float *x) {\n    for (int i = 0; i < n; i++) {\n"
        "        x[i] *= 2.f;\n    }\n}\n```"
    )
    assert "for (int i = 0; i < n; i++) {" in build_request(program, parse_direction("cpp:cuda"))
    for text in ("void f(int *x) { x[0] = 1; }", "void f ( int * x )\n{ x [ 0 ] = 1 ; }"):
        assert lay_out(Program("cpp", "f", text)) == text
    odd = "void f ( int * x ) { @ x [ 0 ] = 1 ; }"
    assert lay_out(Program("cpp", "f", odd)) == odd, "what is not understood stays"
    loop = "subroutine f ( x ) integer x end"
    assert lay_out(Program("fortran", "f", loop)) == loop
