"""A plugin that is installed and not used must not be felt."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.benchmark


def test_collecting_takes_hardly_longer_than_without_the_plugin(
    ratio: Callable[..., float], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "test_it.py").write_text("def test_it(): pass\n", encoding="utf-8")
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # what else is installed costs more
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)

    def collect(*plugins: str) -> None:
        command = [sys.executable, "-m", "pytest", "--co", "-q", *plugins]
        done = subprocess.run(
            command, cwd=tmp_path, env=os.environ, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr

    found = ratio(lambda: collect("-p", "pytest_paoding.plugin"), collect, rounds=15)
    assert found <= 1.3
