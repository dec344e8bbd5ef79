"""Helpers for tests of the store: cheap hashes, wide limits, two lines, a login."""

from credentials.limits.throttling import CallLimits
from credentials.model import LoginVerdict
from credentials.secrets.argon2id import HashPolicy
from credentials.store import CredentialStore

CHEAP = HashPolicy(memory_kib=8, passes=1, lanes=1)
MANY_CALLS = CallLimits(sets_per_hour=10_000, failed_calls=10_000)

LINES = """\
contract_number,number,language
03-1234-5678,03-1234-5679,
03-1234-5678,03-1234-5680,
06-1234-5678,,en
"""


def check(store: CredentialStore, number: str, secret: str) -> LoginVerdict:
    """Return the verdict on a login try."""
    return store.log_in(number, secret, session_id="session").verdict
