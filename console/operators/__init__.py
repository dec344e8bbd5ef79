"""Operators: who may log in to the console, and with which rights."""

from console.operators.accounts import HASHES_AT_ONCE, Operators
from console.operators.errors import BadPassword, InvalidOperator, NameTaken, OperatorError, UnknownOperator
from console.operators.model import LANGUAGES, Operator, Role
from console.operators.passwords import require_password
from console.operators.sessions import ABSOLUTE, IDLE, Sessions
from console.operators.tries import Origin

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
