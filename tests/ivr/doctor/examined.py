"""A host to examine, and helpers that read the findings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ivr.doctor import Examined, Finding, Level, Site, examine
from ivr.doctor.exchange_facts import ACCESS, INBOUND, MODULES, ExchangeFacts
from ivr.host.settings import Settings
from ivr.lab.free_ports import free_tcp_ports

SECRET = "known-to-the-dialplan"
FACTS = ExchangeFacts(
    version="22.10.1+dfsg",
    modules=dict.fromkeys(MODULES, True),
    variables={
        "KARIPASS_ACCESS_NUMBER": "0363044747",
        "KARIPASS_AGI": "127.0.0.1:4573",
        "KARIPASS_AGI_SECRET": "",
        "KARIPASS_AGI_SECRET_FILE": "/on/another/host/agi-secret",
        "KARIPASS_CALL_CAP_S": "480",
    },
    dialplan={
        INBOUND: [{"extension": "0363044747", "application": "Goto", "appdata": "karipass-access,enter,1"}],
        ACCESS: [
            {"extension": "call", "application": "AGI", "appdata": "agi://${KARIPASS_HOST}/access"},
            {"extension": "h", "application": "UserEvent", "appdata": "KaripassCall,Cause: ${A},Rtp: ${B}"},
        ],
    },
    actions=frozenset({"userevent", "getvar"}),
)


def site_of(tmp_path: Path, facts: ExchangeFacts | str = FACTS, /, **settings: Any) -> Site:
    site = Site(Settings.load(state_dir=tmp_path, agi_secret=SECRET, **settings), {})
    site.__dict__["exchange"] = facts  # as if it had been asked
    return site


def looked(checks: Any, site: Site) -> list[Examined]:
    return list(examine(site, checks))


def worst(examined: list[Examined]) -> Level:
    levels = {each.finding.level for each in examined}
    return next(level for level in (Level.ERROR, Level.WARNING, Level.OK) if level in levels)


def wrong(examined: list[Examined]) -> list[Finding]:
    return [each.finding for each in examined if each.finding.level is not Level.OK]


def free_ports() -> dict[str, int]:
    """Free ports for everything that the service listens on, by setting: the default ones may be in use here."""
    names = (
        *("agi_port", "audiosocket_port", "health_port", "console_port"),
        *("portal_port", "portal_health_port", "mail_health_port", "notice_health_port"),
        "bounces_health_port",
    )
    return dict(zip(names, free_tcp_ports(len(names)), strict=True))
