"""Measures what logins with a chosen password cost, at a settings site that serves https by itself."""

from __future__ import annotations

import io
import itertools
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from credentials.model import Unit
from credentials.store import CredentialStore
from ivr.errors import CallFailed
from ivr.lab.free_ports import free_tcp_ports
from ivr.lab.hosts.certificates import Certificates
from ivr.lab.hosts.site import SitePart
from ivr.lab.house import House
from ivr.lab.load.lines import lines_file
from ivr.lab.load.logins import Account, log_in
from ivr.lab.postgresql.server import PostgresqlServer
from ivr.lab.sizing.bench import Meter
from ivr.lab.sizing.figures import LoginFigures

_HERE: Final = "127.0.0.1"
_PEOPLE: Final = 60
_AT_ONCE: Final = 8
_WARM_S: Final = 3.0
_FOR_S: Final = 20.0
_PATIENCE_S: Final = 60.0
"""By then a machine that has much else to do has let somebody in."""
_LOOK_S: Final = 0.1
_TEMPORARY: Final = "24681357"
_CHOSEN: Final = "a7k2m9x4"


def measure_logins(
    directory: Path,
    server: PostgresqlServer,
    *,
    stage: Callable[[str], None],
    wait: Callable[[float], bool],
    count: int = _PEOPLE,
) -> LoginFigures:
    """Measure.

    Args:
        directory: where the site keeps its files; must exist, and be for it alone.
        server: the database server.
        stage: called with what is done next, in a few words.
        wait: waits for so many seconds, and says whether to end early.
        count: how many people log in, one after the other.

    Raises:
        ExchangeError: the site did not come up.
        CallFailed: a login failed.
    """
    stage("what logins cost")
    url = server.url(server.create())
    house = House(directory, trunks=(), has_exchange=False, database_url=url)
    with house.store() as store:
        people = _people(store, count)
    certificates = Certificates(directory)
    files = directory / "chain.pem", directory / "chain-key.pem"
    for path, text in zip(files, certificates.issue(_HERE), strict=True):
        path.write_bytes(text)
    (port,) = free_tcp_ports(1)
    site = SitePart(
        house.environment, address=_HERE, proxy=_HERE, certificate=files, log=directory / "site.log", port=port
    )
    site.start()
    try:
        tls = certificates.client_context()
        return _measured(site, server, people, lambda account: log_in([(_HERE, port)], account, tls), wait)
    finally:
        site.stop()


def _measured(
    site: SitePart,
    server: PostgresqlServer,
    people: list[Account],
    once: Callable[[Account], str],
    wait: Callable[[float], bool],
) -> LoginFigures:
    over = threading.Event()
    turns = itertools.cycle(people)
    problems: list[str] = []
    ended: list[float] = []

    def keep_logging_in() -> None:
        while not over.is_set():
            if problem := once(next(turns)):
                problems.append(problem)
            ended.append(time.monotonic())

    with ThreadPoolExecutor(_AT_ONCE, "subscriber") as pool:
        for _ in range(_AT_ONCE):
            pool.submit(keep_logging_in)
        wait(_WARM_S)
        meter, began, before = Meter([site.pid, server.pid]), time.monotonic(), len(ended)
        wait(_FOR_S)
        while len(ended) == before and not problems and time.monotonic() - began < _PATIENCE_S:
            time.sleep(_LOOK_S)
        (by_site, by_database), took_s, counted = meter.spent(), time.monotonic() - began, len(ended) - before
        over.set()
    if problems or not counted:
        raise CallFailed(f"{len(problems)} of {len(ended)} logins failed: {problems[:1] or 'none ended in time'}")
    return LoginFigures(
        counted=counted,
        each_second=counted / took_s,
        site=by_site / counted,
        database=by_database / counted,
    )


def _people(store: CredentialStore, count: int) -> list[Account]:
    """Make lines whose contract numbers have a chosen password."""
    numbers = [f"0466{place:06d}" for place in range(count)]
    store.import_lines(io.StringIO(lines_file(()) + "".join(f"{number},\n" for number in numbers)))
    for number in numbers:
        store.set_temporary_password(
            caller=number, target=number, unit=Unit.LINE, password=_TEMPORARY, call_id=f"given{number}"
        )
        login = store.log_in(number, _TEMPORARY, session_id=number)
        store.change_password(login, _CHOSEN, session_id=number)
    return [
        Account(number=number, secret=_CHOSEN, address=f"203.0.{place // 250}.{place % 250 + 1}")
        for place, number in enumerate(numbers)
    ]
