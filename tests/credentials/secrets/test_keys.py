import os
import subprocess
import sys
from pathlib import Path

import pytest

from credentials.errors import InvalidKey, KeyFileError, KeyMismatch
from credentials.secrets.keys import Key, KeyRing


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "key"


def test_the_first_use_makes_a_file_for_its_owner_alone(path: Path) -> None:
    key = Key.from_file(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert Key.from_file(path) == key
    assert [entry.name for entry in path.parent.iterdir()] == ["key"]


def test_a_generous_umask_does_not_open_the_file(path: Path) -> None:
    before = os.umask(0)
    try:
        Key.from_file(path)
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o600


def test_processes_that_make_the_file_at_once_all_get_the_same_key(path: Path) -> None:
    program = "import sys; from credentials.secrets.keys import Key; input(); print(Key.from_file(sys.argv[1]).key_id)"
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", program, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(8)
    ]
    for racer in racers:
        assert racer.stdin
        racer.stdin.write("\n")
        racer.stdin.flush()
    key_ids = {racer.communicate()[0].strip() for racer in racers}
    assert key_ids == {Key.from_file(path).key_id}
    assert [entry.name for entry in path.parent.iterdir()] == ["key"]


def test_whoever_comes_second_keeps_the_key_of_the_first(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = Key.from_file(path)
    monkeypatch.setattr(Path, "exists", lambda _: False)  # as if the file had appeared right after the look
    assert Key.from_file(path) == first


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o610])
def test_a_file_that_lets_others_in_is_refused_with_the_remedy(path: Path, mode: int) -> None:
    Key.from_file(path)
    path.chmod(mode)
    with pytest.raises(KeyFileError, match=rf"mode {mode:o}.*chmod 600 .*key"):
        Key.from_file(path)


def test_a_file_that_only_its_owner_reads_is_taken(path: Path) -> None:
    key = Key.from_file(path)
    path.chmod(0o400)
    assert Key.from_file(path) == key


@pytest.mark.parametrize(
    "text",
    [
        "",
        "secret-material-1",
        "karipass-key:1:",
        "karipass-key:1:secret-material-2",
        "karipass-key:1:" + "QUFB" * 10,
        "karipass-key:1:" + "!" * 44,
        "karipass-key:1:" + "é" * 44,
        "karipass-key:2:" + "A" * 43 + "=",
    ],
)
def test_contents_that_are_no_key_are_refused_and_not_shown(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(KeyFileError, match="key: this is not a key") as caught:
        Key.from_file(path)
    for part in ("secret-material", "QUFB", "!!", "AAAA"):
        assert part not in str(caught.value)
    assert caught.value.__context__ is None


def test_a_missing_directory_or_a_directory_in_its_place_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match=r"nowhere/key cannot be used: No such file"):
        Key.from_file(tmp_path / "nowhere" / "key")
    with pytest.raises(KeyFileError, match="cannot be used: Is a directory"):
        Key.from_file(tmp_path)


def test_a_key_survives_being_written_and_read() -> None:
    key = Key.generate()
    assert Key.parse(key.to_text()) == key
    assert Key.parse(f"  {key.to_text()}\r\n") == key


def test_the_environment_may_hold_the_key() -> None:
    key = Key.generate()
    assert KeyRing.from_environment("IVR_KEY", {"IVR_KEY": key.to_text()}).current == key


def test_an_environment_without_a_key_is_a_clear_error() -> None:
    with pytest.raises(InvalidKey, match="IVR_KEY is not set"):
        KeyRing.from_environment("IVR_KEY", {})
    with pytest.raises(InvalidKey, match="variable IVR_KEY: this is not a key") as caught:
        KeyRing.from_environment("IVR_KEY", {"IVR_KEY": "hunter2"})
    assert "hunter2" not in str(caught.value)


def test_the_repr_names_the_key_without_showing_it() -> None:
    key = Key(b"0123456789abcdef" * 2)
    assert repr(key) == f"Key(key_id={key.key_id!r})"
    assert key.secret.hex()[:8] not in repr(key)


def test_keys_have_ids_and_digests_of_their_own() -> None:
    one, other = Key.generate(), Key.generate()
    assert one.key_id != other.key_id
    assert one.digest(b"message") != other.digest(b"message")


def test_the_digest_is_hmac_sha_256() -> None:
    # RFC 4231, test case 1. HMAC pads a short key with zeros, so 20 bytes and 12 zeros are the same key.
    key = Key(b"\x0b" * 20 + bytes(12))
    assert key.digest(b"Hi There").hex() == "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"


class TestRing:
    def test_a_file_may_hold_several_keys_and_the_first_is_the_current_one(self, path: Path) -> None:
        first, second = Key.generate(), Key.generate()
        path.write_text(f"{first.to_text()}\n\n{second.to_text()}\n")
        path.chmod(0o600)
        ring = KeyRing.from_file(path)
        assert ring.current == first
        assert ring.get(second.key_id) == second
        assert Key.from_file(path) == first

    def test_a_new_key_goes_to_the_end_of_the_file(self, path: Path) -> None:
        current = Key.from_file(path)
        path.write_text(path.read_text().rstrip())  # as an editor may leave it
        added = Key.generate()
        KeyRing.add_to_file(path, added)
        assert list(KeyRing.from_file(path)) == [current, added]
        assert path.stat().st_mode & 0o777 == 0o600

    def test_a_ring_survives_being_written_and_read(self) -> None:
        ring = KeyRing([Key.generate(), Key.generate()])
        assert list(KeyRing.parse(ring.to_text())) == list(ring)

    def test_a_file_that_lets_others_in_gets_no_key(self, path: Path) -> None:
        Key.from_file(path)
        path.chmod(0o644)
        with pytest.raises(KeyFileError, match="chmod 600"):
            KeyRing.add_to_file(path, Key.generate())
        assert len(path.read_text().split()) == 1

    def test_a_key_that_it_lacks_is_named_with_what_it_has(self) -> None:
        key = Key.generate()
        with pytest.raises(KeyMismatch, match=f"0123abcd.*{key.key_id}"):
            KeyRing([key]).get("0123abcd")

    @pytest.mark.parametrize("copies", [0, 2])
    def test_it_holds_one_key_or_more_each_once(self, copies: int) -> None:
        with pytest.raises(InvalidKey, match=f"{copies} entries"):
            KeyRing([Key.generate()] * copies)

    def test_its_repr_shows_ids_alone(self) -> None:
        key = Key.generate()
        assert repr(KeyRing([key])) == f"<KeyRing {key.key_id}>"
