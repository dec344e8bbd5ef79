"""The site's configuration: where it is reached, and what it works with."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import tzinfo
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from mail.outbox import Backlog, Outbox
from notice.store.opening import NoticeStore
from web.addresses import Network

LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
LANGUAGES: Final = ("ja", "en")
"""The site's languages."""
HASHES_AT_ONCE: Final = 2
"""How many requests that need hashes are served at the same time, by default; further ones wait."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalConfig:
    """The settings of a settings site.

    Attributes:
        open_store: opens the store of credentials and call notices; called once, when the first page needs it.
        open_outbox: returns the outbox of mails in the store's database, called after the store was opened; None if no
            mails can be sent.
        mail_backlog: returns which mails wait in the outbox, for the metrics; None if no mails can be sent.
        access_number: the number that sets temporary passwords, as national digits.
        url: the site's own address for links in mails, as in `https://settings.example.jp`.
        names: host names under which it is reached, besides those of this machine's loopback.
        proxies: the networks of proxies whose X-Forwarded-For is believed.
        https: whether browsers reach it over https, by itself or through a proxy.
        time_zone: the time zone in which pages show moments.
        texts_dir: the directory of the operator's own texts (ja.toml, en.toml); None if there are none.
        notice_texts_dir: the directory of the operator's own texts for mails of call notices; None if there are none.
        hashes_at_once: how many requests that need hashes are served at the same time.
    """

    open_store: Callable[[], NoticeStore] = field(repr=False)
    open_outbox: Callable[[], Outbox] | None = field(default=None, repr=False)
    mail_backlog: Callable[[], Backlog] | None = field(default=None, repr=False)
    access_number: str
    url: str = ""
    names: frozenset[str] = frozenset()
    proxies: Collection[Network] = ()
    https: bool = False
    time_zone: tzinfo = field(default_factory=lambda: ZoneInfo("Asia/Tokyo"))
    texts_dir: Path | None = None
    notice_texts_dir: Path | None = None
    hashes_at_once: int = HASHES_AT_ONCE

    @property
    def hosts(self) -> frozenset[str]:
        """All names under which it answers."""
        return LOOPBACK | self.names
