"""The settings site's side of the store: waiting for a call, while the subscriber is on the phone.

A browser that could not log in is told when a temporary password was set for the number that it tried. It is told no
more than that, and only of calls after its try: its token names number and moment under a MAC, so that it can be made
by a refused try alone, of which an origin has few (docs/rules.md 4.4).
"""

import hmac
from datetime import UTC, datetime, timedelta
from typing import Final

from credentials.secrets import temporary
from credentials.sides.base import StoreBase, number_or_none
from storage.database import database_border

WAITS_FOR: Final = timedelta(minutes=10)
"""How long after its try a browser is told."""
_CONTEXT: Final = b"karipass wait for a call 1"
_PARTS: Final = 3
_LONGEST: Final = 120


class WaitSide(StoreBase):
    """The methods for the page of a login that was refused."""

    def start_waiting(self, number: str) -> str:
        """Return a token that waits for a temporary password of a number, from now on; any text may be the number."""
        known, since = number_or_none(number), str(int(self.now().timestamp()))
        return f"{known}.{since}.{self._mac(known, since)}"

    @database_border
    def set_since(self, token: str) -> str | None:
        """Return the number of a token if a temporary password was set for it since the token was made, and is good.

        Args:
            token: what `start_waiting` returned; any text.

        Returns:
            The number; None if none was set, or the token is older than `WAITS_FOR`, or is none of ours.
        """
        parts = token.split(".") if len(token) <= _LONGEST and token.isascii() else []
        if len(parts) != _PARTS or not hmac.compare_digest(self._mac(parts[0], parts[1]), parts[2]):
            return None
        now, since = self.now(), datetime.fromtimestamp(int(parts[1]), UTC)
        if not since <= now < since + WAITS_FOR:
            return None
        with self._database.reading() as connection:
            stored = temporary.find(connection, parts[0])
        was_set = stored is not None and stored.set_at >= since and stored.state(now).accepted
        return parts[0] if was_set else None

    def _mac(self, number: str, since: str) -> str:
        return self._ring.current.digest(b"\0".join((_CONTEXT, number.encode(), since.encode()))).hex()
