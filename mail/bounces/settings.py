"""The settings of bounces, which are off unless there is a domain for them (`KARIPASS_MAIL_BOUNCE_...`)."""

from __future__ import annotations

from typing import Annotated, Any, Final, Self

from pydantic import AfterValidator
from pydantic_settings import BaseSettings, SettingsConfigDict

from mail.addresses import InvalidAddress, require_address
from settings.errors import PREFIX, read_settings
from settings.values import HostName, Port

_LONGEST: Final = "bounce-" + 24 * "b" + "-" + 16 * "b"
"""What stands before the @ of an address of bounces."""


def _domain(text: str) -> str:
    try:
        require_address(f"{_LONGEST}@{text}")
    except InvalidAddress:
        raise ValueError("write a domain that has no other mailboxes, as in bounces.example.jp") from None
    return text.lower()


class BounceSettings(BaseSettings):
    """The settings that sender and receiver share. Each name, with `KARIPASS_` before it, is an environment variable.

    Make one with `load`: it turns pydantic's errors into one line each.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True)

    mail_bounce_domain: Annotated[HostName, AfterValidator(_domain)] | None = None
    """Mails that come back go to addresses of this domain, and your mail server brings them to `ivr bounces`."""
    mail_bounce_host: HostName = "127.0.0.1"
    """Where `ivr bounces` takes them, by SMTP or LMTP. A bounce may quote the mail: keep it off public networks."""
    mail_bounce_port: Port = 4580

    @classmethod
    def load(cls, **values: Any) -> Self:
        """Read the environment.

        Args:
            values: settings that override it.

        Raises:
            SettingsError: names each wrong variable, its value and what is expected.
        """
        return read_settings(cls, **values)
