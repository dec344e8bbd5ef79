"""Every input that is kept passes: those that were findings once, too. (`make fuzz` looks for new ones.)"""

from __future__ import annotations

import re
import time
from typing import Final

import pytest

from tests.fuzz.catalogue import KEPT, Target, all_targets
from tests.fuzz.keep import MOST_INPUTS, hash_name

TARGETS: Final = all_targets()
MOST_OCTETS: Final = 600_000
"""How large all of them may be together: they are in every clone."""
SLOWEST_S: Final = 2.0


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_every_kept_input_passes(target: Target) -> None:
    one_input = target.load()
    one_input(b"")
    for file in target.kept_inputs():
        began = time.process_time()
        try:
            one_input(file.read_bytes())
        except Exception as error:
            error.add_note(f"the input is {file}")
            raise
        assert time.process_time() - began < SLOWEST_S, file


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_a_target_has_a_few_inputs_to_start_from(target: Target) -> None:
    assert 0 < len(target.kept_inputs()) <= MOST_INPUTS


def test_every_kept_input_is_a_targets_and_all_are_small() -> None:
    files = {path for path in KEPT.rglob("*") if path.is_file()}
    assert files == {path for target in TARGETS for path in target.kept_inputs()}
    assert sum(path.stat().st_size for path in files) <= MOST_OCTETS


def test_an_input_is_named_by_its_content_or_in_words_by_what_it_shows() -> None:
    for path in (path for target in TARGETS for path in target.kept_inputs()):
        in_words = re.fullmatch(r"[a-z]+(-[a-z0-9]+)+", path.name) and not path.name.startswith("crash")
        assert in_words or path.name == hash_name(path.read_bytes()), path
