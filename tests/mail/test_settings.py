"""Settings of mail come from the environment, and an error names a wrong one with its value and remedy."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from credentials.secrets.keys import Key
from mail.bounces.addresses import letter_of
from mail.bounces.settings import BounceSettings
from mail.outbox import Rate
from mail.sending.server import MailServer
from mail.settings import MailSettings, Security
from settings.errors import SettingsError

KEY = Key(bytes(range(32)))
NEEDED = {"KARIPASS_SMTP_HOST": "mail.example.jp", "KARIPASS_MAIL_FROM": "no-reply@example.jp"}


@pytest.fixture(autouse=True)
def _what_is_needed(monkeypatch: pytest.MonkeyPatch, _no_settings_of_this_machine: None) -> None:
    for name, value in NEEDED.items():
        monkeypatch.setenv(name, value)


def test_server_and_sender_are_all_that_must_be_set() -> None:
    settings = MailSettings.load()
    assert (settings.smtp_host, settings.port, settings.smtp_security) == ("mail.example.jp", 587, Security.STARTTLS)
    assert settings.envelope_sender("abc", KEY) == "no-reply@example.jp"
    assert settings.limits.of_a_number == [Rate(5, timedelta(minutes=10)), Rate(20, timedelta(days=1))]


@pytest.mark.parametrize("name", NEEDED)
def test_what_must_be_set_is_named(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.delenv(name)
    with pytest.raises(SettingsError, match=f"^{name} is missing: write it$"):
        MailSettings.load()


@pytest.mark.parametrize(("security", "port"), [("starttls", 587), ("tls", 465), ("none", 25)])
def test_each_security_has_its_port(monkeypatch: pytest.MonkeyPatch, security: str, port: int) -> None:
    monkeypatch.setenv("KARIPASS_SMTP_SECURITY", security)
    assert MailSettings.load().port == port
    monkeypatch.setenv("KARIPASS_SMTP_PORT", "2525")
    assert MailSettings.load().port == 2525


@pytest.mark.parametrize(
    ("name", "value", "hint"),
    [
        ("KARIPASS_SMTP_HOST", "smtp://mail.example.jp", "write host names without"),
        ("KARIPASS_SMTP_PORT", "99999", "write 65535 or less"),
        ("KARIPASS_SMTP_PORT", "smtp", "write a whole number"),
        ("KARIPASS_SMTP_SECURITY", "ssl", "write 'starttls', 'tls' or 'none'"),
        ("KARIPASS_SMTP_TIMEOUT_S", "0", "write a number above 0"),
        ("KARIPASS_MAIL_FROM", "Karipass", "write one mail address"),
        ("KARIPASS_MAIL_FROM", "a@example.jp, b@example.jp", "write one mail address"),
        ("KARIPASS_MAIL_FROM", "x\r\nBcc: b@example.jp <a@example.jp>", "write one mail address"),
        ("KARIPASS_MAIL_BOUNCE_DOMAIN", "@bounces", "write host names without"),
        ("KARIPASS_MAIL_BOUNCE_DOMAIN", "bounces..jp", "write a domain that has no other mailboxes"),
        ("KARIPASS_MAIL_BOUNCE_DOMAIN", "fd00::1", "write a domain that has no other mailboxes"),
        ("KARIPASS_MAIL_BOUNCE_PORT", "0", "write 1 or more"),
        ("KARIPASS_MAIL_ENVELOPE_FROM", "bounce+{letter}", "{letter} in it becomes the letter's id"),
        ("KARIPASS_MAILS_OF_A_NUMBER", "many", "as in 5/10m,20/1d"),
        ("KARIPASS_MAILS_OF_A_CLIENT", "5/10m,20", "as in 5/10m,20/1d"),
        ("KARIPASS_MAILS_OF_AN_ADDRESS", "0/10m", "as in 5/10m,20/1d"),
        ("KARIPASS_MAIL_DAYS", "1", "write 2 or more"),
        ("KARIPASS_MAILS_AT_ONCE", "0", "write a number above 0"),
        ("KARIPASS_SMTP_SECURITY", "\udcff", "write it in UTF-8"),
        ("KARIPASS_SMTP_CA_FILE", "/nowhere/ca.pem", "there is no such file"),
        ("KARIPASS_SMTP_CA_FILE", "/nowhere/" + 5000 * "a", "there is no such file"),
    ],
)
def test_a_wrong_value_is_named_with_its_remedy(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, hint: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as error:
        MailSettings.load()
    assert str(error.value).startswith(f"{name}={value}: ")
    assert hint in str(error.value)


def test_a_password_is_not_shown_and_wants_a_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KARIPASS_SMTP_PASSWORD", "do-not-show-this")
    with pytest.raises(SettingsError, match="KARIPASS_SMTP_USER and KARIPASS_SMTP_PASSWORD") as error:
        MailSettings.load()
    monkeypatch.setenv("KARIPASS_SMTP_USER", "karipass")
    assert "do-not-show-this" not in repr(MailSettings.load()) + str(error.value)


def test_a_password_does_not_leave_this_machine_in_the_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"_USER": "karipass", "_PASSWORD": "s3cret", "_SECURITY": "none"}.items():
        monkeypatch.setenv(f"KARIPASS_SMTP{name}", value)
    with pytest.raises(SettingsError, match="in the clear"):
        MailSettings.load()
    monkeypatch.setenv("KARIPASS_SMTP_HOST", "127.0.0.1")
    assert MailSettings.load().smtp_user == "karipass"


def test_a_file_whose_name_is_not_text_is_named_as_far_as_it_can_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KARIPASS_SMTP_CA_FILE", "/nowhere/\udcff.pem")
    with pytest.raises(SettingsError, match=r"^KARIPASS_SMTP_CA_FILE=/nowhere/.*\.pem: there is no such file"):
        MailSettings.load()


def test_a_file_without_certificates_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("not a certificate")
    monkeypatch.setenv("KARIPASS_SMTP_CA_FILE", str(tmp_path / "ca.pem"))
    with pytest.raises(SettingsError, match=r"KARIPASS_SMTP_CA_FILE=.*PEM"):
        MailServer(MailSettings.load(), KEY)


def test_the_envelope_sender_may_hold_the_letters_id(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KARIPASS_MAIL_ENVELOPE_FROM", "bounce+{letter}@example.jp")
    assert MailSettings.load().envelope_sender("bcdf", KEY) == "bounce+bcdf@example.jp"


def test_with_a_domain_for_bounces_the_envelope_sender_is_an_address_that_only_we_can_make(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KARIPASS_MAIL_BOUNCE_DOMAIN", "Bounces.Example.jp")
    settings = MailSettings.load()
    sender = settings.envelope_sender("bcdf", KEY)
    assert letter_of(sender, "bounces.example.jp", [KEY]) == "bcdf"
    assert (settings.mail_bounce_host, settings.mail_bounce_port) == ("127.0.0.1", 4580)


def test_the_receiver_of_bounces_needs_no_mail_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KARIPASS_SMTP_HOST")
    assert BounceSettings.load().mail_bounce_domain is None


def test_mails_come_back_to_one_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KARIPASS_MAIL_BOUNCE_DOMAIN", "bounces.example.jp")
    monkeypatch.setenv("KARIPASS_MAIL_ENVELOPE_FROM", "bounce+{letter}@example.jp")
    with pytest.raises(SettingsError, match=r"KARIPASS_MAIL_BOUNCE_DOMAIN and KARIPASS_MAIL_ENVELOPE_FROM .* set one"):
        MailSettings.load()


def test_a_sender_may_have_a_name_in_any_alphabet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KARIPASS_MAIL_FROM", "仮パスワード <no-reply@example.jp>")
    sender = MailSettings.load().sender
    assert (sender.display_name, sender.addr_spec) == ("仮パスワード", "no-reply@example.jp")
