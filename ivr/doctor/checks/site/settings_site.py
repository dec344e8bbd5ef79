"""Checks of the settings site: its certificate, its mail server, and whether mails go out and can come back.

The settings site is not needed for calls, so what is wrong here is a warning.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from cryptography import x509

from credentials.secrets.keys import Key, KeyRing
from ivr.doctor.examination import Check
from ivr.doctor.finding import Finding, ok, warning
from ivr.doctor.modes import mode_of
from ivr.doctor.site import MAIL_SERVER, Site
from mail.bounces.settings import BounceSettings
from mail.outbox import MAIL, Backlog, Outbox
from mail.sending.outcomes import Away
from mail.sending.server import MailServer
from mail.settings import MailSettings
from settings.errors import SettingsError
from storage.database import Database, database_border
from storage.errors import StorageError
from storage.migrate import current_revision
from web.certificate import Certificate
from web.errors import ServingError

RENEW_WITHIN: Final = timedelta(days=14)
"""A certificate that ends sooner should have been renewed: those of 90 days are renewed after 60."""
WAIT_S: Final = 60.0
"""A sender takes a mail within a second, and looks for an absent mail server every 5 s."""
_PATIENCE_S: Final = 10.0
_GREETING_BYTES: Final = 512
_OTHERS: Final = 0o007


def certificate(site: Site) -> Iterator[Finding]:
    """Whether the site's own certificate can be used, is for its address, and is good for some time."""
    settings = site.settings
    if settings.portal_certificate is None or settings.portal_key is None:
        yield ok("the settings site has none of its own")
        return
    try:
        Certificate(settings.portal_certificate, settings.portal_key, "KARIPASS_PORTAL").context()
        shown = x509.load_pem_x509_certificate(settings.portal_certificate.read_bytes())
    except (ServingError, OSError, ValueError) as problem:
        yield warning(str(problem), "mend it and start `ivr portal`, or it does not start")
        return
    yield _good_until(settings.portal_certificate, shown.not_valid_after_utc, datetime.now(UTC))
    host = urlsplit(settings.portal_address).hostname or ""
    if not _is_for(shown, host):
        yield warning(
            f"{settings.portal_certificate} is not for {host}, the host of the site's address",
            "browsers refuse it: see KARIPASS_PORTAL_URL, or get a certificate for that name",
        )
    if mode_of(settings.portal_key) & _OTHERS:
        yield warning(
            f"{settings.portal_key} has mode {mode_of(settings.portal_key):03o}, which lets everybody on this host in",
            f"chmod o= {settings.portal_key}",
        )


def mail_server(site: Site) -> Iterator[Finding]:
    """Whether the mail server takes our connection, login and sender. No mail is sent."""
    if not site.has_mail_server:
        yield ok(f"{MAIL_SERVER} is not set: nobody can choose one-time passwords")
        return
    try:
        settings = site.mail_settings()
        away = asyncio.run(_try_out(settings.model_copy(update={"smtp_timeout_s": _PATIENCE_S})))
    except SettingsError as problem:
        yield warning(str(problem), "mend it: neither `ivr mail` nor `ivr portal` starts")
        return
    where = f"{settings.smtp_host}:{settings.port}"
    if away is None:
        yield ok(f"{where} takes connection, login and sender ({settings.smtp_security})")
    else:
        remedy = "mend it: no mail goes out until then, and who uses one-time passwords cannot log in"
        yield warning(f"{where}: {away.trouble.value.replace('_', ' ')} ({away.detail})", remedy)


def mails(site: Site) -> Iterator[Finding]:
    """Whether mails wait that a sender should have taken long ago."""
    if site.store_file is not None and not site.store_file.exists():
        return  # the check of the store says so
    try:
        backlog = _backlog(site.settings.store_url)
    except StorageError:
        return  # the check of the store says why
    if backlog is not None and backlog.oldest_s > WAIT_S:
        yield warning(
            f"{backlog.waiting} wait, the oldest for {backlog.oldest_s:.0f} s",
            "is `ivr mail` running? If it is, its log says what is wrong: `mail_server_away`, `letter_put_off`",
        )
    else:
        yield ok("none waits" if backlog is None or not backlog.waiting else f"{backlog.waiting} are just being sent")


def bounces(site: Site) -> Iterator[Finding]:
    """Whether mails that come back reach the one who notes it, if there is a domain for them."""
    try:
        settings = BounceSettings.load()
    except SettingsError as problem:
        yield warning(str(problem), "mend it: neither `ivr mail` nor `ivr bounces` starts")
        return
    if settings.mail_bounce_domain is None:
        yield ok("KARIPASS_MAIL_BOUNCE_DOMAIN is not set: nobody notes that a mail comes back later")
        return
    where = f"{settings.mail_bounce_host}:{settings.mail_bounce_port}"
    address = (settings.mail_bounce_host, settings.mail_bounce_port)
    try:
        with socket.create_connection(address, _PATIENCE_S) as connection:
            is_there = connection.recv(_GREETING_BYTES).startswith(b"220")
    except OSError:
        is_there = False
    if is_there:
        yield ok(f"{where} takes those to {settings.mail_bounce_domain}")
    else:
        yield warning(f"{where} takes none", "is `ivr bounces` running? Until then your mail server keeps them")


def _good_until(path: Path, end: datetime, now: datetime) -> Finding:
    renew = "renew it, then `systemctl reload karipass-portal`"
    if end <= now:
        return warning(f"{path} has expired on {end:%Y-%m-%d}: browsers refuse the site", renew)
    if end - now < RENEW_WITHIN:
        return warning(f"{path} is good until {end:%Y-%m-%d} only", renew)
    return ok(f"{path} is good until {end:%Y-%m-%d}")


def _is_for(shown: x509.Certificate, host: str) -> bool:
    """Return whether a certificate is for a host; a wildcard stands for one label (RFC 9525, 6.3)."""
    try:
        names = shown.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return False
    try:
        return ip_address(host) in names.get_values_for_type(x509.IPAddress)
    except ValueError:
        wildcard = f"*.{host.partition('.')[2]}"
        return bool({host, wildcard} & {name.lower() for name in names.get_values_for_type(x509.DNSName)})


async def _try_out(settings: MailSettings) -> Away | None:
    server = MailServer(settings, Key.generate())  # any key will do: no letter is sent
    try:
        return await server.try_out()
    finally:
        await server.close()


@database_border
def _backlog(url: str) -> Backlog | None:
    """Return which mails wait; None if there is no outbox yet."""
    database = Database(url, make=False)
    try:
        if current_revision(database, MAIL) is None:
            return None
        counting = Outbox(KeyRing([Key.generate()]))  # it opens no letter
        with database.reading() as connection:
            return counting.backlog(connection)
    finally:
        database.close()


CHECKS: Final = (
    Check("certificate", certificate),
    Check("mail server", mail_server),
    Check("mails", mails),
    Check("bounces", bounces),
)
