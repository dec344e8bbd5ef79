"""The console's configuration: where it is reached, and what it works with."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Final

from credentials.secrets.argon2id import HashPolicy
from credentials.site.session import SessionLimits
from credentials.store import CredentialStore
from storage.clock import Clock
from web.addresses import Network

LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleConfig:
    """The settings of a console.

    Attributes:
        database_url: the store's database, which also holds the records.
        open_store: opens the credential store; called each time that a line or its logins are changed or a change is
            recorded.
        names: host names under which it is reached, besides those of this machine's loopback.
        proxies: the networks of proxies whose X-Forwarded-For is believed.
        https: whether it is reached over https, through a proxy; cookies are then sent over https only.
        clock: the clock that decides when logins end.
        policy: what an operator's hash costs; None for the default.
        poll_s: seconds between two looks for news of calls.
        session_limits: how long logins at the settings site last; they must be the site's own.
    """

    database_url: str
    open_store: Callable[[], CredentialStore] = field(repr=False)
    names: frozenset[str] = frozenset()
    proxies: Collection[Network] = ()
    https: bool = False
    clock: Clock | None = None
    policy: HashPolicy | None = None
    poll_s: float = 0.5
    session_limits: SessionLimits = field(default_factory=SessionLimits)

    @property
    def hosts(self) -> frozenset[str]:
        """All names under which it answers."""
        return LOOPBACK | self.names
