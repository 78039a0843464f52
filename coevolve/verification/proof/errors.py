"""Why a proof is not found.

    python -c "from coevolve.verification.proof.errors import NotModelled; \
        print(NotModelled('line 3: goto'))"
"""


class NotModelled(Exception):
    """Raised when a proof cannot go on: a construct is not modelled, or a claim could not be shown.

    reason: one line that says what is not modelled or shown, with the line of the program's text
        where there is one. stage: how far the proof had come; of several such errors the one with
        the largest stage is reported.
    """

    def __init__(self, reason: str, stage: int = 0) -> None:
        super().__init__(reason)
        self.stage = stage
