"""Helpers for tests of operators: a password, a stranger, and a function that opens the credential store."""

from collections.abc import Callable

from console.operators import Origin
from credentials.store import CredentialStore

PASSWORD = "correct horse battery"
STRANGER = Origin("198.51.100.1")
OpenStore = Callable[[], CredentialStore]
