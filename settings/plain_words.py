"""Says in plain words what is wrong with a value and what to write, in place of pydantic's words."""

from __future__ import annotations

from typing import Final

from pydantic_core import ErrorDetails

_WORDS: Final = {
    "bool_parsing": "write yes or no",
    "bool_type": "write yes or no",
    "dict_type": "write fields and their values here, each as field: value",
    "enum": "write {expected}",
    "finite_number": "write a finite number",
    "float_parsing": "write a number",
    "float_type": "write a number",
    "greater_than": "write a number above {gt:g}",
    "greater_than_equal": "write {ge:g} or more",
    "int_from_float": "write a whole number",
    "int_parsing": "write a whole number",
    "int_parsing_size": "write a smaller number",
    "int_type": "write a whole number",
    "less_than": "write a number below {lt:g}",
    "less_than_equal": "write {le:g} or less",
    "list_type": "write a list here: a line with - for each",
    "literal_error": "write {expected}",
    "missing": "is missing: write it",
    "model_attributes_type": "write fields and their values here, each as field: value",
    "model_type": "write fields and their values here, each as field: value",
    "path_type": "write a path",
    "string_pattern_mismatch": "is not of the form {pattern}",
    "string_too_long": "write {max_length} characters or fewer",
    "string_too_short": "write {min_length} or more characters",
    "string_type": "write one text here",
    "string_unicode": "write it in UTF-8",
    "too_long": "write {max_length} or fewer",
    "too_short": "write {min_length} or more",
    "tuple_type": "write a list here: a line with - for each",
    "value_error": "{error}",
}
"""Words by the type of pydantic's error; the error's context fills the gaps."""


def plain_words(problem: ErrorDetails) -> str:
    """Say what a value must be; uses pydantic's own words only for errors that are not in the table.

    Args:
        problem: one of the errors of a `ValidationError`.
    """
    words = _WORDS.get(problem["type"])
    return problem["msg"] if words is None else words.format(**problem.get("ctx", {}))
