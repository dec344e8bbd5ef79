"""The subscribers who log in at the settings sites while things break."""

from __future__ import annotations

from functools import partial
from typing import Final

from credentials.model import Unit
from credentials.store import CredentialStore
from ivr.lab.hosts.many_hosts import CALLERS, ManyHosts
from ivr.lab.hosts.namespace import enter
from ivr.lab.hosts.site import SITE_PORT
from ivr.lab.load.logins import Account, Logins

_PEOPLE: Final = 60
EACH_SECOND: Final = 1.0
"""How many log in each second."""
_FIRST_PASSWORD: Final = 24_680_000


def lines_of_people() -> str:
    """Return the lines of the subscribers, as a CSV file has them below its head."""
    return "".join(f"{_number(place)},\n" for place in range(_PEOPLE))


def logins(house: ManyHosts) -> Logins:
    """Give each subscriber a temporary password, and return their logins, which have not begun yet."""
    store = house.store()
    try:
        accounts = [_account(store, place) for place in range(_PEOPLE)]
    finally:
        store.close()
    return Logins(
        [(house.network.address(name), SITE_PORT) for name in house.hosts],
        accounts,
        each_second=EACH_SECOND,
        tls=None if house.certificates is None else house.certificates.client_context(),
        begin=partial(enter, house.network.namespace(CALLERS)),
    )


def _account(store: CredentialStore, place: int) -> Account:
    number, password = _number(place), f"{_FIRST_PASSWORD + place}"
    store.set_temporary_password(
        caller=number, target=number, unit=Unit.LINE, password=password, call_id=f"given{place}"
    )
    return Account(number=number, secret=password, address=f"203.0.113.{place + 1}")


def _number(place: int) -> str:
    return f"0479{place:06d}"
