"""The error of every reader of signatures.

python -c "from corpora.signatures.errors import SignatureError; help(SignatureError)"
"""


class SignatureError(ValueError):
    """The entry function cannot be called with typed data. The message is one line with the why."""
