"""Conditionals of a text decided as its compiler decides them."""

from gpu_runtime.compile.preprocess import resolve

CHECKED = """#include <stdio.h>
#define CHECK(x) do { if (!(x)) printf("%s:%d", __FILE__, __LINE__); } while (0)
#ifdef NEVER
int absent;
#endif
void f(int *a, int n) { CHECK(n > 0); for (int i = 0; i < n; i++) a[i] = i; }
"""


def test_a_text_that_spells_its_own_file_name_is_read():
    """The name that it is read under is made up, and was another one in each of three readings."""
    read = resolve(CHECKED, "cpp")
    assert not read.problem and "absent" not in read.text and "a[i] = i" in read.text


def test_what_asks_for_the_compilers_options_is_still_refused():
    text = "#ifdef __OPTIMIZE__\nint k = 1;\n#else\nint k = 2;\n#endif\n"
    assert "ask for the compiler's options" in resolve(text, "cpp").problem
