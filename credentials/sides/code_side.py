"""The settings site's side of the store: the codes that are mailed as one-time passwords (docs/rules.md 3.11)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from credentials.audit import Action, Entry
from credentials.one_time import choices, codes, links
from credentials.one_time.model import CodeProof, CodeToSend, CodeVerdict, LinkVerdict, SentCode
from credentials.one_time.policy import mask_address
from credentials.sides.one_time_side import WHILE_PROVING, OneTimeSide
from credentials.site.session import Stage
from storage.database import database_border

WriteCode = Callable[[Connection, CodeToSend], None]
"""Writes the mail that carries a code, in the transaction that stores the code."""


class CodeSide(OneTimeSide):
    """The methods for the page that asks for a one-time password."""

    @database_border
    def send_code(self, session_id: str, write: WriteCode) -> SentCode:
        """Make a new code for a login that needs one. Codes that were asked for before stay good for their own 300 s.

        Args:
            session_id: the id of a session that has to prove a one-time password.
            write: writes the mail. If it raises (a limit is reached, say), no code is made.

        Returns:
            What the page shows: the code's name, where it went, and how long it is good.
        """
        with self._database.writing() as connection:
            held = self._hold(connection, session_id, WHILE_PROVING)
            number = held.session.number
            choice = choices.find(connection, number)
            if choice is None or choice.address is None:
                raise AssertionError("a session has a one-time password to prove only if its number has an address")
            new = codes.new_code(
                connection,
                number,
                address=choice.address,
                language=held.line.language,
                key=self._ring.current,
                now=self.now(),
            )
            write(connection, new)
            entry = Entry(Action.ONE_TIME_CODE_SENT, number, f"code {new.name}")
            self._record(connection, [entry], actor=number, origin=held.origin)
        return SentCode(new.name, mask_address(new.address), new.expires_at)

    @database_border
    def code_state(self, session_id: str) -> tuple[str, list[SentCode]]:
        """Return the masked address that codes of a login go to, and those that are still good, the newest first."""
        with self._database.reading() as connection:
            session = self._look(connection, session_id, WHILE_PROVING)
            choice = choices.find(connection, session.number)
            live = codes.names(connection, session.number, self.now())
        address = "" if choice is None or choice.address is None else mask_address(choice.address)
        return address, [SentCode(name, address, expires_at) for name, expires_at in live]

    @database_border
    def prove_code(self, session_id: str, typed: str) -> CodeProof:
        """Judge a one-time password; a right one completes the login, and is used up with all others of the number.

        Args:
            session_id: the id of a session that has to prove one.
            typed: what was typed; any text. Blanks, hyphens and full-width digits are understood.

        Returns:
            The verdict, with the session's new id if it was right.

        Raises:
            KeyMismatch: the code was made with a key that this host does not have.
        """
        with self._database.writing() as connection:
            held = self._hold(connection, session_id, WHILE_PROVING)
            number = held.session.number
            proof = codes.prove(connection, number, typed, ring=self._ring, now=self.now())
            if proof.verdict is CodeVerdict.ACCEPTED:
                choices.end_count(connection, number)
                proof = replace(proof, session_id=self._completed(connection, held))
            entry = Entry(Action.ONE_TIME_CODE_PROOF, number, proof.verdict)
            self._record(connection, [entry], actor=number, origin=held.origin)
        return proof

    def _next_step(self, connection: Connection, number: str, now: datetime) -> Stage | None:
        choice = choices.find(connection, number)
        if choice is None:
            return Stage.CHOOSE_ONE_TIME_PASSWORD
        if not choice.used:
            return None
        if choice.address is not None:
            return Stage.PROVE_ONE_TIME_PASSWORD
        link = links.of_number(connection, number)
        waits = link is not None and link.verdict(now) is LinkVerdict.GOOD
        return None if waits else Stage.CHOOSE_ONE_TIME_PASSWORD
