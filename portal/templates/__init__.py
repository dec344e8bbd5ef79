"""Makes the site's pages from templates. Every value is escaped, whoever wrote it."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import Any, Final

from portal.numbers import written
from portal.static import files
from texts.catalogue import Texts
from web.pages import template_environment

RULE_NAMES: Final = {
    "password": ("LENGTH", "CHARACTERS", "DIGITS_ALONE", "EQUAL_RUN", "STEADY_RUN", "HAS_NUMBER", "CURRENT"),
    "confirmation_id": (
        *("LENGTH", "CHARACTERS", "CAPITALS_ALONE", "SMALL_LETTERS_ALONE", "DIGITS_ALONE"),
        *("EQUAL_RUN", "STEADY_RUN", "HAS_NUMBER"),
    ),
    "confirmation_password": ("LENGTH", "CHARACTERS", "LETTERS_AND_DIGITS", "EQUAL_RUN", "STEADY_RUN", "HAS_NUMBER"),
}
"""The rules that stand beside a field for a new secret, by the kind of secret."""


class Templates:
    """The templates of the site.

    Args:
        time_zone: the time zone in which moments are shown.
    """

    def __init__(self, time_zone: tzinfo) -> None:
        self._time_zone = time_zone
        self._environment = template_environment("portal", files())
        self._environment.filters["written"] = written
        self._environment.globals["rule_names"] = RULE_NAMES

    def render(self, template: str, texts: Texts, **values: Any) -> str:
        """Return a page: a template with its values filled in.

        Args:
            template: the file name of the template.
            texts: the texts of the page's language.
            values: what the page shows.
        """

        def when(moment: datetime) -> str:
            return self.moment(moment, texts)

        def clock(moment: datetime) -> str:
            return moment.astimezone(self._time_zone).strftime("%H:%M")

        return self._environment.get_template(template).render(t=texts, when=when, clock=clock, **values)

    def moment(self, moment: datetime, texts: Texts) -> str:
        """Return a moment as a text: `2026年11月30日 14:05`, `30 November 2026, 14:05`."""
        local = moment.astimezone(self._time_zone)
        month = texts(f"months.m{local.month}")
        return texts("app.moment", year=local.year, month=month, day=local.day, time=local.strftime("%H:%M"))
