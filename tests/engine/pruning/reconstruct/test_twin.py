"""The twin gives normalisations what they recorded."""

from __future__ import annotations

import numpy as np
import pytest
from keras import layers

from pytest_paoding.engine.execution.normalisation import recorded
from pytest_paoding.engine.execution.wave import Model, Wave
from pytest_paoding.engine.execution.working import WorkingWeights
from pytest_paoding.engine.graph.functional import read_graph
from pytest_paoding.engine.graph.norms import is_norm
from pytest_paoding.engine.inputs.input_sources import sources_of
from pytest_paoding.engine.inputs.inputs import synthetic
from pytest_paoding.engine.pruning.reconstruct.twin import calibrate
from support.small_models import normed


@pytest.mark.parametrize("activation", ([], [layers.ReLU()]))
def test_the_twin_gives_normalisations_what_they_recorded(activation):
    graph = read_graph(normed(activation))
    inputs = synthetic(sources_of(graph), np.random.default_rng(0), recorded=True)
    assert 0 < sum(inputs.twins) < len(inputs.twins)
    state = Model(graph, WorkingWeights())
    calibrate(Wave(state, inputs.chunks, [True] * len(inputs.chunks)))
    norm = next(each for each in graph.calls if is_norm(each))
    wave = Wave(state, inputs.chunks, [True] * len(inputs.chunks))
    while wave.calls()[0] is not norm:
        wave.advance()
    hook = state.hooks.get(norm, lambda values: values)
    values = np.concatenate([np.asarray(hook(each)) for each in wave.values[norm.inputs[0]]])
    mean, deviation = recorded(norm.operation)
    off = np.abs(values.reshape(-1, 5).mean(axis=0) - mean) / deviation
    # the map in front of a ReLU is searched for, on a sample
    assert off.max() < (0.1 if activation else 1e-3)
    np.testing.assert_allclose(
        values.reshape(-1, 5).std(axis=0), deviation, rtol=0.1 if activation else 1e-3
    )
