"""Which exceptions are the user's to mend: printed as one line with exit code 2, without a
traceback.

python -c "from coevolve.cli.errors import get_user_errors; print(get_user_errors())"
"""

from __future__ import annotations

from pathlib import Path


class UserError(ValueError):
    """The user's input or use is wrong. The message is one line: what, where, and how to mend
    it.
    """


def require_place(option: str, path: str) -> None:
    """Check that a file can be written at `path`, before work begins. option: the name of the
    option for the message, such as `--out`. Raises UserError if no file can be written there.
    """
    from corpora.files import check_writable

    try:
        check_writable(path)
    except OSError as error:
        raise UserError(
            f"{option} '{path}' cannot be written: {error.strerror}; name a file in a folder of "
            f"yours"
        ) from None


def require_other_file(option: str, path: str, *inputs: str | None) -> None:
    """Check that writing `path` would not overwrite an input.

    option: the name of the option for the message. inputs: files, specs of corpora (`A,B`, also
        with `#COLUMN` or `?NAME=VALUE`), or None; a value that names no file is passed over. Raises
        UserError if `path` is one of them.
    """
    if not Path(path).exists():
        return
    for place in (
        part.strip().partition("#")[0].partition("?")[0]
        for each in inputs
        if each
        for part in (*each.split(","), each)
    ):
        if place and Path(place).exists() and Path(path).samefile(place):
            raise UserError(
                f"{option} '{path}' is read by this very call and would be replaced; name "
                f"another file"
            )


def get_user_errors() -> tuple[type[Exception], ...]:
    """Return the exception types whose message is one line meant for the user: what commands raise
    for wrong use and bad input. They are imported when this is called, since that takes time.
    """
    from coevolve.config.schema import ConfigError
    from corpora.datasets.loaders import CorpusError
    from corpora.dialects import DialectError
    from corpora.signatures.signature import SignatureError
    from corpora.store import StoreError
    from corpora.suites.unit_tests import SuiteError
    from gpu_runtime.backend import BackendError
    from gpu_runtime.compile.toolchain import ToolchainError
    from gpu_runtime.models.protocol import ModelError

    return (
        UserError,
        BackendError,
        ConfigError,
        CorpusError,
        DialectError,
        ModelError,
        SignatureError,
        StoreError,
        SuiteError,
        ToolchainError,
    )
