"""Inversion moves inputs towards recorded statistics, as far as that is affordable."""

from __future__ import annotations

import keras
import numpy as np

from pytest_paoding.engine.execution.multiplications import multiplications
from pytest_paoding.engine.execution.normalisation import recorded
from pytest_paoding.engine.execution.wave import Model, Wave
from pytest_paoding.engine.execution.working import WorkingWeights
from pytest_paoding.engine.graph.functional import read_graph
from pytest_paoding.engine.graph.norms import is_norm
from pytest_paoding.engine.graph.rules import rule_for
from pytest_paoding.engine.graph.walk import walk
from pytest_paoding.engine.inputs.draws import Draw, drawn
from pytest_paoding.engine.inputs.input_sources import sources_of
from pytest_paoding.engine.synthesis.inversion import Effort, InputSearch, invert
from pytest_paoding.engine.synthesis.work import STEP
from support.small_models import normed, randomised

layers = keras.layers


def distance(graph, arrays):
    """Return the mean distance of normalisations from their recorded means, in deviations."""
    wave = Wave(Model(graph, WorkingWeights()), [arrays])
    far = []
    for call in graph.calls:
        if is_norm(call):
            mean, deviation = recorded(call.operation)
            values = np.asarray(wave.values[call.inputs[0]][0]).reshape(-1, len(mean))
            far.append(np.abs(values.mean(axis=0) - mean) / deviation)
        wave.advance()
    return np.concatenate(far).mean()


def test_inversion_moves_inputs_towards_what_was_recorded_and_to_classes():
    model = normed([])
    structure = walk(model, rule_for)
    graph = structure.graph
    told = []

    def run():
        generator = np.random.default_rng(0)
        sources, effort = sources_of(graph), Effort(40, 150, 1, 1e12)
        begin = drawn(sources, Draw(150, 0, generator))
        model = Model(graph, WorkingWeights())
        return begin, invert(
            model, begin, sources, InputSearch(effort, generator, lambda *what: told.append(what))
        )

    begin, found = run()
    (image,) = found.values()
    assert image.shape == (150, 9, 9, 1)
    assert image.min() >= 0
    assert image.max() <= 1
    assert distance(graph, found) < 0.7 * distance(graph, begin)
    # classes are drawn evenly, so the predictions are more even than before
    commonest = [
        np.bincount(np.asarray(model(each)).argmax(axis=1)).max()
        for each in (*begin.values(), image)
    ]
    assert commonest[1] < commonest[0]
    assert told == [("finding inputs", number, 40) for number in range(1, 41)]
    np.testing.assert_array_equal(image, *run()[1].values())


def test_inversion_leaves_integers_alone_and_takes_sigmoids_and_single_values():
    tokens, values = keras.Input((6,), dtype="int32"), keras.Input((4,))
    x = layers.Flatten()(layers.Embedding(9, 3)(tokens))
    x = layers.BatchNormalization()(layers.Dense(8)(layers.Concatenate()([x, values])))
    outputs = [layers.Dense(3, "sigmoid")(x), layers.Dense(1)(x), layers.Activation("tanh")(x)]
    model = randomised(keras.Model([tokens, values], outputs))
    structure = walk(model, rule_for)
    graph = structure.graph
    sources = sources_of(graph, (-2.0, 2.0))
    generator = np.random.default_rng(0)
    begin = drawn(sources, Draw(10, 0, generator))
    state = Model(graph, WorkingWeights())
    found = invert(state, begin, sources, InputSearch(Effort(5, 10, 1, 1e9), generator))
    np.testing.assert_array_equal(found[graph.inputs[0]], begin[graph.inputs[0]])
    assert not np.array_equal(found[graph.inputs[1]], begin[graph.inputs[1]])


def test_an_inversion_is_affordable_by_the_work_of_a_pass():
    graph = read_graph(keras.Sequential([keras.Input((6, 6, 2)), layers.Conv2D(3, 3)]))
    assert multiplications(graph) == 3 * 3 * 2 * 3 * 16
    each = 10 * (3 * multiplications(graph) + STEP / 128)
    assert Effort(10, 100, 20, 50 * each).affordable(graph, 80) == 50
    assert Effort(10, 100, 20, 500 * each).affordable(graph, 200) == 100
    assert Effort(10, 100, 20, 500 * each).affordable(graph, 80) == 80
    assert Effort(10, 100, 20, 500 * each).affordable(graph, 19) == 0
    assert Effort(10, 100, 60, 50 * each).affordable(graph, 80) == 0
