"""BLEU and CodeBLEU against the libraries called directly."""

import os
import subprocess
import sys

import pytest
import sacrebleu
from codebleu import calc_codebleu

from coevolve.evaluation.metrics import bleu, tokenize_code
from coevolve.evaluation.text_scores import (
    compute_bleu,
    compute_bleu_from_sums,
    compute_codebleu,
    space_tokens,
)
from corpora import builtin


@pytest.fixture(scope="module")
def pairs():
    return [(s.text, t.text) for s, t in builtin.pairs("cpp:cuda")[:6]]


def test_bleu_is_sacrebleus(pairs):
    hypotheses, references = [a for a, _ in pairs], [b for _, b in pairs]
    found = compute_bleu(hypotheses, references)
    joined = [[" ".join(tokenize_code(t)) for t in side] for side in (hypotheses, references)]
    direct = sacrebleu.corpus_bleu(joined[0], [joined[1]], tokenize="none", force=True)
    assert found.value == pytest.approx(direct.score, abs=1e-9)
    assert compute_bleu_from_sums(found.statistics.sum(axis=0)) == pytest.approx(
        direct.score, abs=1e-9
    )
    assert found.ci95[0] <= found.value <= found.ci95[1]
    assert "tok:none" in found.signature and "version:" in found.signature


def test_codebleu_is_the_packages(pairs):
    hypotheses, references = [a for a, _ in pairs], [b for _, b in pairs]
    direct = calc_codebleu(
        [space_tokens(t) for t in references], [space_tokens(t) for t in hypotheses], "cpp"
    )
    found = compute_codebleu(hypotheses, references, "cpp")
    assert found.value == pytest.approx(direct["codebleu"], abs=1e-3)
    for part, value in found.parts.items():
        assert value == pytest.approx(direct[part], abs=4e-3), part
    cuda = compute_codebleu(hypotheses, references, "cuda")
    assert cuda.as_cpp == pytest.approx(direct["codebleu"], abs=1e-3)
    assert "tree-sitter-cuda" in cuda.note


def test_a_text_compared_with_itself_is_perfect_and_layout_does_not_count(pairs):
    texts = [b for _, b in pairs]
    loose = [t.replace(" = ", "=").replace("{", " {  ") for t in texts]
    equal = compute_bleu(loose, texts)
    assert equal.value == pytest.approx(100) and max(equal.value, *equal.ci95) <= 100
    one = "void f ( float * x ) { x [ 0 ] = 1 ; }"  # sacrebleu gives 100.00000000000004
    assert compute_bleu([one], [one]).value == bleu([one], [one]) == 100
    found = compute_codebleu(loose, texts, "cuda")
    assert found.value == pytest.approx(1) and found.items == pytest.approx([1] * len(texts))


def test_cuda_grammar_parses_what_the_cpp_one_cannot():
    launch = "void f ( float * x ) { k <<< 4 , 256 >>> ( x ) ; }"
    other = "void f ( float * x ) { k <<< 4 , 128 >>> ( x , 1 ) ; }"
    found = compute_codebleu([other], [launch], "cuda")
    assert 0 < found.parts["syntax_match_score"] < 1


def test_fortran_has_the_two_parts_without_trees():
    text = "subroutine f(n, x)\n  integer :: n\n  real :: x(n)\n  x = 1.0\nend subroutine\n"
    found = compute_codebleu([text.upper()], [text], "fortran")
    assert found.value is None and found.ci95 is None and "no Fortran" in found.note
    assert (
        found.parts["ngram_match_score"]
        == pytest.approx(1)
        == found.parts["weighted_ngram_match_score"]
    )
    assert found.parts["syntax_match_score"] is None
    assert compute_bleu([], []) is None and compute_codebleu([], [], "cpp") is None


LOOP = (
    "void add(const int *left, const int *right, int *sum, int n) { for (int i = 0; i < n; "
    "i++) sum[i] = left[i] + right[i]; }"
)
KERNEL = (
    "__global__ void add(const int *left, const int *right, int *sum, int n) "
    "{ int k = blockIdx.x * blockDim.x + threadIdx.x; if (k < n) { sum[k] = left[k] + right[k]; } }"
)


def test_codebleu_is_equal_in_every_process():
    """The package alone gives figures that depend on the hash seed, which is why it gets a process
    with a fixed one.
    """
    code = (
        "from coevolve.evaluation.text_scores import compute_codebleu; import ast, sys; "
        "print(repr(compute_codebleu(*ast.literal_eval(sys.stdin.read()), 'cuda').value))"
    )
    figures = set()
    for seed in "1234":
        done = subprocess.run(
            [sys.executable, "-c", code],
            input=repr(([LOOP], [KERNEL])),
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        figures.add(done.stdout.strip())
    assert figures == {repr(compute_codebleu([LOOP], [KERNEL], "cuda").value)}
