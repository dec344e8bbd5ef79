"""Any text may come to the settings site as a session's name, a number or a password."""

import pytest

from credentials.model import LoginVerdict, Unit
from credentials.store import CredentialStore

CONTRACT, TEMPORARY = "0312345678", "13572468"


@pytest.mark.parametrize(
    ("session", "origin"),
    [
        ("\udcff", "session ?"),
        ("a\0b\nc", "session a?b?c"),
        ("端末１", "session 端末１"),
        ("y" * 1_000_000, "session " + "y" * 191 + "…"),
    ],
)
def test_a_session_may_have_any_name(store: CredentialStore, session: str, origin: str) -> None:
    store.set_temporary_password(caller=CONTRACT, target=CONTRACT, unit=Unit.NUMBER, password=TEMPORARY, call_id="call")
    assert store.log_in(CONTRACT, TEMPORARY, session_id=session).verdict is LoginVerdict.ACCEPTED
    assert store.audit_records(number=CONTRACT)[-1].origin == origin


@pytest.mark.parametrize("text", ["\udcff", "\0", "x" * 1_000_000])
def test_any_text_may_come_as_number_or_password(store: CredentialStore, text: str) -> None:
    assert store.log_in(CONTRACT, text, session_id="s").verdict is LoginVerdict.UNKNOWN
    assert store.log_in(text, TEMPORARY, session_id="s").verdict is LoginVerdict.UNKNOWN
