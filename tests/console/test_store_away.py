"""The store goes away: the console says so, and goes on by itself when it is back."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import needs
from tests.console.server import serving
from tests.console.stage import Stage, bad_keys
from tests.console.visitor import Visitor
from tests.console.watcher import watching
from tests.storage.postgresql import Server
from tests.storage.postgresql import serving as serving_database


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    programs = needs.postgresql()
    with serving_database(programs) as server:
        yield server


@pytest.fixture
def stage(server: Server, tmp_path: Path) -> Iterator[Stage]:
    stage = Stage(tmp_path, server.url(server.create()))
    yield stage
    stage.close()


def test_pages_and_stream_say_what_is_wrong_and_recover(server: Server, stage: Stage, visitor: Visitor) -> None:
    call_id = stage.call(bad_keys(), hang_up_s=18)
    visitor.log_in("otto")
    for path in ("/", "/calls?number=5678", f"/calls/{call_id}", "/report"):
        assert visitor.get(path).status_code == 200
    with watching(visitor) as watcher:
        watcher.next()
        server.stop(signal.SIGQUIT)
        assert "the database cannot be used now" in watcher.next("away")["banner"]
        answer = visitor.get("/calls")
        assert answer.status_code == 503
        for told in ("The store cannot be reached", "the database cannot be used now", "KARIPASS_DATABASE_URL"):
            assert told in answer.text
        assert "otto" not in answer.text
        assert visitor.get("/live").status_code == 503
        assert visitor.get("/login").status_code == 503
        assert visitor.get("/healthz").json() == {"store": "away"}
        server.start()
        assert watcher.next()["cards"] == []
        assert visitor.get("/calls").status_code == 200
        assert visitor.get("/healthz").json() == {"store": "connected"}


def test_a_console_that_starts_before_its_store_serves_when_that_is_there(tmp_path: Path, empty_stage: Stage) -> None:
    directory = tmp_path / "later"
    config = empty_stage.config(database_url=f"sqlite:///{directory / 'store.db'}")
    with serving(config) as address, Visitor(address) as visitor:
        assert visitor.get("/login").status_code == 503
        directory.mkdir()
        Stage(directory, copy_of=empty_stage).close()
        assert visitor.log_in("otto").status_code == 303
