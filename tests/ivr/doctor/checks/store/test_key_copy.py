"""The doctor's findings about copies of the key."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from credentials.secrets.keys import Key, KeyRing
from ivr.doctor import Level, Site
from ivr.doctor.checks.store import key_copy
from ivr.host.settings import Settings
from ivr.service.key_copies import KeyCopy, known_copies, note_copy, write_copy
from settings.errors import SettingsError
from tests.ivr.doctor.examined import looked, site_of, worst, wrong

NOTED = datetime(2026, 4, 1, 9, 0, tzinfo=UTC)


def noted(site: Site, *key_ids: str, place: str = "the safe", same_disk: bool = False) -> None:
    note_copy(site.settings, KeyCopy(place=place, key_ids=frozenset(key_ids), at=NOTED, same_disk=same_disk))


def test_where_there_is_no_key_there_is_nothing_to_copy(tmp_path: Path) -> None:
    assert worst(looked(key_copy.CHECKS, site_of(tmp_path))) is Level.OK
    assert not (tmp_path / "key").exists()


def test_it_warns_until_a_copy_of_each_key_is_known(tmp_path: Path) -> None:
    site = site_of(tmp_path)
    key = KeyRing.from_file(tmp_path / "key").current
    (finding,) = wrong(looked(key_copy.CHECKS, site))
    assert finding.level is Level.WARNING
    assert f"no copy of key {key.key_id} is known" in finding.text
    assert "ivr keys copy" in finding.remedy
    noted(site, key.key_id)
    (each,) = looked(key_copy.CHECKS, site)
    assert each.finding.level is Level.OK
    assert "kept in the safe, as noted on 2026-04-01" in each.finding.text
    new = Key.generate()
    KeyRing.add_to_file(tmp_path / "key", new)
    (finding,) = wrong(looked(key_copy.CHECKS, site))
    assert new.key_id in finding.text


def test_a_copy_on_the_keys_own_disk_is_none_to_rely_on(tmp_path: Path) -> None:
    site = site_of(tmp_path)
    key = KeyRing.from_file(tmp_path / "key").current
    noted(site, key.key_id, place="/srv/copy", same_disk=True)
    (finding,) = wrong(looked(key_copy.CHECKS, site))
    assert "on its own disk: /srv/copy" in finding.text
    noted(site, key.key_id)
    assert wrong(looked(key_copy.CHECKS, site)) == []


def test_a_key_in_the_environment_wants_a_copy_too(tmp_path: Path) -> None:
    key = Key.generate()
    site = Site(Settings.load(state_dir=tmp_path), {"KARIPASS_KEY": key.to_text()})
    (finding,) = wrong(looked(key_copy.CHECKS, site))
    assert key.key_id in finding.text
    assert key.to_text() not in repr(finding)


@pytest.mark.parametrize("text", ["", "nonsense\n", "[1]\n", '{"place": "x"}\n', "\xff"])
def test_notes_that_cannot_be_read_tell_of_no_copy(tmp_path: Path, text: str) -> None:
    site = site_of(tmp_path)
    KeyRing.from_file(tmp_path / "key")
    (tmp_path / "key.copies").write_bytes(text.encode("latin-1"))
    assert known_copies(site.settings) == []
    assert len(wrong(looked(key_copy.CHECKS, site))) == 1


def test_a_copy_is_for_its_owner_alone_and_replaces_nothing(tmp_path: Path) -> None:
    ring = KeyRing([Key.generate(), Key.generate()])
    path = tmp_path / "copy"
    write_copy(ring, path)
    assert list(KeyRing.from_file(path)) == list(ring)
    with pytest.raises(SettingsError, match="is there already"):
        write_copy(KeyRing([Key.generate()]), path)
    assert list(KeyRing.from_file(path)) == list(ring)
    with pytest.raises(SettingsError, match="cannot be made"):
        write_copy(ring, tmp_path / "nowhere" / "copy")


def test_a_copy_that_cannot_be_read_back_is_taken_away_and_not_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ring = KeyRing([Key.generate()])
    monkeypatch.setattr(Path, "read_text", lambda *_words, **_names: "")
    with pytest.raises(SettingsError, match="cannot be read back") as error:
        write_copy(ring, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()
    assert ring.to_text().strip() not in str(error.value)
