"""`ivr up`, `serve`, `console`, `portal`, `mail`, `bounces`, `mailbox`: their options and help.

What they run is imported then.
"""

from __future__ import annotations

from typing import Annotated

import typer

from ivr.cli.common import reporting_errors
from logs.levels import LogLevel

LevelOption = Annotated[LogLevel, typer.Option("--log-level", help="The least important lines to write.")]


@reporting_errors
def up(log_level: LevelOption = LogLevel.INFO) -> None:
    """Start an Asterisk, sample lines, the service and the console on this machine, and say how to call it.

    If a default port is taken, a free one is used, and other commands find it by themselves. Ctrl-C or SIGTERM lets the
    calls in progress end, then stops everything; a second one stops it at once.
    """
    from ivr.cli.serving.serve import up as run

    run(log_level)


@reporting_errors
def serve(
    log_level: LevelOption = LogLevel.INFO,
    log_json: Annotated[
        bool | None,
        typer.Option("--log-json/--log-text", help="By default JSON unless standard error is a terminal."),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            min=1, help="How many processes answer calls. By default KARIPASS_WORKERS, or one for every two processors."
        ),
    ] = None,
) -> None:
    """Answer the access number's calls for an Asterisk that is configured with the files in dialplan/.

    SIGTERM or Ctrl-C lets the calls in progress end, then stops the service; a second one stops it at once. SIGHUP
    replaces the worker processes one by one under calls, with the program and the settings (KARIPASS_SETTINGS_FILE) as
    they are then.
    """
    from ivr.cli.serving.serve import serve as run

    run(log_level, log_json=log_json, workers=workers)


@reporting_errors
def console(
    name: Annotated[
        list[str] | None,
        typer.Option(
            metavar="HOST",
            help="A name under which browsers reach it, besides this machine's loopback; can be given several times. "
            "By default the names of KARIPASS_CONSOLE_NAMES.",
        ),
    ] = None,
    https: Annotated[
        bool | None,
        typer.Option(
            "--https/--http",
            help="Browsers reach it over https, by way of a proxy: cookies are sent over nothing else. "
            "By default as KARIPASS_CONSOLE_HTTPS says.",
        ),
    ] = None,
    log_level: LevelOption = LogLevel.INFO,
) -> None:
    """Serve the operators' console until SIGTERM or Ctrl-C. `ivr operator add` says who may log in.

    Five failed logins within a minute are followed by a minute of refusal. It holds for the browser if that operator
    has logged in from it before, otherwise for the address. Behind a proxy all other browsers share the proxy's
    address, and are refused together, unless KARIPASS_CONSOLE_PROXIES names the proxy and it sends the client's address
    in X-Forwarded-For.
    """
    from ivr.cli.serving.console import console as run

    run(names=name, https=https, log_level=log_level)


@reporting_errors
def mail(log_level: LevelOption = LogLevel.INFO) -> None:
    """Send the mails that wait in the store's outbox until SIGTERM or Ctrl-C.

    KARIPASS_SMTP_HOST names the mail server and KARIPASS_MAIL_FROM the sender. Several may run at once, on one host or
    more.
    """
    from ivr.cli.serving.mail import mail as run

    run(log_level)


@reporting_errors
def bounces(log_level: LevelOption = LogLevel.INFO) -> None:
    """Take mails that come back, and note why, until SIGTERM or Ctrl-C.

    KARIPASS_MAIL_BOUNCE_DOMAIN names the domain to which they come back; docs/call-notice.md says how your mail server
    brings them here, by SMTP or LMTP. One that was refused for good counts like a refusal.
    """
    from ivr.cli.serving.bounces import bounces as run

    run(log_level)


@reporting_errors
def mailbox(log_level: LevelOption = LogLevel.INFO) -> None:
    """Receive mails on this machine and show them on a page, for trying it out, until SIGTERM or Ctrl-C.

    `ivr mail` sends to it with KARIPASS_SMTP_HOST=127.0.0.1, KARIPASS_SMTP_PORT=4572 and KARIPASS_SMTP_SECURITY=none.
    """
    from ivr.cli.serving.mailbox import mailbox as run

    run(log_level)


@reporting_errors
def portal(log_level: LevelOption = LogLevel.INFO) -> None:
    """Serve the subscribers' settings site until SIGTERM or Ctrl-C.

    It listens on this machine alone unless KARIPASS_PORTAL_HOST says otherwise. To be reached from elsewhere it needs
    https: its own, with KARIPASS_PORTAL_CERTIFICATE and KARIPASS_PORTAL_KEY, or that of a proxy, with
    KARIPASS_PORTAL_HTTPS and KARIPASS_PORTAL_PROXIES. KARIPASS_PORTAL_URL is its own address. At SIGHUP it reads its
    certificate again.
    """
    from ivr.cli.serving.portal import portal as run

    run(log_level)
