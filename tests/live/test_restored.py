"""A backup is brought back on an empty host, as docs/backup.md says, and a caller sets a password there."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from credentials.model import Unit
from credentials.secrets.keys import Key
from credentials.store import CredentialStore
from tests import needs
from tests.live.callers.subscribers import CONTRACT, from_trunk, typed
from tests.live.house import LINES, House, new_password
from tests.storage.backups import back_up, restore
from tests.storage.postgresql import FAST, serving

pytestmark = pytest.mark.needs("postgresql")


def test_on_an_empty_host_with_backup_and_key_a_caller_gets_through_and_earlier_passwords_are_good(
    tmp_path: Path,
) -> None:
    earlier, typed_now = new_password(), new_password()
    dump, key_file = tmp_path / "karipass.dump", tmp_path / "key"
    with serving(needs.postgresql(), **FAST) as lost:
        name = lost.create()
        with CredentialStore.open(lost.url(name), key=Key.from_file(key_file)) as store:
            lines = tmp_path / "lines.csv"
            lines.write_text(LINES)
            store.import_lines(lines)
            store.set_temporary_password(
                caller="0661234567", target="0661234567", unit=Unit.LINE, password=earlier, call_id="earlier"
            )
        back_up(lost, name, dump)

    host = tmp_path / "host"
    host.mkdir()
    with serving(needs.postgresql(), **FAST) as server:
        name = server.create()
        restore(server, name, dump)
        house = House(host, database_url=server.url(name), lines="")
        shutil.copy(key_file, house.state / "key")
        with house:
            call = house.trunk.call(from_trunk(CONTRACT), typed("1", typed_now, typed_now), hang_up_after_s=14)
            assert call.status == 200
            with house.store() as store:
                assert store.log_in(CONTRACT, typed_now, session_id="after").verdict.accepted
                assert store.log_in("0661234567", earlier, session_id="before").verdict.accepted
            assert house.places_with([earlier, typed_now]) == []
