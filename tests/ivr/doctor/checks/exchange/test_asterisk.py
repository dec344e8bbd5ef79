"""The doctor's findings about an Asterisk, without a real one (tests/live/test_doctor.py has one)."""

from __future__ import annotations

import socket
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from ivr.doctor import Level, Site
from ivr.doctor.checks.exchange import asterisk
from ivr.doctor.exchange_facts import ACCESS, GLOBALS, INBOUND, MODULES, ExchangeFacts
from ivr.host.settings import Settings
from tests.ivr.doctor.examined import FACTS, SECRET, looked, site_of, wrong


def test_an_exchange_that_is_configured_right_is_well(tmp_path: Path) -> None:
    assert wrong(looked(asterisk.CHECKS, site_of(tmp_path))) == []


def with_variable(name: str, value: str) -> ExchangeFacts:
    assert name in GLOBALS
    return replace(FACTS, variables={**FACTS.variables, name: value})


@pytest.mark.parametrize(
    ("facts", "level", "words"),
    [
        (replace(FACTS, version="22.7.0"), Level.ERROR, "22.7.0"),
        (replace(FACTS, version=""), Level.ERROR, "unknown version"),
        (replace(FACTS, modules={**dict.fromkeys(MODULES, True), "res_agi": False}), Level.ERROR, "res_agi"),
        (replace(FACTS, modules=None), Level.WARNING, "cannot say"),
        (replace(FACTS, dialplan={**FACTS.dialplan, ACCESS: []}), Level.ERROR, "no context karipass-access"),
        (replace(FACTS, dialplan={**FACTS.dialplan, INBOUND: []}), Level.ERROR, "leads nowhere"),
        (with_variable("KARIPASS_AGI", "127.0.0.1:9999"), Level.ERROR, "127.0.0.1:9999"),
        (with_variable("KARIPASS_AGI", ""), Level.ERROR, "nowhere"),
        (with_variable("KARIPASS_AGI", "192.0.2.7:4573"), Level.WARNING, "192.0.2.7:4573"),
        (with_variable("KARIPASS_AGI", "192.0.2.7:4573,192.0.2.8:4573"), Level.WARNING, "192.0.2.8:4573"),
        (with_variable("KARIPASS_AGI", "192.0.2.7:9999,192.0.2.8:9999"), Level.ERROR, "192.0.2.8:9999"),
        (with_variable("KARIPASS_AGI_SECRET", SECRET), Level.WARNING, "anyone who may ask Asterisk"),
        (with_variable("KARIPASS_AGI_SECRET_FILE", ""), Level.ERROR, "no FastAGI secret"),
        (with_variable("KARIPASS_CALL_CAP_S", "60"), Level.WARNING, "60 s"),
        (with_variable("KARIPASS_CALL_CAP_S", ""), Level.WARNING, "no s"),
        (replace(FACTS, actions=frozenset()), Level.WARNING, "hear of calls"),
        (replace(FACTS, actions=FACTS.actions | {"command"}), Level.WARNING, "command"),
    ],
)
def test_what_is_wrong_with_the_exchange_is_found(
    tmp_path: Path, facts: ExchangeFacts, level: Level, words: str
) -> None:
    (finding,) = wrong(looked(asterisk.CHECKS, site_of(tmp_path, facts)))
    assert finding.level is level
    assert words in finding.text


def test_this_service_may_be_one_of_those_that_asterisk_asks(tmp_path: Path) -> None:
    facts = with_variable("KARIPASS_AGI", "192.0.2.7:4573,127.0.0.1:4573")
    assert wrong(looked(asterisk.CHECKS, site_of(tmp_path, facts))) == []


def test_a_dialplan_of_an_older_version_is_told(tmp_path: Path) -> None:
    older = [{**step, "appdata": step["appdata"].replace("Cause", "Because")} for step in FACTS.dialplan[ACCESS]]
    facts = replace(FACTS, dialplan={**FACTS.dialplan, ACCESS: older})
    (finding,) = wrong(looked(asterisk.CHECKS, site_of(tmp_path, facts)))
    assert "older version" in finding.remedy


def test_a_secret_of_asterisks_that_is_another_is_found_where_it_can_be_read(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    facts = with_variable("KARIPASS_AGI_SECRET_FILE", str(file))
    file.write_text(f"{SECRET}\n", encoding="ascii")
    assert wrong(looked(asterisk.CHECKS, site_of(tmp_path, facts))) == []
    file.write_text("another-one\n", encoding="ascii")
    (finding,) = wrong(looked(asterisk.CHECKS, site_of(tmp_path, facts)))
    assert str(file) in finding.text
    assert "another-one" not in repr(finding)


def test_neither_secret_is_shown(tmp_path: Path) -> None:
    facts = with_variable("KARIPASS_AGI_SECRET", "another-one")
    shown = repr(looked(asterisk.CHECKS, site_of(tmp_path, facts))) + repr(facts)
    assert "another-one" not in shown
    assert SECRET not in shown


def test_an_asterisk_that_cannot_be_asked_is_one_error(tmp_path: Path) -> None:
    site = site_of(tmp_path, "AMI at 127.0.0.1:5038 cannot be reached (Connection refused): is Asterisk up?")
    found = wrong(looked(asterisk.CHECKS, site))
    assert [finding.level for finding in found] == [Level.ERROR, Level.WARNING, Level.WARNING, Level.WARNING]
    assert found[0].remedy == "is Asterisk up?"


def test_a_peer_that_is_no_asterisk_is_said_to_be_none(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            peer, _ = server.accept()
            with peer:
                peer.sendall(b"220 mail ready\r\n")
                peer.recv(1000)

        thread = threading.Thread(target=serve)
        thread.start()
        site = Site(Settings.load(state_dir=tmp_path, ami_port=server.getsockname()[1], ami_secret="x"), {})
        found = wrong(looked(asterisk.CHECKS[:1], site))
        thread.join()
    assert "not a manager interface" in found[0].text
    assert "KARIPASS_AMI_PORT" in found[0].remedy
