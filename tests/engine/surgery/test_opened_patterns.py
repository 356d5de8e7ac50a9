"""Every hand-built pattern, and random graphs, written as subclassed models and opened again."""

from __future__ import annotations

from typing import Any

import keras
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from keras import ops

from pytest_paoding.engine.graph.functional import read_graph
from pytest_paoding.engine.graph.groups import find_groups
from pytest_paoding.engine.graph.rules import rule_for
from pytest_paoding.engine.graph.walk import walk
from pytest_paoding.engine.surgery.opening.opened import opened
from support.nightly import spread
from support.oracles import batch, distance, outputs, randomise, zero_oracle
from support.patterns import PATTERNS
from support.random_graphs import random_model

EXACT = 1e-10
APART = (
    "constant_for_the_whole_batch",  # works for no batch but its own
    "grouped_as_depthwise",  # compiled anew at every call: a minute and a half of nothing else
)


class Replayed(keras.Model):
    """The calls of a graph, made one after the other by code."""

    def __init__(self, model: Any) -> None:
        super().__init__(name="replayed")
        self.trace = read_graph(model)
        self.parts = [
            operation
            for operation in dict.fromkeys(call.operation for call in self.trace.calls)
            if isinstance(operation, keras.layers.Layer)
        ]

    def call(self, x: Any) -> Any:
        found = self.trace.run(keras.tree.flatten(x), lambda call, values: call.on(values))
        return found[0] if len(found) == 1 else found


def replay(model: Any) -> tuple[Any, list[Any]]:
    """Return a subclassed model of the calls of another, and data it was called on."""
    data = batch(model)
    written = Replayed(model)
    tensors = [ops.convert_to_tensor(each) for each in data]
    written(tensors[0] if len(tensors) == 1 else tensors)
    return written, data


@pytest.mark.parametrize("name", spread([name for name in PATTERNS if name not in APART]))
def test_a_pattern_written_as_code_has_its_groups_and_outputs_again(name: str) -> None:
    model = randomise(PATTERNS[name].build())
    written, data = replay(model)
    shown = data[0] if len(data) == 1 else data
    found = opened(written, data=lambda: (shown, None))
    assert distance(outputs(found.model, data), outputs(model, data)) <= EXACT
    widths = [group.width for group in find_groups(walk(found.model, rule_for))]
    if written.trace.uses:  # what is in a model that is used twice, code may call on anything
        assert sum(widths) >= sum(PATTERNS[name].widths)
    else:
        assert widths == list(PATTERNS[name].widths)


@settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(st.data())
def test_random_graphs_written_as_code_are_opened_and_cut_exactly(data: Any) -> None:
    model = randomise(random_model(data.draw))
    written, inputs = replay(model)
    found = opened(written).model
    assert distance(outputs(found, inputs), outputs(model, inputs)) <= EXACT
    assert zero_oracle(found).error <= EXACT
