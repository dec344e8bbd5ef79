"""One password, pressed on every path that exists. Afterwards it is nowhere, not even spelled out."""

from __future__ import annotations

import re
import socket
import sqlite3
import subprocess
import threading
import urllib.request
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import soundfile
from playwright.sync_api import Browser

from credentials.model import LoginVerdict
from dsp import synthesize
from ivr.records import CallReader, CallRecord, Query, open_existing_records
from tests.live.callers.media import BRISK, KeyPath, duration_s
from tests.live.callers.subscribers import (
    ADDITIONAL,
    CONTRACT,
    OTHER_ADDITIONAL,
    OTHER_CONTRACT,
    call,
    from_trunk,
    typed,
)
from tests.live.console import console, watching
from tests.live.house import House, contents, ivr_command, new_password

NAMED = ("unit", "number")
"""The steps whose keys are not secret."""


def spelled(text: bytes, digits: str) -> bool:
    """Whether the digits stand there one by one, with little between them."""
    return re.search(rb"[^0-9]{1,12}".join(digit.encode() for digit in digits), text) is not None


def named_out_of_place(record: CallRecord) -> list[str]:
    """The recorded keys that have a value although they do not belong to the entries of the unit or of a number."""
    bodies = [(entry.kind, entry.body) for entry in record.entries]
    entered = Counter("".join(body["shown"] for kind, body in bodies if kind == "judged" and body["step"] in NAMED))
    counted = Counter(body["value"] for kind, body in bodies if kind == "key" and body["counted"] and body["value"])
    again = Counter(body["value"] for kind, body in bodies if body.get("value")) - counted
    return sorted([*(counted - entered).elements(), *(again - entered).elements()])


@contextmanager
def listening_to_asterisk(house: House, path: Path) -> Iterator[None]:
    """Another client of the manager interface, which writes down everything that it receives."""
    with socket.create_connection(("127.0.0.1", house.ports["ami_port"])) as connection, path.open("wb") as file:
        connection.sendall(f"Action: Login\r\nUsername: karipass\r\nSecret: {house.ami_secret}\r\n\r\n".encode())

        def write_down() -> None:
            while data := connection.recv(65536):
                file.write(data)

        writer = threading.Thread(target=write_down)
        writer.start()
        yield
        connection.shutdown(socket.SHUT_RDWR)
        writer.join()


def in_every_way(house: House, canary: str, other: str, seen: Path) -> None:
    """Press the password as callers do: right, wrong, too early, at the wrong step, on each path that keys have."""
    with ThreadPoolExecutor(9) as callers:
        unheard = callers.submit(called_unheard, house, canary, seen)
        calls = [callers.submit(call, house, ADDITIONAL, typed("1", canary, canary), keys=keys) for keys in KeyPath]
        calls += [
            callers.submit(call, house, caller, typed(*groups, pause_s=1.5), keys=keys)
            for caller, groups, keys in (
                (OTHER_CONTRACT, ("2", canary), KeyPath.EVENTS),
                (OTHER_CONTRACT, ("2", f"{canary}#", canary), KeyPath.IN_BAND),
                (OTHER_ADDITIONAL, (canary,), KeyPath.IN_BAND),
                (OTHER_ADDITIONAL, ("3", canary, other, canary[:5] + "*"), KeyPath.IN_BAND),
            )
        ]
        assert all(one.result().completed for one in calls)
        unheard.result()
    assert house.check(CONTRACT, canary) is LoginVerdict.ACCEPTED
    called_by_command(house, canary, seen)


def called_by_command(house: House, canary: str, seen: Path) -> None:
    shown = subprocess.run(
        [ivr_command(), "call", "--from", CONTRACT, "--ahead", "--keys", "-"],
        env=house.environment,
        input=f"1 {canary} {canary}",
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    (seen / "call.txt").write_text(shown.stdout + shown.stderr, encoding="utf-8")


def called_unheard(house: House, canary: str, seen: Path) -> None:
    wav = seen.parent.parent / "sent" / "unheard.wav"
    soundfile.write(wav, synthesize(f"3 {canary} {canary}", twist_db=-12.0, lead_s=1.0), 8000)
    shown = house.ivr("call", "--from", OTHER_ADDITIONAL, "--wav", str(wav))
    (seen / "unheard.txt").write_text(shown.stdout + shown.stderr, encoding="utf-8")


def while_the_store_is_locked(house: House, canary: str) -> None:
    """Press the password when storing must fail."""
    presses = typed("1", canary, canary)
    calling = house.trunk.start(from_trunk(CONTRACT), presses, hang_up_after_s=duration_s(presses, BRISK) + 6)
    house.wait_for_log(b'"call_began"')
    with closing(sqlite3.connect(house.state / "store.db", isolation_level=None)) as intruder:
        intruder.execute("BEGIN IMMEDIATE")
        house.wait_for_log(b'"store_away"')
        intruder.execute("ROLLBACK")
    calling.wait()


def look_everywhere(house: House, seen: Path, wav: Path, browser: Browser) -> None:
    """All that operators and testers can look at, written down."""
    for name in ("metrics", "readyz", "healthz"):
        with urllib.request.urlopen(f"http://127.0.0.1:{house.ports['health_port']}/{name}") as answer:
            (seen / name).write_bytes(answer.read())
    listed = house.ivr("calls", "--limit", "50", check=True).stdout
    calls = re.findall(r"^[0-9a-f]{12}", listed, re.MULTILINE)
    assert len(calls) >= 9
    commands = [("report",), ("audit", "show"), ("doctor", "--json"), *(("call", "show", one) for one in calls)]
    commands.append(("simulate", str(wav), "--caller", CONTRACT, "--json", "--html", str(seen / "call.html")))
    commands.append(("simulate", str(wav.parent), "--caller", CONTRACT, "--report", str(seen / "report.xml")))
    with ThreadPoolExecutor(4) as operators:
        told = list(operators.map(lambda words: house.ivr(*words, check=words[0] == "call"), commands))
    (seen / "told.txt").write_text("\n".join([listed, *(one.stdout + one.stderr for one in told)]), encoding="utf-8")
    with console(house) as address, watching(browser, address) as page:
        for place in ("", "calls", "report", *(f"calls/{one}" for one in calls)):
            page.goto(f"{address}/{place}")
            (seen / f"page-{place.replace('/', '-')}.html").write_text(page.content(), encoding="utf-8")


@pytest.mark.long
def test_a_password_that_was_pressed_on_every_path_is_nowhere(tmp_path: Path, browser: Browser) -> None:
    canary, other = new_password(), new_password()
    wav = tmp_path / "sent" / "canary.wav"
    wav.parent.mkdir()
    soundfile.write(wav, synthesize(f"1 {canary} {canary}", group_pause_s=1.0), 8000)
    directory = tmp_path / "house"
    seen = directory / "seen"
    seen.mkdir(parents=True)
    with House(directory, settings={"KARIPASS_STORING_S": "2"}) as house:
        with listening_to_asterisk(house, seen / "ami.txt"):
            in_every_way(house, canary, other, seen)
            house.mark_log()
            while_the_store_is_locked(house, canary)
        look_everywhere(house, seen, wav, browser)
        assert b"KaripassCallEnded" in (seen / "ami.txt").read_bytes()
        assert house.places_with([canary, other]) == []
        with closing(open_existing_records(f"sqlite:///{house.state / 'store.db'}")) as database:
            reader = CallReader(database)
            records = [reader.only(call.call_id) for call in reader.search(Query(limit=None))]
        assert any(entry.body.get("value") for record in records for entry in record.entries)
        assert {record.summary.call_id: named for record in records if (named := named_out_of_place(record))} == {}
        files = [path for path in directory.rglob("*") if path.is_file()]
        assert [str(path) for path in files if spelled(contents(path), canary)] == []
