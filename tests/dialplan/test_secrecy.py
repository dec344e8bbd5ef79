"""Nothing that the exchange writes or reports may hold a key that a caller pressed (docs/rules.md 5.1)."""

import re

import pytest

from ivr.exchange.configuration import DIALPLAN_DIR
from tests.dialplan.asterisk_config import rendered, sections, statements

# Classes of events that hold keys, or the values that the dialplan and the service work with.
_TELLING = {"dtmf", "all", "agi", "dialplan", "verbose", "log", "cdr"}
# Classes of actions that amount to a shell on the exchange.
_MIGHTY = {"all", "system", "command", "config", "agi", "dialplan", "call"}


def test_no_log_takes_keys_or_debugging() -> None:
    for path in DIALPLAN_DIR.rglob("logger.conf"):
        for line in statements(path.read_text(encoding="utf-8"), {}):
            if "=>" in line:
                levels = {level.strip() for level in line.partition("=>")[2].split(",")}
                assert levels <= {"notice", "warning", "error"}, f"{path}: {line}"


def test_the_exchange_has_one_log_and_it_is_where_the_service_says() -> None:
    (logfiles,) = [s for s in sections("logger.conf", rendered()) if s.name == "logfiles"]
    assert set(logfiles.values) == {"asterisk.log"}


def _manager() -> dict[str, set[str]]:
    (user,) = [s for s in sections("manager.conf", rendered()) if s.name != "general"]
    assert user.name == "karipass"
    return {key: set(user.values[key].split(",")) for key in ("read", "write")}


def test_the_manager_user_hears_of_calls_and_never_of_keys() -> None:
    assert _manager()["read"] == {"user"}
    assert not _manager()["read"] & _TELLING


def test_the_manager_user_may_do_no_more_than_place_a_test_call() -> None:
    assert _manager()["write"] == {"user", "reporting", "originate"}
    assert not _manager()["write"] & _MIGHTY


def test_the_manager_is_on_loopback_and_for_loopback() -> None:
    (general, user) = sections("manager.conf", rendered())
    assert general.values["bindaddr"] == "127.0.0.1"
    assert general.values["webenabled"] == "no"
    assert user.values["deny"] == "0.0.0.0/0.0.0.0"
    assert user.values["permit"] == "127.0.0.1/255.255.255.255"


def test_the_event_of_a_call_tells_who_and_how_it_went_and_nothing_else() -> None:
    files = rendered()
    (line,) = [line for line in statements(files["extensions.conf"], files) if "UserEvent(" in line]
    assert re.findall(r"(\w+): ", line) == ["UniqueID", "CallerNumber", "Outcome", "Cause", "Rtp", "TestCall"]


def test_no_field_of_that_event_can_be_forged_by_what_a_caller_names_himself() -> None:
    files = rendered()
    (line,) = [line for line in statements(files["extensions.conf"], files) if "UserEvent(" in line]
    filtered = re.sub(r"\$\{FILTER\([^,]*,\$\{[^}]*\}\)\}", "", line)
    assert re.findall(r"\$\{(\w+)", filtered) == ["UNIQUEID", "HANGUPCAUSE", "CHANNEL"]  # Asterisk's own, no caller's


@pytest.mark.parametrize("module", ["app_mixmonitor", "res_hep", "res_pjsip_logger", "app_chanspy", "cdr_", "cel_"])
def test_what_records_or_copies_calls_is_not_loaded(module: str) -> None:
    assert module not in rendered()["modules.conf"]


@pytest.mark.parametrize("name", ["cdr.conf", "cel.conf"])
def test_there_are_no_records_beside_our_own(name: str) -> None:
    (general,) = sections(name, rendered())
    assert general.values == {"enable": "no"}


def test_a_crash_leaves_no_audio_behind() -> None:
    (options,) = [s for s in sections("asterisk.conf", rendered()) if s.name == "options"]
    assert options.values["dumpcore"] == "no"
