"""The guidance of all available languages."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from credentials.lines.number_groups import load_numbering_plan
from credentials.model import Line
from ivr.call.dialogue.events import Admitted, Event
from prompts import Catalogue, home, languages, load_catalogue


class Guidance:
    """Catalogues by language, and the choice of one for a caller.

    Args:
        catalogues: by language tag.
        default: the language of callers whose line has none of these; it must be among them.
    """

    def __init__(self, catalogues: Mapping[str, Catalogue], default: str) -> None:
        self._catalogues = dict(catalogues)
        self._default = self._catalogues[default]

    @classmethod
    def load(cls, default: str, directory: Path | None = None) -> Guidance:
        """Load the catalogue of every language: the operator's own, or the one that comes with the product.

        It also loads the numbering plan, by which numbers are read out.

        Args:
            default: the language of callers whose line has none of these.
            directory: where the operator's own catalogues are; it need not exist.

        Raises:
            PromptError: a catalogue is damaged, or there is none for the default language.
        """
        load_catalogue(default, home(default, directory))  # first, for an error that names the default language
        load_numbering_plan()
        return cls(
            {language: load_catalogue(language, home(language, directory)) for language in languages(directory)},
            default,
        )

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that have guidance."""
        return tuple(self._catalogues)

    def after(self, admission: Event) -> Catalogue:
        """Choose the catalogue for a caller by the result of their admission (docs/rules.md 2.12)."""
        match admission:
            case Admitted(Line(language=language)):
                return self._catalogues.get(language, self._default)
        return self._default
