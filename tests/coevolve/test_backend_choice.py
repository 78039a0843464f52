"""`auto` asks the machine, and other words are checked."""

from __future__ import annotations

import pytest

from coevolve.verification.backend_choice import choose_backend_kind
from gpu_runtime.cuda import backend


@pytest.mark.parametrize(("usable", "wanted"), [(False, "emulated"), (True, "cuda")])
def test_auto_is_the_device_where_there_is_one(
    monkeypatch: pytest.MonkeyPatch, usable: bool, wanted: str
) -> None:
    assert choose_backend_kind("auto") == ("cuda" if backend.is_usable() else "emulated")
    monkeypatch.setattr(backend, "is_usable", lambda: usable)
    assert choose_backend_kind("auto") == wanted


def test_another_word_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown back end 'gpu'"):
        choose_backend_kind("gpu")
