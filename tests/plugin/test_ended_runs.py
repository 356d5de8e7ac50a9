"""A run that is told to end leaves nothing staged, whatever tells it."""

from __future__ import annotations

import json
import signal
import sys
from typing import TYPE_CHECKING

import pytest

from support.projects import BUDGET, CONFTEST

if TYPE_CHECKING:
    from support.projects import Project

ENGINE = """
import os

class Ended(FakeEngine):
    def evaluate(self, *given, **more):
        os.kill(os.getpid(), {number})
        return super().evaluate(*given, **more)

def pytest_paoding_engine(config):
    return Ended()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other signals")
@pytest.mark.parametrize("number", (signal.SIGINT, signal.SIGTERM))
def test_nothing_stays_staged(single: Project, number: signal.Signals) -> None:
    single.configure(BUDGET, first={}, second={})
    handler = signal.getsignal(signal.SIGTERM)
    single.write("conftest.py", CONFTEST + ENGINE.format(number=int(number)))
    ran = single.gate(interrupted=True)
    assert ran.ret == pytest.ExitCode.INTERRUPTED
    assert single.published == []
    assert not json.loads((single.path / "run.json").read_text())["session"]["complete"]
    assert "Traceback" not in ran.stdout.str() + ran.stderr.str()
    assert signal.getsignal(signal.SIGTERM) is handler
