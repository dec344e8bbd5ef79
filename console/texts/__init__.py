"""The console's texts: one catalogue for each language, all with the same keys."""

from __future__ import annotations

from functools import cache

from console.operators import LANGUAGES
from texts.catalogue import Texts, read_texts


@cache
def load_texts(language: str) -> Texts:
    """Return the catalogue of a language; of Japanese, the first of ours, if there is none."""
    return read_texts(__name__, language if language in LANGUAGES else LANGUAGES[0])
