"""What `ivr up` runs beside the service: console, settings site, mails and call notices, and a mailbox."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Final

from ivr.cli.serving.hosting import environment_of
from ivr.host.ports import MAILBOX_HOST
from ivr.host.settings import Settings
from ivr.service.side_process import SideProcess

MAIL_SERVER: Final = "KARIPASS_SMTP_HOST"
"""Who sets it has a mail server, and needs no mailbox of ours."""
_SENDER: Final = "karipass <no-reply@karipass.example>"


def sides_of(settings: Settings, environment: Mapping[str, str] = os.environ) -> Sequence[SideProcess]:
    """Prepare the processes beside a service, not started yet (each is a context manager).

    Args:
        settings: the instance's settings.
        environment: this process's environment.
    """
    own = environment_of(settings, environment)
    sides = [SideProcess("console", own, (settings.console_host, settings.console_port))]
    if has_mailbox(environment):
        own |= mail_environment(settings, environment)
        sides.append(SideProcess("mailbox", own, (MAILBOX_HOST, settings.mailbox_port)))
    sides.append(SideProcess("mail", own))
    sides.append(SideProcess("notice serve", own))
    sides.append(SideProcess("portal", own, (settings.portal_host, settings.portal_port)))
    return sides


def mail_environment(settings: Settings, environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the variables that lead mails to the mailbox for trying it out; none if there is a mail server."""
    if not has_mailbox(environment):
        return {}
    return {
        MAIL_SERVER: MAILBOX_HOST,
        "KARIPASS_SMTP_PORT": str(settings.mailbox_smtp_port),
        "KARIPASS_SMTP_SECURITY": "none",
        "KARIPASS_MAIL_FROM": environment.get("KARIPASS_MAIL_FROM", _SENDER),
    }


def has_mailbox(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether mails go to the mailbox for trying it out: there is no mail server."""
    return MAIL_SERVER not in environment
