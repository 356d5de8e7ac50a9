"""Weights over candidates bring their joint statistics to those a model recorded."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from pytest_paoding.engine.execution.variables import values_of
from pytest_paoding.engine.execution.wave import Model
from pytest_paoding.engine.execution.working import WorkingWeights
from pytest_paoding.engine.graph.functional import read_graph
from pytest_paoding.engine.synthesis.candidate_table import CandidateTable, tabulate
from pytest_paoding.engine.synthesis.weighing import Aims, measured, resampled, weigh
from support.small_models import randomised

layers = keras.layers


def table_of(rows, channels=3, units=4, classes=5, seed=0):
    """Return a table of random candidates, as far from what was recorded as chance has it."""
    generator = np.random.default_rng(seed)
    means = generator.normal(0.5, 1, (rows, channels))
    answers = generator.dirichlet(np.full(classes, 0.3), rows)
    entropy = -(answers * np.log(answers + 1e-9)).sum(axis=1) / np.log(classes)
    found = {
        "means": means,
        "squares": means**2 + generator.gamma(2, 0.3, means.shape),
        "channels": np.full(channels, 1 / max(1, channels)),
        "firing": generator.random((rows, units)),
        "units": np.full(units, 1 / units),
        "shares": answers,
        "entropy": entropy,
    }
    return CandidateTable(**{name: each.astype(np.float32) for name, each in found.items()})


def test_statistics_answers_and_rates_come_nearer_and_variety_stays():
    table = table_of(600)
    before = measured(table)
    found = weigh(table, Aims(balance=0.2, entropy=0.3, firing=0.1))
    assert found.weights.sum() == pytest.approx(1, abs=1e-4)
    assert (found.weights >= 0).all()
    assert found.distance < 0.1 * before.distance
    assert found.entropy < before.entropy
    assert found.balance < 0.05
    assert found.share > 0.09  # of the floor of a tenth


@pytest.mark.parametrize("aim", ("balance", "entropy", "firing"))
def test_each_aim_counts(aim):
    table = table_of(400, channels=0)
    none = dict.fromkeys(("balance", "entropy", "firing"), 0.0)
    found = weigh(table, Aims(**{**none, aim: 1.0}))
    assert getattr(found, aim) < getattr(measured(table), aim)
    assert found.distance == 0
    assert not found.recorded


def test_weights_are_those_of_the_gradient():
    """A step of the descent lowers what it says it lowers: against differences of the loss."""
    from pytest_paoding.engine.synthesis import weighing  # noqa: PLC0415 # what is inside it

    table, aims = table_of(30), Aims(balance=0.2, entropy=0.3, firing=0.1, floor=0.5)
    odds = np.random.default_rng(1).normal(0, 1.5, 30)

    def loss(values):
        found = weighing._weighed(table, weighing._softmax(values))
        parts = found.distance + 0.2 * found.balance + 0.3 * found.entropy + 0.1 * found.firing
        return parts + 10 * max(0, aims.floor - found.share)

    slope = weighing._slope(table, weighing._softmax(odds), aims)
    for at in range(0, 30, 7):
        step = np.eye(30)[at] * 1e-3
        expected = (loss(odds + step) - loss(odds - step)) / 2e-3
        assert slope[at] == pytest.approx(expected, rel=0.02, abs=2e-5)  # float32 tables


def test_rows_are_drawn_as_often_as_their_weights_say():
    weights = np.array([0.5, 0.1, 0.0, 0.4])
    chosen = resampled(weights, 1000, np.random.default_rng(0))
    assert np.abs(np.bincount(chosen, minlength=4) - 1000 * weights).max() <= 1


def seen_by_keras(model, layer, x):
    """Return what a layer of a model reads of some inputs."""
    return np.asarray(keras.Model(model.input, layer.input)(x))


def test_a_table_holds_what_normalisations_read_and_heads_answer():
    inputs = keras.Input((6, 6, 2))
    x = layers.BatchNormalization(name="norm")(layers.Conv2D(5, 3, use_bias=False)(inputs))
    x = layers.Flatten()(layers.ReLU()(x))
    x = layers.Dense(7, "relu", name="hidden")(x)
    model = randomised(keras.Model(inputs, layers.Dense(4, "softmax")(x)))
    graph = read_graph(model)
    values = np.random.default_rng(0).random((50, 6, 6, 2), dtype=np.float32)
    table = tabulate(Model(graph, WorkingWeights()), {graph.inputs[0]: values})
    norm, hidden = model.get_layer("norm"), model.get_layer("hidden")
    deviation = np.sqrt(values_of(norm.moving_variance) + norm.epsilon)
    read = (seen_by_keras(model, norm, values) - values_of(norm.moving_mean)) / deviation
    np.testing.assert_allclose(table.means, read.mean(axis=(1, 2)), atol=1e-4)
    np.testing.assert_allclose(table.squares, (read**2).mean(axis=(1, 2)), rtol=1e-3)
    made = np.asarray(keras.Model(model.input, hidden.output)(values))
    np.testing.assert_array_equal(table.firing, made > 0)
    np.testing.assert_allclose(table.shares, np.asarray(model(values)), atol=1e-5)
    assert len(table) == 50
    both = table.rows(np.arange(20)).beside(table.rows(np.arange(20, 50)))
    np.testing.assert_array_equal(both.means, table.means)
    np.testing.assert_array_equal(both.channels, table.channels)


@pytest.mark.parametrize("head", ("sigmoid", "positions", "values"))
def test_heads_of_every_kind_are_shares_of_classes(head):
    inputs = keras.Input((4, 3))
    ends = {
        "sigmoid": lambda x: layers.Dense(3, "sigmoid")(layers.Flatten()(x)),
        "positions": layers.Dense(5, "softmax"),
        "values": lambda x: layers.Dense(1)(layers.Flatten()(x)),
    }
    model = randomised(keras.Model(inputs, ends[head](inputs)))
    graph = read_graph(model)
    values = np.random.default_rng(0).random((9, 4, 3), dtype=np.float32)
    table = tabulate(Model(graph, WorkingWeights()), {graph.inputs[0]: values})
    assert table.shares.shape == (9, {"sigmoid": 6, "positions": 5, "values": 1}[head])
    np.testing.assert_allclose(table.shares.sum(axis=1), 1, atol=1e-5)
    assert (table.entropy >= 0).all()
    assert (table.entropy <= 1 + 1e-6).all()


def test_only_some_channels_of_many_are_looked_at(monkeypatch):
    from pytest_paoding.engine.synthesis import candidate_table  # noqa: PLC0415 # its limit is set

    monkeypatch.setattr(candidate_table, "_COLUMNS", 8)
    inputs = keras.Input((10,))
    x = layers.BatchNormalization()(layers.Dense(30)(inputs))
    x = layers.BatchNormalization()(layers.Dense(10)(x))
    model = randomised(keras.Model(inputs, layers.Dense(3)(x)))
    graph = read_graph(model)
    values = np.random.default_rng(0).random((9, 10), dtype=np.float32)
    table = tabulate(Model(graph, WorkingWeights()), {graph.inputs[0]: values})
    assert table.means.shape == (9, 8)
    assert table.channels.sum() == pytest.approx(1)
