"""argon2id over a keyed digest of number and secret (docs/rules.md 3.7).

Why a keyed digest: a temporary password has 10^8 values. At 0.03 s each, 35 cores try all of them within its 24 hours,
argon2id or not. (At the cost of a chosen password's hash it would be 300 cores, which does not stop a thief either.)
Under HMAC-SHA-256 with a key of 256 bits that is not in the database, a thief has to guess the key first. The number is
part of the digest, so that a hash copied to another number's row opens nothing.

Why argon2id as well: a thief who also has the key must still pay for every guess.

A hash is stored with the id of its key. `Hasher.is_outdated` tells which hashes must be recomputed with today's key and
parameters. That happens at a login, when the secret is at hand.
"""

from dataclasses import dataclass, field

from credentials.secrets.argon2id import Argon2id, HashPolicy
from credentials.secrets.keys import KeyRing

LOGIN = b"karipass credential 1"
CONFIRMATION = b"karipass confirmation 1"


@dataclass(frozen=True)
class PasswordHash:
    """A hash in the PHC string format. Its repr does not show it, so a log of the database's rows does not either."""

    text: str = field(repr=False)


@dataclass(frozen=True)
class KeyedHash:
    """A hash and its key.

    Attributes:
        hash: the hash of the keyed digest.
        key_id: the id of the key that the digest was made with.
    """

    hash: PasswordHash
    key_id: str


class Hasher:
    """Makes hashes with the ring's first key, and verifies hashes of all its keys. Threads may share it.

    Args:
        ring: the keys.
        policy: what a new hash costs. A hash of another cost can be verified, and is outdated.
        purpose: what the secrets are for: a hash that was made for one purpose opens nothing that is for another.
    """

    def __init__(self, ring: KeyRing, policy: HashPolicy, purpose: bytes = LOGIN) -> None:
        self._ring = ring
        self._purpose = purpose
        self._argon2id = Argon2id(policy)

    def hash(self, number: str, secret: str) -> KeyedHash:
        """Return a new salted hash of a number's secret."""
        key = self._ring.current
        digest = key.digest(self._message(number, secret))
        return KeyedHash(PasswordHash(self._argon2id.hash(digest)), key.key_id)

    def matches(self, number: str, secret: str, stored: KeyedHash | None) -> bool:
        """Return whether a stored hash was made of this number and secret.

        Without a stored hash this returns False, after the same time.

        Raises:
            DamagedCredential: the stored text is not a hash.
            KeyMismatch: the ring does not have the hash's key.
        """
        if stored is None:
            self.hash(number, secret)
            return False
        digest = self._ring.get(stored.key_id).digest(self._message(number, secret))
        return self._argon2id.matches(digest, stored.hash.text, owner=number)

    def is_outdated(self, stored: KeyedHash) -> bool:
        """Return whether a hash was made with an earlier key than the current one, or with other parameters."""
        return self._ring.precedes(stored.key_id) or self._argon2id.is_outdated(stored.hash.text)

    def _message(self, number: str, secret: str) -> bytes:
        # surrogatepass: an encoding error would quote the secret. Numbers contain no NUL, so the parts cannot run
        # together.
        return b"\0".join((self._purpose, number.encode("ascii"), secret.encode("utf-8", errors="surrogatepass")))
