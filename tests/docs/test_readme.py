"""What the README says exists, and what exists is in the README."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import keras
import pytest

from pytest_paoding import plugin
from pytest_paoding.__main__ import COMMANDS
from pytest_paoding.config.configfile import read
from pytest_paoding.config.loading import load
from pytest_paoding.config.settings import BUILT_IN
from pytest_paoding.config.tables import (
    AttackTable,
    Budget,
    CorruptionTable,
    GateTable,
    ModelTable,
    PaodingTable,
)
from pytest_paoding.engine.graph.rules import registry
from pytest_paoding.plugin import hookspecs
from pytest_paoding.records import strategy_names
from pytest_paoding.records.formats import ENDINGS, EXPORTED
from pytest_paoding.records.metrics import REGRESSIONS

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
PAGES = (README, ROOT / "example_project" / "README.md")


@cache
def text() -> str:
    return README.read_text(encoding="utf-8")


def blocks(language: str) -> list[object]:
    """Return every fenced block of a language, in both pages."""
    pattern = re.compile(rf"^```{language}\n(.*?)^```$", re.MULTILINE | re.DOTALL)
    return [
        pytest.param(block, id=f"{page.parent.name}-{number}")
        for page in PAGES
        for number, block in enumerate(pattern.findall(page.read_text(encoding="utf-8")))
    ]


def section(heading: str) -> str:
    """Return the text below a heading, up to the next one of any level."""
    _, found, rest = text().partition(f"\n{heading}\n")
    assert found, f"the README has no heading {heading!r}"
    return re.split(r"^#+ ", rest, maxsplit=1, flags=re.MULTILINE)[0]


def first_cells(heading: str) -> set[str]:
    """Return what stands in backticks in the first column of a section's tables."""
    return set(re.findall(r"^\| `([^`]+)` \|", section(heading), re.MULTILINE))


@pytest.mark.parametrize("block", blocks("toml"))
def test_settings_in_the_pages_are_valid(block: str, tmp_path: Path) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_text(block, encoding="utf-8")
    settings = load(read(path, rootdir=tmp_path, required=True), command_line={})
    assert settings.table.models or settings.table.budget or settings.table.regression


@pytest.mark.parametrize("block", blocks("python"))
def test_code_in_the_pages_compiles(block: str) -> None:
    compile(block, "README.md", "exec")


def test_the_rule_in_the_page_is_a_right_one(capsys: pytest.CaptureFixture[str]) -> None:
    python = re.findall(r"^```python\n(.*?)^```$", text(), re.MULTILINE | re.DOTALL)
    (code,) = (block for block in python if "@pytest_paoding.rule" in block)
    exec(compile(code, "README.md", "exec"), {"__name__": "readme"})
    shape, notes = capsys.readouterr().out.splitlines()
    assert shape == "(3,)"
    assert re.fullmatch(r"\('proved: off by \S+ in float64',\)", notes)


@pytest.mark.parametrize("block", blocks("bash"))
def test_commands_in_the_pages_are_single_lines(block: str) -> None:
    for line in block.splitlines():
        assert not line.endswith("\\")


def test_every_option_is_documented_and_every_documented_option_exists() -> None:
    command = [sys.executable, "-m", "pytest", "--help"]
    shown = subprocess.run(command, cwd=ROOT / "tests", capture_output=True, text=True, check=True)
    pattern = re.compile(r"--(?:no-)?paoding\b[a-z-]*")
    assert set(pattern.findall(text())) == set(pattern.findall(shown.stdout))


TABLES = {
    "### `[tool.paoding]`": set(PaodingTable.model_fields),
    "### `[tool.paoding.budget]`": set(Budget.model_fields) - set(EXPORTED),
    "### `[tool.paoding.regression]`": set(REGRESSIONS),
    "### `[tool.paoding.attack]`": set(AttackTable.model_fields),
    "### `[tool.paoding.corruption]`": set(CorruptionTable.model_fields),
    "### `[tool.paoding.models.NAME]`": set(ModelTable.model_fields) - set(GateTable.model_fields),
}


@pytest.mark.parametrize("heading", TABLES)
def test_every_key_is_documented_and_every_documented_key_exists(heading: str) -> None:
    assert first_cells(heading) == TABLES[heading]


def test_every_format_is_shown_with_its_file() -> None:
    rows = re.findall(r"^\| `([^`]+)` \| `NAME([^`]+)` \|", section("## Formats"), re.MULTILINE)
    assert dict(rows) == dict(ENDINGS)


def test_keys_of_every_gate_are_named_for_models() -> None:
    named = set(re.findall(r"`(\w+)`", section("### `[tool.paoding.models.NAME]`")))
    assert set(GateTable.model_fields) <= named


NESTED = {
    "attack": (".attack", "name"),
    "corruptions": (".corruption", "kinds"),
    "severities": (".corruption", "severities"),
    "confidence": (".budget", "confidence"),
    "epsilons": (".attack", "epsilons"),
    **{f"attack_{key}": (".attack", key) for key in ("steps", "restarts", "samples")},
}
"""Keys that stand in a table of their own, and what they are called there."""


@pytest.mark.parametrize("key", sorted(BUILT_IN))
def test_documented_defaults_are_the_built_in_ones(key: str) -> None:
    value = BUILT_IN[key].value
    shown = "none" if value is None else f"`{json.dumps(value)}`"
    table, name = NESTED.get(key, ("", key))
    heading = f"### `[tool.paoding{table}]`"
    assert f"| `{name}` | {shown} |" in section(heading)


def test_every_command_is_shown() -> None:
    shown = set(re.findall(r"python -m pytest_paoding (\w+)", text()))
    assert shown == {command.__name__.rpartition(".")[2] for command in COMMANDS}


def test_every_strategy_is_explained() -> None:
    named = set(re.findall(r"`(\w+)`", section("## The method")))
    assert {*strategy_names.NAMES, *strategy_names.ALIASES} <= named


def test_fixtures_and_hooks_are_all_named() -> None:
    hooks = {name for name in vars(hookspecs) if name.startswith("pytest_paoding_")}
    assert first_cells("## In tests") == {*plugin.__all__, *hooks}


def test_every_layer_with_a_rule_is_named_and_every_named_layer_has_one() -> None:
    named = set(re.findall(r"`([A-Z]\w+)`", section("## Layers")))
    public = vars(keras.layers)
    ruled = {each.__name__ for each in registry._rules if public.get(each.__name__) is each}
    absent = named - set(public)  # layers that came after the oldest Keras
    assert named - absent == ruled


def test_ci_finds_the_two_commands() -> None:
    commands = re.findall(r"^python3 -m venv .*$", text(), re.MULTILINE)
    assert [("[example]" in each, "[dev]" in each) for each in commands] == [
        (True, False),
        (False, True),
    ]
