"""The keys of the keyed digest. They live in a file or in the environment, and never in the database.

To rotate the key, add a new one at the end of the key file (`ivr keys add`), copy the file to every host and restart
them, so that all can verify with it. Then make it the first line everywhere (`ivr keys first`) and restart again. From
the first restarted host on, new hashes are made with it, and an old hash is recomputed at its owner's next login. An
earlier key can be removed once no credential uses it (`ivr keys list`).
"""

import base64
import binascii
import hashlib
import hmac
import os
import secrets
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from credentials.errors import InvalidKey, KeyFileError, KeyMismatch
from storage.private_files import draft_of, replacement_of

KEY_BYTES = 32  # as long as the output of HMAC-SHA-256 (RFC 2104, section 3)
_PREFIX = "karipass-key:1:"  # tells people and secret scanners what this is
_LONGEST_FILE = 16 * 1024


@dataclass(frozen=True)
class Key:
    """A secret key of 32 bytes.

    Attributes:
        secret: the bytes; the repr does not show them.
        key_id: 16 hex digits that name the key and reveal nothing about it; stored beside every hash.
    """

    secret: bytes = field(repr=False)
    key_id: str = field(init=False)

    def __post_init__(self) -> None:
        if len(self.secret) != KEY_BYTES:
            raise InvalidKey(f"a key has {KEY_BYTES} bytes; this one has {len(self.secret)}")
        object.__setattr__(self, "key_id", self.digest(b"karipass key id")[:8].hex())

    def digest(self, message: bytes) -> bytes:
        """Return HMAC-SHA-256 of a message under this key: 32 bytes."""
        return hmac.digest(self.secret, message, hashlib.sha256)

    @classmethod
    def generate(cls) -> Self:
        """Return a new random key."""
        return cls(secrets.token_bytes(KEY_BYTES))

    def to_text(self) -> str:
        """Return the key as the one line that `parse` reads. It is a secret, for the key file alone."""
        return _PREFIX + base64.urlsafe_b64encode(self.secret).decode("ascii")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the key that a text holds.

        Raises:
            InvalidKey: it holds none. The error does not show the text.
        """
        body = text.strip()
        secret = b""
        if body.startswith(_PREFIX):
            try:
                secret = base64.b64decode(body.removeprefix(_PREFIX), altchars=b"-_", validate=True)
            except (binascii.Error, ValueError):
                secret = b""  # reported below, outside the handler: the decoder's error may hold the text
        if len(secret) != KEY_BYTES:
            raise InvalidKey(
                f"this is not a key: write one line, {_PREFIX} and then {KEY_BYTES} bytes in URL-safe base64"
            )
        return cls(secret)

    @classmethod
    def from_file(cls, path: str | Path) -> "Key":
        """Return the current key of a key file; see `KeyRing.from_file`."""
        return KeyRing.from_file(path).current


class KeyRing:
    """The keys that a host knows. The first makes new hashes; the others verify the hashes that were made with them.

    Args:
        keys: at least one.
        earlier: ids of the keys that came before the first; by default all others.

    Raises:
        InvalidKey: there is no key, or a key is there twice.
    """

    def __init__(self, keys: Iterable[Key], *, earlier: Iterable[str] | None = None) -> None:
        listed = tuple(keys)
        self._keys = {key.key_id: key for key in listed}
        if not listed or len(self._keys) != len(listed):
            raise InvalidKey(f"a key ring has one key or more, each once; this one has {len(listed)} entries")
        self.current = listed[0]
        self._earlier = frozenset(self._keys if earlier is None else earlier) - {self.current.key_id}

    def __repr__(self) -> str:
        return f"<KeyRing {' '.join(self._keys)}>"

    def __iter__(self) -> Iterator[Key]:
        return iter(self._keys.values())

    def __contains__(self, key_id: object) -> bool:
        return key_id in self._keys

    def get(self, key_id: str) -> Key:
        """Return the key with an id.

        Raises:
            KeyMismatch: the ring does not have it.
        """
        if key_id not in self._keys:
            raise KeyMismatch(f"key {key_id} is not among the keys at hand ({' '.join(self._keys)}): add it to them")
        return self._keys[key_id]

    def precedes(self, key_id: str) -> bool:
        """Return whether a key came before the current one."""
        return key_id in self._earlier

    def led_by(self, key_id: str, *, earlier: Iterable[str]) -> "KeyRing":
        """Return a ring of the same keys with another current one.

        Args:
            key_id: the key to make current.
            earlier: ids of the keys that came before it.

        Raises:
            KeyMismatch: the ring does not have that key.
        """
        first = self.get(key_id)
        return KeyRing([first, *(key for key in self._keys.values() if key != first)], earlier=earlier)

    def to_text(self) -> str:
        """Return the keys as text that `parse` reads. It is a secret, for the key file alone."""
        return "".join(f"{key.to_text()}\n" for key in self._keys.values())

    @classmethod
    def parse(cls, text: str) -> "KeyRing":
        """Return the keys that a text holds, one a line (or with blanks between them).

        Raises:
            InvalidKey: it holds no key, the same key twice, or something else. The error does not show the text.
        """
        return cls(Key.parse(part) for part in text.split() or [""])

    @classmethod
    def from_environment(cls, variable: str, environment: Mapping[str, str] | None = None) -> "KeyRing":
        """Return the keys that an environment variable holds.

        Raises:
            InvalidKey: the variable is not set or holds no key. The error does not show its value.
        """
        text = (os.environ if environment is None else environment).get(variable)
        if text is None:
            raise InvalidKey(f"the environment variable {variable} is not set; it should hold the key")
        return cls._parse_from(text, f"the environment variable {variable}", InvalidKey)

    @classmethod
    def from_file(cls, path: str | Path) -> "KeyRing":
        """Return the keys of a file; create the file with a new key and mode 600 if it does not exist.

        The directory must exist. If several processes create the file at once, all get the key of the one that won.

        Raises:
            KeyFileError: the file cannot be read or created, lets its group or others in, or holds no key.
        """
        path = Path(path)
        try:
            if not path.exists():
                with draft_of(path) as draft:
                    draft.write_text(cls([Key.generate()]).to_text(), encoding="ascii")
            text = _read_private(path)
        except OSError as error:
            raise KeyFileError(f"the key file {path} cannot be used: {error.strerror or error}") from None
        return cls._parse_from(text, f"the key file {path}", KeyFileError)

    @classmethod
    def add_to_file(cls, path: str | Path, key: Key) -> None:
        """Add a key at the end of a key file; a file that does not exist is first created with another key.

        Raises:
            KeyFileError: as for `from_file`.
        """
        path = Path(path)
        cls.from_file(path)
        try:
            with path.open("ab") as file:
                file.write(f"\n{key.to_text()}\n".encode("ascii"))
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise KeyFileError(f"the key file {path} cannot be written: {error.strerror or error}") from None

    @classmethod
    def lead_file(cls, path: str | Path, key_id: str) -> None:
        """Make a key of a key file its first one; the file is replaced whole, and keeps its owner.

        Raises:
            KeyFileError: as for `from_file`.
            KeyMismatch: the file does not have that key.
        """
        path = Path(path)
        ring = cls.from_file(path).led_by(key_id, earlier=())
        try:
            with replacement_of(path) as draft:
                owner = path.stat()
                draft.write_text(ring.to_text(), encoding="ascii")
                os.chown(draft, owner.st_uid, owner.st_gid)
        except OSError as error:
            raise KeyFileError(f"the key file {path} cannot be written: {error.strerror or error}") from None

    @classmethod
    def _parse_from(cls, text: str, place: str, error: type[InvalidKey]) -> "KeyRing":
        problem = ""
        try:
            return cls.parse(text)
        except InvalidKey as invalid:
            problem = str(invalid)
        raise error(f"{place}: {problem}")


def _read_private(path: Path) -> str:
    with path.open("rb") as file:
        status = os.fstat(file.fileno())  # of the very file that is read, not of one that gets its name later
        if not stat.S_ISREG(status.st_mode):
            raise KeyFileError(f"the key file {path} is not a regular file")
        mode = stat.S_IMODE(status.st_mode)
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise KeyFileError(f"the key file {path} has mode {mode:03o}, which lets others in: chmod 600 {path}")
        return file.read(_LONGEST_FILE).decode("ascii", errors="replace")
