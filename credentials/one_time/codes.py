"""The codes that are mailed as one-time passwords (docs/rules.md 3.11), inside the transaction that holds the line.

A code has 10^8 values, so its digest is keyed, like that of a temporary password: without the key a stolen database
does not help to guess it. Nothing slower is needed for something that is good for 300 s. Each wrong try counts against
every code of the number that is still good, so that asking for more codes gives no more tries at one of them.
"""

import hmac
import re
import secrets
import unicodedata
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from credentials.one_time.model import CodeProof, CodeToSend, CodeVerdict
from credentials.rules import CODE_DIGITS, CODE_LIFETIME, CODE_TRIES
from credentials.schema import one_time_codes as table
from credentials.secrets.keys import Key, KeyRing
from storage.clock import latest_at

_CONTEXT: Final = b"karipass one-time code 1"
_LETTERS: Final = "ACDEFHJKLMNPRTUVWXY"
"""The letters of a name: none that looks like another, or like a digit."""
_KEPT: Final = timedelta(hours=1)
"""How long a code is kept after its end, so that who types it late is told that it is late."""
MOST_OF_A_NUMBER: Final = 20
"""How many codes of a number are kept. Mails are limited to far fewer by whoever sends them."""
_BY_NUMBER: Final = select(table).where(table.c.number == bindparam("number"))
_SEPARATORS: Final = re.compile(r"[\s\-]")
_LONGEST_TEXT: Final = 40


@dataclass(frozen=True)
class _Code:
    code_id: str
    name: str
    digest: str = field(repr=False)
    key_id: str
    failures: int
    made_at: datetime
    expires_at: datetime

    def is_live(self, now: datetime) -> bool:
        return self.failures < CODE_TRIES and self.made_at <= latest_at(now) and now < self.expires_at


def new_code(
    connection: Connection, number: str, *, address: str, language: str, key: Key, now: datetime
) -> CodeToSend:
    """Store a new code of a number beside those that are still good, and return it for its mail."""
    connection.execute(delete(table).where(table.c.number == number, table.c.expires_at <= now - _KEPT))
    known = sorted(_codes(connection, number), key=lambda code: code.made_at)
    spare = known[: max(0, len(known) + 1 - MOST_OF_A_NUMBER)]
    connection.execute(delete(table).where(table.c.code_id.in_([code.code_id for code in spare])))
    taken = {code.name for code in known}
    name = next(name for name in iter(_random_name, "") if name not in taken)
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"
    new = CodeToSend(number, address, code, name, now + CODE_LIFETIME, language)
    connection.execute(
        insert(table).values(
            code_id=uuid.uuid4().hex,
            number=number,
            name=name,
            digest=_digest(key, number, code),
            key_id=key.key_id,
            failures=0,
            made_at=now,
            expires_at=new.expires_at,
        )
    )
    return new


def prove(connection: Connection, number: str, typed: str, *, ring: KeyRing, now: datetime) -> CodeProof:
    """Judge a code that was typed. A right one is used up with all others of the number; a wrong one is counted.

    Raises:
        KeyMismatch: a code was made with a key that this host does not have.
    """
    codes = _codes(connection, number)
    live = [code for code in codes if code.is_live(now)]
    text = _folded(typed)
    matching = [
        code for code in codes if hmac.compare_digest(_digest(ring.get(code.key_id), number, text), code.digest)
    ]
    if any(code in live for code in matching):
        remove(connection, number)
        return CodeProof(CodeVerdict.ACCEPTED)
    if any(code.failures < CODE_TRIES for code in matching):
        return CodeProof(CodeVerdict.EXPIRED, _tries_left(live))
    if matching or not live:
        return CodeProof(CodeVerdict.VOID, _tries_left(live))
    tried = table.c.code_id.in_([code.code_id for code in live])
    connection.execute(update(table).where(tried).values(failures=table.c.failures + 1))
    return CodeProof(CodeVerdict.WRONG, _tries_left(live) - 1)


def names(connection: Connection, number: str, now: datetime) -> list[tuple[str, datetime]]:
    """Return the names and ends of a number's codes that are still good, the newest first."""
    live = [code for code in _codes(connection, number) if code.is_live(now)]
    return [(code.name, code.expires_at) for code in sorted(live, key=lambda code: code.made_at, reverse=True)]


def remove(connection: Connection, number: str) -> None:
    """Remove all codes of a number."""
    connection.execute(delete(table).where(table.c.number == number))


def _codes(connection: Connection, number: str) -> list[_Code]:
    rows = connection.execute(_BY_NUMBER, {"number": number})
    return [
        _Code(row.code_id, row.name, row.digest, row.key_id, row.failures, row.made_at, row.expires_at) for row in rows
    ]


def _tries_left(live: list[_Code]) -> int:
    return max((CODE_TRIES - code.failures for code in live), default=0)


def _random_name() -> str:
    return secrets.choice(_LETTERS) + secrets.choice(_LETTERS)


def _folded(typed: str) -> str:
    """Return what was typed without blanks and hyphens, and with full-width digits as plain ones."""
    if len(typed) > _LONGEST_TEXT:
        return ""
    return _SEPARATORS.sub("", unicodedata.normalize("NFKC", typed))


def _digest(key: Key, number: str, code: str) -> str:
    parts = (_CONTEXT, number.encode("ascii"), code.encode("utf-8", errors="surrogatepass"))
    return key.digest(b"\0".join(parts)).hex()
