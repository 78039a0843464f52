"""The exception that all readers of signatures raise."""

from __future__ import annotations


class SignatureError(ValueError):
    """The entry function of a program cannot be called with typed data. The message is one line
    that says why.
    """
