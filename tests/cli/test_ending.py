"""Commands end without a traceback: by Ctrl-C, by SIGTERM, and where nobody takes their output."""

from __future__ import annotations

import signal
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from pytest_paoding.__main__ import main
from pytest_paoding.cli import show
from pytest_paoding.gate.files.terminated import Terminated, terminable

ROOT = Path(__file__).parents[2]
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="Windows has other signals")


@POSIX
@pytest.mark.parametrize("number", (signal.SIGINT, signal.SIGTERM))
def test_a_signal_ends_a_command_in_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    def told(_: object) -> int:
        signal.raise_signal(number)
        return 0

    monkeypatch.setattr(show, "run", told)
    handler = signal.getsignal(signal.SIGTERM)
    assert main(["show", "x.json"]) == 128 + number
    assert capsys.readouterr() == ("", "python -m pytest_paoding: interrupted\n")
    assert signal.getsignal(signal.SIGTERM) is handler


@POSIX
def test_who_handles_sigterm_already_keeps_it() -> None:
    seen = list[int]()
    before = signal.signal(signal.SIGTERM, lambda number, _: seen.append(number))
    try:
        with terminable():
            signal.raise_signal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert seen == [signal.SIGTERM]


@POSIX
def test_a_second_sigterm_does_not_wait() -> None:
    handlers = list[object]()

    def clean_up() -> None:
        handlers.append(signal.getsignal(signal.SIGTERM))

    def work() -> None:
        with terminable(), ExitStack() as cleanup:
            cleanup.callback(clean_up)
            signal.raise_signal(signal.SIGTERM)

    with pytest.raises(Terminated):
        work()
    assert handlers == [signal.SIG_DFL]


@POSIX
@pytest.mark.parametrize("topic", ([], ["configuration"]))
def test_output_that_nobody_takes_is_one_line(topic: list[str]) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("there is no such device")
    with open("/dev/full", "w") as full:  # noqa: PTH123 - a device, not a path of ours
        done = subprocess.run(
            [sys.executable, "-m", "pytest_paoding", "help", *topic],
            cwd=ROOT,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr == (
        "python -m pytest_paoding: error: cannot write standard output: No space left on device;"
        " make room there, or let it go elsewhere\n"
    )
