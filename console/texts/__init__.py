"""The console's texts: one catalogue for each language, all with the same keys."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Any

from console.operators import LANGUAGES


class Texts:
    """The texts of one language.

    Args:
        language: the language's code, for the page's `lang`.
        texts: the texts by key.
    """

    def __init__(self, language: str, texts: Mapping[str, str]) -> None:
        self.language = language
        self.texts = texts

    def __call__(self, key: str, **values: object) -> str:
        """Return a text with its gaps filled in.

        Raises:
            KeyError: there is no such text.
        """
        return self.texts[key].format(**values) if values else self.texts[key]

    def word(self, group: str, word: str) -> str:
        """Return the text for a word of the records, such as an outcome; the word itself if there is none."""
        return self.texts.get(f"{group}.{word}", word)


@cache
def load_texts(language: str) -> Texts:
    """Return the catalogue of a language; of Japanese, the first of ours, if there is none."""
    known = language if language in LANGUAGES else LANGUAGES[0]
    source = resources.files(__name__).joinpath(f"{known}.toml").read_text(encoding="utf-8")
    return Texts(known, dict(_flat(tomllib.loads(source))))


def preferred_language(accept_language: str) -> str:
    """Return the first of our languages that a browser asks for; Japanese if it asks for none of them."""
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
