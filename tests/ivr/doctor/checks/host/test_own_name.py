"""Whether Asterisk's host knows its own name: by its files, and with a process in Asterisk's place."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from ivr.doctor import Level
from ivr.doctor.checks.host import own_name
from ivr.doctor.checks.host.own_name import knows
from tests.ivr.doctor.examined import looked, site_of


@pytest.mark.parametrize(
    ("hosts", "switch", "known"),
    [
        ("127.0.0.1 localhost\n127.0.1.1 pbx.example pbx\n", "hosts: files dns\n", True),
        ("127.0.1.1 PBX # it\n", None, True),
        ("127.0.1.1 pbx.example # pbx\n", "hosts: files dns\n", False),
        ("pbx 127.0.1.1\n", "hosts: files dns\n", False),
        ("127.0.1.1 pbx\n", "passwd: files\nhosts: dns files\n", False),
        (None, "hosts: files dns\n", False),
        (None, None, False),
        (None, "hosts: files myhostname dns\n", True),
        (None, "hosts: files resolve [!UNAVAIL=return] dns\n", True),
        (None, "hosts: files dns myhostname\n", False),
        (None, "hosts: files # myhostname\n", False),
        ("127.0.1.1 \xff pbx\n", "hosts: files\n", True),
    ],
)
def test_a_host_knows_its_name_from_its_files(
    tmp_path: Path, hosts: str | None, switch: str | None, known: bool
) -> None:
    for name, text in (("hosts", hosts), ("nsswitch.conf", switch)):
        if text is not None:
            (tmp_path / name).write_text(text, encoding="latin-1")
    assert knows(tmp_path, "pbx") is known


def examined(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, **settings: object) -> tuple[Level, str]:
    monkeypatch.setattr(socket, "gethostname", lambda: name)
    with socket.create_server(("127.0.0.1", 0)) as in_asterisks_place:
        settings = {"ami_port": in_asterisks_place.getsockname()[1], **settings}
        (each,) = looked(own_name.CHECKS, site_of(tmp_path, **settings))
    return each.finding.level, f"{each.finding.text}; {each.finding.remedy}"


def test_a_name_that_is_in_no_file_is_told_with_the_line_to_add(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_name, "_services", lambda _path: ["files", "dns"])
    level, text = examined(tmp_path, monkeypatch, "not-in-any-file")
    assert level is Level.WARNING
    assert "'127.0.1.1 not-in-any-file' >> /etc/hosts" in text


def test_a_name_that_is_in_the_file_is_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_name, "_lines", lambda _path: ["127.0.1.1 pbx"])
    level, text = examined(tmp_path, monkeypatch, "pbx")
    assert level is Level.OK
    assert "without a name server" in text


def test_of_an_asterisk_on_another_host_nothing_is_claimed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_name, "holder_of", lambda _port: pytest.fail("nothing here is the Asterisk"))
    level, text = examined(tmp_path, monkeypatch, "pbx", ami_host="192.0.2.7")
    assert level is Level.OK
    assert "cannot be seen" in text
