"""`ivr portal`: the subscribers' settings site."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from datetime import timedelta
from ipaddress import ip_network
from typing import Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import structlog

from credentials.site.session import SessionLimits
from ivr.cli.common import key_ring
from ivr.cli.serving.interrupts import heed_sigint
from ivr.cli.serving.notice import open_notice_store
from ivr.cli.serving.registered import registered
from ivr.doctor.checks.host.ports import require_free
from ivr.host.ports import portal_health_port, portal_port
from ivr.host.process_limits import leave_no_core_dumps
from ivr.host.settings import Settings
from ivr.service.watching.audit_heads import AuditHeads
from logs.levels import LogLevel
from logs.setup import configure_logs
from mail.outbox import Backlog, Outbox
from mail.outbox.opening import open_outbox_database
from mail.settings import MailSettings
from portal.config import LOOPBACK, PortalConfig
from portal.serving import serve_portal
from settings.errors import SettingsError
from storage.database import Database, database_border
from web.certificate import Certificate

_log = structlog.get_logger(__name__)
_ANY: Final = frozenset({"0.0.0.0", "::"})  # noqa: S104 - they are recognised, not listened on


def portal(log_level: LogLevel) -> None:
    """Serve the settings site until it is stopped.

    Args:
        log_level: the least important lines to write.
    """
    heed_sigint()
    configure_logs(level=log_level)
    leave_no_core_dumps()
    settings = Settings.load()
    certificate = _certificate(settings)
    _require_address(settings)
    require_free([portal_port(settings), portal_health_port(settings)])
    heads = AuditHeads()
    limits = SessionLimits(idle=timedelta(seconds=settings.portal_idle_s))
    config = PortalConfig(
        open_store=lambda: open_notice_store(settings, heads.appended, limits),
        open_outbox=_outbox(settings),
        mail_backlog=_mail_backlog(settings),
        access_number=settings.access_number,
        url=settings.portal_address,
        names=settings.portal_hosts,
        proxies=[ip_network(name) for name in settings.portal_proxies],
        https=settings.portal_is_https,
        time_zone=ZoneInfo(settings.time_zone),
        texts_dir=settings.operator_site_texts_dir,
        notice_texts_dir=settings.operator_notice_texts_dir,
    )
    with registered(settings, "portal"):
        serve_portal(
            config,
            host=settings.portal_host,
            port=settings.portal_port,
            certificate=certificate,
            health=(settings.health_host, settings.portal_health_port),
            ready=lambda: _log.info("portal_serving", address=f"{settings.portal_address}/"),
        )


def _outbox(settings: Settings) -> Callable[[], Outbox] | None:
    """Return what opens the outbox; None if there is no mail server, and so no one-time passwords.

    Raises:
        SettingsError: the settings of the mail server are wrong.
    """
    if "KARIPASS_SMTP_HOST" not in os.environ:
        _log.warning(
            "portal_without_mail",
            meanwhile="no number can choose one-time passwords",
            remedy="set KARIPASS_SMTP_HOST and KARIPASS_MAIL_FROM, and run ivr mail",
        )
        return None
    mail = MailSettings.load()

    def opened() -> Outbox:
        open_outbox_database(settings.store_url).close()
        return Outbox(key_ring(settings), limits=mail.limits)

    return opened


def _mail_backlog(settings: Settings) -> Callable[[], Backlog] | None:
    """Return what says which mails wait in the outbox; None if there is no mail server."""
    if "KARIPASS_SMTP_HOST" not in os.environ:
        return None

    @functools.cache
    def opened() -> tuple[Database, Outbox]:
        return open_outbox_database(settings.store_url), Outbox(key_ring(settings))

    @database_border
    def backlog() -> Backlog:
        database, outbox = opened()
        with database.reading() as connection:
            return outbox.backlog(connection)

    return backlog


def _certificate(settings: Settings) -> Certificate | None:
    if (settings.portal_certificate is None) != (settings.portal_key is None):
        raise SettingsError("KARIPASS_PORTAL_CERTIFICATE and KARIPASS_PORTAL_KEY: set both, or neither")
    if settings.portal_certificate is None or settings.portal_key is None:
        return None
    return Certificate(settings.portal_certificate, settings.portal_key, "KARIPASS_PORTAL")


def _require_address(settings: Settings) -> None:
    """Check that passwords go over https to other machines, and that the site knows its own address.

    Raises:
        SettingsError: something is missing, or contradicts.
    """
    scheme = urlsplit(settings.portal_address).scheme
    if settings.portal_url and (scheme == "https") != settings.portal_is_https:
        raise SettingsError(
            f"KARIPASS_PORTAL_URL={settings.portal_url}: for https set KARIPASS_PORTAL_CERTIFICATE and"
            " KARIPASS_PORTAL_KEY, or KARIPASS_PORTAL_HTTPS=yes behind a proxy; for http leave them out"
        )
    beyond = settings.portal_host not in LOOPBACK or bool(settings.portal_names) or settings.portal_is_https
    if beyond and not settings.portal_url:
        raise SettingsError(
            "KARIPASS_PORTAL_URL is missing: write the site's own address, as in https://settings.example.jp"
        )
    if settings.portal_host in _ANY and not settings.portal_is_https:
        raise SettingsError(
            f"KARIPASS_PORTAL_HOST={settings.portal_host}: passwords would go over the network in the clear: set"
            " KARIPASS_PORTAL_CERTIFICATE and KARIPASS_PORTAL_KEY, or listen on 127.0.0.1 behind a TLS proxy"
        )
