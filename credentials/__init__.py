"""The shared credential store: lines, their numbers, and temporary passwords.

Knows nothing of telephony or of the web. Start at `CredentialStore`.
"""

from credentials.clock import Clock, utc_now
from credentials.errors import (
    BadLinesFile,
    CredentialError,
    DamagedCredential,
    InvalidDatabaseUrl,
    InvalidKey,
    InvalidNumber,
    InvalidPassword,
    KeyFileError,
    KeyMismatch,
    NotAllowed,
    Problem,
    SchemaMismatch,
    StoreUnavailable,
    UnknownLine,
    Withdrawn,
)
from credentials.hashing import HashPolicy
from credentials.keys import Key
from credentials.model import ImportResult, Line, LoginVerdict, Refusal, Unit
from credentials.numbers import normalise_number
from credentials.rules import TEMPORARY_PASSWORD_DIGITS, TEMPORARY_PASSWORD_LIFETIME, TEMPORARY_PASSWORD_TRIES
from credentials.store import CredentialStore

__all__ = [
    "TEMPORARY_PASSWORD_DIGITS",
    "TEMPORARY_PASSWORD_LIFETIME",
    "TEMPORARY_PASSWORD_TRIES",
    "BadLinesFile",
    "Clock",
    "CredentialError",
    "CredentialStore",
    "DamagedCredential",
    "HashPolicy",
    "ImportResult",
    "InvalidDatabaseUrl",
    "InvalidKey",
    "InvalidNumber",
    "InvalidPassword",
    "Key",
    "KeyFileError",
    "KeyMismatch",
    "Line",
    "LoginVerdict",
    "NotAllowed",
    "Problem",
    "Refusal",
    "SchemaMismatch",
    "StoreUnavailable",
    "Unit",
    "UnknownLine",
    "Withdrawn",
    "normalise_number",
    "utc_now",
]
