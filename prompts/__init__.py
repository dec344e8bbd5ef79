"""The guidance that callers hear: its catalogues, and the clips made from them."""

from prompts.catalogue import Catalogue, load_catalogue
from prompts.errors import (
    CatalogueError,
    ClipError,
    ManifestError,
    PromptError,
    ReplacementError,
    UnknownLanguageError,
    VoiceError,
)
from prompts.homes import home, languages

__all__ = [
    "Catalogue",
    "CatalogueError",
    "ClipError",
    "ManifestError",
    "PromptError",
    "ReplacementError",
    "UnknownLanguageError",
    "VoiceError",
    "home",
    "languages",
    "load_catalogue",
]
