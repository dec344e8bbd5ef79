"""`ivr mailbox`: a mail server for trying it out, with a page that shows what came."""

from __future__ import annotations

import structlog

from ivr.cli.common import print_remark
from ivr.cli.serving.interrupts import heed_sigint
from ivr.doctor.checks.host.ports import require_free
from ivr.host.ports import mailbox_ports
from ivr.host.process_limits import leave_no_core_dumps
from ivr.host.settings import Settings
from logs.levels import LogLevel
from logs.setup import configure_logs

_log = structlog.get_logger(__name__)


def mailbox(log_level: LogLevel) -> None:
    """Receive and show mails until stopped.

    Args:
        log_level: the least important lines to write.
    """
    heed_sigint()
    configure_logs(level=log_level)
    leave_no_core_dumps()
    settings = Settings.load()
    page, smtp = mailbox_ports(settings)
    require_free([page, smtp])
    try:
        from mail.mailbox import run_mailbox
    except ModuleNotFoundError as error:
        print_remark(f"ivr mailbox needs the Python package {error.name}: install karipass with its extra mailbox")
        raise SystemExit(1) from None
    run_mailbox(
        port=page.port,
        smtp_port=smtp.port,
        ready=lambda: _log.info(
            "mailbox_serving", address=f"http://{page.host}:{page.port}/", smtp=f"{smtp.host}:{smtp.port}"
        ),
    )
