"""Errors of operators' accounts. No text here carries a password."""
# ruff: noqa: N818 - the names say what is wrong


class OperatorError(Exception):
    """Base of all errors of operators' accounts."""


class InvalidOperator(OperatorError, ValueError):
    """The text cannot be a name, a role or a language."""


class BadPassword(OperatorError, ValueError):
    """The password is too easy to guess. The text says which rule it breaks."""

    def __init__(self, rule: str, text: str) -> None:
        super().__init__(text)
        self.rule = rule


class NameTaken(OperatorError, ValueError):
    """There is already an operator of that name."""


class UnknownOperator(OperatorError, LookupError):
    """There is no operator of that name."""
