"""Writes the mails: of one call, of several, and to try an address out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Final

from credentials.lines.number_groups import digits_of
from notice.calls.judging import Verdict
from notice.settings.model import Settings
from texts.catalogue import Texts, read_texts

LANGUAGES: Final = ("ja", "en")
_PACKAGE: Final = "notice.texts"
_MOST_LINES: Final = 100
"""How many calls one mail lists."""


@dataclass(frozen=True)
class Written:
    """A mail's text.

    Attributes:
        subject: its subject.
        body: its lines.
    """

    subject: str
    body: str


class Writer:
    """Writes the mails.

    Args:
        site: the settings site's address.
        time_zone: in which moments are told.
        own: the directory of the operator's own texts, as for `texts.catalogue.read_texts`.

    Raises:
        TextsError: an own text cannot be used.
    """

    def __init__(self, *, site: str, time_zone: tzinfo, own: Path | None = None) -> None:
        self._site = site
        self._time_zone = time_zone
        self._texts: Mapping[str, Texts] = {language: read_texts(_PACKAGE, language, own) for language in LANGUAGES}

    def of_calls(self, calls: Sequence[Verdict], chosen: Settings, language: str) -> Written:
        """Write of one call, or of several of one caller to one number.

        Args:
            calls: the verdicts, the earliest first.
            chosen: what the number has chosen: it may have a name for the caller.
            language: the language of the line.
        """
        texts, first = self._in(language), calls[0]
        number = _written(first.number)
        who = self._who(texts, first, chosen)
        if len(calls) == 1:
            lines = [texts("mail.heading", number=number), "", self._at(texts, first), who]
            lines += [_ringing(texts, "mail", first), texts("mail.result", result=texts.word("result", first.result))]
        else:
            lines = [texts("together.heading", number=number, count=len(calls)), "", who, ""]
            lines += [self._one_of_many(texts, call) for call in calls[:_MOST_LINES]]
        return Written(texts("mail.subject", number=number), "\n".join([*lines, *self._closing(texts)]))

    def test(self, number: str, language: str) -> Written:
        """Write what shows that an address can be reached."""
        texts, shown = self._in(language), _written(number)
        lines = [texts("test.body", number=shown), *self._closing(texts)]
        return Written(texts("test.subject", number=shown), "\n".join(lines))

    def _in(self, language: str) -> Texts:
        return self._texts.get(language, self._texts[LANGUAGES[0]])

    def _closing(self, texts: Texts) -> list[str]:
        return ["", texts("mail.settings"), f"{self._site}/", "", texts("mail.no_reply")]

    def _who(self, texts: Texts, call: Verdict, chosen: Settings) -> str:
        caller = call.caller
        if caller.reason is not None:
            return texts("mail.no_caller", reason=texts.word("reason", caller.reason))
        if name := chosen.name_of(caller.number):
            return texts("mail.caller_named", caller=_written(caller.number), name=name)
        return texts("mail.caller", caller=_written(caller.number))

    def _at(self, texts: Texts, call: Verdict) -> str:
        return texts("mail.at", moment=self._moment(texts, call.began_at))

    def _one_of_many(self, texts: Texts, call: Verdict) -> str:
        return texts(
            "together.call",
            moment=self._moment(texts, call.began_at),
            ringing=_ringing(texts, "together", call),
            result=texts.word("result", call.result),
        )

    def _moment(self, texts: Texts, moment: datetime) -> str:
        local = moment.astimezone(self._time_zone)
        parts = {name: getattr(local, name) for name in ("year", "month", "day", "hour", "minute", "second")}
        return texts("mail.moment", **parts, zone=local.tzname() or "")


def _ringing(texts: Texts, group: str, call: Verdict) -> str:
    if call.ringing_s is None:
        return texts(f"{group}.ringing_unknown")
    return texts(f"{group}.ringing", seconds=call.ringing_s)


def _written(number: str) -> str:
    """Return a Japanese number with its hyphens, any other as it is."""
    return "-".join(digits_of(number)) if number.startswith("0") and not number.startswith("00") else number
