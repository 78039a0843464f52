"""Right ports of what was refused once are equivalent, and a wrong twin of each is not."""

import shutil

import pytest
from right_code_pairs import PAIRS, RightCodePair

from coevolve.verification.engine import Engine, Pair
from corpora.records import Program
from gpu_runtime.call.wide_literals import widen_literals
from gpu_runtime.compile.toolchain import find_toolchain
from gpu_runtime.wall.check import check_program

pytestmark = pytest.mark.skipif(shutil.which("g++") is None, reason="g++ is not installed")


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    engine = Engine("emulated", cache=tmp_path_factory.mktemp("cache"))
    yield engine
    engine.close()


def _name(pair: RightCodePair) -> str:
    number = PAIRS.index(pair)
    return f"{number}-{pair.construct}-{pair.function}-{'right' if pair.right else 'wrong'}"


@pytest.mark.parametrize("pair", PAIRS, ids=_name)
def test_right_code_is_accepted_and_its_wrong_twin_is_not(pair, engine):
    dialects = f"{pair.source[0]} {pair.target[0]}"
    if "fortran" in dialects and find_toolchain().gfortran is None:
        pytest.skip("gfortran is not installed")
    source = Program(pair.source[0], pair.function, pair.source[1])
    target = Program(pair.target[0], pair.function, pair.target[1])
    verdict = engine.verify(Pair(source, target))
    assert verdict.equivalent is pair.right, verdict.detail


def test_literals_get_the_width_of_the_build_and_keep_their_value():
    assert widen_literals("x = 0.5f * y + 0.1;") == "x = 0.5 * y + ((cv_f64)0.1);"
    assert widen_literals("2.0 * 3.14159265358979323846") == "2.0L * 3.14159265358979323846L"
    assert widen_literals("#define PI 0.1\n#if 1.5\n") == "#define PI ((cv_f64)0.1)\n#if 1.5\n"
    assert widen_literals("0x1p3 + 7 + 2.5L + 1e5") == "0x1p3 + 7 + 2.5L + 1e5L"


BUFFER = "template <class T> struct Buf { T *d; Buf(int n) : d(new T[n]) {} };\n"


@pytest.mark.parametrize(
    "handler, refused",
    [("...", False), ("int e", False), ("...) { system(0); } catch (int e", True)],
)
def test_constructors_inside_of_try_are_declarations(handler, refused):
    body = f"try {{ Buf<double> a(n), b(n); a.d[0] = 1; }} catch ({handler}) {{ x[0] = 1; }}"
    text = f"{BUFFER}void f(double *x, int n) {{ {body} }}"
    assert (check_program(Program("openmp", "f", text)) is not None) == refused
