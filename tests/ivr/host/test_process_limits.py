"""The limits that a process of ours asks Linux for, and how it copes with lower ones."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ivr.host.process_limits import calls_within, files_for
from ivr.host.processes import bare_environment

PROGRAM = """
import resource, sys
from logs.setup import configure_logs
from ivr.host.process_limits import leave_no_core_dumps, within_file_limit
from ivr.host.settings import Settings
configure_logs(json=True)
resource.setrlimit(resource.RLIMIT_NOFILE, (int(sys.argv[1]), int(sys.argv[2])))
leave_no_core_dumps()
settings = within_file_limit(Settings.load(calls=1000))
print(settings.calls, resource.getrlimit(resource.RLIMIT_NOFILE)[0], resource.getrlimit(resource.RLIMIT_CORE))
"""


def limited(soft: int, hard: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, str(soft), str(hard)], capture_output=True, text=True, timeout=60, check=True
    )


def test_the_usual_soft_limit_is_raised_as_far_as_calls_need_and_nothing_is_said() -> None:
    done = limited(1024, 8192)
    assert done.stdout == "1000 8192 (0, 0)\n"
    assert done.stderr == ""


def test_where_too_few_files_can_be_had_fewer_calls_are_taken_and_the_remedy_is_told() -> None:
    done = limited(256, 1024)
    assert done.stdout == f"{calls_within(1024)} 1024 (0, 0)\n"
    assert '"event": "fewer_calls_for_want_of_files"' in done.stderr
    assert f"LimitNOFILE of the unit, ulimit -Hn) to {files_for(1000)}" in done.stderr


@pytest.mark.parametrize("files", [1, 299, 304])
def test_one_call_at_least_is_taken(files: int) -> None:
    assert calls_within(files) == 1


def test_a_program_that_is_not_ours_gets_nothing_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("KARIPASS_KEY", "KARIPASS_DATABASE_URL", "KARIPASS_AGI_SECRET", "KARIPASS_AMI_SECRET", "PGPASSWORD"):
        monkeypatch.setenv(name, "a secret")
    monkeypatch.setenv("PATH", "/usr/bin")
    assert "a secret" not in bare_environment().values()
    assert bare_environment()["PATH"] == "/usr/bin"
