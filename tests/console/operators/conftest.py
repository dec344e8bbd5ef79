"""Fixtures: accounts of operators, in both kinds of database."""

from __future__ import annotations

import pytest

from console.operators import (
    Operators,
    Role,
    Sessions,
)
from credentials.secrets.keys import Key
from credentials.store import CredentialStore
from storage.database import Database
from tests.console.operators.operator import PASSWORD, OpenStore
from tests.credentials.stores import CHEAP
from tests.storage.databases import FakeClock


@pytest.fixture
def open_store(migrated_url: str, clock: FakeClock) -> OpenStore:
    """Return what opens the credential store in the operators' database."""
    key = Key.generate()
    return lambda: CredentialStore.open(migrated_url, key=key, policy=CHEAP, clock=clock)


@pytest.fixture
def operators(database: Database, open_store: OpenStore, clock: FakeClock) -> Operators:
    made = Operators(database, open_store=open_store, policy=CHEAP, clock=clock)
    made.add("otto", PASSWORD, role=Role.OPERATOR, language="ja", by="operator root")
    return made


@pytest.fixture
def sessions(database: Database, clock: FakeClock) -> Sessions:
    return Sessions(database, clock=clock)
