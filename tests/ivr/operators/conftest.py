"""Accounts of operators, in both kinds of database."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from credentials import CredentialStore, HashPolicy, Key
from credentials.database import Database
from ivr.operators import (
    Operators,
    Origin,
    Role,
    Sessions,
)
from tests.credentials.conftest import FakeClock
from tests.ivr.records.conftest import clock, database, empty_url, postgresql, pytest_generate_tests

__all__ = ["clock", "database", "empty_url", "postgresql", "pytest_generate_tests"]

CHEAP = HashPolicy(memory_kib=8, passes=1, lanes=1)
PASSWORD = "correct horse battery"
STRANGER = Origin("198.51.100.1")
OpenStore = Callable[[], CredentialStore]


@pytest.fixture
def open_store(empty_url: str, clock: FakeClock) -> OpenStore:
    """Opens the credential store, in the database of which the operators are."""
    key = Key.generate()
    return lambda: CredentialStore.open(empty_url, key=key, policy=CHEAP, clock=clock)


@pytest.fixture
def operators(database: Database, open_store: OpenStore, clock: FakeClock) -> Operators:
    made = Operators(database, open_store=open_store, policy=CHEAP, clock=clock)
    made.add("otto", PASSWORD, role=Role.OPERATOR, language="ja", by="operator root")
    return made


@pytest.fixture
def sessions(database: Database, clock: FakeClock) -> Sessions:
    return Sessions(database, clock=clock)
