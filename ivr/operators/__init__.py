"""Operators: who may log in to the console, with which rights."""

from ivr.operators.accounts import HASHES_AT_ONCE, Operators
from ivr.operators.errors import BadPassword, InvalidOperator, NameTaken, OperatorError, UnknownOperator
from ivr.operators.model import LANGUAGES, Operator, Role
from ivr.operators.passwords import require_password
from ivr.operators.sessions import ABSOLUTE, IDLE, Sessions
from ivr.operators.tries import Origin

__all__ = [
    "ABSOLUTE",
    "HASHES_AT_ONCE",
    "IDLE",
    "LANGUAGES",
    "BadPassword",
    "InvalidOperator",
    "NameTaken",
    "Operator",
    "OperatorError",
    "Operators",
    "Origin",
    "Role",
    "Sessions",
    "UnknownOperator",
    "require_password",
]
