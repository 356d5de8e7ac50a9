"""A whole gate against a minimal script, and the pruning of a head as large as they come."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from sklearn.datasets import load_digits

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.benchmark

HERE = Path(__file__).parent
MODEL = HERE.parents[1] / "example_project" / "models" / "digits_cnn.keras"
PROJECT = """
[tool.paoding]
ratio = 0.5
strategy = "magnitude"

[tool.paoding.budget]
min_parameters_removed = "50%"

[tool.paoding.attack]
epsilons = [0.01, 0.05]

[tool.paoding.models.digits_cnn]
path = "digits_cnn.keras"
data = "holdout:load"
"""
DATA = """
import numpy as np

def load():
    data = np.load("data.npz")
    return data["x"], data["y"]
"""
GIGABYTE = 10**9


def run(*command: str, folder: Path) -> str:
    """Return what a command prints; it must succeed."""
    path = os.pathsep.join(filter(None, [str(HERE.parents[1]), os.environ.get("PYTHONPATH")]))
    environment = {**os.environ, "PYTHONPATH": path, "PYTEST_ADDOPTS": "", "PYTHONWARNINGS": ""}
    done = subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_gate_takes_little_longer_than_a_minimal_script(
    ratio: Callable[..., float], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digits = load_digits()
    images = (digits.images[:540, ..., np.newaxis] / 16).astype(np.float32)
    np.savez(tmp_path / "data.npz", x=images, y=digits.target[:540])
    shutil.copy(MODEL, tmp_path)
    (tmp_path / "pyproject.toml").write_text(PROJECT, encoding="utf-8")
    (tmp_path / "holdout.py").write_text(DATA, encoding="utf-8")
    pruned = tmp_path / "paoding-artifacts" / MODEL.name
    # Other plugins that happen to be installed are no part of a gate.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    gate = ["-m", "pytest", "-q", "-p", "pytest_paoding.plugin", "--paoding"]
    run(*gate, folder=tmp_path)
    script = [str(HERE / "minimal.py"), MODEL.name, str(pruned), "data.npz", "0.01", "0.05"]
    found = ratio(
        lambda: run(*gate, folder=tmp_path), lambda: run(*script, folder=tmp_path), rounds=5
    )
    assert found <= 1.3


HEAD = """
import json, resource, sys, time
import nets
from pytest_paoding import prune

model = nets.mlp(25088, 4096, 4096, 10)
started = time.perf_counter()
pruned = prune(model, ratio=0.5, strategy=sys.argv[1]).model
seconds = time.perf_counter() - started
scale = 1 if sys.platform == "darwin" else 1024
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * scale
print(json.dumps([[layer.units for layer in pruned.layers], seconds, peak]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="the peak of memory is asked from resource")
def test_the_head_of_a_large_net_is_pruned_within_a_minute_and_six_gigabytes(
    tmp_path: Path,
) -> None:
    (tmp_path / "nets.py").write_text((HERE / "nets.py").read_text("utf-8"), encoding="utf-8")
    units, seconds, peak = json.loads(run("-c", HEAD, "impact", folder=tmp_path).splitlines()[-1])
    assert units == [2048, 2048, 10]
    assert seconds < 60
    assert peak < 6 * GIGABYTE
