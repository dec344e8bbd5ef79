"""The page that says how large a house must be, in Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ivr.lab.sizing.figures import Figures
from ivr.lab.sizing.model import Evening, Limit, Model, Rates

USUAL_NUMBERS: Final = (100_000, 1_000_000, 10_000_000, 60_000_000)
"""Up to a country's telephone numbers."""
_HOSTS: Final = (1, 10)
_GAVE_WAY: Final = {
    "clock": "the service got the processor too late",
    "audio": "Asterisk got the processor too late",
    "store": "passwords waited too long until they were stored",
    "memory": "memory ran out",
    "": "nothing, so it carries more",
}


def page(figures: Figures, evening: Evening, numbers: Sequence[int], *, load: float) -> str:
    """Write the page.

    Args:
        figures: what was measured.
        evening: what subscribers do in the busiest hour.
        numbers: for how many telephone numbers it says what is needed.
        load: how much of what a host can do it is to do.
    """
    model = Model(figures)
    parts = [
        "# Sizing",
        "",
        "What hosts and a database carry, from what their work costs on one machine. Measure yours, and get this page"
        " for it:",
        "",
        "```sh",
        "ivr capacity --figures figures.json     # as root, with nothing else on the machine; some six minutes",
        "ivr sizing figures.json",
        "```",
        "",
        *_measured(figures, model),
        *_carried(model),
        *_evenings(model, evening, numbers, load),
        *_assumed(evening, load),
    ]
    return "\n".join(parts) + "\n"


def _measured(figures: Figures, model: Model) -> list[str]:
    calls, logins, notices, trail = figures.calls, figures.logins, figures.notices, figures.trail
    return [
        "## What was measured",
        "",
        f"{figures.processors} processors, {figures.memory_mib / 1024:.0f} GiB, karipass {figures.version},"
        f" {figures.measured_at}. Everything was on that machine: callers, Asterisk, service, PostgreSQL.",
        "",
        "| work | seconds of a processor |",
        "|---|---|",
        f"| a call for a second: Asterisk | {calls.exchange:.5f} |",
        f"| the same: service and store process | {calls.service:.5f} |",
        f"| the same: PostgreSQL | {calls.database:.5f} |",
        f"| a login: settings site | {logins.site:.4f} |",
        f"| the same: PostgreSQL | {logins.database:.4f} |",
        f"| an incoming call and its mail: reader | {notices.reader:.4f} |",
        f"| the same: sender | {notices.sender:.4f} |",
        f"| the same: PostgreSQL | {notices.database:.4f} |",
        "",
        f"- {calls.carried} calls at once, then {_GAVE_WAY.get(calls.gave_way, calls.gave_way)}. With its callers"
        f" the machine then used {model.usable_processors:.2f} of its processors: so many a host can use.",
        f"- A call lasted {calls.lasts_s:.0f} s. At {calls.steady} calls at once Asterisk had"
        f" {calls.exchange_mib:.0f} MiB, the service {calls.service_mib:.0f} MiB.",
        f"- {logins.each_second:.0f} logins a second ({logins.counted} of them), and {notices.each_second:.0f} mails"
        f" about incoming calls ({notices.counted}), each with its database on the same machine.",
        f"- {trail.each_second:.0f} records a second in the audit trail ({trail.counted}): each names the one before"
        " it, so they are written one after the other, however many processors PostgreSQL has.",
        "",
    ]


def _carried(model: Model) -> list[str]:
    rows = []
    for hosts in _HOSTS:
        name = "1 host" if hosts == 1 else f"{hosts} hosts"
        calls, by_calls = model.most(Rates(calls=1), hosts=hosts)
        logins, by_logins = model.most(Rates(logins=1), hosts=hosts)
        notices, by_notices = model.most(Rates(notices=1), hosts=hosts)
        rows += [
            f"| {name} | {_count(model.calls_at_once(calls.calls))} calls at once"
            f" ({calls.calls:.1f} begin each second) | {by_calls} |",
            f"| {name} | {_count(logins.logins)} logins a second | {by_logins} |",
            f"| {name} | {_count(notices.notices)} incoming calls with a mail a second | {by_notices} |",
        ]
    many = 10**9  # as many hosts as it takes: then only the database gives way
    calls, _ = model.most(Rates(calls=1), hosts=many)
    logins, _ = model.most(Rates(logins=1), hosts=many)
    notices, by_notices = model.most(Rates(notices=1), hosts=many)
    rows += [
        f"| 1 PostgreSQL | {_count(model.calls_at_once(calls.calls))} calls at once"
        f" ({calls.calls:.0f} begin each second) | {model.most(Rates(calls=1), hosts=many)[1]} |",
        f"| 1 PostgreSQL | {_count(logins.logins)} logins a second | {model.most(Rates(logins=1), hosts=many)[1]} |",
        f"| 1 PostgreSQL | {_count(notices.notices)} incoming calls with a mail a second | {by_notices} |",
    ]
    return [
        "## What a house carries",
        "",
        "Each kind of work alone, at the limit. Callers and PostgreSQL are on other machines, the database on one like"
        " this.",
        "",
        "| house | carries | then gives way |",
        "|---|---|---|",
        *rows,
        "",
    ]


def _evenings(model: Model, evening: Evening, numbers: Sequence[int], load: float) -> list[str]:
    rows = []
    for count in numbers:
        work = evening.rates(count)
        hosts = model.hosts_for(work, load=load)
        need = model.need(work, hosts=hosts)
        rows.append(
            f"| {count:,} | {_count(model.calls_at_once(work.calls))} | {_rate(work.logins)} | {_rate(work.notices)} |"
            f" {hosts} + 1 | {need.shares[Limit.DATABASE]:.0%} | {need.shares[Limit.TRAIL]:.0%} |"
            f" {need.first} |"
        )
    return [
        "## Evenings",
        "",
        "The busiest hour of the year. One host more than are needed, so that one may fail. PostgreSQL's columns say"
        " how much of a database machine like this, and of the audit trail, the evening takes; more than 100 % needs a"
        " larger machine, or lines divided over several houses.",
        "",
        "| numbers | calls at once | logins/s | mails/s | hosts | PostgreSQL | audit trail | gives way first |",
        "|---|---|---|---|---|---|---|---|",
        *rows,
        "",
    ]


def _assumed(evening: Evening, load: float) -> list[str]:
    return [
        "## What is assumed",
        "",
        f"- For 1,000 telephone numbers, in that hour: {evening.calls:g} calls to the access number, {evening.logins:g}"
        f" logins, {evening.notices:g} incoming calls whose number wants a mail. These are guesses. Put your own in:"
        " `--calls`, `--logins`, `--notices`.",
        f"- A host does {load:.0%} of what it can (`--load`): the rest is for moments that are busier than their hour.",
        "- Costs grow in proportion with the work. That is so for calls up to where a host gives way; beyond, new calls"
        " are turned away.",
        "- A machine with more processors carries more in proportion. A faster one is another machine: measure it.",
        "- Hosts share the work evenly (Kamailio spreads calls; one Asterisk of the carrier's has one journal and one"
        " reader).",
        "- Large tables do not slow the work down: [scale](scale.md).",
    ]


def _count(amount: float) -> str:
    """Keep two digits: more would promise too much."""
    if amount < 10:
        return f"{amount:.1f}"
    digits = len(str(int(amount)))
    return f"{round(amount, 2 - digits):,.0f}"


def _rate(amount: float) -> str:
    return f"{amount:.2g}" if amount < 10 else _count(amount)
