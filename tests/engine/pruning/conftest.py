"""A plan in files, which tests of plans begin with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_paoding import prune
from support.saved_plans import fresh

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "plan.json"
    prune(fresh(), ratio=0.5).plan.save(path)
    return path
