"""Subscribers who log in at the settings site, so many a second, while something else happens to it.

They come as by a proxy that knows several sites: it says whose client it is, and where one site takes no connection
within 2 s, it asks the next. So a site that is being replaced costs a subscriber nothing, and anything else that goes
wrong is seen as a browser would see it.
"""

from __future__ import annotations

import http.client
import itertools
import re
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlencode

PATIENCE_S: Final = 30.0
"""How long a subscriber waits for a page."""
CONNECT_S: Final = 2.0
AT_ONCE: Final = 64
_FORM: Final = {"content-type": "application/x-www-form-urlencoded"}
_CSRF: Final = re.compile(r'name="csrf" value="(\w+)"')
_SEE_OTHER: Final = 303


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Who logs in.

    Attributes:
        number: the number.
        secret: its password or temporary password.
        address: whose client it is, which a site believes if it trusts us as a proxy.
    """

    number: str
    secret: str = field(repr=False)
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginTry:
    """A login, as the subscriber saw it.

    Attributes:
        at: when it began, in seconds since 1970.
        took_s: from the first click to the page behind the login.
        problem: what went wrong; "" if nothing did.
    """

    at: float
    took_s: float
    problem: str = ""


class NoSite(Exception):  # noqa: N818 - reads as what it says
    """No site takes a connection."""


def log_in(sites: Sequence[tuple[str, int]], account: Account, tls: ssl.SSLContext | None = None) -> str:
    """Log in once: ask for the page, and send its form.

    Args:
        sites: host and port of each site, in the order in which they are asked.
        account: who logs in.
        tls: what their certificates are checked with; None for sites without https.

    Returns:
        What went wrong; "" if nothing did.
    """
    try:
        client = {"x-forwarded-for": account.address}
        status, cookies, page = _ask(sites, tls, "GET", "/login", client, "")
        token = _CSRF.search(page)
        if status != http.client.OK or token is None:
            return f"the page of the login: status {status}"
        form = urlencode({"csrf": token[1], "number": account.number, "secret": account.secret})
        status, _, _ = _ask(sites, tls, "POST", "/login", {"cookie": cookies, **client, **_FORM}, form)
    except (OSError, http.client.HTTPException, NoSite) as error:
        return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return "" if status == _SEE_OTHER else f"the login: status {status}"


def _ask(
    sites: Sequence[tuple[str, int]],
    tls: ssl.SSLContext | None,
    method: str,
    path: str,
    headers: dict[str, str],
    body: str,
) -> tuple[int, str, str]:
    connection = _connected(sites, tls)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        text = answer.read().decode("utf-8", "replace")
    finally:
        connection.close()
    cookies = "; ".join(value.partition(";")[0] for value in answer.headers.get_all("set-cookie", []))
    return answer.status, cookies, text


def _connected(sites: Sequence[tuple[str, int]], tls: ssl.SSLContext | None) -> http.client.HTTPConnection:
    for host, port in sites:
        if tls is None:
            connection = http.client.HTTPConnection(host, port, timeout=CONNECT_S)
        else:
            connection = http.client.HTTPSConnection(host, port, timeout=CONNECT_S, context=tls)
        try:
            connection.connect()
        except ssl.SSLError:  # a certificate that is not good is no reason to ask another site
            raise
        except OSError:
            connection.close()
            continue
        connection.sock.settimeout(PATIENCE_S)
        return connection
    raise NoSite("no site takes a connection")


class Logins:
    """Logs in at a steady rate, in threads of its own.

    Args:
        sites: host and port of each site; each login starts with another one.
        accounts: who logs in, one after the other.
        each_second: how many log in each second.
        at_once: how many may wait for an answer at once; beyond that a login begins later.
        tls: what the sites' certificates are checked with; None for sites without https.
        begin: called at the start of each thread that logs in, as to move it into another network.
    """

    def __init__(
        self,
        sites: Sequence[tuple[str, int]],
        accounts: Sequence[Account],
        *,
        each_second: float,
        at_once: int = AT_ONCE,
        tls: ssl.SSLContext | None = None,
        begin: Callable[[], None] = lambda: None,
    ) -> None:
        self._sites = sites
        self._accounts = accounts
        self._every_s = 1 / each_second
        self._at_once = at_once
        self._tls = tls
        self._begin = begin
        self._over = threading.Event()
        self._tries: list[LoginTry] = []

    @property
    def tries(self) -> Sequence[LoginTry]:
        """The logins that are over."""
        return self._tries

    @contextmanager
    def going_on(self) -> Iterator[None]:
        """Let people log in until the end of the block, and wait for those who have begun."""
        with ThreadPoolExecutor(self._at_once, "subscriber", self._begin) as pool:
            starting = threading.Thread(target=self._start, args=(pool,), name="subscribers")
            starting.start()
            try:
                yield
            finally:
                self._over.set()
                starting.join()

    def _start(self, pool: ThreadPoolExecutor) -> None:
        began = time.monotonic()
        for number, account in enumerate(itertools.cycle(self._accounts)):
            if self._over.wait(max(0.0, began + number * self._every_s - time.monotonic())):
                return
            place = number % len(self._sites)
            pool.submit(self._one, [*self._sites[place:], *self._sites[:place]], account)

    def _one(self, sites: Sequence[tuple[str, int]], account: Account) -> None:
        at, began = time.time(), time.monotonic()
        problem = log_in(sites, account, self._tls)
        self._tries.append(LoginTry(at=at, took_s=time.monotonic() - began, problem=problem))
