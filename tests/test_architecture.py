"""docs/architecture.md, held true: which package may import which, and where Ray lives."""

import ast
from pathlib import Path

import pytest

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


def imported(path):
    """Top-level names of every import of a file, late ones included; relative imports are those of
    its own package.
    """
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
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
