"""A file of settings beside the environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.host.settings import Settings
from ivr.host.settings_file import environment_with_file, load_settings_file
from settings.errors import SettingsError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "settings"
    path.write_text(
        "# of this host\nKARIPASS_CALLS=300\nKARIPASS_LANGUAGE='en'\n\nKARIPASS_KEY=a$b\n", encoding="utf-8"
    )
    return path


def test_its_settings_hold_where_the_environment_has_none(file: Path) -> None:
    environment = environment_with_file({"KARIPASS_SETTINGS_FILE": str(file), "KARIPASS_LANGUAGE": "ja"})
    assert environment["KARIPASS_CALLS"] == "300"
    assert environment["KARIPASS_LANGUAGE"] == "ja"
    assert environment["KARIPASS_KEY"] == "a$b"
    settings = Settings.of_environment(environment)
    assert (settings.calls, settings.language) == (300, "ja")
    assert {"calls", "language"} <= settings.model_fields_set


def test_without_a_file_the_environment_is_as_it_is() -> None:
    assert environment_with_file({"KARIPASS_CALLS": "2"}) == {"KARIPASS_CALLS": "2"}


def test_a_process_can_take_it_into_its_environment(file: Path) -> None:
    environment = {"KARIPASS_SETTINGS_FILE": str(file)}
    load_settings_file(environment)
    assert environment["KARIPASS_CALLS"] == "300"


@pytest.mark.parametrize("content", [b"KARIPASS_CALLS\n", b"\xff\xfe=1\n"])
def test_a_file_that_cannot_be_used_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "settings"
    path.write_bytes(content)
    with pytest.raises(SettingsError, match=rf"{path}.*NAME=value"):
        environment_with_file({"KARIPASS_SETTINGS_FILE": str(path)})


def test_a_file_that_is_not_there_is_named_with_its_variable(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"KARIPASS_SETTINGS_FILE=.*missing: cannot be read"):
        environment_with_file({"KARIPASS_SETTINGS_FILE": str(tmp_path / "missing")})
