"""What tests of the access number share: a store with one line, and the guidance."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from credentials.schema import CREDENTIALS
from credentials.secrets.keys import Key
from credentials.store import CredentialStore
from ivr.records.schema import IVR_HISTORY
from prompts import Catalogue, load_catalogue
from tests.callers import LINES
from tests.credentials.stores import CHEAP
from tests.storage.databases import Templates


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return load_catalogue("ja")


@pytest.fixture
def store(tmp_path: Path, templates: Templates) -> Iterator[CredentialStore]:
    url = templates.copy(tmp_path / "store.db", CREDENTIALS, IVR_HISTORY)
    with CredentialStore.open(url, key=Key.generate(), policy=CHEAP) as store:
        store.import_lines(io.StringIO(LINES))
        yield store
