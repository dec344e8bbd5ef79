"""Helpers for tests of the settings site's side: a call, a sign-up, a login with a session in force."""

from collections.abc import Sequence

from sqlalchemy import Connection

from credentials.model import Unit
from credentials.one_time.model import CodeToSend, LinkToSend, OneTimeChange
from credentials.sides.one_time_side import Confirmation
from credentials.site.session import Session
from credentials.store import CredentialStore

CONTRACT, SECOND, THIRD, OTHER = "0312345678", "0312345679", "0312345680", "0612345678"
TEMPORARY, PASSWORD, NEXT, WRONG = "13572468", "Tr0ubador7", "Xylophon9", "wr0ngWrong"

ADDRESS, NEW_ADDRESS = "tanaka@example.jp", "suzuki@example.com"
CONFIRMATION = Confirmation("Kakunin1", "k4kunin9x")


class Mailbox:
    """Takes the mails that the store has written, as the outbox does: in its transaction."""

    def __init__(self) -> None:
        self.links: list[LinkToSend] = []
        self.codes: list[CodeToSend] = []

    def link(self, _connection: Connection, link: LinkToSend) -> None:
        self.links.append(link)

    def all_links(self, _connection: Connection, links: Sequence[LinkToSend]) -> None:
        self.links.extend(links)

    def code(self, _connection: Connection, code: CodeToSend) -> None:
        self.codes.append(code)


def full(_connection: Connection, _mail: object) -> None:
    """Refuse a mail, as an outbox does when a limit is reached."""
    raise OverflowError("too many mails")


def call(store: CredentialStore, target: str = CONTRACT, unit: Unit = Unit.NUMBER, password: str = TEMPORARY) -> None:
    store.set_temporary_password(caller=target, target=target, unit=unit, password=password, call_id="call")


def sign_up(store: CredentialStore, number: str = CONTRACT, unit: Unit = Unit.NUMBER, password: str = PASSWORD) -> None:
    call(store, number, unit)
    changed = store.change_password_in(start(store, number, TEMPORARY), current=TEMPORARY, new=password)
    assert changed.changed


def start(store: CredentialStore, number: str = CONTRACT, secret: str = PASSWORD) -> str:
    """Log in and return the session's id."""
    started = store.start_session(number, secret)
    assert started.session_id is not None
    return started.session_id


def session(store: CredentialStore, session_id: str) -> Session:
    """Return a session that must be in force."""
    found = store.session(session_id)
    assert isinstance(found, Session)
    return found


def log_in(store: CredentialStore, number: str = CONTRACT, secret: str = PASSWORD) -> str:
    """Log in, choose no one-time password if that is asked, and return the id of the complete session."""
    session_id = start(store, number, secret)
    renewed = store.use_no_one_time_password(session_id).session_id
    return renewed or session_id


def choose(store: CredentialStore, mailbox: Mailbox, number: str = CONTRACT) -> OneTimeChange:
    """Log in and choose to use one-time passwords; the address is not confirmed yet."""
    return store.use_one_time_password(start(store, number), ADDRESS, CONFIRMATION, mailbox.link)


def use_one_time(store: CredentialStore, mailbox: Mailbox, number: str = CONTRACT, unit: Unit = Unit.NUMBER) -> None:
    """Sign a number up that uses one-time passwords, with a confirmed address."""
    sign_up(store, number, unit)
    assert choose(store, mailbox, number).changed
    assert store.confirm_address(mailbox.links[-1].token).verdict == "CONFIRMED"


def prove(store: CredentialStore, mailbox: Mailbox, session_id: str) -> str:
    """Have a code sent, type it, and return the id of the session that is complete now."""
    store.send_code(session_id, mailbox.code)
    renewed = store.prove_code(session_id, mailbox.codes[-1].code).session_id
    assert renewed is not None
    return renewed
