"""What is wrong in a form, by field, in the words that stand beside the field."""

from __future__ import annotations


class FormErrors(dict[str, list[str]]):
    """The errors of each field; a field without errors has none."""

    def __missing__(self, field: str) -> list[str]:
        return []

    def add(self, field: str, text: str) -> None:
        """Add an error to a field."""
        self.setdefault(field, []).append(text)
