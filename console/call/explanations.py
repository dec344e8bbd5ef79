"""Explains a near miss in the operator's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ivr.records.explain import explain
from texts.catalogue import Texts


def explain_miss(body: Mapping[str, Any], texts: Texts) -> str:
    """Return why a near miss was not counted.

    Args:
        body: a `missed` entry's fields (`ivr.call.transcript.KeyMissed` as JSON).
        texts: the catalogue of the operator's language.
    """
    why = explain(body)
    return texts(f"miss.{why.sentence}", **why.gaps)
