from pathlib import Path

import pytest

from prompts import ReplacementError, home, languages
from prompts.catalogue import HERE
from prompts.homes import new_home


def put(own: Path, language: str, text: str) -> None:
    with new_home(language, own) as draft:
        (draft / f"{language}.toml").write_text(text, encoding="utf-8")


def put_half(own: Path, language: str, error: type[BaseException]) -> None:
    with new_home(language, own) as draft:
        (draft / f"{language}.toml").write_text("half", encoding="utf-8")
        raise error


def test_without_an_operators_directory_the_products_catalogues_are_used(tmp_path: Path) -> None:
    for own in (None, tmp_path / "missing", tmp_path):
        assert languages(own) == ("en", "ja")
        assert home("en", own) == HERE


def test_an_operators_catalogue_takes_the_place_of_the_products_for_its_language_alone(tmp_path: Path) -> None:
    own = tmp_path / "state" / "prompts"
    put(own, "en", "own")
    put(own, "fr", "new")
    assert languages(own) == ("en", "fr", "ja")
    assert home("ja", own) == HERE
    assert (home("en", own) / "en.toml").read_text(encoding="utf-8") == "own"


def test_a_new_one_takes_the_place_of_the_old_one_which_goes(tmp_path: Path) -> None:
    put(tmp_path, "en", "first")
    put(tmp_path, "en", "second")
    assert (home("en", tmp_path) / "en.toml").read_text(encoding="utf-8") == "second"
    assert len(list(tmp_path.iterdir())) == 2


def test_until_the_new_one_is_complete_the_old_one_is_there(tmp_path: Path) -> None:
    put(tmp_path, "en", "first")
    with new_home("en", tmp_path) as draft:
        (draft / "en.toml").write_text("half", encoding="utf-8")
        assert (home("en", tmp_path) / "en.toml").read_text(encoding="utf-8") == "first"


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_what_goes_wrong_leaves_the_old_one_and_nothing_else(tmp_path: Path, error: type[BaseException]) -> None:
    put(tmp_path, "en", "first")
    with pytest.raises(error):
        put_half(tmp_path, "en", error)
    assert (home("en", tmp_path) / "en.toml").read_text(encoding="utf-8") == "first"
    assert len(list(tmp_path.iterdir())) == 2


def test_a_directory_that_no_import_made_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "en").mkdir()
    with pytest.raises(ReplacementError, match=r"en was not made by an import; move it away"):
        put(tmp_path, "en", "own")


def test_a_link_to_elsewhere_is_replaced_and_what_it_led_to_stays(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "en").symlink_to(elsewhere)
    put(tmp_path / "own", "en", "own")
    assert elsewhere.is_dir()
    assert home("en", tmp_path / "own").name == "en"
