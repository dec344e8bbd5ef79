"""`ivr notice serve`: reads the journal of incoming calls, and puts mails about them into the outbox."""

from __future__ import annotations

from contextlib import ExitStack, closing
from datetime import timedelta
from typing import Final
from zoneinfo import ZoneInfo

from credentials.sides.base import Appended
from credentials.site.session import SessionLimits
from ivr.cli.common import key_ring, load_settings, make_state_dir
from ivr.cli.serving.registered import registered
from ivr.cli.serving.watched import watched
from ivr.host.ports import notice_health_port
from ivr.host.process_limits import leave_no_core_dumps
from ivr.host.settings import Settings
from ivr.service.watching.audit_heads import AuditHeads
from logs.levels import LogLevel
from logs.setup import configure_logs
from mail.outbox import Outbox
from notice.mails.writing import Writer
from notice.reading.lag import LagProbe
from notice.reading.metrics import Metrics
from notice.reading.reader import Counts
from notice.reading.serving import read_until_stopped
from notice.store.opening import NoticeStore
from storage.clock import utc_now

_SILENT: Final = timedelta(seconds=60)
"""It looks ten times a second."""


def serve(log_level: LogLevel) -> None:
    """Read until stopped.

    Args:
        log_level: the least important lines to write.
    """
    configure_logs(level=log_level)
    leave_no_core_dumps()
    settings = load_settings()
    writer = notice_writer(settings)
    journal, exchange = settings.notice_journal, settings.notice_exchange
    with ExitStack() as running:
        store = running.enter_context(open_notice_store(settings, AuditHeads().appended))
        running.enter_context(registered(settings, "notice"))
        probe = running.enter_context(closing(LagProbe(settings.store_url, journal, exchange)))

        def ready(counts: Counts) -> None:
            metrics = Metrics(counts, probe)
            running.enter_context(watched(notice_health_port(settings), metrics.page, lambda: _problems(counts)))

        read_until_stopped(store, journal, exchange, Outbox(key_ring(settings)), writer, ready=ready)


def _problems(counts: Counts) -> dict[str, str]:
    """Name what is wrong with the reader, for a watchdog."""
    behind = utc_now() - counts.looked_at
    unread = f"not looked at for {behind.total_seconds():.0f} s: the log says why" if behind > _SILENT else ""
    return {"journal": unread}


def notice_writer(settings: Settings) -> Writer:
    """Return the writer of the mails, with the operator's own texts.

    Raises:
        TextsError: an own text cannot be used.
    """
    return Writer(
        site=settings.portal_address, time_zone=ZoneInfo(settings.time_zone), own=settings.operator_notice_texts_dir
    )


def open_notice_store(
    settings: Settings, appended: Appended, session_limits: SessionLimits | None = None
) -> NoticeStore:
    """Open the settings' store with its call notices.

    Args:
        settings: say where the store is.
        appended: as for `open_store`.
        session_limits: how long logins at the settings site last; None in commands that are not the site.

    Raises:
        SettingsError: the directory for the store cannot be made.
        StorageError: the store or its key cannot be used.
    """
    make_state_dir(settings)
    return NoticeStore.open(
        settings.store_url,
        key=key_ring(settings),
        limits=settings.call_limits,
        appended=appended,
        session_limits=session_limits,
    )
