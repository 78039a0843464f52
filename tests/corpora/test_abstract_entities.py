"""Tags of entities: from the syntax tree for C-like dialects, from interface and word tables for
Fortran.
"""

import pytest
from hypothesis import given, settings, strategies as st

from corpora import builtin
from corpora.dialects import DIALECTS, get_dialect
from corpora.records import Program
from corpora.tokens.abstract_entities import (
    ARRAY,
    BUFFER,
    CALL,
    CONSTANT,
    FUNCTION,
    LOCAL,
    OUTER,
    PARAMETER,
    SHARED,
    TAGS,
    THREAD,
    TYPE,
    find_entities,
)
from corpora.tokens.canonical import canonicalize

SERIAL = (
    "float norm(int n, const float *x) { float s = 0.5f, t[4]; for (int i = 0; i < n; i++) "
    "s += x[i] * x[i]; t[0] = s; return sqrtf(t[0]) + OFFSET; }"
)
KERNEL = (
    "__device__ float twice(float v) { return 2 * v; }\n"
    "__global__ void k(float *x, unsigned int n) { __shared__ float s[32]; unsigned int i "
    "= blockIdx.x * blockDim.x + threadIdx.x;"
    " if (i < n) { s[threadIdx.x] = twice(x[i]); __syncthreads(); x[i] = s[threadIdx.x]; } }"
)
FORTRAN = (
    "subroutine f(n, a, x)\n integer, intent(in) :: n\n real(8) :: a, x(n), w(10)\n "
    "integer :: i\n do i = 1, n\n w(1) = abs(a)\n x(i) = w(1)\n end do\nend subroutine"
)


def spelled(program: Program) -> dict[str, str]:
    """Tag by spelling in the program's text."""
    language = get_dialect(program.dialect).language
    names = canonicalize(program.text, language, entry=program.name).names
    return {
        names[int(w[1:])] if w[0] == "V" and w[1:].isdigit() else w: tag
        for w, tag in find_entities(program)
    }


def test_serial_function():
    assert spelled(Program("cpp", "norm", SERIAL)) == {
        "float": TYPE,
        "F0": FUNCTION,
        "int": TYPE,
        "n": PARAMETER,
        "x": ARRAY,
        "s": LOCAL,
        "0 _. _5 _f": CONSTANT,
        "t": BUFFER,
        "4": CONSTANT,
        "i": LOCAL,
        "0": CONSTANT,
        "sqrtf": CALL,
        "OFFSET": OUTER,
    }


def test_kernel_with_a_helper_and_shared_memory():
    found = spelled(Program("cuda", "k", KERNEL))
    assert found["twice"] == found["F0"] == FUNCTION
    assert (
        found["s"] == SHARED
        and found["x"] == ARRAY
        and found["n"] == PARAMETER
        and found["i"] == LOCAL
    )
    assert found["blockIdx"] == found["threadIdx"] == found["blockDim"] == THREAD
    assert found["__syncthreads"] == CALL and found["unsigned"] == TYPE and found["2"] == CONSTANT
    assert ".x" not in found and "__global__" not in found


def test_fortran_by_interface_and_words():
    found = spelled(Program("fortran", "f", FORTRAN))
    assert (
        found["F0"] == FUNCTION
        and found["integer"] == TYPE
        and found["abs"] == CALL
        and found["1"] == CONSTANT
    )
    assert (found["n"], found["a"], found["x"], found["w"], found["i"]) == (
        PARAMETER,
        PARAMETER,
        ARRAY,
        BUFFER,
        LOCAL,
    )
    assert "do" not in found and "subroutine" not in found


def test_a_fortran_text_without_an_interface_has_no_tags():
    assert find_entities(Program("fortran", "f", "x = 1")) == ()


@pytest.mark.parametrize("name", DIALECTS)
def test_builtin_functions_have_tags_and_each_entity_is_a_word_of_theirs(name):
    for program in builtin.programs(name)[::5]:
        found = find_entities(program)
        words = canonicalize(program.text, get_dialect(name).language, entry=program.name).text
        assert found and {tag for _, tag in found} <= set(TAGS), program.origin
        assert all(f" {word} " in f" {words} " for word, _ in found), program.origin
        own = {w for w in words.split() if w[0] == "V" and w[1:].isdigit()}
        assert own <= {word for word, _ in found}, "every name of the program's own has a tag"


@settings(deadline=None, max_examples=100)
@given(
    st.text(alphabet='abxV0(){}[]*&;,=#"<>. \nint_', max_size=80), st.sampled_from(sorted(DIALECTS))
)
def test_any_text_is_read_without_an_error(text, name):
    assert all(tag in TAGS for _, tag in find_entities(Program(name, "f", text)))
