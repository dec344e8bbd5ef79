"""Operators: who may log in to the console, with which rights."""

from ivr.operators.accounts import Operators
from ivr.operators.errors import BadPassword, InvalidOperator, NameTaken, OperatorError, UnknownOperator
from ivr.operators.model import LANGUAGES, Operator, Role
from ivr.operators.sessions import ABSOLUTE, IDLE, Sessions

__all__ = [
    "ABSOLUTE",
    "IDLE",
    "LANGUAGES",
    "BadPassword",
    "InvalidOperator",
    "NameTaken",
    "Operator",
    "OperatorError",
    "Operators",
    "Role",
    "Sessions",
    "UnknownOperator",
]
