"""The shared credential store: lines, their numbers, temporary passwords and passwords.

Knows nothing of telephony or of the web. Start at `CredentialStore`.
"""

from credentials.audit import Action, AuditRecord, Head, Verification
from credentials.clock import CLOCKS_APART, Clock, latest_at, utc_now
from credentials.errors import (
    BadLinesFile,
    CredentialError,
    DamagedCredential,
    ImportStopped,
    InvalidDatabaseUrl,
    InvalidKey,
    InvalidNumber,
    InvalidPassword,
    KeyFileError,
    KeyMismatch,
    NotAllowed,
    NumberTaken,
    Problem,
    SchemaMismatch,
    StoreUnavailable,
    TooManyCalls,
    UnknownLine,
    Withdrawn,
)
from credentials.hashing import HashPolicy
from credentials.keys import Key, KeyRing
from credentials.lines_import import ImportProgress, ImportStage
from credentials.model import (
    ChangeReason,
    ImportResult,
    Line,
    Login,
    LoginVerdict,
    PasswordChange,
    PasswordProblem,
    Refusal,
    Unit,
    UnitChange,
    UnitVerdict,
)
from credentials.numbers import normalise_number
from credentials.one_line import one_line
from credentials.origin import origin_of
from credentials.rules import (
    PASSWORD_LIFETIME,
    PASSWORD_TRIES,
    TEMPORARY_PASSWORD_DIGITS,
    TEMPORARY_PASSWORD_LIFETIME,
    TEMPORARY_PASSWORD_TRIES,
)
from credentials.store import CredentialStore
from credentials.throttling import CallLimits

__all__ = [
    "CLOCKS_APART",
    "PASSWORD_LIFETIME",
    "PASSWORD_TRIES",
    "TEMPORARY_PASSWORD_DIGITS",
    "TEMPORARY_PASSWORD_LIFETIME",
    "TEMPORARY_PASSWORD_TRIES",
    "Action",
    "AuditRecord",
    "BadLinesFile",
    "CallLimits",
    "ChangeReason",
    "Clock",
    "CredentialError",
    "CredentialStore",
    "DamagedCredential",
    "HashPolicy",
    "Head",
    "ImportProgress",
    "ImportResult",
    "ImportStage",
    "ImportStopped",
    "InvalidDatabaseUrl",
    "InvalidKey",
    "InvalidNumber",
    "InvalidPassword",
    "Key",
    "KeyFileError",
    "KeyMismatch",
    "KeyRing",
    "Line",
    "Login",
    "LoginVerdict",
    "NotAllowed",
    "NumberTaken",
    "PasswordChange",
    "PasswordProblem",
    "Problem",
    "Refusal",
    "SchemaMismatch",
    "StoreUnavailable",
    "TooManyCalls",
    "Unit",
    "UnitChange",
    "UnitVerdict",
    "UnknownLine",
    "Verification",
    "Withdrawn",
    "latest_at",
    "normalise_number",
    "one_line",
    "origin_of",
    "utc_now",
]
