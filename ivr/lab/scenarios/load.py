"""Reads scenario files: YAML in, `Scenario` out, and every mistake named with its place."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from ivr.lab.scenarios.model import Expectation, Scenario
from settings.plain_words import plain_words

SHIPPED: Final = Path(__file__).parent / "files"
"""The scenarios that come with the product: docs/rules.md, chapter 2, call by call."""
_SUFFIXES: Final = (".yaml", ".yml")
_SECRET_FIELDS: Final = frozenset({"keys", "password", "still_opens"})
_AROUND_SECRETS: Final = frozenset({"steps", "lines", "earlier", "expect", "stored"})
"""A text in the place of one of these may be meant as the secret that belongs in it."""
_PASSWORD: Final = re.compile(r"(?<![0-9])[0-9]{8}(?![0-9])")
_LARGEST_BYTES: Final = 100_000

Model = TypeVar("Model", bound=BaseModel)


class ScenarioError(Exception):
    """A scenario file cannot be used; the message names the file, the field, its value and what it may be."""


@dataclass(frozen=True, slots=True)
class ScenarioFile:
    """A scenario and its file."""

    path: Path
    scenario: Scenario

    @property
    def name(self) -> str:
        """The scenario's name in lists and reports."""
        return self.path.stem


class _Loader(yaml.BaseLoader):
    """Takes every scalar as text: 0312345670 is not an octal number, and 2 can be a key as well as a count."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Refuse a key that stands there twice: one of the two would be ignored."""
        seen = []
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"{key.value!r} is there twice", key.start_mark)
            seen.append(key.value)
        return super().construct_mapping(node, deep)


def load_scenario(path: Path) -> Scenario:
    """Read a scenario file.

    Raises:
        ScenarioError: the file cannot be read or understood.
    """
    return _load(path, Scenario)


def load_expectation(path: Path) -> Expectation:
    """Read a file that holds only the `expect` part of a scenario.

    Raises:
        ScenarioError: the file cannot be read or understood.
    """
    return _load(path, Expectation)


def load_all(paths: Iterable[Path]) -> list[ScenarioFile]:
    """Read files, and all scenario files of directories, in the order of their names.

    Raises:
        ScenarioError: a file cannot be used, or a directory has none; each mistake of each file has its own line.
    """
    files: list[Path] = []
    found, problems = [], []
    for path in paths:
        if not path.is_dir():
            files.append(path)
        elif there := sorted(file for file in path.iterdir() if file.suffix in _SUFFIXES):
            files += there
        else:
            problems.append(f"{path}: has no scenario file; their names end in .yaml")
    for file in files:
        try:
            found.append(ScenarioFile(file, load_scenario(file)))
        except ScenarioError as error:
            problems.append(str(error))
    if problems:
        raise ScenarioError("\n".join(problems))
    return found


def _load(path: Path, model: type[Model]) -> Model:
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            raise ScenarioError(f"{path}: larger than {_LARGEST_BYTES} bytes: this is not a scenario")
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 - makes nothing but text
    except OSError as error:
        raise ScenarioError(f"{path}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise ScenarioError(f"{path}: is not UTF-8 text") from None
    except yaml.MarkedYAMLError as error:
        line = "" if error.problem_mark is None else f"line {error.problem_mark.line + 1}: "
        raise ScenarioError(f"{path}: {line}{_masked(str(error.problem))}") from None
    except yaml.YAMLError as error:
        raise ScenarioError(f"{path}: is not YAML ({_masked(str(error).splitlines()[0])})") from None
    except RecursionError:
        raise ScenarioError(f"{path}: is nested too deeply to be a scenario") from None
    if content is None:
        needed = ", ".join(name for name, field in model.model_fields.items() if field.is_required())
        raise ScenarioError(f"{path}: the file: is empty: it must have {needed}")
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise ScenarioError("\n".join(f"{path}: {_described(problem)}" for problem in error.errors())) from None


def _described(problem: ErrorDetails) -> str:
    names = [part for part in problem["loc"] if isinstance(part, str)]
    place = ".".join(str(part) for part in problem["loc"]) or "the file"
    value = problem["input"]
    is_secret = not names or _SECRET_FIELDS & set(names) or names[-1] in _AROUND_SECRETS
    message = plain_words(problem)
    shown = isinstance(value, str) and not is_secret
    return _masked(f"{place}: {value!r}: {message}" if shown else f"{place}: {message}")


def _masked(text: str) -> str:
    """Mask everything that looks like a password, wherever in a file it was written."""
    return _PASSWORD.sub("*" * 8, text)
