"""Runs a console on its own port, in a thread."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from console.config import ConsoleConfig
from console.serving import make_server


@contextmanager
def serving(config: ConsoleConfig, port: int = 0) -> Iterator[str]:
    """Run a console until the end, and yield its address."""
    ready = threading.Event()
    server = make_server(config, ready.set)
    with socket.create_server(("127.0.0.1", port)) as listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread = threading.Thread(target=server.run_at, args=(listener,))
        thread.start()
        try:
            assert ready.wait(20)
            yield address
        finally:
            server.should_exit = True
            thread.join()
