"""Bounds of values and of differences, compared with models on sampled inputs."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from pytest_paoding.engine.execution.value_bounds import ValueBounds
from pytest_paoding.engine.execution.working import WorkingWeights
from pytest_paoding.engine.graph.groups import find_groups
from pytest_paoding.engine.graph.rules import rule_for
from pytest_paoding.engine.graph.walk import walk
from pytest_paoding.engine.inputs.input_sources import sources_of
from pytest_paoding.engine.pruning.output_impact import OutputImpact
from pytest_paoding.engine.pruning.pairs import Pairs, dense_group
from pytest_paoding.engine.pruning.unit_search import UnitSearch
from support.small_models import branched, cnn, mlp, randomised, residual

layers = keras.layers
RANGE = (-0.5, 1.0)
MODELS = (mlp, cnn, residual, branched)
ROUNDING = 1e-5  # float32 sums of a few dozen terms of size one


def sampled(model, count=64, seed=0):
    """Inputs in the range, its corners among them, where bounds are closest."""
    generator = np.random.default_rng(seed)
    arrays = []
    for tensor in model.inputs:
        x = generator.uniform(*RANGE, (count, *tensor.shape[1:]))
        x[: count // 2] = np.where(x[: count // 2] > np.mean(RANGE), RANGE[1], RANGE[0])
        arrays.append(x.astype("float32"))
    return arrays


def run(graph, inputs):
    """Return the values of all tensors of a graph, calling its layers one after the other."""
    held = dict(zip(graph.inputs, inputs, strict=True))
    for call in graph.calls:
        arguments = [held[tensor] for tensor in call.inputs]
        output = call.operation(arguments if isinstance(call.args[0], list) else arguments[0])
        held[call.outputs[0]] = np.asarray(output)
    return held


def small_mlp():
    return mlp(12, 10, 8)


@pytest.mark.parametrize("build", (small_mlp, cnn, residual, branched))
def test_every_tensor_stays_within_its_bounds(build):
    model = build()
    graph = walk(model, rule_for).graph
    bounds = ValueBounds(graph, WorkingWeights(), sources_of(graph, RANGE).ranges, graph.calls)
    bounds.update()
    held = run(graph, sampled(model))
    for call in graph.calls:
        interval = bounds.of(call.outputs[0])
        assert (interval.low - ROUNDING <= held[call.outputs[0]]).all(), call.name
        assert (interval.high + ROUNDING >= held[call.outputs[0]]).all(), call.name


@pytest.mark.parametrize(
    "layer",
    (
        layers.Normalization(mean=[1.0, -2.0], variance=[0.5, 3.0]),
        layers.Rescaling(-2.0, offset=1.0),
        layers.Permute((2, 3, 1)),
        layers.Reshape((-1, 2)),
        layers.UpSampling1D(2),
        layers.ZeroPadding2D(),
        layers.GlobalMaxPooling2D(),
        layers.SeparableConv2D(2, 2),
        layers.DepthwiseConv2D(2, depth_multiplier=2, activation="gelu"),
        layers.Conv2D(3, 2, strides=2, activation="softmax"),
        layers.Conv2D(3, 2, dilation_rate=2, activation="exponential"),
        layers.BatchNormalization(),
        layers.Softmax(),
    ),
    ids=lambda layer: type(layer).__name__,
)
def test_each_kind_of_layer_is_bounded_or_said_not_to_be(layer):
    if isinstance(layer, layers.UpSampling1D):
        inputs = keras.Input((4, 2))
    else:
        inputs = keras.Input((4, 4, 2))
    model = randomised(keras.Model(inputs, layer(inputs)))
    graph = walk(model, rule_for).graph
    bounds = ValueBounds(graph, WorkingWeights(), sources_of(graph, RANGE).ranges, graph.calls)
    bounds.update()
    interval = bounds.of(graph.outputs[0])
    unknown = isinstance(layer, layers.SeparableConv2D) or (
        getattr(layer, "activation", None) is keras.activations.exponential
    )
    assert (interval is None) == unknown
    if interval is not None:
        held = np.asarray(model(sampled(model)[0]))
        assert (interval.low - ROUNDING <= held).all()
        assert (interval.high + ROUNDING >= held).all()


def test_products_extremes_and_differences_of_branches_are_bounded():
    inputs = keras.Input((6,))
    a, b = layers.Dense(5)(inputs), layers.Dense(5, activation="tanh")(inputs)
    merged = [
        kind()([a, b])
        for kind in (layers.Multiply, layers.Maximum, layers.Minimum, layers.Subtract)
    ]
    model = randomised(keras.Model(inputs, merged))
    graph = walk(model, rule_for).graph
    bounds = ValueBounds(graph, WorkingWeights(), sources_of(graph, RANGE).ranges, graph.calls)
    bounds.update()
    for tensor, held in zip(graph.outputs, model(sampled(model)[0]), strict=True):
        assert (bounds.of(tensor).low - ROUNDING <= np.asarray(held)).all()
        assert (bounds.of(tensor).high + ROUNDING >= np.asarray(held)).all()


def test_bounds_of_one_dense_layer_are_exact():
    # Defect of the original: units of the first dense layer got the input range itself.
    model = mlp(4)
    graph = walk(model, rule_for).graph
    bounds = ValueBounds(graph, WorkingWeights(), sources_of(graph, (0.0, 1.0)).ranges, graph.calls)
    bounds.update()
    kernel, bias = (each.numpy() for each in model.layers[0].weights)
    expected = np.maximum(np.maximum(kernel, 0).sum(0) + bias, 0)
    np.testing.assert_allclose(bounds.of(graph.calls[0].outputs[0]).high[0], expected, rtol=1e-5)


def test_only_what_depends_on_a_changed_weight_is_computed_again():
    model = mlp(6, 5, 4)
    structure = walk(model, rule_for)
    weights = WorkingWeights()
    graph = structure.graph
    bounds = ValueBounds(graph, weights, sources_of(graph, RANGE).ranges, graph.calls)
    bounds.update()
    before = [bounds.of(call.outputs[0]) for call in graph.calls]
    UnitSearch(find_groups(structure)[1], weights).remove(np.array([0]))
    bounds.update()
    after = [bounds.of(call.outputs[0]) for call in graph.calls]
    same = [new is old for new, old in zip(after, before, strict=True)]
    assert same == [True, True, False, False]


def merged(model, merges):
    """Run merges of several groups; return their impact, and its effects for the last."""
    structure = walk(model, rule_for)
    graph, weights = structure.graph, WorkingWeights()
    groups = find_groups(structure)
    dense = {group.name: dense_group(group, graph) for group in groups}
    impact = OutputImpact(
        graph, weights, sources_of(graph, RANGE).ranges, list(filter(None, dense.values()))
    )
    searches = {group.name: UnitSearch(group, weights) for group in groups}
    for name, nominees, delegates in merges:
        impact.update()
        pairs = Pairs(np.array(nominees), np.array(delegates), np.zeros(len(nominees)))
        deltas = impact.deltas(dense[name], pairs)
        effects = impact.effects(deltas)
        impact.accept(deltas, slice(None))
        searches[name].remove(pairs.nominees, pairs.delegates)
    return effects, weights


def moved_by(model, merges):
    """Return the change of the outputs by merges, before their activation, on sampled inputs."""
    inputs = sampled(model, 256)
    before = before_activation(model, inputs)
    _, weights = merged(model, merges)
    for layer in model.layers:
        for index, variable in enumerate(layer.weights):
            if len(variable.shape) > 1:
                variable.assign(weights[layer, index])
    return before_activation(model, inputs) - before


def before_activation(model, inputs):
    """The outputs in the order of the calls that make them, before their activation."""
    graph = walk(model, rule_for).graph
    held = run(graph, inputs)
    last = [call for call in graph.calls if call.outputs[0] in graph.outputs]
    arrays = [
        np.asarray(held[call.inputs[0]] @ call.operation.kernel + call.operation.bias)
        for call in last
    ]
    return np.concatenate(arrays, axis=1)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("activation", ("relu", "tanh", "gelu", "linear"))
def test_the_outputs_move_no_further_than_was_said(activation, seed):
    # Several rounds and layers: what is accumulated has to be sound too.
    model = mlp(12, 10, 8, activation=activation, seed=seed)
    names = [layer.name for layer in model.layers]
    merges = [
        (names[0], [3], [7]),
        (names[1], [2], [4]),
        (names[2], [1], [5]),
        (names[0], [7], [9]),
    ]
    effects, _ = merged(model, merges)
    moved = moved_by(model, merges)
    assert (effects.low - ROUNDING <= moved).all()
    assert (effects.high + ROUNDING >= moved).all()
    assert np.abs(moved).max() > 0


def test_a_difference_is_bounded_through_branches_norms_and_shared_layers():
    model = branched()
    groups = [group.name for group in find_groups(walk(model, rule_for))]
    merges = [(name, [number], [number + 1]) for number, name in enumerate(groups)]
    effects, _ = merged(model, merges)
    moved = moved_by(model, merges)
    assert (effects.low - ROUNDING <= moved).all()
    assert (effects.high + ROUNDING >= moved).all()


def test_each_candidate_is_scored_by_itself():
    model = mlp(10, 8)
    name = model.layers[0].name
    together, _ = merged(model, [(name, [0, 2], [1, 3])])
    for row, (nominee, delegate) in enumerate([(0, 1), (2, 3)]):
        single, _ = merged(model, [(name, [nominee], [delegate])])
        np.testing.assert_allclose(together.high[row], single.high[0], rtol=1e-5)
        np.testing.assert_allclose(together.low[row], single.low[0], rtol=1e-5)


def test_identical_units_have_no_impact_where_their_values_are_points():
    model = mlp(6, 4)
    layer = model.layers[0]
    kernel = np.zeros(layer.kernel.shape, "float32")
    layer.kernel.assign(kernel)
    layer.bias.assign(np.ones(6, "float32"))
    effects, _ = merged(model, [(layer.name, [0], [1])])
    np.testing.assert_allclose(effects.high, 0, atol=1e-6)
    np.testing.assert_allclose(effects.low, 0, atol=1e-6)


def test_where_a_difference_cannot_be_followed_it_is_measured():
    # A gate: the difference before the product is known, that behind it depends on the values.
    inputs = keras.Input((5,))
    squeezed = layers.Dense(4, activation="relu", name="squeezed")(inputs)
    gate = layers.Dense(5, activation="sigmoid")(squeezed)
    outputs = layers.Dense(2)(layers.Multiply()([inputs, gate]))
    model = randomised(keras.Model(inputs, outputs))
    effects, _ = merged(model, [("squeezed", [0], [1])])
    assert effects.low.shape == (1, 5)
    assert (effects.high - effects.low).max() > 0
    assert np.abs([effects.low, effects.high]).max() <= 1
