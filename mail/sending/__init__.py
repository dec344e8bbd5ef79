"""The sender: takes letters from the outbox and hands them to a mail server over SMTP."""

from mail.sending.metrics import Metrics
from mail.sending.outcomes import Trouble
from mail.sending.process import send_until_stopped
from mail.sending.sender import Counts, Happening, Kind, Sender

__all__ = ["Counts", "Happening", "Kind", "Metrics", "Sender", "Trouble", "send_until_stopped"]
