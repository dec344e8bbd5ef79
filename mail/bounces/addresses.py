"""The addresses to which mails come back: each names its letter, and shows by a tag that we made it (VERP).

Whoever gets a mail can read its envelope sender, and anybody can send a report to any address. So the address holds
nothing but the letter's id, which is by chance, and a tag that only a holder of the store's key can make: no stranger
can have somebody's address paused by reports of mails that he never saw. The key is derived by HKDF (RFC 5869) for this
alone.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable
from hashlib import sha256
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from credentials.secrets.keys import KEY_BYTES, Key
from mail.letter import ID_LETTERS

_USE: Final = b"karipass mail: addresses of bounces, 1"
_TAG_LENGTH: Final = 16
"""16 of 20 letters: 69 bits. With it an address has 48 characters before its @, of 63 that the rules permit."""
_LOCAL: Final = re.compile(rf"bounce-([a-z]{{1,24}})-([{ID_LETTERS}]{{{_TAG_LENGTH}}})")


def bounce_address(letter_id: str, domain: str, key: Key) -> str:
    """Return the address to which a letter comes back.

    Args:
        letter_id: the letter's id.
        domain: the domain of bounces.
        key: the store's current key.
    """
    return f"bounce-{letter_id}-{_tag(letter_id, key)}@{domain}"


def letter_of(address: str, domain: str, keys: Iterable[Key]) -> str | None:
    """Return the id of the letter that an address names; None if we did not make the address.

    Args:
        address: any text. Capitals make no difference: some servers change them.
        domain: the domain of bounces.
        keys: the store's keys; earlier ones, too, for letters that were sent before the current one.
    """
    local, _, host = address.lower().rpartition("@")
    found = _LOCAL.fullmatch(local)
    if found is None or host != domain.lower():
        return None
    letter_id, tag = found.groups()
    ours = [hmac.compare_digest(tag, _tag(letter_id, key)) for key in keys]
    return letter_id if any(ours) else None


def _tag(letter_id: str, key: Key) -> str:
    own = HKDF(SHA256(), KEY_BYTES, salt=None, info=_USE).derive(key.secret)
    number = int.from_bytes(hmac.digest(own, letter_id.encode(), sha256))
    letters = []
    for _ in range(_TAG_LENGTH):
        number, place = divmod(number, len(ID_LETTERS))
        letters.append(ID_LETTERS[place])
    return "".join(letters)
