"""The exception that all readers of signatures raise."""

from __future__ import annotations


class SignatureError(ValueError):
    """The entry function cannot be called with typed data. The message is one line that says
    why.
    """
