"""What tests of the access number share: a store with one line, the guidance, and callers made of tones."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import structlog
from numpy.typing import NDArray

from credentials import CredentialStore, HashPolicy, Key
from dsp import synthesize
from ivr.recording import to_int16
from prompts import Catalogue, load_catalogue

LINES = "contract_number,number\n0312345678,0312345679\n"
CHEAP = HashPolicy(memory_kib=8, passes=1, lanes=1)


@pytest.fixture(autouse=True)
def _logs_are_not_left_to_the_next_test() -> Iterator[None]:
    """A command sets the process's logs up; a test after it that reads what is logged would find nothing."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return load_catalogue("ja")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[CredentialStore]:
    with CredentialStore.open(f"sqlite:///{tmp_path}/store.db", key=Key.generate(), policy=CHEAP) as store:
        store.import_lines(io.StringIO(LINES))
        yield store


def tones(keys: str, *, tone_s: float = 0.1, pause_s: float = 0.1) -> NDArray[np.int16]:
    """Keys as a caller's phone sends them; a space is half a second's rest."""
    rest = np.zeros(4000, np.int16)
    groups = [to_int16(synthesize(group, tone_s=tone_s, pause_s=pause_s)) for group in keys.split(" ")]
    return np.concatenate([part for group in groups for part in (group, rest)])
