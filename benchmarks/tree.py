"""What the source tree measures: lines, modules, circles, regular expressions, names, words.

Prints one Markdown table for one or two trees, so that a change can be seen beside its start.

    python benchmarks/tree.py [BEFORE] .
"""

from __future__ import annotations

import ast
import re
import sys
from collections import Counter
from dataclasses import dataclass, fields
from pathlib import Path

ROOMS = ("corpora", "gpu_runtime", "translator", "tester", "coevolve")
CALLS = ("compile", "sub", "subn", "match", "search", "findall", "finditer", "fullmatch", "split")
LEXING = re.compile(r"/(lexers?|tokens|frontends|reader|suite_reader)\b|/(lexers|words)\.py$")
"""Modules whose work is words: regular expressions belong there."""


@dataclass(frozen=True, slots=True)
class Measures:
    """lines, modules and public names of the five packages; the longest line of any Python file."""

    lines_of_code: int
    modules: int
    modules_in_fullest_folder: int
    import_circles: int
    regular_expressions: int
    regular_expressions_outside_lexing: int
    public_names: int
    configuration_keys: int
    longest_line: int
    lines_over_100_columns: int
    words_of_documentation: int


def measure(root: Path) -> Measures:
    """Measures of the tree at `root`. Raises FileNotFoundError where it is none of this project."""
    files = sorted(f for room in ROOMS for f in (root / room).rglob("*.py"))
    if not files:
        raise FileNotFoundError(f"{root}: no packages named {', '.join(ROOMS)}")
    texts = {f: f.read_text() for f in files}
    trees = {f: ast.parse(t) for f, t in texts.items()}
    every = [
        f for f in root.rglob("*.py") if not {".venv", "build"} & set(f.relative_to(root).parts)
    ]
    widths = [len(line) for f in every for line in f.read_text().splitlines()]
    calls = {f: _regular_expressions(t) for f, t in trees.items()}
    pages = [root / "README.md", *(root / "docs").rglob("*.md")]
    return Measures(
        sum(t.count("\n") for t in texts.values()),
        len(files),
        max(Counter(f.parent for f in files).values()),
        len(circles(root, trees)),
        sum(calls.values()),
        sum(n for f, n in calls.items() if not LEXING.search(f"/{f.relative_to(root)}")),
        sum(len(_public(t)) for t in trees.values()),
        _configuration_keys(root),
        max(widths),
        sum(w > 100 for w in widths),
        sum(len(p.read_text().split()) for p in pages if p.exists()),
    )


def _regular_expressions(tree: ast.Module) -> int:
    return sum(
        isinstance(n, ast.Call)
        and isinstance(n.func, ast.Attribute)
        and isinstance(n.func.value, ast.Name)
        and n.func.value.id == "re"
        and n.func.attr in CALLS
        for n in ast.walk(tree)
    )


def _public(tree: ast.Module) -> list[str]:
    kinds = (ast.FunctionDef, ast.ClassDef)
    return [n.name for n in tree.body if isinstance(n, kinds) and not n.name.startswith("_")]


def _configuration_keys(root: Path) -> int:
    text = (root / "configs" / "reference.toml").read_text()
    return len(re.findall(r"^#? ?[a-z_]+ = ", text, re.M))


def circles(root: Path, trees: dict[Path, ast.Module]) -> list[list[str]]:
    """Groups of modules that import each other in a circle, late imports included."""
    names = {_module(root, f): t for f, t in trees.items()}
    edges = {m: _imported(t, names) - {m} for m, t in names.items()}
    return [sorted(group) for group in _components(edges) if len(group) > 1]


def _module(root: Path, file: Path) -> str:
    parts = file.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imported(tree: ast.Module, known: dict[str, ast.Module]) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                found.add(full if full in known else node.module)
    return found & set(known)


def _components(edges: dict[str, set[str]]) -> list[set[str]]:
    """Strongly connected components (Kosaraju), with stacks of our own."""
    order: list[str] = []
    seen: set[str] = set()
    for start in edges:
        stack = [(start, iter(edges[start]))] if start not in seen else []
        seen.add(start)
        while stack:
            node, rest = stack[-1]
            following = next((n for n in rest if n not in seen), None)
            if following is None:
                order.append(node)
                stack.pop()
            else:
                seen.add(following)
                stack.append((following, iter(edges[following])))
    backwards: dict[str, set[str]] = {m: set() for m in edges}
    for module, targets in edges.items():
        for target in targets:
            backwards[target].add(module)
    groups: list[set[str]] = []
    done: set[str] = set()
    for start in reversed(order):
        if start in done:
            continue
        group, todo = set(), [start]
        while todo:
            node = todo.pop()
            if node not in done:
                done.add(node)
                group.add(node)
                todo.extend(backwards[node])
        groups.append(group)
    return groups


def main() -> None:
    """Print the table for the trees that the command line names."""
    roots = [Path(a) for a in sys.argv[1:]] or [Path()]
    columns = [measure(root) for root in roots]
    print("| measure | " + " | ".join(str(r) for r in roots) + " |")
    print("| --- |" + " --- |" * len(roots))
    for field in fields(Measures):
        cells = " | ".join(f"{getattr(c, field.name):,}" for c in columns)
        print(f"| {field.name.replace('_', ' ')} | {cells} |")


if __name__ == "__main__":
    main()
