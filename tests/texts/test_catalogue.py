"""Catalogues of texts, which an operator may replace text by text."""

from __future__ import annotations

from pathlib import Path

import pytest

from texts.catalogue import read_texts
from texts.errors import TextsError

CONSOLES = "console.texts"


def own(directory: Path, text: str) -> Path:
    (directory / "en.toml").write_text(text, encoding="utf-8")
    return directory


def test_an_operators_text_replaces_the_products_and_leaves_the_others(tmp_path: Path) -> None:
    texts = read_texts(CONSOLES, "en", own(tmp_path, '[login]\ntitle = "Come in"\n'))
    assert texts("login.title") == "Come in"
    assert texts("login.enter") == read_texts(CONSOLES, "en")("login.enter")


def test_without_a_file_of_their_own_operators_have_the_products_texts(tmp_path: Path) -> None:
    assert read_texts(CONSOLES, "en", tmp_path).texts == read_texts(CONSOLES, "en").texts


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[login]\ntitel = "Come in"\n', "login.titel"),
        ("[login]\ntitle = 1\n", "login.title"),
        ('[login]\ntitle = "Hello {name}"\n', "no gap"),
        ('[live]\nmore = "and others"\n', "{n}"),
        ('[live]\nmore = "{n:x}"\n', "{n}"),
        ('[live]\nmore = "{n!r}"\n', "{n}"),
        ('[live]\nmore = "{n:{n}}"\n', "{n}"),
        ('[login]\ntitle = "{"\n', "braces"),
        ("[login\n", "TOML"),
    ],
)
def test_a_text_that_no_page_can_show_is_refused_by_name(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(TextsError) as refused:
        read_texts(CONSOLES, "en", own(tmp_path, text))
    assert told in str(refused.value)
    assert str(tmp_path / "en.toml") in str(refused.value)


def test_a_word_without_a_text_stands_for_itself() -> None:
    assert read_texts(CONSOLES, "en").word("outcome", "unheard of") == "unheard of"
