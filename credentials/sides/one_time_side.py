"""The settings site's side of the store: the choice of one-time passwords, the address, and what confirms a change.

The rules are in docs/rules.md 3.10 and 3.12. The store sends no mail: `write` is called in the transaction that stores
a link, and writes the mail there. If it raises, nothing is stored.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection

from credentials.audit import Action, Entry
from credentials.errors import NotAllowed
from credentials.lines import provisioning
from credentials.one_time import choices, codes, links
from credentials.one_time.choices import Choice, NewChoice
from credentials.one_time.model import (
    ConfirmationPart,
    ConfirmationProblem,
    ConfirmationVerdict,
    LinkState,
    LinkToSend,
    LinkVerdict,
    OneTimeChange,
    OneTimeState,
)
from credentials.one_time.policy import confirmation_problems, mask_address, require_address
from credentials.secrets.hashing import KeyedHash
from credentials.sides.session_side import WHEN_COMPLETE, HeldSession, SessionSide, managed_number
from credentials.sides.site_side import is_locked_out
from credentials.site import session_table
from credentials.site.session import SessionId, Stage
from storage.database import database_border

WriteLink = Callable[[Connection, LinkToSend], None]
"""Writes the mail that carries a link, in the transaction that stores the link."""
WHILE_CHOOSING = frozenset({Stage.CHOOSE_ONE_TIME_PASSWORD, Stage.COMPLETE})
WHILE_PROVING = frozenset({Stage.PROVE_ONE_TIME_PASSWORD})
WITH_A_CHOICE = WHILE_CHOOSING | WHILE_PROVING


@dataclass(frozen=True)
class Confirmation:
    """What a subscriber typed as confirmation ID and confirmation password. The repr shows neither."""

    confirmation_id: str = field(repr=False)
    password: str = field(repr=False)


class OneTimeSide(SessionSide):
    """The methods for the pages of one-time passwords.

    `number` is the number whose one-time password it is: by default the session's own. In unit ADMIN_USER the contract
    number may name any number of its line, once its login is complete.
    """

    @database_border
    def one_time_state(self, session_id: str, *, number: str | None = None) -> OneTimeState:
        """Return what a number has chosen."""
        with self._database.reading() as connection:
            session, line = self._look_with_line(connection, session_id, WITH_A_CHOICE)
            target = managed_number(session, number, () if line is None else line.numbers)
            choice = choices.find(connection, target)
            waits_for_link = choice is not None and choice.provisional_address is not None
            link = links.of_number(connection, target) if waits_for_link else None
        if choice is None or not choice.used:
            return OneTimeState(target, None if choice is None else False)
        shown = _whole if session.stage is Stage.COMPLETE else mask_address
        waits = choice.provisional_address
        return OneTimeState(
            number=target,
            used=True,
            address=None if choice.address is None else shown(choice.address),
            provisional_address=None if waits is None else shown(waits),
            link_expires_at=None if waits is None or link is None else link.expires_at,
            confirmation_id=choice.confirmation_id if session.stage is Stage.COMPLETE else None,
            confirmation_tries_left=choice.tries_left,
        )

    @database_border
    def use_no_one_time_password(self, session_id: str, *, number: str | None = None) -> OneTimeChange:
        """Choose not to use one-time passwords; address and confirmation are forgotten.

        Returns:
            A change, with the session's new id if this completes its login.
        """
        with self._database.writing() as connection:
            held, target = self._hold_for(connection, session_id, number)
            choices.replace_all(connection, [NewChoice(target, used=False)], self.now())
            renewed = self._completed(connection, held)
            self._record(connection, [_chosen(target, used=False)], actor=held.session.number, origin=held.origin)
        return OneTimeChange(changed=True, session_id=renewed)

    @database_border
    def use_one_time_password(
        self,
        session_id: str,
        address: str,
        confirmation: Confirmation,
        write: WriteLink,
        *,
        number: str | None = None,
    ) -> OneTimeChange:
        """Choose to use one-time passwords: store address and confirmation, and make the link that confirms the former.

        Codes are asked for at logins once that link was used. A number whose address is confirmed already cannot come
        here again: `change_address` and `change_confirmation` are for that.

        Args:
            session_id: the id of a session that still has to choose, or is complete.
            address: where codes will go; its rules are the mail's.
            confirmation: the ID and the password that were chosen; any text.
            write: writes the mail with the link.
            number: whose choice it is.

        Returns:
            Whether it is stored, and the rules that ID and password break; with the session's new id if this completes
            its login.

        Raises:
            InvalidAddress: it cannot be an address.
            NotAllowed: the number uses one-time passwords already, with a confirmed address.
        """
        require_address(address)
        with self._database.reading() as connection:
            session = self._look(connection, session_id, WHILE_CHOOSING)
            line = provisioning.find_line(connection, session.number)
            target = managed_number(session, number, () if line is None else line.numbers)
        of = {target, session.contract_number}
        of_id = confirmation_problems(ConfirmationPart.ID, confirmation.confirmation_id, of)
        of_password = confirmation_problems(ConfirmationPart.PASSWORD, confirmation.password, of)
        if of_id or of_password:
            return OneTimeChange(changed=False, id_problems=of_id, password_problems=of_password)
        hashed = self._confirmation_hasher.hash(target, confirmation.password)
        with self._database.writing() as connection:
            held, target = self._hold_for(connection, session_id, target)
            before = choices.find(connection, target)
            if before is not None and before.address is not None:
                raise NotAllowed(f"{target} uses one-time passwords already: change its address or its confirmation")
            new = NewChoice(target, True, None, address, confirmation.confirmation_id, hashed)
            choices.replace_all(connection, [new], self.now())
            renewed = self._completed(connection, held)
            entries = [_chosen(target, used=True), *self._send_link(connection, held, target, address, write)]
            self._record(connection, entries, actor=held.session.number, origin=held.origin)
        return OneTimeChange(changed=True, session_id=renewed)

    @database_border
    def change_address(
        self, session_id: str, address: str, write: WriteLink, *, number: str | None = None
    ) -> OneTimeChange:
        """Have a new address confirmed, from a complete login; the old one counts until then.

        The same address again makes a new link, in place of the earlier one.

        Raises:
            InvalidAddress: it cannot be an address.
            NotAllowed: the number does not use one-time passwords.
        """
        require_address(address)
        with self._database.writing() as connection:
            held, target = self._hold_for(connection, session_id, number, complete=True)
            _require_use(choices.find(connection, target), target)
            choices.set_provisional(connection, target, address)
            entries = self._send_link(connection, held, target, address, write)
            self._record(connection, entries, actor=held.session.number, origin=held.origin)
        return OneTimeChange(changed=True)

    @database_border
    def change_address_at_login(
        self, session_id: str, address: str, confirmation: Confirmation, write: WriteLink
    ) -> OneTimeChange:
        """Have a new address confirmed where a code is asked for, with the confirmation; the old one counts until then.

        After 5 wrong tries in a row no further one is judged, until a login is completed with a code, or the number
        gets another password.

        Returns:
            Whether it is stored, and the verdict on the confirmation.

        Raises:
            InvalidAddress: it cannot be an address.
            DamagedCredential, KeyMismatch: as for `log_in`.
        """
        require_address(address)
        with self._database.reading() as connection:
            number = self._look(connection, session_id, WHILE_PROVING).number
        while True:
            choice, is_right = self._compare(number, {ConfirmationPart.PASSWORD: confirmation.password})
            with self._database.writing() as connection:
                held = self._hold(connection, session_id, WHILE_PROVING)
                known = choices.find(connection, number)
                if known is None or choice is None or known.version != choice.version:
                    continue
                is_right = is_right and _is_id(known, confirmation.confirmation_id)
                verdict = choices.count(connection, known, is_right=is_right)
                entries = [Entry(Action.CONFIRMATION_PROOF, number, verdict)]
                if verdict is ConfirmationVerdict.ACCEPTED:
                    choices.set_provisional(connection, number, address)
                    entries += self._send_link(connection, held, number, address, write)
                self._record(connection, entries, actor=number, origin=held.origin)
            if verdict is ConfirmationVerdict.ACCEPTED:
                self._renew_confirmation(choice, confirmation.password)
            return OneTimeChange(changed=verdict is ConfirmationVerdict.ACCEPTED, proof=verdict)

    @database_border
    def change_confirmation(
        self, session_id: str, part: ConfirmationPart, *, old: str, new: str, number: str | None = None
    ) -> OneTimeChange:
        """Change the confirmation ID or the confirmation password, with the old one, from a complete login.

        Returns:
            Whether it is stored, the rules that the new one breaks, and the verdict on the old one (None if a rule is
            broken that can be seen without it).

        Raises:
            NotAllowed: the number does not use one-time passwords.
            DamagedCredential, KeyMismatch: as for `log_in`.
        """
        with self._database.reading() as connection:
            session = self._look(connection, session_id, WHEN_COMPLETE)
            line = provisioning.find_line(connection, session.number)
            target = managed_number(session, number, () if line is None else line.numbers)
        problems = confirmation_problems(part, new, {target, session.contract_number})
        if problems:
            return _refused(part, problems)
        hashed = self._confirmation_hasher.hash(target, new) if part is ConfirmationPart.PASSWORD else None
        while True:
            choice, is_right = self._compare(target, {part: old})
            with self._database.writing() as connection:
                held, target = self._hold_for(connection, session_id, target, complete=True)
                known = _require_use(choices.find(connection, target), target)
                if choice is None or known.version != choice.version:
                    continue
                verdict = choices.count(connection, known, is_right=is_right)
                entries = [Entry(Action.CONFIRMATION_PROOF, target, verdict)]
                answer = OneTimeChange(changed=False, proof=verdict)
                if verdict is ConfirmationVerdict.ACCEPTED:
                    if old == new:
                        answer = _refused(part, frozenset({ConfirmationProblem.CURRENT}), verdict)
                    else:
                        answer = OneTimeChange(changed=True, proof=verdict)
                        entries.append(_change(connection, target, part, new, hashed))
                self._record(connection, entries, actor=held.session.number, origin=held.origin)
            return answer

    # Links, which are opened wherever the mail is read: without a session

    @database_border
    def link_state(self, token: str) -> LinkState:
        """Return what a link that confirms an address is good for. This changes nothing: mail scanners open links.

        Args:
            token: what the link carries; any text.
        """
        with self._database.reading() as connection:
            return self._state_of(connection, token)

    @database_border
    def confirm_address(self, token: str) -> LinkState:
        """Confirm the address of a link for all its numbers, if it is good; from then on it is used up.

        Codes that are on their way to the earlier address are void. A number that may not log in now is left out.

        Returns:
            The link as it is now: CONFIRMED if its address is confirmed, by this or before.
        """
        with self._database.writing() as connection:
            known = links.find(connection, token)
            line = provisioning.hold_line(connection, known[0].number) if known else None
            state, now = self._state_of(connection, token), self.now()
            if state.verdict is not LinkVerdict.GOOD or line is None:
                return state
            waiting = [link for link in links.find(connection, token) if link.number in line.numbers]
            confirmed = [
                link.number
                for link in waiting
                if not is_locked_out(connection, line, link.number)
                and choices.confirm(connection, link.number, link.address)
            ]
            if not confirmed:
                return LinkState(LinkVerdict.UNKNOWN)
            for number in confirmed:
                codes.remove(connection, number)
            links.note_confirmed(connection, confirmed, now)
            entries = [Entry(Action.ONE_TIME_ADDRESS_CONFIRMED, number) for number in confirmed]
            whose = confirmed[0] if len(waiting) == 1 else line.contract_number
            self._record(connection, entries, actor=whose, origin="link")
            return replace(state, verdict=LinkVerdict.CONFIRMED, numbers=tuple(confirmed))

    def _state_of(self, connection: Connection, token: str) -> LinkState:
        found = links.find(connection, token)
        line = provisioning.find_line(connection, found[0].number) if found else None
        if line is None:
            return LinkState(LinkVerdict.UNKNOWN)
        now = self.now()
        verdict = next(verdict for verdict in LinkVerdict if verdict in {link.verdict(now) for link in found})
        numbers = tuple(link.number for link in found if link.verdict(now) is verdict)
        return LinkState(verdict, numbers, mask_address(found[0].address), line.language)

    # Within the transaction

    def _hold_for(
        self, connection: Connection, session_id: str, number: str | None, *, complete: bool = False
    ) -> tuple[HeldSession, str]:
        held = self._hold(connection, session_id, WHEN_COMPLETE if complete else WHILE_CHOOSING)
        return held, managed_number(held.session, number, held.line.numbers)

    def _send_link(
        self, connection: Connection, held: HeldSession, number: str, address: str, write: WriteLink
    ) -> list[Entry]:
        """Store a link in place of any earlier one, have its mail written, and return what to record."""
        now = self.now()
        link = links.new_link([number], address, held.line.language, now)
        links.replace_all(connection, [link], now)
        write(connection, link)
        return [Entry(Action.ONE_TIME_LINK_SENT, number)]

    def _completed(self, connection: Connection, held: HeldSession) -> str | None:
        """Complete a login that had still to choose; return the session's new id, or None if it was complete."""
        if held.session.stage is Stage.COMPLETE:
            return None
        new_id = SessionId.random()
        session_table.complete(connection, held.session.name, new_id, now=self.now())
        return new_id.text

    def _compare(self, number: str, typed: Mapping[ConfirmationPart, str]) -> tuple[Choice | None, bool]:
        """Return a number's choice, and whether what was typed is its confirmation; the password costs one hash."""
        with self._database.reading() as connection:
            choice = choices.find(connection, number)
        is_right = choice is not None
        for part, text in typed.items():
            if part is ConfirmationPart.ID:
                is_right = is_right and _is_id(choice, text)
            else:
                stored = None if choice is None else choice.confirmation
                is_right = self._confirmation_hasher.matches(number, text, stored) and is_right
        return choice, is_right

    def _renew_confirmation(self, choice: Choice, password: str) -> None:
        """Recompute the hash of a confirmation password that was right, if the stored one is outdated."""
        if choice.confirmation is None or not self._confirmation_hasher.is_outdated(choice.confirmation):
            return
        new = self._confirmation_hasher.hash(choice.number, password)
        with self._database.writing() as connection:
            provisioning.hold_line(connection, choice.number)
            choices.rehash(connection, choice, new)


def _whole(address: str) -> str:
    return address


def _is_id(choice: Choice | None, typed: str) -> bool:
    return choice is not None and choice.confirmation_id is not None and choice.confirmation_id == typed


def _require_use(choice: Choice | None, number: str) -> Choice:
    if choice is None or not choice.used:
        raise NotAllowed(f"{number} does not use one-time passwords: choose that first")
    return choice


def _chosen(number: str, *, used: bool) -> Entry:
    return Entry(Action.ONE_TIME_CHOSEN, number, "used" if used else "not used")


def _refused(
    part: ConfirmationPart,
    problems: frozenset[ConfirmationProblem],
    proof: ConfirmationVerdict | None = None,
) -> OneTimeChange:
    if part is ConfirmationPart.ID:
        return OneTimeChange(changed=False, id_problems=problems, proof=proof)
    return OneTimeChange(changed=False, password_problems=problems, proof=proof)


def _change(connection: Connection, number: str, part: ConfirmationPart, new: str, hashed: KeyedHash | None) -> Entry:
    if hashed is None:
        choices.set_confirmation_id(connection, number, new)
    else:
        choices.set_confirmation_password(connection, number, hashed)
    return Entry(Action.CONFIRMATION_CHANGED, number, f"confirmation {part.lower()}")
