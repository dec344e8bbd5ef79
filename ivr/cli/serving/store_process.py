"""The store process of a service (`ivr.service.store_process`): `python -m ivr.cli.serving.store_process`.

The service starts it. It takes its settings from the environment, as `ivr serve` does.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import socket
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Final

from ivr.cli.common import expected_errors, open_store, told
from ivr.cli.serving.registered import registered
from ivr.host.process_limits import leave_no_core_dumps
from ivr.host.settings import Settings
from ivr.records import CallWriter, open_records
from ivr.service.store_process import messages
from ivr.service.store_process.codec import MessageParser
from ivr.service.store_process.serving import OpenStore, Outbox, receive_hello, serve_store
from logs.levels import LogLevel
from logs.setup import configure_logs

NAME: Final = "karipass-store"
"""How the system names the process; Linux shows 15 characters."""


def main(ours: socket.socket, stack: ExitStack) -> None:
    """Serve one service until it hangs up.

    Args:
        ours: our end of the socket pair.
        stack: closes what was opened.
    """
    parser, outbox = MessageParser(), Outbox(ours)
    hello = receive_hello(ours, parser)
    if hello is None:
        return
    try:
        opened = _open(hello, outbox, stack)
    except expected_errors() as error:
        outbox(messages.NotOpened(problem=told(error)))
        return
    outbox(messages.Opened(version=messages.VERSION))

    def compared(ahead_s: float | None) -> None:
        outbox(messages.ClockCompared(ahead_s=ahead_s))

    with registered(Settings.from_environment(), "serve", compared=compared):
        asyncio.run(serve_store(opened, ours, parser, outbox))


def _open(hello: messages.Hello, outbox: Outbox, stack: ExitStack) -> OpenStore:
    settings = Settings.from_environment()
    store = stack.enter_context(open_store(settings, appended=outbox.appended))
    database = open_records(settings.store_url)
    stack.callback(database.close)
    return OpenStore(store, CallWriter(database, service_id=hello.service_id, host=hello.host, pid=hello.pid))


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description="The store process of a service, which starts it by itself.")
    arguments.add_argument("--log-level", type=LogLevel, required=True)
    arguments.add_argument("--log-json", action=argparse.BooleanOptionalAction)
    arguments.add_argument("socket", type=int, help="the number of an open socket whose other end the service has")
    given = arguments.parse_args()
    configure_logs(level=given.log_level, json=given.log_json)
    leave_no_core_dumps()
    with suppress(OSError):
        Path("/proc/self/comm").write_text(NAME, encoding="ascii")  # for ps, top and `ivr load`
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is for the service, which hangs up when its calls are over
    with socket.socket(fileno=given.socket) as end, ExitStack() as resources:
        main(end, resources)
