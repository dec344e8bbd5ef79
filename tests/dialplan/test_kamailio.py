"""The SIP proxy's configuration as it is shipped. Calls through it: tests/live/hosts."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from ivr.exchange.configuration import DIALPLAN_DIR
from tests.repository import ROOT

SHIPPED = DIALPLAN_DIR / "kamailio"
LOGIC = (SHIPPED / "kamailio.cfg").read_text(encoding="utf-8")


def statements(name: str) -> list[str]:
    lines = (SHIPPED / name).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.strip() and not re.match(r"#(?!!)", line)]


@pytest.mark.needs("kamailio")
def test_kamailio_takes_the_files_as_they_are(tmp_path: Path) -> None:
    shutil.copytree(SHIPPED, tmp_path, dirs_exist_ok=True)
    site = tmp_path / "site.cfg"
    own = (
        site.read_text(encoding="utf-8").replace("/etc/kamailio", str(tmp_path)).replace("/run/kamailio", str(tmp_path))
    )
    site.write_text(own, encoding="utf-8")
    words = ["/usr/sbin/kamailio", "-c", "-f", str(tmp_path / "kamailio.cfg")]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "config file ok" in done.stderr
    assert not re.search(r"WARNING|ERROR|CRITICAL", done.stderr), done.stderr


def test_what_differs_from_site_to_site_is_in_no_file_of_logic() -> None:
    assert not re.search(r"\d+\.\d+\.\d+\.\d+", LOGIC)
    assert not re.search(r"^(listen|alias)", LOGIC, re.MULTILINE)
    assert '"/' not in LOGIC
    for name in re.findall(r"#!define (\w+)", (SHIPPED / "site.cfg").read_text(encoding="utf-8")):
        assert name in LOGIC


def test_nothing_of_a_message_is_logged() -> None:
    """Bodies hold callers' keys. What Kamailio logs of itself: tests/live/hosts."""
    logged = " ".join(re.findall(r"xlog\(.*\)", LOGIC))
    assert set(re.findall(r"\$\w+", logged)) <= {"$rm", "$si", "$du", "$T_reply_code"}
    debug = re.search(r"^debug=(\d)$", LOGIC, re.MULTILINE)
    assert debug is not None
    assert int(debug[1]) < 3
    assert 'modparam("debugger", "mod_level", "core=-2")' in LOGIC
    assert not re.search(r"siptrace|sipdump|sipcapture|acc\.so", LOGIC)


def test_nothing_but_a_trunks_call_reaches_an_asterisk() -> None:
    """Before any other step a request is judged by the address that it comes from."""
    first = LOGIC.index("allow_source_address")
    assert first < min(LOGIC.index(step) for step in ("t_relay", "loose_route", "ds_select_dst"))
    invites = LOGIC.index('!is_method("INVITE") || !allow_source_address("1")')
    assert invites < LOGIC.index("route(CALL);")


def test_each_asterisk_and_trunk_is_in_the_group_that_is_asked_for() -> None:
    assert all(
        re.fullmatch(r"1 sip:[\d.]+:5060 0 0 duid=\w+;maxload=\d+", line) for line in statements("dispatcher.list")
    )
    assert all(re.fullmatch(r"1 [\d.]+ 32 0 \w+", line) for line in statements("trunks.list"))


def test_a_call_counts_as_load_for_longer_than_an_asterisk_lets_it_last() -> None:
    longest = re.search(r"LONGEST_CALL_S (\d+)", (SHIPPED / "site.cfg").read_text(encoding="utf-8"))
    cap = re.search(r"KARIPASS_CALL_CAP_S = (\d+)", (DIALPLAN_DIR / "karipass/extensions.conf").read_text("utf-8"))
    assert longest is not None
    assert cap is not None
    assert int(longest[1]) > int(cap[1])


def test_the_proxy_hears_of_each_service_that_an_asterisk_asks_before_it_gives_it_up() -> None:
    patience = re.search(r'"fr_inv_timer", (\d+)', LOGIC)
    waits = re.search(r"> 1\]\?(\d+):", (DIALPLAN_DIR / "karipass/extensions.conf").read_text("utf-8"))
    assert patience is not None
    assert waits is not None
    assert int(patience[1]) > 2 * 1000 * int(waits[1])


def test_the_page_of_many_hosts_names_every_file_and_its_settings() -> None:
    page = (ROOT / "docs" / "many-hosts.md").read_text(encoding="utf-8")
    assert all(path.name in page for path in SHIPPED.iterdir())
    retry = re.search(r'RETRY_AFTER "(Retry-After: \d+)', (SHIPPED / "site.cfg").read_text(encoding="utf-8"))
    assert retry is not None
    assert retry[1] in page
