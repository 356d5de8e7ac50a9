"""The tables of the pages say what the catalogues say; `doc_tables` rewrites those that do not."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import keras
import pytest

from pytest_paoding import plugin
from pytest_paoding.config.catalogue import SETTINGS
from pytest_paoding.config.tables import (
    AttackTable,
    Budget,
    CorruptionTable,
    GateTable,
    ModelTable,
    PaodingTable,
)
from pytest_paoding.engine.graph.rules import registry
from pytest_paoding.records import strategy_names
from pytest_paoding.records.formats import ENDINGS, EXPORTED
from pytest_paoding.records.metrics import REGRESSIONS
from support.doc_tables import BLOCK, BLOCKS, PAGES, ROOT, hooks, option_rows, renewed

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_paoding.config.catalogue.keys import Key

DOCS = ROOT / "pytest_paoding" / "docs"


def section(page: str, heading: str) -> str:
    """Return the text below a heading, up to the next one of any level."""
    text = (DOCS / f"{page}.md").read_text(encoding="utf-8")
    _, found, rest = text.partition(f"\n{heading}\n")
    assert found, f"{page} has no heading {heading!r}"
    return re.split(r"^#+ ", rest, maxsplit=1, flags=re.MULTILINE)[0]


def first_cells(text: str) -> set[str]:
    """Return what stands in backticks in the first column of tables."""
    return set(re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_tables_are_what_the_catalogues_say(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert text == renewed(text)


def test_every_table_stands_somewhere_and_has_no_empty_meaning() -> None:
    found = [at for page in PAGES for at in BLOCK.finditer(page.read_text(encoding="utf-8"))]
    assert sorted(at[2] for at in found) == sorted(BLOCKS)
    for at in found:
        heads, *lines = at[3].splitlines()
        told = heads.split("|").index(" meaning ") if " meaning " in heads else -2
        for line in lines:
            assert not line.startswith("| `") or re.split(r"(?<!\\)\|", line)[told].strip()


def test_a_row_that_is_missing_comes_back_without_what_it_means() -> None:
    heads = "| key | a limit is | exported files | measured as |\n| --- | --- | --- | --- |\n"
    head = f"<!-- table: regressions -->\n{heads}"
    kept = "| `max_size_increase` | wrong | Growth. |\n| `max_nonsense` | a share | Gone. |\n"
    lines = renewed(f"{head}{kept}<!-- end -->").splitlines()
    assert "| `max_size_increase` | a share | yes | Growth. |" in lines
    assert "| `max_flops_increase` | a share | no | |" in lines
    assert "max_nonsense" not in str(lines)


TABLES = {
    "## `[tool.paoding]`": set(PaodingTable.model_fields),
    "## `[tool.paoding.budget]`": set(Budget.model_fields) - set(EXPORTED),
    "## `[tool.paoding.regression]`": set(REGRESSIONS),
    "## `[tool.paoding.attack]`": set(AttackTable.model_fields),
    "## `[tool.paoding.corruption]`": set(CorruptionTable.model_fields),
    "## `[tool.paoding.models.NAME]`": set(ModelTable.model_fields) - set(GateTable.model_fields),
}


@pytest.mark.parametrize("heading", TABLES)
def test_every_key_is_documented_and_every_documented_key_exists(heading: str) -> None:
    assert first_cells(section("configuration", heading)) == TABLES[heading]


def test_keys_of_every_gate_are_named_for_models() -> None:
    text = section("configuration", "## `[tool.paoding.models.NAME]`")
    assert set(GateTable.model_fields) <= set(re.findall(r"`(\w+)`", text))


@pytest.mark.parametrize("key", SETTINGS.optional, ids=lambda key: key.name)
def test_documented_defaults_are_the_built_in_ones(key: Key) -> None:
    value = "needed" if key.needed else SETTINGS.built_in[key.name].value
    shown = value if key.needed else "none" if value is None else f"`{json.dumps(value)}`"
    heading = f"## `[tool.paoding{key.table and f'.{key.table}'}]`"
    rows = section("configuration", heading).splitlines()
    (row,) = (each for each in rows if each.startswith(f"| `{key.key}` |"))
    assert f"| {shown} |" in row


def test_every_format_is_shown_with_its_file() -> None:
    text = (DOCS / "formats.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([^`]+)` \| `NAME([^`]+)` \|", text, re.MULTILINE)
    assert dict(rows) == dict(ENDINGS)


def test_every_strategy_is_explained() -> None:
    named = set(re.findall(r"`(\w+)`", section("method", "## What goes")))
    assert {*strategy_names.NAMES, *strategy_names.ALIASES} <= named


def test_fixtures_and_hooks_are_all_named() -> None:
    assert first_cells(section("hooks", "## Fixtures")) == set(plugin.__all__)
    text = (DOCS / "hooks.md").read_text(encoding="utf-8")
    assert re.findall(r"^### `(\w+)\(", text, re.MULTILINE) == list(hooks())


def test_every_option_has_a_row() -> None:
    rows = re.findall(
        r"^\| `([^`]+)` \|", section("command-line", "## Options of pytest"), re.MULTILINE
    )
    assert rows == list(option_rows())


def test_every_layer_with_a_rule_is_named_and_every_named_layer_has_one() -> None:
    text = (DOCS / "layers.md").read_text(encoding="utf-8").partition("\n## ")[0]
    public = vars(keras.layers)
    named = {name for name in re.findall(r"`([A-Z]\w+)`", text) if name in public}
    ruled = {each for each in registry._rules if each in set(filter(callable, public.values()))}
    assert {public[name] for name in named} == ruled
