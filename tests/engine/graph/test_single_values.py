"""One value for a whole batch, a tensor without axes, is read by rules and by ranges."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
import pytest
from keras import layers, ops

from pytest_paoding.engine.graph.groups import find_groups
from pytest_paoding.engine.graph.rules import rule_for
from pytest_paoding.engine.graph.walk import walk
from pytest_paoding.engine.inputs.open_lengths import settled_sources

if TYPE_CHECKING:
    from collections.abc import Callable

FORMS: dict[str, Callable[[Any], Any]] = {
    "sum": ops.sum,
    "reshape": lambda x: ops.reshape(ops.sum(x), ()),
    "broadcast": lambda x: ops.broadcast_to(ops.max(x), ()),
    "transpose": lambda x: ops.transpose(ops.mean(x)),
    "compared": lambda x: ops.cast(ops.sum(x) > 0, "float32"),
}


@pytest.mark.parametrize("name", FORMS)
def test_one_value_for_the_batch_is_read(name: str) -> None:
    x = keras.Input((4,))
    value = ops.reshape(FORMS[name](x), (1, 1))
    model = keras.Model(x, layers.Dense(3)(layers.Dense(8)(x) * value))
    assert [group.width for group in find_groups(walk(model, rule_for))] == [8]
    sources, _ = settled_sources(model)
    assert len(list(sources)) == 1
