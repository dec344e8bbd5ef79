"""Serves the settings site over HTTP, or over HTTPS with a certificate of its own."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import ExitStack
from typing import Final

import structlog

from portal.app import create_app
from portal.config import PortalConfig
from web.certificate import Certificate, RenewableCertificate
from web.errors import ServingError
from web.server import ProcessServer, listening_socket

_log = structlog.get_logger(__name__)
CONNECTIONS: Final = 512
_GRACE_S: Final = 5


def serve_portal(
    config: PortalConfig,
    *,
    host: str,
    port: int,
    certificate: Certificate | None = None,
    health: tuple[str, int] | None = None,
    ready: Callable[[], None] = lambda: None,
) -> None:
    """Serve the site until SIGTERM or SIGINT. At SIGHUP it reads its certificate again.

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
    renewable = None if certificate is None else RenewableCertificate(certificate)
    with ExitStack() as sockets:
        watched = None if health is None else sockets.enter_context(_listening(*health, "KARIPASS_PORTAL_HEALTH_PORT"))
        server = make_server(config, ready, renewable, health=watched)
        listener = sockets.enter_context(_listening(host, port, "KARIPASS_PORTAL_PORT (or _HOST)"))
        server.run_at(listener, hung_up=lambda: _renew(renewable))


def make_server(
    config: PortalConfig,
    ready: Callable[[], None] = lambda: None,
    certificate: RenewableCertificate | None = None,
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
        TextsError: the operator's own texts cannot be used.
    """
    return ProcessServer(
        create_app(config, health),
        connections=CONNECTIONS,
        grace_s=_GRACE_S,
        ready=ready,
        closing=_nothing,
        tls=None if certificate is None else certificate.context,
    )


def _renew(certificate: RenewableCertificate | None) -> None:
    """Read the certificate again; if that fails, the former one stays."""
    if certificate is None:
        _log.info("nothing_to_renew", reason="this site has no certificate of its own")
        return
    try:
        certificate.renew()
    except ServingError as error:
        _log.error("certificate_not_renewed", problem=str(error), meanwhile="the former one stays")
    else:
        _log.info("certificate_renewed")


def _listening(host: str, port: int, setting: str) -> socket.socket:
    try:
        return listening_socket(host, port)
    except OSError as error:
        raise ServingError(f"{host}:{port} cannot be listened on ({error.strerror}): change {setting}") from None


async def _nothing() -> None:
    """No answer of the site is endless."""
