"""Seals the text of a letter: it holds codes and links, and a stolen database must not show them.

The key is derived from the store's key by HKDF (RFC 5869) for this purpose alone. AES-GCM with a random nonce; the
letter's id is authenticated with it, so that no sealed text can be put into another letter's row.
"""

from __future__ import annotations

import json
import os
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from credentials.secrets.keys import KEY_BYTES, Key

_NONCE_BYTES: Final = 12
_USE: Final = b"karipass mail: letters at rest, 1"


class CannotOpen(Exception):  # noqa: N818 - reads as what it says
    """A sealed text was changed, or is not this letter's, or another key's."""


def seal(key: Key, letter_id: str, subject: str, body: str) -> bytes:
    """Return a letter's subject and body, sealed."""
    nonce = os.urandom(_NONCE_BYTES)
    text = json.dumps([subject, body], ensure_ascii=False).encode()
    return nonce + _cipher(key).encrypt(nonce, text, letter_id.encode())


def unseal(key: Key, letter_id: str, sealed: bytes) -> tuple[str, str]:
    """Return subject and body.

    Raises:
        CannotOpen: this is not what `seal` made for this letter with this key.
    """
    try:
        text = _cipher(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], letter_id.encode())
        subject, body = json.loads(text)
    except (InvalidTag, ValueError):
        raise CannotOpen(f"the text of letter {letter_id} cannot be opened") from None
    return str(subject), str(body)


def _cipher(key: Key) -> AESGCM:
    return AESGCM(HKDF(SHA256(), KEY_BYTES, salt=None, info=_USE).derive(key.secret))
