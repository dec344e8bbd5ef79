"""A line whose numbers have credentials in every state."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from credentials.model import Unit
from credentials.store import CredentialStore
from tests.console.stage import ADDITIONAL, CONTRACT, Stage
from tests.credentials.site.subscribers import WRONG, Mailbox, call, start, use_one_time
from tests.credentials.stores import check


def give_states(store: CredentialStore) -> None:
    """Give the contract number a confirmed address and a session, and the additional one a temporary password."""
    use_one_time(store, Mailbox(), CONTRACT)
    start(store, CONTRACT)
    call(store, ADDITIONAL, Unit.NUMBER)
    check(store, ADDITIONAL, WRONG)


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory, empty_stage: Stage) -> Stage:
    stage = Stage(tmp_path_factory.mktemp("lines"), copy_of=empty_stage)
    with stage.open_store() as store:
        give_states(store)
    stage.close()
    return stage


@pytest.fixture
def stage(tmp_path: Path, furnished: Stage) -> Iterator[Stage]:
    stage = Stage(tmp_path, copy_of=furnished)
    yield stage
    stage.close()
