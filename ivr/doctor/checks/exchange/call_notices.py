"""Checks of call notices: whether the exchange can write its journal, and whether somebody reads it.

Call notices are not needed for the access number's calls, so what is wrong here is a warning.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from typing import Final

from ivr.doctor.examination import Check
from ivr.doctor.finding import Finding, ok, warning
from ivr.doctor.site import Site
from notice.reading.lag import Lag, LagProbe
from storage.clock import utc_now
from storage.errors import StorageError

SILENT: Final = timedelta(seconds=90)
"""`ivr notice serve` notes every 20 s that it has looked at the journal."""
LATE: Final = timedelta(seconds=15)
"""A verdict comes about a second after a call has stopped ringing."""
_READ: Final = "start `ivr notice serve` on this host (docs/call-notice.md); if it runs, its log says what is wrong"


def journal(site: Site) -> Iterator[Finding]:
    """Whether the exchange can write its journal of incoming calls, and we can read it."""
    path = site.settings.notice_journal
    if not _is_used(site):
        yield ok(f"KARIPASS_NOTICE_JOURNAL is not set, and {path} does not exist: no call notices on this host")
        return
    if not path.parent.is_dir():
        yield warning(
            f"the folder {path.parent} does not exist: Asterisk loses each line",
            "make it, so that Asterisk's user can write into it, or correct KARIPASS_NOTICE_JOURNAL",
        )
    elif not path.exists():
        yield ok(f"{path} comes with the first call")
    else:
        try:
            with path.open("rb"):
                yield ok(f"{path}, last written at {datetime.fromtimestamp(path.stat().st_mtime).astimezone():%F %T%z}")
        except OSError as problem:
            yield warning(
                f"{path} cannot be read ({problem.strerror})", "let the user of `ivr notice serve` read it: see umask"
            )
    facts = site.exchange
    if isinstance(facts, str):
        return  # the check of the manager interface says why
    if missing := [name for name, runs in (facts.notice_modules or {}).items() if not runs]:
        yield warning(f"Asterisk runs without {', '.join(missing)}: no line is written", "load them (modules.conf)")
    if not facts.has_notice:
        yield warning(
            "Asterisk has no context karipass-notice: no line is written",
            "#include dialplan/karipass/notice.conf in extensions.conf, then `dialplan reload`",
        )


def reader(site: Site) -> Iterator[Finding]:
    """Whether the journal is read, and no call waits for its verdict."""
    if not _is_used(site):
        return
    if site.store_file is not None and not site.store_file.exists():
        return  # the check of the store says so
    now = utc_now()
    try:
        lag = _lag(site, now)
    except StorageError:
        return  # the check of the store says why
    except OSError:
        return  # the check of the journal says why
    if lag is None or lag.looked_at is None:
        yield warning(f"nobody has read the journal of {site.settings.notice_exchange}", _READ)
        return
    behind = now - lag.looked_at
    if behind > SILENT:
        yield warning(
            f"`ivr notice serve` has not looked at the journal of {site.settings.notice_exchange} for"
            f" {behind.total_seconds():.0f} s",
            _READ,
        )
    if lag.oldest_at is not None and now - lag.oldest_at > LATE:
        calls = "1 call has" if lag.waiting == 1 else f"{lag.waiting} calls have"
        yield warning(
            f"{calls} no verdict, the oldest for {(now - lag.oldest_at).total_seconds():.0f} s",
            _READ,
        )
    elif behind <= SILENT:
        yield ok("the journal is read, and no call waits for its verdict")


def _is_used(site: Site) -> bool:
    return "notice_journal" in site.settings.model_fields_set or site.settings.notice_journal.exists()


def _lag(site: Site, now: datetime) -> Lag | None:
    """Return how far the reader is behind; None if the store has no call notices yet."""
    settings = site.settings
    with closing(LagProbe(settings.store_url, settings.notice_journal, settings.notice_exchange)) as probe:
        return probe(now)


CHECKS: Final = (Check("notice journal", journal), Check("notices", reader))
