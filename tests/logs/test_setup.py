"""Nothing secret reaches a log line, no matter who writes it (docs/rules.md 5.1)."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import sys
import threading
from collections.abc import Iterator

import pytest
import structlog

from logs.levels import LogLevel
from logs.setup import MASK, SECRET_FIELDS, configure_logs

CANARY = "90817263"
SPELLED = " ".join(CANARY)


@pytest.fixture
def stream(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    monkeypatch.setattr(sys, "excepthook", sys.__excepthook__)
    monkeypatch.setattr(threading, "excepthook", threading.__excepthook__)
    yield io.StringIO()
    structlog.reset_defaults()


@pytest.mark.parametrize("as_json", [True, False])
@pytest.mark.parametrize("field", sorted(SECRET_FIELDS))
def test_a_field_that_can_hold_a_secret_is_masked(stream: io.StringIO, field: str, as_json: bool) -> None:
    configure_logs(json=as_json, stream=stream)
    structlog.get_logger().info("event", **{field: CANARY})
    assert CANARY not in stream.getvalue()
    assert MASK in stream.getvalue()


@pytest.mark.parametrize("as_json", [True, False])
def test_an_exception_is_logged_without_the_values_of_its_frames(stream: io.StringIO, as_json: bool) -> None:
    configure_logs(json=as_json, stream=stream)
    password = CANARY
    try:
        [][len(password)]
    except IndexError:
        structlog.get_logger().exception("failed")
    assert "IndexError" in stream.getvalue()
    assert CANARY not in stream.getvalue()


def test_a_json_line_is_one_object_with_time_level_and_event(stream: io.StringIO) -> None:
    configure_logs(json=True, stream=stream)
    structlog.get_logger().warning("late", ticks=3)
    line = json.loads(stream.getvalue())
    assert (line["event"], line["level"], line["ticks"]) == ("late", "warning", 3)
    assert line["timestamp"].endswith("Z")


def test_a_line_below_the_level_is_not_written(stream: io.StringIO) -> None:
    configure_logs(level=LogLevel.WARNING, json=True, stream=stream)
    structlog.get_logger().info("quiet")
    assert stream.getvalue() == ""


def fail(password: str) -> None:
    raise ValueError(f"invalid literal: '{password}'")


@pytest.mark.parametrize("as_json", [True, False])
def test_a_password_in_any_text_or_exception_is_masked(stream: io.StringIO, as_json: bool) -> None:
    configure_logs(json=as_json, stream=stream)
    log, library = structlog.get_logger("test"), logging.getLogger("library")
    try:
        fail(CANARY)
    except ValueError as error:
        log.exception("broken", call="c0ffee")
        log.warning("told", problem=str(error), parts=["1", CANARY], amount=int(CANARY))
        library.error("it said %s", error)
        library.exception("it failed")
    written = stream.getvalue()
    assert CANARY not in written
    assert written.count(MASK) >= 6
    assert written.count("ValueError: invalid literal") == 2


def test_numbers_times_and_names_of_calls_are_not_taken_for_passwords(stream: io.StringIO) -> None:
    configure_logs(json=True, stream=stream)
    told = {"caller": "0312345678", "call": "12345678abcd", "channel": "1795457234.12", "seconds": 54.5}
    structlog.get_logger("test").info("call_began", **told)
    line = json.loads(stream.getvalue())
    assert {name: line[name] for name in told} == told


@pytest.mark.parametrize("as_json", [True, False])
@pytest.mark.parametrize(
    "value",
    [
        f"x{CANARY}",
        f"password{CANARY}y",
        float(CANARY),
        SPELLED,
        ", ".join(CANARY),
        [int(digit) for digit in CANARY],
        tuple(CANARY),
        {"deep": [list(CANARY)]},
        {int(CANARY): "as a name"},
        CANARY.encode(),
        b"\0" + CANARY.encode(),
        KeyError(f"\u2028{CANARY}"),
        KeyError(f"\U000e0100{CANARY[:4]}-{CANARY[4:]}"),
        2 * CANARY,
        f"3{CANARY}",
        int(2 * CANARY),
        f"{CANARY[:4]}-{CANARY[4:]}",
        " ".join(CANARY[place : place + 2] for place in range(0, 8, 2)),
    ],
    ids=repr,
)
def test_a_password_is_masked_however_it_is_written(stream: io.StringIO, value: object, as_json: bool) -> None:
    configure_logs(json=as_json, stream=stream)
    structlog.get_logger().info("told", problem=value)
    written = stream.getvalue()
    assert MASK in written
    assert CANARY not in written
    assert CANARY not in "".join(letter for letter in written.partition("problem")[2] if letter.isdigit())


@pytest.mark.parametrize("as_json", [True, False])
@pytest.mark.parametrize(
    "value", [[{"keys": "1357"}], {"password": "1357"}, {"a": ({"Secret": "1357"},)}], ids=["list", "mapping", "deep"]
)
def test_a_field_that_can_hold_a_secret_is_masked_at_any_depth(
    stream: io.StringIO, value: object, as_json: bool
) -> None:
    configure_logs(json=as_json, stream=stream)
    structlog.get_logger().info("told", body=value)
    assert "1357" not in stream.getvalue()
    assert MASK in stream.getvalue()


def test_values_that_hide_nothing_are_written_as_they_are(stream: io.StringIO) -> None:
    configure_logs(json=True, stream=stream)
    told = {
        "ticks": [1, 2, 3],
        "seconds": 0.12345678,
        "day": "2026-11-27",
        "number": "03-1234-5678",
        "state": {"up": True, "since": "2026-11-23T17:58:34+00:00"},
    }
    structlog.get_logger("test").info("told", call="c12345678fff", **told)
    line = json.loads(stream.getvalue())
    assert {name: line[name] for name in told} == told
    assert line["call"] == "c12345678fff"


# --- libraries and uncaught exceptions ---------------------------------------------------------------------------


class _Unspeakable:
    def __str__(self) -> str:
        raise RuntimeError(CANARY)


@pytest.mark.parametrize(("words", "value"), [("%d", CANARY), ("%s", _Unspeakable())], ids=["form", "value"])
def test_a_line_that_a_library_gets_wrong_is_told_of_and_does_the_library_no_harm(
    stream: io.StringIO, words: str, value: object
) -> None:
    configure_logs(json=True, stream=stream)
    logging.getLogger("library").warning(words, value)
    line = json.loads(stream.getvalue())
    assert "cannot be made" in line["message"]
    assert "test_setup" in line["message"]
    assert CANARY not in stream.getvalue()


@pytest.mark.parametrize(("level", "name"), [(35, "warning"), (30, "warning"), (49, "error"), (99, "critical")])
def test_a_librarys_own_level_counts_as_the_one_below(stream: io.StringIO, level: int, name: str) -> None:
    configure_logs(json=True, stream=stream)
    logging.getLogger("library").log(level, "hello")
    assert json.loads(stream.getvalue())["level"] == name


def test_what_nobody_catches_is_a_masked_line(stream: io.StringIO) -> None:
    configure_logs(json=True, stream=stream)
    try:
        fail(CANARY)
    except ValueError as error:
        sys.excepthook(type(error), error, error.__traceback__)
    line = json.loads(stream.getvalue())
    assert (line["event"], line["level"]) == ("uncaught", "critical")
    assert f"invalid literal: '{MASK}'" in line["exception"]


def test_what_nobody_catches_in_a_thread_is_a_masked_line(stream: io.StringIO) -> None:
    configure_logs(json=True, stream=stream)
    thread = threading.Thread(target=fail, args=(CANARY,), name="worker")
    thread.start()
    thread.join()
    line = json.loads(stream.getvalue())
    assert (line["event"], line["thread"]) == ("uncaught", "worker")
    assert f"invalid literal: '{MASK}'" in line["exception"]


async def test_what_a_loop_is_left_with_is_a_masked_line(stream: io.StringIO) -> None:
    configure_logs(json=True, stream=stream)
    asyncio.get_running_loop().call_exception_handler({"message": SPELLED, "exception": ValueError(CANARY)})
    line = json.loads(stream.getvalue())
    assert line["message"].startswith(MASK)
    assert f"ValueError: {MASK}" in line["exception"]


def test_ctrl_c_is_no_fault(stream: io.StringIO, capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(json=True, stream=stream)
    sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert stream.getvalue() == ""
    assert "KeyboardInterrupt" in capsys.readouterr().err
