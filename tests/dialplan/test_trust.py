"""Who reaches the access number, and as whom."""

from dataclasses import replace

from ivr.exchange.configuration import DIALPLAN_DIR
from tests.dialplan.asterisk_config import CONFIG, Section, rendered, sections

_INBOUND = "karipass-inbound"


def _endpoints() -> dict[str, Section]:
    found = sections("pjsip.conf", rendered())
    return {section.name: section for section in found if section.values.get("type") == "endpoint"}


def _of_type(kind: str) -> list[Section]:
    return [s for s in sections("pjsip.conf", rendered()) if s.values.get("type") == kind]


def test_only_trunks_and_registered_phones_reach_the_access_number() -> None:
    reaching = {name for name, section in _endpoints().items() if section.values["context"] == _INBOUND}
    assert reaching == {"trunk-1", "trunk-2", "karipass-loopback", "0312345678", "0612345678"}


def test_the_one_other_endpoint_leads_out_and_may_not_come_in() -> None:
    others = {name: s for name, s in _endpoints().items() if s.values["context"] != _INBOUND}
    assert set(others) == {"karipass-loop"}
    nowhere = others["karipass-loop"].values["context"]
    assert [s.values for s in sections("extensions.conf", rendered()) if s.name == nowhere] == [{}]


def test_only_trunks_may_assert_who_calls() -> None:
    trusted = {name for name, s in _endpoints().items() if s.values.get("trust_id_inbound") == "yes"}
    assert trusted == {"trunk-1", "trunk-2", "karipass-loopback"}


def test_a_trunk_is_known_by_its_address_alone() -> None:
    matches = {s.values["endpoint"]: s.values["match"] for s in _of_type("identify")}
    assert matches == {
        "trunk-1": "192.0.2.10",
        "trunk-2": "198.51.100.0/24",
        "karipass-loopback": "127.0.0.8:15060",
    }
    for name in matches:
        assert _endpoints()[name].values["identify_by"] == "ip"


def test_a_phone_is_known_by_its_secret_and_is_one_number_whatever_it_claims() -> None:
    secrets = {s.name: s.values for s in _of_type("auth")}
    for phone in CONFIG.phones:
        values = _endpoints()[phone.number].values
        assert values["identify_by"] == "auth_username"
        assert values["trust_id_inbound"] == "no"
        assert values["callerid"] == f"<{phone.number}>"
        assert values["auth"] == phone.number
        assert secrets[phone.number]["username"] == phone.number
        assert secrets[phone.number]["password"] == phone.secret


def test_what_a_stranger_writes_into_from_picks_no_endpoint() -> None:
    (settings,) = _of_type("global")
    assert settings.values["endpoint_identifier_order"] == "ip,auth_username"
    assert "anonymous" not in rendered()["modules.conf"]


def test_the_spec_of_trust_is_in_one_file() -> None:
    with_trust = {
        path.relative_to(DIALPLAN_DIR).as_posix()
        for path in DIALPLAN_DIR.rglob("*.conf")
        if "trust_id_inbound" in (text := path.read_text(encoding="utf-8")) or f"context = {_INBOUND}" in text
    }
    assert with_trust == {"karipass/pjsip.conf"}


def test_every_caller_has_telephone_audio_and_keys_apart_from_tones() -> None:
    for name, section in _endpoints().items():
        assert section.values["disallow"] == "all"
        assert set(section.values["allow"].split(",")) <= {"ulaw", "alaw"}, name
        assert section.values["dtmf_mode"] == "rfc4733", name


def test_without_trunks_and_phones_nobody_but_the_loop_gets_in() -> None:
    files = rendered(replace(CONFIG, trunks=(), phones=()))
    reaching = [s.name for s in sections("pjsip.conf", files) if s.values.get("context") == _INBOUND]
    assert reaching == ["karipass-loopback"]


def test_an_adopted_exchange_has_no_loop_and_no_right_to_place_calls() -> None:
    for path in (DIALPLAN_DIR / "karipass").iterdir():
        text = path.read_text(encoding="utf-8")
        assert "loop" not in text, path.name
        assert "originate" not in text, path.name
