"""An exchange with subscribers' phones, for live tests of call notices: each scenario has a number of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from ivr.exchange.configuration import JOURNAL
from ivr.exchange.process import Exchange, ExchangeConfig
from ivr.exchange.standalone import SOUNDS_DIR
from ivr.lab.free_ports import free_tcp_ports, free_udp_ports
from tests.live.callers.phone import Caller, SippPhone
from tests.live.notice.raw_caller import place_raw_call
from tests.live.notice.ringing_phone import RingingPhone
from tests.notice.scenarios.scenario import CALLER, Scenario

CARRIER_HOST: Final = "127.0.0.5"
_AUDIO_PORTS: Final = 300
_ENDPOINT: Final = "type = endpoint\ncontext = calls\ndisallow = all\nallow = ulaw\ndirect_media = no\n"
_CARRIER: Final = f"""[carrier]
{_ENDPOINT}identify_by = ip
trust_id_inbound = yes
[carrier]
type = identify
endpoint = carrier
match = {CARRIER_HOST}
"""
OPTIONS: Final = "B(karipass-notice^{step}^1(${{EXTEN}}))b(karipass-notice^leg^1)U(karipass-notice)"
_LONG_NAME: Final = '"' + "あ" * 3333 + f'" <sip:{CALLER}@carrier.example>'


def exchange_for(directory: Path, scenarios: Sequence[Scenario], phones: Mapping[str, RingingPhone]) -> Exchange:
    """Make the exchange of some scenarios, not started yet.

    Args:
        directory: where it keeps its files.
        scenarios: whose numbers it has.
        phones: the phones by their numbers.
    """
    dialplan = []
    for scenario in scenarios:
        dialplan += _dialplan(scenario)
    dialplan += [f"exten => _X.,1,Dial(PJSIP/${{EXTEN}},8,{OPTIONS.format(step='call')})", " same => n,Hangup()"]
    return exchange_of(directory, dialplan, phones, audio_ports=_AUDIO_PORTS)


def exchange_of(
    directory: Path,
    dialplan: Sequence[str],
    phones: Mapping[str, RingingPhone],
    *,
    audio_ports: int,
    own: Mapping[str, str] | None = None,
) -> Exchange:
    """Make an exchange with a journal that a carrier's trunk calls, not started yet.

    Args:
        directory: where it keeps its files.
        dialplan: what it does with the trunk's calls.
        phones: its phones by their names.
        audio_ports: how many ports for audio it has.
        own: what its configuration files have besides.
    """
    sip, rtp = free_udp_ports(audio_ports)
    ami, agi = free_tcp_ports(2)
    endpoints = [
        f"[{name}]\n{_ENDPOINT}aors = {name}\n[{name}]\ntype = aor\ncontact = sip:{name}@{phone.address}\n"
        for name, phone in phones.items()
    ]
    return Exchange(
        ExchangeConfig(
            run_dir=directory / "exchange",
            access_number="0363044747",
            sounds_dir=SOUNDS_DIR,
            ami_secret="not-a-secret",
            agi_port=agi,
            sip_port=sip,
            rtp_ports=(rtp, rtp + audio_ports - 1),
            ami_port=ami,
            has_journal=True,
            own={
                "pjsip.conf": _CARRIER + "".join(endpoints),
                "extensions.conf": "\n".join(["[calls]", *dialplan]) + "\n",
            }
            | dict(own or {}),
        )
    )


def journal_of(exchange: Exchange) -> Path:
    return exchange.config.run_dir / JOURNAL


def place_call(exchange: Exchange, scenario: Scenario) -> None:
    """Place the call of a scenario, and wait for its end."""
    values = dict(scenario.caller)
    stays_s = float(values.pop("stays_s", 12.0))
    if "octets" in values:
        sender = values["octets"].encode("latin-1")
        place_raw_call(("127.0.0.1", exchange.config.sip_port), scenario.number, host=CARRIER_HOST, sender=sender)
        return
    if values.pop("long_name", False):
        values["sender"] = _LONG_NAME
    phone = SippPhone(
        exchange=("127.0.0.1", exchange.config.sip_port), access_number=scenario.number, host=CARRIER_HOST
    )
    phone.call(Caller(**{"number": CALLER} | values), patience_s=stays_s)


def _dialplan(scenario: Scenario) -> list[str]:
    """Write what the exchange does with the calls to a number."""
    does = scenario.exchange
    number, rings_s = scenario.number, does.get("rings_s", 8)
    if "refuses" in does:
        steps = [f"Gosub(karipass-notice,refused,1(${{EXTEN}},{does['refuses']}))", "Hangup(21)"]
    else:
        own = f"Dial(PJSIP/${{EXTEN}},{rings_s},{OPTIONS.format(step='call')})"
        target = f"Dial(PJSIP/{does.get('forwards_to')},{rings_s},{OPTIONS.format(step='forward')})"
        steps = [] if does.get("always") else [own]
        steps += [target] if "forwards_to" in does else []
        steps += ["Answer()", f"Wait({does['voicemail_s']})"] if "voicemail_s" in does else []
        steps += ["Hangup()"]
    first, *rest = steps
    return [f"exten => {number},1,{first}", *(f" same => n,{step}" for step in rest)]
