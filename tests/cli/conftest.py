"""A project whose gates have run: one good, one over budget, one without layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.projects import BUDGET, make_project

if TYPE_CHECKING:
    from support.projects import Project


@pytest.fixture
def ran(single: Project) -> Project:
    single.configure(BUDGET, good={}, bad={"accuracy": [0.9, 0.5]}, odd={"layers": {}})
    single.gate()
    return single


@pytest.fixture
def single(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Project:
    return make_project(pytester, monkeypatch)
