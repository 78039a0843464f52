"""The documents, held true: links, lines, and the pages that are made from data.

`tests/test_pages.py` runs the commands that they show.

    python -m pytest -q tests/test_documents.py
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from dataclasses import fields
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest
import results_pages
import terminal_animation

from corpora.dialects import DIALECTS
from corpora.records import Outcome, Program, Triplet, UnitTestSuite, Verdict

ROOT = Path(__file__).resolve().parent.parent
WIDTH = 100
HIDDEN = {".git", ".venv", "build", "site", "runs", ".pytest_cache", "node_modules"}
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


def markdown_files() -> list[Path]:
    """Every Markdown file of the repository, without what is built or ignored."""
    found = (p for p in ROOT.rglob("*.md") if not HIDDEN & set(p.relative_to(ROOT).parts))
    return sorted(found)


def split_fences(text: str) -> list[tuple[int, str, str, list[str]]]:
    """Fenced blocks: number of the first line, the last line with words before the block, what
    stands behind the opening fence, the lines. Raises AssertionError for a block without an end.
    """
    blocks, lines, start = [], text.splitlines(), None
    for i, line in enumerate(lines):
        if line.lstrip().startswith("```"):
            if start is None:
                start = i
                continue
            before = next((x for x in reversed(lines[:start]) if x.strip()), "")
            head = lines[start].strip().removeprefix("```")
            blocks.append((start + 2, before.strip(), head, lines[start + 1 : i]))
            start = None
    assert start is None, f"a block that begins at line {(start or 0) + 1} has no end"
    return blocks


def test_a_block_without_an_end_is_found() -> None:
    with pytest.raises(AssertionError, match="line 2"):
        split_fences("text\n```\n$ coevolve doctor\n")


def test_wide_tables_are_cut_and_repeat_their_labels() -> None:
    columns = [results_pages.Column("name", "Name", label=True)]
    columns += [results_pages.Column(f"c{i}", "x" * 40) for i in range(3)]
    parts = results_pages.cut_table(columns, [{"name": "row", "c0": 1, "c1": None, "c2": 2.5}])
    assert len(parts) == 2 and all(part[2].startswith("| row |") for part in parts)
    assert max(len(line) for part in parts for line in part) <= WIDTH
    assert parts[0][2] == "| row | 1 | – |" and parts[1][2] == "| row | 2.5 |"


def test_make_targets_of_the_readme_exist() -> None:
    targets = re.findall(r"(?m)^([a-z-]+):", (ROOT / "Makefile").read_text())
    asked = re.findall(r"(?m)^make ([a-z-]+)", (ROOT / "README.md").read_text())
    assert asked[:2] == ["demo", "test"] and set(asked) <= set(targets)


@pytest.mark.parametrize("page", markdown_files(), ids=lambda p: str(p.relative_to(ROOT)))
def test_lines_end_at_100_columns(page: Path) -> None:
    lines = enumerate(page.read_text().splitlines(), 1)
    long = [f"{i}: {len(line)}" for i, line in lines if len(line) > WIDTH]
    assert not long, f"{page.relative_to(ROOT)} has lines over {WIDTH} columns: {long}"


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as MkDocs and GitHub make them from words."""
    heads = re.findall(r"(?m)^#+ (.+)$", page.read_text())
    kept = (re.sub(r"[^\w\s-]", "", h.replace("`", "")).strip().lower() for h in heads)
    return {re.sub(r"[\s]+", "-", h) for h in kept}


def links(page: Path) -> list[str]:
    """Targets of the links of a page, code left out."""
    text = re.sub(r"(?ms)^```.*?^```", "", page.read_text())
    return LINK.findall(re.sub(r"`[^`\n]*`", "", text))


@pytest.mark.parametrize("page", markdown_files(), ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for link in links(page):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{page.relative_to(ROOT)} links to {link}, which is not there"
        if anchor and target.suffix == ".md":
            assert anchor in anchors(target), f"{page.relative_to(ROOT)}: no heading for {link}"


def test_pages_of_results_are_made_from_the_data() -> None:
    made = results_pages.make_pages(ROOT / "results")
    there = {p.name: p.read_text() for p in (ROOT / "docs" / "results").glob("*.md")}
    assert made == there, "run: python benchmarks/results_pages.py"


def test_every_table_of_results_names_its_origin() -> None:
    for topic in results_pages.read_topics(ROOT / "results"):
        for table in topic["tables"]:
            assert {"command", "date", "engine"} <= table.keys(), (topic["topic"], table["id"])
            keys = {c["key"] for c in table["columns"]}
            assert all(row.keys() == keys for row in table["rows"]), (topic["topic"], table["id"])
        names = [t["id"] for t in topic["tables"]]
        assert len(names) == len(set(names)), topic["topic"]


def test_the_table_of_the_readme_is_the_data() -> None:
    data = json.loads((ROOT / "results" / "published.json").read_text())
    rows = {r["system"]: r for table in data["tables"] for r in table["rows"]}
    lines = (ROOT / "README.md").read_text().splitlines()
    shown = [x for x in lines if "| test |" in x or "| validation |" in x]
    table = [[c.strip(" *") for c in x.strip("|").split("|")] for x in shown]
    assert len(table) == 6
    for system, _, _, *cells in table:
        row = rows["small, as asked by default" if "small" in system else system]
        expected = [row[key] for key in ("pass@1", "pass@10", "cpass")]
        values = [e["value"] if isinstance(e, dict) else e for e in expected]
        assert [None if c == "–" else float(c) for c in cells] == values, system


def test_the_lock_file_pins_what_the_project_asks_for() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    lines = [line for line in lock.splitlines() if not line.startswith("#")]
    assert all(re.fullmatch(r"[a-z0-9._-]+(\[[a-z,]+\])?==[\w.!]+( ;.*)?", x) for x in lines)
    pinned = {re.split(r"[\[=]", x)[0].replace("_", "-").replace(".", "-") for x in lines}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    names = {re.split(r"[\[=<>~! ]", x)[0].lower().replace("_", "-") for x in asked}
    assert names <= pinned, f"requirements.lock lacks {sorted(names - pinned)}"


def test_every_key_of_the_configuration_is_documented() -> None:
    page = (ROOT / "docs" / "config.md").read_text()
    reference = tomllib.loads((ROOT / "configs" / "reference.toml").read_text())
    tables = {name: value for name, value in reference.items() if isinstance(value, dict)}
    keys = [name for name in reference if name not in tables]
    keys += [f"{name}.{key}" for name, table in tables.items() for key in table]
    assert not [key for key in keys if f"`{key}`" not in page]


def test_fields_of_records_are_documented() -> None:
    page = (ROOT / "docs" / "reference" / "records.md").read_text()
    verdict, triplet = page.split("## Fields of a triplet")
    for part, kinds in ((verdict, (Verdict,)), (triplet, (Triplet, Program, UnitTestSuite))):
        names = [field.name for kind in kinds for field in fields(kind)]
        assert not [name for name in names if f"`{name}`" not in part]
    assert not [outcome for outcome in Outcome if f"| `{outcome}` |" not in verdict]


def test_every_form_of_a_corpus_is_documented() -> None:
    """What the loader's own table names is in the page, and every dialect's first suffix."""
    page = (ROOT / "docs" / "data.md").read_text().split("## Published data")[0]
    for form in ("FOLDER", ".tok", ".jsonl#", ".parquet#", "hf:", "s3://", "generated:COUNT:SEED"):
        assert form in page, form
    assert all(f"`{row.suffixes[0]}`" in page for row in DIALECTS.values() if row.name != "cuda")
    assert all(f"| `{name}` |" in page for name in ("builtin", "development"))


def module_file(name: str) -> Path:
    """The file of a dotted module name."""
    path = ROOT / Path(*name.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def test_five_hops_from_the_readme_to_the_function_that_decides() -> None:
    page = (ROOT / "docs" / "architecture" / "verdict.md").read_text()
    assert "docs/architecture.md" in (ROOT / "README.md").read_text()
    assert "architecture/verdict.md" in (ROOT / "docs" / "architecture.md").read_text()
    named = re.findall(r"(?m)^\d\. `([\w.]+)\.(\w+)`", page)
    assert 1 <= len(named) <= 3
    for module, function in named:
        text = module_file(module).read_text()
        assert re.search(rf"(?m)^(    )?def {function}\(", text), f"{module} has no {function}"
    for (before, _), (module, function) in pairwise(named):
        text = module_file(before).read_text()
        assert module in text and function in text, f"{before} does not name {module}.{function}"
    assert named[-1][0].endswith("compare")
    assert any("Outcome.EQUIVALENT" in module_file(module).read_text() for module, _ in named)


def test_the_site_builds(tmp_path: Path) -> None:
    pytest.importorskip("mkdocs", reason="needs the extra `docs`")
    pytest.importorskip("material", reason="needs the extra `docs`")
    out = str(tmp_path / "site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "-q", "-d", out]
    done = subprocess.run(command, cwd=ROOT, text=True, capture_output=True, timeout=280)
    assert done.returncode == 0, done.stderr


def test_the_terminal_of_the_readme_fits() -> None:
    picture = ElementTree.parse(ROOT / "docs" / "terminal.svg").getroot()
    width, height = float(picture.get("width", 0)), float(picture.get("height", 0))
    texts = picture.findall("{http://www.w3.org/2000/svg}text")
    assert len(texts) > 10 and "docs/terminal.svg" in (ROOT / "README.md").read_text()
    for text in texts:
        assert float(text.get("x", 0)) + float(text.get("textLength", 0)) < width, text.text
        assert float(text.get("y", 0)) < height, text.text
    with pytest.raises(ValueError, match="wider than"):
        terminal_animation.draw([terminal_animation.Line("x" * 85, 0.0, "output")])
