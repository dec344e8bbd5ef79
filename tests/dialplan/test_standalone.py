import re
from dataclasses import replace

import pytest

from ivr.exchange.configuration import DIALPLAN_DIR
from tests.dialplan.asterisk_config import CONFIG, RUN, rendered, sections, statements


def test_every_file_of_both_directories_is_part_of_the_exchange() -> None:
    files = rendered()
    for path in (DIALPLAN_DIR / "standalone").iterdir():
        assert path.name in files
    for path in (DIALPLAN_DIR / "karipass").iterdir():
        assert files[f"karipass/{path.name}"] == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(path.name for path in (DIALPLAN_DIR / "standalone").iterdir()))
def test_no_placeholder_is_left(name: str) -> None:
    # A name before a brace or a bracket is a variable or an expression of the dialplan.
    assert not re.search(r"\$[^{\[]", rendered()[name])


@pytest.mark.parametrize(
    ("name", "statement"),
    [
        ("asterisk.conf", f"astetcdir => {RUN}/etc"),
        ("asterisk.conf", "systemname = karipass"),
        ("asterisk.conf", f"astlogdir => {RUN}"),
        ("extensions.conf", "KARIPASS_ACCESS_NUMBER = 0363044747"),
        ("extensions.conf", "KARIPASS_AGI = 127.0.0.9:14573"),
        ("extensions.conf", f"KARIPASS_SOUNDS = {RUN}/sounds"),
        ("extensions.conf", "KARIPASS_CALL_CAP_S = 299"),
        ("manager.conf", "port = 15038"),
        ("manager.conf", "secret = secret-of-manager"),
        ("pjsip.conf", "bind = 127.0.0.8:15060"),
        ("rtp.conf", "rtpstart = 20000"),
        ("rtp.conf", "rtpend = 20999"),
    ],
)
def test_a_setting_reaches_its_file(name: str, statement: str) -> None:
    files = rendered()
    assert statement in list(statements(files[name], files))


def test_the_loop_calls_the_exchange_itself_also_when_it_listens_on_all_addresses() -> None:
    files = rendered(replace(CONFIG, sip_host="0.0.0.0"))  # noqa: S104
    found = sections("pjsip.conf", files)
    assert [s.values["contact"] for s in found if "contact" in s.values] == ["sip:127.0.0.1:15060"]
    assert "127.0.0.1:15060" in [s.values.get("match") for s in found]


def test_every_module_that_the_dialplan_needs_is_loaded_and_nothing_else_loads_itself() -> None:
    files = rendered()
    lines = list(statements(files["modules.conf"], files))
    assert "autoload = no" in lines
    modules = {line.removeprefix("require = ") for line in lines if line.startswith("require")}
    adopters = re.search(r"needs the modules (.*?) and format_wav", files["karipass/extensions.conf"], re.DOTALL)
    assert adopters is not None
    named = set(re.findall(r"\w+_\w+", adopters[1].replace("\n;", "")))
    assert len(named) > 8
    assert {f"{name}.so" for name in named} <= modules


def test_a_call_waits_for_the_service_for_half_a_minute_and_then_hears_that_it_is_away() -> None:
    """The service then sets the cap: tests/ivr/service/test_service.py."""
    files = rendered()
    lines = list(statements(files["extensions.conf"], files))
    asks, brings = [number for number, line in enumerate(lines) if "AGI(" in line]
    assert "AGIEXITONHANGUP=yes" in lines[asks - 1]
    assert "TIMEOUT(absolute)=${KARIPASS_READY_S}" in lines[asks - 2]
    assert "KARIPASS_READY_S=${IF($[${FIELDQTY(KARIPASS_AGI,\\,)} > 1]?4:30)}" in "".join(lines)
    assert "AGIEXITONHANGUP=no" in lines[asks + 1]
    assert "TIMEOUT(absolute)=30" in lines[brings - 1]
    too_late = next(number for number, line in enumerate(lines) if line.startswith("exten => T,1,"))
    assert any("unavailable" in line for line in lines[too_late : too_late + 4])


def test_further_services_are_asked_in_turn() -> None:
    files = rendered(replace(CONFIG, more_agi=[("10.0.0.2", 4573), ("10.0.0.3", 4573)]))
    lines = list(statements(files["extensions.conf"], files))
    assert "KARIPASS_AGI = 127.0.0.9:14573,10.0.0.2:4573,10.0.0.3:4573" in lines
