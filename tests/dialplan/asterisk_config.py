"""Reads Asterisk's configuration files as Asterisk does: sections, templates, includes."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ivr.exchange.configuration import ExchangeConfig, Phone, render

_SECTION = re.compile(r"\[(?P<name>[^]]+)\](?:\((?P<options>[^)]*)\))?")

CONFIG = ExchangeConfig(
    run_dir=Path("/nowhere"),
    access_number="0363044747",
    sounds_dir=Path("/nowhere/sounds"),
    ami_secret="secret-of-manager",
    agi_host="127.0.0.9",
    agi_port=14573,
    sip_host="127.0.0.8",
    sip_port=15060,
    rtp_ports=(20000, 20999),
    ami_port=15038,
    trunks=("192.0.2.10", "198.51.100.0/24"),
    phones=(
        Phone(number="0312345678", secret="secret-of-phone-1"),
        Phone(number="0612345678", secret="secret-of-phone-2"),
    ),
    call_cap_s=299,
)
RUN = "/seen/from/inside"


@dataclass(frozen=True)
class Section:
    """A section that is in force, with the values of its templates; a later value of a name counts."""

    name: str
    values: Mapping[str, str]


def rendered(config: ExchangeConfig = CONFIG) -> dict[str, str]:
    return render(config, run=RUN)


def statements(text: str, files: Mapping[str, str]) -> Iterator[str]:
    """The lines that are not blank or comments, with includes followed."""
    for raw in text.splitlines():
        line = re.sub(r"(?<!\\);.*", "", raw).strip()
        if line.startswith("#include "):
            yield from statements(files[line.removeprefix("#include ")], files)
        elif line:
            yield line


def sections(name: str, files: Mapping[str, str]) -> list[Section]:
    """The sections of one file, with templates applied and then left out."""
    templates: dict[str, dict[str, str]] = {}
    found: list[Section] = []
    current: dict[str, str] = {}
    for line in statements(files[name], files):
        if match := _SECTION.match(line):
            options = [option.strip() for option in (match["options"] or "").split(",") if option.strip()]
            current = {}
            for parent in options:
                if parent != "!":
                    current.update(templates[parent])
            if "!" in options:
                templates[match["name"]] = current
            else:
                found.append(Section(match["name"], current))
        else:
            key, _, value = line.partition("=")
            current[key.strip()] = value.removeprefix(">").strip()
    return found
