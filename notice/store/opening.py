"""The store with all that call notices need of it."""

from __future__ import annotations

from typing import Any, Self

from credentials.store import CredentialStore
from mail.outbox import MAIL
from notice.sides.bulk_side import NoticeBulkSide
from notice.sides.choosing_side import ChoosingSide
from notice.sides.ledger_side import LedgerSide
from notice.sides.lookup_side import LookupSide
from notice.sides.subscriber_side import SubscriberSide
from notice.store.schema import NOTICE
from storage.database import Database, database_border
from storage.migrate import upgrade


class NoticeStore(SubscriberSide, NoticeBulkSide, LedgerSide, LookupSide, ChoosingSide, CredentialStore):
    """The credential store, and in it the call notices: settings, verdicts and how far the journals were read.

    The settings site needs `SubscriberSide` and `NoticeBulkSide` of it, the journal's reader `LedgerSide`, an operator
    `LookupSide` and `ChoosingSide`.
    """

    @classmethod
    def open(cls, url: str, **options: Any) -> Self:
        """Open the store; create or upgrade the schemas of credentials, mail and call notices if needed.

        Args:
            url: as for `CredentialStore.open`, like all other options.
        """
        store = super().open(url, **options)  # first, because settings refer to its numbers
        try:
            _upgrade(store._database)
        except BaseException:
            store.close()
            raise
        return store


@database_border
def _upgrade(database: Database) -> None:
    upgrade(database, MAIL)
    upgrade(database, NOTICE)
