"""Wrong usage of any command is refused in one line that leads to its help."""

from __future__ import annotations

import re
from typing import Any

import pytest

from pytest_paoding.__main__ import COMMANDS, main

NAMES = [command.__name__.rpartition(".")[2] for command in COMMANDS]
PROGRAM = "python -m pytest_paoding"


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Return the one line that a call is refused in."""
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    out, err = capsys.readouterr()
    assert (caught.value.code, out, err.count("\n")) == (2, "", 1)
    assert err.isascii()
    return str(err)


@pytest.mark.parametrize("command", NAMES)
def test_an_option_that_no_command_has(command: str, capsys: Any) -> None:
    line = refused(capsys, command, "a", "b", "--no-such-option=3", "-x")
    assert line.startswith(f"{PROGRAM} {command}: error: ")
    assert line.endswith(f"; see {PROGRAM} {command} --help\n")


@pytest.mark.parametrize(
    ("arguments", "meant"),
    (
        (["prune", "m.keras", "-o", "a.keras", "--ration", "0.5"], "--ratio"),
        (["prune", "m.keras", "-o", "a.keras", "-r=0.5", "--startegy=impact"], "--strategy"),
        (["merge", "a.json", "--markdwon=b.md"], "--markdown"),
        (["compare", "a.json", "b.json", "more", "--max-sice-increase=2%"], "--max-size-increase"),
    ),
)
def test_a_misspelt_option_is_told_apart(arguments: list[str], meant: str, capsys: Any) -> None:
    assert f", did you mean {meant}?; see " in refused(capsys, *arguments)


@pytest.mark.parametrize("arguments", ([], ["shrink"], ["a\n::error::no"], ["prune"], ["merge"]))
def test_a_call_without_its_command_or_arguments(arguments: list[str], capsys: Any) -> None:
    line = refused(capsys, *arguments)
    assert re.match(rf"{PROGRAM}( \w+)?: error: .*; see {PROGRAM}( \w+)? --help\n$", line)
