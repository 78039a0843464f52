"""What a rule-made spelling gives up on."""


class UnsupportedConstruct(Exception):
    """This has no spelling by rule; the model is asked about the text as it is."""
