"""kill -9 at random moments of writes leaves no half state, loses no failure count, and keeps the audit trail whole."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from credentials.secrets.keys import Key
from credentials.store import CredentialStore

pytestmark = pytest.mark.slow

KILLS = int(os.environ.get("KARIPASS_TEST_KILLS", "120"))
"""How many kills there are on each database."""
VICTIMS = Path(__file__).with_name("victims.py")


def test_a_process_that_is_killed_leaves_nothing_half_done(store: CredentialStore, url: str, key: Key) -> None:
    store.close()
    command: list[str | Path] = [sys.executable, "-W", "error", VICTIMS, url, key.to_text(), str(KILLS), "20260401"]
    answered = int(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, timeout=600).stdout)
    print(f"\n{KILLS} kills, {answered} operations answered before them")
    assert answered >= KILLS
