"""Requests in words: files per direction that a user may replace, and examples that give nothing away."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from corpora.dialects import direction
from corpora.records import Program
from gpu_runtime.models.protocol import ModelError
from translator.plain import PROMPTS, Wording, nearest, request, reversed_pairs
from translator.translate import PromptStyle, ask, example_of, read_answer

SOURCE = Program("cpp", "f", "void f(int n, float a, float *x) { for (int i = 0; i < n; i++) x[i] = a * x[i]; }")
CUDA, BACK = direction("cpp:cuda"), direction("cuda:cpp")


def pair(name: str, body: str) -> tuple[Program, Program]:
    text = f"void {name}(int n, float a, float *x) {{ {body} }}"
    return Program("cpp", name, text), Program("cuda", name, f"__global__ {text}")


SCALE = pair("scale", "for (int i = 0; i < n; i++) x[i] = a * x[i] + 1;")
SUM = pair("sum", "float s = 0; for (int i = n - 1; i > 0; i -= 2) { s += x[i] / a; if (s > 3) break; } x[0] = s;")
SAME = pair("same", "for (int i = 0; i < n; i++) x[i] = a * x[i];")


def test_each_direction_has_its_words_and_others_the_general_ones() -> None:
    text = request(SOURCE, CUDA)
    assert SOURCE.text in text and "`f`" in text and "__global__ void" in text and "$" not in text
    assert "without anything of CUDA" in request(Program("cuda", "f", "__global__ void f(int *x) { }"), BACK)
    general = request(SOURCE, direction("cpp:openmp-fortran"))
    assert "from serial C++ to Fortran with OpenMP" in general
    assert "!$omp" in request(Program("fortran", "f", "subroutine f\nend"), direction("fortran:openmp-fortran"))


@pytest.mark.parametrize("file", sorted(PROMPTS.glob("*.txt")), ids=lambda f: f.stem)
def test_every_file_shows_the_source_and_is_for_a_direction_that_exists(file: Path) -> None:
    assert "$source\n" in file.read_text()
    if match := re.fullmatch(r"(.+)_to_(.+)", file.stem):
        direction(":".join(match.groups()))
    else:
        assert file.stem in ("any", "shot")


def test_a_users_files_go_first_and_mistakes_in_them_are_one_line(tmp_path: Path) -> None:
    (tmp_path / "any.txt").write_text("Mine costs 3 $$: $source")
    assert request(SOURCE, direction("cpp:fortran"), Wording(str(tmp_path))) == f"Mine costs 3 $: {SOURCE.text}"
    for text, message in (("no source", "place \\$source is missing"), ("$source $sorce", "\\$sorce, which does not exist"), ("$source $ 3", "names no place")):
        folder = tmp_path / str(len(text))
        folder.mkdir()
        (folder / "cpp_to_cuda.txt").write_text(text)
        with pytest.raises(ModelError, match=message):
            request(SOURCE, CUDA, Wording(str(folder)))
    with pytest.raises(ModelError, match="is no folder"):
        request(SOURCE, CUDA, Wording(str(tmp_path / "nowhere")))


def test_the_pairs_most_like_it_are_shown_and_itself_never() -> None:
    wording = Wording(shots=2, pairs=(SUM, SAME, SCALE, *reversed_pairs([SCALE])))
    assert nearest(SOURCE, CUDA, wording) == [SUM, SCALE]  # the most alike last; SAME is SOURCE under another name
    text = request(SOURCE, CUDA, wording)
    assert SCALE[1].text in text and SUM[1].text in text and SAME[1].text not in text
    assert text.index(SUM[0].text) < text.index(SCALE[0].text) < text.index(SOURCE.text)
    assert nearest(SCALE[1], BACK, wording) == []  # the pair's own source
    assert nearest(SOURCE, CUDA, Wording(shots=0, pairs=(SUM,))) == []


def test_what_is_taught_is_what_will_be_asked() -> None:
    wording = Wording(shots=1, pairs=(SCALE,))
    example = example_of(SOURCE, SAME[1], PromptStyle.PLAIN, wording=wording)
    assert example.prompt == ask(SOURCE, CUDA, PromptStyle.PLAIN, wording=wording).text
    assert read_answer(example.answer, SOURCE, CUDA, PromptStyle.PLAIN).strip() == SAME[1].text


def test_an_answer_without_the_definitions_of_its_source_gets_them():
    source = Program("cpp", "f", "struct P { float x; };\nvoid f(P *p, int n) { for (int i = 0; i < n; i++) p[i].x = 0; }\n")
    answer = "```cpp\nvoid f(P *p, int n) {\n#pragma omp parallel for\nfor (int i = 0; i < n; i++) p[i].x = 0; }\n```"
    assert read_answer(answer, source, direction("cpp:openmp"), PromptStyle.PLAIN).startswith("struct P { float x; };\nvoid f")
