"""What can be wrong with an operator's account. No text here carries a password."""
# ruff: noqa: N818 - the names say what is the matter


class OperatorError(Exception):
    """Base of all errors of operators' accounts."""


class InvalidOperator(OperatorError, ValueError):
    """A name, a role or a language is none."""


class BadPassword(OperatorError, ValueError):
    """The password is too easy to guess. The text says which rule it breaks."""

    def __init__(self, rule: str, text: str) -> None:
        super().__init__(text)
        self.rule = rule


class NameTaken(OperatorError, ValueError):
    """There is an operator of that name."""


class UnknownOperator(OperatorError, LookupError):
    """There is no operator of that name."""
