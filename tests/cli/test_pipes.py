"""What reads a file waits for nobody: a pipe or a device in its place is refused in one line."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import keras
import pytest
from keras import layers

from pytest_paoding.__main__ import main
from pytest_paoding.engine.keras_io.save import save_model
from pytest_paoding.records.baseline import Baseline
from pytest_paoding.records.files.digests import sha256_of
from support.projects import BUDGET

if TYPE_CHECKING:
    from pathlib import Path

    from support.projects import Project

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are none"),
    pytest.mark.timeout(60),
]
REFUSED = "is no regular file, but a pipe or a device"
MADE = {"a pipe": os.mkfifo, "a device": lambda path: path.symlink_to("/dev/zero")}


@pytest.fixture(params=MADE)
def odd(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / "odd.json"
    MADE[request.param](path)
    return path


COMMANDS = {
    "show": ["show", "ODD"],
    "show, as a model": ["show", "ODD.keras"],
    "compare": ["compare", "ODD", "GOOD"],
    "compare, second": ["compare", "GOOD", "ODD"],
    "merge": ["merge", "ODD", "--json=merged.json"],
    "verify": ["verify", "odd.keras"],
    "prune, data": [
        *("prune", "net.keras", "--output=small.keras", "--ratio=0.5"),
        *("--data=ODD.npz", "--max-accuracy-decay=10%"),
    ],
    "prune, inputs": [
        *("prune", "net.keras", "--output=small.keras"),
        *("--ratio=0.5", "--calibration=ODD"),
    ],
    "init": ["init", "net.keras"],
}


@pytest.mark.parametrize("command", COMMANDS)
def test_no_command_waits_for_the_other_end(
    odd: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: str,
) -> None:
    monkeypatch.chdir(odd.parent)
    good = odd.with_name("good.json")
    good.write_text(Baseline(good, good.name, {}).to_text(), encoding="utf-8")
    for name in ("odd.json.keras", "odd.json.npz", "pyproject.toml"):
        odd.with_name(name).symlink_to(odd)
    net = keras.Sequential([keras.Input((3,)), layers.Dense(8, "relu"), layers.Dense(2)])
    save_model(net, odd.with_name("net.keras"))
    save_model(net, odd.with_name("odd.keras"))
    given = [each.replace("ODD", str(odd)).replace("GOOD", str(good)) for each in COMMANDS[command]]
    assert main(given) != 0
    told = capsys.readouterr()
    assert REFUSED in told.err
    assert "Traceback" not in told.err
    assert len([line for line in told.err.splitlines() if REFUSED in line]) == 1


def test_no_plan_is_waited_for(odd: Path) -> None:
    from pytest_paoding.records.plan import Plan  # noqa: PLC0415

    with pytest.raises(OSError, match=REFUSED):
        Plan.load(odd)
    with pytest.raises(OSError, match=REFUSED):
        sha256_of(odd)


def test_no_gate_waits(single: Project, odd: Path) -> None:
    single.configure(BUDGET + "[tool.paoding.regression]\nmax_size_increase = 0.1\n", cnn={})
    for option in ("--paoding-baseline", "--paoding-config"):
        ran = single.gate(f"{option}={odd}")
        assert ran.ret == pytest.ExitCode.USAGE_ERROR
        ran.stderr.fnmatch_lines([f"*{REFUSED}*"])
