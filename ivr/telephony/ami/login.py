"""How to log in to the manager interface without telling the secret.

Whoever listens on its port while Asterisk does not, another user of the host say, must not learn what he could log in
with later. Asterisk gives a challenge, and takes the MD5 digest of it and the secret together (Asterisk 22, manager.c,
`AuthType: MD5`): good for that one connection.
"""

from __future__ import annotations

import hashlib
from typing import Final

CHALLENGE: Final = {"AuthType": "MD5"}
"""Fields of the action Challenge; its answer has the field Challenge."""


def login_fields(user: str, secret: str, challenge: str) -> dict[str, str]:
    """Fields of the action Login."""
    key = hashlib.md5((challenge + secret).encode(), usedforsecurity=False).hexdigest()
    return {**CHALLENGE, "Username": user, "Key": key}
