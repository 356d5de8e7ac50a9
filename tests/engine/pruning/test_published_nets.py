"""Nets that others have published, pruned by every strategy, nightly.

Whether they keep what they are good for is not asked here: their data are not published with them.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from pytest_paoding import prune
from pytest_paoding.engine.graph.functional import is_nested
from pytest_paoding.records.strategy_names import NAMES
from support.published_nets import NETS, unpacked

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1800),  # the largest takes minutes
    pytest.mark.filterwarnings("ignore"),  # of what others wrote
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("published")


@pytest.fixture(scope="module", params=NETS)
def net(request: pytest.FixtureRequest, folder: Path) -> Any:
    published = NETS[request.param]
    return published.make(unpacked(published.package, folder))


@pytest.mark.parametrize("ratio", (0.25, 0.5))
@pytest.mark.parametrize("strategy", NAMES)
def test_it_is_pruned_and_the_cut_is_proved(
    net: Any, strategy: str, ratio: float, record_property: Any
) -> None:
    before, started = net.count_params(), time.perf_counter()
    pruned = prune(net, ratio=ratio, strategy=strategy, verify=True)
    seconds, after = time.perf_counter() - started, pruned.model.count_params()
    for key, value in {"before": before, "after": after, "seconds": round(seconds, 1)}.items():
        record_property(key, value)
    assert after < (1 - ratio / 2) * before
    assert any(note.startswith("proved") for note in pruned.notes)
    assert net.count_params() == before
    assert is_nested(net) or pruned.notes[0].startswith("opened: ")
