"""Makes a letter into a mail: headers, and a text of seven-bit lines that any server takes."""

from __future__ import annotations

from email import policy
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Final

from mail.outbox.leases import Leased
from mail.settings import MailSettings

_POLICY: Final = policy.SMTP.clone(cte_type="7bit")
_ENCODED: Final = "=?"
"""How an encoded word starts (RFC 2047): what is in it would be decoded, and nobody has looked at that."""
_NOT_ENCODED: Final = "= ?"
_NOBODY_NAMED: Final = "undisclosed-recipients:;"


def compose(letter: Leased, settings: MailSettings) -> bytes:
    """Return a letter as a mail. However often it is sent, it is the same mail: same Message-ID, same Date."""
    mail = EmailMessage(policy=_POLICY)
    mail["From"] = settings.sender
    mail["To"] = _recipient(letter.to)
    mail["Subject"] = letter.subject.replace(_ENCODED, _NOT_ENCODED)
    mail["Date"] = format_datetime(letter.created_at)
    mail["Message-ID"] = f"<{letter.letter_id}@{settings.sender.domain}>"
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no vacation reply, please
    mail.set_content(letter.body)
    return mail.as_bytes()


def _recipient(address: str) -> Address | str:
    """Return the address as a header takes it. Of the guide's addresses RFC 5322 forbids some, such as `ann@.jp`: a
    server that takes those is to have its letter, too.
    """
    try:
        return Address(addr_spec=address)
    except (HeaderParseError, ValueError, IndexError):
        return _NOBODY_NAMED
