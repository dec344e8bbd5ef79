"""Runs `ivr serve` beside an existing Asterisk, and `ivr up` with an Asterisk of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack

from ivr.call.guidance import Guidance
from ivr.cli.common import DATABASE_VARIABLE, KEY_VARIABLE, system_operator
from ivr.cli.serving.free_ports import Moved, with_free_ports
from ivr.cli.serving.hosting import Host
from ivr.cli.serving.instance import claimed_state_dir, command_line, start_turn
from ivr.cli.serving.notice import open_notice_store
from ivr.cli.serving.sides import has_mailbox, mail_environment, sides_of
from ivr.cli.serving.signals import StopRequests
from ivr.doctor.checks.host.ports import require_free
from ivr.exchange.process import find_asterisk
from ivr.exchange.sample_subscribers import start_notices
from ivr.exchange.standalone import import_sample_lines, manual, prepare_exchange, with_own_journal
from ivr.host.handed_sockets import HandedSockets
from ivr.host.port_marks import marked
from ivr.host.ports import service_ports
from ivr.host.process_limits import leave_no_core_dumps, within_file_limit
from ivr.host.running import RunningInstance
from ivr.host.settings import Settings
from ivr.host.settings_file import environment_with_file
from ivr.service.watching.audit_heads import AuditHeads
from logs.levels import LogLevel
from logs.setup import configure_logs


def serve(log_level: LogLevel, *, log_json: bool | None, workers: int | None) -> None:
    """Run the service until it is stopped.

    Args:
        workers: how many processes answer calls; None as the settings say.
        log_level: the least important lines to write.
        log_json: whether to write them as JSON; None does so unless standard error is a terminal.
    """
    configure_logs(level=log_level, json=log_json)
    leave_no_core_dumps()
    with StopRequests() as requests:
        given = {} if workers is None else {"workers": workers}
        settings = within_file_limit(Settings.of_environment(environment_with_file(os.environ), **given))
        handed = HandedSockets()
        require_free(port for port in service_ports(settings) if not handed.has(port.host, port.port))
        Host(settings, os.environ, log_level, log_json=log_json).run(requests, handed=handed)


def up(log_level: LogLevel) -> None:
    """Run an Asterisk, the service, and what belongs beside it, until they are stopped."""
    configure_logs(level=log_level)
    leave_no_core_dumps()
    with StopRequests() as requests:
        wanted = within_file_limit(Settings.from_environment())
        with claimed_state_dir(wanted) as (settings, instance):
            requests.at_once(instance.release)
            find_asterisk(settings.state_dir.absolute())  # may take a minute: do it before others must wait for us
            notes = [] if settings.state_dir == wanted.state_dir else [_second(wanted, settings)]
            _start_in_turn(settings, instance, requests, notes, log_level)


def _start_in_turn(
    settings: Settings, instance: RunningInstance, requests: StopRequests, notes: Sequence[str], log_level: LogLevel
) -> None:
    with ExitStack() as turn:
        turn.enter_context(start_turn())
        settings, moved = with_free_ports(settings)
        notes = [*notes, *_notes(settings, moved)]
        Guidance.load(settings.language, settings.operator_prompts_dir)  # before the store is made or migrated
        settings = with_own_journal(settings)
        with open_notice_store(settings, AuditHeads().appended) as store:
            import_sample_lines(store, operator=system_operator())
            if has_mailbox():  # elsewhere mails would go out, to addresses that we made up
                start_notices(store, operator=system_operator())
        sides, exchange = sides_of(settings), prepare_exchange(settings)
        for side in sides:
            requests.at_once(side.end_at_once)
        requests.at_once(exchange.end_at_once)

        def ready() -> None:
            turn.close()
            print(manual(settings, ivr=command_line(settings), mailbox=has_mailbox(), notes=notes), flush=True)

        first, last = settings.rtp_range
        with ExitStack() as running:
            running.enter_context(marked(range(first, last + 1)))
            for side in sides:
                running.enter_context(side)
            running.enter_context(exchange)
            for side in sides:
                side.wait_until_it_listens()
            instance.publish(settings.to_publish, mail_environment(settings))
            Host(settings, os.environ, log_level, log_json=None).run(requests, ready=ready, exchange=exchange)


def _second(wanted: Settings, settings: Settings) -> str:
    return (
        f"Another karipass runs in {wanted.state_dir}. This one has lines, passwords and records of its\n"
        f"  own, in {settings.state_dir}: the commands below name it."
    )


def _notes(settings: Settings, moved: Sequence[Moved]) -> Iterator[str]:
    if moved:
        yield f"Ports whose default is taken here: {', '.join(map(str, moved))}."
    unpublished = [name for name in (DATABASE_VARIABLE, KEY_VARIABLE) if name in os.environ]
    if unpublished:
        yield f"In other terminals, set {' and '.join(unpublished)} as here: secrets are not written to a file."
