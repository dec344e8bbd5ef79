"""The short uses of the manager interface, where there is none."""

from __future__ import annotations

import asyncio
import logging
import socket

import pytest

from ivr.telephony import ami
from ivr.telephony.ami import AmiError, AmiEvents


async def test_an_asterisk_that_is_away_is_one_error_and_the_library_says_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(ami, "LOGIN_S", 0.2)
    with socket.socket() as nobody, caplog.at_level(logging.DEBUG, logger="panoramisk"):
        nobody.bind(("127.0.0.1", 0))  # and does not listen
        with pytest.raises(AmiError, match="check KARIPASS_AMI_PORT"):
            async with AmiEvents("127.0.0.1", nobody.getsockname()[1], "karipass", "x", "UserEvent"):
                await asyncio.sleep(0)
    assert [record.message for record in caplog.records if record.name.startswith("panoramisk")] == []
