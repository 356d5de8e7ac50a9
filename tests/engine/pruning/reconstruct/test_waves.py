"""Waves compute what the model does; the twin and inversion hold what was recorded."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from pytest_paoding.engine.execution.inputs import (
    Draw,
    chunked,
    drawn,
    given,
    most_followed,
    most_inputs,
    synthetic,
)
from pytest_paoding.engine.execution.synthetic import Space, beyond, synthetic_inputs
from pytest_paoding.engine.execution.wave import Model, Wave
from pytest_paoding.engine.execution.working import WorkingWeights
from pytest_paoding.engine.graph.rules import rule_for
from pytest_paoding.engine.graph.walk import walk
from pytest_paoding.engine.pruning.constraints import Constraints
from pytest_paoding.engine.pruning.gradients.inversion import Effort, invert
from pytest_paoding.engine.pruning.gradients.work import multiplications
from pytest_paoding.engine.pruning.reconstruct.reconstruct import EFFORTS, inputs_for
from pytest_paoding.engine.pruning.reconstruct.twin import calibrate, is_norm, recorded
from pytest_paoding.engine.pruning.task import Options, Task
from pytest_paoding.errors import DataError
from support.small_models import before_activation, branched, cnn, mlp, randomised, residual

layers = keras.layers
UNIT = (0.0, 1.0)
BUILDERS = (lambda: mlp(6, 5), cnn, residual, branched)


def graph_of(model):
    return walk(model, rule_for).graph


def spans(graph):
    return dict.fromkeys(graph.inputs, UNIT)


def task(structure, progress=lambda *_: None, effort="standard"):
    constraints = Constraints(ratio=0.5)
    options = Options(
        strategy="reconstruct",
        seed=0,
        step=0.1,
        allocation="global",
        effort=effort,
        calibration=None,
        mixing="exact",
    )
    return Task(structure, (), constraints, (), spans(structure.graph), options, progress)


@pytest.mark.parametrize("build", BUILDERS)
def test_a_wave_ends_with_what_the_outputs_are_before_their_activation(build):
    model = build()
    graph = graph_of(model)
    generator = np.random.default_rng(0)
    arrays = drawn(graph, spans(graph), Draw(20, 5, generator))
    inputs = chunked(graph, arrays, twins=0.5)
    found = Wave(Model(graph, WorkingWeights()), inputs.chunks).finish()
    values = [arrays[each] for each in graph.inputs]
    expected = before_activation(model, values if len(values) > 1 else values[0])
    # the same sums in float32, in another order; so are the outputs
    found, expected = (each[:, np.argsort(each[0])] for each in (found, expected))
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("twins", "expected"), ((0.0, 0), (0.5, 11), (1.0, 21)))
def test_a_share_of_the_inputs_runs_the_twin(twins, expected):
    graph = graph_of(normed(()))
    inputs = chunked(graph, {graph.inputs[0]: np.zeros((21, 9, 9, 1), "float32")}, twins=twins)
    sizes = [len(chunk[graph.inputs[0]]) for chunk in inputs.chunks]
    assert sum(sizes) == inputs.count == 21
    assert sum(size for size, twin in zip(sizes, inputs.twins, strict=True) if twin) == expected


@pytest.mark.parametrize(
    ("build", "effort", "mixed"),
    (
        (lambda: normed((layers.ReLU(),)), "standard", True),
        (residual, "standard", False),
        (residual, "thorough", True),
    ),
)
def test_the_twin_stands_beside_inverted_inputs_in_a_chain_or_with_a_thorough_effort(
    build, effort, mixed
):
    structure = walk(build(), rule_for)
    state = Model(structure.graph, WorkingWeights())
    inputs = inputs_for(task(structure, effort=effort), state, np.random.default_rng(0))
    count = EFFORTS[effort].inputs
    heads = [[inputs.twins[each] for each in head] for head in inputs.heads(64)]
    assert heads == ([[True], [False]] if mixed else [[False]])
    assert inputs.count == (2 * count if mixed else count)
    assert inputs.typical
    assert [len(each) for each in inputs.plain().values()] == [count]


def test_what_is_tried_is_taken_back():
    model = mlp(6, 5)
    state = Model(graph_of(model), WorkingWeights())
    dense = model.layers[0]
    before = state.weights[dense, 0].copy()
    with state.tried([dense]):
        state.weights.assign((dense, 0), before * 0)
        state.offsets[dense] = np.ones(6)
        assert not state.weights[dense, 0].any()
    np.testing.assert_array_equal(state.weights[dense, 0], before)
    assert not state.offsets


def normed(activation):
    """A net whose normalisation has recorded noise that is like no synthetic input."""
    model = keras.Sequential(
        [
            keras.Input((9, 9, 1)),
            layers.Conv2D(5, 3),
            *activation,
            layers.BatchNormalization(name="norm"),
            layers.Flatten(),
            layers.Dense(4),
            layers.Softmax(),
        ]
    )
    randomised(model, 3)
    real = np.random.default_rng(5).beta(0.3, 0.6, (300, 9, 9, 1)).astype("float32")
    front = keras.Model(model.inputs[0], model.get_layer("norm").input)
    seen = np.asarray(front(real)).reshape(-1, 5)
    model.get_layer("norm").moving_mean.assign(seen.mean(axis=0))
    model.get_layer("norm").moving_variance.assign(seen.var(axis=0))
    return model


@pytest.mark.parametrize("activation", ([], [layers.ReLU()]))
def test_the_twin_gives_normalisations_what_they_recorded(activation):
    graph = graph_of(normed(activation))
    inputs = synthetic(graph, spans(graph), np.random.default_rng(0), recorded=True)
    assert 0 < sum(inputs.twins) < len(inputs.twins)
    state = Model(graph, WorkingWeights())
    calibrate(Wave(state, inputs.chunks, [True] * len(inputs.chunks)))
    norm = next(each for each in graph.calls if is_norm(each))
    wave = Wave(state, inputs.chunks, [True] * len(inputs.chunks))
    while wave.calls()[0] is not norm:
        wave.advance()
    hook = state.hooks.get(norm, lambda values: values)
    values = np.concatenate([np.asarray(hook(each)) for each in wave.values[norm.inputs[0]]])
    mean, deviation = recorded(norm)
    off = np.abs(values.reshape(-1, 5).mean(axis=0) - mean) / deviation
    # in front of a ReLU the map is searched for, on a sample
    assert off.max() < (0.1 if activation else 1e-3)
    np.testing.assert_allclose(
        values.reshape(-1, 5).std(axis=0), deviation, rtol=0.1 if activation else 1e-3
    )


def distance(graph, arrays):
    """Return how far the normalisations are from what they recorded, in deviations."""
    wave = Wave(Model(graph, WorkingWeights()), [arrays])
    far = []
    for call in graph.calls:
        if is_norm(call):
            mean, deviation = recorded(call)
            values = np.asarray(wave.values[call.inputs[0]][0]).reshape(-1, len(mean))
            far.append(np.abs(values.mean(axis=0) - mean) / deviation)
        wave.advance()
    return np.concatenate(far).mean()


def test_inversion_moves_inputs_towards_what_was_recorded_and_to_classes():
    model = normed([])
    structure = walk(model, rule_for)
    graph = structure.graph
    told = []
    work = task(structure, lambda *what: told.append(what))

    def run():
        generator = np.random.default_rng(0)
        begin = drawn(graph, spans(graph), Draw(150, 0, generator))
        return begin, invert(
            Model(graph, WorkingWeights()), begin, Effort(40, 150, 1, 1e12), work, generator
        )

    begin, found = run()
    (image,) = found.values()
    assert image.shape == (150, 9, 9, 1)
    assert image.min() >= 0
    assert image.max() <= 1
    assert distance(graph, found) < 0.7 * distance(graph, begin)
    # classes are drawn evenly, so what the model takes the inputs for is more even than before
    commonest = [
        np.bincount(np.asarray(model(each)).argmax(axis=1)).max()
        for each in (*begin.values(), image)
    ]
    assert commonest[1] < commonest[0]
    assert told == [("finding inputs", 128, 150), ("finding inputs", 150, 150)]
    np.testing.assert_array_equal(image, *run()[1].values())


def test_inversion_leaves_integers_alone_and_takes_sigmoids_and_single_values():
    tokens, values = keras.Input((6,), dtype="int32"), keras.Input((4,))
    x = layers.Flatten()(layers.Embedding(9, 3)(tokens))
    x = layers.BatchNormalization()(layers.Dense(8)(layers.Concatenate()([x, values])))
    outputs = [layers.Dense(3, "sigmoid")(x), layers.Dense(1)(x), layers.Activation("tanh")(x)]
    model = randomised(keras.Model([tokens, values], outputs))
    structure = walk(model, rule_for)
    graph = structure.graph
    ranges = {graph.inputs[0]: (0, 8), graph.inputs[1]: (-2.0, 2.0)}
    generator = np.random.default_rng(0)
    begin = drawn(graph, ranges, Draw(10, 0, generator))
    work = Task(structure, (), Constraints(ratio=0.5), (), ranges, None, lambda *_: None)
    found = invert(Model(graph, WorkingWeights()), begin, Effort(5, 10, 1, 1e9), work, generator)
    np.testing.assert_array_equal(found[graph.inputs[0]], begin[graph.inputs[0]])
    assert not np.array_equal(found[graph.inputs[1]], begin[graph.inputs[1]])


def test_no_more_inputs_than_the_memory_holds():
    small, large = (
        graph_of(keras.Sequential([keras.Input((size, size, 3)), layers.Conv2D(64, 1)]))
        for size in (64, 512)
    )
    assert most_inputs(small) == 2**30 // (4 * 4 * 64 * 64 * 64)  # four tensors of float32
    assert most_inputs(large) == 32
    assert most_followed(small) == 2**30 // (4 * 64 * 64 * (3 + 64))  # both tensors at once
    assert most_followed(large) == 2**30 // (4 * 512 * 512 * (3 + 64))


def test_an_inversion_is_affordable_by_the_work_of_a_pass():
    graph = graph_of(keras.Sequential([keras.Input((6, 6, 2)), layers.Conv2D(3, 3)]))
    assert multiplications(graph) == 3 * 3 * 2 * 3 * 16
    each = 3 * 10 * multiplications(graph)
    assert Effort(10, 100, 20, 50 * each).affordable(graph, 80) == 50
    assert Effort(10, 100, 20, 500 * each).affordable(graph, 200) == 100
    assert Effort(10, 100, 20, 500 * each).affordable(graph, 80) == 80
    assert Effort(10, 100, 20, 500 * each).affordable(graph, 19) == 0
    assert Effort(10, 100, 60, 50 * each).affordable(graph, 80) == 0


@pytest.mark.parametrize("shape", ((8, 8, 3), (3, 8, 8), (12,), (5, 4)))
def test_synthetic_inputs_are_in_their_range_and_differ(shape):
    space = Space(shape, -2.0, 3.0, channels_first=shape[0] == 3)
    values = synthetic_inputs(space, 40, np.random.default_rng(0))
    assert values.shape == (40, *shape)
    assert values.min() >= -2
    assert values.max() <= 3
    assert values.std(axis=0).min() > 0.1
    outside = beyond(space, 40, np.random.default_rng(0))
    assert outside.shape == (40, *shape)
    assert abs(outside.mean()) < outside.std() / 10


def test_tokens_are_drawn_from_the_vocabulary():
    tokens = keras.Input((6,), dtype="int32")
    graph = graph_of(keras.Model(tokens, layers.Dense(2)(layers.Embedding(9, 3)(tokens))))
    (values,) = drawn(graph, spans(graph), Draw(50, 0, np.random.default_rng(0))).values()
    assert values.dtype == "int32"
    assert set(np.unique(values)) == set(range(9))


@pytest.mark.parametrize(
    ("calibration", "message"),
    (
        ({"left": np.zeros((4, 5))}, "calibration lacks the input 'right'"),
        ([np.zeros((4, 5))], "calibration has 1 arrays for the inputs"),
        ([np.zeros((4, 5)), np.zeros((3, 5))], "of different lengths: [3, 4]"),
        ([np.zeros((4, 5)), np.zeros((4, 6))], "for input 'right' has the shape (4, 6)"),
        ([np.zeros((0, 5)), np.zeros((0, 5))], "for input 'left' has the shape (0, 5)"),
        ([np.zeros((4, 5)), np.full((4, 5), np.nan)], "for input 'right' is not finite"),
        ([[["a"] * 5], np.zeros((1, 5))], "for input 'left' is no array of numbers"),
        ([[[0.0] * 5, [0.0]], np.zeros((1, 5))], "for input 'left' is no array of numbers"),
    ),
)
def test_inputs_that_do_not_fit_are_refused(calibration, message):
    with pytest.raises(DataError) as error:
        given(graph_of(branched()), calibration)
    assert message in str(error.value)


@pytest.mark.parametrize("shape", ((6, 9, 9), (6, 9, 9, 1), (6, 9, 9, 1, 1)))
def test_as_in_keras_a_last_axis_of_length_one_may_be_missing_or_over(shape):
    values = np.random.default_rng(0).random(shape).astype("float32")
    (chunk,) = given(graph_of(normed(())), values).chunks
    np.testing.assert_array_equal(*chunk.values(), values.reshape(6, 9, 9, 1))


def test_of_many_given_inputs_some_are_looked_at():
    model = mlp(4)
    inputs = given(graph_of(model), np.zeros((10_000, 7)))
    assert inputs.typical
    assert not any(inputs.twins)
    assert 3000 < inputs.count <= 4096
