"""Why a proof is not found.

    python -c "from coevolve.verification.proof.errors import NotModelled; \
        print(NotModelled('line 3: goto'))"
"""


class NotModelled(Exception):
    """A construct that proofs do not model, or a claim that they could not show. Its text says
    what, and the line where there is one. stage: how far the proof had come, to tell the reason
    that says most from the others."""

    def __init__(self, reason: str, stage: int = 0) -> None:
        super().__init__(reason)
        self.stage = stage
