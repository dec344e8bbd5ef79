"""The outbox: letters in the store's database, from when they are due until what became of them is forgotten."""

from mail.outbox.deliveries import Backlog, Delivery, Reason, State
from mail.outbox.limits import Limit, LimitReached, MailLimits, Rate
from mail.outbox.outbox import Outbox, find_deliveries
from mail.outbox.schema import MAIL

__all__ = [
    "MAIL",
    "Backlog",
    "Delivery",
    "Limit",
    "LimitReached",
    "MailLimits",
    "Outbox",
    "Rate",
    "Reason",
    "State",
    "find_deliveries",
]
