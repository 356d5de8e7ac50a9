"""Units leave recurrent layers and attention without a trace where others do the same."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers

from pytest_paoding import prune
from support.nightly import nightly
from support.small_models import randomised

STEPS, WIDTH, HALF = 9, 5, 6


def doubled(weight, axis, blocks=1):
    """Return a weight whose second half of an axis, or of its blocks, repeats the first."""
    parts = np.split(np.asarray(weight), blocks, axis)
    halves = [np.take(part, np.arange(part.shape[axis]) % HALF, axis) for part in parts]
    return np.concatenate(halves, axis)


def with_twins(layer):
    """Give every unit of a recurrent layer a twin."""
    cells = (
        [layer.cell]
        if hasattr(layer, "cell")
        else [each.cell for each in (layer.forward_layer, layer.backward_layer)]
    )
    for cell in cells:
        gates = cell.kernel.shape[-1] // cell.units
        for each in (cell.kernel, cell.recurrent_kernel, cell.bias):
            each.assign(doubled(each, len(each.shape) - 1, gates))
        cell.recurrent_kernel.assign(np.asarray(cell.recurrent_kernel) * 0.5)


RECURRENT = (
    lambda: layers.SimpleRNN(2 * HALF),
    lambda: layers.GRU(2 * HALF, reset_after=False, return_sequences=True),
    lambda: layers.Bidirectional(layers.LSTM(2 * HALF)),
    *nightly(
        lambda: layers.LSTM(2 * HALF),
        lambda: layers.GRU(2 * HALF),
        lambda: layers.Bidirectional(layers.GRU(2 * HALF, return_sequences=True), merge_mode="sum"),
    ),
)


def shrunk(plan, layer):
    """Return the parts of a plan about one layer, or about both directions of it."""
    return [each for each in plan.layers if each.name.startswith(layer.name)]


def outputs_lost(model, pruned):
    """Return the change of the outputs as a share of their deviation."""
    x = np.random.default_rng(1).random((64, STEPS, WIDTH), dtype=np.float32)
    before, after = np.asarray(model(x)), np.asarray(pruned(x))
    return float(np.sqrt(np.square(before - after).mean()) / before.std())


@pytest.mark.parametrize("build", RECURRENT)
def test_a_recurrent_unit_goes_without_a_trace_where_its_twin_stays(build):
    given, layer = keras.Input((STEPS, WIDTH)), build()
    flow = layer(given)
    flow = layers.Flatten()(layers.LSTM(3)(flow)) if len(flow.shape) > 2 else flow
    model = randomised(keras.Model(given, layers.Dense(4)(flow)))
    with_twins(layer)
    settings = {"allocation": "uniform", "include": f"{layer.name}*", "effort": 3}
    pruned = prune(model, ratio=0.5, verify=True, **settings)
    assert {len(each.kept) for each in shrunk(pruned.plan, layer)} == {HALF}
    assert outputs_lost(model, pruned.model) < 0.02  # the ridge is a hundredth


@pytest.mark.parametrize("role", ("heads", "values"))
def test_heads_and_values_go_without_a_trace_where_their_twins_stay(role):
    given, layer = keras.Input((STEPS, WIDTH)), layers.MultiHeadAttention(2 * HALF, 2 * HALF)
    flow = layers.GlobalAveragePooling1D()(layer(given, given))
    model = randomised(keras.Model(given, layers.Dense(4)(flow)))
    projections = (layer.value_dense,)
    if role == "heads":
        projections = (layer.query_dense, layer.key_dense, layer.value_dense)
    axis = 0 if role == "heads" else 1
    for dense in projections:
        dense.kernel.assign(doubled(dense.kernel, axis + 1))
        dense.bias.assign(doubled(dense.bias, axis))
    name = f"{layer.name}:{role}"
    pruned = prune(model, ratio=0.5, allocation="uniform", include=name, verify=True)
    assert len(pruned.plan[name].kept) == HALF
    assert outputs_lost(model, pruned.model) < 0.02  # the ridge is a hundredth


@pytest.mark.parametrize("build", RECURRENT)
def test_no_recurrent_layer_is_taken_for_free(build):
    given, layer = keras.Input((STEPS, WIDTH)), build()
    flow = layer(given)
    flow = layers.Flatten()(flow) if len(flow.shape) > 2 else flow
    model = randomised(keras.Model(given, layers.Dense(4)(layers.Dense(8)(flow))))
    for each in shrunk(prune(model, ratio=0.5, ratios={"dense*": 0.1}).plan, layer):
        assert len(each.kept) < 2 * HALF
        assert each.criterion.startswith("reconstruct, moving the outputs by ")
        assert float(each.criterion.split()[-1].rstrip("%")) > 0.1
