"""A service that runs against a scripted Asterisk."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import structlog

from credentials.store import CredentialStore
from ivr.host.settings import Settings
from logs.setup import configure_logs
from prompts import Catalogue
from tests.ivr.service.scripted_asterisk import ScriptedHouse


@pytest.fixture
async def house(tmp_path: Path, store: CredentialStore, catalogue: Catalogue) -> AsyncIterator[ScriptedHouse]:
    ports = {}
    for name in ("agi_port", "audiosocket_port", "health_port", "ami_port"):
        probe = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", 0)
        ports[name] = probe.sockets[0].getsockname()[1]
        probe.close()
        await probe.wait_closed()
    house = ScriptedHouse(Settings.load(state_dir=tmp_path, calls=2, **ports), store, catalogue)
    configure_logs(json=True, stream=house.log)
    house.recorder.start()
    serving = asyncio.create_task(house.serve())
    await house.serving.wait()
    yield house
    house.stop.set()
    for writer in house.writers:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
    async with asyncio.timeout(10):
        await serving
    house.recorder.close()
    house.database.close()
    structlog.reset_defaults()
