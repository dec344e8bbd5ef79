"""The guidance of all languages that there are."""

from __future__ import annotations

from collections.abc import Mapping

from credentials import Line
from ivr.dialogue.events import Admitted, Event
from prompts import Catalogue, languages, load_catalogue


class Guidance:
    """Catalogues by language.

    Args:
        catalogues: by language tag.
        default: the language of callers whose line has none of these; must be among them.
    """

    def __init__(self, catalogues: Mapping[str, Catalogue], default: str) -> None:
        self._catalogues = dict(catalogues)
        self._default = self._catalogues[default]

    @classmethod
    def load(cls, default: str) -> Guidance:
        """Load every catalogue that comes with the product.

        Args:
            default: the language of callers whose line has none of these.

        Raises:
            PromptError: a catalogue is damaged, or there is none for the default language.
        """
        load_catalogue(default)  # first, for an error that names it
        return cls({language: load_catalogue(language) for language in languages()}, default)

    def after(self, admission: Event) -> Catalogue:
        """What a caller hears who was admitted, or not."""
        match admission:
            case Admitted(Line(language=language)):
                return self._catalogues.get(language, self._default)
        return self._default
