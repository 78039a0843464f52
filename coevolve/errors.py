"""Which exceptions are the user's to mend: printed as one line with exit code 2, without a traceback.

    python -c "from coevolve.errors import USER_ERRORS; print(USER_ERRORS())"
"""

from __future__ import annotations


class UserError(ValueError):
    """Bad input found by the loop itself; the message is one line saying what, where and how to mend it."""


def require_place(option: str, path: str) -> None:
    """Raises UserError where no file can be written at `path`: found out before hours of work, not after."""
    from corpora.files import try_place

    try:
        try_place(path)
    except OSError as error:
        raise UserError(f"{option} '{path}' cannot be written: {error.strerror}; name a file in a folder of yours") from None


def USER_ERRORS() -> tuple[type[Exception], ...]:  # noqa: N802 - reads as the constant it would be, were imports free
    """Exception types whose text is meant for the user. A function because importing them loads parsers."""
    from coevolve.config import ConfigError
    from corpora.loaders import CorpusError
    from corpora.signatures import SignatureError
    from corpora.store import StoreError
    from corpora.unit_tests import SuiteError
    from gpu_runtime.backend import BackendError
    from gpu_runtime.models.protocol import ModelError
    from gpu_runtime.toolchain import ToolchainError

    return (UserError, BackendError, ConfigError, CorpusError, ModelError, SignatureError, StoreError, SuiteError, ToolchainError)
