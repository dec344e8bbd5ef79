"""A real store process on a database of its own, and a link to it."""

from __future__ import annotations

import asyncio
import io
import os
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from credentials.audit import Head
from credentials.secrets.keys import Key
from credentials.store import CredentialStore
from ivr.service.store_process.link import SILENCE_S, StoreLink
from ivr.service.store_process.messages import Hello
from ivr.service.store_process.process import StoreCommand
from logs.setup import configure_logs
from tests.callers import LINES


class StoreHouse:
    """A state directory with a store, and what starts store processes on it."""

    def __init__(self, state_dir: Path) -> None:
        self.state_dir = state_dir
        self.url = f"sqlite:///{state_dir / 'store.db'}"
        self.log = io.StringIO()
        self.heads: list[Head] = []
        self.environment = {**os.environ, "KARIPASS_STATE_DIR": str(state_dir)}
        self.store = CredentialStore.open(self.url, key=Key.from_file(state_dir / "key"))
        self.store.import_lines(io.StringIO(LINES))

    def command(self) -> StoreCommand:
        return StoreCommand(
            words=[sys.executable, "-m", "ivr.cli.serving.store_process", "--log-level", "info", "--log-json"],
            environment=self.environment,
            hello=Hello(service_id="service", host="here", pid=os.getpid()),
        )

    def link(self, *, patience_s: float = 10.0, silence_s: float = SILENCE_S) -> StoreLink:
        return StoreLink(self.command(), self.heads.append, patience_s=patience_s, silence_s=silence_s)

    @asynccontextmanager
    async def linked(self, *, patience_s: float = 10.0, silence_s: float = SILENCE_S) -> AsyncIterator[StoreLink]:
        async with AsyncExitStack() as stack:
            link = self.link(patience_s=patience_s, silence_s=silence_s)
            await asyncio.to_thread(link.__enter__)
            stack.callback(link.__exit__, None, None, None)
            await stack.enter_async_context(link.talking())
            yield link


@pytest.fixture
def house(tmp_path: Path) -> Iterator[StoreHouse]:
    house = StoreHouse(tmp_path)
    configure_logs(json=True, stream=house.log)
    with house.store:
        yield house


@pytest.fixture
async def link(house: StoreHouse) -> AsyncIterator[StoreLink]:
    async with house.linked() as link:
        yield link


@pytest.fixture
def pid(link: StoreLink) -> Callable[[], int]:
    """Return what tells the id of the present store process."""

    def present() -> int:
        assert link._process is not None
        return link._process.pid

    return present
