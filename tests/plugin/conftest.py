"""Projects whose pytest runs go without xdist, with -n0 and with -n2."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.projects import make_project

if TYPE_CHECKING:
    from support.projects import Project

WORKERS = {
    "no-xdist": (),
    "n0": ("-p", "xdist.plugin", "-n0"),
    "n2": ("-p", "xdist.plugin", "-n2"),
}


@pytest.fixture(params=WORKERS.values(), ids=WORKERS)
def project(
    request: pytest.FixtureRequest, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> Project:
    """A project whose runs are distributed in every way in turn."""
    return make_project(pytester, monkeypatch, *request.param)


@pytest.fixture
def single(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project for what xdist has no part in."""
    return make_project(pytester, monkeypatch)
