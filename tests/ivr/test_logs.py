"""Nothing secret reaches a log line, whoever writes it."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from ivr.logs import MASK, SECRET_FIELDS, LogLevel, configure_logs

CANARY = "90817263"


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
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
