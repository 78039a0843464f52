"""The question to a real compiler: units of many texts, whose an error is, what is remembered."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from corpora.records import Program
from gpu_runtime.cuda import nvcc
from gpu_runtime.cuda.nvcc import DeviceCheck, emit_checked_unit, make_device_check


def kernel(body: str, before: str = "") -> Program:
    return Program("cuda", "k", f"{before}__global__ void k(int *a) {{ {body} }}")


class Scripted(DeviceCheck):
    """A compiler that refuses each text with the word `bad` and says so in one of several ways."""

    def __init__(self, cache: Path, form: str = "p{k}(2): error: bad") -> None:
        super().__init__(__file__, cache)
        self.form, self.units = form, []

    def _compile(self, texts: Sequence[str], host: bool, apart: bool = True) -> tuple[bool, str]:
        self.units.append((len(texts), host, apart))
        said = [self.form.format(k=k) for k, text in enumerate(texts) if "bad" in text]
        return not said, "\n".join(said)


def test_errors_go_to_their_texts(tmp_path: Path) -> None:
    check = Scripted(tmp_path)
    texts = [kernel(f"a[{i}] = {'bad' if i % 3 == 0 else i};") for i in range(7)]
    reasons = check.explain(texts)
    assert [bool(r) for r in reasons] == [i % 3 == 0 for i in range(7)]
    assert reasons[0] == "program.cu:2: error: bad"
    # all; those without an error; each refused one again, outside of a namespace
    assert check.units == [(7, False, True), (4, False, True), *[(1, False, False)] * 3]


def test_an_error_that_names_no_text_is_found_by_halving(tmp_path: Path) -> None:
    check = Scripted(tmp_path, "ptxas error   : too much of it")
    reasons = check.explain([kernel(f"a[0] = {'bad' if i == 5 else i};") for i in range(8)])
    assert [bool(r) for r in reasons] == [i == 5 for i in range(8)]
    assert reasons[5] == "ptxas error   : too much of it"


def test_answers_are_kept(tmp_path: Path) -> None:
    first = Scripted(tmp_path)
    programs = [kernel("a[0] = bad;"), kernel("a[0] = 1;")]
    wanted = first.explain(programs)
    second = Scripted(tmp_path)
    assert second.explain(programs) == wanted == first.explain(programs)
    assert second.units == [] and len(first.units) == 3


def test_host_code_stands_in_other_units(tmp_path: Path) -> None:
    check = Scripted(tmp_path)
    launched = kernel("a[0] = 1;").text + " void f(int *a) { k<<<1, 1>>>(a); }"
    check.explain([kernel("a[0] = 2;"), Program("cuda", "f", launched), Program("cpp", "f", "bad")])
    assert check.units == [(1, False, True), (1, True, True)]


def test_unit_text() -> None:
    texts = [
        "#include <vector>\n#define N 3\n__global__ void k(int *a) { a[0] = N; }",
        "#include <cuda_runtime.h>\n#include <evil.h>\n__global__ void k(int *a) { a[0] = 1; }",
    ]
    unit = emit_checked_unit(texts)
    assert unit.index("#include <vector>") < unit.index("namespace p0 {")
    assert "evil.h" not in unit
    assert unit.index("#undef N") < unit.index("namespace p1 {")
    assert '#line 1 "p1"' in unit


def test_what_is_asked_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert make_device_check("none") is None
    with pytest.raises(ValueError, match="unknown device compiler 'gcc'"):
        make_device_check("gcc")
    monkeypatch.setattr(nvcc, "find_nvcc", lambda: "")
    monkeypatch.setattr(nvcc, "has_nvrtc", lambda: False)
    assert make_device_check("auto") is None
    with pytest.raises(ValueError, match="'nvcc' is not installed"):
        make_device_check("nvcc")
    monkeypatch.setattr(nvcc, "find_nvcc", lambda: __file__)
    assert make_device_check("auto", tmp_path).name == "nvcc"


@pytest.mark.skipif(not nvcc.has_nvrtc(), reason="NVRTC is not installed")
def test_nvrtc_where_there_is_no_nvcc(tmp_path: Path) -> None:
    check = make_device_check("nvrtc", tmp_path)
    try:
        good, bad = check.explain([kernel("a[0] = 1;"), kernel("int n = a[0], b[n]; a[0] = b[0];")])
    finally:
        check.close()
    assert good == "" and "program.cu:1: error" in bad
