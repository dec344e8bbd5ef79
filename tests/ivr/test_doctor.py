"""What the doctor finds, healthy and ill, without an Asterisk (tests/live/test_doctor.py has one)."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import sys
import threading
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import text

from credentials import CredentialStore, KeyRing
from credentials.database import Database
from ivr.cli.doctor import doctor
from ivr.doctor import Check, Examined, Finding, Level, Site, asterisk, database, examine, local, ports
from ivr.doctor.exchange_facts import ACCESS, GLOBALS, INBOUND, MODULES, ExchangeFacts
from ivr.doctor.finding import ok
from ivr.records import open_records
from ivr.settings import Settings

SECRET = "said-by-the-dialplan"
FACTS = ExchangeFacts(
    version="22.10.1+dfsg",
    modules=dict.fromkeys(MODULES, True),
    variables={
        "KARIPASS_ACCESS_NUMBER": "0363044747",
        "KARIPASS_AGI": "127.0.0.1:4573",
        "KARIPASS_AGI_SECRET": SECRET,
        "KARIPASS_CALL_CAP_S": "480",
    },
    dialplan={
        INBOUND: [{"extension": "0363044747", "application": "Goto", "appdata": "karipass-access,call,1"}],
        ACCESS: [
            {"extension": "call", "application": "AGI", "appdata": "agi://${KARIPASS_AGI}/access,${X}"},
            {"extension": "h", "application": "UserEvent", "appdata": "KaripassCall,Cause: ${A},Rtp: ${B}"},
        ],
    },
    actions=frozenset({"userevent", "getvar"}),
)


def site_of(tmp_path: Path, facts: ExchangeFacts | str = FACTS, **settings: Any) -> Site:
    site = Site(Settings.load(state_dir=tmp_path, agi_secret=SECRET, **settings), {})
    site.__dict__["exchange"] = facts  # as if it had been asked
    return site


def looked(checks: Any, site: Site) -> list[Examined]:
    return list(examine(site, checks))


def worst(examined: list[Examined]) -> Level:
    levels = {each.finding.level for each in examined}
    return next(level for level in (Level.ERROR, Level.WARNING, Level.OK) if level in levels)


def wrong(examined: list[Examined]) -> list[Finding]:
    return [each.finding for each in examined if each.finding.level is not Level.OK]


# --- the examination ------------------------------------------------------------------------------------------


def test_a_check_that_raises_is_a_finding_and_the_others_go_on(tmp_path: Path) -> None:
    def broken(_site: Site) -> list[Finding]:
        raise ZeroDivisionError("by nothing")

    examined = looked([Check("broken", broken), Check("fine", lambda _: [ok("well")])], site_of(tmp_path))
    assert [(each.check, each.finding.level) for each in examined] == [("broken", Level.ERROR), ("fine", Level.OK)]
    assert "ZeroDivisionError" in examined[0].finding.text


def test_a_check_that_hangs_is_left_behind(tmp_path: Path) -> None:
    go_on = threading.Event()

    def hangs(_site: Site) -> list[Finding]:
        go_on.wait(30)
        return []

    checks = [Check("hangs", hangs), Check("fine", lambda _: [ok("well")])]
    examined = list(examine(site_of(tmp_path), checks, patience_s=0.05))
    go_on.set()
    assert "no answer within 0.05 s" in examined[0].finding.text
    assert examined[1].finding.level is Level.OK


def test_whatever_is_wrong_comes_with_a_remedy(tmp_path: Path) -> None:
    site = site_of(tmp_path / "nowhere", "AMI at 127.0.0.1:5038 is away")
    every = (*local.CHECKS, *database.CHECKS, *ports.CHECKS, *asterisk.CHECKS)
    found = wrong(looked(every, site))
    assert found
    assert all(finding.remedy for finding in found)


# --- this host --------------------------------------------------------------------------------------------------


def test_a_misspelt_variable_is_named_with_what_was_meant(tmp_path: Path) -> None:
    site = Site(Settings.load(state_dir=tmp_path), {"KARIPASS_AMI_SECERT": "x", "PATH": "y", "KARIPASS_CALLS": "5"})
    (finding,) = wrong(looked([Check("settings", local.variables)], site))
    assert "KARIPASS_AMI_SECERT" in finding.text
    assert "KARIPASS_AMI_SECRET" in finding.remedy


def test_a_key_file_that_lets_others_in_is_an_error_and_its_key_is_not_shown(tmp_path: Path) -> None:
    path = tmp_path / "key"
    ring = KeyRing.from_file(path)
    assert worst(looked([Check("key", local.key)], site_of(tmp_path))) is Level.OK
    path.chmod(0o644)
    (finding,) = wrong(looked([Check("key", local.key)], site_of(tmp_path)))
    assert finding.level is Level.ERROR
    assert "chmod 600" in finding.text
    assert ring.to_text().strip() not in repr(finding)


def test_looking_makes_nothing(tmp_path: Path) -> None:
    state = tmp_path / "state"
    looked((*local.CHECKS, *database.CHECKS, *ports.CHECKS), Site(Settings.load(state_dir=state), {}))
    assert not state.exists()
    state.mkdir(mode=0o700)
    site = Site(Settings.load(state_dir=state, ami_port=1), {})
    looked((*local.CHECKS, *database.CHECKS, *ports.CHECKS, *asterisk.CHECKS), site)
    assert list(state.iterdir()) == []


def test_a_secret_that_others_may_read_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "ami-secret"
    path.write_text("of-the-manager")
    path.chmod(0o640)
    (finding,) = wrong(looked([Check("secrets", local.secrets)], site_of(tmp_path)))
    assert f"chmod 600 {path}" in finding.remedy


def test_guidance_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    (finding,) = wrong(looked([Check("guidance", local.guidance)], site_of(tmp_path, language="tlh")))
    assert finding.level is Level.ERROR
    assert "tlh" in finding.text


@pytest.mark.parametrize(
    ("state", "level"),
    [(True, Level.OK), (False, Level.WARNING), (None, Level.OK)],
    ids=["kept", "not kept", "unknown"],
)
def test_the_clock_is_well_unless_the_kernel_says_that_it_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state: bool | None, level: Level
) -> None:
    monkeypatch.setattr(local, "_is_synchronised", lambda: state)
    assert worst(looked([Check("clock", local.clock)], site_of(tmp_path))) is level


# --- the store --------------------------------------------------------------------------------------------------


@pytest.fixture
def stored(tmp_path: Path) -> Site:
    """A host whose service has run before."""
    with CredentialStore.open(f"sqlite:///{tmp_path}/store.db", key=KeyRing.from_file(tmp_path / "key")):
        open_records(f"sqlite:///{tmp_path}/store.db").close()
    return site_of(tmp_path)


def test_a_store_of_this_version_is_well(stored: Site) -> None:
    assert worst(looked(database.CHECKS, stored)) is Level.OK


@pytest.mark.parametrize(
    ("revision", "level", "words"), [("0001", Level.WARNING, "older"), ("9999", Level.ERROR, "newer")]
)
def test_a_store_of_another_version_is_told_and_left_as_it_is(
    stored: Site, revision: str, level: Level, words: str
) -> None:
    opened = Database(stored.settings.store_url)
    with opened.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})
    (finding,) = wrong(looked(database.CHECKS, stored))
    assert finding.level is level
    assert words in finding.text
    with opened.reading() as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == revision
    opened.close()


def test_the_key_of_another_store_is_an_error(stored: Site) -> None:
    stored.settings.store_key_file.unlink()
    KeyRing.from_file(stored.settings.store_key_file)
    (finding,) = wrong(looked(database.CHECKS, stored))
    assert finding.level is Level.ERROR
    assert "which is not here" in finding.text


def test_a_store_without_its_key_file_is_an_error(stored: Site) -> None:
    stored.settings.store_key_file.unlink()
    (finding,) = wrong(looked(database.CHECKS, stored))
    assert finding.level is Level.ERROR


def test_a_database_that_is_away_is_an_error_and_its_password_is_not_shown(tmp_path: Path) -> None:
    site = site_of(tmp_path, database_url="postgresql+psycopg://karipass:hunter22@127.0.0.1:1/karipass")
    (finding,) = wrong(looked(database.CHECKS, site))
    assert finding.level is Level.ERROR
    assert "\n" not in finding.text
    assert "hunter22" not in repr(finding)


def test_a_file_that_is_no_database_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "store.db").write_text("no database " * 1000)
    (finding,) = wrong(looked(database.CHECKS, site_of(tmp_path)))
    assert finding.level is Level.ERROR


def test_a_store_that_is_not_in_wal_mode_is_not_turned_to_it(stored: Site, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "store.db")) as connection:
        assert connection.execute("PRAGMA journal_mode = DELETE").fetchone() == ("delete",)
    before = (tmp_path / "store.db").read_bytes()
    assert worst(looked(database.CHECKS, stored)) is Level.OK
    assert (tmp_path / "store.db").read_bytes() == before


# --- ports ------------------------------------------------------------------------------------------------------


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def test_a_free_port_is_well(port: int) -> None:
    assert ports.port_finding("FastAGI", "127.0.0.1", port, "KARIPASS_AGI_PORT").level is Level.OK


def test_a_port_that_another_process_holds_is_an_error_that_names_it(port: int) -> None:
    with socket.create_server(("127.0.0.1", port)):
        finding = ports.port_finding("FastAGI", "127.0.0.1", port, "KARIPASS_AGI_PORT")
    assert finding.level is Level.ERROR
    assert str(os.getpid()) in finding.text
    assert "KARIPASS_AGI_PORT" in finding.remedy


def test_a_port_that_the_service_holds_is_well(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "holder_of", lambda _port: ports.Process(7, "/opt/bin/python /opt/bin/ivr serve"))
    with socket.create_server(("127.0.0.1", port)):
        finding = ports.port_finding("FastAGI", "127.0.0.1", port, "KARIPASS_AGI_PORT")
    assert (finding.level, "process 7" in finding.text) == (Level.OK, True)


def test_an_address_of_another_host_is_an_error() -> None:
    finding = ports.port_finding("FastAGI", "192.0.2.1", 4573, "KARIPASS_AGI_PORT")
    assert finding.level is Level.ERROR
    assert "_HOST" in finding.remedy


def test_a_port_given_twice_is_an_error(tmp_path: Path, port: int) -> None:
    found = wrong(looked(ports.CHECKS, site_of(tmp_path, agi_port=port, health_port=port)))
    assert [str(port) in finding.text for finding in found if finding.level is Level.ERROR] == [True, True]


# --- Asterisk ---------------------------------------------------------------------------------------------------


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
        (with_variable("KARIPASS_AGI_SECRET", "another-one"), Level.ERROR, "FastAGI secret"),
        (with_variable("KARIPASS_CALL_CAP_S", "60"), Level.WARNING, "60 s"),
        (with_variable("KARIPASS_CALL_CAP_S", ""), Level.WARNING, "no s"),
        (replace(FACTS, actions=frozenset()), Level.WARNING, "told of calls"),
        (replace(FACTS, actions=FACTS.actions | {"command"}), Level.WARNING, "command"),
    ],
)
def test_what_is_wrong_with_the_exchange_is_found(
    tmp_path: Path, facts: ExchangeFacts, level: Level, words: str
) -> None:
    (finding,) = wrong(looked(asterisk.CHECKS, site_of(tmp_path, facts)))
    assert finding.level is level
    assert words in finding.text


def test_a_dialplan_of_an_older_version_is_told(tmp_path: Path) -> None:
    older = [{**step, "appdata": step["appdata"].replace("Cause", "Because")} for step in FACTS.dialplan[ACCESS]]
    facts = replace(FACTS, dialplan={**FACTS.dialplan, ACCESS: older})
    (finding,) = wrong(looked(asterisk.CHECKS, site_of(tmp_path, facts)))
    assert "older version" in finding.remedy


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
    assert "no manager interface" in found[0].text
    assert "KARIPASS_AMI_PORT" in found[0].remedy


# --- the command ------------------------------------------------------------------------------------------------


def run(monkeypatch: pytest.MonkeyPatch, *, as_json: bool = False, **environment: str) -> int:
    for name in [name for name in os.environ if name.startswith("KARIPASS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("COLUMNS", "200")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit) as ended:
        doctor(as_json=as_json)
    return int(ended.value.code or 0)


def test_the_command_ends_with_1_if_there_is_an_error_and_shows_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, KARIPASS_STATE_DIR=str(tmp_path), KARIPASS_AMI_PORT="1", KARIPASS_AMI_SECRET="s") == 1
    shown = capsys.readouterr().out
    assert "cannot be reached" in " ".join(shown.split())
    assert "errors: 1" in shown


def test_warnings_alone_do_not_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    module = sys.modules[doctor.__module__]
    monkeypatch.setattr(module, "CHECKS", [Check("state", local.state_directory)])
    assert run(monkeypatch, KARIPASS_STATE_DIR=str(tmp_path / "nowhere")) == 0
    assert "warnings: 1" in capsys.readouterr().out


def test_a_wrong_setting_is_an_error_too(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, as_json=True, KARIPASS_CALLS="none") == 1
    report = json.loads(capsys.readouterr().out)
    assert report["ok"] is False
    assert "KARIPASS_CALLS=none" in report["findings"][0]["text"]


def test_the_report_for_machines_has_all_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    module = sys.modules[doctor.__module__]
    monkeypatch.setattr(module, "CHECKS", [Check("state", local.state_directory)])
    tmp_path.chmod(0o700)
    assert run(monkeypatch, as_json=True, KARIPASS_STATE_DIR=str(tmp_path)) == 0
    expected = {"check": "state", "level": "ok", "text": str(tmp_path), "remedy": ""}
    assert json.loads(capsys.readouterr().out) == {"ok": True, "findings": [expected]}


def test_an_unsynchronised_clock_is_read_from_the_kernels_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def kernel(status: int) -> SimpleNamespace:
        def adjtimex(buffer: Any) -> int:
            local.ctypes.c_int.from_buffer(buffer, 5 * local.ctypes.sizeof(local.ctypes.c_long)).value = status
            return 0

        return SimpleNamespace(adjtimex=adjtimex)

    for status, expected in ((0x0001, True), (0x0040, False)):
        monkeypatch.setattr(local.ctypes, "CDLL", lambda *_, status=status, **__: kernel(status))
        assert local._is_synchronised() is expected
    monkeypatch.setattr(local.ctypes, "CDLL", lambda *_, **__: SimpleNamespace(adjtimex=lambda _: -1))
    assert local._is_synchronised() is None
