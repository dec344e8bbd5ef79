"""The contract that keeps the database and hashing out of a service's process leaves out none of its modules."""

from __future__ import annotations

import tomllib

from tests.repository import ROOT

OF_COMMANDS = {"ivr.service.key_copies"}
"""Modules that only commands use."""


def test_each_module_of_a_service_is_on_one_side_of_the_contract() -> None:
    configuration = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = configuration["tool"]["importlinter"]["contracts"]
    [contract] = [each for each in contracts if "leaves the database and hashing" in each["name"]]
    named = {*contract["source_modules"], *contract["forbidden_modules"]} | OF_COMMANDS
    files = (path for path in (ROOT / "ivr" / "service").rglob("*.py") if path.name != "__init__.py")
    modules = {".".join(path.relative_to(ROOT).with_suffix("").parts) for path in files}
    assert {module for module in modules if not {module, module.rpartition(".")[0]} & named} == set()
