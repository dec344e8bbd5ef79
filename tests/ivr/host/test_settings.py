"""Settings come from the environment, and an error names a wrong one with its value and remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.call.dialogue import Limits
from ivr.host.settings import Settings
from settings.errors import SettingsError


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))


def test_without_any_everything_has_a_default(tmp_path: Path) -> None:
    settings = Settings.load()
    assert settings.limits == Limits()
    assert settings.access_number == "0363044747"
    assert settings.store_url == f"sqlite:///{tmp_path}/karipass/store.db"


def test_every_limit_of_the_dialogue_can_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Limits.__dataclass_fields__:
        monkeypatch.setenv(f"KARIPASS_{name.upper()}", "7")
    assert Settings.load().limits == Limits(**dict.fromkeys(Limits.__dataclass_fields__, 7))


@pytest.mark.parametrize(
    ("name", "value", "hint"),
    [
        ("KARIPASS_AGI_PORT", "70000", ": write 65535 or less"),
        ("KARIPASS_SIP_PORT", "sip", ": write a whole number, for example 5060"),
        ("KARIPASS_STEP_S", "soon", ": write a number, for example 60"),
        ("KARIPASS_STEP_S", "inf", ": write a finite number"),
        ("KARIPASS_CONSOLE_HTTPS", "perhaps", ": write yes or no"),
        ("KARIPASS_CONSOLE_NAMES", "https://console.example.jp", ": write host names without http://"),
        ("KARIPASS_CONSOLE_NAMES", "console.example.jp:4576", ": write host names without http:// and without a port"),
        ("KARIPASS_PORTAL_HOST", "https://settings.example.jp", ": write a host name or an address without http://"),
        ("KARIPASS_CONSOLE_HOST", "127.0.0.1:4576", ": write a host name or an address without http:// and without a"),
        ("KARIPASS_AUDIOSOCKET_BIND", "127.0.0.1/8", "write a host name or an address"),
        ("KARIPASS_RTP_PORTS", "10000", "FIRST-LAST"),
        ("KARIPASS_RTP_PORTS", "20000-10000", "rise"),
        ("KARIPASS_RTP_PORTS", "\u00b2-5000", "FIRST-LAST"),
        ("KARIPASS_RTP_PORTS", "\uff12\uff10\uff10\uff10-3000", "FIRST-LAST"),
        ("KARIPASS_RTP_PORTS", f"{'9' * 5000}-{'9' * 5001}", "FIRST-LAST"),
        ("KARIPASS_ACCESS_NUMBER", "12", ": '12' is not a Japanese telephone number"),
        ("KARIPASS_FIRST_KEY_S", "-1", ": write a number above 0"),
    ],
)
def test_a_wrong_value_is_named_with_its_remedy(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, hint: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as error:
        Settings.load()
    assert str(error.value).startswith(f"{name}={value}: ")
    assert hint in str(error.value)
    assert "\n" not in str(error.value)


def test_a_secret_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KARIPASS_AMI_SECRET", "do-not-show-this")
    assert "do-not-show-this" not in repr(Settings.load())


@pytest.mark.parametrize("text", ["Console.example.jp ivr.example.jp", "console.example.jp,ivr.example.jp"])
def test_names_of_the_console_are_written_with_blanks_or_commas(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("KARIPASS_CONSOLE_NAMES", text)
    assert Settings.load().console_names == {"console.example.jp", "ivr.example.jp"}


def test_a_name_of_the_console_may_be_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KARIPASS_CONSOLE_NAMES", "192.0.2.1 [2001:db8::1] 2001:db8::2")
    assert Settings.load().console_names == {"192.0.2.1", "2001:db8::1", "2001:db8::2"}


def test_proxies_are_addresses_and_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KARIPASS_CONSOLE_PROXIES", "192.0.2.1, 10.0.0.0/8 FD00::/8")
    settings = Settings.load()
    assert settings.console_proxies == {"192.0.2.1/32", "10.0.0.0/8", "fd00::/8"}
    assert Settings.load(**settings.to_publish).console_proxies == settings.console_proxies


@pytest.mark.parametrize("text", ["proxy.example.jp", "10.0.0.1/8", "10.0.0.0/40"])
def test_what_is_no_network_is_named(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("KARIPASS_CONSOLE_PROXIES", text)
    with pytest.raises(SettingsError, match="KARIPASS_CONSOLE_PROXIES=") as error:
        Settings.load()
    assert text in str(error.value)
    assert "10.0.0.0/8" in str(error.value)


def test_https_of_the_console_is_a_yes_or_no(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings.load().console_https is False
    monkeypatch.setenv("KARIPASS_CONSOLE_HTTPS", "yes")
    assert Settings.load().console_https is True
