"""What a rule-made spelling gives up on."""


class UnsupportedConstruct(Exception):
    """The text has a construct that rules cannot convert. The message names it."""
