"""Values that shared data begins with, of both languages."""

from corpora.extraction.initial_values import initial_values


def test_globals_of_the_c_family():
    text = (
        "namespace a { static int n = 5, *p, k[2] = {1, 2}; }\nextern int e;\n"
        'extern "C" { double x = 1.5f; /* int y = 2; */ }\nint f(int a);\n'
        "int g() { int inside = 1; return inside; }\nstruct S { int m = 3; } s;\n"
    )
    assert initial_values(text, "cpp") == {
        "n": "5", "p": "", "k": "{1, 2}", "x": "1.5f", "s": "",
    }  # fmt: skip


def test_modules_and_data_of_fortran():
    text = (
        "module m\n real(8), save :: u(5, 0:3), dt = 3d0 ! , v = 1\n"
        " integer, parameter :: fixed = 1\n"
        " data u /20*0/, n, k /1, 2/\nend module\n"
        "block data\n common /x/ y\n data y /3.5/\nend\n"
        "subroutine s(x)\n data (a(i), i=1,3) /3*1/, b /2/\n real :: inside = 3\n"
        " data(1) = 7\nend\n"
    )
    assert initial_values(text, "fortran") == {
        "u": "20*0", "dt": "3d0", "n": "1", "k": "2", "y": "3.5", "a": "3*1", "b": "2",
    }  # fmt: skip


def test_bad_text_gives_nothing():
    for text in ("", "}}}", "data /", "int x = ;", "\0"):
        for language in ("cpp", "fortran"):
            assert isinstance(initial_values(text, language), dict)
