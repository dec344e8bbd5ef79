"""Serves the settings site over HTTP, or over HTTPS with a certificate of its own."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from portal.app import create_app
from portal.config import PortalConfig
from web.errors import ServingError
from web.server import ProcessServer, listening_socket

CONNECTIONS: Final = 512
_GRACE_S: Final = 5


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate and its key.

    Attributes:
        certificate: the file with the certificate and those between it and its root, in PEM form.
        key: the file with its private key, in PEM form and without a passphrase.
    """

    certificate: Path
    key: Path

    def context(self) -> ssl.SSLContext:
        """Return what TLS 1.2 or newer needs of them.

        Raises:
            ServingError: they cannot be used.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        try:
            context.load_cert_chain(self.certificate, self.key, password=_no_passphrase)
        except (OSError, ssl.SSLError) as error:
            raise ServingError(
                f"the certificate {self.certificate} and the key {self.key} cannot be used together"
                f" ({error.strerror or error}): KARIPASS_PORTAL_CERTIFICATE and KARIPASS_PORTAL_KEY name PEM files that"
                " the site's user can read, the key without a passphrase"
            ) from None
        return context


def serve_portal(
    config: PortalConfig,
    *,
    host: str,
    port: int,
    certificate: Certificate | None = None,
    health: tuple[str, int] | None = None,
    ready: Callable[[], None] = lambda: None,
) -> None:
    """Serve the site until SIGTERM or SIGINT.

    Args:
        config: what it works with.
        host, port: where to listen.
        certificate: makes it serve https by itself; None for http, as on this machine or behind a proxy.
        health: host and port for health and metrics; None to serve them to nobody.
        ready: called when the site can be reached.

    Raises:
        ServingError: a port is in use, or the certificate cannot be used.
        TextsError: the operator's own texts cannot be used.
    """
    with ExitStack() as sockets:
        watched = None if health is None else sockets.enter_context(_listening(*health, "KARIPASS_PORTAL_HEALTH_PORT"))
        server = make_server(config, ready, certificate, health=watched)
        server.run_at(sockets.enter_context(_listening(host, port, "KARIPASS_PORTAL_PORT (or _HOST)")))


def make_server(
    config: PortalConfig,
    ready: Callable[[], None] = lambda: None,
    certificate: Certificate | None = None,
    *,
    health: socket.socket | None = None,
) -> ProcessServer:
    """Return the site's server; its method `serve(sockets=...)` runs it.

    Args:
        config: what the site works with.
        ready: called when the site can be reached.
        certificate: makes it serve https by itself.
        health: the socket for health and metrics; None to serve them to nobody.

    Raises:
        ServingError: the certificate cannot be used.
        TextsError: the operator's own texts cannot be used.
    """
    context = None if certificate is None else certificate.context()
    return ProcessServer(
        create_app(config, health),
        connections=CONNECTIONS,
        grace_s=_GRACE_S,
        ready=ready,
        closing=_nothing,
        tls=context,
    )


def _listening(host: str, port: int, setting: str) -> socket.socket:
    try:
        return listening_socket(host, port)
    except OSError as error:
        raise ServingError(f"{host}:{port} cannot be listened on ({error.strerror}): change {setting}") from None


def _no_passphrase() -> str:
    return ""  # OpenSSL would ask for it at the terminal


async def _nothing() -> None:
    """No answer of the site is endless."""
