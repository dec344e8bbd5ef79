"""What tests of the access number share: a store with one line, and the guidance."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from credentials.secrets.keys import Key
from credentials.store import CredentialStore
from prompts import Catalogue, load_catalogue
from tests.callers import LINES
from tests.credentials.stores import CHEAP


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return load_catalogue("ja")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[CredentialStore]:
    with CredentialStore.open(f"sqlite:///{tmp_path}/store.db", key=Key.generate(), policy=CHEAP) as store:
        store.import_lines(io.StringIO(LINES))
        yield store
