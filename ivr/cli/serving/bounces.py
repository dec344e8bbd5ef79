"""`ivr bounces`: takes mails that come back, and notes in the outbox why."""

from __future__ import annotations

from typing import Final

from ivr.cli.common import key_ring, load_settings, make_state_dir, print_remark
from ivr.cli.serving.registered import registered
from ivr.cli.serving.watched import watched
from ivr.doctor.checks.host.ports import require_free
from ivr.host.ports import Port, bounces_health_port
from ivr.host.process_limits import leave_no_core_dumps
from logs.levels import LogLevel
from logs.setup import configure_logs
from mail.bounces.metrics import Metrics
from mail.bounces.settings import BounceSettings
from settings.errors import SettingsError

_COMMANDS: Final = ("bounces",)


def bounces(log_level: LogLevel) -> None:
    """Take them until stopped.

    Args:
        log_level: the least important lines to write.
    """
    configure_logs(level=log_level)
    leave_no_core_dumps()
    settings = load_settings()
    own = BounceSettings.load()
    if own.mail_bounce_domain is None:
        raise SettingsError(
            "KARIPASS_MAIL_BOUNCE_DOMAIN is missing: write the domain to which mails come back, as for `ivr mail`"
        )
    host, port = own.mail_bounce_host, own.mail_bounce_port
    require_free([Port("bounces", host, port, "KARIPASS_MAIL_BOUNCE_PORT", _COMMANDS)])
    make_state_dir(settings)
    try:
        from mail.bounces.serving import receive_until_stopped
    except ModuleNotFoundError as error:
        print_remark(f"ivr bounces needs the Python package {error.name}: install karipass with its extra bounces")
        raise SystemExit(1) from None
    metrics = Metrics()
    with (
        registered(settings, "bounces"),
        watched(bounces_health_port(settings), metrics.page, lambda: {"receiver": ""}),
    ):
        receive_until_stopped(
            settings.store_url, key_ring(settings), own.mail_bounce_domain, host, port, metrics=metrics
        )
