"""`python -m pytest_paoding help`: the pages that come with the package."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest

from pytest_paoding.__main__ import main
from pytest_paoding.cli.help import pages

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "pytest_paoding" / "docs"
TOPICS = sorted(path.stem for path in FOLDER.glob("*.md"))


def test_every_page_comes_with_the_package():
    found = {each.name for each in (files("pytest_paoding") / "docs").iterdir()}
    assert {f"{topic}.md" for topic in TOPICS} <= found
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    wheel = project.partition("[tool.hatch.build.targets.wheel]\n")[2].partition("\n\n")[0]
    assert wheel == 'packages = ["pytest_paoding"]'  # with all that stands in the folder
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").split()
    assert not {"docs/", "*.md"} & set(ignored)  # what git ignores, hatch leaves out


def test_topics_are_listed_with_a_line_each(capsys):
    assert main(["help"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == TOPICS == list(pages())
    for line in lines:
        assert line.endswith(".")
        assert "|" not in line


@pytest.mark.parametrize("topic", TOPICS)
def test_a_page_is_printed_as_it_is(topic, capsys):
    assert main(["help", topic]) == 0
    text = (FOLDER / f"{topic}.md").read_text(encoding="utf-8")
    assert capsys.readouterr().out == text
    assert text.isascii()


@pytest.mark.parametrize(
    ("word", "hint"), (("formts", "did you mean formats?"), ("zzz", "known are attacks, ci, "))
)
def test_an_unknown_topic_is_one_line(word, hint, capsys):
    assert main(["help", word]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.count("\n") == 1
    assert f"there is no topic {word!r}, {hint}" in shown.err


def test_what_a_terminal_cannot_show_is_replaced():
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    code = (
        "from pytest_paoding.cli import help as page; from pytest_paoding.__main__ import main;"
        r"page.pages = lambda: {'odd': '# Odd\n\n\u221a2'}; main(['help', 'odd'])"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=environment, capture_output=True, check=False)
    assert (done.returncode, done.stdout.split()[-1]) == (0, b"?2")


def test_a_reader_may_stop_reading():
    command = [sys.executable, "-m", "pytest_paoding", "help", "configuration"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        running.stdout.close()
        assert running.stderr.read() == b""
    assert running.returncode == 0
