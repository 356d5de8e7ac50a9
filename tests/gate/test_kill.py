"""A kill at any instant of a gate loses nothing and leaves nothing half written under its name."""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pytest_paoding.gate.artifacts import sweep

KILLS = 50
SCRIPT = """
import os, sys
from pathlib import Path
from support.fake_engine import FakeEngine, FakeModel
from pytest_paoding.gate.artifacts import publish
from pytest_paoding.records.budgets import Limit
from pytest_paoding.records.metrics import BUDGETS
from pytest_paoding.gate.stages import Gate, GateSpec
from pytest_paoding.gate.workbench import Workbench
from pytest_paoding.config.gate_settings import resolve
from pytest_paoding.records.results import Setting
import dataclasses

folder = Path(sys.argv[1])
limits = (Limit(BUDGETS["max_size"], 10**6),)
settings = dataclasses.replace(resolve({"ratio": Setting(0.5, "call")}), limits=limits)
print("ready", flush=True)
for line in sys.stdin:
    model = FakeModel({"dense": 40}, {"number": int(line)})
    gate = Gate(
        spec=GateSpec(name="net", settings=settings, root=folder),
        bench=Workbench(
            engine=FakeEngine(pause=0.008), load_model=lambda: model, load_data=lambda: None
        ),
        artifacts=folder,
        owner=os.getpid(),
    )
    publish(gate.run().staged)
    print("done", flush=True)
"""


def launch(folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
    )


def line_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def judge_one(process: subprocess.Popen[str], number: int) -> None:
    assert process.stdin is not None
    process.stdin.write(f"{number}\n")
    process.stdin.flush()


def whole(model: bytes, number: int) -> bool:
    """Whether a model file is all of what the fake engine writes for a gate."""
    one = json.dumps({"layers": {"dense": 20}, "facts": {"number": number}})
    return model.decode() == one * 21


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_the_previous_artifact_survives_a_kill_at_random_instants(tmp_path: Path) -> None:
    instants = random.Random(0)
    target, manifest = tmp_path / "net.keras", tmp_path / "net.json"
    process, upcoming = launch(tmp_path), launch(tmp_path)
    assert line_of(process) == "ready\n"
    began = time.perf_counter()
    judge_one(process, 0)
    assert line_of(process) == "done\n"
    process.communicate()
    longest = 1.5 * (time.perf_counter() - began)
    present, published = 0, 0
    for number in range(1, KILLS + 1):
        process, upcoming = upcoming, launch(tmp_path)
        assert line_of(process) == "ready\n"
        before = manifest.read_text()
        judge_one(process, number)
        time.sleep(instants.uniform(0, longest))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        model, after = target.read_bytes(), manifest.read_text()
        replaced = not whole(model, present)
        present = number if replaced else present
        published += replaced
        # Whatever the machine's pace, some kills shall come before and some after the publication.
        longest *= 0.9 if replaced else 1.1
        assert whole(model, present)
        assert replaced or after == before
        belongs = json.loads(after)["file"]["sha256"] == hashlib.sha256(model).hexdigest()
        assert belongs or after == before
    upcoming.kill()
    upcoming.communicate()
    assert 5 <= published <= KILLS - 5
    sweep(tmp_path, owner=os.getpid())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["net.json", "net.keras"]
