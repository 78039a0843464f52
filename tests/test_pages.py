"""The commands and the Python of README.md and docs/, run from the pages themselves.

A page is run from top to bottom in one folder, which links to what the repository holds. A fenced
block is one of these:

- a file, where its first line has a title (```` ```cpp title="heat.cpp" ````): it is written;
- commands, where lines begin with `$ `: a shell runs each, and what the block shows below a
  command must be what it prints. `640 ms` stands for any time, a line `...` for any lines;
- Python without a title: it is run.

A comment on the line before a block says more: `<!-- slow -->` puts it among the slow tests,
`<!-- small -->` too, and makes every file in `configs/` small enough for minutes; `<!-- exit code
1 -->`; `<!-- not run: REASON -->` leaves the block out. Slow tests run whole pages. `my-model` is
there a tiny model in the form of the hub.

    python -m pytest -q tests/test_pages.py
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from test_documents import HIDDEN, ROOT, split_fences

from coevolve.cli.main import _parser
from coevolve.config.schema import format_toml, load

TIME = re.compile(r"\b\d+(?:\.\d+)? (ms|s)\b")
WORKING = re.compile(r"(?:verify|translate) \S+: \d+ s\n|asking .*\n")
TOOLS = ("coevolve", "python", "make", "git", "ray", "pip", "sbatch", ".venv/bin/")
TITLE = re.compile(r'title="([^"]+)"')
SMALL = (
    "cold_start.generated=30",
    "cold_start.suites=30",
    "settings.model.layers=1",
    "settings.model.width=48",
    "settings.model.heads=3",
    "round.count=1",
    "round.samples=2",
    "corpus.training_limit=4",
    "corpus.evaluation_limit=3",
    "evaluate.samples=1",
    "settings.evaluate.pass_at=[1]",
    "model.max_new_tokens=96",
    "settings.verify.mutants=2",
)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that a page does. line: in the page. kind: `file`, `shell` or `python`. text: the
    file's, the command or the program. name: of the file. output: what the page shows below the
    command; "" for nothing. code: the exit code. slow, small: as the page marks it.
    """

    line: int
    kind: str
    text: str
    name: str = ""
    output: str = ""
    code: int = 0
    slow: bool = False
    small: bool = False


def read_steps(text: str) -> list[Step]:
    """The steps of a page, in order."""
    found: list[Step] = []
    for line, before, head, lines in split_fences(text):
        marks = before.removeprefix("<!--").removesuffix("-->") if before.startswith("<!--") else ""
        if marks.strip().startswith("not run:"):
            continue
        words = [word.strip() for word in marks.split(",")]
        code = next((int(w.split()[-1]) for w in words if w.startswith("exit code")), 0)
        small = "small" in words
        slow = small or "slow" in words
        title = TITLE.search(head)
        if title:
            found.append(Step(line, "file", "\n".join(lines) + "\n", title[1], slow=slow))
        elif head.startswith("python") and not any(x.startswith("$ ") for x in lines):
            found.append(Step(line, "python", "\n".join(lines), slow=slow, small=small))
        else:
            for at, command, output in split_commands(lines):
                found.append(
                    Step(line + at, "shell", command, "", output, code, slow=slow, small=small)
                )
    return found


def split_commands(lines: list[str]) -> list[tuple[int, str, str]]:
    """Where each command of a block stands, the command, and what is shown below it."""
    found: list[tuple[int, str, str]] = []
    at = 0
    while at < len(lines):
        if not lines[at].startswith("$ "):
            at += 1
            continue
        start, command = at, lines[at][2:]
        while command.endswith("\\"):
            at += 1
            command = command[:-1] + " " + lines[at].strip()
        end = next((k for k in range(at + 1, len(lines)) if lines[k].startswith("$ ")), len(lines))
        found.append((start, command, "\n".join(lines[at + 1 : end]).strip("\n")))
        at = end
    return found


PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
STEPS = {str(page.relative_to(ROOT)): read_steps(page.read_text()) for page in PAGES}


def cheap_pages() -> list[str]:
    found = []
    for page, steps in STEPS.items():
        if any(step.kind != "file" and not step.slow for step in steps):
            found.append(page)
    return found


def slow_pages() -> list[str]:
    return [page for page, steps in STEPS.items() if any(step.slow for step in steps)]


def plain(text: str) -> str:
    """Text without times, ends of lines and colours, for comparison."""
    lines = (TIME.sub(r"# \1", line.rstrip()) for line in text.strip().splitlines())
    return "\n".join(lines)


def matches(expected: str, printed: str) -> bool:
    """Whether a printed text is the expected one, in which a line `...` stands for any lines."""
    parts = re.split(r"(?m)^\.\.\.$\n?", plain(expected))
    pattern = ".*?".join(re.escape(part) for part in parts)
    return re.fullmatch(pattern, plain(printed), re.DOTALL) is not None


def make_folder(folder: Path, small: bool) -> dict[str, str]:
    """Lay out `folder` like the repository's, and return the environment for its commands. small:
    files in `configs/` are small.
    """
    for entry in ROOT.iterdir():
        if entry.name not in HIDDEN and not (small and entry.name == "configs"):
            (folder / entry.name).symlink_to(entry)
    if small:
        (folder / "configs").mkdir()
        for file in (ROOT / "configs").glob("*.toml"):
            text = format_toml(load(file, SMALL))
            (folder / "configs" / file.name).write_text(text)
        make_tiny_model(folder / "my-model")
    tools = folder / ".venv" / "bin"
    tools.mkdir(parents=True)
    for name, words in {"coevolve": "-m coevolve", "python": ""}.items():
        (tools / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" {words} "$@"\n')
        (tools / name).chmod(0o755)
    path = f"{tools}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    return os.environ | {"PATH": path, "PYTHONPATH": str(ROOT), "COLUMNS": "100"}


def make_tiny_model(folder: Path) -> None:
    """Write a model of a few thousand weights in the form of the hub, with a tokenizer."""
    import torch
    from tokenizers import ByteLevelBPETokenizer
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    trained = ByteLevelBPETokenizer()
    trained.train_from_iterator(["void f(int n, float *x) {}"] * 9, 300, special_tokens=["<end>"])
    folder.mkdir()
    trained.save(str(folder / "tokenizer.json"))
    file = str(folder / "tokenizer.json")
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_file=file, eos_token="<end>", pad_token="<end>", model_max_length=2048
    )
    tokenizer.save_pretrained(folder)
    torch.manual_seed(0)
    shape = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=1,
        num_attention_heads=2,
        max_position_embeddings=2048,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=None,
    )
    LlamaForCausalLM(shape).save_pretrained(folder)


def write_own(folder: Path, name: str, text: str) -> None:
    """Write the file `name` in `folder`, where links lead to the repository: what is linked is
    never written to.
    """
    place = folder
    for part in Path(name).parts[:-1]:
        place /= part
        if place.is_symlink():
            linked = place.resolve()
            place.unlink()
            place.mkdir()
            for entry in linked.iterdir():
                (place / entry.name).symlink_to(entry)
        place.mkdir(exist_ok=True)
    file = folder / name
    file.unlink(missing_ok=True)
    file.write_text(text)


def run_steps(page: str, steps: list[Step], folder: Path) -> None:
    """Run the steps of a page in `folder`. Fails at the first that ends or prints otherwise."""
    environment = make_folder(folder, any(step.small for step in steps))
    for step in steps:
        if step.kind == "file":
            write_own(folder, step.name, step.text)
            continue
        words = ["bash", "-c", step.text]
        if step.kind == "python":
            words = [sys.executable, "-c", step.text]
        done = subprocess.run(
            words, cwd=folder, env=environment, text=True, timeout=1700, capture_output=True
        )
        where = f"{page}:{step.line}: {step.text}"
        assert done.returncode == step.code, f"{where}\n{done.stdout}\n{done.stderr}"
        if step.output:
            told = WORKING.sub("", done.stderr)
            printed = done.stdout.rstrip("\n") + "\n" + told
            assert matches(step.output, printed), (
                f"{where}\nshown:\n{step.output}\n\nprinted:\n{printed}"
            )


def test_outputs_differ_in_times_only() -> None:
    assert matches("passed\n  took 640 ms", "passed\n  took 12.5 ms\n")
    assert matches("one\n...\nfour", "one\ntwo\nthree\nfour")
    assert not matches("passed 15 tests", "passed 14 tests")
    assert not matches("one", "one\ntwo")


def test_steps_are_read_as_marked() -> None:
    page = """```cpp title="a.cpp"
int a;
```
<!-- slow, exit code 3 -->
```
$ coevolve verify a.cpp \\
    b.cpp
undecided
$ ls
```
<!-- not run: nothing -->
```
$ false
```
```python
print(1)
```
"""
    file, verify, ls, program = read_steps(page)
    assert (file.kind, file.name, file.text) == ("file", "a.cpp", "int a;\n")
    assert verify.text.split() == ["coevolve", "verify", "a.cpp", "b.cpp"]
    assert (verify.output, verify.code, verify.slow) == ("undecided", 3, True)
    assert ls.text == "ls" and (program.kind, program.text) == ("python", "print(1)")


def test_a_page_that_shows_something_else_fails(tmp_path: Path) -> None:
    step = Step(1, "shell", "echo two", output="one")
    with pytest.raises(AssertionError, match=r"page\.md:1"):
        run_steps("page.md", [step], tmp_path)


@pytest.mark.parametrize("page", cheap_pages())
def test_a_page_shows_what_its_commands_print(page: str, tmp_path: Path) -> None:
    run_steps(page, [step for step in STEPS[page] if not step.slow], tmp_path)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("page", slow_pages())
def test_a_whole_page_shows_what_its_commands_print(page: str, tmp_path: Path) -> None:
    run_steps(page, STEPS[page], tmp_path)


def is_origin(page: str) -> bool:
    """Whether a page's commands say where figures come from."""
    return page.startswith("docs/results/")


@pytest.mark.parametrize("page", [p for p in STEPS if not is_origin(p)])
def test_every_command_is_run_or_says_why_not(page: str) -> None:
    for line, before, head, lines in split_fences((ROOT / page).read_text()):
        told = before.startswith("<!-- not run: ") or "title=" in head or "mermaid" in head
        for text in lines:
            assert told or not text.startswith(TOOLS), f"{page}:{line}: '{text}' is not run"


def commands_of(page: str) -> list[list[str]]:
    """The calls of `coevolve` in a page's blocks, run or not, as words."""
    found = []
    for _, _, _, lines in split_fences((ROOT / page).read_text()):
        for text in "\n".join(lines).replace("\\\n", " ").splitlines():
            words = text.removeprefix("$ ").partition(" #")[0].split()
            if words and words[0] in ("coevolve", ".venv/bin/coevolve"):
                found.append(words[1:])
    return found


@pytest.mark.parametrize("page", [p for p in STEPS if not is_origin(p)])
def test_shown_commands_and_options_exist(page: str) -> None:
    known = _parser()[1].choices
    for words in commands_of(page):
        if words[0].startswith("-"):
            continue
        assert words[0] in known, f"{page}: {words}"
        options = {name for action in known[words[0]]._actions for name in action.option_strings}
        asked = {word.partition("=")[0] for word in words[1:] if word.startswith("--")}
        assert asked <= options, f"{page}: {words[0]} has no {sorted(asked - options)}"


def test_the_readme_shows_commands_and_is_short() -> None:
    text = (ROOT / "README.md").read_text()
    assert len(text.splitlines()) <= 120
    commands = [step.text.split() for step in STEPS["README.md"] if step.kind == "shell"]
    assert {words[1] for words in commands} >= {"verify", "translate"}
    assert "**The GPU part:**" in text and "**Do rounds help:**" in text


def test_there_is_a_recipe_for_each_reader() -> None:
    recipes = {page.stem for page in (ROOT / "docs" / "recipes").glob("*.md")}
    assert recipes >= {"port", "ci", "rounds", "evaluate", "dataset", "cluster", "dialect"}
    assert all(STEPS[f"docs/recipes/{name}.md"] for name in recipes - {"index"})


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", ["port", "dataset"])
def test_notebooks_run(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nbformat = pytest.importorskip("nbformat", reason="needs the extra `notebooks`")
    nbclient = pytest.importorskip("nbclient", reason="needs the extra `notebooks`")
    book = nbformat.read(ROOT / "docs" / "recipes" / f"{name}.ipynb", as_version=4)
    nbformat.validate(book)
    assert not any(cell.get("outputs") for cell in book.cells)
    environment = make_folder(tmp_path, small=False)
    monkeypatch.setenv("PYTHONPATH", environment["PYTHONPATH"])
    monkeypatch.setenv("PATH", environment["PATH"])
    resources = {"metadata": {"path": str(tmp_path)}}
    nbclient.NotebookClient(book, timeout=800, resources=resources).execute()
    assert any(cell.get("outputs") for cell in book.cells)


def test_a_file_of_a_page_is_never_written_to_the_repository(tmp_path):
    make_folder(tmp_path, False)
    names = ["README.md", ".github/actions/coevolve-verify/action.yml", "docs/recipes/new.txt"]
    before = [(ROOT / name).read_bytes() for name in names[:2]]
    for name in names:
        write_own(tmp_path, name, "of a page\n")
        assert (tmp_path / name).read_text() == "of a page\n"
    assert [(ROOT / name).read_bytes() for name in names[:2]] == before
    assert not (ROOT / names[2]).exists()
    assert (tmp_path / "docs" / "recipes" / "ci.md").read_text().startswith("# Check a port in CI")
