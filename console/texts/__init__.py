"""What the console says, in its languages: one catalogue each, with the same keys."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Any

from console.operators import LANGUAGES


class Texts:
    """A catalogue.

    Args:
        language: as in the page's `lang`.
        texts: by key.
    """

    def __init__(self, language: str, texts: Mapping[str, str]) -> None:
        self.language = language
        self.texts = texts

    def __call__(self, key: str, **values: object) -> str:
        """A text, its gaps filled in.

        Raises:
            KeyError: there is no such text.
        """
        return self.texts[key].format(**values) if values else self.texts[key]

    def word(self, group: str, word: str) -> str:
        """The text for a word of the records, such as an outcome; the word itself if there is none."""
        return self.texts.get(f"{group}.{word}", word)


@cache
def load_texts(language: str) -> Texts:
    """The catalogue of a language; that of the first one if there is none."""
    known = language if language in LANGUAGES else LANGUAGES[0]
    source = resources.files(__name__).joinpath(f"{known}.toml").read_text(encoding="utf-8")
    return Texts(known, dict(_flat(tomllib.loads(source))))


def preferred_language(accept_language: str) -> str:
    """The first of our languages that a browser asks for."""
    for asked in accept_language.split(","):
        language = asked.partition(";")[0].strip().lower().partition("-")[0]
        if language in LANGUAGES:
            return language
    return LANGUAGES[0]


def _flat(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
