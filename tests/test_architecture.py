"""docs/architecture.md, held true: which package may import which, and where Ray lives."""

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
import tree

ROOT = Path(__file__).parents[1]
ALLOWED = {
    "corpora": set(),
    "gpu_runtime": {"corpora"},
    "translator": {"corpora", "gpu_runtime"},
    "tester": {"corpora", "gpu_runtime"},
    "coevolve": {"corpora", "gpu_runtime", "translator", "tester"},
}
ONLY_IN = {"ray": {"coevolve/loop/actors.py"}, "tomllib": {"coevolve/config/schema.py"}}
"""Modules that one file may import. `import ray` in two files is how tests end up faking it."""


@cache
def parse(path, text):
    return ast.parse(text)


def imported(path):
    """Top-level names of every import of a file, late ones included; relative imports are those of
    its own package.
    """
    found = set()
    for node in ast.walk(parse(path, path.read_text())):
        if isinstance(node, ast.Import):
            found.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found.add(node.module.split(".")[0])
        elif isinstance(node, ast.Call) and getattr(
            node.func, "attr", getattr(node.func, "id", "")
        ) in ("import_module", "__import__"):
            first = node.args[0] if node.args else None
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                found.add(first.value.split(".")[0])
    return found


def files(package):
    return sorted((ROOT / package).rglob("*.py"))


@pytest.mark.parametrize("package", ALLOWED)
def test_imports_go_one_way(package):
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in files(package)
        for name in sorted(imported(path) & (set(ALLOWED) - ALLOWED[package] - {package}))
    ]
    assert not wrong, wrong


@pytest.mark.parametrize("module", ONLY_IN)
def test_modules_that_one_file_may_import(module):
    users = {
        str(p.relative_to(ROOT))
        for package in ALLOWED
        for p in files(package)
        if module in imported(p)
    }
    assert users <= ONLY_IN[module], f"{module} may be imported in {ONLY_IN[module]} only"


def parsed():
    return {p: parse(p, p.read_text()) for package in ALLOWED for p in files(package)}


@pytest.mark.parametrize("package", ["translator/outline", "translator/parallelize"])
def test_rules_read_trees_and_no_patterns(package):
    """Structure is asked of corpora.ir: no regular expressions and no second parser."""
    users = [p.name for p in files(package) if imported(p) & {"re", "tree_sitter", "fparser"}]
    assert not users, users


def test_no_modules_import_each_other_in_a_circle():
    """Imports in functions and under TYPE_CHECKING count: a circle is a circle."""
    assert tree.circles(ROOT, parsed()) == []


def test_a_circle_by_a_late_import_is_seen(tmp_path):
    texts = {"a": "def f():\n    from corpora import b\n", "b": "from corpora.c import x\n"}
    texts["c"] = "if TYPE_CHECKING:\n    import corpora.a\n"
    made = {tmp_path / "corpora" / f"{k}.py": ast.parse(v) for k, v in texts.items()}
    assert tree.circles(tmp_path, made) == [["corpora.a", "corpora.b", "corpora.c"]]


def test_the_library_and_its_command_line_start_without_heavy_modules():
    """Neither `import coevolve` nor the parser of the command loads what is slow to load."""
    code = (
        "import sys, coevolve, coevolve.cli.main; "
        "heavy = {'torch', 'ray', 'transformers', 'tree_sitter', 'datasets'} & set(sys.modules); "
        "print(sorted(heavy))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


def test_packages_never_import_tests():
    wrong = [
        p
        for package in ALLOWED
        for p in files(package)
        if {"tests", "pytest", "hypothesis"} & imported(p)
    ]
    assert not wrong


def test_every_package_of_the_tree_is_installed():
    import tomllib

    listed = set(
        tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    )
    present = {
        str(p.parent.relative_to(ROOT)).replace("/", ".")
        for a in ALLOWED
        for p in (ROOT / a).rglob("__init__.py")
    }
    assert present <= listed, f"add to pyproject.toml: {sorted(present - listed)}"


def test_the_check_itself_sees_late_and_dynamic_imports(tmp_path):
    path = tmp_path / "x.py"
    path.write_text(
        "def f():\n    from tester.generate.rules import x\n    import_module('ray.util')\n    "
        "import numpy as np\n"
    )
    assert imported(path) == {"tester", "ray", "numpy"}
