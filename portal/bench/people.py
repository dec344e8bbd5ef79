"""The subscribers of a bench: lines of three numbers, each with an administrator and one that waits for a code."""

from __future__ import annotations

from dataclasses import dataclass
from io import StringIO
from typing import Final

from sqlalchemy import Connection

from credentials.limits.throttling import CallLimits
from credentials.model import Unit
from credentials.one_time.model import LinkToSend
from credentials.secrets.argon2id import HashPolicy
from credentials.secrets.keys import Key, KeyRing
from credentials.sides.one_time_side import Confirmation
from mail.outbox import Outbox
from notice.store.opening import NoticeStore
from portal.config import PortalConfig

_CHEAP: Final = HashPolicy(memory_kib=8, passes=1, lanes=1, at_once=64)
_MANY: Final = CallLimits(sets_per_hour=10**9, failed_calls=10**9)
_TEMPORARY: Final = "24681357"
_PASSWORD: Final = "a7k2m9x4"  # noqa: S105 - a bench's own
_CONFIRMATION: Final = Confirmation("Kakunin77", "himitsu42")
PAGES: Final = (
    "/",
    "/numbers",
    "/numbers/{number}",
    "/numbers/{number}/password",
    "/numbers/{number}/one-time",
    "/password",
    "/one-time",
    "/one-time/use",
    "/unit",
    "/unit/line",
    "/history",
)
"""The pages of a complete login; `{number}` is one of its line."""
CODE_PAGE: Final = "/one-time/code"
LOGIN_PAGE: Final = "/login"


@dataclass(frozen=True)
class Person:
    """A subscriber with two logins.

    Attributes:
        number: another number of the line.
        session: the id of the session of the contract number, which is complete.
        proving: the id of the session of a number that waits for its one-time password.
    """

    number: str
    session: str
    proving: str

    def clicks(self) -> list[tuple[str, str, str]]:
        """Return each page's name, its path, and the id of the session that sees it ("" for none)."""
        pages = [(page, page.format(number=self.number), self.session) for page in PAGES]
        return [*pages, (CODE_PAGE, CODE_PAGE, self.proving), (LOGIN_PAGE, LOGIN_PAGE, "")]


def open_store(url: str, key: Key) -> NoticeStore:
    """Open a store whose hashes cost nothing: they are made before the bench."""
    return NoticeStore.open(url, key=key, policy=_CHEAP, limits=_MANY)


def config_of(url: str, key: Key) -> PortalConfig:
    """Return the configuration of a site with that store. It could send mails, but nobody asks for one."""
    return PortalConfig(
        open_store=lambda: open_store(url, key),
        open_outbox=lambda: Outbox(KeyRing([key])),
        access_number="0363044747",
    )


def people_of(url: str, key: Key, count: int) -> list[Person]:
    """Put lines into an empty store, and log their subscribers in."""
    contracts = [f"031{place:06}0" for place in range(200_000, 200_000 + count)]
    rows = "".join(f"{contract},{contract[:-1]}{last}\n" for contract in contracts for last in (1, 2))
    with open_store(url, key) as store:
        store.import_lines(StringIO(f"contract_number,number\n{rows}"))
        return [_person(store, contract) for contract in contracts]


def _person(store: NoticeStore, contract: str) -> Person:
    user, other = f"{contract[:-1]}1", f"{contract[:-1]}2"
    for number in (contract, user):
        call = {"caller": number, "target": number, "unit": Unit.ADMIN_USER, "password": _TEMPORARY}
        store.set_temporary_password(**call, call_id=number)  # type: ignore[arg-type]
        changed = store.change_password_in(_session(store, number, _TEMPORARY), current=_TEMPORARY, new=_PASSWORD)
        if not changed.changed:
            raise RuntimeError(f"the bench's own password was refused: {changed.problems}")
    links: list[str] = []

    def keep(_connection: Connection, link: LinkToSend) -> None:
        links.append(link.token)

    choosing = _session(store, user, _PASSWORD)
    store.use_one_time_password(choosing, "taro@example.jp", _CONFIRMATION, keep)
    store.confirm_address(links[-1])
    complete = store.use_no_one_time_password(_session(store, contract, _PASSWORD)).session_id
    return Person(other, str(complete), _session(store, user, _PASSWORD))


def _session(store: NoticeStore, number: str, secret: str) -> str:
    started = store.start_session(number, secret).session_id
    if started is None:
        raise RuntimeError("the bench's own login was refused")
    return started
