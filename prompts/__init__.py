"""What the caller hears: catalogues of guidance and the clips made from them."""

from prompts.catalogue import Catalogue, load_catalogue
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
    "load_catalogue",
]
