"""How a wheel is laid out: every package of the repository below `coevolve`, the only top-level
name that an installation takes.

Contract: setuptools calls `BuildWheelFiles` when it builds a wheel (`[tool.setuptools] cmdclass`).
The packages corpora, gpu_runtime, translator and tester become coevolve.corpora and so on, imports
in their text follow, and configs/ becomes coevolve/configs. An editable installation, and the
repository, stay as they are. A build fails if an import would still name a package at the top.

    python -m pip wheel --no-deps -w dist .
"""

from __future__ import annotations

import ast
import re
import shutil
from pathlib import Path

from setuptools.command.build_py import build_py
from setuptools.command.egg_info import egg_info

PACKAGES = ("corpora", "gpu_runtime", "translator", "tester")
"""Top-level packages of the repository that move below `coevolve`."""
_FROM = re.compile(rf"\bfrom (?=(?:{'|'.join(PACKAGES)})(?:\.[\w.]+)? import\b)")


def move_imports(text: str, name: str) -> str:
    """Return a module's text with `from corpora.x import y` as `from coevolve.corpora.x import y`,
    in its documentation too.

    text: the module's. name: of the module's file, for messages. Raises ValueError where an import
        of a moved package has another form.
    """
    moved = _FROM.sub("from coevolve.", text)
    for node in ast.walk(ast.parse(moved)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names = [node.module or ""]
        else:
            continue
        for each in names:
            if each.partition(".")[0] in PACKAGES:
                raise ValueError(
                    f"{name}:{node.lineno}: write 'from {each} import ...', which a wheel can move"
                )
    return moved


def move_below(lib: Path, configs: Path) -> None:
    """Move the built packages in the folder `lib` below `lib/coevolve`, and copy the
    configurations in the folder `configs` to `lib/coevolve/configs`. Raises ValueError for an
    import that cannot be moved.
    """
    home = lib / "coevolve"
    for package in PACKAGES:
        shutil.rmtree(home / package, ignore_errors=True)  # of an earlier build
        shutil.move(lib / package, home / package)
    for file in sorted(home.rglob("*.py")):
        text = file.read_text(encoding="utf-8")
        file.write_text(move_imports(text, str(file.relative_to(lib))), encoding="utf-8")
    (home / "configs").mkdir(exist_ok=True)
    for file in configs.glob("*.toml"):
        shutil.copyfile(file, home / "configs" / file.name)


class BuildWheelFiles(build_py):
    """The command `build_py` of setuptools, which then moves the packages."""

    def run(self) -> None:
        """Build all packages into the build folder, and then move them below `coevolve` there, as
        `move_below` does, unless the installation is editable. Raises ValueError as `move_below`
        does.
        """
        super().run()
        if not self.editable_mode:
            move_below(Path(self.build_lib), Path("configs"))


class OneTopLevelName(egg_info):
    """The command `egg_info` of setuptools, with `coevolve` as the only top-level name."""

    def run(self) -> None:
        """Write the package's metadata, with `coevolve` as the only name in `top_level.txt`."""
        super().run()
        (Path(self.egg_info) / "top_level.txt").write_text("coevolve\n")
