"""Files of settings for tests, and what loading them gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_paoding.config.configfile import ConfigFile, read
from pytest_paoding.config.loading import load
from pytest_paoding.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_paoding.config.run_settings import Settings

BASE = """\
[tool.paoding]
ratio = "50%"
strategy = "scale"
require = ["digits_cnn"]
[tool.paoding.budget]
max_accuracy_decay = "2%"
min_robustness_retention = 0.8
[tool.paoding.attack]
name = "fgsm"
epsilons = [0.02]
[tool.paoding.models.digits_cnn]
path = "models/digits_cnn.keras"
data = "digits.data:holdout"
input_range = [0.0, 16.0]
budget = { max_size = "300 kB", min_robustness_retention = { limit = 0.85, level = "warn" } }
"""


def written(folder: Path, text: str) -> ConfigFile:
    path = folder / "pyproject.toml"
    path.write_text(text, encoding="utf-8")
    return read(path, rootdir=folder)


def loaded(folder: Path, text: str = BASE, **options: Any) -> Settings:
    return load(written(folder, text), **{"command_line": {}, **options})


def faults(folder: Path, text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        loaded(folder, text)
    return str(caught.value).splitlines()
