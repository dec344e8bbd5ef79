"""`ivr serve` with the sockets that systemd hands it, as the units in docker/systemd do."""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.request import urlopen

import pytest

_START: str = (
    "import os, sys; os.environ['LISTEN_PID'] = str(os.getpid());"
    " os.execv(sys.executable, [sys.executable, '-m', 'ivr', 'serve', '--log-json'])"
)


@pytest.fixture
def held() -> Iterator[list[socket.socket]]:
    with ExitStack() as sockets:
        yield [sockets.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(3)]


def test_it_serves_at_them_and_leaves_them_held(tmp_path: Path, held: list[socket.socket]) -> None:
    names = ("KARIPASS_AGI_PORT", "KARIPASS_AUDIOSOCKET_PORT", "KARIPASS_HEALTH_PORT")
    ports = [each.getsockname()[1] for each in held]
    environment = {
        **os.environ,
        "KARIPASS_STATE_DIR": str(tmp_path),
        "KARIPASS_AMI_PORT": "1",
        "LISTEN_FDS": "3",
        **{name: str(port) for name, port in zip(names, ports, strict=True)},
    }
    log = tmp_path / "log"

    def as_systemd_does() -> None:
        for number, each in enumerate([fcntl.fcntl(each, fcntl.F_DUPFD, 100) for each in held], start=3):
            os.dup2(each, number)

    with log.open("wb") as output:
        service = subprocess.Popen(
            [sys.executable, "-c", _START],
            env=environment,
            stdout=output,
            stderr=output,
            close_fds=False,
            preexec_fn=as_systemd_does,
        )
        try:
            until = time.monotonic() + 60
            while '"serving"' not in log.read_text(encoding="utf-8"):
                assert service.poll() is None, log.read_text(encoding="utf-8")
                assert time.monotonic() < until
                time.sleep(0.1)
            with urlopen(f"http://127.0.0.1:{ports[2]}/healthz", timeout=10) as answer:
                assert answer.status == 200
        finally:
            service.send_signal(signal.SIGTERM)
            service.wait(60)
    with pytest.raises(OSError, match="in use"):
        socket.create_server(("127.0.0.1", ports[0]))
