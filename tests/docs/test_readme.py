"""The front page: short, with the two commands that CI runs, and keys as they are."""

from __future__ import annotations

import re

from pytest_paoding.config.catalogue import SETTINGS
from pytest_paoding.config.catalogue.doc_rows import doc_rows
from pytest_paoding.records.metrics import BUDGETS
from support.doc_tables import ROOT

TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
MOST_LINES = 250


def test_it_is_a_front_page() -> None:
    assert len(TEXT.splitlines()) <= MOST_LINES
    assert not re.search(r"!\[", TEXT)  # where it is shown elsewhere, no image stands beside it


def test_ci_finds_the_two_commands() -> None:
    commands = re.findall(r"^python3 -m venv .*$", TEXT, re.MULTILINE)
    assert [("[example]" in each, "[dev]" in each) for each in commands] == [
        (True, False),
        (False, True),
    ]
    gates = [each for each in TEXT.splitlines() if " --paoding-ratio=0.5" in each]
    assert [each for each in gates if each.startswith("python3 -m venv ")] == commands[:1]


def test_keys_have_their_own_defaults() -> None:
    rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \| [^|]+ \|$", TEXT, re.MULTILINE)
    assert len(rows) > 5
    cells = {key: default for key, _, default, *_ in doc_rows(SETTINGS)}
    assert all(cells[f"`{key}`"] == default for key, default in rows)


def test_budgets_are_those_there_are() -> None:
    named = set(re.findall(r"^\| `(\w+)` \| [^|]+ \|$", TEXT, re.MULTILINE))
    assert named
    assert named <= set(BUDGETS)
