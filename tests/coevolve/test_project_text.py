"""Headers of a project in the files of `verify` and `ports`: the compiler must read the same."""

import subprocess
from pathlib import Path

import pytest

from coevolve.cli.main import main
from coevolve.verification.project_text import read_project_file
from corpora.projects.sources import Options, ProjectError


def read(folder: Path, text: str, dialect: str = "cpp", options: Options = Options(), **headers):
    """The text of a file with headers beside it."""
    for name, each in headers.items():
        (folder / f"{name}.h").write_text(each)
    (folder / "m.cpp").write_text(text)
    return read_project_file(folder / "m.cpp", dialect, options)


@pytest.mark.parametrize(
    "text, headers",
    [
        # the first include is passed over, so the second must count
        ('#ifdef X\n#include "a.h"\n#endif\n#include "a.h"\nint y = A;\n', {"a": "#define A 3\n"}),
        ('#include "a.h"\nint x = __LINE__ + F(2);\n', {"a": "#define F(k) (k * __LINE__)\n\n"}),
        ('#include "a.h"\n#include "a.h"\n#undef A\nint A;\n', {"a": "#define A 3\n"}),
        (
            '#include "a.h"\n#include <cassert>\nvoid f(int i) { assert(i > 0); }\n',
            {"a": "#include <cassert>\ninline void g(int i) { assert(i); }\n"},
        ),
    ],
)
def test_a_text_with_headers_is_what_the_compiler_reads(tmp_path, text, headers):
    for once in ("#pragma once\n", ""):
        with_once = {name: once + each for name, each in headers.items()}
        assert read(tmp_path, text, **with_once).changed


@pytest.mark.parametrize(
    "text, header",
    [
        ('#include "a.h"\nint y;\n', "#if __INCLUDE_LEVEL__ == 0\nint q;\n#endif\n"),
        ('#include "a.h"\n\n#if __LINE__ == 3\nint z = 1;\n#else\nint z = 2;\n#endif\n', "\n\n\n"),
        ('#include "a.h"\nint z;\n#endif\n', "#if 1\n"),
        ('#include "a.h"\nint z;\n', "int q; /* no end\n"),
        ('#include "a.h"\n#if __has_include("a.h")\nint z;\n#endif\n', "int q;\n"),
        ('#include "a.h" /* two\nlines */\nint z;\n', "int q;\n"),
    ],
)
def test_what_one_text_cannot_say_is_refused(tmp_path, text, header):
    with pytest.raises(ProjectError, match="m.cpp"):
        read(tmp_path, text, a=header)


def test_a_file_without_headers_of_its_own_is_left_alone(tmp_path):
    found = read(tmp_path, '#include <math.h>\n#include "omp.h"\n#pragma scop\nint a;\n', "openmp")
    assert not found.changed and not found.missing
    lost = read(tmp_path, '#include "lost.h"\nint a;\n')
    assert lost.missing == (
        f"{tmp_path / 'm.cpp'}:1: header 'lost.h' is not found; -I names its folder",
    )


HEADER = """#ifndef GRID_H
#define GRID_H
#ifdef DOUBLE
typedef double Real;
#else
typedef float Real;
#endif
#ifdef _OPENMP
#define FACTOR 2
#else
#define FACTOR (SHIFT)
#endif
void scale(int n, Real *x);
#endif
"""
SOURCE = """#include "grid.h"
void scale(int n, Real *x) { for (int i = 0; i < n; i++) x[i] *= FACTOR; }
"""


def test_verify_takes_headers_and_macros(tmp_path, capsys):
    (tmp_path / "inc").mkdir()
    (tmp_path / "inc" / "grid.h").write_text(HEADER)
    (tmp_path / "a.cpp").write_text(SOURCE)
    loop = SOURCE.index("for")
    (tmp_path / "a.omp.cpp").write_text(
        f"{SOURCE[:loop]}\n#pragma omp parallel for\n{SOURCE[loop:]}"
    )
    words = ["verify", str(tmp_path / "a.cpp"), str(tmp_path / "a.omp.cpp")]
    assert main(words) == 3
    assert "a.cpp:1: header 'grid.h' is not found; -I names its folder" in capsys.readouterr().err
    words += ["-I", str(tmp_path / "inc"), "-D", "DOUBLE"]
    # What the header defines decides: the port multiplies by 2, its source by SHIFT.
    assert main([*words, "-D", "SHIFT=2"]) == 0
    assert main([*words, "-D", "SHIFT=3"]) == 1


def test_kept_tests_of_a_patched_file_find_its_headers(tmp_path, monkeypatch):
    (tmp_path / "inc").mkdir()
    (tmp_path / "inc" / "grid.h").write_text(HEADER)
    (tmp_path / "a.cpp").write_text(SOURCE)
    monkeypatch.chdir(tmp_path)
    options = ["-I", "inc", "-D", "SHIFT=2"]
    words = ["--to", "openmp", "--patch", "--no-timing", "--out", "a.diff"]
    assert main(["translate", "a.cpp", *words, *options]) == 0
    subprocess.run(["patch", "-s", "a.cpp", "a.diff"], check=True)
    assert main(["verify", "--check-only", "a.diff.coevolve.json", *options]) == 0


def test_the_output_of_the_preprocessor_is_refused_at_once(tmp_path, capsys):
    """It was read for minutes, in silence, and no function was found in it."""
    source = tmp_path / "a.cpp"
    source.write_text("#include <cmath>\nvoid f(int n, float *x) { x[0] = std::sqrt(x[0]); }\n")
    whole = tmp_path / "whole.cpp"
    command = ["g++", "-E", "-P", str(source), "-o", str(whole)]
    subprocess.run(command, check=True)
    said = "it holds the C++ library's own headers (line "
    assert main(["verify", str(whole), str(source)]) == 2
    assert f"the source cannot be read: {said}" in capsys.readouterr().err
    assert main(["translate", str(whole), "--to", "openmp", "--patch"]) == 2
    assert f"cannot be read: {said}" in capsys.readouterr().err
