"""Every page: its blocks are valid, its links lead somewhere, its names are those of the code."""

from __future__ import annotations

import re
import subprocess
import sys
from functools import cache
from typing import TYPE_CHECKING

import keras
import pytest

from pytest_paoding.__main__ import COMMANDS
from pytest_paoding.config.configfile import read
from pytest_paoding.config.loading import load
from support.doc_tables import DOCS, PAGES, ROOT

if TYPE_CHECKING:
    from pathlib import Path

FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


@cache
def text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def everything() -> str:
    return "\n".join(map(text, PAGES))


def title(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def blocks(language: str) -> list[object]:
    """Return every fenced block of a language, in all pages."""
    pattern = re.compile(rf"^```{language}\n(.*?)^```$", re.MULTILINE | re.DOTALL)
    return [
        pytest.param(block, id=f"{title(page)}-{number}")
        for page in PAGES
        for number, block in enumerate(pattern.findall(text(page)))
    ]


def links() -> list[object]:
    """Return every link that stands outside of code, with its page."""
    return [
        pytest.param(page, target, id=f"{title(page)}-{target}")
        for page in (*PAGES, ROOT / "CHANGELOG.md")
        for target in dict.fromkeys(re.findall(r"\]\(([^)\s]+)\)", FENCED.sub("", text(page))))
    ]


def anchors(page: Path) -> set[str]:
    """Return what links can point to within a page, as GitHub makes it of headings."""
    headings = re.findall(r"^#+ (.*)$", FENCED.sub("", text(page)), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", each.lower()).strip().replace(" ", "-") for each in headings}


@pytest.mark.parametrize("block", blocks("toml"))
def test_settings_in_the_pages_are_valid(block: str, tmp_path: Path) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_text(block, encoding="utf-8")
    settings = load(read(path, rootdir=tmp_path, required=True), command_line={})
    assert settings.table.models or settings.table.budget or settings.table.regression


@pytest.mark.parametrize("block", blocks("python"))
def test_code_in_the_pages_compiles(block: str) -> None:
    compile(block, "page", "exec")


def test_the_rule_in_the_pages_is_a_right_one(capsys: pytest.CaptureFixture[str]) -> None:
    (code,) = (
        block.values[0] for block in blocks("python") if "@pytest_paoding.rule" in block.values[0]
    )
    keras.utils.set_random_seed(0)
    exec(compile(code, "page", "exec"), {"__name__": "page"})
    shape, notes = capsys.readouterr().out.splitlines()
    assert shape == "(3,)"
    assert re.fullmatch(r"\('proved: off by \S+ in float64',\)", notes)


@pytest.mark.parametrize("block", blocks("bash"))
def test_commands_in_the_pages_are_single_lines(block: str) -> None:
    for line in block.splitlines():
        assert not line.endswith("\\")


@pytest.mark.parametrize(("page", "target"), links())
def test_links_lead_somewhere(page: Path, target: str) -> None:
    if re.match(r"https?://", target):
        return
    path, _, anchor = target.partition("#")
    there = (page.parent / path).resolve() if path else page
    assert there.exists()
    assert there.is_relative_to(ROOT)
    assert not anchor or anchor in anchors(there)


@pytest.mark.parametrize("page", DOCS, ids=title)
def test_a_page_begins_with_its_title_and_what_it_is_on(page: Path) -> None:
    assert re.match(r"# .+\n\n[A-Z].+\.\n\n", text(page))


@pytest.mark.parametrize("page", DOCS, ids=title)
def test_the_front_page_links_every_page(page: Path) -> None:
    assert f"]({title(page)})" in text(ROOT / "README.md")


def test_every_option_is_documented_and_every_documented_option_exists() -> None:
    command = [sys.executable, "-m", "pytest", "--help"]
    shown = subprocess.run(command, cwd=ROOT / "tests", capture_output=True, text=True, check=True)
    pattern = re.compile(r"--(?:no-)?paoding\b[a-z-]*")
    assert set(pattern.findall(everything())) == set(pattern.findall(shown.stdout))


def test_every_command_is_shown() -> None:
    shown = set(re.findall(r"python -m pytest_paoding (\w+)", everything()))
    assert shown == {command.__name__.rpartition(".")[2] for command in COMMANDS}
