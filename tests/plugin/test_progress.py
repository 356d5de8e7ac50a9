"""Progress is seen on a terminal, whatever pytest captures, and gets into no output of a test."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_paoding.plugin.distribution.watching import FileLine, Watch
from pytest_paoding.reporting.progress import Progress, TerminalLine

if TYPE_CHECKING:
    from pathlib import Path

    from support.projects import Project

COLUMNS = 80
SLOW = """
import time

class Slow(FakeEngine):
    def prune(self, model, *, progress=None, **settings):
        for number in range(30):
            time.sleep(0.1)
            if progress is not None:
                progress("distilling", number + 1, 30)
        return super().prune(model, **settings)

def pytest_paoding_engine(config):
    return Slow()
"""


class Screen:
    """Stands in for pytest's terminal reporter."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []

    def ensure_newline(self) -> None:
        self.calls.append(("newline",))

    def rewrite(self, line: str, *, erase: bool = False) -> None:
        self.calls.append((line, erase))

    def flush(self) -> None:
        self.calls.append(("flush",))


def on_a_terminal(command: list[str], folder: Path) -> str:
    """Run a command on a terminal of 80 columns, and return all that it showed."""
    pty = pytest.importorskip("pty", reason="there are no terminals of this kind")
    ours, theirs = pty.openpty()
    environment = {**os.environ, "COLUMNS": str(COLUMNS), "TERM": "xterm"}
    with subprocess.Popen(
        command, cwd=folder, stdin=theirs, stdout=theirs, stderr=theirs, env=environment
    ):
        os.close(theirs)
        shown = b""
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:  # Linux says so that the other end is closed
                break
            if not part:
                break
            shown += part
    os.close(ours)
    return shown.decode(errors="replace")


@pytest.mark.parametrize("workers", ((), ("-p", "xdist", "-n2")), ids=("alone", "n2"))
def test_work_of_seconds_is_seen_and_not_captured(
    single: Project, workers: tuple[str, ...]
) -> None:
    single.configure(cnn={"accuracy": [0.9, 0.1]})
    single.write("conftest.py", (single.path / "conftest.py").read_text() + SLOW)
    command = [sys.executable, "-m", "pytest", *single.plugins, *workers, "--paoding", "-rA"]
    shown = on_a_terminal(command, single.path)
    assert "cnn OVER BUDGET" in shown
    assert "Captured" not in shown
    before, _, after = shown.partition("= FAILURES =")
    lines = re.findall(r"\r(paoding: cnn: distilling [^\r\n]*)", before)
    assert len(set(lines)) >= 5
    assert all(len(line) < COLUMNS + len("\x1b[K") for line in lines)
    assert re.search(r"distilling \d+/30, about \d s left", before)
    assert "distilling" not in after


def test_a_search_says_which_trial_it_is_at(single: Project) -> None:
    single.configure(
        '[tool.paoding]\nratio = "auto"\n[tool.paoding.budget]\nmin_accuracy = 0.1\n', cnn={}
    )
    slow = SLOW.replace("range(30)", "range(3)").replace("0.1", "0.5")
    single.write("conftest.py", (single.path / "conftest.py").read_text() + slow)
    command = [sys.executable, "-m", "pytest", *single.plugins, "--paoding"]
    shown = on_a_terminal(command, single.path)
    assert re.search(r"\rpaoding: cnn: trial 2 of 10 at 0\.75, distilling [123]/30", shown)


def test_long_work_only_is_shown_and_leaves_no_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    screen = Screen()
    shown = Progress(TerminalLine(screen), "net")
    shown("pruning", 1, 9)
    shown.close()
    assert screen.calls == []
    for now[0] in (1.5, 1.55, 1.7):
        shown("pruning", 2, 9)
    shown.close()
    line, flush = ("paoding: net: pruning 2/9", True), ("flush",)
    assert screen.calls == [("newline",), line, flush, line, flush, ("", True), ("", False), flush]


@given(st.integers(1, 50), st.integers(1, 50), st.floats(2, 100))
def test_the_time_that_is_left_is_told_at_the_pace_so_far(
    done: int, more: int, seconds: float
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        now = 10.0
        patch.setattr("time.monotonic", lambda: now)
        screen = Screen()
        shown = Progress(TerminalLine(screen), "net", due=0.0)
        shown("distilling", 0, done + more)
        now += seconds
        shown("distilling", done, done + more)
    text = screen.calls[-2][0]
    found = re.fullmatch(r"paoding: net: distilling \d+/\d+, about (\d+) s left", text)
    assert found is not None
    assert float(found[1]) == pytest.approx(seconds / done * more, abs=1)


def test_a_line_is_no_longer_than_the_terminal_is_wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    screen = Screen()
    TerminalLine(screen).show("x" * 100)
    assert screen.calls[1] == ("x" * 39, True)


def test_the_lines_of_workers_are_shown_as_one(tmp_path: Path) -> None:
    screen, folder = Screen(), tmp_path / "watched"
    watch = Watch(folder, TerminalLine(screen))
    lines = [FileLine(folder / f"gw{number}.txt") for number in range(2)]
    watch.look()
    for number, line in enumerate(lines):
        line.show(f"line {number}")
    watch.look()
    lines[0].clear()
    watch.look()
    lines[1].clear()
    watch.look()
    shown = [each for each in screen.calls if each[0] not in ("newline", "flush")]
    assert shown == [("line 0  line 1", True), ("line 1", True), ("", True), ("", False)]
    assert list(folder.iterdir()) == []


def test_reports_that_follow_each_other_are_not_torn_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 10.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    screen = Screen()
    watch = Watch(tmp_path, TerminalLine(screen))
    FileLine(tmp_path / "gw0.txt").show("line")
    for _ in range(5):
        watch.hide()
        now += 1.0
        watch.look()
    assert screen.calls == []
    now += 1.0
    watch.look()
    assert ("line", True) in screen.calls


def test_a_line_whose_folder_is_gone_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    line = FileLine(tmp_path / "file" / "gw0.txt")
    line.show("text")
    line.clear()


def test_watching_ends_and_leaves_no_trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pytest_paoding.plugin.distribution.watching._PAUSE", 0.001)
    screen = Screen()
    watch = Watch(tmp_path, TerminalLine(screen))
    FileLine(tmp_path / "gw0.txt").show("line")
    watch.start()
    watch.start()
    while not screen.calls:
        pass
    watch.stop()
    assert screen.calls[-3:] == [("", True), ("", False), ("flush",)]
    assert "paoding" not in {each.name for each in threading.enumerate()}
