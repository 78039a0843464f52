"""Which execution back end a word stands for: `auto` is a device where one is usable, else the
emulation.

Contract: `choose_backend_kind` starts nothing; `make_backend` does. Both raise ValueError, one
line, for what is not to be had.

    python -c "from coevolve.verification.backend_choice import choose_backend_kind; \\
        print(choose_backend_kind('auto'))"
"""

from __future__ import annotations

from gpu_runtime.backend import EMULATE, ExecutionBackend


def choose_backend_kind(word: str) -> str:
    """Return `cuda` or `emulated` for the word `auto`, `cuda` or `emulated`. For `auto` it is
    `cuda` where a usable device is found. Raises ValueError for another word.
    """
    if word not in ("auto", "cuda", "emulated"):
        raise ValueError(f"unknown back end '{word}' (known: auto, cuda, emulated)")
    if word == "auto":
        return "cuda" if _has_device() else "emulated"
    return word


def _has_device() -> bool:
    module = _cuda_module()
    return module is not None and module.is_usable()


def _cuda_module():
    try:
        from gpu_runtime.cuda import backend as cuda
    except ImportError:
        return None
    return cuda


def make_backend(word: str = "auto") -> ExecutionBackend:
    """Start and return the execution back end for `auto`, `cuda` or `emulated`. Raises ValueError
    for another word, or where that back end cannot run on this machine.
    """
    makers = {"emulated": _make_emulated, "cuda": _make_cuda}
    return makers[choose_backend_kind(word)]()


def _make_emulated() -> ExecutionBackend:
    from gpu_runtime.emulation.backend import EmulatedBackend

    return EmulatedBackend()


def _make_cuda() -> ExecutionBackend:
    module = _cuda_module()
    if module is None:
        raise ValueError(f"the CUDA back end is not available here; {EMULATE}")
    return module.CudaBackend()
