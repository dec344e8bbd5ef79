"""Checks of the Asterisk that brings the calls."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from ivr.call.dialogue.limits import AFTER_THE_CALL_S
from ivr.doctor.examination import Check
from ivr.doctor.exchange_facts import ACCESS, INBOUND, ExchangeFacts
from ivr.doctor.finding import Finding, error, ok, warning
from ivr.doctor.site import Site
from ivr.exchange.asterisk import new_enough
from ivr.host.settings import Settings
from ivr.telephony.ami.connection import Fields
from ivr.telephony.ami.link import CALL_EVENT
from settings.errors import SettingsError

_EVERYWHERE: Final = ("0.0.0.0", "::")  # noqa: S104 - what a setting may say
_EXTENSIONS: Final = "dialplan/karipass/extensions.conf"
_MIGHTY: Final = frozenset({"command", "moduleload", "updateconfig", "agi"})
"""Actions that run anything, load code, rewrite configuration, or take over a call."""


def manager(site: Site) -> Iterator[Finding]:
    """Whether the manager interface lets us in, and what it lets us do."""
    facts = site.exchange
    if isinstance(facts, str):
        what, _, remedy = facts.partition(": ")
        yield error(what, remedy or "is Asterisk overloaded, or KARIPASS_AMI_PORT the port of something else?")
        return
    yield ok(f"{site.settings.ami_host}:{site.settings.ami_port} lets us in")
    if "userevent" not in facts.actions:
        yield warning(
            "other clients cannot hear of calls", "write = user,reporting in manager.conf, for the service's user"
        )
    if mighty := sorted(facts.actions & _MIGHTY):
        yield warning(
            f"the service's user may do more than it needs: {', '.join(mighty)}",
            "give it what dialplan/karipass/manager.conf says: it is a shell on the exchange, in effect",
        )


def _of_asterisk(look: Callable[[Site, ExchangeFacts], Iterable[Finding]]) -> Callable[[Site], Iterable[Finding]]:
    """Make a check that needs Asterisk's own facts."""

    def run(site: Site) -> Iterable[Finding]:
        facts = site.exchange
        if isinstance(facts, str):
            return [warning("not checked: Asterisk cannot be asked", "see to the manager interface first")]
        return look(site, facts)

    return run


def version(_site: Site, facts: ExchangeFacts) -> Iterator[Finding]:
    """Whether Asterisk's AudioSocket is sound."""
    if new_enough(f"Asterisk {facts.version}"):
        yield ok(f"Asterisk {facts.version}")
    else:
        yield error(
            f"Asterisk {facts.version or 'of an unknown version'} reads AudioSocket headers wrongly at times",
            "install Asterisk 22.10, 23.4 or newer",
        )


def modules(_site: Site, facts: ExchangeFacts) -> Iterator[Finding]:
    """Whether the modules that the dialplan needs run."""
    if facts.modules is None:
        yield warning("Asterisk cannot say which modules run", "load func_module.so (modules.conf)")
        return
    missing = [name for name, runs in facts.modules.items() if not runs]
    for name in missing:
        yield error(f"{name} does not run", f"load {name}.so (modules.conf), or install the package that it is in")
    if not missing:
        yield ok(f"all {len(facts.modules)} run")


def dialplan(site: Site, facts: ExchangeFacts) -> Iterator[Finding]:
    """Whether a call to the access number reaches this service."""
    number = site.settings.access_number
    if not facts.dialplan[ACCESS]:
        yield error(
            f"there is no context {ACCESS}", f"#include {_EXTENSIONS} in extensions.conf, then `dialplan reload`"
        )
        return
    if number not in {step.get("extension") for step in facts.dialplan[INBOUND]}:
        yield error(
            f"{number} leads nowhere: it is not an extension of {INBOUND}",
            f"KARIPASS_ACCESS_NUMBER is {number} here, and in Asterisk's [globals] it is"
            f" {facts.variables['KARIPASS_ACCESS_NUMBER'] or 'not set'}: they must be equal",
        )
    if not any(_runs(step, "AGI", "agi://${KARIPASS_HOST}/access") for step in facts.dialplan[ACCESS]):
        yield error(f"{ACCESS} asks no service", f"take {_EXTENSIONS} as it is")
    yield from _globals(site, facts)
    if not any(_runs(step, "UserEvent", CALL_EVENT, "Cause: ", "Rtp: ") for step in facts.dialplan[ACCESS]):
        yield warning(
            "hang-up causes and line quality are not reported", f"{_EXTENSIONS} is of an older version: take this one's"
        )


def _globals(site: Site, facts: ExchangeFacts) -> Iterator[Finding]:
    settings, variables = site.settings, facts.variables
    yield _way_to_us(settings, variables["KARIPASS_AGI"])
    yield from _agi_secret(site, variables)
    cap, longest_s = variables["KARIPASS_CALL_CAP_S"], settings.call_s + AFTER_THE_CALL_S
    if not cap.isdigit() or float(cap) < longest_s:
        yield warning(
            f"Asterisk ends calls after {cap or 'no'} s, which the service allows {longest_s:g} s",
            f"KARIPASS_CALL_CAP_S in Asterisk's [globals]: more than {longest_s:g}",
        )


def _way_to_us(settings: Settings, asked: str) -> Finding:
    """Whether Asterisk asks this service, as one of those in its list."""
    own, hosts = f"{settings.agi_host}:{settings.agi_port}", asked.split(",")
    if own in hosts or (settings.agi_host in _EVERYWHERE and _of_port(hosts, settings.agi_port)):
        return ok(f"{ACCESS} leads to {asked}")
    if not _of_port(hosts, settings.agi_port):
        return error(
            f"Asterisk looks for the service at {asked or 'nowhere'}, and it is at {own}",
            "KARIPASS_AGI in Asterisk's [globals] must lead to KARIPASS_AGI_HOST and _PORT of the service",
        )
    return warning(
        f"Asterisk looks for the service at {asked}, and it listens on {own}",
        "see that both are one address: KARIPASS_AGI in Asterisk's [globals], KARIPASS_AGI_HOST of the service",
    )


def _of_port(hosts: Iterable[str], port: int) -> bool:
    return any(host.rpartition(":")[2] == str(port) for host in hosts)


def _agi_secret(site: Site, variables: Mapping[str, str]) -> Iterator[Finding]:
    file = variables["KARIPASS_AGI_SECRET_FILE"]
    if variables["KARIPASS_AGI_SECRET"]:
        yield warning(
            "anyone who may ask Asterisk for variables can read the FastAGI secret",
            "take KARIPASS_AGI_SECRET out of Asterisk's [globals]; KARIPASS_AGI_SECRET_FILE has taken its place",
        )
    try:
        secret = site.agi_secret
    except SettingsError as problem:
        yield error("the service has no FastAGI secret", str(problem))
        return
    if not file:
        yield error(
            "Asterisk has no FastAGI secret: every call is refused",
            "KARIPASS_AGI_SECRET_FILE in Asterisk's [globals] must name a file with KARIPASS_AGI_SECRET of the service",
        )
        return
    with contextlib.suppress(OSError, UnicodeDecodeError):  # the file is Asterisk's, perhaps on another host
        if Path(file).read_text(encoding="ascii").strip() != secret:
            yield error(
                f"{file} does not hold the service's FastAGI secret: every call is refused",
                f"write KARIPASS_AGI_SECRET of the service into {file}",
            )


def _runs(step: Fields, application: str, *words: str) -> bool:
    data = step.get("appdata", "")
    return step.get("application", "").lower() == application.lower() and all(word in data for word in words)


CHECKS: Final = (
    Check("AMI", manager),
    Check("Asterisk", _of_asterisk(version)),
    Check("modules", _of_asterisk(modules)),
    Check("dialplan", _of_asterisk(dialplan)),
)
