"""Runs a settings site on its own port, in a thread."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from portal.config import PortalConfig
from portal.serving import make_server
from web.certificate import RenewableCertificate


@contextmanager
def serving(
    config: PortalConfig,
    port: int = 0,
    *,
    health: socket.socket | None = None,
    certificate: RenewableCertificate | None = None,
) -> Iterator[str]:
    """Run a site until the end, and yield its address."""
    ready = threading.Event()
    server = make_server(config, ready.set, health=health, certificate=certificate)
    with socket.create_server(("127.0.0.1", port)) as listener:
        address = f"http{'' if certificate is None else 's'}://127.0.0.1:{listener.getsockname()[1]}"
        thread = threading.Thread(target=server.run_at, args=(listener,))
        thread.start()
        try:
            assert ready.wait(20)
            yield address
        finally:
            server.should_exit = True
            thread.join()
