"""The process `ivr console` says where it is, and ends in order."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from console.serving import CONNECTIONS
from ivr.lab.free_ports import free_tcp_ports
from ivr.records import Vitals
from tests.console.stage import Stage
from tests.console.visitor import Visitor
from tests.console.watcher import watching

COMMAND = [sys.executable, "-c", "import typer; from ivr.cli.serving.commands import console; typer.run(console)"]


@contextmanager
def console(stage: Stage, port: int, *words: str) -> Iterator[subprocess.Popen[str]]:
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(sys.path),
        "KARIPASS_STATE_DIR": str(stage.directory),
        "KARIPASS_CONSOLE_PORT": str(port),
    }
    with subprocess.Popen([*COMMAND, *words], env=environment, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_for(process: subprocess.Popen[str], text: str) -> str:
    assert process.stderr is not None
    return next(line for line in process.stderr if text in line)


def test_it_ends_at_once_when_it_is_told_to_though_someone_watches(stage: Stage) -> None:
    [port] = free_tcp_ports(1)
    with console(stage, port) as process:
        assert f"http://127.0.0.1:{port}/" in wait_for(process, "console_serving")
        with Visitor(f"http://127.0.0.1:{port}") as visitor:
            visitor.log_in("otto")
            with watching(visitor) as watcher:
                watcher.next()
                process.send_signal(signal.SIGTERM)
                assert process.wait(20) == 0
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read()


@pytest.mark.parametrize("told", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("ignored", [True, False], ids=["SIGINT ignored", "SIGINT not ignored"])
def test_it_ends_on_both_signals_however_it_was_started(stage: Stage, told: signal.Signals, *, ignored: bool) -> None:
    """In a script, `ivr console &` runs with SIGINT ignored."""
    [port] = free_tcp_ports(1)
    before = signal.signal(signal.SIGINT, signal.SIG_IGN if ignored else signal.default_int_handler)
    try:
        with console(stage, port) as process:
            wait_for(process, "console_serving")
            process.send_signal(told)
            assert process.wait(20) == 0
            assert process.stderr is not None
            assert "Traceback" not in process.stderr.read()
    finally:
        signal.signal(signal.SIGINT, before)


def test_told_twice_it_ends_in_order_too(stage: Stage) -> None:
    [port] = free_tcp_ports(1)
    with console(stage, port) as process:
        wait_for(process, "console_serving")
        process.send_signal(signal.SIGINT)  # as a terminal does to a whole group...
        process.send_signal(signal.SIGTERM)  # ...and a parent in the next moment
        assert process.wait(20) == 0
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read()


def test_a_port_that_is_in_use_is_named_with_its_setting(stage: Stage) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, console(stage, taken.getsockname()[1]) as process:
        told = wait_for(process, "ivr: ")
        assert "KARIPASS_CONSOLE_PORT" in told
        assert process.wait(20) == 1


def test_it_answers_to_the_names_that_it_is_given(stage: Stage, tmp_path: Path) -> None:
    [port] = free_tcp_ports(1)
    with console(stage, port, "--name", "Console.Example", "--https") as process:
        wait_for(process, "console_serving")
        with Visitor(f"http://127.0.0.1:{port}") as visitor:
            assert "Secure" in visitor.get("/login", headers={"host": "console.example"}).headers["set-cookie"]
            assert visitor.get("/login", headers={"host": "other.example"}).status_code == 421


def test_connections_that_ask_nothing_keep_nobody_out(stage: Stage, visitor: Visitor, address: str) -> None:
    visitor.log_in("otto")
    place = urlsplit(address)
    with watching(visitor) as watcher, ExitStack() as idle:
        watcher.next()
        for _ in range(CONNECTIONS + 44):
            idle.enter_context(socket.create_connection((place.hostname, place.port)))
        with Visitor(address) as other:
            assert other.get("/login").status_code == 200
        stage.beat(Vitals(calls=1))
        watcher.next()  # a viewer is not sent away for connections that ask for nothing


def test_a_form_that_breaks_off_is_no_fault_of_the_program(address: str, caplog: pytest.LogCaptureFixture) -> None:
    place = urlsplit(address)
    head = f"POST /login HTTP/1.1\r\nhost: {place.netloc}\r\ncontent-length: 99\r\n"
    kind = "content-type: application/x-www-form-urlencoded\r\n\r\n"
    with socket.create_connection((place.hostname, place.port)) as client:
        client.sendall((head + kind + "name=o").encode())
        client.shutdown(socket.SHUT_WR)
        with suppress(ConnectionError):
            while client.recv(1000):
                pass
    with Visitor(address) as visitor:
        assert visitor.get("/login").status_code == 200
    assert "Exception" not in caplog.text
