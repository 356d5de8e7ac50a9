"""A child process is asked, watched and ended; whatever it does, the other side goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_paoding.errors import ChildError, ConfigError, DataError, LimitError
from pytest_paoding.isolation import footprint
from pytest_paoding.isolation.allowance import Allowance
from pytest_paoding.isolation.crossing import Handle

if TYPE_CHECKING:
    from support.acts import Acts

TESTS = Path(__file__).parents[1]
posix = pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")


def is_alive(process: int) -> bool:
    """Whether a process runs; one that has ended, and that nobody waited for, does not."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def await_(condition: Any, seconds: float = 30) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return False


def test_one_process_does_the_work_of_many_gates(acts: Acts) -> None:
    for _ in range(3):
        gate = acts.gate()
        assert isinstance(acts.act("data", gate), Handle)
        process = acts.child._line.process.pid  # type: ignore[union-attr]
        gate.close()
        assert acts.child._line.process.pid == process  # type: ignore[union-attr]
    assert process != os.getpid()


def test_it_keeps_what_there_are_handles_for(
    acts: Acts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "acts.py").write_text("""
import gc, weakref

class Kept: ...

kept = []

def keep():
    found = Kept()
    kept.append(weakref.ref(found))
    return found

def alive():
    gc.collect()
    with open("alive", "w") as file:
        file.write(str([each() is not None for each in kept]))
    return 1
""")
    monkeypatch.chdir(tmp_path)
    gate = acts.gate()
    first, second = acts.act("keep", gate), acts.act("keep", gate)
    acts.act("alive", gate)
    assert (tmp_path / "alive").read_text() == "[True, True]"
    del first
    acts.act("alive", gate)
    assert (tmp_path / "alive").read_text() == "[False, True]"
    assert second is not None
    gate.close()
    acts.act("alive")
    assert (tmp_path / "alive").read_text() == "[False, False]"


def test_its_surroundings_are_those_of_the_process_that_asks(
    acts: Acts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = """
def told():
    import json, os, sys
    with open(os.environ["TOLD"], "w") as file:
        json.dump([os.getcwd(), os.environ["MOOD"], sys.path], file)
    return 1
"""
    (tmp_path / "acts.py").write_text(code)
    for mood in ("good", "better"):  # the process is there already when they change
        folder = tmp_path / mood
        folder.mkdir()
        monkeypatch.chdir(folder)
        monkeypatch.setenv("MOOD", mood)
        monkeypatch.setenv("TOLD", str(tmp_path / "told"))
        monkeypatch.syspath_prepend(folder)
        acts.act("told")
        told = (tmp_path / "told").read_text()
        assert str(folder) in told
        assert f'"{mood}"' in told


def test_what_it_writes_is_shown_here_and_once(
    acts: Acts, capsys: pytest.CaptureFixture[str]
) -> None:
    acts.act("write")
    lines = sorted(capsys.readouterr().err.splitlines())
    assert lines == ["past Python", "to standard error", "to standard output"]
    acts.act("data")
    assert capsys.readouterr() == ("", "")


@posix
@pytest.mark.parametrize(
    ("act", "told"),
    (
        ("sigsegv", r"was ended by SIGSEGV in 'call'$"),
        ("sigabrt", r"was ended by SIGABRT in 'call'$"),
        ("sigkill", r"was ended by SIGKILL, which the system sends where memory is short, in"),
        ("overflow", r"was ended by SIGSEGV in 'call'$"),
        ("leave", r"ended with exit status 3 in 'call'$"),
    ),
)
def test_its_end_is_one_line_and_another_one_takes_its_place(
    acts: Acts, act: str, told: str
) -> None:
    gate = acts.gate()
    for _ in range(2):  # what it had kept for this gate is gone
        with pytest.raises(ChildError, match=told) as caught:
            acts.act(act, gate)
        assert "\n" not in str(caught.value)
        assert caught.value.__cause__ is None
    gate.close()
    assert isinstance(acts.act("data"), Handle)


def test_what_code_raises_there_is_raised_here_with_its_traceback(acts: Acts) -> None:
    with pytest.raises(DataError, match=r"data 'acts:defect' raised at acts\.py:"):
        acts.act("defect")
    gate = acts.gate()
    with pytest.raises(ChildError, match=r"^KeyError: 99$") as caught:
        gate.ask("digest", model=Handle(99))
    assert "Traceback (most recent call last)" in str(caught.value.__cause__)
    assert isinstance(acts.act("data", gate), Handle)  # it goes on


@pytest.mark.parametrize("act", ("wait", "grow"))
def test_more_than_the_time_allowed_is_told_with_the_figure(acts: Acts, act: str) -> None:
    acts.act("data")
    with pytest.raises(LimitError, match=r"^the gate took 0\.\d+ s, timeout allows 0\.3 s: raise"):
        acts.act(act, acts.gate(timeout=0.3))
    assert not acts.child.runs
    assert isinstance(acts.act("data"), Handle)


@posix
def test_what_it_has_written_outlives_an_end_at_once(
    acts: Acts, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def late(group: int, number: int) -> None:
        time.sleep(0.5)  # long enough for a child that knew of its end to clear away
        kill(group, number)

    kill = os.killpg
    monkeypatch.setattr(os, "killpg", late)
    for _ in range(2):
        acts.act("data")  # it has started before its time begins
        with pytest.raises(LimitError, match=r"timeout allows 1 s"):
            acts.act("say_and_wait", acts.gate(timeout=1))
        assert capsys.readouterr().err == "before\n"


def test_what_it_has_written_outlives_the_folder_it_was_written_in(
    acts: Acts, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CHILD_FOLDER", str(acts.child.folder))
    with pytest.raises(ChildError, match=r"ended with exit status 3 in 'call'$"):
        acts.act("clear_away")
    assert capsys.readouterr().err == "before\n"


@posix
def test_more_than_the_memory_allowed_is_told_with_the_figure(acts: Acts) -> None:
    told = r"^the gate took \d+\.\d+ MB of memory, memory allows 150\.\d* MB: raise memory"
    with pytest.raises(LimitError, match=told):
        acts.act("grow", acts.gate(memory=150 * 10**6))
    assert not acts.child.runs
    assert isinstance(acts.act("data"), Handle)


@posix
def test_memory_is_measured_in_two_ways_that_agree() -> None:
    if not Path("/proc").exists():
        pytest.skip("only one of them is known here")
    one, other = footprint.of_proc(os.getpid()), footprint.of_ps(os.getpid())
    assert abs(one - other) < 0.2 * one
    assert footprint.of_proc(2**22 + 1) == footprint.of_ps(2**22 + 1) == 0


def test_what_cannot_be_measured_cannot_be_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    Allowance(timeout=1.0)
    with pytest.raises(ConfigError, match="memory: cannot be bounded on Windows"):
        Allowance(memory=10**9)


SUITE = f"""
import sys
sys.path.insert(0, {str(TESTS)!r})
from pathlib import Path
from support.acts import Acts
Acts(Path(sys.argv[1])).act("wait")
"""


@posix
@pytest.mark.parametrize("name", ("SIGKILL", "SIGTERM", "SIGINT"))
def test_no_process_outlives_the_one_that_asks(
    acts: Acts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("CHILD_FILE", str(tmp_path / "processes"))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    command = [sys.executable, "-c", SUITE, str(acts.root)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as suite:
        assert await_((tmp_path / "processes").exists)
        processes = [int(each) for each in (tmp_path / "processes").read_text().split()]
        assert all(map(is_alive, processes))
        suite.send_signal(getattr(signal, name))
        try:
            suite.wait(timeout=60)
            assert await_(lambda: not any(map(is_alive, processes)))
            if name != "SIGINT":  # as there the suite would have cleaned up, had it been pytest
                assert await_(lambda: not list(tmp_path.glob("paoding-child-*")))
        finally:
            suite.kill()
            for process in processes:
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
