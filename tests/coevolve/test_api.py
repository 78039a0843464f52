"""The library's public names: what they take, what they give, what they raise, and how light they
are.
"""

import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

import coevolve
from corpora.records import Outcome, Program

ROOT = Path(__file__).parents[2]
BLAS = ROOT / "corpora" / "builtin" / "blas1"
SERIAL = "void twice(int n, float *x) {\n for (int i = 0; i < n; i++) x[i] = 2 * x[i];\n}"
KERNEL = (
    "__global__ void twice(int n, float *x) {{\n int i = blockIdx.x * blockDim.x + "
    "threadIdx.x;\n if (i < n) x[i] = {} * x[i];\n}}"
)


def test_import_is_light_and_lazy():
    code = """
import sys, time
started = time.perf_counter()
import coevolve
took = time.perf_counter() - started
heavy = {"torch", "ray", "numpy", "transformers", "tree_sitter", "corpora"} & set(sys.modules)
assert not heavy, heavy
assert took < 0.3, took
assert set(coevolve.__all__) <= set(dir(coevolve))
coevolve.Verdict, coevolve.Program, coevolve.Outcome, coevolve.verify
assert not {"torch", "ray", "transformers"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=60)


def test_every_public_name_is_there_and_documented():
    for name in coevolve.__all__:
        value = getattr(coevolve, name)
        assert name.startswith("__") or value.__doc__
    with pytest.raises(AttributeError, match="no attribute 'verfy'"):
        _ = coevolve.verfy


def test_every_package_says_that_it_is_typed():
    """One marker in each top-level package covers its sub-packages (PEP 561)."""
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    assert listed["package-data"]["*"] == ["py.typed"]
    for package in {name.split(".")[0] for name in listed["packages"]}:
        assert (ROOT / package / "py.typed").is_file(), package


def test_the_version_is_one():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == coevolve.__version__


def test_no_submodule_hides_a_public_name():
    """An imported module `coevolve.verify` would take the place of the function."""
    for path in sorted((ROOT / "coevolve").glob("*.py")):
        assert path.stem not in coevolve.__all__, path
    import_module("coevolve.verification.engine")
    assert callable(coevolve.verify)


@pytest.mark.parametrize("as_given", [str, Path])
def test_paths(as_given):
    verdict = coevolve.verify(
        as_given(BLAS / "axpy.cpp"), as_given(BLAS / "axpy.cu"), backend="emulated"
    )
    assert verdict and verdict.outcome is Outcome.EQUIVALENT


def test_source_text():
    assert coevolve.verify(SERIAL, KERNEL.format(2), direction="cpp:cuda", backend="emulated")
    wrong = coevolve.verify(SERIAL, KERNEL.format(3), direction="cpp:cuda", backend="emulated")
    assert not wrong and wrong.equivalent is False


def test_programs_text_and_paths_go_together(tmp_path):
    source = Program("cpp", "twice", SERIAL)
    path = tmp_path / "twice.cu"
    path.write_text(KERNEL.format(2))
    assert coevolve.verify(source, Program("cuda", "twice", KERNEL.format(2)), backend="emulated")
    assert coevolve.verify(source, path, backend="emulated")
    assert not coevolve.verify(source, KERNEL.format(3), direction="cpp:cuda", backend="emulated")


def test_a_suite_as_text_file_and_record(tmp_path):
    text = "n=3 x[n]={1,2,3}"
    (tmp_path / "suite.txt").write_text(text)
    asked = (SERIAL, KERNEL.format(2))
    for suite in (text, tmp_path / "suite.txt"):
        assert coevolve.verify(*asked, suite, direction="cpp:cuda", backend="emulated")
    with pytest.raises(ValueError):
        coevolve.verify(*asked, "n=oops", direction="cpp:cuda", backend="emulated")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((SERIAL, KERNEL.format(2)), "direction='cpp:cuda'"),
        (("nothing.cpp", "nothing.cu"), "cannot read 'nothing.cpp'"),
        ((Path("notes.txt"), Path("x.cu")), "cannot read 'notes.txt'"),
    ],
)
def test_wrong_use_is_one_line(arguments, words):
    with pytest.raises(ValueError, match=words) as caught:
        coevolve.verify(*arguments)
    assert "\n" not in str(caught.value)


def test_the_function_of_several_is_named():
    two = SERIAL + "\nvoid other(int n, float *x) { for (int i = 0; i < n; i++) x[i] = 1; }"
    ported = KERNEL.format(2) + "\n__global__ void other(int n, float *x) { }"
    assert coevolve.verify(two, ported, direction="cpp:cuda", function="twice", backend="emulated")
    assert not coevolve.verify(two, ported, direction="cpp:cuda", backend="emulated")


def test_load_corpus():
    assert {p.name for p in coevolve.load_corpus(str(BLAS / "axpy.cpp"), "cpp").programs} == {
        "axpy"
    }


def test_translate():
    (port,) = coevolve.translate(BLAS / "axpy.cpp", "cuda", samples=2, backend="emulated")
    assert port.text and port.verdict and port.program.name == "axpy"
    with pytest.raises(ValueError, match="either `to` or `direction`"):
        coevolve.translate(SERIAL)
    with pytest.raises(ValueError, match="no function 'thrice'"):
        coevolve.translate(SERIAL, direction="cpp:cuda", function="thrice")


def test_evaluate(tmp_path):
    answers = tmp_path / "answers.jsonl"
    answers.write_text('{"index": 0, "text": "nonsense"}\n')
    result = coevolve.evaluate(predictions=str(answers), limit=1, backend="emulated", workers=1)
    (item,) = result["items"]
    assert item["id"] and result["direction"] == "cpp:cuda"
    with pytest.raises(ValueError):
        coevolve.evaluate()


def test_run_says_what_is_wrong(tmp_path):
    with pytest.raises(ValueError, match="unknown key 'round.cuont'; did you mean 'round.count'"):
        coevolve.run(ROOT / "configs" / "demo.toml", {"round.cuont": 1})
    with pytest.raises(ValueError, match="holds no run"):
        coevolve.run(tmp_path, resume=True)
