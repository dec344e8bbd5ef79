"""The URL of a database: what it may contain, and which arguments the driver gets besides."""

from types import MappingProxyType
from typing import Final

from sqlalchemy import make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError

from storage.errors import InvalidDatabaseUrl

BUSY_TIMEOUT_S: Final = 10.0
CONNECT_TIMEOUT_S: Final = 5
NETWORK_TIMEOUT_S: Final = 10

_DRIVERS: Final = MappingProxyType({"sqlite": "pysqlite", "postgresql": "psycopg"})
"""The one driver that we use for each kind of database."""
_SQLITE_PARAMETERS: Final = frozenset({"timeout"})
_OF_SEVERAL_HOSTS: Final = frozenset({"host", "port"})
"""These may stand in a URL more than once."""


def parse_url(url: str) -> URL:
    """Parse and check a URL.

    Raises:
        InvalidDatabaseUrl: the URL does not name a database that the store can use. The error shows no value of it.
    """
    try:
        parsed = make_url(url)
        backend, driver = parsed.get_backend_name(), parsed.get_driver_name()
    except (ArgumentError, ValueError):
        parsed = None
    if parsed is None:  # outside the handler: the handled error quotes the URL with its password
        raise InvalidDatabaseUrl("the database URL cannot be read; write sqlite:///FILE or postgresql+psycopg://...")
    if "@" in (parsed.host or ""):  # the rest of a password
        raise InvalidDatabaseUrl("the database URL has an @ too many: write an @ in a user or password as %40")
    if backend not in _DRIVERS:
        raise InvalidDatabaseUrl(f"{backend} is not supported: use sqlite or postgresql")
    if driver != _DRIVERS[backend]:
        raise InvalidDatabaseUrl(
            f"the driver {driver} is not supported: start the database URL with {backend}+{_DRIVERS[backend]}"
        )
    if backend == "sqlite" and (parsed.database or ":memory:").startswith((":memory:", "file:")):
        raise InvalidDatabaseUrl("the store is shared between processes: name a plain file, as in sqlite:///store.db")
    _require_known_parameters(parsed)
    return parsed


def connect_args(url: URL) -> dict[str, object]:
    """Return the timeouts that keep a call from hanging; values in the URL's query override them.

    Limits that the server enforces are set in each transaction (`Database`), because PgBouncer refuses a connection
    that asks for them.
    """
    if url.get_backend_name() == "sqlite":
        wanted: dict[str, object] = {"timeout": BUSY_TIMEOUT_S}
    else:
        wanted = {
            "connect_timeout": CONNECT_TIMEOUT_S,
            "application_name": "karipass",
            # We notice a host that went away without a word, whether we are writing to it or waiting for it.
            "tcp_user_timeout": NETWORK_TIMEOUT_S * 1000,
            "keepalives_idle": NETWORK_TIMEOUT_S // 2,
            "keepalives_interval": 1,
            "keepalives_count": NETWORK_TIMEOUT_S // 2,
            # Only one server connection knows a named statement, and the next transaction may get another connection.
            "prepare_threshold": None,
        }
    return {name: value for name, value in wanted.items() if name not in url.query}


def _require_known_parameters(url: URL) -> None:
    """Check that the database's own library knows all parameters of the URL's query.

    Raises:
        InvalidDatabaseUrl: it does not know one. The error names the parameter but not its value, which may be a
            password.
    """
    known = _SQLITE_PARAMETERS if url.get_backend_name() == "sqlite" else _libpq_parameters()
    for name, value in url.query.items():
        if name == "prepare_threshold":
            raise InvalidDatabaseUrl(
                "the database URL's parameter prepare_threshold is not taken: leave it out, for no statement is ever"
                " prepared by name"
            )
        if name not in known:
            kind = "of SQLite is timeout alone" if url.get_backend_name() == "sqlite" else "are those of libpq"
            raise InvalidDatabaseUrl(
                f"the database URL's parameter {name[:40]!r} is not known: leave it out; what can stand there {kind}"
            )
        if not isinstance(value, str) and name not in _OF_SEVERAL_HOSTS:
            raise InvalidDatabaseUrl(f"the database URL's parameter {name} stands there {len(value)} times: leave one")
    if url.get_backend_name() == "sqlite" and not _is_seconds(url.query.get("timeout", "0")):
        raise InvalidDatabaseUrl("the database URL's parameter timeout is not a number of seconds: write one, as in 10")


def _libpq_parameters() -> frozenset[str]:
    """Return the names of libpq's connection parameters.

    Raises:
        InvalidDatabaseUrl: the driver is not installed.
    """
    try:
        from psycopg.pq import Conninfo  # optional: with SQLite it need not be installed
    except ModuleNotFoundError as error:
        missing = error.name
    else:
        return frozenset(option.keyword.decode() for option in Conninfo.get_defaults())
    raise InvalidDatabaseUrl(f"a PostgreSQL database needs the Python package {missing}: install it")


def _is_seconds(text: str | tuple[str, ...]) -> bool:
    try:
        return 0 <= float(str(text)) < 1e6  # SQLite counts milliseconds in 32 bits
    except ValueError:
        return False
