"""The site that is examined: the settings of this host, and the Asterisk that they lead to."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Final

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from ivr.doctor.exchange_facts import ExchangeFacts, ask_exchange
from ivr.exchange.configuration import MANAGER_USER
from ivr.exchange.standalone import agi_secret, ami_secret
from ivr.host.running import running_environment
from ivr.host.settings import Settings
from ivr.telephony.ami.connection import AmiLogin
from ivr.telephony.ami.messages import AmiError
from mail.settings import MailSettings
from settings.errors import PREFIX, SettingsError

MAIL_SERVER: Final = "KARIPASS_SMTP_HOST"


class Site:
    """Everything that checks look at. Facts that take time are fetched once, when they are first needed.

    Args:
        settings: the service's settings.
        environment: the variables that the settings came from.
    """

    def __init__(self, settings: Settings, environment: Mapping[str, str]) -> None:
        self.settings = settings
        self.environment = environment

    @cached_property
    def mail_of_instance(self) -> Mapping[str, str]:
        """The variables by which the instance that runs here leads mails to its mailbox for trying it out.

        Empty if this terminal names a mail server, or no instance with a mailbox runs. (No other terminal has the
        variables that `ivr up` sets for its own processes.)
        """
        return {} if MAIL_SERVER in self.environment else running_environment(self.settings.state_dir)

    @property
    def has_mail_server(self) -> bool:
        """Whether there is a mail server: one that this terminal names, or an instance's mailbox."""
        return MAIL_SERVER in self.environment or MAIL_SERVER in self.mail_of_instance

    def mail_settings(self) -> MailSettings:
        """Read the settings of mail.

        Raises:
            SettingsError: names each wrong variable, its value and what is expected.
        """
        beside = {name.removeprefix(PREFIX).lower(): value for name, value in self.mail_of_instance.items()}
        return MailSettings.load(**beside)

    @cached_property
    def exchange(self) -> ExchangeFacts | str:
        """Asterisk's facts about itself; or why it cannot be asked, with the remedy."""
        settings = self.settings
        try:
            secret = self.ami_secret
            login = AmiLogin(host=settings.ami_host, port=settings.ami_port, user=MANAGER_USER, secret=secret)
            return asyncio.run(ask_exchange(login))
        except (AmiError, SettingsError) as error:
            return str(error)

    @cached_property
    def store_file(self) -> Path | None:
        """The file that the store is in; None if it is a server's, or nowhere."""
        try:
            parsed = make_url(self.settings.store_url)
        except (ArgumentError, ValueError):
            return None  # opening it says what is wrong, without the password that may be in the URL
        return Path(parsed.database) if parsed.get_backend_name() == "sqlite" and parsed.database else None

    @property
    def ami_secret(self) -> str:
        """The manager user's secret.

        Raises:
            SettingsError: there is none; this method does not make one.
        """
        if self.settings.ami_secret is None:
            self._require("ami-secret", "KARIPASS_AMI_SECRET")
        return ami_secret(self.settings)

    @property
    def agi_secret(self) -> str:
        """The secret that the dialplan proves to the service.

        Raises:
            SettingsError: there is none; this method does not make one.
        """
        if self.settings.agi_secret is None:
            self._require("agi-secret", "KARIPASS_AGI_SECRET")
        return agi_secret(self.settings)

    def _require(self, name: str, variable: str) -> None:
        path = self.settings.state_dir / name
        if not path.exists():
            raise SettingsError(
                f"neither {variable} is set nor does {path} exist: set the variable, or start the service once"
            )
