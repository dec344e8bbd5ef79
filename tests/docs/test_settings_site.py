"""docs/settings-site.md: its example does what it says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from credentials.model import LoginVerdict, Unit
from credentials.secrets.keys import Key
from credentials.store import CredentialStore
from tests.repository import ROOT

TEMPORARY = "24681357"
NUMBER = "0312345678"


def test_the_example_changes_the_password_of_a_subscriber_who_logs_in_with_a_temporary_one(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "settings-site.md").read_text(encoding="utf-8")
    [example] = re.findall(r"^```python\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    with CredentialStore.open(f"sqlite:///{tmp_path / 'store.db'}", key=Key.from_file(tmp_path / "key")) as store:
        store.add_line(NUMBER)
        store.set_temporary_password(caller=NUMBER, target=NUMBER, unit=Unit.LINE, password=TEMPORARY, call_id="a-call")
        names: dict[str, Any] = {"typed": TEMPORARY, "chosen": "a7k2m9x4", "address": "192.0.2.1"}
        exec(example.replace("/var/lib/karipass", str(tmp_path)), names)  # noqa: S102 - the page is ours
        assert names["changed"].changed
        assert store.log_in(NUMBER, names["chosen"], session_id="4712").verdict is LoginVerdict.ACCEPTED
