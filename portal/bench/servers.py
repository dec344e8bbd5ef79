"""The servers of a bench, each in a process of its own."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from multiprocessing.connection import Connection as Pipe
from typing import Final

from credentials.secrets.keys import Key
from portal.app import create_app
from portal.bench.bare import Ask, bare_app
from portal.bench.clicking import SERVERS
from portal.bench.people import config_of
from web.server import ProcessServer, listening_socket

_CONNECTIONS: Final = 512


def _serve(name: str, url: str, key: str, asked: Ask, told: Pipe) -> None:
    """Serve the site or bare pages, in a process of its own; say at which port."""
    config = config_of(url, Key.parse(key))
    app = create_app(config) if name == "ours" else bare_app(config, asked, url if name == "asks" else "")

    async def nothing() -> None:
        """No answer is endless."""

    with listening_socket("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        server = ProcessServer(app, connections=_CONNECTIONS, grace_s=1, ready=lambda: told.send(port), closing=nothing)
        server.run_at(listener)


@contextmanager
def serving(url: str, key: Key, asked: Ask) -> Iterator[tuple[dict[str, int], dict[str, int]]]:
    """Run all servers; yield their ports and their process numbers."""
    spawning = multiprocessing.get_context("spawn")
    ports, pids = {}, {}
    with ExitStack() as running:
        for name in SERVERS:
            told, tells = spawning.Pipe()
            server = spawning.Process(target=_serve, args=(name, url, key.to_text(), list(asked), tells), daemon=True)
            server.start()
            running.callback(server.join)
            running.callback(server.terminate)
            ports[name], pids[name] = told.recv(), int(server.pid or 0)
        yield ports, pids
