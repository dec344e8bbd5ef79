"""Helpers for tests of the settings site's side: a call, a sign-up, a login with a session in force."""

from credentials.model import Unit
from credentials.site.session import Session
from credentials.store import CredentialStore

CONTRACT, SECOND, THIRD, OTHER = "0312345678", "0312345679", "0312345680", "0612345678"
TEMPORARY, PASSWORD, NEXT, WRONG = "13572468", "Tr0ubador7", "Xylophon9", "wr0ngWrong"


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
