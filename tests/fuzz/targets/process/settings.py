"""Settings' values: settings that can be used, or one line that names the variable and shows no secret."""

from __future__ import annotations

import math

from ivr.host.settings import Settings
from mail.settings import MailSettings
from settings.errors import PREFIX, SettingsError
from storage.database_url import parse_url
from storage.errors import InvalidDatabaseUrl
from tests.fuzz.inputs import split_head, stretched, text_of

LONGEST = 512
_MOST = 2000
_SERVICE = sorted(Settings.model_fields)
_MAIL = sorted(MailSettings.model_fields)
_SECRET = "Geheim7xKw"


def one_input(data: bytes) -> None:
    head, rest = split_head(data, 1)
    text = text_of(stretched(rest, _MOST))
    if head[0] < len(_SERVICE):
        _service(_SERVICE[head[0]], text)
    elif head[0] < len(_SERVICE) + len(_MAIL):
        _mail(_MAIL[head[0] - len(_SERVICE)], text)
    else:
        _database(text)


def _service(name: str, text: str) -> None:
    try:
        settings = Settings.from_environment(**{name: text})
    except SettingsError as error:
        _is_one_line_on(name, str(error))
        return
    assert settings.limits
    assert settings.call_limits
    assert settings.rtp_range[0] < settings.rtp_range[1]
    assert settings.more_audio_ports is not None
    assert math.isfinite(settings.portal_idle_s)
    assert settings.portal_hosts
    assert isinstance(settings.to_publish, dict)


def _mail(name: str, text: str) -> None:
    values = {"smtp_host": "mail.example.jp", "mail_from": "no-reply@example.jp", name: text}
    try:
        settings = MailSettings.load(**values)
    except SettingsError as error:
        _is_one_line_on(name, str(error))
        return
    assert settings.limits
    assert settings.sender.addr_spec
    assert 1 <= settings.port <= 65535


def _is_one_line_on(name: str, error: str) -> None:
    assert f"{PREFIX}{name.upper()}" in error
    assert "Traceback" not in error
    assert "input" not in error.rpartition(":")[2], "our own words, not pydantic's"


def _database(text: str) -> None:
    for url in (text, text.replace("SECRET", _SECRET)):
        try:
            parse_url(url)
        except InvalidDatabaseUrl as error:
            assert _SECRET not in str(error)
