"""Everything on one machine: an Asterisk of our own, sample lines, and the secrets between the parts."""

from __future__ import annotations

import hashlib
import re
import secrets
import socket
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import structlog

from credentials.lines.number_groups import digits_of
from credentials.store import CredentialStore
from ivr.call.dialogue.limits import AFTER_THE_CALL_S
from ivr.exchange import sample_subscribers
from ivr.exchange.configuration import JOURNAL, ExchangeConfig, Phone
from ivr.exchange.process import Exchange
from ivr.exchange.sample_phone import SAMPLE_PHONE
from ivr.host.ports import MAILBOX_HOST
from ivr.host.settings import Settings
from ivr.telephony.fastagi.proof import SECRET_CHARACTERS
from prompts import home
from prompts.catalogue import HERE
from settings.errors import SettingsError
from storage.private_files import draft_of

_log = structlog.get_logger(__name__)

SAMPLE_LINES: Final = Path(__file__).with_name("sample_lines.csv")
SOUNDS_DIR: Final = HERE / "audio"
"""The clips that come with the product."""
_CAP_MARGIN_S: Final = 60
"""The exchange's cap is for a service that hangs: it comes this much after the service's own limit."""


def import_sample_lines(store: CredentialStore, *, operator: str) -> None:
    """Give an empty store some lines to call from; a store that has lines is left alone.

    Args:
        store: the store.
        operator: who does it, for the audit trail.
    """
    if not store.list_lines():
        result = store.import_lines(SAMPLE_LINES, operator=operator)
        _log.info("sample_lines_imported", lines=result.lines, numbers=result.numbers)


def ami_secret(settings: Settings) -> str:
    """The manager user's secret: the setting, or else one that is made once and kept in the state directory."""
    if settings.ami_secret is not None:
        return settings.ami_secret.get_secret_value()
    return _kept_secret(settings.state_dir / "ami-secret")


def phone_secret(settings: Settings) -> str:
    """The sample phone's secret, made once and kept in the state directory."""
    return _kept_secret(settings.state_dir / "phone-secret")


def agi_secret(settings: Settings) -> str:
    """The secret that the dialplan proves to the service: the setting, or else one that is made once and kept."""
    if settings.agi_secret is None:
        return _kept_secret(settings.state_dir / "agi-secret")
    secret = settings.agi_secret.get_secret_value()
    if not re.fullmatch(f"[{SECRET_CHARACTERS}]+", secret):
        raise SettingsError(
            f"KARIPASS_AGI_SECRET has a character that is not one of {SECRET_CHARACTERS}: choose another secret"
        )
    return secret


def _kept_secret(path: Path) -> str:
    """Read a secret from its file; make it first, for its owner alone, if it does not exist.

    Raises:
        SettingsError: the file cannot be made or read, or has no secret in it.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            with draft_of(path) as draft:
                draft.write_text(secrets.token_urlsafe(24) + "\n", encoding="ascii")
        secret = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"the secret in {path} cannot be used: {error}") from None
    if not secret:
        raise SettingsError(f"{path} is empty: remove it, and a new secret is made")
    return secret


def with_own_journal(settings: Settings) -> Settings:
    """Return settings that lead to the journal of incoming calls of our own Asterisk.

    Each instance's Asterisk has a name of its own, because instances may share a store.
    """
    journal = _run_dir(settings) / JOURNAL
    place = hashlib.sha256(f"{socket.gethostname()}:{journal}".encode()).hexdigest()[:8]
    return settings.model_copy(update={"notice_journal": journal, "notice_exchange": f"karipass-{place}"})


def _run_dir(settings: Settings) -> Path:
    return settings.state_dir.absolute() / "exchange"


def prepare_exchange(settings: Settings) -> Exchange:
    """Make an Asterisk for these settings, not started yet (it is a context manager).

    Raises:
        ExchangeError: a setting cannot be written into Asterisk's configuration.
    """
    return Exchange(
        ExchangeConfig(
            run_dir=_run_dir(settings),
            access_number=settings.access_number,
            sounds_dir=home(settings.language, settings.operator_prompts_dir) / "audio",
            ami_secret=ami_secret(settings),
            agi_host=settings.agi_host,
            agi_port=settings.agi_port,
            agi_secret=agi_secret(settings),
            language=settings.language,
            sip_host=settings.sip_host,
            sip_port=settings.sip_port,
            rtp_ports=settings.rtp_range,
            ami_port=settings.ami_port,
            phones=[Phone(number=SAMPLE_PHONE, secret=phone_secret(settings))],
            call_cap_s=int(settings.call_s + AFTER_THE_CALL_S) + _CAP_MARGIN_S,
            has_journal=True,
            own={"extensions.conf": sample_subscribers.dialplan()},
        )
    )


def manual(settings: Settings, *, ivr: str, mailbox: bool, notes: Iterable[str] = ()) -> str:
    """Write what to do with an instance, for the person who started it.

    Args:
        settings: the instance's settings.
        ivr: the start of a command for the instance, in any terminal.
        mailbox: whether mails go to the mailbox for trying it out.
        notes: what is unusual.
    """
    number = settings.access_number
    site = f"http://{settings.portal_host}:{settings.portal_port}/"
    box = f"http://{MAILBOX_HOST}:{settings.mailbox_port}/"
    mails = f"    {box} shows the mails that it sends\n" if mailbox else ""
    notices = f"""
  Call a sample subscriber, and read in {box} the mail that tells of the call:

    {ivr} ring --to {sample_subscribers.SUBSCRIBERS[0].number} --from 0459876543
"""
    unusual = "".join(f"\n  {note}\n" for note in notes)
    return f"""
karipass answers {"-".join(digits_of(number))}.
{unusual}
  Call it from this machine, in any other terminal (the password here is 24681357):

    {ivr} call --from {SAMPLE_PHONE} --keys "1 24681357 24681357"

  Or register a SIP phone and dial {number}:

    server {settings.sip_host}:{settings.sip_port} (UDP)   user {SAMPLE_PHONE}   password {phone_secret(settings)}
    (KARIPASS_SIP_HOST=0.0.0.0 lets phones of your network in)

  Then log in at the settings site with {SAMPLE_PHONE} and that password:

    {site}
{mails}{notices if mailbox else ""}
  See the calls, in a terminal or in a browser:

    {ivr} calls --follow
    http://{settings.console_host}:{settings.console_port}/
    (who may log in there: {ivr} operator add NAME --role operator)

  The lines that may call: {ivr} lines list
  Ctrl-C stops all of it.
"""
