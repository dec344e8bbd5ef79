"""SIGINT and SIGTERM in every part of a command's life, whatever it inherited."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO

import pytest

from ivr.lab.free_ports import free_tcp_ports

PHASES = """
import asyncio, os, sys, time, uvloop
from ivr.cli.serving.signals import StopRequests

def say(word):
    os.write(1, f"{word}\\n".encode())  # `print` cannot be called in a handler that interrupts it

async def serve(requests):
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    with requests.serving(lambda: loop.call_soon_threadsafe(stop.set)):
        say("serving")
        if sys.argv[1] != "end":
            await stop.wait()
    say("asked")
    if sys.argv[1] == "drain":
        await asyncio.sleep(60)

with StopRequests() as requests:
    requests.at_once(lambda: say("first act"))
    requests.at_once(lambda: 1 / 0)
    requests.at_once(lambda: say("last act"))
    try:
        if sys.argv[1] == "start":
            say("starting")
            time.sleep(60)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(serve(requests))
        if sys.argv[1] == "end":
            say("ending")
            sys.stdin.read()
    finally:
        say("in order")
"""


@contextmanager
def command(*words: str, ignoring: bool = False, **environment: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        words,
        env={**os.environ, **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=(lambda: signal.signal(signal.SIGINT, signal.SIG_IGN) and None) if ignoring else None,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def phases(until: str, *, ignoring: bool = False) -> AbstractContextManager[subprocess.Popen[str]]:
    return command(sys.executable, "-c", PHASES, until, ignoring=ignoring)


def read_until(stream: IO[str] | None, text: str) -> str:
    assert stream is not None
    return next(line for line in stream if text in line)


BOTH = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
INHERITED = pytest.mark.parametrize("ignoring", [False, True], ids=["", "SIGINT ignored"])


@BOTH
@INHERITED
def test_while_it_serves_the_first_request_ends_it_in_order(number: signal.Signals, *, ignoring: bool) -> None:
    with phases("serve", ignoring=ignoring) as process:
        read_until(process.stdout, "serving")
        process.send_signal(number)
        told, complaint = process.communicate(timeout=60)
    assert (told.split("\n")[:2], complaint, process.returncode) == (["asked", "in order"], "", 0)


@BOTH
@INHERITED
def test_while_it_starts_a_request_ends_it_in_order(number: signal.Signals, *, ignoring: bool) -> None:
    with phases("start", ignoring=ignoring) as process:
        read_until(process.stdout, "starting")
        process.send_signal(number)
        told, complaint = process.communicate(timeout=60)
    assert (told, complaint, process.returncode) == ("in order\n", "", 128 + number)


@BOTH
def test_a_second_request_does_what_must_be_done_and_waits_for_nothing(number: signal.Signals) -> None:
    with phases("drain") as process:
        read_until(process.stdout, "serving")
        process.send_signal(number)
        read_until(process.stdout, "asked")
        process.send_signal(number)
        told, complaint = process.communicate(timeout=60)
    assert told.endswith("last act\nfirst act\n")
    assert "in order" not in told
    assert "Traceback" not in complaint
    assert process.returncode == 1


def test_while_it_ends_a_request_does_nothing() -> None:
    with phases("end") as process:
        read_until(process.stdout, "ending")
        process.send_signal(signal.SIGTERM)
        told, complaint = process.communicate(timeout=60)
    assert (told, complaint, process.returncode) == ("in order\n", "", 0)


@BOTH
@INHERITED
def test_the_service_ends_on_both_signals_however_it_was_started(
    tmp_path: Path, number: signal.Signals, *, ignoring: bool
) -> None:
    names = ("AGI", "AUDIOSOCKET", "HEALTH", "AMI")
    ports = {f"KARIPASS_{name}_PORT": str(port) for name, port in zip(names, free_tcp_ports(4), strict=True)}
    ivr = (sys.executable, "-m", "ivr", "serve", "--log-text")
    with command(*ivr, ignoring=ignoring, KARIPASS_STATE_DIR=str(tmp_path), **ports) as process:
        read_until(process.stderr, "serving")
        process.send_signal(number)
        _, complaint = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "stopped" in complaint
    assert "Traceback" not in complaint
