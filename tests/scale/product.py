"""The product over a filled store: what hosts, pages and operators have of it, with the sessions that pages need."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from credentials.model import LoginVerdict, Unit
from credentials.secrets.keys import Key, KeyRing
from credentials.site.session import Stage
from ivr.records import CallReader, open_records
from ivr.records.writing import CallWriter
from mail.outbox import MailLimits, Outbox
from mail.outbox.leases import Leases
from notice.mails.writing import Writer
from notice.store.opening import NoticeStore
from storage.database import Database
from storage.programs.registry import Program, Registry
from tests.credentials.stores import CHEAP, MANY_CALLS
from tests.scale.filling import Size, number

TEMPORARY, PASSWORD = "73519264", "Sakura73x"


@dataclass(frozen=True, kw_only=True)
class Product:
    """The product, with handles on all of its parts.

    Attributes:
        database: the database of records, mails and programs; the store has one of its own.
        alone: a number that is a line of its own, and its complete session.
        proving: a number that uses one-time passwords, and whose password is `PASSWORD`.
        office: the contract number of the largest line, and its complete session, which is the administrator's.
    """

    size: Size
    ring: KeyRing
    store: NoticeStore
    database: Database
    reader: CallReader
    writer: CallWriter
    outbox: Outbox
    leases: Leases
    mails: Writer
    registry: Registry
    alone: tuple[str, str]
    proving: str
    office: tuple[str, str]

    @property
    def databases(self) -> tuple[Database, Database]:
        """All engines that run statements."""
        return self.store._database, self.database

    def other(self, turn: int) -> str:
        """Return a number that is a line of its own and that no other turn has."""
        return number(self.size.office + 10 * (turn + 3) + 1)


@contextmanager
def product(url: str, key: Key, size: Size) -> Iterator[Product]:
    """Open the product over a filled store."""
    ring = KeyRing([key])
    database = open_records(url)
    with NoticeStore.open(url, key=ring, policy=CHEAP, limits=MANY_CALLS) as store:
        alone, proving, office = number(size.office + 14), number(size.office + 21), number(0)
        store.reset_one_time_password(office, operator="scale")
        _logged_in(store, proving)
        registry = Registry(database, Program(kind="portal", version="1", schemas={}, keys=()))
        registry.beat()
        yield Product(
            size=size,
            ring=ring,
            store=store,
            database=database,
            reader=CallReader(database),
            writer=CallWriter(database, service_id="scale", host="scale", pid=1),
            outbox=Outbox(ring, limits=MailLimits(of_a_number=(), of_an_address=(), of_a_client=())),
            leases=Leases(database, ring, lease=timedelta(minutes=1)),
            mails=Writer(site="https://example.jp", time_zone=UTC),
            registry=registry,
            alone=(alone, _logged_in(store, alone)),
            proving=proving,
            office=(office, _logged_in(store, office)),
        )
    database.close()


def _logged_in(store: NoticeStore, whose: str) -> str:
    """Set a number's password by its temporary password, and log in with it."""
    line = store.line_of(whose)
    unit = line.unit or Unit.LINE
    store.set_temporary_password(caller=whose, target=whose, unit=unit, password=TEMPORARY, call_id=f"first{whose}")
    first = store.start_session(whose, TEMPORARY)
    if first.session_id is None:
        raise RuntimeError(f"the temporary password of {whose} does not open the site: {first.login.verdict}")
    store.change_password_in(first.session_id, current=TEMPORARY, new=PASSWORD)
    started = store.start_session(whose, PASSWORD)
    if started.session_id is None or started.login.verdict is not LoginVerdict.ACCEPTED:
        raise RuntimeError(f"the password of {whose} does not open the site: {started.login.verdict}")
    session = store.session(started.session_id)
    if getattr(session, "stage", None) is Stage.CHOOSE_ONE_TIME_PASSWORD:
        return store.use_no_one_time_password(started.session_id).session_id or started.session_id
    return started.session_id


def an_office_file(size: Size) -> io.StringIO:
    """Return a lines file of ten lines that are there already."""
    rows = "".join(f"{number(size.office + 10 * turn + 1)},,en\n" for turn in range(10))
    return io.StringIO(f"contract_number,number,language\n{rows}", newline="")


def days_ago(days: float) -> datetime:
    """Return a moment of the past."""
    return datetime.now(UTC) - timedelta(days=days)
