"""The page on a first gate: its commands are run as they stand there, and print what it says."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from support.doc_tables import ROOT

if TYPE_CHECKING:
    from pathlib import Path

PAGE = (ROOT / "pytest_paoding" / "docs" / "first-gate.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^(?:`([\w.]+)`:\n\n)?```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
STEPS = [tuple(part or "" for part in found.groups()) for found in BLOCK.finditer(PAGE)]
NOTE = re.compile(r"note \[|.* samples are too few to tell ")
"""Begins a line whose presence depends on what exactly was measured."""
ROW = re.compile(r"  ([a-z]+(?: [a-z]+)*)  ")
"""Begins a row of a table of budgets, of which the verdict depends on that too."""
VARYING = re.compile(r"(?<=OVER BUDGET).*|(?<=to accept:).*|, 1 of them cached| \(\d:\d\d:\d\d\)")
OVER = {
    "pytest --paoding-ratio=0.5": ("accuracy decay",),
    "pytest --paoding": ("accuracy drop",),
}
"""The budgets that are over after a command, where something is."""


def masked(line: str) -> str:
    """Return a line without what differs from one machine to the next: numbers and widths."""
    if row := ROW.match(line):
        return row[1]
    line = re.sub(r"-?\d[\d.,]*(?: kB)?", "#", VARYING.sub("", line))
    return re.sub(r"\s+|[=_-]{3,}", " ", line).strip()


def lines_of(text: str) -> list[str]:
    return [masked(line) for line in text.splitlines() if line.strip() and not NOTE.match(line)]


def appear(wanted: str, text: str) -> None:
    """Make sure that lines appear in a text, in their order."""
    left = iter(lines_of(text))
    for line in lines_of(wanted):
        assert any(line == each for each in left), f"{line!r} is missing from\n{text}"


def edited(text: str, change: str) -> str:
    """Return a text with the lines of a diff replaced."""
    lines = change.splitlines()
    for before, after in zip(lines[::2], lines[1::2], strict=True):
        assert (before[0], after[0]) == ("-", "+")
        found = [line for line in text.splitlines() if line.startswith(before[1:])]
        assert len(found) == 1, before
        text = text.replace(found[0], after[1:])
    return text


def test_it_has_all_steps() -> None:
    """And blocks that a file is named for are those of files."""
    assert [kind for _, kind, _ in STEPS].count("bash") == 8
    assert {kind for name, kind, _ in STEPS if name} == {"python", "toml", "diff"}
    for name, kind, _ in STEPS:
        assert bool(name) is (kind in {"python", "toml", "diff"})


def printed_by(text: str, folder: Path) -> str:
    """Run a command of the page in a folder; return what it prints."""
    command = shlex.split(text)
    command = command if command[0] == "python" else ["python", "-m", *command]
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTEST_PLUGINS": "pytest_paoding.plugin",
        "COLUMNS": "100",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    done = subprocess.run(
        [sys.executable, *command[1:]],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    for budget in OVER.get(text.strip(), ()) * ("OVER BUDGET" in done.stdout):
        assert re.search(rf"^  {budget} .*OVER by", done.stdout, re.MULTILINE), done.stdout
    return done.stdout


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_path_of_a_newcomer_is_as_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CI", raising=False)
    printed = ""
    for name, kind, text in STEPS:
        path = tmp_path / name
        if kind == "bash":
            printed = printed_by(text, tmp_path)
        elif kind == "text":
            appear(text, printed)
        elif kind == "toml":
            assert lines_of(path.read_text(encoding="utf-8")) == lines_of(text)
        elif kind == "diff":
            path.write_text(edited(path.read_text(encoding="utf-8"), text), encoding="utf-8")
        else:
            if path.exists():
                assert "raise NotImplementedError" in path.read_text(encoding="utf-8")
            path.write_text(text, encoding="utf-8")
