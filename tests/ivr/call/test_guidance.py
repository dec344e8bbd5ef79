"""Which language a caller hears, through the dialogue and store of live calls (docs/rules.md 2.12)."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from credentials.store import CredentialStore
from ivr.call.caller import Caller
from ivr.call.dialogue import Limits
from ivr.call.dialogue.events import NotAdmitted, Outcome, RefusalReason
from ivr.call.guidance import Guidance
from ivr.call.transcript import Said, TranscriptEntry
from ivr.lab.ear import recognise
from ivr.lab.simulator import simulate
from prompts import CatalogueError, UnknownLanguageError, home, languages, load_catalogue
from prompts.building.export import export
from prompts.building.replacement import import_catalogue
from prompts.catalogue import HERE
from prompts.purposes import PURPOSES
from tests.callers import tones

PASSWORD = "24681357"
LINES = "contract_number,number,language\n0661234567,,en\n0451234567,,ko\n0466123456,,ja\n"


@pytest.fixture
def lines(store: CredentialStore) -> CredentialStore:
    store.import_lines(io.StringIO(LINES))
    return store


def said(store: CredentialStore, guidance: Guidance, caller: str) -> list[str]:
    """The guidance that a caller who sets a password for the line hears, from the start to the end."""
    entries: list[TranscriptEntry] = []
    ending = simulate(
        tones(f"1 {PASSWORD} {PASSWORD}"),
        caller=Caller(caller),
        store=store,
        guidance=guidance,
        limits=Limits(),
        observer=lambda _, entry: entries.append(entry),
    )
    texts = [entry.text for entry in entries if isinstance(entry, Said)]
    assert ending.outcome is (Outcome.SET if len(texts) > 1 else Outcome.REFUSED)
    return texts


def test_a_line_hears_its_own_language_and_every_other_caller_the_default(lines: CredentialStore) -> None:
    english, japanese = load_catalogue("en"), load_catalogue("ja")
    guidance = Guidance.load("ja")
    assert said(lines, guidance, "0661234567") == [
        english.text("unit.ask"),
        "Contract number 06-6123-4567 will get a new temporary password. " + english.text("password.ask"),
        english.text("confirm.ask"),
        "Contract number 06-6123-4567 now has a temporary password. " + english.text("done.next"),
    ]
    assert said(lines, guidance, "0312345678")[0] == japanese.text("unit.ask")
    assert said(lines, guidance, "0399999999") == [japanese.text("refused.not_subscribed")]


def test_a_caller_hears_the_number_in_the_groups_of_its_area_code(lines: CredentialStore) -> None:
    assert said(lines, Guidance.load("ja"), "0466123456")[1].startswith("契約者回線番号、0466-12-3456の、")


@pytest.mark.parametrize("default", ["ja", "en"])
def test_a_line_whose_language_has_no_catalogue_and_a_caller_who_is_refused_hear_the_default(
    lines: CredentialStore, default: str
) -> None:
    guidance = Guidance.load(default)
    assert said(lines, guidance, "0451234567")[0] == load_catalogue(default).text("unit.ask")
    assert said(lines, guidance, "0399999999") == [load_catalogue(default).text("refused.not_subscribed")]


@pytest.mark.parametrize("language", languages())
def test_every_clip_is_recognised_by_its_beginning_and_taken_for_no_other(language: str) -> None:
    catalogue = load_catalogue(language)
    for id_ in PURPOSES:
        assert [found for _, found in recognise(catalogue.clip(id_), catalogue)] == [id_]


def test_a_default_language_without_a_catalogue_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnknownLanguageError, match="'ko'"):
        Guidance.load("ko", tmp_path)


@pytest.mark.needs("flite")
def test_an_operators_wording_is_said_in_the_place_of_the_products(lines: CredentialStore, tmp_path: Path) -> None:
    export("en", HERE, tmp_path / "edited")
    toml = tmp_path / "edited" / "en.toml"
    wording = toml.read_text(encoding="utf-8").replace("We are sorry.", "We apologise.")
    wording = wording.replace("w iy aa r s aa r iy", "w iy ax p aa l ax jh ay z")
    toml.write_text(wording, encoding="utf-8")
    import_catalogue(tmp_path / "edited", tmp_path / "own")
    own = Guidance.load("en", tmp_path / "own")
    assert own.after(NotAdmitted(RefusalReason.UNKNOWN)).text("unavailable").startswith("We apologise.")
    assert said(lines, own, "0312345678")[0] == load_catalogue("ja").text("unit.ask")


def test_an_operators_catalogue_that_lacks_a_clip_of_the_calls_is_refused(tmp_path: Path) -> None:
    export("en", HERE, tmp_path / "edited")
    import_catalogue(tmp_path / "edited", tmp_path / "own")
    toml = home("en", tmp_path / "own") / "en.toml"
    toml.write_text(toml.read_text(encoding="utf-8").replace('"start.over"', '"start.again"'), encoding="utf-8")
    with pytest.raises(CatalogueError, match=r"en\.toml has no clip 'start\.over'"):
        Guidance.load("ja", tmp_path / "own")
