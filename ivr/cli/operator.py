"""`ivr operator`: manages who may log in to the console."""

from __future__ import annotations

import getpass
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Final

import typer

from dsp.commands.group import CommandGroup
from ivr.cli.common import load_settings, make_state_dir, open_store, reporting_errors, system_operator
from ivr.cli.output.moments import when
from ivr.cli.output.tables import Column, print_table, terminal

if TYPE_CHECKING:
    from console.operators import Operators

operator_app = typer.Typer(cls=CommandGroup, help="Manage who may log in to the console.", no_args_is_help=True)


class RoleName(StrEnum):
    """The roles of `console.operators.Role`, written out so that the help need not load the console."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"


Name = Annotated[str, typer.Argument(help="Lower-case letters, digits and . _ -", metavar="NAME")]
RoleOption = Annotated[
    RoleName,
    typer.Option(help="viewer: sees calls, numbers masked; operator: sees all, locks lines; admin: manages operators."),
]
FromStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input instead of asking for it.")
]
_LONGEST_LINE: Final = 4096
_COLUMNS: Final = Column(name="name"), Column(name="role"), Column(name="language"), Column(name="since")


@contextmanager
def _operators() -> Iterator[Operators]:
    from console.operators import Operators
    from ivr.records import open_records

    settings = load_settings()
    make_state_dir(settings)
    database = open_records(settings.store_url)
    try:
        yield Operators(database, open_store=lambda: open_store(settings))
    finally:
        database.close()


@operator_app.command()
@reporting_errors
def add(
    name: Name,
    role: RoleOption = RoleName.VIEWER,
    language: Annotated[str, typer.Option(help="The language of their console: ja or en.")] = "ja",
    password_stdin: FromStdin = False,
) -> None:
    """Add an operator. The command asks for the password (at least 12 characters) twice."""
    from console.operators import Role

    with _operators() as operators:
        operators.require_free(name, language=language)
        chosen = _new_password(name, from_stdin=password_stdin)
        operators.add(name, chosen, role=Role(role), language=language, by=system_operator())
    print(f"{name} may log in to the console as {role.value}")


@operator_app.command("list")
@reporting_errors
def list_operators() -> None:
    """List the operators."""
    with _operators() as operators:
        found = operators.all()
    if not found:
        print("no operators yet: add one with `ivr operator add NAME --role admin`")
        return
    rows = [(each.name, each.role.value, each.language, when(each.created_at)) for each in found]
    print_table(terminal(), _COLUMNS, rows)


@operator_app.command()
@reporting_errors
def remove(name: Name) -> None:
    """Remove an operator; their logins end at once."""
    with _operators() as operators:
        operators.remove(name, by=system_operator())
    print(f"{name} can no longer log in to the console")


@operator_app.command()
@reporting_errors
def password(name: Name, password_stdin: FromStdin = False) -> None:
    """Give an operator a new password; their logins end at once."""
    with _operators() as operators:
        operators.require_known(name)
        operators.set_password(name, _new_password(name, from_stdin=password_stdin), by=system_operator())
    print(f"{name} has a new password, and must log in to the console again")


@operator_app.command()
@reporting_errors
def role(name: Name, role: Annotated[RoleName, typer.Argument(help="viewer, operator or admin.")]) -> None:
    """Give an operator another role, at once."""
    from console.operators import Role

    with _operators() as operators:
        operators.set_role(name, Role(role), by=system_operator())
    print(f"{name} now has the role {role.value} in the console")


def _new_password(name: str, *, from_stdin: bool) -> str:
    """Ask for an operator's new password; a password that is refused is not asked for again.

    Raises:
        OperatorError: the password is too easy to guess, or there is nobody to ask.
    """
    from console.operators import OperatorError, require_password

    if from_stdin:
        return sys.stdin.readline(_LONGEST_LINE).rstrip("\r\n")
    try:
        with warnings.catch_warnings():
            # getpass warns if it cannot keep the input off the screen, because there is no terminal.
            warnings.simplefilter("error", getpass.GetPassWarning)
            first = getpass.getpass("Password: ")
            require_password(name, first)
            again = getpass.getpass("Again: ")
    except (EOFError, getpass.GetPassWarning):
        raise OperatorError(
            "there is no terminal to ask for the password at: hand it in with --password-stdin"
        ) from None
    if first != again:
        raise OperatorError("the two passwords differ: nothing was changed")
    return first
