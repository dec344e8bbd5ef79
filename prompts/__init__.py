"""What the caller hears: catalogues of guidance and the clips made from them."""

from prompts.catalogue import Catalogue, languages, load_catalogue
from prompts.errors import (
    CatalogueError,
    ClipError,
    ManifestError,
    PromptError,
    UnknownLanguageError,
    VoiceError,
)

__all__ = [
    "Catalogue",
    "CatalogueError",
    "ClipError",
    "ManifestError",
    "PromptError",
    "UnknownLanguageError",
    "VoiceError",
    "languages",
    "load_catalogue",
]
