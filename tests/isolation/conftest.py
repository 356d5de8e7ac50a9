"""Gates in a child process."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.acts import ACTS, Acts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def acts(tmp_path: Path) -> Iterator[Acts]:
    (tmp_path / "acts.py").write_text(ACTS)
    found = Acts(tmp_path)
    yield found
    found.child.close()
    assert not found.child.runs
