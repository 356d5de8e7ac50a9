"""Waves compute what the model does, and take back what was only tried."""

from __future__ import annotations

import numpy as np
import pytest

from pytest_paoding.engine.execution.wave import Model, Wave
from pytest_paoding.engine.execution.working import WorkingWeights
from pytest_paoding.engine.graph.functional import read_graph
from pytest_paoding.engine.inputs.draws import Draw, drawn
from pytest_paoding.engine.inputs.input_sources import sources_of
from pytest_paoding.engine.inputs.inputs import chunked
from support.small_models import before_activation, branched, cnn, mlp, residual

BUILDERS = (lambda: mlp(6, 5), cnn, residual, branched)


@pytest.mark.parametrize("build", BUILDERS)
def test_a_wave_ends_with_what_the_outputs_are_before_their_activation(build):
    model = build()
    graph = read_graph(model)
    generator = np.random.default_rng(0)
    arrays = drawn(sources_of(graph), Draw(20, 5, generator))
    inputs = chunked(graph, arrays, twins=0.5)
    found = Wave(Model(graph, WorkingWeights()), inputs.chunks).finish()
    values = [arrays[each] for each in graph.inputs]
    expected = before_activation(model, values if len(values) > 1 else values[0])
    # the same sums in float32 in another order, and outputs in another order
    found, expected = (each[:, np.argsort(each[0])] for each in (found, expected))
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_what_is_tried_is_taken_back():
    model = mlp(6, 5)
    state = Model(read_graph(model), WorkingWeights())
    dense = model.layers[0]
    before = state.weights[dense, 0].copy()
    with state.tried([dense]):
        state.weights.assign((dense, 0), before * 0)
        state.offsets[dense] = np.ones(6)
        assert not state.weights[dense, 0].any()
    np.testing.assert_array_equal(state.weights[dense, 0], before)
    assert not state.offsets
