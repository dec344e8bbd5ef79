"""How to log in to the manager interface without sending the secret.

While Asterisk does not listen on its port, somebody else may, such as another user of the host. They must not learn
anything that they could log in with later. So Asterisk gives a challenge, and takes the MD5 digest of the challenge and
the secret together (Asterisk 22, manager.c, `AuthType: MD5`). The digest is good for that one connection.
"""

from __future__ import annotations

import hashlib
from typing import Final

CHALLENGE: Final = {"AuthType": "MD5"}
"""Fields of the action Challenge. Its answer has the field Challenge."""


def login_fields(user: str, secret: str, challenge: str) -> dict[str, str]:
    """Make the fields of the action Login, from the challenge that Asterisk gave."""
    key = hashlib.md5((challenge + secret).encode(), usedforsecurity=False).hexdigest()
    return {**CHALLENGE, "Username": user, "Key": key}
