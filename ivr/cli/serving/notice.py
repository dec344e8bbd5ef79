"""`ivr notice serve`: reads the journal of incoming calls, and puts mails about them into the outbox."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from credentials.sides.base import Appended
from credentials.site.session import SessionLimits
from ivr.cli.common import key_ring, load_settings, make_state_dir
from ivr.host.process_limits import leave_no_core_dumps
from ivr.host.settings import Settings
from ivr.service.watching.audit_heads import AuditHeads
from logs.levels import LogLevel
from logs.setup import configure_logs
from mail.outbox import Outbox
from notice.mails.writing import Writer
from notice.reading.serving import read_until_stopped
from notice.store.opening import NoticeStore


def serve(log_level: LogLevel) -> None:
    """Read until stopped.

    Args:
        log_level: the least important lines to write.
    """
    configure_logs(level=log_level)
    leave_no_core_dumps()
    settings = load_settings()
    writer = notice_writer(settings)
    with open_notice_store(settings, AuditHeads().appended) as store:
        outbox = Outbox(key_ring(settings))
        read_until_stopped(store, settings.notice_journal, settings.notice_exchange, outbox, writer)


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
