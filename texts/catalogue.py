"""The texts of one language, and how they are read."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from importlib import resources
from pathlib import Path
from string import Formatter
from typing import Any

from texts.errors import TextsError


class Texts:
    """The texts of one language.

    Args:
        language: the language's code, such as a page's `lang`.
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
        """Return the text for a word of the store, such as an outcome; the word itself if there is none."""
        return self.texts.get(f"{group}.{word}", word)


def read_texts(package: str, language: str, own: Path | None = None) -> Texts:
    """Return the catalogue of a language.

    Args:
        package: the package that has the catalogues, as files named LANGUAGE.toml.
        language: the language's code.
        own: the directory of the operator's own texts. A file LANGUAGE.toml there replaces the texts that it has.

    Raises:
        TextsError: the operator's file cannot be read, has a text that is not among ours, or lacks or invents a gap.
    """
    source = resources.files(package).joinpath(f"{language}.toml").read_text(encoding="utf-8")
    texts = dict(_flat(tomllib.loads(source)))
    if own is not None and (file := own / f"{language}.toml").exists():
        texts |= _own_texts(file, texts)
    return Texts(language, texts)


def _own_texts(file: Path, texts: Mapping[str, str]) -> dict[str, str]:
    try:
        own = dict(_flat(tomllib.loads(file.read_text(encoding="utf-8"))))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise TextsError(f"{file} cannot be read as TOML in UTF-8 ({error}): mend it, or move it away") from None
    for key, text in own.items():
        if key not in texts:
            raise TextsError(f"{file}: nothing uses a text {key!r}; take its name from the product's own catalogue")
        if not isinstance(text, str) or not _fits(text, texts[key], f"{file}: {key}"):
            gaps = ", ".join(sorted(f"{{{gap}}}" for gap in _gaps(texts[key], key))) or "no gap"
            raise TextsError(f"{file}: the text {key!r} must be in quotes, and have {gaps} as the product's own has")
    return own


def _fits(text: str, ours: str, place: str) -> bool:
    """Return whether a text has the gaps of ours, each bare or in a form in which ours has it (`{hour:02}`)."""
    forms, known = _forms(text, place), _forms(ours, place)
    return _gaps(text, place) == _gaps(ours, place) and all(form in known or not any(form[1:]) for form in forms)


def _gaps(text: str, place: str) -> set[str]:
    return {name for name, _, _ in _forms(text, place)}


def _forms(text: str, place: str) -> set[tuple[str, str, str]]:
    """Return the name of each gap with its format and its conversion."""
    try:
        parts = list(Formatter().parse(text))
    except ValueError:
        raise TextsError(f"{place}: write {{{{ and }}}} for braces that are no gap") from None
    return {(name, form or "", conversion or "") for _, name, form, conversion in parts if name is not None}


def _flat(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
