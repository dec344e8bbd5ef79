"""Operators' passwords: their rules (docs/rules.md 4.6) and their hashes.

The rules follow NIST SP 800-63B: length, not kinds of characters. The hashes need no key, unlike those of subscribers'
temporary passwords: those have 10^8 values, but these are too many to try one by one.
"""

from __future__ import annotations

import unicodedata
from typing import Final

from console.operators.errors import BadPassword
from credentials.secrets.argon2id import Argon2id, HashPolicy

SHORTEST: Final = 12
LONGEST: Final = 256
_DISTINCT: Final = 5


def require_password(name: str, password: str) -> None:
    """Check that a password is not too easy to guess.

    Raises:
        BadPassword: it is; the error says which rule it breaks.
    """
    if len(password) < SHORTEST:
        raise BadPassword("short", f"the password must have at least {SHORTEST} characters")
    if len(password) > LONGEST:
        raise BadPassword("long", f"the password may have at most {LONGEST} characters")
    if len(set(password)) < _DISTINCT:
        raise BadPassword("plain", f"the password must have at least {_DISTINCT} different characters")
    if len(name) > 2 and name in password.lower():
        raise BadPassword("name", "the password must not contain the operator's name")


class PasswordHasher:
    """Makes and verifies hashes in the PHC string format. Threads may share it.

    Args:
        policy: what a hash costs, and how many may be computed at once.
    """

    def __init__(self, policy: HashPolicy) -> None:
        self._argon2id = Argon2id(policy)

    def hash(self, password: str) -> str:
        """Return a new salted hash."""
        return self._argon2id.hash(_normal(password))

    def matches(self, name: str, password: str, stored: str | None) -> bool:
        """Return whether an operator's stored hash was made of this password.

        Without a hash this returns False, after the same time.

        Raises:
            DamagedCredential: the stored text is not a hash.
        """
        if stored is None or len(password) > LONGEST:
            self.hash(password[:LONGEST])
            return False
        return self._argon2id.matches(_normal(password), stored, owner=f"operator {name}")


def _normal(password: str) -> bytes:
    # NFKC: some keyboards send an accent or a kana mark as its own character, others do not. surrogatepass: an encoding
    # error would quote the password.
    return unicodedata.normalize("NFKC", password).encode("utf-8", errors="surrogatepass")
