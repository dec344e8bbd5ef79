"""Makes a peer at our FastAGI port prove that it is our Asterisk, without the secret being sent.

The dialplan's secret stands in a file that Asterisk can read. We send a number that was never used before, and Asterisk
answers with the digest of that number, its call and the secret. So a listener in our place gets nothing from a call
that it could use at our port, and an overheard answer is worth nothing for another connection. (By the nature of AGI,
Asterisk obeys the listener that it connects to, so nobody else may be able to take the port. The host must see to that:
docs/operators.md.)
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Final

from ivr.telephony.fastagi.server import AgiChannel

SECRET_CHARACTERS: Final = "0-9A-Za-z_.~+/-"  # noqa: S105 - the characters of a secret
"""The characters that a secret may have: they need no quoting in Asterisk's files or in AGI."""
SECRET_FILE: Final = "KARIPASS_AGI_SECRET_FILE"  # noqa: S105 - a name
"""The dialplan's global variable that names the file."""
_MOST_CHARACTERS: Final = 128
_ANSWER_S: Final = 5.0
# FILTER takes the line's end off; in its list `-` is written as \x2d.
_SECRET: Final = f"${{FILTER({SECRET_CHARACTERS[:-1]}\\x2d,${{FILE(${{{SECRET_FILE}}},0,{_MOST_CHARACTERS + 2})}})}}"


async def proves(channel: AgiChannel, secret: str) -> bool:
    """Whether the peer knows the secret.

    Raises:
        As `AgiChannel.execute`.
    """
    nonce = secrets.token_hex(16)
    question = f"${{SHA1({nonce}:${{UNIQUEID}}:{_SECRET})}}"
    reply = await channel.execute("GET FULL VARIABLE", question, timeout_s=_ANSWER_S)
    right = answer(nonce, channel.request.variables.get("uniqueid", ""), secret)
    return hmac.compare_digest((reply.value or "").encode(), right.encode())


def answer(nonce: str, call: str, secret: str) -> str:
    """What a peer that knows the secret answers for a call, which its unique name names."""
    return hashlib.sha1(f"{nonce}:{call}:{secret}".encode()).hexdigest()  # noqa: S324 - Asterisk has no other
